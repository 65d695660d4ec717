//! What the planner believes a path costs, in its own units.
//!
//! The formulas are PostgreSQL's (optimizer/path/costsize.c, utils/adt/selfuncs.c), since the point
//! is to choose as the server chooses. None of these numbers is a time.

use crate::access::gin::GinShape;
use crate::machine::Settings;
use crate::units::PAGE_BYTES;

/// Startup and total cost, in the planner's units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Before the first row.
    pub startup: f64,
    /// For all rows.
    pub total: f64,
}

/// CPU charged per index page descended, in operators (DEFAULT_PAGE_CPU_MULTIPLIER).
const PAGE_CPU: f64 = 50.0;
/// Tuples per page of a bitmap index node's own upkeep, in operators.
const BITMAP_UPKEEP: f64 = 0.1;
/// Operators per comparison of a sort.
const COMPARISON: f64 = 2.0;

/// At least one row, whole (clamp_row_est).
#[must_use]
pub fn clamp_rows(rows: f64) -> f64 {
    if rows <= 1.0 { 1.0 } else { rows.round_ties_even() }
}

/// Mackert and Lohman's estimate of distinct pages fetched (index_pages_fetched); `total_pages` are
/// those of all tables of the query.
#[must_use]
pub fn pages_fetched(tuples: f64, pages: f64, index_pages: f64, total_pages: f64, settings: &Settings) -> f64 {
    let t = pages.max(1.0);
    let cache = settings.effective_cache_size.pages().get().max(1.0);
    let b = (cache * t / (total_pages + index_pages).max(1.0)).max(1.0).ceil();
    let fetched = if t <= b {
        (2.0 * t * tuples / (2.0 * t + tuples)).min(t)
    } else {
        let limit = 2.0 * t * b / (2.0 * t - b);
        if tuples <= limit { 2.0 * t * tuples / (2.0 * t + tuples) } else { b + (tuples - limit) * (t - b) / t }
    };
    fetched.ceil()
}

/// What index costs need to know.
#[derive(Debug, Clone, Copy)]
pub struct IndexCost {
    /// Index entries and pages, and its height (pages from root to leaf).
    pub entries: f64,
    /// Pages of the index.
    pub index_pages: f64,
    /// Pages from root to leaf.
    pub levels: f64,
    /// Rows and pages of the table.
    pub tuples: f64,
    /// Pages of the table.
    pub pages: f64,
    /// Pages of all tables of the query.
    pub total_pages: f64,
    /// Share of rows that the boundary conditions leave to be read in the index.
    pub boundary: f64,
    /// Share of rows that all index conditions leave to be fetched.
    pub selectivity: f64,
    /// Whether at most one entry can match.
    pub unique: bool,
    /// Scans for = ANY and IN.
    pub scans: f64,
    /// Index conditions.
    pub quals: f64,
    /// Expected repetitions (an inner side of a nested loop).
    pub loops: f64,
    /// Correlation of index and heap order.
    pub correlation: f64,
    /// Fraction of heap pages that an index-only scan skips; 0 for a plain index scan.
    pub skipped: f64,
    /// Operators per row of conditions that the index does not check.
    pub filter: f64,
    /// The pages of a GIN index.
    pub gin: Option<GinShape>,
}

/// Power of a GIN index's entry pages that is taken for a descent (gincostestimate).
const GIN_DESCENT: f64 = 0.15;
/// Rows on a page of a posting tree at most (gincostestimate).
const GIN_ROWS_PER_PAGE: f64 = PAGE_BYTES / 3.0;

