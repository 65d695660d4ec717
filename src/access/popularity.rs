//! Which rows and pages a variable reaches how often, as a few groups of equally likely items.
//!
//! The shapes are pgbench's: `random_zipfian`, `random_gaussian` and `random_exponential` are
//! defined in its documentation ("Built-In Functions").

use statrs::function::erf::{erf, erf_inv};

use super::footprint::{Popularity, PopularityClass};
use crate::workload::Distribution;

/// Ranks of a skewed distribution that stand alone; later ones share a group with as many again.
const SINGLES: usize = 24;
/// Slices of a smooth distribution.
const SLICES: usize = 32;
/// Terms of a generalised harmonic number summed one by one before the integral takes over.
const EXACT_TERMS: f64 = 64.0;

/// Sum of k^-theta for k from 1 to n.
///
/// The tail is the midpoint-rule integral, whose error is below 1e-5 of the sum beyond
/// [`EXACT_TERMS`] terms for theta up to 10 (and negligible above, where the tail is).
#[must_use]
pub fn harmonic(n: f64, theta: f64) -> f64 {
    let exact = n.clamp(0.0, EXACT_TERMS).floor();
    let mut sum = 0.0;
    let mut k = 1.0;
    while k <= exact {
        sum += f64::powf(k, -theta);
        k += 1.0;
    }
    if n > EXACT_TERMS {
        let (from, to) = (EXACT_TERMS + 0.5, n + 0.5);
        sum += if (theta - 1.0).abs() < 1e-9 {
            (to / from).ln()
        } else {
            (to.powf(1.0 - theta) - from.powf(1.0 - theta)) / (1.0 - theta)
        };
    }
    sum
}

/// The value below which a share `u` of draws falls; `None` for shapes that are not numbers.
#[must_use]
pub fn quantile(distribution: &Distribution, u: f64) -> Option<f64> {
    let place = |lo: f64, hi: f64, share: f64| (lo + ((hi - lo + 1.0) * share).floor()).clamp(lo, hi);
    match distribution {
        Distribution::Uniform { lo, hi } => Some(place(*lo, *hi, u)),
        Distribution::Zipfian { lo, hi, theta } => {
            let n = hi - lo + 1.0;
            let target = u * harmonic(n, *theta);
            let (mut below, mut above) = (0.0, n);
            while above - below > 1.0 {
                let middle = ((below + above) / 2.0).floor();
                if harmonic(middle, *theta) < target { below = middle } else { above = middle }
            }
            Some((lo + above - 1.0).clamp(*lo, *hi))
        }
        Distribution::Gaussian { lo, hi, parameter } => {
            let scale = erf(parameter / std::f64::consts::SQRT_2);
            let z = std::f64::consts::SQRT_2 * erf_inv((2.0 * u - 1.0) * scale);
            Some(place(*lo, *hi, z / (2.0 * parameter) + 0.5))
        }
        Distribution::Exponential { lo, hi, parameter } => {
            let share = -(1.0 - u * (1.0 - (-parameter).exp())).ln() / parameter;
            Some(place(*lo, *hi, share))
        }
        _ => None,
    }
}

/// The share of draws below the fraction `x` (0..1) of a smooth distribution's range.
fn share_below(distribution: &Distribution, x: f64) -> f64 {
    match distribution {
        Distribution::Gaussian { parameter, .. } => {
            let z = (2.0 * x - 1.0) * parameter / std::f64::consts::SQRT_2;
            (erf(z) / erf(parameter / std::f64::consts::SQRT_2) + 1.0) / 2.0
        }
        Distribution::Exponential { parameter, .. } => (1.0 - (-parameter * x).exp()) / (1.0 - (-parameter).exp()),
        _ => x,
    }
}

