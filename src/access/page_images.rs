//! Full-page images: the first change of a page after a checkpoint logs the page whole.
//!
//! In an interval of T seconds, P pages changed m times at random leave `P (1 - exp(-m / P))` of
//! them touched (occupancy of P cells by m balls, Poisson limit). A page counts once per interval,
//! however often it is changed; the same number of pages is dirty when the checkpoint writes.

use crate::access::cache::PageClass;
use crate::units::{Bytes, PAGE_BYTES, Pages, Rate, Seconds};

/// Distinct pages touched in an interval by changes at the classes' rates.
#[must_use]
pub fn distinct_pages(classes: &[PageClass], interval: Seconds) -> Pages {
    classes
        .iter()
        .map(|c| {
            let pages = c.pages.get().max(1.0);
            Pages(pages * -(-c.rate.get() * interval.get() / pages).exp_m1())
        })
        .sum()
}

/// First changes of a page per second, averaged over a checkpoint interval.
#[must_use]
pub fn per_second(classes: &[PageClass], interval: Seconds) -> Rate {
    if interval.get() <= 0.0 {
        return classes.iter().map(|c| c.rate).sum();
    }
    Rate(distinct_pages(classes, interval).get() / interval.get())
}

/// Bytes of one image; `hole` is the share of the page that is not logged, `compression` the size
/// that `wal_compression` leaves (1 without).
#[must_use]
pub fn image_bytes(hole: f64, compression: f64) -> Bytes {
    Bytes(PAGE_BYTES * (1.0 - hole) * compression)
}

/// Time between checkpoints: `min(checkpoint_timeout, max_wal_size / ((1 + target) * WAL rate))`
/// (PostgreSQL since 11, `CalculateCheckpointSegments`).
#[must_use]
pub fn checkpoint_interval(timeout: Seconds, max_wal_size: Bytes, target: f64, wal: Rate) -> Seconds {
    let by_size = max_wal_size.get() / ((1.0 + target) * wal.get().max(1e-9));
    Seconds(timeout.get().min(by_size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_changes() {
        let class = |rate| [PageClass { pages: Pages(1000.0), rate: Rate(rate) }];
        // Hardly any page is changed twice.
        assert!((per_second(&class(0.01), Seconds(100.0)).get() - 0.01).abs() < 1e-4);
        // All pages are changed many times.
        assert!((distinct_pages(&class(1e4), Seconds(100.0)).get() - 1000.0).abs() < 1e-6);
        // As many changes as pages leave 1 - 1/e touched.
        assert!((distinct_pages(&class(10.0), Seconds(100.0)).get() - 632.1).abs() < 0.1);
    }

    #[test]
    fn the_sooner_of_time_and_size() {
        let gb = Bytes(1024.0 * 1024.0 * 1024.0);
        let slow = checkpoint_interval(Seconds(300.0), gb, 0.9, Rate(1000.0));
        assert_eq!(slow, Seconds(300.0));
        let fast = checkpoint_interval(Seconds(300.0), gb, 0.9, Rate(10e6));
        assert!((fast.get() - 56.5).abs() < 0.1);
    }
}
