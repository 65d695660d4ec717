//! How often the server prunes a page of old row versions, and what it logs then.
//!
//! A page is pruned when it is next visited after an old version was left on it, if less is free than a
//! tenth of it or the fill factor's reserve (heap_page_prune_opt, pruneheap.c).

use crate::access::footprint::PopularityClass;
use crate::access::popularity;
use crate::access::relation::TableInfo;
use crate::access::sizes;
use crate::access::tally::Reach;
use crate::access::wal;
use crate::machine::coefficients::state::EXECUTIONS_SINCE_VACUUM;
use crate::units::PAGE_BYTES;

/// Share of a page below whose free space the server prunes, when the fill factor keeps less.
const PRUNE_BELOW: f64 = 0.1;
/// Share of the rows that fit on a page below which a table is taken to have been emptied in part.
const LOOSELY_FILLED: f64 = 0.9;
/// Visits of a page up to which they are counted one by one.
const COUNTED_VISITS: f64 = 200.0;

/// Bytes of WAL per updated row for pruning, when a statement updates `rows` of the table's rows, those of
/// `reach`, and a share `hot` of them stay on their chain.
#[must_use]
pub fn of_updates(info: &TableInfo, rows: f64, hot: f64, reach: &Reach) -> f64 {
    let slot = sizes::slot(info.tuple_bytes);
    let (free, reserve) = room(info);
    let needed = ((free - reserve) / slot).floor().max(0.0) + 1.0;
    let redirected = hot * needed.min(info.density());
    // The first version after a redirect leaves nothing behind it that was there before.
    let unused = if needed > 1.0 { needed } else { 1.0 - hot };
    frequency(info, rows, needed, reach) * wal::prune(redirected, unused)
}

/// The same per deleted row: a deletion frees nothing by itself, so that a page with room is not pruned.
#[must_use]
pub fn of_deletions(info: &TableInfo, rows: f64, reach: &Reach) -> f64 {
    let (free, reserve) = room(info);
    if free >= reserve { 0.0 } else { frequency(info, rows, 1.0, reach) * wal::prune(0.0, 1.0) }
}

/// Share of visits that come to a page for the first time since the last vacuum.
#[must_use]
pub fn first_visits(info: &TableInfo, rows: f64, reach: &Reach) -> f64 {
    over_pages(info, rows, reach, &|mean| if mean < 1e-6 { 1.0 } else { (1.0 - (-mean).exp()) / mean })
}

/// Bytes free on an average page after vacuum, and those below which it is pruned.
fn room(info: &TableInfo) -> (f64, f64) {
    // The last page of a table is not full; of a table of one page that is all there is. Rows of many sizes
    // fill a page to less than one row below what the fill factor leaves.
    let full = info.pages > 1.0 && info.density() > LOOSELY_FILLED * info.rows_per_page;
    let rows = if full { info.rows_per_page.ceil() } else { info.density() };
    let free = sizes::HEAP_USABLE - rows * sizes::slot(info.tuple_bytes);
    (free, (PAGE_BYTES * (1.0 - info.fillfactor)).max(PAGE_BYTES * PRUNE_BELOW))
}

/// Prunings per old version, where `needed` versions on a page call for one; a statement that sweeps over
/// the table finds them all the next time.
fn frequency(info: &TableInfo, rows: f64, needed: f64, reach: &Reach) -> f64 {
    if reach.sweeps {
        // What an execution leaves on one page, the next one finds there.
        let met = rows.max(1.0) / super::execute::distinct_pages(rows.max(1.0), info.pages).max(1.0);
        return 1.0 / met.max(needed);
    }
    // Rows of one execution that lie together on a page are met together.
    let together = 1.0 + ((rows - 1.0).max(0.0) * reach.together.powi(2)).min(info.density() - 1.0);
    let visits = rows / together;
    over_pages(info, visits, reach, &|mean| prunings(mean, (needed / together).max(1.0))) / together
}

/// The mean over all visits of `of`, which is asked with how often the visited page has been visited since
/// the last vacuum, on average.
pub(super) fn over_pages(info: &TableInfo, rows: f64, reach: &Reach, of: &dyn Fn(f64) -> f64) -> f64 {
    let pages = popularity::of_pages(&reach.rows, info.density(), info.pages, reach.correlation);
    let all: f64 = pages.classes.iter().map(|c| c.probability).sum();
    let mean = |c: &PopularityClass| EXECUTIONS_SINCE_VACUUM * rows * c.probability / all / c.items.max(1.0);
    pages.classes.iter().map(|c| c.probability / all * of(mean(c))).sum()
}

/// Prunings per version of a page that gets `mean` of them: the first visit after `needed` versions prunes.
/// Versions come at random (a Poisson law).
fn prunings(mean: f64, needed: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    if mean > COUNTED_VISITS {
        return ((mean - (needed + 1.0) / 2.0).max(0.0) / needed) / mean;
    }
    let last = mean + 8.0 * (mean.sqrt() + 1.0);
    let (mut probability, mut sum, mut visits) = ((-mean).exp(), 0.0, 0.0);
    while visits < last {
        visits += 1.0;
        probability *= mean / visits;
        sum += probability * ((visits - 1.0) / needed).floor();
    }
    sum / mean
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: pg_walinspect on PostgreSQL 15 after 400 updates of random rows since VACUUM:
    /// 119 prunings in 2,000 on 3,449 pages, 488 in 2,000 on 706 pages (PRUNE records).
    #[test]
    fn prunings_of_random_updates() {
        for (pages, found) in [(3449.0, 119.0 / 2000.0), (706.0, 488.0 / 2000.0)] {
            assert!((prunings(EXECUTIONS_SINCE_VACUUM / pages, 1.0) - found).abs() < 0.02, "{pages}");
        }
        // One page that is visited at every execution is pruned at every one after the first.
        assert!((prunings(400.0, 1.0) - 399.0 / 400.0).abs() < 1e-9);
        assert!((prunings(200.0, 5.0) - prunings(200.1, 5.0)).abs() < 1e-3);
    }
}
