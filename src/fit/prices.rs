//! A price list from measured sums, starting from the price list of another machine.
//!
//! Fewer sums are measured than would settle every price, so the list of the other machine, times one
//! unknown speed, stands in for what the sums leave open: each of its prices is a measurement of its
//! own, as certain as its spread. Regularised least squares in the sense of Tikhonov, or the mode of a
//! Gaussian posterior; prices are not negative (Lawson and Hanson 1974, see [`super::nnls`]).

use nalgebra::{Cholesky, DMatrix, DVector};

use super::FitError;
use super::nnls::lawson_hanson;

/// A price as the other machine has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// The price, above 0.
    pub value: f64,
    /// Its relative standard deviation, above 0.
    pub spread: f64,
}

/// One measured sum of prices.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// How often each price is in it.
    pub counts: Vec<f64>,
    /// The sum, above 0.
    pub value: f64,
    /// Relative standard deviation of the sum, what the price list cannot explain included; above 0.
    pub noise: f64,
}

/// The price list of the machine that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceList {
    /// The machine's prices relative to the other's, overall.
    pub scale: f64,
    /// The prices; none is negative.
    pub values: Vec<f64>,
    /// Relative standard deviation of each; of a price of 0, that of the other machine's.
    pub spreads: Vec<f64>,
    /// The largest relative change of each price when one sum is left out; `None` where no sum holds it.
    pub left_out: Vec<Option<f64>>,
    /// What the prices say of each sum.
    pub fitted: Vec<f64>,
    /// Relative error of the prediction of each sum from all others.
    pub left_out_errors: Vec<f64>,
    /// Rounds until the scale stood still.
    pub rounds: usize,
    /// Whether it did.
    pub converged: bool,
}

/// The scale stands still when it moves by less than this share.
const STILL: f64 = 1e-10;
/// The same without one sum, where an error is told in per cent.
const STILL_LEFT_OUT: f64 = 1e-5;
/// A gradient below this, in units of its column's norm, is rounding and brings no price back from 0.
const RETURNS: f64 = 1e-9;
/// Rounds after which to give up; some five are needed.
const MOST_ROUNDS: usize = 100;

/// Finds the non-negative prices p and the scale s that minimise
/// `sum_i ((counts_i . p - value_i) / (noise_i value_i))^2 + sum_j ((p_j - s known_j) / (spread_j s known_j))^2`,
/// the s in the denominator held until it stands still (iteratively reweighted least squares), so that a
/// large scale is no way to be less certain.
///
/// Assumes independent Gaussian errors; the spreads are those of the linearised problem, widened where
/// the sums disagree by more than their noise.
///
/// # Errors
/// Rows of different lengths, no sums at all, numbers that are not finite and above 0.
pub fn fit(known: &[Known], measured: &[Measured]) -> Result<PriceList, FitError> {
    check(known, measured)?;
    let rows: Vec<&Measured> = measured.iter().collect();
    let all = solve(known, &rows, first_scale(known, &rows), STILL);
    let (spreads, fitted) = (spreads(known, &rows, &all), rows.iter().map(|m| all.sum(known, m)).collect());
    let mut left_out: Vec<Option<f64>> =
        (0..known.len()).map(|j| measured.iter().any(|m| m.counts[j] > 0.0).then_some(0.0)).collect();
    let mut left_out_errors = Vec::with_capacity(measured.len());
    for i in 0..measured.len() {
        let others: Vec<&Measured> = measured.iter().enumerate().filter(|(k, _)| *k != i).map(|(_, m)| m).collect();
        if others.is_empty() {
            // A single sum settles the scale; without it nothing does.
            left_out_errors.push(0.0);
            continue;
        }
        let without = solve(known, &others, all.scale, STILL_LEFT_OUT);
        left_out_errors.push(without.sum(known, &measured[i]) / measured[i].value - 1.0);
        for (j, most) in left_out.iter_mut().enumerate() {
            if let Some(most) = most {
                let base = all.shares[j].max(without.shares[j]);
                let change = if base > 0.0 { (all.shares[j] - without.shares[j]).abs() / base } else { 0.0 };
                *most = most.max(change);
            }
        }
    }
    Ok(PriceList {
        scale: all.scale,
        values: known.iter().zip(&all.shares).map(|(k, share)| k.value * share).collect(),
        spreads,
        left_out,
        fitted,
        left_out_errors,
        rounds: all.rounds,
        converged: all.converged,
    })
}

