//! What INSERT, UPDATE and DELETE leave behind in heaps, indexes and the log.

use crate::access::footprint::{AccessPath, Popularity, RelationId};
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::sizes;
use crate::access::tally::{Reach, Tally};
use crate::access::touches;
use crate::access::wal;

/// Share of a page below whose free space the server prunes (heap_page_prune_opt: a tenth, or the fill
/// factor's reserve if that is more).
const PRUNE_BELOW: f64 = 0.1;
/// Tree levels from which the rightmost leaf is remembered between inserts (BTREE_FASTPATH_MIN_LEVEL).
const FAST_PATH_LEVELS: f64 = 3.0;
/// Bytes of a page split apart from the entries that move (xl_btree_split, headers, the parent's entry).
const SPLIT_BYTES: f64 = 200.0;
/// Share of a full page that moves in a split: half of it, or little at the right edge (fill factor).
const SPLIT_MIDDLE: f64 = 0.5;
/// The same at the right edge.
const SPLIT_RIGHT: f64 = 0.1;
/// Buffer accesses of a split beyond an ordinary insert: new page, right neighbour, parent.
const SPLIT_PAGES: f64 = 3.0;
/// log10 of the leaf pages from which an index entry at a random place costs its full price.
const BIG_INDEX: f64 = 3.5;
/// Accesses to the visibility map by the update of a row on an all-visible page (measured on version 15).
const UPDATE_MAP_PAGES: f64 = 2.0;
/// Heap pages up to which old versions are pruned by the updates themselves rather than by vacuum.
const PRUNED_PAGES: f64 = 32.0;
/// A new value of a sequence is logged once for so many (SEQ_LOG_VALS).
const SEQUENCE_LOG_VALUES: f64 = 32.0;

/// Where new entries of an index go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To the right edge, which grows.
    Edge,
    /// Anywhere, so that pages split in the middle.
    Anywhere,
    /// Beside the entries of old versions, whose room they get in the long run.
    Beside,
}

/// `rows` new entries in one index; the buffer accesses they take.
pub fn index_entries(
    info: &TableInfo,
    index: &IndexInfo,
    rows: f64,
    place: Place,
    reach: &Reach,
    tally: &mut Tally,
) -> f64 {
    if rows <= 0.0 {
        return 0.0;
    }
    let right = place == Place::Edge;
    let descent = if right && index.levels >= FAST_PATH_LEVELS { 1.0 } else { index.levels };
    let plain = sizes::BTREE_USABLE / (index.entry_bytes + sizes::LINE_POINTER);
    // Equal keys share their entry, so a leaf holds more of them before it splits.
    let full = plain.max(index.entries_per_leaf);
    let (moved, until_split) = if right { (SPLIT_RIGHT, 1.0 - SPLIT_RIGHT) } else { (SPLIT_MIDDLE, SPLIT_MIDDLE) };
    let splits = if place == Place::Beside { 0.0 } else { rows / (full * until_split).max(1.0) };
    let pages = descent * rows + SPLIT_PAGES * splits;
    // The price of an entry holds its descent.
    tally.pages += pages;
    tally.index_entries += rows;
    if !right {
        tally.counts.index_entry += rows * (index.leaf_pages.max(1.0).log10() / BIG_INDEX).clamp(0.05, 1.0);
    }
    if !info.unlogged {
        let split = SPLIT_BYTES + moved * sizes::BTREE_USABLE;
        tally.wal += rows * wal::btree_insert(index.entry_bytes) + splits * split;
    }
    let where_to = if right { touches::newest() } else { reach.clone() };
    tally.index_touch(info, index, (pages, rows, rows), &where_to);
    if right {
        new_pages(RelationId::Index(info.id, index.place), index.pages, splits, tally);
    }
    pages
}

/// Pages that are filled and left behind: dirty once, new, and so without a full-page image.
fn new_pages(id: RelationId, relation_pages: f64, pages: f64, tally: &mut Tally) {
    tally.touch(id, relation_pages, (0.0, pages), Popularity::uniform(relation_pages.max(1.0)), false);
}

