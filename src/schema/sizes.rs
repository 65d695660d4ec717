//! Sizes of tuples, pages and B-trees, as PostgreSQL computes and fills them.
//!
//! Structural constants are the server's own (block size 8192, 8-byte alignment), each with its place
//! in the source. All functions are pure; widths are averages and may be fractions.

use super::types::{Column, DataType, TypeFamily};
use crate::units::PAGE_BYTES;

/// Page header (PageHeaderData, bufpage.h).
pub const PAGE_HEADER: f64 = 24.0;
/// Line pointer (ItemIdData, itemid.h).
pub const LINE_POINTER: f64 = 4.0;
/// Heap tuple header before the null bitmap (SizeofHeapTupleHeader, htup_details.h).
pub const HEAP_HEADER: f64 = 23.0;
/// Index tuple header (IndexTupleData, itup.h).
pub const INDEX_HEADER: f64 = 8.0;
/// Null bitmap of an index tuple (IndexAttributeBitMapData, itup.h), aligned.
const INDEX_NULLS: f64 = 8.0;
/// Most bytes of a value that is stored with a 1-byte header (VARATT_SHORT_MAX, postgres.h).
pub const SHORT_VALUE: f64 = 127.0;
/// Tuples above it get their wide values compressed or moved out (TOAST_TUPLE_THRESHOLD, heaptoast.h).
pub const TOAST_THRESHOLD: f64 = 2032.0;
/// What stays of a value that was moved out (TOAST_POINTER_SIZE, detoast.h).
pub const TOAST_POINTER: f64 = 18.0;
/// Bytes of a moved-out value per row of the TOAST table (TOAST_MAX_CHUNK_SIZE, heaptoast.h).
pub const TOAST_CHUNK: f64 = 1996.0;

/// What a column takes in a tuple.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColumnWidth {
    /// Bytes of a value as stored, header included (pg_stats.avg_width).
    pub bytes: f64,
    /// How far the longest values are from the shortest, in bytes; 0 when all are of one length.
    pub spread: f64,
    /// Alignment in bytes: 1, 2, 4 or 8.
    pub align: u32,
    /// Whether the length varies by value (typlen -1).
    pub varlena: bool,
    /// Share of NULLs, 0..1.
    pub null_fraction: f64,
}

impl ColumnWidth {
    /// The width of a column from its type, with what statistics say of it.
    ///
    /// Without `avg_bytes` it is what the planner would assume ([`DataType::default_bytes`]).
    #[must_use]
    pub fn of(column: &Column, avg_bytes: Option<f64>, null_fraction: f64) -> Self {
        // A virtual column is NULL in every row as stored.
        let null_fraction = if column.computed { 1.0 } else { null_fraction };
        Self::of_type(&column.ty, avg_bytes, null_fraction)
    }

    /// The same for a type alone, as for an index's expression.
    ///
    /// How widely lengths spread is a guess: a numeric by two of its digit groups, texts and the like
    /// from half their mean to one and a half. It matters only for the average padding.
    #[must_use]
    pub fn of_type(ty: &DataType, avg_bytes: Option<f64>, null_fraction: f64) -> Self {
        let bytes = ty.fixed_bytes.map_or_else(|| avg_bytes.unwrap_or_else(|| ty.default_bytes()), f64::from);
        let spread = match ty.family {
            _ if ty.fixed_bytes.is_some() => 0.0,
            TypeFamily::Text if ty.name == "character" && !ty.array => 0.0,
            TypeFamily::Numeric => bytes.min(4.0),
            _ => bytes,
        };
        let varlena = ty.fixed_bytes.is_none();
        Self { bytes, spread, align: ty.align, varlena, null_fraction: null_fraction.clamp(0.0, 1.0) }
    }
}

/// A size with whether all tuples have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TupleSize {
    /// Bytes, header and final alignment included.
    pub bytes: f64,
    /// Whether all tuples are of that size, as far as is known.
    pub constant: bool,
}

/// The next multiple of `align`.
pub(super) fn aligned(bytes: f64, align: f64) -> f64 {
    (bytes / align).ceil() * align
}

/// How far into a tuple its values reach so far: the mean over all rows, spread evenly over a range.
#[derive(Debug, Clone, Copy)]
struct Reach {
    bytes: f64,
    spread: f64,
    /// All rows have the same remainder after division by `lattice`, a power of two up to 8.
    lattice: f64,
    /// That remainder.
    remainder: f64,
}

impl Reach {
    /// Aligns it; where rows differ, the mean of their paddings.
    fn align(&mut self, align: f64) {
        /// Points of the range at which the padding is looked at.
        const POINTS: u32 = 32;
        if self.lattice >= align {
            let padding = aligned(self.remainder, align) - self.remainder;
            self.bytes += padding;
            self.remainder = (self.remainder + padding) % self.lattice;
            return;
        }
        let at = |point: u32| self.bytes + self.spread * ((f64::from(point) + 0.5) / f64::from(POINTS) - 0.5);
        let sum: f64 = (0..POINTS).map(|point| aligned(at(point).round(), align)).sum();
        self.bytes = sum / f64::from(POINTS);
        (self.lattice, self.remainder) = (align, 0.0);
    }

