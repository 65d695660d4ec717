//! Sizes of rows and entries with the workload's average widths.

use crate::access::column::ColumnInfo;

/// Bytes of a page that hold line pointers and tuples (page header apart).
const HEAP_USABLE: f64 = 8192.0 - 24.0;
/// Line pointer.
const LINE_POINTER: f64 = 4.0;
/// Fixed tuple header.
const TUPLE_HEADER: f64 = 23.0;
/// Index tuple header.
const INDEX_HEADER: f64 = 8.0;
/// Bytes of a B-tree page that hold entries (header and special space apart).
const BTREE_USABLE: f64 = 8152.0;
/// Share of an inner page that is filled (BTREE_NONLEAF_FILLFACTOR).
const INNER_FILL: f64 = 0.7;
/// Largest posting list of an index build: a tenth of a page less its line pointer.
const POSTING_BYTES: f64 = 812.0;
/// A heap address in a posting list.
const HEAP_ADDRESS: f64 = 6.0;
/// Longest value with a one-byte header, which needs no alignment.
const SHORT_VARLENA: f64 = 127.0;

fn align_to(offset: f64, align: f64) -> f64 {
    (offset / align).ceil() * align
}

/// The offset after a value of a column that is present with probability `present`.
pub(super) fn append(offset: f64, column: &ColumnInfo, present: f64) -> f64 {
    if present <= 0.0 {
        return offset;
    }
    let start = if column.varlena && column.bytes <= SHORT_VARLENA {
        offset
    } else {
        let align = if column.varlena { column.align.max(4.0) } else { column.align };
        offset + (align_to(offset, align) - offset) * present
    };
    start + column.bytes * present
}

/// Bytes of the header with null bitmap and padding.
#[must_use]
pub fn header_bytes(columns: usize, nulls: bool) -> f64 {
    let bitmap = if nulls { (columns as f64 / 8.0).ceil() } else { 0.0 };
    align_to(TUPLE_HEADER + bitmap, 8.0)
}

/// Bytes of a tuple, header included, not aligned at its end (what the log counts).
pub fn tuple_bytes<'a>(columns: impl Iterator<Item = (&'a ColumnInfo, f64)> + Clone) -> f64 {
    let count = columns.clone().count();
    let nulls = columns.clone().any(|(_, present)| present < 1.0);
    columns.fold(header_bytes(count, nulls), |offset, (column, present)| append(offset, column, present))
}

/// Bytes that a tuple takes of a page, line pointer apart.
#[must_use]
pub fn aligned(tuple_bytes: f64) -> f64 {
    align_to(tuple_bytes, 8.0)
}

/// Rows per heap page under a fill factor (0..1).
#[must_use]
pub fn rows_per_page(tuple_bytes: f64, fillfactor: f64) -> f64 {
    // The fill factor reserves a share of the whole page.
    let room = HEAP_USABLE - 8192.0 * (1.0 - fillfactor);
    (room / (aligned(tuple_bytes) + LINE_POINTER)).floor().max(1.0)
}

/// Bytes of an index entry, line pointer apart.
#[must_use]
pub fn index_entry_bytes(columns: &[&ColumnInfo]) -> f64 {
    let data = columns.iter().fold(0.0, |offset, column| append(offset, column, 1.0));
    INDEX_HEADER + align_to(data, 8.0).max(8.0)
}

/// Entries per leaf page filled to `fill`, when each key has so many `duplicates` (deduplicated since 13).
#[must_use]
pub fn entries_per_leaf(entry_bytes: f64, fill: f64, duplicates: f64) -> f64 {
    let together = duplicates.min(((POSTING_BYTES - entry_bytes) / HEAP_ADDRESS).floor()).max(1.0);
    let bytes = if together < 1.5 { entry_bytes } else { align_to(entry_bytes + HEAP_ADDRESS * together, 8.0) };
    ((BTREE_USABLE * fill) / (bytes + LINE_POINTER) * together).max(1.0)
}

/// Children of an inner page.
#[must_use]
pub fn fanout(entry_bytes: f64) -> f64 {
    (BTREE_USABLE * INNER_FILL / (entry_bytes + LINE_POINTER)).floor().max(2.0)
}

/// Pages of a tree over so many leaves, leaves included.
#[must_use]
pub fn tree_pages(leaf_pages: f64, fanout: f64) -> f64 {
    let (mut level, mut total) = (leaf_pages, leaf_pages);
    while level > 1.0 {
        level = (level / fanout).ceil();
        total += level;
    }
    total
}

/// Pages from root to leaf, both included.
#[must_use]
pub fn tree_levels(leaf_pages: f64, fanout: f64) -> f64 {
    let (mut level, mut levels) = (leaf_pages, 1.0);
    while level > 1.0 {
        level = (level / fanout).ceil();
        levels += 1.0;
    }
    levels
}
