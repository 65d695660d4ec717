//! How often the server prunes a page of old row versions, and what it logs then.
//!
//! A page is pruned when it is next visited after an old version was left on it, if less is free than a
//! tenth of it or the fill factor's reserve (heap_page_prune_opt, pruneheap.c).

use crate::access::relation::TableInfo;
use crate::access::sizes;
use crate::access::wal;
use crate::machine::coefficients::state::EXECUTIONS_SINCE_VACUUM;

/// Share of a page below whose free space the server prunes, when the fill factor keeps less.
const PRUNE_BELOW: f64 = 0.1;
/// Visits of a page up to which they are counted one by one.
const COUNTED_VISITS: f64 = 200.0;

/// Bytes of WAL per updated row for pruning, when a statement updates `rows` of the table's rows and `hot`
/// of them stay on their chain.
#[must_use]
pub fn of_updates(info: &TableInfo, rows: f64, hot: f64, sweeps: bool) -> f64 {
    let slot = sizes::slot(info.tuple_bytes);
    let (free, reserve) = room(info);
    let needed = ((free - reserve) / slot).floor().max(0.0) + 1.0;
    let redirected = hot * needed.min(info.density());
    // The first version after a redirect leaves nothing behind it that was there before.
    let unused = if needed > 1.0 { needed } else { 1.0 - hot };
    frequency(info, rows, needed, sweeps) * wal::prune(redirected, unused)
}

/// The same per deleted row: a deletion frees nothing by itself, so that a page with room is not pruned.
#[must_use]
pub fn of_deletions(info: &TableInfo, rows: f64, sweeps: bool) -> f64 {
    let (free, reserve) = room(info);
    if free >= reserve { 0.0 } else { frequency(info, rows, 1.0, sweeps) * wal::prune(0.0, 1.0) }
}

/// Share of visits that come to a page for the first time since the last vacuum.
#[must_use]
pub fn first_visits(info: &TableInfo, rows: f64) -> f64 {
    let mean = EXECUTIONS_SINCE_VACUUM * rows / info.pages.max(1.0);
    if mean < 1e-6 { 1.0 } else { (1.0 - (-mean).exp()) / mean }
}

/// Bytes free on an average page after vacuum, and those below which it is pruned.
fn room(info: &TableInfo) -> (f64, f64) {
    // The last page of a table is not full; of a table of one page that is all there is.
    let rows = if info.pages > 1.0 { info.density().max(info.rows_per_page.floor()) } else { info.density() };
    let free = sizes::HEAP_USABLE - rows * sizes::slot(info.tuple_bytes);
    (free, (8192.0 * (1.0 - info.fillfactor)).max(8192.0 * PRUNE_BELOW))
}

/// Prunings per old version, where `needed` versions on a page call for one: the first visit after them
/// prunes. Versions come to pages at random (a Poisson law) since the last vacuum; a statement that
/// sweeps over the table finds them all the next time.
fn frequency(info: &TableInfo, rows: f64, needed: f64, sweeps: bool) -> f64 {
    if sweeps {
        let met = rows.max(1.0) / super::execute::distinct_pages(rows.max(1.0), info.pages).max(1.0);
        return 1.0 / met.max(needed);
    }
    let mean = EXECUTIONS_SINCE_VACUUM * rows / info.pages.max(1.0);
    if mean <= 0.0 {
        return 0.0;
    }
    if mean > COUNTED_VISITS {
        return ((mean - (needed + 1.0) / 2.0).max(0.0) / needed) / mean;
    }
    let (mut probability, mut prunings, mut visits) = ((-mean).exp(), 0.0, 0.0);
    while visits < COUNTED_VISITS + mean {
        visits += 1.0;
        probability *= mean / visits;
        prunings += probability * ((visits - 1.0) / needed).floor();
    }
    prunings / mean
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: pg_walinspect on PostgreSQL 15 after 400 updates of random rows since VACUUM:
    /// 119 prunings in 2,000 on 3,449 pages, 488 in 2,000 on 706 pages (PRUNE records).
    #[test]
    fn prunings_of_random_updates() {
        let mut info = TableInfo::bare("t", 1000.0, Vec::new());
        for (pages, found) in [(3449.0, 119.0 / 2000.0), (706.0, 488.0 / 2000.0)] {
            info.pages = pages;
            assert!((frequency(&info, 1.0, 1.0, false) - found).abs() < 0.02, "{pages}");
        }
        // One page that is visited at every execution is pruned at every one after the first.
        info.pages = 1.0;
        assert!((frequency(&info, 1.0, 1.0, false) - 399.0 / 400.0).abs() < 1e-9);
    }
}