    /// Adds a value.
    fn add(&mut self, column: &ColumnWidth) {
        let present = 1.0 - column.null_fraction;
        if present <= 0.0 {
            return;
        }
        // Short values have a 1-byte header and stand anywhere.
        let mut after = *self;
        if !(column.varlena && column.bytes <= SHORT_VALUE) {
            after.align(f64::from(column.align));
        }
        after.bytes += column.bytes;
        after.spread += column.spread;
        after.remainder = (after.remainder + column.bytes) % after.lattice;
        if column.spread > 0.0 || column.bytes.fract() != 0.0 {
            (after.lattice, after.remainder) = (1.0, 0.0);
        }
        if present < 1.0 {
            // Rows with and without the value differ by what it adds.
            let added = after.bytes - self.bytes;
            after.bytes = self.bytes + added * present;
            after.spread = after.spread.max(added);
            (after.lattice, after.remainder) = (1.0, 0.0);
        }
        *self = after;
    }
}

/// How far the values of a tuple reach (heap_compute_data_size, heaptuple.c).
fn data_bytes(start: f64, columns: &[ColumnWidth]) -> Reach {
    let mut reach = Reach { bytes: start, spread: 0.0, lattice: 8.0, remainder: start % 8.0 };
    for column in columns {
        reach.add(column);
    }
    reach
}

/// Closes a tuple: its end is aligned to 8 bytes.
fn close(mut reach: Reach) -> TupleSize {
    reach.align(8.0);
    TupleSize { bytes: reach.bytes, constant: reach.spread == 0.0 }
}

/// Bytes of a heap tuple, from its columns in order (heap_form_tuple, heaptuple.c), without its line pointer.
#[must_use]
pub fn heap_tuple(columns: &[ColumnWidth]) -> TupleSize {
    let plain = aligned(HEAP_HEADER, 8.0);
    let with_nulls = aligned(HEAP_HEADER + (columns.len() as f64 / 8.0).ceil(), 8.0);
    let no_null: f64 = columns.iter().map(|c| 1.0 - c.null_fraction).product();
    let size = close(data_bytes(plain, columns));
    TupleSize { bytes: size.bytes + (with_nulls - plain) * (1.0 - no_null), constant: size.constant }
}

/// A row whose wide values may be moved out of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Toasted {
    /// The tuple that stays.
    pub tuple: TupleSize,
    /// Bytes per row that are moved out.
    pub moved_bytes: f64,
    /// Rows of the TOAST table per row.
    pub chunks: f64,
}

/// What stays of a row above the TOAST threshold: the widest values are moved out, widest first, until the
/// rest fits (heap_toast_insert_or_update, heaptoast.c).
///
/// Widths are those of values as they come after compression, whose ratio nobody can know from a schema.
#[must_use]
pub fn toasted(columns: &[ColumnWidth]) -> Toasted {
    move_out(&mut columns.to_vec())
}

/// Rows of the TOAST table that a value takes once it is moved out.
#[must_use]
pub fn chunks(column: &ColumnWidth) -> f64 {
    (column.bytes / TOAST_CHUNK).ceil()
}

/// The same in place: the columns become what stays of them.
pub fn move_out(columns: &mut [ColumnWidth]) -> Toasted {
    let (mut moved_bytes, mut chunks) = (0.0, 0.0);
    loop {
        let tuple = heap_tuple(columns);
        let movable = |c: &&mut ColumnWidth| c.varlena && c.bytes > TOAST_POINTER;
        let widest = columns.iter_mut().filter(movable).max_by(|a, b| a.bytes.total_cmp(&b.bytes));
        match widest {
            Some(widest) if tuple.bytes > TOAST_THRESHOLD => {
                let present = 1.0 - widest.null_fraction;
                moved_bytes += widest.bytes * present;
                chunks += self::chunks(widest) * present;
                (widest.bytes, widest.spread) = (TOAST_POINTER, 0.0);
            }
            _ => return Toasted { tuple, moved_bytes, chunks },
        }
    }
}

/// Heap tuples that fit in a page filled to `fillfactor` (RelationGetBufferForTuple, hio.c); at least 1.
///
/// For tuples of varying size the last one that does not fit leaves half of itself free on average.
#[must_use]
pub fn heap_tuples_per_page(tuple: TupleSize, fillfactor: f64) -> f64 {
    let usable = PAGE_BYTES - PAGE_HEADER - (PAGE_BYTES * (1.0 - fillfactor) + 1e-6).floor();
    let tuples = usable / (tuple.bytes + LINE_POINTER);
    if tuple.constant { tuples.floor().max(1.0) } else { (tuples - 0.5).max(1.0) }
}