/// Cost of reading a GIN index for one key (gincostestimate).
fn gin_access(i: &IndexCost, shape: GinShape, s: &Settings) -> Cost {
    let descent = shape.entry_pages.max(1.0).powf(GIN_DESCENT).round_ties_even();
    let data = (i.selectivity * i.tuples / GIN_ROWS_PER_PAGE).ceil().max(shape.data_pages_per_key.ceil());
    let fetched = |pages: f64| {
        if i.loops > 1.0 {
            pages_fetched(pages * i.loops, i.index_pages, i.index_pages, i.total_pages, s) / i.loops
        } else {
            pages
        }
    };
    let startup = fetched(descent) * s.random_page_cost;
    let per_row = s.cpu_index_tuple_cost + s.cpu_operator_cost * i.quals;
    Cost { startup, total: startup + fetched(data) * s.random_page_cost + i.tuples * i.selectivity * per_row }
}

/// Cost of reading the index alone (genericcostestimate, btcostestimate).
#[must_use]
pub fn index_access(i: &IndexCost, s: &Settings) -> Cost {
    if let Some(shape) = i.gin {
        return gin_access(i, shape, s);
    }
    let entries = if i.unique { 1.0 } else { (i.boundary * i.entries / i.scans).round_ties_even() }
        .max(1.0)
        .min(i.entries.max(1.0));
    let pages = if i.index_pages > 1.0 && i.entries > 1.0 { (entries * i.index_pages / i.entries).ceil() } else { 1.0 };
    let scans = i.scans * i.loops;
    let io = if scans > 1.0 {
        pages_fetched(pages * scans, i.index_pages, i.index_pages, i.total_pages, s) * s.random_page_cost / i.loops
    } else {
        pages * s.random_page_cost
    };
    let mut total = io + entries * i.scans * (s.cpu_index_tuple_cost + s.cpu_operator_cost * i.quals);
    let mut startup = 0.0;
    if i.entries > 1.0 {
        let descent = i.entries.log2().ceil() * s.cpu_operator_cost;
        startup += descent;
        total += i.scans * descent;
    }
    let descent = i.levels * PAGE_CPU * s.cpu_operator_cost;
    startup += descent;
    total += i.scans * descent;
    Cost { startup, total }
}

/// Cost of an index or index-only scan (cost_index).
#[must_use]
pub fn index_scan(i: &IndexCost, s: &Settings) -> Cost {
    let access = index_access(i, s);
    let fetched = clamp_rows(i.selectivity * i.tuples);
    let visible = |pages: f64| if i.skipped > 0.0 { (pages * (1.0 - i.skipped)).ceil() } else { pages };
    let (most, least) = if i.loops > 1.0 {
        let most = visible(pages_fetched(fetched * i.loops, i.pages, i.index_pages, i.total_pages, s));
        let once = (i.selectivity * i.pages).ceil();
        let least = visible(pages_fetched(once * i.loops, i.pages, i.index_pages, i.total_pages, s));
        (most * s.random_page_cost / i.loops, least * s.random_page_cost / i.loops)
    } else {
        let most = visible(pages_fetched(fetched, i.pages, i.index_pages, i.total_pages, s));
        let least = visible((i.selectivity * i.pages).ceil());
        let in_order = if least > 0.0 { s.random_page_cost + (least - 1.0) * s.seq_page_cost } else { 0.0 };
        (most * s.random_page_cost, in_order)
    };
    let io = most + i.correlation * i.correlation * (least - most);
    let cpu = fetched * (s.cpu_tuple_cost + s.cpu_operator_cost * i.filter);
    Cost { startup: access.startup, total: access.total + io + cpu }
}

/// Cost of a bitmap index scan as a part of a bitmap heap scan: (total, selectivity) go on.
#[must_use]
pub fn bitmap_index(i: &IndexCost, s: &Settings) -> f64 {
    index_access(i, s).total + BITMAP_UPKEEP * s.cpu_operator_cost * clamp_rows(i.selectivity * i.tuples)
}

