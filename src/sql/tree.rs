//! The tree of a statement: what it reads, writes and locks.
//!
//! Spans are byte ranges in the text that was parsed. Names are folded as PostgreSQL folds them
//! (unquoted names in lower case).

mod command;
mod expression;
mod locking;

use std::ops::Range;

pub use command::*;
pub use expression::*;
pub use locking::*;

/// A byte range in the statement's text.
pub type Span = Range<usize>;

/// A possibly schema-qualified name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QualifiedName {
    /// The schema, when written.
    pub schema: Option<String>,
    /// The name itself.
    pub name: String,
}

/// One statement of a workload.
// A workload holds a handful of them, so their size does not matter.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// SELECT, VALUES or TABLE, with its WITH.
    Query(Query),
    /// INSERT.
    Insert(Insert),
    /// UPDATE.
    Update(Update),
    /// DELETE.
    Delete(Delete),
    /// MERGE.
    Merge(Box<Merge>),
    /// LOCK TABLE, TRUNCATE, COPY FROM, cursors.
    Command(Command),
    /// BEGIN or START TRANSACTION.
    Begin,
    /// COMMIT or END.
    Commit,
    /// ROLLBACK of the whole transaction.
    Rollback,
    /// A statement that touches no table and costs a message: SET, SHOW, SAVEPOINT, LISTEN ...
    Utility {
        /// Its first words, for messages.
        what: String,
    },
}

/// A query with its modifiers.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// WITH list.
    pub with: Vec<Cte>,
    /// What is selected.
    pub body: Body,
    /// ORDER BY.
    pub order_by: Vec<OrderBy>,
    /// LIMIT or FETCH FIRST.
    pub limit: Option<Expr>,
    /// OFFSET.
    pub offset: Option<Expr>,
    /// FOR UPDATE and its kin.
    pub locks: Vec<LockClause>,
}

/// One common table expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Cte {
    /// Its name.
    pub name: String,
    /// Column aliases.
    pub columns: Vec<String>,
    /// WITH RECURSIVE.
    pub recursive: bool,
    /// MATERIALIZED (`Some(true)`), NOT MATERIALIZED (`Some(false)`) or neither.
    pub materialized: Option<bool>,
    /// What it computes; may write.
    pub statement: Box<Statement>,
}

/// The body of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// SELECT ...
    Select(Box<Select>),
    /// UNION, INTERSECT, EXCEPT.
    SetOperation {
        /// Which.
        op: SetOperator,
        /// Keeps duplicates.
        all: bool,
        /// Left side.
        left: Box<Query>,
        /// Right side.
        right: Box<Query>,
    },
    /// VALUES rows.
    Values(Vec<Vec<Expr>>),
}

/// UNION, INTERSECT or EXCEPT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOperator {
    /// UNION
    Union,
    /// INTERSECT
    Intersect,
    /// EXCEPT
    Except,
}

/// SELECT without its outer modifiers.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// DISTINCT or DISTINCT ON.
    pub distinct: Distinct,
    /// The select list.
    pub items: Vec<SelectItem>,
    /// FROM, each comma-separated entry.
    pub from: Vec<TableRef>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// GROUP BY.
    pub group_by: Vec<Expr>,
    /// HAVING.
    pub having: Option<Expr>,
}

/// DISTINCT.
#[derive(Debug, Clone, PartialEq)]
pub enum Distinct {
    /// Not given.
    No,
    /// DISTINCT.
    All,
    /// DISTINCT ON (...).
    On(Vec<Expr>),
}

/// One entry of a select or RETURNING list.
#[derive(Debug, Clone, PartialEq)]
pub enum SelectItem {
    /// `*` or `t.*`.
    Star {
        /// The table, when written.
        qualifier: Option<String>,
    },
    /// An expression.
    Expr {
        /// The expression.
        expr: Expr,
        /// AS name.
        alias: Option<String>,
    },
}

/// One entry of FROM.
#[derive(Debug, Clone, PartialEq)]
pub enum TableRef {
    /// A table, view or CTE.
    Table {
        /// Its name.
        name: QualifiedName,
        /// AS alias.
        alias: Option<String>,
        /// Column aliases.
        columns: Vec<String>,
        /// ONLY.
        only: bool,
        /// Where it is written.
        span: Span,
    },
    /// A subquery.
    Subquery {
        /// The query.
        query: Box<Query>,
        /// AS alias.
        alias: Option<String>,
        /// Column aliases.
        columns: Vec<String>,
        /// LATERAL.
        lateral: bool,
    },
    /// A set-returning function.
    Function {
        /// Its name.
        name: QualifiedName,
        /// Arguments.
        args: Vec<Expr>,
        /// AS alias.
        alias: Option<String>,
        /// Column aliases.
        columns: Vec<String>,
        /// LATERAL.
        lateral: bool,
    },
    /// A join.
    Join {
        /// Which.
        kind: JoinKind,
        /// Left side.
        left: Box<TableRef>,
        /// Right side.
        right: Box<TableRef>,
        /// What joins them.
        condition: JoinCondition,
    },
}

/// Kinds of join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// INNER or CROSS.
    Inner,
    /// LEFT.
    Left,
    /// RIGHT.
    Right,
    /// FULL.
    Full,
}

/// What joins two sides.
#[derive(Debug, Clone, PartialEq)]
pub enum JoinCondition {
    /// CROSS JOIN, or nothing.
    None,
    /// ON expression.
    On(Expr),
    /// USING (columns), with AS alias.
    Using(Vec<String>, Option<String>),
    /// NATURAL.
    Natural,
}

/// One ORDER BY entry.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderBy {
    /// What is ordered by.
    pub expr: Expr,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST (`Some(true)`), NULLS LAST, or neither.
    pub nulls_first: Option<bool>,
}

/// INSERT.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// WITH list.
    pub with: Vec<Cte>,
    /// Target.
    pub table: QualifiedName,
    /// AS alias.
    pub alias: Option<String>,
    /// Where the target is written.
    pub span: Span,
    /// Column list; empty: all in order.
    pub columns: Vec<(String, Span)>,
    /// Where the rows come from; `None`: DEFAULT VALUES.
    pub source: Option<Query>,
    /// ON CONFLICT.
    pub on_conflict: Option<OnConflict>,
    /// RETURNING.
    pub returning: Vec<SelectItem>,
}

/// ON CONFLICT.
#[derive(Debug, Clone, PartialEq)]
pub struct OnConflict {
    /// The arbiter's expressions, or empty.
    pub target: Vec<Expr>,
    /// The arbiter's predicate.
    pub target_filter: Option<Expr>,
    /// ON CONSTRAINT name.
    pub constraint: Option<String>,
    /// DO UPDATE SET ...; `None`: DO NOTHING.
    pub update: Option<Vec<Assignment>>,
    /// DO UPDATE ... WHERE.
    pub filter: Option<Expr>,
}

/// `column = value` of an UPDATE.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The column assigned.
    pub column: String,
    /// Where it is written.
    pub span: Span,
    /// The value; `(a, b) = (SELECT ...)` repeats the subquery for each column.
    pub value: Expr,
}

/// UPDATE.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
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
    /// SET list.
    pub assignments: Vec<Assignment>,
    /// FROM.
    pub from: Vec<TableRef>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// RETURNING.
    pub returning: Vec<SelectItem>,
}

/// DELETE.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
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
    pub using: Vec<TableRef>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// RETURNING.
    pub returning: Vec<SelectItem>,
}