fn check(known: &[Known], measured: &[Measured]) -> Result<(), FitError> {
    if measured.is_empty() {
        return Err(FitError::TooFew { have: 0, need: 1 });
    }
    if measured.iter().any(|m| m.counts.len() != known.len()) {
        return Err(FitError::Shape { rows: known.len(), measured: measured.len() });
    }
    let positive = |point: usize, what: &'static str, value: f64| {
        if value.is_finite() && value > 0.0 { Ok(()) } else { Err(FitError::OutOfRange { point, what, value }) }
    };
    for (j, k) in known.iter().enumerate() {
        positive(j + 1, "the known price", k.value)?;
        positive(j + 1, "the spread of the known price", k.spread)?;
    }
    for (i, m) in measured.iter().enumerate() {
        positive(i + 1, "the measured sum", m.value)?;
        positive(i + 1, "the noise of the measured sum", m.noise)?;
        if let Some(bad) = m.counts.iter().find(|c| !(c.is_finite() && **c >= 0.0)) {
            return Err(FitError::OutOfRange { point: i + 1, what: "a count", value: *bad });
        }
    }
    Ok(())
}

/// Prices relative to the known ones, and the scale.
#[derive(Debug, Clone)]
struct Solution {
    shares: Vec<f64>,
    scale: f64,
    rounds: usize,
    converged: bool,
}

impl Solution {
    fn sum(&self, known: &[Known], measured: &Measured) -> f64 {
        measured.counts.iter().zip(known).zip(&self.shares).map(|((c, k), share)| c * k.value * share).sum()
    }
}

fn solve(known: &[Known], measured: &[&Measured], first_scale: f64, still: f64) -> Solution {
    let mut scale = first_scale;
    let right = DVector::from_fn(measured.len() + known.len(), |i, _| measured.get(i).map_or(0.0, |m| 1.0 / m.noise));
    let mut shares = vec![scale; known.len()];
    for round in 1..=MOST_ROUNDS {
        let solved = non_negative(&design(known, measured, scale), &right);
        let next = solved[known.len()].max(f64::MIN_POSITIVE);
        shares = solved.iter().take(known.len()).copied().collect();
        let moved = (next / scale - 1.0).abs();
        scale = next;
        if moved < still {
            return Solution { shares, scale, rounds: round, converged: true };
        }
    }
    Solution { shares, scale, rounds: MOST_ROUNDS, converged: false }
}

/// The median ratio of the sums to what the known prices say of them.
fn first_scale(known: &[Known], measured: &[&Measured]) -> f64 {
    let unit = Solution { shares: vec![1.0; known.len()], scale: 1.0, rounds: 0, converged: true };
    let mut ratios: Vec<f64> =
        measured.iter().map(|m| m.value / unit.sum(known, m)).filter(|r| r.is_finite() && *r > 0.0).collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(1.0)
}

/// One row per sum, then one per known price; one column per price (relative to the known one), then the scale.
fn design(known: &[Known], measured: &[&Measured], scale: f64) -> DMatrix<f64> {
    let prices = known.len();
    DMatrix::from_fn(measured.len() + prices, prices + 1, |i, j| match (measured.get(i), known.get(j)) {
        (Some(m), Some(k)) => m.counts[j] * k.value / (m.value * m.noise),
        (Some(_), None) => 0.0,
        (None, Some(k)) if i - measured.len() == j => 1.0 / (k.spread * scale),
        (None, Some(_)) => 0.0,
        (None, None) => -1.0 / (known[i - measured.len()].spread * scale),
    })
}

