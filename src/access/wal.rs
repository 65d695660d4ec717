//! Bytes of WAL by record, as the server writes them.
//!
//! Whole records (`xl_tot_len`): 24 bytes of XLogRecord, 20 of the first block reference with its
//! relation, 8 of a second block of the same relation, 2 of the main data's header, then what the
//! record's own structure and data take (PostgreSQL's access/heapam_xlog.h, nbtxlog.h,
//! xlogrecord.h). `EXPLAIN (WAL)`, `pg_stat_statements` and `pg_stat_wal` count the same.

use crate::access::postgres::TUPLE_HEADER;

/// XLogRecord, one block reference and the header of the main data.
const RECORD: f64 = 24.0 + 20.0 + 2.0;
/// A further block of the same relation.
const SECOND_BLOCK: f64 = 8.0;
/// xl_heap_header: what the log keeps of the tuple header.
const XL_HEAP_HEADER: f64 = 5.0;
/// xl_heap_insert.
const XL_HEAP_INSERT: f64 = 3.0;
/// xl_heap_update.
const XL_HEAP_UPDATE: f64 = 14.0;
/// xl_heap_delete and xl_heap_lock.
const XL_HEAP_DELETE: f64 = 8.0;
/// xl_heap_prune before version 17.
const XL_HEAP_PRUNE: f64 = 8.0;
/// Length of the unchanged prefix of an updated tuple, and of its suffix.
const UNCHANGED_LENGTH: f64 = 2.0;
/// Bytes of WAL per file that TRUNCATE makes.
const NEW_FILE: f64 = 580.0;
/// xl_btree_insert.
const XL_BTREE_INSERT: f64 = 2.0;
/// xl_btree_split.
const XL_BTREE_SPLIT: f64 = 10.0;
/// xl_hash_insert.
const XL_HASH_INSERT: f64 = 2.0;
/// gistxlogPageUpdate.
const XL_GIST_UPDATE: f64 = 4.0;
/// ginxlogUpdateMeta, the metapage's data inside.
const XL_GIN_META: f64 = 88.0;
/// xl_heap_lock without its padding is as long as xl_heap_delete.
const XL_HEAP_LOCK: f64 = 8.0;

/// One row inserted; `tuple_bytes` with its header.
#[must_use]
pub fn heap_insert(tuple_bytes: f64) -> f64 {
    RECORD + XL_HEAP_INSERT + XL_HEAP_HEADER + tuple_bytes - TUPLE_HEADER
}

/// Rows inserted by COPY or CREATE TABLE AS, per row of a page of many (XLOG_HEAP2_MULTI_INSERT).
#[must_use]
pub fn heap_multi_insert(tuple_bytes: f64, rows_per_page: f64) -> f64 {
    (RECORD + 4.0) / rows_per_page.max(1.0) + 2.0 + 7.0 + tuple_bytes - TUPLE_HEADER
}

/// A new file for a table or index (TRUNCATE): its creation (XLOG_SMGR_CREATE) and its new row in pg_class with the
/// entries of that catalog's indexes. Measured on version 15: 536, 1678 and 2940 bytes for tables of 1, 3 and 5 files,
/// the longer commit record included.
#[must_use]
pub const fn new_file() -> f64 {
    NEW_FILE
}

/// One row updated on its own page: only what lies between the unchanged prefix and suffix is logged.
///
/// `header_bytes` is the tuple header with null bitmap and padding, `changed_bytes` the rest that is logged;
/// the ends that stay are 0 to 2.
#[must_use]
pub fn update_same_page(header_bytes: f64, changed_bytes: f64, unchanged_ends: f64) -> f64 {
    let unchanged = UNCHANGED_LENGTH * unchanged_ends;
    RECORD + XL_HEAP_UPDATE + XL_HEAP_HEADER + unchanged + (header_bytes - TUPLE_HEADER) + changed_bytes
}

