//! Checkpoints, full-page images and write-back: what the storage sees per transaction.
//!
//! In a checkpoint interval of T seconds, a group of P equally likely pages modified m times has
//! `P (1 - exp(-m / P))` pages touched; each is logged once as a whole (with full_page_writes) and
//! written back once.

use crate::units::PAGE_BYTES;

/// When checkpoints come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckpointRules {
    /// checkpoint_timeout, seconds.
    pub timeout: f64,
    /// max_wal_size, bytes.
    pub max_wal_size: f64,
    /// checkpoint_completion_target.
    pub completion_target: f64,
    /// Bytes of one full-page image; 0 without full_page_writes.
    pub image_bytes: f64,
    /// Server CPU of one full-page image, seconds.
    pub image_cpu: f64,
}

/// Pages that are equally likely to be modified.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirtyRelation {
    /// Pages of the group.
    pub pages: f64,
    /// Modifications per average transaction that fall into it.
    pub modified: f64,
    /// Whether they are logged.
    pub logged: bool,
}

/// What checkpoints add per transaction at one throughput.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CheckpointLoad {
    /// Seconds from one checkpoint to the next.
    pub interval: f64,
    /// Full-page images per transaction.
    pub images: f64,
    /// Pages written back per transaction.
    pub pages_written: f64,
    /// All WAL per transaction, bytes.
    pub wal_bytes: f64,
}

/// The load of checkpoints at throughput `x`, where a transaction writes `wal_bytes` without images;
/// `guess` is the interval of a similar load, or 0.
///
/// The interval is the smaller of the timeout and the time to fill the WAL budget,
/// `max_wal_size / ((1 + completion_target) * bytes per second)` since version 11; images shorten it,
/// and a shorter interval means more images. The WAL written in an interval grows with it and bends
/// downwards, so there is one solution and Newton's steps reach it from below without overshooting.
#[must_use]
pub fn checkpoint_load(
    rules: &CheckpointRules,
    dirty: &[DirtyRelation],
    x: f64,
    wal_bytes: f64,
    guess: f64,
) -> CheckpointLoad {
    if x <= 0.0 {
        return CheckpointLoad { interval: rules.timeout, images: 0.0, pages_written: 0.0, wal_bytes };
    }
    let budget = rules.max_wal_size / (1.0 + rules.completion_target);
    let mut interval = rules.timeout;
    let mut touched = Touched::in_interval(dirty, x * interval);
    let bytes = |interval: f64, touched: &Touched| x * interval * wal_bytes + rules.image_bytes * touched.logged;
    if bytes(interval, &touched) > budget {
        if guess > 0.0 && guess < interval {
            interval = guess;
        }
        for _ in 0..50 {
            touched = Touched::in_interval(dirty, x * interval);
            let slope = x * (wal_bytes + rules.image_bytes * touched.logged_slope);
            let step = (budget - bytes(interval, &touched)) / slope;
            interval = (interval + step).clamp(1e-6 * budget / slope, rules.timeout);
            // Steps shrink quadratically: what comes after this one is nothing, and moves no page.
            if step.abs() < 1e-7 * interval {
                break;
            }
        }
    }
    let per_transaction = 1.0 / (x * interval.max(1e-9));
    let images = if rules.image_bytes > 0.0 { touched.logged * per_transaction } else { 0.0 };
    CheckpointLoad {
        interval,
        images,
        pages_written: touched.all * per_transaction,
        wal_bytes: wal_bytes + images * rules.image_bytes,
    }
}

/// Distinct pages modified by a number of transactions.
#[derive(Debug, Clone, Copy, Default)]
struct Touched {
    all: f64,
    /// Those that are logged, and their derivative by the number of transactions.
    logged: f64,
    logged_slope: f64,
}

impl Touched {
    fn in_interval(dirty: &[DirtyRelation], transactions: f64) -> Self {
        let mut out = Self::default();
        for d in dirty {
            let visits = transactions * d.modified / d.pages;
            // Beyond 40 visits of each page, none in 10^17 is left out.
            let (share, untouched) = if visits > 40.0 {
                (1.0, 0.0)
            } else {
                let less = (-visits).exp_m1();
                (-less, 1.0 + less)
            };
            out.all += d.pages * share;
            if d.logged {
                out.logged += d.pages * share;
                out.logged_slope += d.modified * untouched;
            }
        }
        out
    }
}

/// Share of the storage's write capacity in use at throughput `x`.
#[must_use]
pub fn write_utilization(load: &CheckpointLoad, evicted: f64, write_iops: f64, write_bandwidth: f64, x: f64) -> f64 {
    let pages = load.pages_written.max(evicted);
    let bandwidth = x * (load.wal_bytes + pages * PAGE_BYTES) / write_bandwidth;
    bandwidth.max(x * pages / write_iops)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: CheckpointRules = CheckpointRules {
        timeout: 300.0,
        max_wal_size: 1e9,
        completion_target: 0.9,
        image_bytes: 8000.0,
        image_cpu: 1e-5,
    };

    #[test]
    fn a_small_table_is_logged_whole_once_per_checkpoint() {
        let dirty = [DirtyRelation { pages: 100.0, modified: 1.0, logged: true }];
        let load = checkpoint_load(&RULES, &dirty, 1000.0, 200.0, 0.0);
        assert!((load.interval - 300.0).abs() < 1e-9);
        assert!((load.images * 1000.0 * 300.0 - 100.0).abs() < 1e-6);
    }

    #[test]
    fn a_huge_table_is_logged_at_every_write_and_fills_the_wal() {
        let dirty = [DirtyRelation { pages: 1e12, modified: 1.0, logged: true }];
        let load = checkpoint_load(&RULES, &dirty, 1000.0, 200.0, 0.0);
        assert!((load.images - 1.0).abs() < 1e-3);
        let filled = load.interval * 1000.0 * load.wal_bytes * 1.9;
        assert!((filled / 1e9 - 1.0).abs() < 1e-6, "{filled}");
    }
}
