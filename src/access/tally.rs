//! The footprint of one statement as it is added up.

use crate::access::block::Compared;
use crate::access::footprint::{AccessPath, Counts, LockUse, PageTouch, Popularity, RelationId, RelationUse};
use crate::access::popularity;
use crate::access::relation::{IndexInfo, TableInfo};

/// Which rows of a table a scan reaches, and how its heap order follows that.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Rows by popularity.
    pub rows: Popularity,
    /// Correlation of that order with the heap's.
    pub correlation: f64,
    /// How far the rows of one execution lie on the same pages, 0..1.
    pub together: f64,
    /// Whether every execution visits all pages of the table.
    pub sweeps: bool,
    /// The condition that leads there, for people.
    pub which: Option<String>,
}

/// What has been counted so far.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Scan nodes.
    pub relations: Vec<RelationUse>,
    /// Priced counts.
    pub counts: Counts,
    /// Buffer accesses.
    pub pages: f64,
    /// Page visits by relation.
    pub touches: Vec<PageTouch>,
    /// Row locks.
    pub locks: Vec<LockUse>,
    /// Rows written.
    pub rows_written: f64,
    /// Index entries made.
    pub index_entries: f64,
    /// Rows updated, and those of them in place.
    pub updated: (f64, f64),
    /// Bytes of WAL.
    pub wal: f64,
    /// Whether a transaction id is needed.
    pub writes: bool,
    /// What was assumed on the way.
    pub notes: Vec<String>,
}

/// Rows below which a descent costs no cache misses worth counting.
const SMALL_TABLE: f64 = 1000.0;
/// Pages of a table that stay in the CPU's caches: half a megabyte.
const CACHED_PAGES: f64 = 64.0;

impl Tally {
    /// A scan node.
    pub fn relation(&mut self, info: &TableInfo, path: AccessPath, index: Option<&str>, rows: f64, pages: f64) {
        let table = info.name.clone();
        self.relations.push(RelationUse { table, path, index: index.map(str::to_owned), rows, pages });
    }

    /// A sequential scan of `pages` pages that returns `rows` rows, `visits` times.
    pub fn seq_scan(&mut self, info: &TableInfo, (pages, rows): (f64, f64), visits: f64, loops: f64) {
        self.pages += pages * visits;
        self.relation(info, AccessPath::SeqScan, None, rows * loops, pages * visits);
        self.touch(
            RelationId::Heap(info.id),
            info.pages,
            (pages * visits, 0.0),
            Popularity::uniform(info.pages),
            !info.unlogged,
        );
    }

    /// Visits of index pages: descents, pages on the way and along the leaves, entries read.
    pub fn index_visits(
        &mut self,
        info: &TableInfo,
        index: &IndexInfo,
        (descents, pages, _entries): (f64, f64, f64),
        visits: f64,
        reach: &Reach,
    ) {
        self.pages += pages * visits;
        self.counts.buffer_visit += pages * visits;
        self.counts.index_descent += descents * visits;
        self.counts.descent_depth += descents * visits * (info.rows / SMALL_TABLE).max(1.0).log2();
        self.index_touch(info, index, (pages * visits, descents * visits, 0.0), reach);
    }

    /// The same for the cache: `pages` visits in all, of which `descents` reach a leaf for the first time.
    pub fn index_touch(
        &mut self,
        info: &TableInfo,
        index: &IndexInfo,
        (pages, descents, modified): (f64, f64, f64),
        reach: &Reach,
    ) {
        let id = RelationId::Index(info.id, index.place);
        let upper = descents * (index.levels - 1.0);
        let upper_pages = (index.pages - 1.0 - index.leaf_pages).max(1.0);
        if upper > 0.0 {
            self.touch(id, index.pages, (upper, 0.0), Popularity::uniform(upper_pages), !info.unlogged);
        }
        let leaves = popularity::of_pages(&reach.rows, index.entries_per_leaf, index.leaf_pages, 1.0);
        self.touch(id, index.pages, ((pages - upper).max(0.0), modified), leaves, !info.unlogged);
    }

    /// Visits of heap pages by a scan; a descent's own price holds the first page it leads to.
    pub fn heap_visits(&mut self, info: &TableInfo, (pages, descents): (f64, f64), visits: f64, reach: &Reach) {
        self.counts.scattered_page +=
            (pages - descents).max(0.0) * visits * (info.pages / CACHED_PAGES).max(1.0).log2();
        self.pages += pages * visits;
        self.counts.buffer_visit += pages * visits;
        self.heap_touch(info, pages * visits, 0.0, reach);
    }

    /// Visits and changes of heap pages, for the cache.
    pub fn heap_touch(&mut self, info: &TableInfo, visits: f64, modified: f64, reach: &Reach) {
        let pages = popularity::of_pages(&reach.rows, info.density(), info.pages, reach.correlation);
        self.touch(RelationId::Heap(info.id), info.pages, (visits, modified), pages, !info.unlogged);
    }

    /// Any visit.
    pub fn touch(
        &mut self,
        relation: RelationId,
        relation_pages: f64,
        (visits, modified): (f64, f64),
        popularity: Popularity,
        logged: bool,
    ) {
        if visits > 0.0 || modified > 0.0 {
            self.touches.push(PageTouch { relation, relation_pages, visits, modified, popularity, logged });
        }
    }

    /// A sort of `rows` rows, `loops` times; only `limit` rows are kept.
    pub fn sort(&mut self, rows: f64, loops: f64, compared: Compared, limit: Option<f64>) {
        let steps = rows * limit.map_or(rows, |l| (2.0 * l).min(rows)).max(2.0).log2() * loops;
        match compared {
            Compared::Plain => {}
            Compared::Numeric => self.counts.numeric_sort_step += steps,
            Compared::Text => self.counts.text_sort_step += steps,
            Compared::Locale => {
                self.counts.text_sort_step += steps;
                self.counts.locale_comparison += steps;
            }
        }
        self.counts.sort_step += steps;
    }
}
