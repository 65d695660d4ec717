//! Most probable parameters given measurements and what was believed before: damped Gauss-Newton steps on
//! residuals, each parameter pulled towards its prior by how sure that was, and kept within its bounds.

use nalgebra::{DMatrix, DVector};

/// Steps after which the search is given up.
const MAX_STEPS: usize = 40;
/// Relative change of the sum of squares below which it has settled.
const SETTLED: f64 = 1e-6;
/// Step of the differences, of a prior's standard deviation.
const DIFFERENCE: f64 = 1e-2;

/// A parameter with its prior.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// The most probable value before anything was measured.
    pub value: f64,
    /// Its standard deviation.
    pub sd: f64,
    /// The least value that makes sense.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

/// Why the search stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// A step changed next to nothing.
    Settled,
    /// No step along the gradient made it better.
    Stuck,
    /// Too many steps.
    Exhausted,
}

/// The most probable parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Their values.
    pub values: Vec<f64>,
    /// Their standard deviations: curvature of the sum of squares, widened where residuals exceed what was expected.
    pub sd: Vec<f64>,
    /// Residuals of the measurements, in units of their expected error.
    pub residuals: Vec<f64>,
    /// What the residuals would be if each measurement had been left out of the fit.
    pub left_out: Vec<f64>,
    /// The largest change of each parameter when a group of measurements is left out; 0 without groups.
    pub influence: Vec<f64>,
    /// Why the search stopped.
    pub stopped: Stopped,
}

/// Minimizes the sum of squared residuals and of squared distances from the priors, in their standard deviations.
///
/// `residuals` gives the residuals of the measurements at given parameters, always as many, in units of their expected
/// error; `None`: nothing can be said there. `groups` names for each measurement what is left out together with it.
/// Leaving out is linearized at the solution (Cook's distance for ridge regression). Answers `None` only where the
/// priors themselves have no residuals.
pub fn fit(priors: &[Prior], groups: &[usize], mut residuals: impl FnMut(&[f64]) -> Option<Vec<f64>>) -> Option<Fit> {
    let mut x: Vec<f64> = priors.iter().map(|p| p.value.clamp(p.low, p.high)).collect();
    let mut r = residuals(&x)?;
    let cost = |x: &[f64], r: &[f64]| {
        let away: f64 = x.iter().zip(priors).map(|(x, p)| ((x - p.value) / p.sd).powi(2)).sum();
        r.iter().map(|r| r * r).sum::<f64>() + away
    };
    let mut damping = 1e-3;
    let mut stopped = Stopped::Exhausted;
    let mut jacobian = differences(priors, &x, &r, &mut residuals);
    for _ in 0..MAX_STEPS {
        let before = cost(&x, &r);
        let step = step(priors, &x, &r, &jacobian, damping);
        let next: Vec<f64> = x.iter().zip(&step).zip(priors).map(|((x, s), p)| (x + s).clamp(p.low, p.high)).collect();
        match residuals(&next).map(|r| (cost(&next, &r), r)) {
            Some((after, better)) if after < before => {
                (x, r) = (next, better);
                damping = (damping * 0.2).max(1e-9);
                jacobian = differences(priors, &x, &r, &mut residuals);
                if before - after < SETTLED * before {
                    stopped = Stopped::Settled;
                    break;
                }
            }
            _ if damping > 1e6 => {
                stopped = Stopped::Stuck;
                break;
            }
            _ => damping *= 5.0,
        }
    }
    Some(judge(priors, groups, x, r, &jacobian, stopped))
}

/// The Jacobian by differences, each parameter moved inwards from the bound it may sit at.
fn differences(
    priors: &[Prior],
    x: &[f64],
    r: &[f64],
    residuals: &mut impl FnMut(&[f64]) -> Option<Vec<f64>>,
) -> DMatrix<f64> {
    let mut jacobian = DMatrix::zeros(r.len(), x.len());
    for (k, p) in priors.iter().enumerate() {
        let mut moved = x.to_vec();
        let h = if x[k] + DIFFERENCE * p.sd <= p.high { DIFFERENCE * p.sd } else { -DIFFERENCE * p.sd };
        moved[k] += h;
        if let Some(there) = residuals(&moved) {
            for (i, (a, b)) in there.iter().zip(r).enumerate() {
                jacobian[(i, k)] = (a - b) / h;
            }
        }
    }
    jacobian
}

/// One damped Gauss-Newton step; parameters at a bound that it would cross stay where they are.
fn step(priors: &[Prior], x: &[f64], r: &[f64], jacobian: &DMatrix<f64>, damping: f64) -> Vec<f64> {
    let residual = DVector::from_column_slice(r);
    let mut gradient = -(jacobian.transpose() * residual);
    let mut normal = jacobian.transpose() * jacobian;
    for (k, p) in priors.iter().enumerate() {
        gradient[k] -= (x[k] - p.value) / (p.sd * p.sd);
        normal[(k, k)] += 1.0 / (p.sd * p.sd);
    }
    for (k, p) in priors.iter().enumerate() {
        if (x[k] <= p.low && gradient[k] < 0.0) || (x[k] >= p.high && gradient[k] > 0.0) {
            normal.row_mut(k).fill(0.0);
            normal.column_mut(k).fill(0.0);
            normal[(k, k)] = 1.0;
            gradient[k] = 0.0;
        } else {
            normal[(k, k)] *= 1.0 + damping;
        }
    }
    match normal.cholesky() {
        Some(c) => c.solve(&gradient).iter().copied().collect(),
        None => vec![0.0; x.len()],
    }
}