/// Cost of fetching a bitmap's rows (cost_bitmap_heap_scan); `bitmap` is the cost of the indexes.
#[must_use]
pub fn bitmap_heap(
    bitmap: f64,
    selectivity: f64,
    filter: f64,
    loops: f64,
    (tuples, pages, index_pages, total_pages): (f64, f64, f64, f64),
    s: &Settings,
) -> Cost {
    let fetched = clamp_rows(selectivity * tuples);
    let t = pages.max(1.0);
    let visited = if loops > 1.0 {
        pages_fetched(fetched * loops, pages, index_pages, total_pages, s) / loops
    } else {
        2.0 * t * fetched / (2.0 * t + fetched)
    };
    let visited = if visited >= t { t } else { visited.ceil() };
    let per_page = if visited >= 2.0 {
        s.random_page_cost - (s.random_page_cost - s.seq_page_cost) * (visited / t).sqrt()
    } else {
        s.random_page_cost
    };
    let cpu = fetched * (s.cpu_tuple_cost + s.cpu_operator_cost * filter);
    Cost { startup: bitmap, total: bitmap + visited * per_page + cpu }
}

/// Cost of a sequential scan (cost_seqscan).
#[must_use]
pub fn seq_scan(tuples: f64, pages: f64, filter: f64, s: &Settings) -> Cost {
    Cost { startup: 0.0, total: pages * s.seq_page_cost + tuples * (s.cpu_tuple_cost + s.cpu_operator_cost * filter) }
}

/// Cost of a sort of `rows` rows of `width` bytes, its input included; `limit` rows are wanted (cost_tuplesort).
#[must_use]
pub fn sort(input: Cost, rows: f64, width: f64, limit: Option<f64>, s: &Settings) -> Cost {
    let rows = rows.max(2.0);
    let comparison = COMPARISON * s.cpu_operator_cost;
    let bytes = rows * (width + 24.0);
    let output = limit.filter(|l| *l > 0.0 && *l < rows).unwrap_or(rows);
    let mut startup = input.total;
    if output * (width + 24.0) > s.work_mem.get() {
        let pages = (bytes / PAGE_BYTES).ceil();
        let runs = bytes / s.work_mem.get().max(1.0);
        let order = (s.work_mem.get() / (256.0 * 1024.0)).clamp(6.0, 500.0);
        let passes = if runs > order { (runs.ln() / order.ln()).ceil() } else { 1.0 };
        startup += comparison * rows * rows.log2()
            + 2.0 * pages * passes * (s.seq_page_cost * 0.75 + s.random_page_cost * 0.25);
    } else if rows > 2.0 * output || bytes > s.work_mem.get() {
        startup += comparison * rows * (2.0 * output).log2();
    } else {
        startup += comparison * rows * rows.log2();
    }
    Cost { startup, total: startup + s.cpu_operator_cost * rows }
}

/// Cost of sorting rows that come in `groups` groups already in order (cost_incremental_sort).
#[must_use]
pub fn incremental_sort(input: Cost, rows: f64, width: f64, groups: f64, s: &Settings) -> Cost {
    let groups = groups.clamp(1.0, rows.max(1.0));
    let run = (input.total - input.startup) / groups;
    let per_group = sort(Cost::default(), 1.5 * rows / groups, width, None, s);
    let startup = per_group.startup + input.startup + run;
    let one = per_group.total - per_group.startup;
    let total = startup
        + one
        + (one + per_group.startup + run) * (groups - 1.0)
        + (s.cpu_tuple_cost + COMPARISON * s.cpu_operator_cost) * rows
        + 2.0 * s.cpu_tuple_cost * groups;
    Cost { startup, total }
}

/// Cost of aggregating `rows` rows in order, or without groups.
#[must_use]
pub fn group_sorted(input: Cost, rows: f64, groups: f64, keys: f64, aggregates: f64, s: &Settings) -> Cost {
    let work = rows * s.cpu_operator_cost * (keys + aggregates);
    if keys == 0.0 {
        let startup = input.total + work;
        return Cost { startup, total: startup + s.cpu_tuple_cost };
    }
    Cost {
        startup: input.startup,
        total: input.total + work + groups * (s.cpu_tuple_cost + s.cpu_operator_cost * aggregates),
    }
}

