//! What running a plan really touches: rows and buffer accesses of every scan, with the true shares.

use crate::access::clause::Test;
use crate::access::footprint::AccessPath;
use crate::access::plan::{GroupKeys, IndexUse, JoinType, Kind, Method, Plan, Scan};
use crate::access::planned::{Level, Planned, Sub};
use crate::access::planner::Planner;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::selectivity::Seen;
use crate::access::tally::Tally;

/// Distinct pages among `draws` random ones of `pages`.
#[must_use]
pub fn distinct_pages(draws: f64, pages: f64) -> f64 {
    if pages <= 1.0 {
        return draws.min(1.0).min(pages.max(0.0));
    }
    pages * (1.0 - (1.0 - 1.0 / pages).powf(draws))
}

/// Accesses to heap pages by `rows` fetches one after the other: a page met twice in a row counts once.
///
/// `density` is how many of a page's rows the index leads to one after the other.
fn heap_accesses(rows: f64, info: &TableInfo, density: f64, correlation: f64, sorted: bool) -> f64 {
    if rows <= 0.0 || info.pages <= 0.0 {
        return 0.0;
    }
    let scattered = if sorted {
        distinct_pages(rows, info.pages)
    } else {
        1.0_f64.min(rows) + (rows - 1.0).max(0.0) * (1.0 - 1.0 / info.pages)
    };
    let ordered = 1.0_f64.min(rows) + (rows - 1.0).max(0.0) / density.max(1.0);
    let together = correlation * correlation;
    together * ordered.min(scattered) + (1.0 - together) * scattered
}

/// Runs a query `loops` times; the rows it returns each time.
pub fn query(planned: &Planned<'_>, loops: f64, want: f64, tally: &mut Tally) -> f64 {
    match planned {
        Planned::Level(l) => level(l, loops, want, tally),
        Planned::Set { sides, node } => {
            let left = query(&sides.0, loops, want, tally);
            let right = query(&sides.1, loops, (want - left).max(0.0), tally);
            if let crate::access::block::Node::SetOperation { distinct, order_by, .. } = node {
                if *distinct {
                    tally.counts.group_row += (left + right) * loops;
                }
                if !order_by.is_empty() {
                    tally.sort(left + right, loops, order_by.iter().any(|k| k.text), None);
                }
            }
            planned.true_rows().min(want)
        }
        Planned::Values { rows, subplans } => {
            for sub in subplans {
                run_sub(sub, loops, tally);
            }
            *rows
        }
    }
}

fn run_sub(sub: &Sub<'_>, runs: f64, tally: &mut Tally) {
    if runs <= 0.0 {
        return;
    }
    let want = if sub.subplan.exists { 1.0 } else { f64::INFINITY };
    let rows = query(&sub.planned, runs, want, tally);
    if sub.subplan.hashed {
        tally.counts.group_row += rows * runs;
    }
}

/// Runs one level `loops` times; the rows it returns each time.
pub fn level(level: &Level<'_>, loops: f64, want: f64, tally: &mut Tally) -> f64 {
    let Some(chosen) = &level.chosen else { return 0.0 };
    let block = level.planner.block;
    let limit =
        block.limit.as_ref().map_or(f64::INFINITY, |l| l.value + block.offset.as_ref().map_or(0.0, |o| o.value));
    let wanted = if level.extreme { 1.0 } else { limit.min(want) };
    let mut run = Run { level, tally, loops };
    let joined = run.node(&chosen.plan, loops, wanted);
    // Subqueries of the select list run per row returned, those of WHERE per row tested.
    for sub in &level.subplans {
        let runs = if !sub.subplan.correlated {
            loops
        } else if sub.subplan.in_filter {
            loops * level.planner.base_rows(0, Seen::True).max(joined)
        } else {
            loops * joined
        };
        run_sub(sub, runs, tally);
    }
    level.true_rows().min(want)
}

struct Run<'r, 'a> {
    level: &'r Level<'a>,
    tally: &'r mut Tally,
    /// Executions of the whole level.
    loops: f64,
}

