//! What new entries cost in indexes of each kind: buffer accesses, bytes of the log, page splits.

use crate::access::column::ColumnInfo;
use crate::access::footprint::{Popularity, RelationId};
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::sizes;
use crate::access::tally::{Reach, Tally};
use crate::access::touches;
use crate::access::wal;
use crate::machine::coefficients::state::{BIG_INDEX, SPLIT_MIDDLE};
use crate::schema::TypeFamily;
use crate::schema::btree::{BTREE_FILLFACTOR, RANDOM_FILL};

/// Tree levels from which the rightmost leaf is remembered between inserts (BTREE_FASTPATH_MIN_LEVEL).
const FAST_PATH_LEVELS: f64 = 3.0;
/// Buffer accesses of a split beyond an ordinary insert: new page, right neighbour, parent.
const SPLIT_PAGES: f64 = 3.0;
/// Buffer accesses of an entry in a GIN index with fastupdate: metapage and the pending list's last page.
const GIN_PAGES: f64 = 2.0;
/// Buffer accesses of a row in a BRIN index: metapage and range map; a row within its range's summary
/// changes nothing.
const BRIN_PAGES: f64 = 2.0;
/// Buffer accesses of an entry in a hash index: metapage and bucket.
const HASH_PAGES: f64 = 2.0;
/// Bytes of an index tuple's header.
const INDEX_HEADER: f64 = 8.0;
/// Bytes of an array's header (ArrayType with one dimension).
const ARRAY_HEADER: f64 = 24.0;
/// Bytes of a text with its header that an element is when nothing is known of it.
const ELEMENT_BYTES: f64 = 8.0;
/// Bytes of a lexeme with its position in a tsvector.
const LEXEME_BYTES: f64 = 12.0;
/// Bytes of a key with its value in a jsonb object, their headers included.
const JSON_PAIR_BYTES: f64 = 20.0;

/// Where new entries of an index go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To the right edge, which grows.
    Edge,
    /// Anywhere, so that pages split in the middle.
    Anywhere,
    /// In the room of entries of old versions, which they get in the long run.
    Beside,
}

/// `rows` new entries in one index; the buffer accesses they take.
pub fn add(info: &TableInfo, index: &IndexInfo, rows: f64, place: Place, reach: &Reach, tally: &mut Tally) -> f64 {
    if rows <= 0.0 {
        return 0.0;
    }
    let (pages, bytes, splits) = match index.method.as_str() {
        "gin" => (GIN_PAGES, wal::gin_pending(gin_bytes(info, index)), 0.0),
        "brin" => (BRIN_PAGES, 0.0, 0.0),
        "hash" => (HASH_PAGES, wal::hash_insert(index.entry_bytes), 0.0),
        "gist" | "spgist" => (index.levels, wal::gist_insert(index.entry_bytes), 0.0),
        _ => btree(index, place),
    };
    let pages = pages * rows;
    // The price of an entry holds its descent, but for comparisons that are dear by themselves.
    if index.method == "btree" {
        tally.counts.locale_comparison += rows * compared_keys(info, index, 1).1;
    }
    tally.pages += pages;
    if index.method != "brin" {
        tally.index_entries += rows;
    }
    let right = place == Place::Edge;
    if !right {
        tally.counts.index_entry += rows * (index.leaf_pages.max(1.0).log10() / BIG_INDEX).clamp(0.05, 1.0);
    }
    if !info.unlogged {
        tally.wal += rows * bytes;
    }
    let where_to = if right { touches::newest() } else { reach.clone() };
    tally.index_touch(info, index, (pages, rows, rows), &where_to);
    if right {
        new_pages(RelationId::Index(info.id, index.place), index.pages, splits * rows, tally);
    }
    pages
}

/// What one descent compares by its first `keys` key columns: those columns, and comparisons of text by the rules of
/// a language.
pub(super) fn compared_keys(info: &TableInfo, index: &IndexInfo, keys: usize) -> (f64, f64) {
    let by_language = index.keys.iter().take(keys).flatten().filter(|c| info.columns[**c].locale).count();
    (keys as f64, by_language as f64 * index.entries.max(2.0).log2())
}

/// Buffer accesses, bytes of the log and splits of one entry of a B-tree.
fn btree(index: &IndexInfo, place: Place) -> (f64, f64, f64) {
    let right = place == Place::Edge;
    let descent = if right && index.levels >= FAST_PATH_LEVELS { 1.0 } else { index.levels };
    // A page that splits leaves room, at random places for half of a page: a new page comes for as many
    // entries as pages hold on average.
    let splits = match place {
        Place::Edge => 1.0 / (index.leaf_capacity * BTREE_FILLFACTOR).max(1.0),
        Place::Anywhere if !index.packed => 1.0 / (index.leaf_capacity * RANDOM_FILL).max(1.0),
        Place::Anywhere | Place::Beside => 0.0,
    };
    let moved = if right { 1.0 - BTREE_FILLFACTOR } else { SPLIT_MIDDLE };
    let entries = sizes::BTREE_USABLE * index.entry_bytes / (index.entry_bytes + sizes::LINE_POINTER);
    let split = wal::btree_split(index.entry_bytes, moved * entries, !right);
    (descent + SPLIT_PAGES * splits, wal::btree_insert(index.entry_bytes) + splits * split, splits)
}

/// Bytes of the entries that one row has in a GIN index.
fn gin_bytes(info: &TableInfo, index: &IndexInfo) -> f64 {
    let columns = index.keys.iter().zip(&index.expression_stats);
    columns
        .filter_map(|(key, stats)| key.map_or(stats.as_ref(), |k| info.columns.get(k)))
        .map(|column| {
            let (count, bytes) = gin_keys(column);
            count * ((INDEX_HEADER + bytes) / 8.0).ceil() * 8.0
        })
        .sum()
}

/// Keys of one value and their bytes: elements of an array, keys and values of jsonb, lexemes.
fn gin_keys(column: &ColumnInfo) -> (f64, f64) {
    let known = column.elements.as_ref().and_then(|e| e.avg_count);
    match column.family {
        TypeFamily::Json => (2.0 * known.unwrap_or((column.width.bytes / JSON_PAIR_BYTES).max(1.0)), ELEMENT_BYTES),
        _ => match known {
            Some(count) => (count, ((column.width.bytes - ARRAY_HEADER) / count.max(1.0)).max(4.0)),
            None => ((column.width.bytes / LEXEME_BYTES).max(1.0), ELEMENT_BYTES),
        },
    }
}

/// Pages that are filled and left behind: dirty once, new, and so without a full-page image.
pub fn new_pages(id: RelationId, relation_pages: f64, pages: f64, tally: &mut Tally) {
    tally.touch(id, relation_pages, (0.0, pages), Popularity::uniform(relation_pages.max(1.0)), false);
}