/// One row updated to a new version on another page, which is logged whole.
#[must_use]
pub fn update_other_page(tuple_bytes: f64) -> f64 {
    RECORD + SECOND_BLOCK + XL_HEAP_UPDATE + XL_HEAP_HEADER + tuple_bytes - TUPLE_HEADER
}

/// One row deleted.
#[must_use]
pub fn heap_delete() -> f64 {
    RECORD + XL_HEAP_DELETE
}

/// One row locked.
#[must_use]
pub fn heap_lock() -> f64 {
    RECORD + XL_HEAP_LOCK
}

/// A speculative insert (ON CONFLICT) confirmed: xl_heap_confirm holds an offset.
#[must_use]
pub fn speculative_confirm() -> f64 {
    RECORD + 2.0
}

/// A sequence's state: xl_seq_rec and the sequence's only row.
#[must_use]
pub fn sequence() -> f64 {
    RECORD + 12.0 + 41.0
}

/// One page pruned: redirected line pointers take 4 bytes, dead and unused ones 2.
#[must_use]
pub fn prune(redirected: f64, unused_or_dead: f64) -> f64 {
    RECORD + XL_HEAP_PRUNE + 4.0 * redirected + 2.0 * unused_or_dead
}

/// One entry of `entry_bytes` (header included, aligned) inserted into a leaf.
#[must_use]
pub fn btree_insert(entry_bytes: f64) -> f64 {
    RECORD + XL_BTREE_INSERT + entry_bytes
}

/// A leaf split: `moved_bytes` of entries go to the new page, and the parent gets an entry.
///
/// The new page is logged as its entries without line pointers, the old one by its new high key and,
/// half of the times, the new entry; a split in the middle also names the page to the right.
#[must_use]
pub fn btree_split(entry_bytes: f64, moved_bytes: f64, middle: bool) -> f64 {
    let (right, new_entry) = if middle { (SECOND_BLOCK, 0.5 * entry_bytes) } else { (0.0, 0.0) };
    let split = RECORD + SECOND_BLOCK + right + XL_BTREE_SPLIT + entry_bytes + new_entry + moved_bytes;
    split + btree_insert(entry_bytes) + SECOND_BLOCK
}

/// One entry of a hash index, which names the metapage too.
#[must_use]
pub fn hash_insert(entry_bytes: f64) -> f64 {
    RECORD + SECOND_BLOCK + XL_HASH_INSERT + entry_bytes
}

/// One entry of a GiST or SP-GiST index.
#[must_use]
pub fn gist_insert(entry_bytes: f64) -> f64 {
    RECORD + XL_GIST_UPDATE + entry_bytes
}

/// One row's keys put on the pending list of a GIN index (XLOG_GIN_UPDATE_META_PAGE).
#[must_use]
pub fn gin_pending(entries_bytes: f64) -> f64 {
    RECORD + SECOND_BLOCK + XL_GIN_META + entries_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: pg_waldump of PostgreSQL 15 (a pgbench history row of 48 bytes; a bigint key).
    #[test]
    fn records_as_the_server_writes_them() {
        assert_eq!(heap_insert(48.0), 79.0);
        assert_eq!(btree_insert(16.0), 64.0);
        assert_eq!(heap_lock(), 54.0);
        assert_eq!(heap_delete(), 54.0);
        // pgbench's UPDATE of a balance that changes two bytes; one row pruned away beside a redirect.
        assert_eq!(update_same_page(24.0, 2.0, 2.0), 72.0);
        assert_eq!(prune(1.0, 0.0), 58.0);
        // A leaf of bigint keys that split at the right edge, and its parent's entry.
        assert_eq!(btree_split(16.0, 0.0, false) - 80.0, 72.0);
        // Two arrays of three short texts each went to GIN indexes in records of 189 and 190 bytes.
        assert_eq!(gin_pending(3.0 * 16.0), 190.0);
    }
}
