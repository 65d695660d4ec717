//! Honest repetition: every cell once per round, all rounds in the same order, and a summary that
//! says how much the repetitions differ.
//!
//! A shared machine changes speed for seconds to minutes. Repetitions of one cell in a row would all
//! fall into the same spell; a round over all cells spreads the spells over the cells alike.

/// Up to this share of other CPUs being busy a repetition counts as undisturbed.
pub const CALM: f64 = 0.2;

/// One repetition of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// What was measured.
    pub value: f64,
    /// How busy the CPUs outside the measurement were meanwhile, 0..1; `None`: not known.
    pub elsewhere: Option<f64>,
}

/// What the repetitions of a cell say together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Median.
    pub median: f64,
    /// Upper quartile: neighbours only slow a repetition down, so it is the better estimate of an
    /// undisturbed machine.
    pub upper_quartile: f64,
    /// Distance of the quartiles relative to the median.
    pub spread: f64,
    /// Repetitions it rests on.
    pub repetitions: usize,
    /// Whether all of them were undisturbed.
    pub calm: bool,
}

impl Summary {
    /// The value to hold a forecast against: the median of undisturbed repetitions; else the upper
    /// quartile, since neighbours only slow a repetition down.
    #[must_use]
    pub fn best(&self) -> f64 {
        if self.calm { self.median } else { self.upper_quartile }
    }
}

/// Runs every cell once per round.
///
/// `run` gets the round, from 0, and the cell; `after_round` is called when a round is complete, with
/// everything measured so far.
///
/// # Errors
/// The first error of `run`.
pub fn interleave<C, T, E>(
    cells: &[C],
    rounds: usize,
    mut run: impl FnMut(usize, &C) -> Result<T, E>,
    mut after_round: impl FnMut(usize, &[Vec<T>]),
) -> Result<Vec<Vec<T>>, E> {
    let mut results: Vec<Vec<T>> = cells.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for round in 0..rounds {
        for (cell, collected) in cells.iter().zip(&mut results) {
            collected.push(run(round, cell)?);
        }
        after_round(round, &results);
    }
    Ok(results)
}

/// Summarizes the repetitions of a cell, by the undisturbed ones alone where there are at least three.
///
/// Quartiles are interpolated between order statistics (Hyndman and Fan's type 7). `None` without
/// repetitions.
#[must_use]
pub fn summarize(samples: &[Sample]) -> Option<Summary> {
    let is_calm = |s: &&Sample| s.elsewhere.is_some_and(|e| e <= CALM);
    let quiet: Vec<f64> = samples.iter().filter(is_calm).map(|s| s.value).collect();
    let calm = quiet.len() >= 3;
    let mut values = if calm { quiet } else { samples.iter().map(|s| s.value).collect() };
    values.sort_by(f64::total_cmp);
    let (low, median, high) = (quantile(&values, 0.25)?, quantile(&values, 0.5)?, quantile(&values, 0.75)?);
    let spread = if median > 0.0 { (high - low) / median } else { 0.0 };
    Some(Summary { median, upper_quartile: high, spread, repetitions: values.len(), calm })
}

/// The quantile `q` (0..1) of values in ascending order, interpolated linearly; `None` of nothing.
#[must_use]
pub fn quantile(ascending: &[f64], q: f64) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "a number of repetitions")]
    let at = q.clamp(0.0, 1.0) * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=last")]
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    let (a, b) = (*ascending.get(below)?, *ascending.get(above)?);
    Some(a + (b - a) * at.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[(f64, f64)]) -> Vec<Sample> {
        values.iter().map(|&(value, e)| Sample { value, elsewhere: Some(e) }).collect()
    }

    #[test]
    fn quantiles_as_numpy_gives_them() {
        // numpy.quantile([1, 2, 4, 8], [0.25, 0.5, 0.75]) = [1.75, 3.0, 5.0]
        let v = [1.0, 2.0, 4.0, 8.0];
        assert_eq!([0.25, 0.5, 0.75].map(|q| quantile(&v, q).unwrap()), [1.75, 3.0, 5.0]);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[7.0], 0.75), Some(7.0));
    }

    #[test]
    fn disturbed_repetitions_count_only_for_want_of_calm_ones() {
        let s = summarize(&samples(&[(100.0, 0.0), (60.0, 1.0), (98.0, 0.1), (102.0, 0.0)])).unwrap();
        assert_eq!((s.median, s.upper_quartile, s.repetitions, s.calm), (100.0, 101.0, 3, true));
        assert!((s.spread - 0.02).abs() < 1e-12);
        assert_eq!(s.best(), 100.0);
        let s = summarize(&samples(&[(100.0, 0.0), (60.0, 1.0), (80.0, 0.9)])).unwrap();
        assert_eq!((s.median, s.repetitions, s.calm), (80.0, 3, false));
        assert_eq!(s.best(), 90.0);
        assert_eq!(summarize(&[]), None);
    }

    #[test]
    fn rounds_go_over_all_cells() {
        let mut order = Vec::new();
        let mut rounds = 0;
        let results = interleave(
            &["a", "b"],
            2,
            |round, cell| {
                order.push((round, *cell));
                Ok::<_, ()>(format!("{cell}{round}"))
            },
            |_, _| rounds += 1,
        )
        .unwrap();
        assert_eq!(order, [(0, "a"), (0, "b"), (1, "a"), (1, "b")]);
        assert_eq!(results, [["a0", "a1"], ["b0", "b1"]]);
        assert_eq!(rounds, 2);
    }
}
