//! Coefficients of the Universal Scalability Law from measurements.
//!
//! In `b = (1, sigma, kappa) / lambda` the model is `X = N / (b0 + b1 (N - 1) + b2 N (N - 1))`: its
//! reciprocal is linear, so a weighted linear fit is a good start, and Gauss-Newton with damping
//! goes from there. The constraint sigma, kappa >= 0 is b1, b2 >= 0: at most two coefficients can
//! be at their bound, so all four combinations are tried.

use nalgebra::{DMatrix, DVector, Matrix3};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::FitError;
use super::usl::Usl;

/// What is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Three parameters by least squares on throughput, every point weighing the same.
    #[default]
    ThreeParameters,
    /// Throughput over that of the first point, which must be one client; sigma and kappa are free.
    TwoParameters,
    /// The old method: `N / C - 1` regressed on `(N - 1)^2` and `N - 1` without intercept, C being
    /// throughput over that of the first point.
    Quadratic,
}

/// A coefficient held at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// Contention.
    Sigma,
    /// Coherency.
    Kappa,
}

/// A fit.
#[derive(Debug, Clone, PartialEq)]
pub struct UslFit {
    /// The coefficients.
    pub usl: Usl,
    /// Coefficients that the constraint holds at 0.
    pub at_bound: Vec<Bound>,
    /// Sum of squared residuals, throughput squared.
    pub rss: f64,
    /// 1 - rss over the variation around the mean.
    pub r_squared: f64,
    /// `sqrt(rss / degrees_of_freedom)`.
    pub residual_std_error: f64,
    /// Points less parameters.
    pub degrees_of_freedom: usize,
    /// Standard errors of sigma, kappa, lambda; none for one at its bound.
    pub std_error: [Option<f64>; 3],
    /// 95 % intervals of sigma, kappa, lambda by Student's t; none for one at its bound.
    pub intervals: [Option<[f64; 2]>; 3],
    /// Whether a curve that grows faster than linearly would fit better: the free sigma or kappa is
    /// negative beyond its interval.
    pub superlinear: bool,
}

/// Fits; `points` are (clients, throughput). With `free`, sigma and kappa may be negative.
///
/// # Errors
/// Fewer than four distinct numbers of clients, numbers that are not above 0, a first point that is
/// not one client where the form needs it, data that no such curve fits.
pub fn fit(points: &[(f64, f64)], form: Form, free: bool) -> Result<UslFit, FitError> {
    for (i, (n, x)) in points.iter().enumerate() {
        for (what, value) in [("clients", *n), ("tps", *x)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(FitError::OutOfRange { point: i + 1, what, value });
            }
        }
    }
    let mut distinct: Vec<f64> = points.iter().map(|p| p.0).collect();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() < 4 {
        return Err(FitError::TooFew { have: distinct.len(), need: 4 });
    }
    match form {
        Form::ThreeParameters => three_parameters(points, free),
        Form::TwoParameters | Form::Quadratic => normalized(points, form, free),
    }
}

/// The model's coefficients in the form that is fitted, and which of them are fitted.
#[derive(Debug, Clone, Copy)]
struct Trial {
    b: [f64; 3],
    rss: f64,
}

const MOST_STEPS: usize = 1000;

fn basis(n: f64) -> [f64; 3] {
    [1.0, n - 1.0, n * (n - 1.0)]
}

fn divisor(b: &[f64; 3], n: f64) -> f64 {
    basis(n).iter().zip(b).map(|(f, b)| f * b).sum()
}

/// Sum of squares, or infinity where the curve breaks down.
fn rss(b: &[f64; 3], points: &[(f64, f64)]) -> f64 {
    points
        .iter()
        .map(|(n, x)| {
            let d = divisor(b, *n);
            if d > 0.0 { (n / d - x).powi(2) } else { f64::INFINITY }
        })
        .sum()
}

/// Least squares over the coefficients in `fitted`, the others as they are in `start`.
fn search(points: &[(f64, f64)], fitted: &[usize], start: [f64; 3]) -> Option<Trial> {
    let mut b = linear_start(points, fitted, start)?;
    let mut now = rss(&b, points);
    if !now.is_finite() {
        return None;
    }
    let mut damping = 1e-3;
    for _ in 0..MOST_STEPS {
        let mut normal = DMatrix::zeros(fitted.len(), fitted.len());
        let mut right = DVector::zeros(fitted.len());
        for (n, x) in points {
            let d = divisor(&b, *n);
            let f = basis(*n);
            // d(N / divisor) = -N / divisor^2 f.
            let row: Vec<f64> = fitted.iter().map(|i| -n / (d * d) * f[*i]).collect();
            for i in 0..fitted.len() {
                right[i] += row[i] * (x - n / d);
                for j in 0..fitted.len() {
                    normal[(i, j)] += row[i] * row[j];
                }
            }
        }
        let mut moved = false;
        while damping < 1e12 {
            let mut damped = normal.clone();
            for i in 0..fitted.len() {
                damped[(i, i)] *= 1.0 + damping;
            }
            let step = damped.lu().solve(&right)?;
            let mut next = b;
            fitted.iter().zip(step.iter()).for_each(|(i, s)| next[*i] += s);
            let then = rss(&next, points);
            if then <= now {
                let size = fitted.iter().map(|i| ((next[*i] - b[*i]) / b[0]).abs()).fold(0.0, f64::max);
                (b, now) = (next, then);
                damping = (damping * 0.1).max(1e-15);
                // The smallest steps are rounding.
                moved = size > 1e-15;
                break;
            }
            damping *= 10.0;
        }
        if !moved {
            break;
        }
    }
    (b[0] > 0.0).then_some(Trial { b, rss: now })
}