/// How many different values a distribution can give; infinite where none comes twice.
#[must_use]
pub fn drawable(distribution: &Distribution) -> f64 {
    match distribution {
        Distribution::Uniform { lo, hi }
        | Distribution::Zipfian { lo, hi, .. }
        | Distribution::Gaussian { lo, hi, .. }
        | Distribution::Exponential { lo, hi, .. } => (hi - lo + 1.0).max(1.0),
        Distribution::OneOf(values) => values.len().max(1) as f64,
        Distribution::Sequence { .. } | Distribution::Uuid { .. } => f64::INFINITY,
        Distribution::Constant(_) | Distribution::Derived(_) | Distribution::FromStatement { .. } => 1.0,
    }
}

/// Popularity of the values that can be drawn, most popular first; `None` when nothing is known.
#[must_use]
pub fn of_values(distribution: &Distribution) -> Option<Popularity> {
    let mut classes: Vec<PopularityClass> = match distribution {
        Distribution::Constant(_) => vec![PopularityClass { items: 1.0, probability: 1.0 }],
        Distribution::Uniform { lo, hi } => vec![PopularityClass { items: hi - lo + 1.0, probability: 1.0 }],
        Distribution::OneOf(values) => {
            values.iter().map(|(_, p)| PopularityClass { items: 1.0, probability: *p }).collect()
        }
        Distribution::Zipfian { lo, hi, theta } => zipf_classes(hi - lo + 1.0, *theta),
        Distribution::Gaussian { lo, hi, .. } | Distribution::Exponential { lo, hi, .. } => {
            let slices = SLICES.min((hi - lo + 1.0) as usize).max(1);
            let edge = |slice: usize| slice as f64 / slices as f64;
            (0..slices)
                .map(|s| PopularityClass {
                    items: (hi - lo + 1.0) / slices as f64,
                    probability: share_below(distribution, edge(s + 1)) - share_below(distribution, edge(s)),
                })
                .collect()
        }
        _ => return None,
    };
    classes.sort_by(|a, b| (b.probability / b.items).total_cmp(&(a.probability / a.items)));
    Some(Popularity { classes })
}

fn zipf_classes(n: f64, theta: f64) -> Vec<PopularityClass> {
    let total = harmonic(n, theta);
    let mut classes = Vec::with_capacity(SINGLES + 40);
    let (mut done, mut below) = (0.0_f64, 0.0);
    while done < n {
        let items = if done < SINGLES as f64 { 1.0 } else { done.min(n - done) };
        let upto = harmonic(done + items, theta);
        classes.push(PopularityClass { items, probability: ((upto - below) / total).max(0.0) });
        done += items;
        below = upto;
    }
    classes
}

/// Popularity of `rows` rows when each value drawn names `rows / values` of them and a draw hits
/// with probability `hit`.
#[must_use]
pub fn of_rows(values: &Popularity, values_in_table: f64, rows: f64, hit: f64) -> Popularity {
    if rows <= 0.0 || hit <= 0.0 {
        return Popularity::default();
    }
    let drawn: f64 = values.classes.iter().map(|c| c.items).sum();
    // When more values can be drawn than there are, each group keeps the share of it that exists.
    let scale = (values_in_table / drawn.max(1.0)).min(1.0) * (rows / values_in_table.max(1.0));
    Popularity {
        classes: values
            .classes
            .iter()
            .map(|c| PopularityClass {
                items: (c.items * scale).clamp(1.0, rows.max(1.0)),
                probability: c.probability * hit,
            })
            .collect(),
    }
}

