//! What scans of one table really touch.

use crate::access::clause::{Clause, Test};
use crate::access::entries::compared_keys;
use crate::access::evaluation;
use crate::access::execute::{Run, distinct_pages};
use crate::access::footprint::AccessPath;
use crate::access::gin;
use crate::access::plan::{IndexUse, Method, Scan};
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::selectivity::Seen;
use crate::access::touches;
use crate::machine::coefficients::state::ORDERED;

/// Heap pages in one range of a BRIN index (BRIN_DEFAULT_PAGES_PER_RANGE).
const RANGE_PAGES: f64 = 128.0;
/// Buffer accesses of a scan of a BRIN index: metapage, range map, and a page of summaries.
const BRIN_SCAN_PAGES: f64 = 3.0;

impl Run<'_, '_> {
    pub(super) fn scan(&mut self, scan: &Scan, loops: f64, want: f64) -> f64 {
        let (share, info) = {
            let planner = self.planner();
            let info = std::sync::Arc::clone(&planner.block.rels[scan.rel].leaves[scan.leaf].info);
            (planner.share(&info, &scan.clauses, Seen::True), info)
        };
        let visits = loops * scan.visit;
        if visits <= 0.0 {
            return 0.0;
        }
        let mut rows = info.rows * share / scan.visit;
        match &scan.method {
            Method::Seq => {
                let part = if rows > want { want / rows } else { 1.0 };
                self.tally.counts.seq_row += info.rows * part * visits;
                self.filter(&info, &scan.clauses, info.rows * part * visits);
                rows = rows.min(want);
                let pages = info.pages * part;
                self.tally.seq_scan(&info, (pages, rows * scan.visit), visits, loops);
            }
            Method::Index(used, only) => {
                rows = self.index_scan(scan, &info, (used, *only), rows, (loops, visits), want);
            }
            Method::Bitmap(uses, or) => {
                rows = self.bitmap_scan(scan, &info, (uses, *or), rows, (loops, visits), want);
            }
        }
        rows * scan.visit
    }

    /// Tests the conditions in `clauses` on `rows` rows.
    fn filter(&mut self, info: &TableInfo, clauses: &[usize], rows: f64) {
        let planner = &self.level.planner;
        let share = |clause: &Clause| {
            let place = clauses.iter().find(|c| std::ptr::eq(&planner.pool[**c], clause));
            place.map_or(1.0, |c| planner.share(info, &[*c], Seen::True))
        };
        evaluation::filter(&planner.clauses(clauses), info, rows, &share, &mut self.tally.counts);
    }

    /// Descents of an index per visit: one, or one per element of IN and = ANY.
    pub(super) fn descents(&self, used: &IndexUse) -> f64 {
        used.boundary
            .iter()
            .map(|c| match &self.planner().pool[*c].test {
                Test::In(_, values) => values.len() as f64,
                Test::Any(_, count, _) => count.max(1.0),
                _ => 1.0,
            })
            .product()
    }

    /// How far the heap follows the index where it is read, and which share of a page's rows lies
    /// together there: equal leading keys leave the order to the key after them. The third value is the pages that
    /// the rows read lie on.
    pub(super) fn heap_order(
        &self,
        info: &TableInfo,
        index: &IndexInfo,
        fixed: usize,
        boundary: &[usize],
    ) -> (f64, f64, f64) {
        let correlation =
            |key: usize| index.keys.get(key).copied().flatten().map_or(0.0, |c| info.columns[c].correlation);
        if fixed == 0 || fixed >= index.keys.len() {
            return (correlation(0), 1.0, info.pages);
        }
        let together = |key: usize| index.keys.get(key).copied().flatten().map_or(0.0, |c| info.columns[c].together);
        if index.primary && together(0) > correlation(0).abs() {
            return (together(0), 1.0, info.pages);
        }
        let of_primary = |column: Option<usize>| info.indexes.iter().any(|i| i.primary && i.keys.contains(&column));
        let together = correlation(0).abs() >= correlation(fixed).abs();
        if together && (index.primary || correlation(0).abs() < ORDERED || of_primary(index.keys[fixed])) {
            return (correlation(0), 1.0, info.pages);
        }
        let equal: Vec<usize> = boundary
            .iter()
            .filter(|c| {
                matches!(
                    &self.planner().pool[**c].test,
                    Test::Compare(_, crate::access::clause::Op::Eq, _) | Test::Join(..)
                )
            })
            .copied()
            .collect();
        let share = self.planner().share(info, &equal, Seen::True);
        // Rows of equal keys that lie together are in no order among themselves.
        if together {
            (correlation(fixed), 1.0, (info.pages * share).max(1.0))
        } else {
            (correlation(fixed), share, info.pages)
        }
    }