impl<'a> Run<'_, 'a> {
    fn planner(&self) -> &Planner<'a> {
        &self.level.planner
    }

    /// Runs a node `loops` times until `want` rows have come; the rows of each time.
    fn node(&mut self, plan: &Plan, loops: f64, want: f64) -> f64 {
        match &plan.kind {
            Kind::Result => 1.0,
            Kind::Scan(scan) => self.scan(scan, loops, want),
            Kind::Append(children) => {
                let mut rows = 0.0;
                for child in children {
                    rows += self.node(child, loops, (want - rows).max(0.0));
                }
                rows
            }
            Kind::Source(rel, clauses) => self.source(*rel, clauses, loops, want),
            Kind::Nest { outer, inner, join, memoized, materialized } => {
                self.nested_loop(plan, (outer, inner, *join), (*memoized, *materialized), loops, want)
            }
            Kind::Hash { outer, inner, join } | Kind::Merge { outer, inner, join } => {
                let hash = matches!(plan.kind, Kind::Hash { .. });
                self.two_sides(plan, (outer, inner, *join), hash, loops, want)
            }
            Kind::Sort { input, text, groups } => {
                // A full sort needs all its input; an incremental one stops after the groups it needs.
                let all = self.rows_of(input);
                let share =
                    if *groups > 1.0 && want < all { ((want * groups / all).ceil() / groups).min(1.0) } else { 1.0 };
                let rows = self.node(input, loops, if share < 1.0 { all * share } else { f64::INFINITY });
                let limit = (want.is_finite() && want < rows).then_some(want);
                self.tally.sort(rows, loops, *text, limit);
                rows.min(want)
            }
            Kind::Unique(input) => {
                let rows = self.node(input, loops, f64::INFINITY);
                self.tally.counts.group_row += rows * loops;
                let distinct = if input.rows > 0.0 { rows * plan.rows / input.rows } else { rows };
                distinct.min(rows).max(rows.min(1.0))
            }
            Kind::Window(input) => {
                let rows = self.node(input, loops, want);
                self.tally.counts.group_row += rows * loops;
                rows
            }
            Kind::Group { input, hashed, keys } => self.group(input, *hashed, *keys, loops, want),
        }
    }

    fn group(&mut self, input: &Plan, hashed: bool, keys: GroupKeys, loops: f64, want: f64) -> f64 {
        let block = self.planner().block;
        let by = if keys == GroupKeys::Distinct { &block.distinct } else { &block.group_by };
        let all = self.rows_of(input);
        let groups = self.planner().groups(by, all, Seen::True).min(all.max(1.0));
        let share = if hashed || by.is_empty() { 1.0 } else { (want / groups).min(1.0) };
        let rows = self.node(input, loops, if share < 1.0 { all * share } else { f64::INFINITY });
        self.tally.counts.group_row += rows * loops;
        if by.is_empty() { 1.0 } else { groups.min(rows).min(want) }
    }

    /// Rows of a node when all are taken.
    fn rows_of(&self, plan: &Plan) -> f64 {
        match &plan.kind {
            Kind::Group { input, keys, .. } => {
                let block = self.planner().block;
                let by = if *keys == GroupKeys::Distinct { &block.distinct } else { &block.group_by };
                let all = self.rows_of(input);
                self.planner().groups(by, all, Seen::True).min(all.max(1.0))
            }
            Kind::Sort { input, .. } | Kind::Window(input) => self.rows_of(input),
            Kind::Result => 1.0,
            _ => self.planner().join_rows(plan.rels, Seen::True),
        }
    }

    fn source(&mut self, rel: usize, clauses: &[usize], loops: f64, want: f64) -> f64 {
        let planner = self.planner();
        let info = &planner.block.rels[rel].info;
        let share = planner.share(info, clauses, Seen::True);
        let found = self.level.sources.iter().find(|s| s.0 == rel);
        let raw = match found {
            Some((_, planned)) => {
                let inner_want = if share > 0.0 { want / share } else { f64::INFINITY };
                query(planned, loops, inner_want, self.tally)
            }
            None => planner.source_rows.get(&rel).map_or(0.0, |r| r.1),
        };
        self.tally.counts.seq_row += raw * loops;
        (raw * share).min(want)
    }

    fn nested_loop(
        &mut self,
        plan: &Plan,
        (outer, inner, join): (&Plan, &Plan, JoinType),
        (memoized, materialized): (f64, bool),
        loops: f64,
        want: f64,
    ) -> f64 {
        let total = self.rows_of(plan);
        let share = if total > want { want / total } else { 1.0 };
        let outer_all = self.rows_of(outer);
        let outer_rows = self.node(
            outer,
            loops,
            if share < 1.0 { (outer_all * share).max(1.0_f64.min(outer_all)) } else { f64::INFINITY },
        );
        let first_match = matches!(join, JoinType::Semi | JoinType::Anti);
        let runs = if materialized {
            loops * outer_rows.min(1.0)
        } else if memoized > 0.0 {
            loops * outer_rows * (1.0 - memoized * share)
        } else {
            loops * outer_rows
        };
        let inner_want = if first_match { 1.0 } else { f64::INFINITY };
        let inner_rows = self.node(inner, runs.max(0.0), inner_want);
        if materialized {
            self.tally.counts.seq_row += inner_rows * loops * outer_rows;
        }
        (total * share).min(want)
    }

    fn two_sides(
        &mut self,
        plan: &Plan,
        (outer, inner, join): (&Plan, &Plan, JoinType),
        hash: bool,
        loops: f64,
        want: f64,
    ) -> f64 {
        let total = self.rows_of(plan);
        let share = if total > want { want / total } else { 1.0 };
        let all = self.rows_of(outer);
        let wanted = |rows: f64| if share < 1.0 { (rows * share).max(1.0) } else { f64::INFINITY };
        // The hash table needs all of its side; a merge stops on both sides.
        let inner_want = if hash { f64::INFINITY } else { wanted(self.rows_of(inner)) };
        let inner_rows = self.node(inner, loops, inner_want);
        let outer_rows = self.node(outer, loops, wanted(all));
        self.tally.counts.group_row += (inner_rows + outer_rows) * loops;
        let _ = join;
        (total * share).min(want)
    }

    fn scan(&mut self, scan: &Scan, loops: f64, want: f64) -> f64 {
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
                let text: f64 = self.planner().clauses(&scan.clauses).iter().map(|c| c.text_tests).sum();
                self.tally.counts.seq_row += info.rows * part * visits;
                self.tally.counts.text_test += info.rows * part * visits * text;
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

    /// Descents of an index per visit: one, or one per element of IN and = ANY.
    fn descents(&self, used: &IndexUse) -> f64 {
        used.boundary
            .iter()
            .map(|c| match &self.planner().pool[*c].test {
                Test::In(_, values) => values.len() as f64,
                Test::Any(_, count, _) => count.max(1.0),
                _ => 1.0,
            })
            .product()
    }

    fn index_scan(
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
        let mut entries = index.entries * planner.share(info, &used.boundary, Seen::True) / scan.visit;
        let checked: Vec<usize> = used.boundary.iter().chain(&used.quals).copied().collect();
        let mut fetched = index.entries * planner.share(info, &checked, Seen::True) / scan.visit;
        let fixed = planner.match_index(info, index, &scan.clauses);
        let is_equality = fixed.fixed == index.keys.len();
        if index.unique && is_equality {
            entries = entries.min(descents);
            fetched = fetched.min(descents);
            rows = rows.min(descents);
        }
        let part = if rows > want { want / rows } else { 1.0 };
        entries *= part;
        fetched *= part;
        rows *= part;
        let first = index.keys.first().copied().flatten().map(|c| &info.columns[c]);
        let correlation = first.map_or(0.0, |c| c.correlation);
        let leaves = descents * index.levels + (entries - descents.min(entries)).max(0.0) / index.entries_per_leaf;
        let (heap, map) = if only {
            (
                heap_accesses(
                    fetched * (1.0 - info.all_visible),
                    info,
                    info.density() * index.share,
                    correlation,
                    is_equality,
                ),
                (fetched * visits).min(self.loops.max(loops.min(1.0))),
            )
        } else {
            (heap_accesses(fetched, info, info.density() * index.share, correlation, is_equality), 0.0)
        };
        let operators = planner
            .clauses(&scan.clauses)
            .iter()
            .filter(|c| !checked.iter().any(|k| std::ptr::eq(&planner.pool[*k], **c)))
            .map(|c| c.text_tests)
            .sum::<f64>();
        self.tally.counts.text_test += operators * fetched * visits;
        let popularity = super::touches::of_scan(self.planner(), scan, info);
        let path = if only { AccessPath::IndexOnlyScan } else { AccessPath::IndexScan };
        self.tally.index_visits(info, index, (descents, leaves, entries), visits, &popularity);
        self.tally.heap_visits(info, heap, visits, &popularity);
        self.tally.counts.buffer_visit += map;
        self.tally.pages += map;
        self.tally.counts.index_row += entries.max(fetched) * visits;
        let pages = (leaves + heap) * visits + map;
        self.tally.relation(info, path, Some(&index.name), rows * visits, pages);
        rows
    }

    fn bitmap_scan(
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
            let entries = index.entries * self.planner().share(info, &used.boundary, Seen::True) / scan.visit / arms;
            let descents = self.descents(used);
            let leaves = descents * index.levels + (entries - descents.min(entries)).max(0.0) / index.entries_per_leaf;
            self.tally.index_visits(info, index, (descents, leaves, entries), visits, &popularity);
            self.tally.counts.index_row += entries * visits;
            index_pages.push(leaves * visits);
            checked.extend(mine.into_iter().filter(|c| !checked.contains(c)).collect::<Vec<_>>());
        }
        let share = uses.iter().map(|u| info.indexes[u.index].share).fold(1.0, f64::min);
        let fetched = info.rows * share * self.planner().share(info, &checked, Seen::True) / scan.visit;
        let part = if rows > want { want / rows } else { 1.0 };
        rows *= part;
        let first = |i: &IndexInfo| i.keys.first().copied().flatten().map_or(0.0, |c| info.columns[c].correlation);
        let correlation = if uses.len() == 1 { first(&info.indexes[uses[0].index]) } else { 0.0 };
        let heap = heap_accesses(fetched, info, info.density() * share, correlation, true) * part;
        self.tally.heap_visits(info, heap, visits, &popularity);
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
