//! How often a page is found in shared_buffers or in the kernel's page cache.
//!
//! Che's approximation of an LRU cache (Che, Tung, Wang 2002): a page stays for a characteristic
//! time t after each visit, the same for all pages, found from
//! `sum over pages (1 - exp(-rate * t)) = capacity`; a visit then hits with probability
//! `1 - exp(-rate * t)`. It assumes independent visits with fixed popularity and many pages, none
//! of them a large part of the capacity. PostgreSQL's clock sweep and the kernel's two lists come
//! near LRU under such loads; large sequential scans (which use a small ring) do not.

use crate::units::{Pages, Rate};

/// Pages that are visited alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageClass {
    /// How many there are.
    pub pages: Pages,
    /// Visits of all of them together, per second.
    pub rate: Rate,
}

/// Hit ratio of each class, 0..1, in an LRU cache of `capacity` pages.
#[must_use]
pub fn hit_ratios(classes: &[PageClass], capacity: Pages) -> Vec<f64> {
    let Some(time) = characteristic_time(classes, capacity) else {
        // Everything that is visited fits.
        return vec![1.0; classes.len()];
    };
    classes.iter().map(|c| 1.0 - (-per_page(c) * time).exp()).collect()
}

/// Hit ratios of two caches one behind the other: the second sees only what the first misses.
///
/// The first holds `first` pages; the kernel behind it `second` pages, which largely hold what the
/// first holds too (each page read into the first passed through the second), so what both find
/// together is what the larger one would find alone. Returns (first, second) by class: the share
/// of all visits found in the first, and the share found only in the second.
#[must_use]
pub fn two_levels(classes: &[PageClass], first: Pages, second: Pages) -> Vec<(f64, f64)> {
    let in_first = hit_ratios(classes, first);
    let missed: Vec<PageClass> = classes
        .iter()
        .zip(&in_first)
        .map(|(c, hit)| PageClass { pages: c.pages, rate: c.rate * (1.0 - hit) })
        .collect();
    let behind = hit_ratios(&missed, second);
    in_first.into_iter().zip(behind).map(|(hit, then)| (hit, (1.0 - hit) * then)).collect()
}

fn per_page(class: &PageClass) -> f64 {
    class.rate.get() / class.pages.get().max(1.0)
}

/// The characteristic time in seconds; `None` when all visited pages fit.
fn characteristic_time(classes: &[PageClass], capacity: Pages) -> Option<f64> {
    let visited: f64 = classes.iter().filter(|c| c.rate.get() > 0.0).map(|c| c.pages.get()).sum();
    if visited <= capacity.get() {
        return None;
    }
    let filled = |time: f64| -> f64 { classes.iter().map(|c| c.pages.get() * -(-per_page(c) * time).exp_m1()).sum() };
    let total: f64 = classes.iter().map(|c| c.rate.get()).sum();
    // Filling takes at least capacity / total visits; double until it is reached, then bisect.
    let mut high = capacity.get().max(1e-9) / total;
    while filled(high) < capacity.get() && high.is_finite() {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if filled(middle) < capacity.get() { low = middle } else { high = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn class(pages: f64, rate: f64) -> PageClass {
        PageClass { pages: Pages(pages), rate: Rate(rate) }
    }

    /// Under uniform visits an LRU cache hits with probability capacity / pages, exactly.
    #[test]
    fn uniform_visits() {
        let hits = hit_ratios(&[class(1000.0, 5.0)], Pages(250.0));
        assert!((hits[0] - 0.25).abs() < 1e-9);
        assert_eq!(hit_ratios(&[class(1000.0, 5.0)], Pages(1000.0)), [1.0]);
    }

    /// A simulated LRU of two classes (10 hot pages with half of the visits, 990 cold ones, room for 100).
    #[test]
    fn agrees_with_a_simulated_lru() {
        let (mut stack, mut state): (Vec<u32>, u64) = (Vec::new(), 7);
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        };
        let (mut hits, mut visits) = ([0.0; 2], [0.0; 2]);
        for step in 0..60_000 {
            let kind = (next() % 2) as usize;
            let page = if kind == 0 { next() % 10 } else { 10 + next() % 990 };
            let at = stack.iter().rposition(|p| *p == page);
            if step > 5000 {
                visits[kind] += 1.0;
                hits[kind] += f64::from(u8::from(at.is_some()));
            }
            if let Some(at) = at {
                stack.remove(at);
            } else if stack.len() == 100 {
                stack.remove(0);
            }
            stack.push(page);
        }
        let forecast = hit_ratios(&[class(10.0, 0.5), class(990.0, 0.5)], Pages(100.0));
        for kind in 0..2 {
            assert!((forecast[kind] - hits[kind] / visits[kind]).abs() < 0.01, "{kind} {forecast:?}");
        }
    }

    proptest! {
        #[test]
        fn larger_caches_hit_more(p1 in 1.0..1e6f64, r1 in 0.01..1e4f64, p2 in 1.0..1e6f64, r2 in 0.01..1e4f64,
                                  capacity in 1.0..1e6f64) {
            let classes = [class(p1, r1), class(p2, r2)];
            let small = hit_ratios(&classes, Pages(capacity));
            let large = hit_ratios(&classes, Pages(capacity * 2.0));
            for (s, l) in small.iter().zip(&large) {
                prop_assert!((0.0..=1.0).contains(s) && *l >= s - 1e-9);
            }
            for (first, second) in two_levels(&classes, Pages(capacity), Pages(capacity)) {
                prop_assert!(first + second <= 1.0 + 1e-9 && second >= 0.0);
            }
        }
    }
}
