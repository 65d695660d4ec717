//! Several popularities over the same items, put on one scale.

use crate::access::Popularity;

/// A run of equally popular items, and how often each user draws from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Items in the run.
    pub items: f64,
    /// Draws per average transaction that fall into the run, by user.
    pub draws: Vec<f64>,
}

/// Cuts the items where any of the popularities changes.
///
/// The users are taken to agree on the order of the items (the most popular for one is the most
/// popular for all), which is how hot rows come about; independent orders would spread them.
#[must_use]
pub fn merge(users: &[(f64, &Popularity)]) -> Vec<Segment> {
    let mut cuts: Vec<f64> = Vec::new();
    for (_, popularity) in users {
        let mut end = 0.0;
        for class in &popularity.classes {
            end += class.items;
            cuts.push(end);
        }
    }
    cuts.sort_by(f64::total_cmp);
    // Cuts nearer than a thousandth of an item are one.
    cuts.dedup_by(|b, a| *b - *a < 1e-3 * (1.0 + *a * 1e-9));
    let mut start = 0.0;
    let mut segments = Vec::with_capacity(cuts.len());
    for cut in cuts {
        let draws = users.iter().map(|(times, p)| times * mass(p, start, cut)).collect();
        segments.push(Segment { items: cut - start, draws });
        start = cut;
    }
    segments
}

/// Probability that a draw falls between item `from` and item `to`.
fn mass(popularity: &Popularity, from: f64, to: f64) -> f64 {
    let mut start = 0.0;
    let mut sum = 0.0;
    for class in &popularity.classes {
        let end = start + class.items;
        let overlap = (to.min(end) - from.max(start)).max(0.0);
        if class.items > 0.0 {
            sum += class.probability * overlap / class.items;
        }
        start = end;
    }
    sum
}

/// Keeps the `keep` segments first as they are and folds the rest into one with the same chance of
/// two draws meeting: `(sum p)^2 / sum (p^2 / items)` items.
#[must_use]
pub fn fold_tail(mut segments: Vec<Segment>, keep: usize) -> Vec<Segment> {
    if segments.len() <= keep + 1 {
        return segments;
    }
    let tail = segments.split_off(keep);
    let users = tail[0].draws.len();
    let draws: Vec<f64> = (0..users).map(|u| tail.iter().map(|s| s.draws[u]).sum()).collect();
    let total = |s: &Segment| s.draws.iter().sum::<f64>();
    let sum: f64 = tail.iter().map(total).sum();
    let squares: f64 = tail.iter().map(|s| total(s).powi(2) / s.items.max(1e-9)).sum();
    let items = if squares > 0.0 { sum * sum / squares } else { tail.iter().map(|s| s.items).sum() };
    segments.push(Segment { items, draws });
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::PopularityClass;

    #[test]
    fn merged_popularities_keep_their_mass() {
        let hot = Popularity {
            classes: vec![
                PopularityClass { items: 1.0, probability: 0.5 },
                PopularityClass { items: 99.0, probability: 0.5 },
            ],
        };
        let flat = Popularity::uniform(50.0);
        let merged = merge(&[(1.0, &hot), (2.0, &flat)]);
        assert_eq!(merged.iter().map(|s| s.items).collect::<Vec<_>>(), [1.0, 49.0, 50.0]);
        let sums: Vec<f64> = (0..2).map(|u| merged.iter().map(|s| s.draws[u]).sum()).collect();
        assert!((sums[0] - 1.0).abs() < 1e-12 && (sums[1] - 2.0).abs() < 1e-12);
        assert!((merged[0].draws[1] - 0.04).abs() < 1e-12);
    }

    #[test]
    fn a_folded_tail_collides_as_often() {
        let p = Popularity {
            classes: (1..=40)
                .map(|k| PopularityClass { items: 1.0, probability: 1.0 / f64::from(k) / 4.2785 })
                .collect(),
        };
        let collide = |s: &[Segment]| s.iter().map(|s| s.draws[0].powi(2) / s.items).sum::<f64>();
        let all = merge(&[(1.0, &p)]);
        let folded = fold_tail(all.clone(), 12);
        assert_eq!(folded.len(), 13);
        assert!((collide(&all) / collide(&folded) - 1.0).abs() < 1e-9);
    }
}
