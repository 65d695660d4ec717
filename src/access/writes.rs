//! What INSERT, UPDATE and DELETE leave behind in heaps, indexes and the log.

use crate::access::entries::{self, Entry};
use crate::access::footprint::{AccessPath, RelationId};
use crate::access::pruning;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::room::{self, Room};
use crate::access::sizes;
use crate::access::tally::{Reach, Tally};
use crate::access::touches;
use crate::access::wal;
use crate::schema;
use crate::schema::btree::BTREE_FILLFACTOR;
use crate::schema::sizes::ColumnWidth;
use crate::units::PAGE_BYTES;

/// Accesses to the visibility map by the update of a row on an all-visible page (measured on version 15).
const UPDATE_MAP_PAGES: f64 = 2.0;
/// Bytes of a row of a TOAST table without its chunk: header, value number, chunk number, length.
const TOAST_ROW: f64 = 24.0 + 4.0 + 4.0 + 4.0;
/// Bytes of an entry of a TOAST table's index, on the two numbers.
const TOAST_ENTRY: f64 = 16.0;
/// Rows of a TOAST table on a page (EXTERN_TUPLES_PER_PAGE).
const TOAST_ROWS_PER_PAGE: f64 = 4.0;
/// Pages from the root to a leaf of a TOAST table's index: two up to some 100,000 chunks.
const TOAST_LEVELS: f64 = 2.0;
/// Buffer accesses of a new page beyond the insert into it: free space map and the page itself.
const NEW_PAGE_PAGES: f64 = 4.0;
/// Buffer accesses of a new version that goes to another page: free space map, and that page.
const OTHER_PAGE_PAGES: f64 = 3.0;
/// A new value of a sequence is logged once for so many (SEQ_LOG_VALS).
const SEQUENCE_LOG_VALUES: f64 = 32.0;

/// What one inserted row takes.
#[derive(Debug, Clone, Copy)]
pub struct NewRow {
    /// Bytes of its tuple with the header, not aligned.
    pub tuple_bytes: f64,
    /// Bytes that go to the TOAST table.
    pub moved_bytes: f64,
    /// Rows of the TOAST table that hold them.
    pub chunks: f64,
}

impl NewRow {
    /// A row of columns with these widths.
    #[must_use]
    pub fn of(columns: &[ColumnWidth]) -> Self {
        let mut stored = columns.to_vec();
        let toasted = schema::sizes::move_out(&mut stored);
        let tuple_bytes = sizes::logged_bytes(&stored);
        Self { tuple_bytes, moved_bytes: toasted.moved_bytes, chunks: toasted.chunks }
    }
}

/// `rows` rows inserted; buffer accesses, index entries included.
///
/// `entry` says of how many of the rows an index gets an entry, by the index's predicate, and where.
pub fn insert_rows(
    info: &TableInfo,
    rows: f64,
    row: NewRow,
    entry: &dyn Fn(&IndexInfo) -> Entry,
    tally: &mut Tally,
) -> f64 {
    let tuple_bytes = row.tuple_bytes;
    let room = sizes::HEAP_USABLE - PAGE_BYTES * (1.0 - info.fillfactor);
    let per_page = (room / sizes::slot(tuple_bytes)).max(1.0);
    let mut pages = rows;
    tally.pages += rows;
    tally.counts.row_written += rows;
    tally.counts.index_opened += info.indexes.len() as f64 * rows.min(1.0);
    tally.rows_written += rows;
    tally.writes = true;
    if !info.unlogged {
        tally.wal += rows * wal::heap_insert(tuple_bytes);
    }
    tally.heap_touch(info, rows, rows, &touches::newest());
    entries::new_pages(RelationId::Heap(info.id), info.pages, rows / per_page, tally);
    pages += move_out(info, rows, (row.chunks, row.moved_bytes), tally);
    let anywhere = touches::everything(info);
    for index in &info.indexes {
        pages += entries::add(info, index, rows, entry(index), &anywhere, tally);
    }
    pages
}

/// The chunks of `rows` rows written to the TOAST table and its index; buffer accesses.
fn move_out(info: &TableInfo, rows: f64, (chunks, bytes): (f64, f64), tally: &mut Tally) -> f64 {
    if chunks <= 0.0 {
        return 0.0;
    }
    let chunks = rows * chunks;
    // A new value's number is looked up first, in case it is taken.
    let pages = chunks * (1.0 + TOAST_LEVELS) + rows * TOAST_LEVELS + chunks / TOAST_ROWS_PER_PAGE * NEW_PAGE_PAGES;
    tally.pages += pages;
    tally.counts.row_written += chunks;
    if !info.unlogged {
        let splits = 1.0 / (sizes::BTREE_USABLE / (TOAST_ENTRY + sizes::LINE_POINTER) * BTREE_FILLFACTOR);
        let moved = (1.0 - BTREE_FILLFACTOR) * sizes::BTREE_USABLE;
        let entry = wal::btree_insert(TOAST_ENTRY) + splits * wal::btree_split(TOAST_ENTRY, moved, false);
        tally.wal += chunks * (wal::heap_insert(TOAST_ROW) + entry) + rows * bytes;
    }
    pages
}

