//! MERGE, and what is neither a query nor a write of rows: locks on tables, TRUNCATE, COPY, cursors.

use super::{Assignment, Cte, Expr, QualifiedName, Query, SelectItem, Span, Statement, TableRef};

/// MERGE.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// WITH list.
    pub with: Vec<Cte>,
    /// Target.
    pub table: QualifiedName,
    /// AS alias.
    pub alias: Option<String>,
    /// ONLY.
    pub only: bool,
    /// Where the target is written.
    pub span: Span,
    /// USING.
    pub source: TableRef,
    /// ON.
    pub on: Expr,
    /// WHEN clauses, in order: a row takes the first whose condition holds.
    pub when: Vec<MergeWhen>,
    /// RETURNING.
    pub returning: Vec<SelectItem>,
}

/// One WHEN clause of a MERGE.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeWhen {
    /// For which rows.
    pub rows: MergeRows,
    /// AND condition.
    pub condition: Option<Expr>,
    /// THEN.
    pub action: MergeAction,
    /// Where it is written.
    pub span: Span,
}

/// The rows that a WHEN clause is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeRows {
    /// MATCHED.
    Matched,
    /// NOT MATCHED (BY TARGET).
    NotMatched,
    /// NOT MATCHED BY SOURCE.
    NotMatchedBySource,
}

/// What a WHEN clause does.
#[derive(Debug, Clone, PartialEq)]
pub enum MergeAction {
    /// UPDATE SET.
    Update(Vec<Assignment>),
    /// DELETE.
    Delete,
    /// INSERT; without values: DEFAULT VALUES.
    Insert {
        /// Column list; empty: all in order.
        columns: Vec<(String, Span)>,
        /// VALUES.
        values: Option<Vec<Expr>>,
    },
    /// DO NOTHING.
    Nothing,
}

/// A table that a command names.
pub type NamedTable = (QualifiedName, Span);

/// A command that concerns tables or cursors as a whole.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// LOCK TABLE.
    LockTable {
        /// Which.
        tables: Vec<NamedTable>,
        /// In which mode.
        mode: TableLockMode,
        /// NOWAIT.
        nowait: bool,
    },
    /// TRUNCATE.
    Truncate {
        /// Which.
        tables: Vec<NamedTable>,
        /// CASCADE: those that refer to them too.
        cascade: bool,
    },
    /// COPY ... FROM.
    CopyFrom {
        /// Target.
        table: NamedTable,
        /// Column list; empty: all in order.
        columns: Vec<(String, Span)>,
    },
    /// DECLARE ... CURSOR.
    Declare {
        /// The cursor's name.
        cursor: String,
        /// What it reads.
        query: Box<Query>,
    },
    /// FETCH or MOVE.
    Fetch {
        /// The cursor's name.
        cursor: String,
        /// How many rows; `None`: all that are left.
        rows: Option<Expr>,
        /// MOVE: nothing is sent.
        moved: bool,
        /// Where the cursor is named.
        span: Span,
    },
    /// PREPARE.
    Prepare {
        /// Its name.
        name: String,
        /// What it prepares.
        statement: Box<Statement>,
    },
    /// EXECUTE.
    Execute {
        /// The prepared statement's name.
        name: String,
        /// Values of its parameters.
        args: Vec<Expr>,
        /// Where it is named.
        span: Span,
    },
}

/// Modes of a lock on a whole table, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableLockMode {
    /// What reading takes.
    AccessShare,
    /// What SELECT FOR UPDATE and its kin take.
    RowShare,
    /// What writing takes.
    RowExclusive,
    /// What VACUUM and ANALYZE take.
    ShareUpdateExclusive,
    /// What CREATE INDEX takes.
    Share,
    /// SHARE ROW EXCLUSIVE.
    ShareRowExclusive,
    /// What REFRESH MATERIALIZED VIEW CONCURRENTLY takes.
    Exclusive,
    /// What TRUNCATE takes, and LOCK TABLE that says nothing else.
    AccessExclusive,
}

impl TableLockMode {
    /// The name as SQL writes it, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessShare => "access share",
            Self::RowShare => "row share",
            Self::RowExclusive => "row exclusive",
            Self::ShareUpdateExclusive => "share update exclusive",
            Self::Share => "share",
            Self::ShareRowExclusive => "share row exclusive",
            Self::Exclusive => "exclusive",
            Self::AccessExclusive => "access exclusive",
        }
    }
}
