//! Provides what-ifs over a grid, in parallel and in a fixed order, and the search for a goal.

use rayon::prelude::*;

use crate::diagnostic::InputError;
use crate::forecast::Forecast;

/// Scenarios that are worked on before the next look at errors and goals. Large enough to keep
/// every core busy, small enough that a mistake in the first scenario is reported at once.
const CHUNK: usize = 1024;

/// Keys with the values that each takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grid {
    /// Key and values, in the order given; the last key varies fastest.
    pub axes: Vec<(String, Vec<String>)>,
}

impl Grid {
    /// Scenarios in the cross product; `None` when they are too many to count.
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        self.axes.iter().try_fold(1usize, |n, (_, values)| n.checked_mul(values.len()))
    }

    /// Whether there is no scenario at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The settings of scenario `index`.
    #[must_use]
    pub fn scenario(&self, mut index: usize) -> Vec<(String, String)> {
        let mut out: Vec<_> = self
            .axes
            .iter()
            .rev()
            .map(|(key, values)| {
                let value = values[index % values.len()].clone();
                index /= values.len();
                (key.clone(), value)
            })
            .collect();
        out.reverse();
        out
    }
}

/// Forecasts every scenario of the grid on all threads of the current pool; `keep` takes what is
/// wanted of each, so that a million scenarios need not hold a million forecasts.
///
/// # Errors
/// The first scenario, in the grid's order, that cannot be forecast.
pub fn run<T: Send>(
    grid: &Grid,
    forecast: impl Fn(&[(String, String)]) -> Result<Forecast, InputError> + Sync,
    keep: impl Fn(&[(String, String)], Forecast) -> T + Sync,
) -> Result<Vec<T>, InputError> {
    let n = grid.len().unwrap_or(usize::MAX);
    let mut out = Vec::new();
    for start in (0..n).step_by(CHUNK) {
        let chunk: Vec<_> = (start..n.min(start + CHUNK))
            .into_par_iter()
            .map(|i| {
                let set = grid.scenario(i);
                forecast(&set).map(|f| keep(&set, f))
            })
            .collect();
        for result in chunk {
            out.push(result?);
        }
    }
    Ok(out)
}

/// How the search for a goal ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Goal {
    /// The first value that reaches it.
    Reached {
        /// The value.
        value: String,
        /// What it gives.
        forecast: Box<Forecast>,
    },
    /// No value does.
    Missed {
        /// The value that comes nearest.
        value: String,
        /// What it gives.
        forecast: Box<Forecast>,
    },
}

/// Looks along one axis, in its order, for the first value whose forecast is `good`; `badness` ranks
/// those that are not (smaller is nearer), for the answer when none is. No order between
/// neighbouring values is assumed: TPS over clients rises and falls.
///
/// # Errors
/// The first value that cannot be forecast, if it comes before one that reaches the goal; an axis
/// without values.
pub fn seek(
    key: &str,
    values: &[String],
    forecast: impl Fn(&[(String, String)]) -> Result<Forecast, InputError> + Sync,
    good: impl Fn(&Forecast) -> bool,
    badness: impl Fn(&Forecast) -> f64,
) -> Result<Goal, InputError> {
    let mut nearest: Option<(f64, &String, Forecast)> = None;
    // Small chunks first: the answer is often near the beginning.
    let mut rest = values;
    let mut size = rayon::current_num_threads().max(1) * 4;
    while !rest.is_empty() {
        let (chunk, tail) = rest.split_at(size.min(rest.len()));
        (rest, size) = (tail, (size * 4).min(CHUNK));
        let results: Vec<_> = chunk.par_iter().map(|v| forecast(&[(key.to_owned(), v.clone())])).collect();
        for (value, result) in chunk.iter().zip(results) {
            let found = result?;
            if good(&found) {
                return Ok(Goal::Reached { value: value.clone(), forecast: Box::new(found) });
            }
            let distance = badness(&found);
            if nearest.as_ref().is_none_or(|(least, ..)| distance < *least) {
                nearest = Some((distance, value, found));
            }
        }
    }
    match nearest {
        Some((_, value, found)) => Ok(Goal::Missed { value: value.clone(), forecast: Box::new(found) }),
        None => Err(InputError::new(format!("`{key}` takes no value"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    fn grid() -> Grid {
        let axis = |k: &str, v: &[&str]| (k.to_owned(), v.iter().map(|s| (*s).to_owned()).collect());
        Grid { axes: vec![axis("a", &["1", "2"]), axis("b", &["x", "y", "z"])] }
    }

    #[test]
    fn the_last_key_varies_fastest() {
        let all: Vec<String> = (0..grid().len().unwrap())
            .map(|i| grid().scenario(i).into_iter().map(|(_, v)| v).collect::<String>())
            .collect();
        assert_eq!(all, ["1x", "1y", "1z", "2x", "2y", "2z"]);
    }

    #[test]
    fn results_keep_the_order_and_the_first_error_wins() {
        let mut long = grid();
        long.axes.push(("c".into(), (0..1000).map(|i| i.to_string()).collect()));
        let kept = run(&long, |_| Ok(sample::forecast()), |set, _| set[2].1.clone()).unwrap();
        assert_eq!(kept.len(), 6000);
        assert!(kept.iter().enumerate().all(|(i, v)| *v == (i % 1000).to_string()));
        let failing = |set: &[(String, String)]| match set[2].1.parse::<u32>() {
            Ok(n) if n % 7 == 3 => Err(InputError::new(format!("bad {n}"))),
            _ => Ok(sample::forecast()),
        };
        assert_eq!(run(&long, failing, |_, _| ()).unwrap_err().message, "bad 3");
    }

    #[test]
    fn a_goal_is_reached_by_the_first_value_even_if_later_ones_fall_back() {
        let tps = |set: &[(String, String)]| {
            let n: f64 = set[0].1.parse().unwrap();
            let mut f = sample::forecast();
            f.tps.mean = 100.0 * n * (20.0 - n); // a hill with its top at 10
            Ok(f)
        };
        let values: Vec<String> = (1..=20).map(|i| i.to_string()).collect();
        let seek_for = |goal: f64| seek("n", &values, tps, |f| f.tps.mean >= goal, |f| goal - f.tps.mean).unwrap();
        assert!(matches!(seek_for(5000.0), Goal::Reached { value, .. } if value == "3"));
        assert!(matches!(seek_for(10_001.0), Goal::Missed { value, .. } if value == "10"));
    }
}
