//! Non-negative least squares on relative errors (Lawson and Hanson 1974).

use nalgebra::{DMatrix, DVector};

use super::FitError;

/// A fit of prices to measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// One price per count; none is negative.
    pub values: Vec<f64>,
    /// Relative error of each measurement: (fitted - measured) / measured.
    pub errors: Vec<f64>,
    /// Counts that entered the fit, or left it, until it was done.
    pub steps: usize,
    /// Whether it was done, or stopped at the limit of steps.
    pub converged: bool,
}

/// Gradients below this share of the largest are taken for rounding.
const ROUNDING: f64 = 1e-12;
/// A column that adds less than this share to those before it depends on them.
const DEPENDENT: f64 = 1e-13;

/// Finds non-negative prices such that `counts[i] . prices` is near `measured[i]`, relative to it.
///
/// Each row is divided by its measurement and each column brought to unit norm, so that rare
/// counts are not drowned out. `ridge` is the weight of `|prices|^2` in those units: a very small
/// one (1e-6) settles counts that the measurements cannot tell apart; a larger one silently shrinks
/// rare counts.
///
/// # Errors
/// Rows that do not match, measurements that are not above 0, counts that are not finite.
pub fn fit(counts: &[Vec<f64>], measured: &[f64], ridge: f64) -> Result<Prices, FitError> {
    let columns = counts.first().map_or(0, Vec::len);
    if counts.len() != measured.len() || counts.iter().any(|r| r.len() != columns) {
        return Err(FitError::Shape { rows: counts.len(), measured: measured.len() });
    }
    for (i, (row, y)) in counts.iter().zip(measured).enumerate() {
        if !(y.is_finite() && *y > 0.0) {
            return Err(FitError::OutOfRange { point: i + 1, what: "the measurement", value: *y });
        }
        if let Some(bad) = row.iter().find(|c| !c.is_finite()) {
            return Err(FitError::OutOfRange { point: i + 1, what: "a count", value: *bad });
        }
    }
    let rows = counts.len();
    let norms: Vec<f64> = (0..columns)
        .map(|j| counts.iter().zip(measured).map(|(r, y)| (r[j] / y).powi(2)).sum::<f64>().sqrt())
        .collect();
    // The ridge is so many further measurements of 0.
    let a = DMatrix::from_fn(rows + columns, columns, |i, j| {
        if i < rows {
            if norms[j] > 0.0 { counts[i][j] / measured[i] / norms[j] } else { 0.0 }
        } else if i - rows == j {
            ridge.max(0.0).sqrt()
        } else {
            0.0
        }
    });
    let y = DVector::from_fn(rows + columns, |i, _| if i < rows { 1.0 } else { 0.0 });
    let (scaled, steps, converged) = lawson_hanson(&a, &y);
    let values: Vec<f64> = (0..columns).map(|j| if norms[j] > 0.0 { scaled[j] / norms[j] } else { 0.0 }).collect();
    let errors = counts
        .iter()
        .zip(measured)
        .map(|(row, y)| row.iter().zip(&values).map(|(c, p)| c * p).sum::<f64>() / y - 1.0)
        .collect();
    Ok(Prices { values, errors, steps, converged })
}

/// Minimizes |a x - y| over x >= 0; the solution, the steps taken, and whether they led to it: columns enter one by
/// one, the steepest first, and leave when the least-squares solution over those inside turns negative.
pub(super) fn lawson_hanson(a: &DMatrix<f64>, y: &DVector<f64>) -> (DVector<f64>, usize, bool) {
    let columns = a.ncols();
    let mut x = DVector::zeros(columns);
    let mut inside = vec![false; columns];
    let limit = 30 * columns.max(1);
    let mut steps = 0;
    let first = a.tr_mul(y).amax().max(f64::MIN_POSITIVE);
    while steps < limit {
        let gradient = a.tr_mul(&(y - a * &x));
        let steepest = (0..columns)
            .filter(|j| !inside[*j] && gradient[*j] > ROUNDING * first)
            .max_by(|i, j| gradient[*i].total_cmp(&gradient[*j]));
        let Some(enters) = steepest else { return (x, steps, true) };
        inside[enters] = true;
        loop {
            steps += 1;
            let chosen: Vec<usize> = (0..columns).filter(|j| inside[*j]).collect();
            let Some(solved) = least_squares(a.select_columns(&chosen), y) else { return (x, steps, false) };
            if solved.iter().all(|v| *v > 0.0) || steps >= limit {
                x.fill(0.0);
                chosen.iter().zip(solved.iter()).for_each(|(j, v)| x[*j] = v.max(0.0));
                break;
            }
            // As far towards the solution as everything stays positive; what reaches 0 leaves.
            let mut share = 1.0f64;
            for (j, v) in chosen.iter().zip(solved.iter()).filter(|(_, v)| **v <= 0.0) {
                share = share.min(x[*j] / (x[*j] - v));
            }
            for (j, v) in chosen.iter().zip(solved.iter()) {
                x[*j] += share * (v - x[*j]);
                if x[*j] <= 1e-15 || (*v <= 0.0 && share == 0.0) {
                    x[*j] = 0.0;
                    inside[*j] = false;
                }
            }
        }
    }
    (x, steps, false)
}

