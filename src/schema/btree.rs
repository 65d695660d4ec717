//! The shape of B-trees: rows per leaf, pages, height, lists of equal keys.

use super::sizes::{LINE_POINTER, PAGE_HEADER, TupleSize, aligned};
use super::types::{DataType, TypeFamily};
use crate::units::PAGE_BYTES;

/// B-tree page's special space (BTPageOpaqueData, nbtree.h).
const BTREE_SPECIAL: f64 = 16.0;
/// Default fill of B-tree leaves in a build or at the right edge (BTREE_DEFAULT_FILLFACTOR, nbtree.h).
pub const BTREE_FILLFACTOR: f64 = 0.9;
/// Fill of a B-tree's upper pages in a build (BTREE_NONLEAF_FILLFACTOR, nbtree.h).
const BTREE_UPPER_FILLFACTOR: f64 = 0.7;
/// Fill of leaves under inserts at random places: ln 2 of pages that split in halves (Yao 1978).
pub const RANDOM_FILL: f64 = std::f64::consts::LN_2;
/// Bytes of a row's place in a posting list (ItemPointerData, itemptr.h).
const ROW_POINTER: f64 = 6.0;
/// Most bytes of a posting list in a build: a tenth of a page (_bt_load, nbtsort.c).
const POSTING_BYTES: f64 = 812.0;

/// Whether a B-tree keeps equal keys of this type once, with a list of their rows (btequalimage and
/// _bt_allequalimage, nbtutils.c): equal values must be equal bytes.
#[must_use]
pub fn can_deduplicate(ty: &DataType) -> bool {
    let unequal_images = matches!(ty.name.as_str(), "real" | "double precision" | "interval");
    !ty.array && !unequal_images && matches!(ty.family, TypeFamily::Machine | TypeFamily::Text | TypeFamily::Bytes)
}

/// How the entries of a B-tree came to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BtreeGrowth {
    /// Built at once, or grown at its right edge: leaves are full to this fill factor, 0..1.
    Packed(f64),
    /// Inserts at random places.
    Random,
}

/// The shape of a B-tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Btree {
    /// Rows per leaf page.
    pub rows_per_leaf: f64,
    /// Leaf pages.
    pub leaf_pages: f64,
    /// Pages above the leaves.
    pub upper_pages: f64,
    /// Pages from the root to a leaf, both included: what a descent visits.
    pub height: f64,
}

impl Btree {
    /// All pages, the metapage included (pg_class.relpages).
    #[must_use]
    pub fn pages(&self) -> f64 {
        self.leaf_pages + self.upper_pages + 1.0
    }
}

/// Entries on a page filled to `fill`, by the rule of a build: a page ends when less than the rest is free
/// (_bt_buildadd, nbtsort.c); the last entry moves on and leaves its key as the high key.
fn entries_per_page(entry: TupleSize, fill: f64) -> f64 {
    let usable = PAGE_BYTES - PAGE_HEADER - BTREE_SPECIAL - 2.0 * LINE_POINTER;
    let free = (PAGE_BYTES * (1.0 - fill) + 1e-6).floor();
    let entries = (usable - free) / (entry.bytes + LINE_POINTER);
    if entry.constant { entries.floor().max(2.0) } else { entries.max(2.0) }
}

/// Bytes per row in the leaves, line pointer included, with `duplicates` rows per key; an entry that is no
/// list has its own.
fn bytes_per_row(entry: TupleSize, duplicates: f64) -> f64 {
    if duplicates <= 1.0 {
        return entry.bytes + LINE_POINTER;
    }
    let most = ((POSTING_BYTES - entry.bytes) / ROW_POINTER).floor().max(1.0);
    let lists = (duplicates / most).floor();
    let rest = duplicates - lists * most;
    // Keys do not have the same number of rows each, so the end of a list is anywhere.
    let list = |rows: f64| if rows <= 1.0 { entry.bytes } else { entry.bytes + rows * ROW_POINTER + 3.5 };
    let full = lists * (aligned(entry.bytes + most * ROW_POINTER, 8.0) + LINE_POINTER);
    let last = if rest > 0.0 { list(rest) + LINE_POINTER } else { 0.0 };
    (full + last) / duplicates
}