/// `N / X` is linear in the coefficients; its residuals are weighted to be those of X.
fn linear_start(points: &[(f64, f64)], fitted: &[usize], start: [f64; 3]) -> Option<[f64; 3]> {
    let mut a = DMatrix::zeros(points.len(), fitted.len());
    let mut y = DVector::zeros(points.len());
    for (row, (n, x)) in points.iter().enumerate() {
        let weight = x * x / n;
        let f = basis(*n);
        let held: f64 = (0..3).filter(|i| !fitted.contains(i)).map(|i| f[i] * start[i]).sum();
        y[row] = weight * (n / x - held);
        for (column, i) in fitted.iter().enumerate() {
            a[(row, column)] = weight * f[*i];
        }
    }
    let solved = super::nnls::least_squares(a, &y)?;
    let mut b = start;
    fitted.iter().zip(solved.iter()).for_each(|(i, v)| b[*i] = *v);
    if points.iter().all(|(n, _)| divisor(&b, *n) > 0.0) {
        return Some(b);
    }
    // A line through the origin at the mean rate, if the linear fit breaks down somewhere.
    let rate: f64 = points.iter().map(|(n, x)| x / n).sum::<f64>() / points.len() as f64;
    if fitted.contains(&0) {
        b = [1.0 / rate, 0.0, 0.0];
    } else {
        fitted.iter().for_each(|i| b[*i] = 0.0);
    }
    Some(b)
}

fn three_parameters(points: &[(f64, f64)], free: bool) -> Result<UslFit, FitError> {
    let no_fit = || FitError::NoFit { reason: "the search found no curve with positive throughput".to_owned() };
    let open = search(points, &[0, 1, 2], [0.0; 3]);
    if free {
        return finish(points, open.ok_or_else(no_fit)?, &[0, 1, 2], 3, false);
    }
    let mut best: Option<(Trial, &[usize])> = None;
    for fitted in [&[0usize, 1, 2][..], &[0, 2], &[0, 1], &[0]] {
        let Some(trial) = search(points, fitted, [0.0; 3]) else { continue };
        let feasible = trial.b[1] >= 0.0 && trial.b[2] >= 0.0;
        if feasible && best.as_ref().is_none_or(|(b, _)| trial.rss < b.rss) {
            best = Some((trial, fitted));
        }
    }
    let (trial, fitted) = best.ok_or_else(no_fit)?;
    // Growth faster than linear shows in a free fit that is clearly below 0.
    let superlinear = fitted.len() < 3
        && open
            .and_then(|trial| finish(points, trial, &[0, 1, 2], 3, false).ok())
            .is_some_and(|f| f.intervals[0].is_some_and(|i| i[1] < 0.0));
    finish(points, trial, fitted, 3, superlinear)
}

fn normalized(points: &[(f64, f64)], form: Form, free: bool) -> Result<UslFit, FitError> {
    let (first, x1) = points[0];
    if first != 1.0 {
        return Err(FitError::NotNormalized { clients: first });
    }
    let relative: Vec<(f64, f64)> = points.iter().map(|(n, x)| (*n, x / x1)).collect();
    if form == Form::Quadratic {
        let trial = quadratic(&relative)?;
        return finish(points, scale(trial, points, x1), &[1, 2], 2, false);
    }
    let mut best: Option<(Trial, &[usize])> = None;
    let combinations: [&[usize]; 4] = [&[1, 2], &[2], &[1], &[]];
    for fitted in &combinations[..if free { 1 } else { 4 }] {
        let Some(trial) = search(&relative, fitted, [1.0, 0.0, 0.0]) else { continue };
        let feasible = free || (trial.b[1] >= 0.0 && trial.b[2] >= 0.0);
        if feasible && best.as_ref().is_none_or(|(b, _)| trial.rss < b.rss) {
            best = Some((trial, fitted));
        }
    }
    let (trial, fitted) = best
        .ok_or_else(|| FitError::NoFit { reason: "the search found no curve with positive throughput".to_owned() })?;
    finish(points, scale(trial, points, x1), fitted, 2, false)
}

