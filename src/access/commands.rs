//! Commands on whole tables: LOCK TABLE, TRUNCATE, COPY FROM, cursors.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::bind::Binder;
use crate::access::block::{Action, Bound, Insert, Node};
use crate::access::column::ColumnInfo;
use crate::access::footprint::{Footprint, LockUse, Lockable, PageTouch, Popularity, RelationId};
use crate::access::relation::TableInfo;
use crate::access::statements::Footprints;
use crate::access::wal;
use crate::diagnostic::{InputError, Warning};
use crate::schema::{TableId, TypeFamily};
use crate::sql::tree::{Command, LockMode, LockWait, NamedTable, TableLockMode};
use crate::units::Bytes;

/// Rows that a COPY FROM is taken to bring when the workload does not say.
const COPIED_ROWS: f64 = 1000.0;

/// LOCK TABLE or TRUNCATE.
#[derive(Debug, Clone)]
pub struct TableCommand {
    /// Which tables.
    pub tables: Vec<Arc<TableInfo>>,
    /// How strongly each is locked.
    pub mode: TableLockMode,
    /// NOWAIT.
    pub nowait: bool,
    /// TRUNCATE: they are emptied, too.
    pub emptied: bool,
}

impl TableCommand {
    /// What it leaves behind.
    #[must_use]
    pub fn footprint(&self, warnings: &[Warning]) -> Footprint {
        let mut footprint = Footprint { warnings: warnings.to_vec(), ..Footprint::default() };
        footprint.counts.message = 1.0;
        let wait = if self.nowait { LockWait::NoWait } else { LockWait::Block };
        for info in &self.tables {
            footprint.locks.push(table_lock(info.id, self.mode, wait));
            if self.emptied {
                // Heap, TOAST table with its index, and each index get a new file and a new catalog row.
                let long = |c: &ColumnInfo| c.width.varlena && c.family != TypeFamily::Numeric;
                let toast = if info.columns.iter().any(long) { 2.0 } else { 0.0 };
                let files = 1.0 + toast + info.indexes.len() as f64;
                footprint.wal_bytes += Bytes(files * wal::new_file());
                footprint.counts.file_made += files;
                footprint.writes = true;
            }
        }
        footprint
    }
}

/// The lock on a table as a whole.
#[must_use]
pub fn table_lock(table: TableId, mode: TableLockMode, wait: LockWait) -> LockUse {
    LockUse {
        table,
        of: Lockable::Table(mode),
        rows: 1.0,
        mode: as_row_mode(mode),
        wait,
        popularity: Popularity::uniform(1.0),
        which: None,
    }
}

/// Where a statement locks a table as a whole, those that read or write it lock it too, each in its own mode.
pub fn note_users(footprints: &mut Footprints) {
    let locked: BTreeSet<TableId> = footprints
        .iter()
        .flatten()
        .flatten()
        .flat_map(|f| &f.locks)
        .filter(|l| matches!(l.of, Lockable::Table(_)))
        .map(|l| l.table)
        .collect();
    if locked.is_empty() {
        return;
    }
    for footprint in footprints.iter_mut().flatten().flatten() {
        for table in &locked {
            if footprint.locks.iter().any(|l| l.table == *table && matches!(l.of, Lockable::Table(_))) {
                continue;
            }
            let of =
                |t: &&PageTouch| matches!(t.relation, RelationId::Heap(id) | RelationId::Index(id, _) if id == *table);
            let touched = footprint.touches.iter().any(|t| of(&t));
            let writes = footprint.touches.iter().filter(of).any(|t| t.modified > 0.0);
            let mode = if writes { TableLockMode::RowExclusive } else { TableLockMode::AccessShare };
            if touched {
                footprint.locks.insert(0, table_lock(*table, mode, LockWait::Block));
            }
        }
    }
}

/// The row lock mode that conflicts with the others as a table's mode does with its own kind.
///
/// Exact for what applications take: reading, writing, SHARE ROW EXCLUSIVE and stronger. SHARE UPDATE EXCLUSIVE
/// and SHARE have no counterpart; the nearest stronger one stands for them.
const fn as_row_mode(mode: TableLockMode) -> LockMode {
    match mode {
        TableLockMode::AccessShare | TableLockMode::RowShare => LockMode::KeyShare,
        TableLockMode::RowExclusive => LockMode::Share,
        TableLockMode::ShareUpdateExclusive
        | TableLockMode::Share
        | TableLockMode::ShareRowExclusive
        | TableLockMode::Exclusive => LockMode::NoKeyUpdate,
        TableLockMode::AccessExclusive => LockMode::Update,
    }
}

impl Binder<'_, '_> {
    /// Resolves a command.
    pub(super) fn command(&mut self, command: &Command) -> Result<Bound, InputError> {
        let action = match command {
            Command::LockTable { tables, mode, nowait } => {
                let tables = self.named_tables(tables)?;
                Action::Tables(TableCommand { tables, mode: *mode, nowait: *nowait, emptied: false })
            }
            Command::Truncate { tables, cascade } => {
                let mut tables = self.named_tables(tables)?;
                if *cascade {
                    self.add_referencing(&mut tables);
                }
                let mode = TableLockMode::AccessExclusive;
                Action::Tables(TableCommand { tables, mode, nowait: false, emptied: true })
            }
            Command::CopyFrom { table, columns } => self.copy_from(table, columns)?,
            Command::Declare { query, .. } => {
                // Nothing runs before the first FETCH; the names are looked up here all the same.
                self.query(query, &[])?;
                Action::Utility
            }
            Command::Prepare { statement, .. } => {
                self.nested(statement)?;
                Action::Utility
            }
            Command::Fetch { .. } | Command::Execute { .. } => Action::Utility,
        };
        Ok(Bound { ctes: Vec::new(), action, returning: Vec::new() })
    }

    fn named_tables(&mut self, tables: &[NamedTable]) -> Result<Vec<Arc<TableInfo>>, InputError> {
        tables.iter().map(|(name, span)| self.table(name, span)).collect()
    }

    fn add_referencing(&mut self, tables: &mut Vec<Arc<TableInfo>>) {
        let mut at = 0;
        while at < tables.len() {
            for (child, _) in self.catalog.referencing(tables[at].id) {
                if !tables.iter().any(|t| t.id == child) {
                    let info = self.linked(child);
                    tables.push(info);
                }
            }
            at += 1;
        }
    }

    fn copy_from(
        &mut self,
        table: &NamedTable,
        columns: &[(String, std::ops::Range<usize>)],
    ) -> Result<Action, InputError> {
        let info = self.table(&table.0, &table.1)?;
        let columns: Vec<usize> = if columns.is_empty() {
            (0..info.columns.len()).collect()
        } else {
            columns.iter().map(|(name, span)| self.target(&info, name, span)).collect::<Result<_, _>>()?
        };
        let rows = self.statement.rows.unwrap_or(COPIED_ROWS);
        if self.statement.rows.is_none() {
            let message = format!("COPY FROM is taken to bring {COPIED_ROWS} rows; say how many with `rows`");
            self.partly(&table.1, message);
        }
        let leaves = self.catalog.leaves(info.id, false);
        let outgoing = self.outgoing(&info, |_| true);
        let source = Node::Values { rows, outputs: Vec::new(), values: Vec::new(), subplans: Vec::new() };
        Ok(Action::Insert(Box::new(Insert {
            table: info,
            leaves,
            columns,
            source: Some(source),
            values: Vec::new(),
            further: Vec::new(),
            conflict: None,
            outgoing,
            copied: true,
        })))
    }
}