/// `rows` rows of `tuple_bytes` inserted; buffer accesses, index entries included.
///
/// `share` says of how many of the rows an index gets an entry, by the index's predicate, and where.
pub fn insert_rows(
    info: &TableInfo,
    rows: f64,
    tuple_bytes: f64,
    share: &dyn Fn(&IndexInfo) -> (f64, Place),
    tally: &mut Tally,
) -> f64 {
    let room = sizes::HEAP_USABLE - 8192.0 * (1.0 - info.fillfactor);
    let per_page = (room / sizes::slot(tuple_bytes)).max(1.0);
    let mut pages = rows;
    tally.pages += rows;
    tally.counts.row_written += rows;
    tally.rows_written += rows;
    tally.writes = true;
    if !info.unlogged {
        tally.wal += rows * wal::heap_insert(tuple_bytes);
    }
    tally.heap_touch(info, rows, rows, &touches::newest());
    new_pages(RelationId::Heap(info.id), info.pages, rows / per_page, tally);
    let anywhere = touches::everything(info);
    for index in &info.indexes {
        let (part, place) = share(index);
        pages += index_entries(info, index, rows * part, place, &anywhere, tally);
    }
    pages
}

/// What an UPDATE does to a row.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// Share of rows whose new version needs no index entry.
    pub hot: f64,
    /// Bytes between the unchanged front and end of a row.
    pub changed_bytes: f64,
}

/// `rows` rows updated; `share` says of how many of the new versions an index gets an entry, and where.
///
/// New versions are taken to find room on their page: that is where vacuum and pruning leave it once a
/// table has been updated for a while.
pub fn update_rows(
    info: &TableInfo,
    rows: f64,
    change: Change,
    share: &dyn Fn(&IndexInfo) -> (f64, Place),
    reach: &Reach,
    tally: &mut Tally,
) {
    tally.writes = true;
    tally.rows_written += rows;
    tally.counts.row_written += rows;
    tally.updated.0 += rows;
    tally.updated.1 += rows * change.hot;
    let cold = rows * (1.0 - change.hot);
    // The old version is fetched, then changed; a page that is all-visible loses that mark.
    let pages = 2.0 * rows;
    tally.pages += pages + UPDATE_MAP_PAGES * rows * info.all_visible;
    tally.heap_touch(info, pages, rows, reach);
    if !info.unlogged {
        let nulls = info.columns.iter().any(|c| c.null_fraction > 0.0);
        let header = sizes::header_bytes(info.columns.len(), nulls);
        tally.wal += rows * (wal::update_same_page(header, change.changed_bytes) + prune_bytes(info));
    }
    for index in &info.indexes {
        let (part, place) = share(index);
        let made = cold * part;
        index_entries(info, index, made, place, reach, tally);
        if index.unique {
            // The old version under the same key is looked at before the new entry is made.
            tally.pages += made;
        }
    }
}

/// Bytes of WAL per update for pruning old versions.
///
/// A page is pruned when its room has fallen to a tenth. On a small table that happens again and
/// again between vacuums; of a large one vacuum is taken to find the old versions first.
fn prune_bytes(info: &TableInfo) -> f64 {
    if info.pages > PRUNED_PAGES {
        return 0.0;
    }
    let slot = sizes::slot(info.tuple_bytes);
    let reserve = (8192.0 * (1.0 - info.fillfactor)).max(8192.0 * PRUNE_BELOW);
    let free = sizes::HEAP_USABLE - info.density() * slot;
    let updates = ((free - reserve) / slot).floor().max(0.0) + 1.0;
    wal::prune(1.0, updates) / updates
}

/// `rows` rows deleted.
pub fn delete_rows(info: &TableInfo, rows: f64, reach: &Reach, tally: &mut Tally) {
    tally.writes = true;
    tally.rows_written += rows;
    tally.counts.row_written += rows;
    tally.pages += rows * (1.0 + info.all_visible);
    tally.heap_touch(info, rows, rows, reach);
    if !info.unlogged {
        tally.wal += rows * wal::heap_delete();
    }
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
    tally.wal += values * wal::sequence() / SEQUENCE_LOG_VALUES;
}

/// The insert's own line among the relations.
pub fn note_insert(info: &TableInfo, rows: f64, pages: f64, tally: &mut Tally) {
    tally.relation(info, AccessPath::Insert, None, rows, pages);
}