/// What the curvature at the solution says of its sureness, and of what each measurement had to say.
fn judge(
    priors: &[Prior],
    groups: &[usize],
    x: Vec<f64>,
    r: Vec<f64>,
    jacobian: &DMatrix<f64>,
    stopped: Stopped,
) -> Fit {
    let mut normal = jacobian.transpose() * jacobian;
    for (k, p) in priors.iter().enumerate() {
        normal[(k, k)] += 1.0 / (p.sd * p.sd);
    }
    // Priors on the diagonal make it positive definite.
    let covariance = normal.cholesky().map_or_else(|| DMatrix::identity(x.len(), x.len()), |c| c.inverse());
    let leverage: Vec<f64> = (0..r.len())
        .map(|i| (jacobian.row(i) * &covariance * jacobian.row(i).transpose())[(0, 0)].clamp(0.0, 0.999))
        .collect();
    let freedom: f64 = leverage.iter().map(|h| 1.0 - h).sum();
    let excess = (r.iter().map(|r| r * r).sum::<f64>() / freedom.max(1.0)).max(1.0);
    let mut influence = vec![0.0_f64; x.len()];
    let most = groups.iter().copied().max().map_or(0, |g| g + 1);
    for group in 0..most {
        // The normal equations without the group, solved for the change of the parameters.
        let members: Vec<usize> = (0..r.len()).filter(|i| groups.get(*i) == Some(&group)).collect();
        let mut without = jacobian.transpose() * jacobian;
        let mut pull = DVector::zeros(x.len());
        for (k, p) in priors.iter().enumerate() {
            without[(k, k)] += 1.0 / (p.sd * p.sd);
        }
        for i in members {
            let row = jacobian.row(i);
            without -= row.transpose() * row;
            pull += row.transpose() * r[i];
        }
        if let Some(c) = without.cholesky() {
            for (k, change) in c.solve(&pull).iter().enumerate() {
                influence[k] = influence[k].max(change.abs());
            }
        }
    }
    Fit {
        sd: (0..x.len()).map(|k| (covariance[(k, k)] * excess).sqrt()).collect(),
        left_out: r.iter().zip(&leverage).map(|(r, h)| r / (1.0 - h)).collect(),
        influence,
        values: x,
        residuals: r,
        stopped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Prior = Prior { value: 1.0, sd: 100.0, low: -1e3, high: 1e3 };

    /// Anscombe's first data set (1973), whose regression line and standard errors are published with it.
    const X: [f64; 11] = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
    const Y: [f64; 11] = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];

    fn line(skip: Option<usize>) -> impl FnMut(&[f64]) -> Option<Vec<f64>> {
        move |p| Some((0..X.len()).filter(|i| Some(*i) != skip).map(|i| p[0] * X[i] + p[1] - Y[i]).collect())
    }

    #[test]
    fn a_line_is_that_of_least_squares() {
        let f = fit(&[WIDE, WIDE], &[], line(None)).unwrap();
        assert!((f.values[0] - 0.500_091).abs() < 1e-4 && (f.values[1] - 3.000_091).abs() < 1e-3, "{f:?}");
        assert_eq!(f.stopped, Stopped::Settled);
        // Published: the standard error of the slope is 0.1179.
        assert!((f.sd[0] - 0.1179).abs() < 1e-3, "{}", f.sd[0]);
    }

    #[test]
    fn leaving_out_agrees_with_fitting_without() {
        let groups: Vec<usize> = (0..X.len()).collect();
        let f = fit(&[WIDE, WIDE], &groups, line(None)).unwrap();
        let mut largest = 0.0_f64;
        for skip in 0..X.len() {
            let without = fit(&[WIDE, WIDE], &[], line(Some(skip))).unwrap();
            let predicted = without.values[0] * X[skip] + without.values[1] - Y[skip];
            assert!((predicted - f.left_out[skip]).abs() < 1e-3, "{skip}: {predicted} {}", f.left_out[skip]);
            largest = largest.max((without.values[0] - f.values[0]).abs());
        }
        assert!((largest - f.influence[0]).abs() < 1e-3);
    }

    #[test]
    fn priors_and_bounds_hold() {
        let sure = Prior { value: 2.0, sd: 1e-6, low: 0.0, high: 10.0 };
        let f = fit(&[sure, WIDE], &[], line(None)).unwrap();
        assert!((f.values[0] - 2.0).abs() < 1e-4);
        let bounded = Prior { value: 0.2, sd: 10.0, low: 0.0, high: 0.4 };
        let f = fit(&[bounded, WIDE], &[], line(None)).unwrap();
        assert!((f.values[0] - 0.4).abs() < 1e-9);
        // The best line of slope 0.4: mean(y) - 0.4 mean(x) = 7.5009 - 3.6.
        assert!((f.values[1] - 3.9009).abs() < 1e-3, "{}", f.values[1]);
    }

    #[test]
    fn a_curve_far_from_its_start_is_found() {
        // y = a exp(-b t), a = 5, b = 0.3, without noise.
        let t: Vec<f64> = (0..10).map(f64::from).collect();
        let start = Prior { value: 1.0, sd: 50.0, low: 1e-3, high: 100.0 };
        let f = fit(&[start, start], &[], |p| {
            Some(t.iter().map(|t| p[0] * (-p[1] * t).exp() - 5.0 * (-0.3 * t).exp()).collect())
        })
        .unwrap();
        // The priors pull by about 1e-3.
        assert!((f.values[0] - 5.0).abs() < 5e-3 && (f.values[1] - 0.3).abs() < 5e-3, "{f:?}");
    }
}