/// Least squares with nothing negative.
///
/// Few prices would be negative, and the known prices keep the normal equations well conditioned: so all start
/// inside, what turns negative leaves, and what the gradient pulls back from 0 returns. That mostly ends within a
/// few steps; Lawson and Hanson's way in from 0, one by one, always ends, but takes hundreds of decompositions.
fn non_negative(a: &DMatrix<f64>, y: &DVector<f64>) -> DVector<f64> {
    let (normal, right) = (a.tr_mul(a), a.tr_mul(y));
    let mut inside: Vec<bool> = vec![true; a.ncols()];
    for _ in 0..a.ncols() {
        let chosen: Vec<usize> = (0..a.ncols()).filter(|j| inside[*j]).collect();
        let part = normal.select_columns(&chosen).select_rows(&chosen);
        let Some(solved) = Cholesky::new(part).map(|c| c.solve(&right.select_rows(&chosen))) else { break };
        let mut x = DVector::zeros(a.ncols());
        let mut left = false;
        for (j, v) in chosen.iter().zip(solved.iter()) {
            if *v < 0.0 {
                inside[*j] = false;
                left = true;
            } else {
                x[*j] = *v;
            }
        }
        if left {
            continue;
        }
        let gradient = &right - &normal * &x;
        let pulled = |j: &usize| !inside[*j] && gradient[*j] > RETURNS * normal[(*j, *j)].sqrt();
        match (0..a.ncols()).filter(pulled).max_by(|i, j| gradient[*i].total_cmp(&gradient[*j])) {
            Some(back) => inside[back] = true,
            None => return x,
        }
    }
    lawson_hanson(a, y).0
}