/// From relative capacity to throughput.
fn scale(trial: Trial, points: &[(f64, f64)], x1: f64) -> Trial {
    let b = trial.b.map(|v| v / x1);
    Trial { b, rss: rss(&b, points) }
}

fn quadratic(relative: &[(f64, f64)]) -> Result<Trial, FitError> {
    // Regression of N / C - 1 on p = (N - 1)^2 and q = N - 1.
    let (mut pp, mut pq, mut qq, mut py, mut qy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, c) in relative {
        let (q, y) = (n - 1.0, n / c - 1.0);
        let p = q * q;
        pp += p * p;
        pq += p * q;
        qq += q * q;
        py += p * y;
        qy += q * y;
    }
    let determinant = pp * qq - pq * pq;
    if determinant <= 0.0 {
        return Err(FitError::NoFit { reason: "the points do not determine a parabola".to_owned() });
    }
    let kappa = (py * qq - qy * pq) / determinant;
    let sigma = (qy * pp - py * pq) / determinant - kappa;
    Ok(Trial { b: [1.0, sigma, kappa], rss: 0.0 })
}

/// Statistics of a fit; `parameters` is what the form has, bounds or not.
fn finish(
    points: &[(f64, f64)],
    trial: Trial,
    fitted: &[usize],
    parameters: usize,
    superlinear: bool,
) -> Result<UslFit, FitError> {
    let lambda = 1.0 / trial.b[0];
    let usl = Usl { sigma: trial.b[1] * lambda, kappa: trial.b[2] * lambda, lambda };
    if ![usl.sigma, usl.kappa, usl.lambda].iter().all(|v| v.is_finite()) {
        return Err(FitError::NoFit { reason: "the coefficients are not finite".to_owned() });
    }
    let mean = points.iter().map(|p| p.1).sum::<f64>() / points.len() as f64;
    let variation: f64 = points.iter().map(|p| (p.1 - mean).powi(2)).sum();
    let degrees_of_freedom = points.len() - parameters;
    let variance = trial.rss / degrees_of_freedom as f64;
    let std_error = standard_errors(points, &usl, fitted, variance);
    let t = StudentsT::new(0.0, 1.0, degrees_of_freedom as f64).map(|t| t.inverse_cdf(0.975)).unwrap_or(f64::NAN);
    let values = [usl.sigma, usl.kappa, usl.lambda];
    let interval = |i: usize| std_error[i].map(|e| [values[i] - t * e, values[i] + t * e]);
    let held = |i: usize, bound: Bound| (!fitted.contains(&i)).then_some(bound);
    Ok(UslFit {
        usl,
        at_bound: [held(1, Bound::Sigma), held(2, Bound::Kappa)].into_iter().flatten().collect(),
        rss: trial.rss,
        r_squared: if variation > 0.0 { 1.0 - trial.rss / variation } else { f64::NAN },
        residual_std_error: variance.sqrt(),
        degrees_of_freedom,
        std_error,
        intervals: [interval(0), interval(1), interval(2)],
        superlinear,
    })
}

/// Linearised standard errors of sigma, kappa, lambda.
fn standard_errors(points: &[(f64, f64)], usl: &Usl, fitted: &[usize], variance: f64) -> [Option<f64>; 3] {
    // In the order sigma, kappa, lambda; the fit's own order starts with lambda.
    let is_fitted = [fitted.contains(&1), fitted.contains(&2), fitted.contains(&0)];
    let mut normal = Matrix3::identity();
    (0..3).filter(|i| is_fitted[*i]).for_each(|i| normal[(i, i)] = 0.0);
    let mut scales = [0.0; 3];
    let rows: Vec<[f64; 3]> = points
        .iter()
        .map(|(n, _)| {
            let d = 1.0 + usl.sigma * (n - 1.0) + usl.kappa * n * (n - 1.0);
            let x = usl.lambda * n / d;
            [-x * (n - 1.0) / d, -x * n * (n - 1.0) / d, n / d]
        })
        .collect();
    for (i, scale) in scales.iter_mut().enumerate() {
        *scale = rows.iter().map(|r| r[i] * r[i]).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    }
    for row in &rows {
        for i in 0..3 {
            for j in 0..3 {
                if is_fitted[i] && is_fitted[j] {
                    normal[(i, j)] += row[i] / scales[i] * row[j] / scales[j];
                }
            }
        }
    }
    let inverse = normal.try_inverse();
    std::array::from_fn(|i| {
        let entry = inverse.filter(|_| is_fitted[i])?[(i, i)];
        (entry >= 0.0).then(|| (variance * entry).sqrt() / scales[i])
    })
}