/// The shape of a B-tree over `rows` rows with entries of that size.
///
/// `duplicates` is the number of rows per key when the index deduplicates (version 13 on, not for unique
/// indexes or those with INCLUDE; see [`can_deduplicate`]), else 1. Upper pages hold one entry per page
/// below, full to 70 % in a build and to about the same under inserts.
#[must_use]
pub fn btree(rows: f64, entry: TupleSize, duplicates: f64, growth: BtreeGrowth) -> Btree {
    let fill = match growth {
        BtreeGrowth::Packed(fillfactor) => fillfactor,
        BtreeGrowth::Random => RANDOM_FILL,
    };
    let per_row = if duplicates > 1.0 {
        TupleSize { bytes: bytes_per_row(entry, duplicates) - LINE_POINTER, constant: false }
    } else {
        entry
    };
    let rows_per_leaf = entries_per_page(per_row, fill);
    // The first page splits only once it is full.
    let whole = entries_per_page(per_row, 1.0);
    if rows <= whole {
        return Btree { rows_per_leaf: rows_per_leaf.max(rows), leaf_pages: 1.0, upper_pages: 0.0, height: 1.0 };
    }
    let leaf_pages = (rows / rows_per_leaf).ceil().max(1.0);
    let fanout = entries_per_page(entry, BTREE_UPPER_FILLFACTOR);
    let (mut upper_pages, mut height, mut level) = (0.0, 1.0, leaf_pages);
    while level > 1.0 {
        level = (level / fanout).ceil();
        upper_pages += level;
        height += 1.0;
    }
    Btree { rows_per_leaf, leaf_pages, upper_pages, height }
}

#[cfg(test)]
mod tests {
    use super::super::sizes::tests::{fixed, near, varying};
    use super::super::sizes::{ColumnWidth, index_tuple};
    use super::*;

    // All expected pages are those that pgstatindex() of PostgreSQL 15 gives after loading such rows.

    #[test]
    fn trees_built_in_order() {
        let integer = index_tuple(&[fixed(4)]);
        assert_eq!(integer, TupleSize { bytes: 16.0, constant: true });
        let tree = btree(1e6, integer, 1.0, BtreeGrowth::Packed(BTREE_FILLFACTOR));
        assert_eq!((tree.leaf_pages, tree.upper_pages, tree.height, tree.pages()), (2733.0, 11.0, 3.0, 2745.0));
        let tree = btree(5e6, index_tuple(&[fixed(8)]), 1.0, BtreeGrowth::Packed(BTREE_FILLFACTOR));
        assert_eq!((tree.leaf_pages, tree.height), (13662.0, 3.0));
        near(tree.pages(), 13712.0, 0.001);
        // Small trees: a single leaf is the root.
        let tree = btree(300.0, integer, 1.0, BtreeGrowth::Packed(BTREE_FILLFACTOR));
        assert_eq!((tree.leaf_pages, tree.height, tree.pages()), (1.0, 1.0, 2.0));
        assert_eq!(btree(0.0, integer, 1.0, BtreeGrowth::Random).leaf_pages, 1.0);
        // Two columns, and a numeric of 3 to 8 bytes, which is never deduplicated.
        let tree = btree(300_000.0, index_tuple(&[fixed(4), fixed(8)]), 1.0, BtreeGrowth::Packed(BTREE_FILLFACTOR));
        near(tree.leaf_pages, 1150.0, 0.01);
        let tree = btree(300_000.0, index_tuple(&[varying(6.98, 4.0)]), 1.0, BtreeGrowth::Packed(BTREE_FILLFACTOR));
        near(tree.leaf_pages, 820.0, 0.1);
    }

    #[test]
    fn trees_with_duplicates() {
        let built = |columns: &[ColumnWidth], duplicates: f64| {
            btree(300_000.0, index_tuple(columns), duplicates, BtreeGrowth::Packed(BTREE_FILLFACTOR)).leaf_pages
        };
        near(built(&[fixed(4)], 6.0), 410.0, 0.02);
        near(built(&[varying(5.75, 5.75)], 75_000.0), 253.0, 0.02);
        near(built(&[varying(31.0, 31.0)], 300_000.0 / 41.0), 265.0, 0.05);
        near(built(&[fixed(4), varying(5.75, 5.75)], 6.0), 463.0, 0.06);
    }

    #[test]
    fn trees_grown_at_random_places() {
        // A bigint in random order: 3,736 leaves and 3 levels; a random uuid: 1,410; an integer with six rows
        // per value inserted in random order: 571. Their fill goes up and down as they grow.
        let tree = btree(1e6, index_tuple(&[fixed(8)]), 1.0, BtreeGrowth::Random);
        near(tree.leaf_pages, 3736.0, 0.08);
        assert_eq!(tree.height, 3.0);
        let uuid = ColumnWidth { align: 1, ..fixed(16) };
        near(btree(300_000.0, index_tuple(&[uuid]), 1.0, BtreeGrowth::Random).leaf_pages, 1410.0, 0.08);
        near(btree(300_000.0, index_tuple(&[fixed(4)]), 6.0, BtreeGrowth::Random).leaf_pages, 571.0, 0.08);
    }
}
