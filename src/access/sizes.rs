//! Sizes of single rows and entries, beyond what `schema::sizes` says of averages over a table.

use crate::access::postgres::TUPLE_HEADER;
pub use crate::schema::sizes::LINE_POINTER;
use crate::schema::sizes::{ColumnWidth, PAGE_HEADER, SHORT_VALUE as SHORT_VARLENA};
use crate::units::PAGE_BYTES;

/// Bytes of a page that hold line pointers and tuples.
pub const HEAP_USABLE: f64 = PAGE_BYTES - PAGE_HEADER;
/// Bytes of a B-tree page that hold entries (header, special space and high key's line pointer apart).
pub const BTREE_USABLE: f64 = 8148.0;

fn align_to(offset: f64, align: f64) -> f64 {
    (offset / align).ceil() * align
}

/// Whether values stand anywhere, behind a one-byte header.
#[must_use]
pub fn is_packed(column: &ColumnWidth) -> bool {
    column.varlena && column.bytes <= SHORT_VARLENA
}

/// The offset after a value of a column that is present with probability `1 - null_fraction`.
#[must_use]
pub fn append(offset: f64, column: &ColumnWidth) -> f64 {
    let present = 1.0 - column.null_fraction;
    if present <= 0.0 {
        return offset;
    }
    let start = if is_packed(column) {
        offset
    } else {
        offset + (align_to(offset, f64::from(column.align)) - offset) * present
    };
    start + column.bytes * present
}

/// Bytes of the header with null bitmap and padding.
#[must_use]
pub fn header_bytes(columns: usize, nulls: bool) -> f64 {
    let bitmap = if nulls { (columns as f64 / 8.0).ceil() } else { 0.0 };
    align_to(TUPLE_HEADER + bitmap, 8.0)
}

/// Bytes of a tuple as the log counts them: header included, not aligned at the end.
#[must_use]
pub fn logged_bytes(columns: &[ColumnWidth]) -> f64 {
    let nulls = columns.iter().any(|c| c.null_fraction > 0.0);
    columns.iter().fold(header_bytes(columns.len(), nulls), append)
}

/// Bytes that a tuple takes of a page, line pointer included.
#[must_use]
pub fn slot(tuple_bytes: f64) -> f64 {
    align_to(tuple_bytes, 8.0) + LINE_POINTER
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference value: lp_len of heap_page_items on a pgbench history row of PostgreSQL 15.
    #[test]
    fn a_history_row() {
        let fixed = |bytes: f64, align| ColumnWidth { bytes, spread: 0.0, align, varlena: false, null_fraction: 0.0 };
        let filler = ColumnWidth { bytes: 23.0, spread: 0.0, align: 4, varlena: true, null_fraction: 1.0 };
        let row = [fixed(4.0, 4), fixed(4.0, 4), fixed(4.0, 4), fixed(4.0, 4), fixed(8.0, 8), filler];
        assert_eq!(logged_bytes(&row), 48.0);
    }
}