/// Cost of aggregating by hashing.
#[must_use]
pub fn group_hashed(input: Cost, rows: f64, groups: f64, keys: f64, aggregates: f64, width: f64, s: &Settings) -> Cost {
    let mut startup = input.total + rows * s.cpu_operator_cost * (keys + aggregates);
    let memory = hash_memory(s);
    let bytes = groups * (width + 64.0);
    if bytes > memory {
        // Spilt rows are written and read once more.
        let pages = rows * (width + 24.0) / PAGE_BYTES;
        startup += pages * (s.random_page_cost + s.seq_page_cost);
    }
    Cost { startup, total: startup + groups * (s.cpu_tuple_cost + s.cpu_operator_cost * aggregates) }
}

/// Memory of a hash table: work_mem * hash_mem_multiplier (2 since version 15, 1 before).
#[must_use]
pub fn hash_memory(s: &Settings) -> f64 {
    s.work_mem.get() * if s.version >= 15 { 2.0 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    pub(crate) fn settings() -> Settings {
        crate::access::tests::settings()
    }

    /// Reference values: EXPLAIN of PostgreSQL 15 on pgbench_accounts at scale 1 (100,000 rows, 1,640
    /// heap pages, 276 index pages, level 1).
    #[test]
    fn costs_as_explain_prints_them() {
        let s = settings();
        assert!((seq_scan(100_000.0, 1640.0, 0.0, &s).total - 2640.0).abs() < 0.01);
        let lookup = IndexCost {
            entries: 100_000.0,
            index_pages: 276.0,
            levels: 2.0,
            tuples: 100_000.0,
            pages: 1640.0,
            total_pages: 1640.0,
            boundary: 1e-5,
            selectivity: 1e-5,
            unique: true,
            scans: 1.0,
            quals: 1.0,
            loops: 1.0,
            correlation: 1.0,
            skipped: 0.0,
            filter: 0.0,
            gin: None,
        };
        let cost = index_scan(&lookup, &s);
        assert!((cost.startup - 0.29).abs() < 0.005 && (cost.total - 8.31).abs() < 0.005, "{cost:?}");
    }

    /// Reference values: Bitmap Index Scans of a GIN index of 300,000 rows of arrays of 300 elements, most of them on
    /// a page of their own, on PostgreSQL 15, where 1,500 and 3,000 rows were expected.
    #[test]
    fn gin_costs_as_explain_prints_them() {
        let s = settings();
        for (rows, total) in [(1500.0, 27.25), (3000.0, 38.5)] {
            let scan = IndexCost {
                entries: 300_000.0,
                index_pages: 900.0,
                levels: 2.0,
                tuples: 300_000.0,
                pages: 12_000.0,
                total_pages: 12_000.0,
                boundary: rows / 300_000.0,
                selectivity: rows / 300_000.0,
                unique: false,
                scans: 1.0,
                quals: 1.0,
                loops: 1.0,
                correlation: 0.0,
                skipped: 0.0,
                filter: 0.0,
                gin: Some(GinShape { entry_pages: 200.0, data_pages_per_key: 1.1 }),
            };
            let cost = index_access(&scan, &s).total;
            assert!((cost - total).abs() < 0.01, "{cost} {total}");
        }
    }

    #[test]
    fn small_caches_fetch_again() {
        let mut s = settings();
        let fits = pages_fetched(10_000.0, 1000.0, 0.0, 1000.0, &s);
        assert_eq!(fits, 1000.0_f64.min(2.0 * 1000.0 * 10_000.0 / 12_000.0_f64).ceil());
        s.effective_cache_size = Bytes(100.0 * 8192.0);
        assert!(pages_fetched(10_000.0, 1000.0, 0.0, 1000.0, &s) > 8000.0);
    }
}