/// `chunks` rows of a TOAST table deleted, with the rows that they belong to or because their value changed.
fn drop_chunks(info: &TableInfo, chunks: f64, tally: &mut Tally) {
    if chunks <= 0.0 {
        return;
    }
    // The chunks of one value lie side by side, so that its descent finds them all.
    tally.pages += 2.0 * chunks + TOAST_LEVELS;
    tally.counts.row_written += chunks;
    if !info.unlogged {
        tally.wal += chunks * wal::heap_delete();
    }
}

/// What an UPDATE does to a row.
#[derive(Debug, Clone)]
pub struct Change {
    /// Share of rows whose new version needs no index entry, wherever it goes.
    pub hot: f64,
    /// Bytes between the unchanged front and end of a row.
    pub changed_bytes: f64,
    /// Ends of the row that stay as they were, 0 to 2.
    pub unchanged_ends: f64,
    /// What the columns of the new version take, those moved out of it by their pointers.
    pub columns: Vec<ColumnWidth>,
    /// Rows of the TOAST table that are written, and their bytes.
    pub moved: (f64, f64),
    /// Rows of the TOAST table that are deleted.
    pub dropped: f64,
}

impl Change {
    /// A change of a value or two of a fixed size.
    #[must_use]
    pub fn small(info: &TableInfo, hot: f64, changed_bytes: f64) -> Self {
        let mut columns: Vec<ColumnWidth> = info.columns.iter().map(|c| c.width).collect();
        schema::sizes::move_out(&mut columns);
        Self { hot, changed_bytes, unchanged_ends: 2.0, columns, moved: (0.0, 0.0), dropped: 0.0 }
    }
}

/// `rows` rows updated; `entry` says of how many of the new versions an index gets an entry, and where.
///
/// Most new versions find room on their page, which is where vacuum and pruning leave it once a table has been
/// updated for a while; those that do not go to another page and need entries in all indexes.
pub fn update_rows(
    info: &TableInfo,
    rows: f64,
    change: &Change,
    entry: &dyn Fn(&IndexInfo) -> Entry,
    reach: &Reach,
    tally: &mut Tally,
) {
    tally.writes = true;
    tally.rows_written += rows;
    tally.counts.row_written += rows;
    tally.counts.update_run += rows.min(1.0);
    tally.counts.index_opened += info.indexes.len() as f64 * rows.min(1.0);
    let Room { stays, moved_bytes } = room::of_versions(info, &change.columns, rows, reach);
    let hot = change.hot * stays;
    tally.updated.0 += rows;
    tally.updated.1 += rows * hot;
    let cold = rows * (1.0 - hot);
    // The old version is fetched, then changed; a page that is all-visible loses that mark.
    let pages = 2.0 * rows;
    tally.pages += pages + UPDATE_MAP_PAGES * rows * info.all_visible * pruning::first_visits(info, rows, reach);
    tally.heap_touch(info, pages, rows, reach);
    if !info.unlogged {
        let nulls = change.columns.iter().any(|c| c.null_fraction > 0.0);
        let header = sizes::header_bytes(info.columns.len(), nulls);
        let same = wal::update_same_page(header, change.changed_bytes, change.unchanged_ends);
        let update = stays * same + (1.0 - stays) * wal::update_other_page(moved_bytes);
        // Before it looks for another page, or moves values out, the server locks the row (heap_update).
        let locks = (1.0 - stays).max(info.chunks.max(change.moved.0).min(1.0));
        let update = update + locks * wal::heap_lock();
        tally.wal += rows * (update + pruning::of_updates(info, rows, hot, reach));
    }
    tally.pages += rows * (1.0 - stays) * OTHER_PAGE_PAGES;
    move_out(info, rows, change.moved, tally);
    drop_chunks(info, rows * change.dropped, tally);
    for index in &info.indexes {
        let made = entry(index);
        entries::add(info, index, cold, made, reach, tally);
        if index.unique {
            // The old version under the same key is looked at before the new entry is made.
            tally.pages += cold * made.share;
        }
    }
}

/// `rows` rows deleted.
pub fn delete_rows(info: &TableInfo, rows: f64, reach: &Reach, tally: &mut Tally) {
    tally.writes = true;
    tally.rows_written += rows;
    tally.counts.row_written += rows;
    tally.pages += rows * (1.0 + info.all_visible * pruning::first_visits(info, rows, reach));
    tally.heap_touch(info, rows, rows, reach);
    if !info.unlogged {
        tally.wal += rows * (wal::heap_delete() + pruning::of_deletions(info, rows, reach));
    }
    drop_chunks(info, rows * info.chunks, tally);
}

/// `rows` rows locked, in the log too.
pub fn lock_rows(info: &TableInfo, rows: f64, reach: &Reach, tally: &mut Tally) {
    tally.writes = true;
    tally.counts.row_written += rows;
    tally.pages += rows * (1.0 + info.all_visible);
    tally.heap_touch(info, rows, rows, reach);
    if !info.unlogged {
        tally.wal += rows * wal::heap_lock();
    }
}

/// `values` new values of sequences.
pub fn sequence_values(values: f64, tally: &mut Tally) {
    tally.pages += values;
    tally.counts.sequence_value += values;
    tally.wal += values * wal::sequence() / SEQUENCE_LOG_VALUES;
}

/// The insert's own line among the relations.
pub fn note_insert(info: &TableInfo, rows: f64, pages: f64, tally: &mut Tally) {
    tally.relation(info, AccessPath::Insert, None, rows, pages);
}