/// Popularity of pages from that of rows.
///
/// `order` is how far neighbouring values share pages (the correlation, 0..1): at 1 a group of n
/// rows fills n / `rows_per_page` pages; at 0 each of its rows lies on a page of its own, as long as
/// there are pages, and what is left over of each page belongs to everyone.
#[must_use]
pub fn of_pages(rows: &Popularity, rows_per_page: f64, pages: f64, order: f64) -> Popularity {
    let per_page = rows_per_page.max(1.0);
    let pages = pages.max(1.0);
    let together = order.abs().clamp(0.0, 1.0).powi(2);
    let mut classes: Vec<PopularityClass> = Vec::with_capacity(rows.classes.len());
    let mut left = pages;
    let mut gathering = PopularityClass { items: 0.0, probability: 0.0 };
    for class in &rows.classes {
        let dense = class.items / per_page;
        let spread = left.max(1.0) * (1.0 - (-class.items / left.max(1.0)).exp());
        let share = together * dense + (1.0 - together) * spread;
        gathering.items += share;
        gathering.probability += class.probability;
        // Pages are whole: the hottest rows share one until it is full.
        if gathering.items >= 1.0 - 1e-9 {
            gathering.items = gathering.items.min(left.max(1.0));
            left = (left - gathering.items).max(0.0);
            classes.push(gathering);
            gathering = PopularityClass { items: 0.0, probability: 0.0 };
        }
    }
    if gathering.probability > 0.0 {
        gathering.items = 1.0;
        classes.push(gathering);
    }
    // Groups past the last page visit pages that are counted already: fold them into the largest group.
    let total: f64 = classes.iter().map(|c| c.items).sum();
    if total > pages {
        let excess = total - pages;
        if let Some(largest) = classes.iter_mut().max_by(|a, b| a.items.total_cmp(&b.items)) {
            largest.items = (largest.items - excess).max(1.0);
        }
    }
    Popularity { classes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmonic_numbers() {
        // Riemann zeta(2) and H(1000), from Abramowitz and Stegun.
        assert!((harmonic(1e9, 2.0) - 1.644_934_066).abs() < 1e-5);
        assert!((harmonic(1000.0, 1.0) - 7.485_470_861).abs() < 1e-4);
    }

    #[test]
    fn classes_cover_all_items_once() {
        let zipf = of_values(&Distribution::Zipfian { lo: 1.0, hi: 1e6, theta: 1.2 }).unwrap();
        let items: f64 = zipf.classes.iter().map(|c| c.items).sum();
        let probability: f64 = zipf.classes.iter().map(|c| c.probability).sum();
        assert_eq!(items, 1e6);
        assert!((probability - 1.0).abs() < 1e-9);
        // P(rank 1) = 1 / H(10^6, 1.2); zeta(1.2) = 5.591582 less the tail 5 * (10^6)^-0.2.
        let expected = 1.0 / (5.591_582 - 5.0 * 1e6_f64.powf(-0.2));
        assert!((zipf.classes[0].probability - expected).abs() < 1e-4, "{:?}", zipf.classes[0]);
        assert!(zipf.classes.len() < 64);
    }

    #[test]
    fn pages_of_ordered_and_scattered_rows() {
        let rows = Popularity::uniform(1e5);
        let ordered = of_pages(&rows, 61.0, 1640.0, 1.0);
        assert!((ordered.classes[0].items - 1639.3).abs() < 1.0);
        let hot = Popularity { classes: vec![PopularityClass { items: 100.0, probability: 1.0 }] };
        let scattered = of_pages(&hot, 61.0, 1640.0, 0.0);
        assert!((scattered.classes[0].items - 97.0).abs() < 1.0, "{scattered:?}");
    }

    #[test]
    fn quantiles_invert_shares() {
        let gaussian = Distribution::Gaussian { lo: 1.0, hi: 1000.0, parameter: 2.5 };
        assert_eq!(quantile(&gaussian, 0.5), Some(501.0));
        // pgbench documents: about 67 % of values within the middle 1 / parameter of the range.
        let (low, high) = (quantile(&gaussian, 0.165).unwrap(), quantile(&gaussian, 0.835).unwrap());
        assert!((high - low - 400.0).abs() < 20.0, "{low} {high}");
        let exponential = Distribution::Exponential { lo: 1.0, hi: 1000.0, parameter: 5.0 };
        assert!((quantile(&exponential, 0.5).unwrap() - 138.0).abs() < 2.0);
    }
}