    pub(super) fn index_scan(
        &mut self,
        scan: &Scan,
        info: &TableInfo,
        (used, only): (&IndexUse, bool),
        mut rows: f64,
        (loops, visits): (f64, f64),
        want: f64,
    ) -> f64 {
        let index = &info.indexes[used.index];
        let planner = self.planner();
        let descents = self.descents(used);
        let checked: Vec<usize> = used.boundary.iter().chain(&used.quals).copied().collect();
        let held = info.rows + info.dead_rows;
        let mut entries = held * planner.index_share(info, index, &used.boundary, Seen::True) / scan.visit;
        let mut fetched = held * planner.index_share(info, index, &checked, Seen::True) / scan.visit;
        let fixed = planner.match_index(info, index, &scan.clauses);
        let is_equality = fixed.fixed == index.keys.len();
        if index.unique && is_equality {
            entries = entries.min(descents);
            fetched = fetched.min(descents);
            rows = rows.min(descents);
        }
        let part = if rows > want { want / rows } else { 1.0 };
        let skipped =
            if part < 1.0 && used.boundary.is_empty() { self.skipped(scan, info, index, &checked) } else { None };
        match skipped {
            // Rows that pass lie together, at the near end or past all the others.
            Some((before, dense)) => {
                entries = (entries * before + want / dense).min(entries);
                fetched = entries;
            }
            None => {
                entries *= part;
                fetched *= part;
            }
        }
        rows *= part;
        let (correlation, spacing, spread) = self.heap_order(info, index, fixed.fixed, &used.boundary);
        let density = info.density() * index.share * spacing;
        let leaves = descents * index.levels + (entries - descents.min(entries)).max(0.0) / index.entries_per_leaf;
        let (heap, map) = if only {
            (
                heap_accesses(fetched * (1.0 - info.all_visible), spread, density, correlation, is_equality),
                (fetched * visits).min(self.loops.max(loops.min(1.0))),
            )
        } else {
            (heap_accesses(fetched, spread, density, correlation, is_equality), 0.0)
        };
        let keys = compared_keys(info, index, fixed.fixed.max(usize::from(!used.boundary.is_empty())));
        let rest: Vec<usize> = scan.clauses.iter().filter(|c| !checked.contains(c)).copied().collect();
        self.filter(info, &rest, fetched * visits);
        self.tally.counts.key_column += (keys.0 - 1.0).max(0.0) * descents * visits;
        self.tally.counts.locale_comparison += keys.1 * descents * visits;
        let popularity = touches::of_scan(self.planner(), scan, info);
        let path = if only { AccessPath::IndexOnlyScan } else { AccessPath::IndexScan };
        self.tally.index_visits(info, index, (descents, leaves, entries), visits, &popularity);
        self.tally.heap_visits(info, (heap, descents), visits, &popularity);
        self.tally.counts.buffer_visit += map;
        self.tally.pages += map;
        self.tally.counts.index_row += entries.max(fetched) * visits;
        let pages = (leaves + heap) * visits + map;
        self.tally.relation(info, path, Some(&index.name), rows * visits, pages);
        rows
    }

    /// For a scan in the order of an index that stops early, where a condition on another column in the same
    /// physical order keeps one end: the share of entries before that end, and the share of rows within it
    /// that pass the other conditions.
    fn skipped(&self, scan: &Scan, info: &TableInfo, index: &IndexInfo, checked: &[usize]) -> Option<(f64, f64)> {
        let planner = self.planner();
        let ordered = |column: usize| info.columns[column].correlation > ORDERED;
        let first = index.keys.first().copied().flatten().filter(|c| ordered(*c))?;
        let bound = scan.clauses.iter().find(|c| {
            !checked.contains(c)
                && matches!(&planner.pool[**c].test, Test::Compare(key, op, _)
                    if (op.is_lower() || op.is_upper())
                        && key.column.as_ref().and_then(|n| info.column(n)).is_some_and(|c| c != first && ordered(c)))
        })?;
        let Test::Compare(_, op, _) = &planner.pool[*bound].test else { return None };
        let backwards = planner.block.order_by.first().is_some_and(|k| k.descending);
        let kept = planner.share(info, &[*bound], Seen::True);
        let rest: Vec<usize> = scan.clauses.iter().filter(|c| *c != bound && !checked.contains(c)).copied().collect();
        let before = if op.is_upper() == backwards { 1.0 - kept } else { 0.0 };
        Some((before, planner.share(info, &rest, Seen::True).max(1e-9)))
    }