/// Minimizes |a x - y|.
///
/// By Householder reflections where the columns are independent. The singular values of nalgebra 0.34 are off by as much as
/// 1e-4 for some harmless matrices, so they serve only where the columns are not, and any of the solutions will do.
pub(super) fn least_squares(a: DMatrix<f64>, y: &DVector<f64>) -> Option<DVector<f64>> {
    let qr = a.clone().qr();
    let r = qr.r();
    let diagonal = r.diagonal().abs();
    if r.is_square() && a.nrows() >= a.ncols() && diagonal.min() > DEPENDENT * diagonal.max() {
        return r.solve_upper_triangular(&qr.q().tr_mul(y));
    }
    a.svd(true, true).solve(y, DEPENDENT).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_that_made_the_measurements_are_found() {
        let counts = vec![vec![1.0, 0.0, 5.0], vec![2.0, 1.0, 0.0], vec![1.0, 3.0, 1.0], vec![4.0, 1.0, 2.0]];
        let prices = [6.3, 1.8, 0.4];
        let measured: Vec<f64> =
            counts.iter().map(|r| r.iter().zip(&prices).map(|(c, p)| c * p).sum::<f64>()).collect();
        let got = fit(&counts, &measured, 0.0).unwrap();
        assert!(got.converged);
        for (a, b) in got.values.iter().zip(&prices) {
            assert!((a - b).abs() < 1e-10, "{got:?}");
        }
    }

    #[test]
    fn a_price_that_would_be_negative_is_zero() {
        // x + y/2 = 1 and 2x + 3y = 1 meet at (1.25, -0.5); on the line y = 0 the least squares of
        // x - 1 and 2x - 1 are at x = 3/5, where y still pulls downwards: 0.5 * 0.4 - 3 * 0.2 < 0.
        let counts = vec![vec![1.0, 0.5], vec![2.0, 3.0]];
        let got = fit(&counts, &[1.0, 1.0], 0.0).unwrap();
        assert_eq!(got.values[1], 0.0, "{got:?}");
        assert!((got.values[0] - 0.6).abs() < 1e-12, "{got:?}");
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(matches!(fit(&[vec![1.0]], &[0.0], 0.0), Err(FitError::OutOfRange { .. })));
        assert!(matches!(fit(&[vec![1.0]], &[1.0, 2.0], 0.0), Err(FitError::Shape { .. })));
        assert!(matches!(fit(&[vec![f64::NAN]], &[1.0], 0.0), Err(FitError::OutOfRange { .. })));
        assert_eq!(fit(&[], &[], 0.0).unwrap().values, Vec::<f64>::new());
    }

    proptest! {
        /// The conditions of Karush, Kuhn and Tucker: no price negative, no gradient pulls one up
        /// from 0, none pulls on those inside.
        #[test]
        fn the_optimum_is_one(
            counts in prop::collection::vec(prop::collection::vec(0.0..10.0f64, 5), 6..12),
            noise in prop::collection::vec(0.5..20.0f64, 12),
        ) {
            let measured = &noise[..counts.len()];
            let got = fit(&counts, measured, 0.0).unwrap();
            prop_assert!(got.converged);
            for j in 0..5 {
                let norm: f64 = counts.iter().zip(measured).map(|(r, y)| (r[j] / y).powi(2)).sum::<f64>().sqrt();
                let pull: f64 =
                    counts.iter().zip(measured).zip(&got.errors).map(|((r, y), e)| -r[j] / y * e).sum::<f64>() / norm;
                prop_assert!(got.values[j] >= 0.0);
                prop_assert!(pull < 1e-7, "{pull}");
                prop_assert!(got.values[j] == 0.0 || pull.abs() < 1e-7, "{pull}");
            }
        }
    }
}