/// Relative standard deviations: the inverse of the normal matrix over the prices that are not 0, widened by how
/// much the residuals exceed what noise and spreads allow.
fn spreads(known: &[Known], measured: &[&Measured], solution: &Solution) -> Vec<f64> {
    let prices = known.len();
    let a = design(known, measured, solution.scale);
    let inside: Vec<usize> = (0..prices).filter(|j| solution.shares[*j] > 0.0).chain([prices]).collect();
    let part = a.select_columns(&inside);
    let sums: f64 = measured.iter().map(|m| ((solution.sum(known, m) / m.value - 1.0) / m.noise).powi(2)).sum();
    let priors: f64 =
        known.iter().zip(&solution.shares).map(|(k, share)| ((share / solution.scale - 1.0) / k.spread).powi(2)).sum();
    // As many numbers as sums and known prices, less one for each price and the scale.
    let freedom = (measured.len() as f64 - 1.0).max(1.0);
    let excess = ((sums + priors) / freedom).max(1.0);
    let inverse = Cholesky::new(part.tr_mul(&part)).map(|c| c.inverse());
    let mut out: Vec<f64> = known.iter().map(|k| k.spread).collect();
    if let Some(inverse) = inverse {
        for (at, j) in inside.iter().enumerate().filter(|(_, j)| **j < prices) {
            out[*j] = (inverse[(at, at)] * excess).sqrt() / solution.shares[*j];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: [Known; 4] = [
        Known { value: 6.3, spread: 0.3 },
        Known { value: 1.8, spread: 0.3 },
        Known { value: 0.4, spread: 0.3 },
        Known { value: 20.0, spread: 0.5 },
    ];

    fn sums(prices: &[f64], rows: &[[f64; 4]], noise: f64) -> Vec<Measured> {
        rows.iter()
            .map(|r| Measured { counts: r.to_vec(), value: r.iter().zip(prices).map(|(c, p)| c * p).sum(), noise })
            .collect()
    }

    const ROWS: [[f64; 4]; 5] =
        [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [1.0, 4.0, 1.0, 0.0], [1.0, 1.0, 30.0, 0.0], [2.0, 9.0, 2.0, 0.0]];

    /// A machine half as fast that is dear in one price: the sums settle what they hold, the speed the rest.
    #[test]
    fn prices_that_made_the_sums_are_found_and_the_rest_follows_the_speed() {
        let truth = [12.6, 3.6, 1.2, 40.0];
        let list = fit(&KNOWN, &sums(&truth, &ROWS, 1e-4)).unwrap();
        assert!(list.converged);
        for (got, want) in list.values.iter().zip(&truth).take(3) {
            assert!((got / want - 1.0).abs() < 1e-3, "{list:?}");
        }
        assert!((list.values[3] / (list.scale * 20.0) - 1.0).abs() < 1e-9, "{list:?}");
        assert!(list.left_out_errors.iter().all(|e| e.abs() < 0.5), "{list:?}");
        assert_eq!(list.left_out[3], None);
        assert!(list.left_out[0].is_some());
        // What was measured is better known than before, what was not is not.
        assert!(list.spreads[0] < 0.01 && list.spreads[3] >= 0.5, "{list:?}");
    }

    #[test]
    fn a_machine_that_differs_in_speed_alone_is_found_exactly() {
        let truth: Vec<f64> = KNOWN.iter().map(|k| 0.37 * k.value).collect();
        let list = fit(&KNOWN, &sums(&truth, &ROWS, 0.05)).unwrap();
        assert!((list.scale - 0.37).abs() < 1e-9, "{list:?}");
        for (got, want) in list.values.iter().zip(&truth) {
            assert!((got / want - 1.0).abs() < 1e-9);
        }
        assert!(list.left_out_errors.iter().all(|e| e.abs() < 1e-9));
    }

    /// The gradient by differences is 0 at the solution, for the objective with its denominator held.
    #[test]
    fn the_solution_is_a_minimum() {
        let mut measured = sums(&[5.0, 3.0, 0.2, 30.0], &ROWS, 0.05);
        measured[2].value *= 1.2;
        let list = fit(&KNOWN, &measured).unwrap();
        let objective = |p: &[f64], s: f64| -> f64 {
            let fit: f64 = measured
                .iter()
                .map(|m| {
                    let sum: f64 = m.counts.iter().zip(p).map(|(c, p)| c * p).sum();
                    ((sum - m.value) / (m.noise * m.value)).powi(2)
                })
                .sum();
            let prior: f64 =
                KNOWN.iter().zip(p).map(|(k, p)| ((p - s * k.value) / (k.spread * list.scale * k.value)).powi(2)).sum();
            fit + prior
        };
        let base = objective(&list.values, list.scale);
        for j in 0..=4 {
            for step in [-1e-4, 1e-4] {
                let (mut p, mut s) = (list.values.clone(), list.scale);
                if j < 4 {
                    p[j] *= 1.0 + step
                } else {
                    s *= 1.0 + step
                }
                assert!(objective(&p, s) > base, "{j} {step}");
            }
        }
    }

    #[test]
    fn a_price_that_would_be_negative_is_zero() {
        // The second sum is far below the first although it holds one price more.
        let rows = [[1.0, 0.0, 0.0, 0.0], [1.0, 9.0, 0.0, 0.0]];
        let mut measured = sums(&[6.0, 1.8, 0.4, 20.0], &rows, 0.01);
        measured[1].value = 4.0;
        let list = fit(&KNOWN, &measured).unwrap();
        assert_eq!(list.values[1], 0.0, "{list:?}");
        assert!(list.values[0] > 4.0 && list.values[0] < 6.0, "{list:?}");
        assert!(list.spreads.iter().all(|s| s.is_finite() && *s > 0.0));
    }

    proptest! {
        /// The short way and Lawson and Hanson's lead to the same prices.
        #[test]
        fn the_short_way_leads_to_the_same_prices(
            counts in prop::collection::vec(prop::collection::vec(0.0..10.0f64, 4), 3..8),
            values in prop::collection::vec(0.5..200.0f64, 8),
        ) {
            let measured: Vec<Measured> = counts
                .iter()
                .zip(&values)
                .map(|(c, v)| Measured { counts: c.clone(), value: *v, noise: 0.05 })
                .collect();
            let rows: Vec<&Measured> = measured.iter().collect();
            let a = design(&KNOWN, &rows, 1.0);
            let y = DVector::from_fn(a.nrows(), |i, _| if i < rows.len() { 1.0 / 0.05 } else { 0.0 });
            let (short, (long, _, done)) = (non_negative(&a, &y), lawson_hanson(&a, &y));
            prop_assert!(done);
            for (s, l) in short.iter().zip(long.iter()) {
                prop_assert!((s - l).abs() < 1e-6 * (1.0 + l.abs()), "{short} {long}");
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let good = sums(&[1.0; 4], &ROWS, 0.05);
        assert!(matches!(fit(&KNOWN, &[]), Err(FitError::TooFew { .. })));
        assert!(matches!(fit(&KNOWN[..3], &good), Err(FitError::Shape { .. })));
        for change in [
            |m: &mut Measured| m.value = 0.0,
            |m: &mut Measured| m.noise = f64::NAN,
            |m: &mut Measured| m.counts[1] = -1.0,
        ] {
            let mut bad = good.clone();
            change(&mut bad[1]);
            assert!(matches!(fit(&KNOWN, &bad), Err(FitError::OutOfRange { point: 2, .. })));
        }
    }
}