/// Heap pages of so many rows, freshly loaded.
#[must_use]
pub fn heap_pages(rows: f64, tuples_per_page: f64) -> f64 {
    (rows / tuples_per_page.max(1.0)).ceil()
}

/// Bytes of an index tuple, from its columns in order (index_form_tuple, indextuple.c), without its line
/// pointer.
#[must_use]
pub fn index_tuple(columns: &[ColumnWidth]) -> TupleSize {
    let no_null: f64 = columns.iter().map(|c| 1.0 - c.null_fraction).product();
    let size = close(data_bytes(INDEX_HEADER, columns));
    TupleSize { bytes: size.bytes + INDEX_NULLS * (1.0 - no_null), constant: size.constant && no_null.fract() == 0.0 }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A column of a fixed width, aligned to itself up to 8 bytes.
    pub(in super::super) fn fixed(bytes: u32) -> ColumnWidth {
        ColumnWidth { bytes: f64::from(bytes), spread: 0.0, align: bytes.min(8), varlena: false, null_fraction: 0.0 }
    }

    pub(in super::super) fn varying(bytes: f64, spread: f64) -> ColumnWidth {
        ColumnWidth { bytes, spread, align: 4, varlena: true, null_fraction: 0.0 }
    }

    fn pages(rows: f64, columns: &[ColumnWidth], fillfactor: f64) -> f64 {
        heap_pages(rows, heap_tuples_per_page(heap_tuple(columns), fillfactor))
    }

    #[track_caller]
    pub(in super::super) fn near(found: f64, expected: f64, tolerance: f64) {
        assert!((found / expected - 1.0).abs() <= tolerance, "{found} is not near {expected}");
    }

    // All expected pages are pg_class.relpages and pgstatindex() of PostgreSQL 15 after loading such rows.

    #[test]
    fn pages_of_tables_with_rows_of_one_size() {
        // pgbench_accounts at scale 10: three integers and char(84).
        let accounts = [fixed(4), fixed(4), fixed(4), varying(85.0, 0.0)];
        assert_eq!(heap_tuple(&accounts), TupleSize { bytes: 128.0, constant: true });
        assert_eq!(pages(1e6, &accounts, 1.0), 16394.0);
        // pgbench_history: four integers, a timestamp and a char(22) that is NULL.
        let filler = ColumnWidth { null_fraction: 1.0, ..varying(23.0, 0.0) };
        let history = [fixed(4), fixed(4), fixed(4), fixed(4), fixed(8), filler];
        assert_eq!(pages(200_000.0, &history, 1.0), 1274.0);
        // An integer and a text of 100 characters, fill factor 70.
        assert_eq!(pages(50_000.0, &[fixed(4), varying(101.0, 0.0)], 0.7), 1250.0);
        // Two bigints; one bigint; a uuid.
        assert_eq!(pages(1e6, &[fixed(8), fixed(8)], 1.0), 5406.0);
        assert_eq!(pages(5e6, &[fixed(8)], 1.0), 22124.0);
        let uuid = ColumnWidth { align: 1, ..fixed(16) };
        assert_eq!(pages(300_000.0, &[uuid], 1.0), 1622.0);
    }

    #[test]
    fn pages_of_tables_with_rows_of_many_sizes() {
        // orders: bigint, integer, text of 4 to 8, numeric, text of 10 to 50, timestamptz.
        let orders = [fixed(8), fixed(4), varying(5.75, 5.75), varying(6.98, 4.0), varying(31.0, 31.0), fixed(8)];
        near(pages(300_000.0, &orders, 1.0), 3523.0, 0.02);
        // An integer, a bigint that is NULL in half of the rows, a text of 10 that is in a quarter.
        let bigint = ColumnWidth { null_fraction: 0.5, ..fixed(8) };
        let text = ColumnWidth { null_fraction: 0.25, ..varying(11.0, 0.0) };
        near(pages(100_000.0, &[fixed(4), bigint, text], 1.0), 614.0, 0.05);
    }

    #[test]
    fn wide_values_move_out() {
        // An integer and a text of 5120 bytes that is not compressed: 13 heap pages for 2,000 rows, and
        // 6,000 rows in the TOAST table.
        let row = toasted(&[fixed(4), varying(5124.0, 0.0)]);
        assert_eq!(heap_pages(2000.0, heap_tuples_per_page(row.tuple, 1.0)), 13.0);
        assert_eq!((row.chunks, row.moved_bytes), (3.0, 5124.0));
        // Below the threshold all stays.
        assert_eq!(toasted(&[fixed(4), varying(1900.0, 0.0)]).chunks, 0.0);
    }
}