    pub(super) fn bitmap_scan(
        &mut self,
        scan: &Scan,
        info: &TableInfo,
        (uses, or): (&[IndexUse], bool),
        mut rows: f64,
        (_, visits): (f64, f64),
        want: f64,
    ) -> f64 {
        let popularity = super::touches::of_scan(self.planner(), scan, info);
        let mut checked: Vec<usize> = Vec::new();
        let mut index_pages = Vec::new();
        for used in uses {
            let index = &info.indexes[used.index];
            let mine: Vec<usize> = used.boundary.iter().chain(&used.quals).copied().collect();
            let arms = if or { uses.len() as f64 } else { 1.0 };
            let held = (info.rows + info.dead_rows) / scan.visit / arms;
            let entries = if or {
                held * index.share * self.planner().share(info, &used.boundary, Seen::True)
            } else {
                held * self.planner().index_share(info, index, &used.boundary, Seen::True)
            };
            let descents = self.descents(used);
            let (leaves, entries) = if index.method == "brin" {
                (BRIN_SCAN_PAGES, (info.pages / RANGE_PAGES).ceil())
            } else {
                let further = match index.method.as_str() {
                    "gin" => gin::posting_pages(entries, info.pages),
                    _ => (entries - descents.min(entries)).max(0.0) / index.entries_per_leaf,
                };
                (descents * index.levels + further, entries)
            };
            self.tally.index_visits(info, index, (descents, leaves, entries), visits, &popularity);
            self.tally.counts.index_row += entries * visits;
            index_pages.push(leaves * visits);
            checked.extend(mine.into_iter().filter(|c| !checked.contains(c)).collect::<Vec<_>>());
        }
        let share = uses.iter().map(|u| info.indexes[u.index].share).fold(1.0, f64::min);
        let passing = match uses {
            [one] => self.planner().index_share(info, &info.indexes[one.index], &checked, Seen::True),
            _ => share * self.planner().share(info, &checked, Seen::True),
        };
        let fetched = info.rows * passing / scan.visit;
        let part = if rows > want { want / rows } else { 1.0 };
        rows *= part;
        let first = |i: &IndexInfo| i.keys.first().copied().flatten().map_or(0.0, |c| info.columns[c].correlation);
        let correlation = if uses.len() == 1 { first(&info.indexes[uses[0].index]) } else { 0.0 };
        let summaries = uses.iter().all(|u| info.indexes[u.index].method == "brin");
        let heap = if summaries {
            range_accesses(info, fetched / info.rows.max(1.0), correlation)
        } else {
            heap_accesses(fetched, info.pages, info.density() * share, correlation, true)
        } * part;
        if summaries {
            // All rows of the ranges are looked at.
            self.tally.counts.seq_row += heap * info.density() * visits;
        }
        self.tally.heap_visits(info, (heap, 1.0), visits, &popularity);
        self.tally.counts.index_row += fetched * part * visits;
        for (n, used) in uses.iter().enumerate() {
            let pages = index_pages[n] + if n == 0 { heap * visits } else { 0.0 };
            self.tally.relation(
                info,
                AccessPath::BitmapScan,
                Some(&info.indexes[used.index].name),
                rows * visits,
                pages,
            );
        }
        rows
    }
}

/// Accesses to heap pages by a scan of the ranges of a BRIN index that may hold a share of the rows: in a
/// table in the order of the column those that the share spans, which begins and ends within a range.
fn range_accesses(info: &TableInfo, share: f64, correlation: f64) -> f64 {
    let spanned = (share * info.pages + RANGE_PAGES).min(info.pages);
    let together = correlation * correlation;
    together * spanned + (1.0 - together) * info.pages
}

/// Accesses to heap pages by `rows` fetches one after the other: a page met twice in a row counts once.
///
/// `density` is how many of a page's rows the index leads to one after the other.
pub(super) fn heap_accesses(rows: f64, pages: f64, density: f64, correlation: f64, sorted: bool) -> f64 {
    if rows <= 0.0 || pages <= 0.0 {
        return 0.0;
    }
    let scattered = if sorted {
        distinct_pages(rows, pages)
    } else {
        1.0_f64.min(rows) + (rows - 1.0).max(0.0) * (1.0 - 1.0 / pages)
    };
    let ordered = 1.0_f64.min(rows) + (rows - 1.0).max(0.0) / density.max(1.0);
    let together = correlation * correlation;
    together * ordered.min(scattered) + (1.0 - together) * scattered
}
