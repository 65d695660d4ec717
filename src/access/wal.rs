//! Bytes of WAL by record, as the server writes them.
//!
//! Whole records (`xl_tot_len`): 24 bytes of XLogRecord, 20 of the first block reference with its
//! relation, 8 of a second block of the same relation, 2 of the main data's header, then what the
//! record's own structure and data take (PostgreSQL's access/heapam_xlog.h, nbtxlog.h,
//! xlogrecord.h). `EXPLAIN (WAL)`, `pg_stat_statements` and `pg_stat_wal` count the same.

/// XLogRecord, one block reference and the header of the main data.
const RECORD: f64 = 24.0 + 20.0 + 2.0;
/// A further block of the same relation.
const SECOND_BLOCK: f64 = 8.0;
/// The fixed header of a heap tuple, which the log replaces by a shorter one.
const TUPLE_HEADER: f64 = 23.0;
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
/// Lengths of the unchanged prefix and suffix of an updated tuple.
const PREFIX_SUFFIX: f64 = 4.0;
/// Bytes of WAL per file that TRUNCATE makes.
const NEW_FILE: f64 = 580.0;
/// xl_btree_insert.
const XL_BTREE_INSERT: f64 = 2.0;

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
/// `header_bytes` is the tuple header with null bitmap and padding, `changed_bytes` the rest that is logged.
#[must_use]
pub fn update_same_page(header_bytes: f64, changed_bytes: f64) -> f64 {
    RECORD + XL_HEAP_UPDATE + XL_HEAP_HEADER + PREFIX_SUFFIX + (header_bytes - TUPLE_HEADER) + changed_bytes
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
    RECORD + XL_HEAP_DELETE
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
    }
}
