//! A statement with its names resolved: relations, clauses and what is done with the rows.
//!
//! Columns in these expressions carry the place of their relation in the qualifier (`#0`, `#1`, ...),
//! or [`OUTER`] when they belong to an enclosing query and so are constants within one execution.

use std::sync::Arc;

use crate::access::clause::Clause;
use crate::access::column::ColumnInfo;
use crate::access::foreign_keys::{Incoming, Outgoing};
use crate::access::relation::TableInfo;
use crate::schema::TypeFamily;
use crate::sql::tree::{Expr, LockMode, LockWait};

/// Qualifier of columns of enclosing queries.
pub const OUTER: &str = "^";

/// The qualifier of relation `place`.
#[must_use]
pub fn qualifier(place: usize) -> String {
    format!("#{place}")
}

/// The relation that a qualifier names.
#[must_use]
pub fn place_of(qualifier: Option<&str>) -> Option<usize> {
    qualifier?.strip_prefix('#')?.parse().ok()
}

/// Where the rows of a relation come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A table, or the partitions of one.
    Table,
    /// A subquery that stays one.
    Derived(Box<Node>),
    /// A CTE that is computed once, by its place in [`Bound::ctes`].
    Cte(usize),
    /// A function or VALUES: so many rows out of nothing.
    Rows(f64),
}

/// One relation of a query level.
#[derive(Debug, Clone)]
pub struct Rel {
    /// Where its rows come from.
    pub source: Source,
    /// The alias by which the query knows it.
    pub alias: String,
    /// The table, or what stands for one.
    pub info: Arc<TableInfo>,
    /// The partitions that are scanned; the table itself when it is not partitioned.
    pub leaves: Vec<Leaf>,
    /// LATERAL: relations per row of which it is evaluated.
    pub lateral: u64,
    /// Columns that the query uses, by place in `info`.
    pub used: Vec<bool>,
}

/// A partition that is scanned, with the share of executions and rows that its bound leaves to it.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// The table.
    pub info: Arc<TableInfo>,
    /// Its bound as clauses on the partition key; empty for a plain table.
    pub bound: Option<super::partitions::Bound>,
}

/// An outer join, kept apart from the inner ones.
#[derive(Debug, Clone)]
pub struct OuterJoin {
    /// Relations of the side whose rows are all kept.
    pub kept: u64,
    /// Relations of the side that may be null.
    pub nullable: u64,
    /// FULL: both are kept.
    pub full: bool,
    /// ON.
    pub clauses: Vec<Clause>,
}

/// EXISTS or IN, joined rather than computed per row.
#[derive(Debug, Clone)]
pub struct SemiJoin {
    /// Relations inside.
    pub inner: u64,
    /// NOT EXISTS.
    pub anti: bool,
    /// What joins them to the outside, and what restricts them.
    pub clauses: Vec<Clause>,
}

/// A subquery computed on its own.
#[derive(Debug, Clone)]
pub struct SubPlan {
    /// The query.
    pub node: Node,
    /// Computed per row rather than once.
    pub correlated: bool,
    /// EXISTS: stops at the first row.
    pub exists: bool,
    /// Hashed once and probed per row (`x NOT IN (SELECT ...)`).
    pub hashed: bool,
    /// In WHERE, so computed for each row that is tested; else for each row returned.
    pub in_filter: bool,
}

/// One sort or group key.
#[derive(Debug, Clone)]
pub struct SortKey {
    /// Relation and column, when it is a plain column.
    pub column: Option<(usize, usize)>,
    /// The expression.
    pub expr: Expr,
    /// DESC.
    pub descending: bool,
    /// How it compares.
    pub compared: Compared,
    /// Distinct values.
    pub distinct: f64,
}

/// How a sort compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Compared {
    /// As numbers of the machine, or bytes of a fixed length.
    #[default]
    Plain,
    /// As numerics.
    Numeric,
    /// As text, byte by byte.
    Text,
    /// As text by the rules of a language.
    Locale,
}

impl Compared {
    /// How values of a column compare.
    #[must_use]
    pub fn of(column: &ColumnInfo) -> Self {
        match column.family {
            TypeFamily::Numeric => Self::Numeric,
            TypeFamily::Text if column.locale => Self::Locale,
            TypeFamily::Text => Self::Text,
            _ => Self::Plain,
        }
    }

    /// The dearest way that some keys compare.
    #[must_use]
    pub fn dearest(keys: &[SortKey]) -> Self {
        keys.iter().map(|k| k.compared).max().unwrap_or_default()
    }
}

/// Row locks that a query takes.
#[derive(Debug, Clone)]
pub struct RowLock {
    /// On which relations.
    pub rels: u64,
    /// How strong.
    pub mode: LockMode,
    /// What happens at a locked row.
    pub wait: LockWait,
}

/// A column of a query's result.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// What it is.
    pub expr: Expr,
    /// What is known of its values.
    pub info: ColumnInfo,
}

/// LIMIT or OFFSET.
#[derive(Debug, Clone)]
pub struct Count {
    /// The average value.
    pub value: f64,
    /// Whether the planner sees it in a generic plan.
    pub constant: bool,
}

/// One query level.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Relations.
    pub rels: Vec<Rel>,
    /// WHERE and inner ON, as conjuncts.
    pub clauses: Vec<Clause>,
    /// Outer joins, innermost first.
    pub outer_joins: Vec<OuterJoin>,
    /// Semi- and anti-joins.
    pub semi_joins: Vec<SemiJoin>,
    /// Subqueries computed on their own.
    pub subplans: Vec<SubPlan>,
    /// GROUP BY.
    pub group_by: Vec<SortKey>,
    /// Aggregates computed; grouping without any is possible.
    pub aggregates: f64,
    /// Where min and max of single columns are the only aggregates: (relation, column, max) of each.
    pub extremes: Vec<(usize, usize, bool)>,
    /// Share of groups that HAVING keeps.
    pub having: f64,
    /// DISTINCT keys; empty without.
    pub distinct: Vec<SortKey>,
    /// Window functions: the sort they need.
    pub windows: Vec<Vec<SortKey>>,
    /// ORDER BY.
    pub order_by: Vec<SortKey>,
    /// LIMIT.
    pub limit: Option<Count>,
    /// OFFSET.
    pub offset: Option<Count>,
    /// FOR UPDATE and its kin.
    pub locks: Vec<RowLock>,
    /// What comes out.
    pub outputs: Vec<Output>,
    /// Set-returning functions in the select list multiply rows by this.
    pub row_factor: f64,
}

/// A query.
#[derive(Debug, Clone)]
pub enum Node {
    /// SELECT.
    Block(Box<Block>),
    /// UNION and its kin.
    SetOperation {
        /// Whether duplicates go.
        distinct: bool,
        /// Rows of the left side only: INTERSECT and EXCEPT.
        left_only: bool,
        /// Both sides.
        sides: Box<(Node, Node)>,
        /// ORDER BY.
        order_by: Vec<SortKey>,
        /// LIMIT.
        limit: Option<Count>,
        /// What comes out.
        outputs: Vec<Output>,
    },
    /// VALUES.
    Values {
        /// Rows.
        rows: f64,
        /// What comes out.
        outputs: Vec<Output>,
        /// The expressions of the rows; of many rows, of some that stand for all.
        values: Vec<Vec<Expr>>,
        /// Subqueries among the values.
        subplans: Vec<SubPlan>,
    },
}

impl Node {
    /// What comes out.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        match self {
            Self::Block(block) => &block.outputs,
            Self::SetOperation { outputs, .. } | Self::Values { outputs, .. } => outputs,
        }
    }
}

/// A statement with its names resolved.
#[derive(Debug, Clone)]
pub struct Bound {
    /// CTEs that are computed on their own.
    pub ctes: Vec<Cte>,
    /// What it does.
    pub action: Action,
    /// RETURNING, or a query's columns.
    pub returning: Vec<Output>,
}

/// A CTE that is computed on its own.
#[derive(Debug, Clone)]
pub struct Cte {
    /// Its name.
    pub name: String,
    /// The statement.
    pub bound: Bound,
    /// WITH RECURSIVE that refers to itself.
    pub recursive: bool,
    /// Whether it writes.
    pub writes: bool,
}

/// What a statement does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Reads.
    Query(Node),
    /// INSERT.
    Insert(Box<Insert>),
    /// UPDATE: the block finds the rows of relation 0.
    Update(Box<Update>),
    /// DELETE: the block finds the rows of relation 0.
    Delete(Box<Delete>),
    /// MERGE.
    Merge(Box<super::merge::Merge>),
    /// LOCK TABLE or TRUNCATE.
    Tables(super::commands::TableCommand),
    /// Costs a message.
    Utility,
}

/// INSERT.
#[derive(Debug, Clone)]
pub struct Insert {
    /// The table named.
    pub table: Arc<TableInfo>,
    /// Its leaves, when partitioned.
    pub leaves: Vec<Leaf>,
    /// Target columns by place.
    pub columns: Vec<usize>,
    /// Rows come from here; `None`: one row of defaults.
    pub source: Option<Node>,
    /// The value of each target column, when rows come from VALUES: of the first row.
    pub values: Vec<Expr>,
    /// The same INSERT with each further row of VALUES in the place of the first.
    pub further: Vec<Insert>,
    /// ON CONFLICT.
    pub conflict: Option<Conflict>,
    /// Foreign keys to check.
    pub outgoing: Vec<Outgoing>,
    /// COPY: rows are written page by page.
    pub copied: bool,
}

/// ON CONFLICT.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// The arbiter index, by place; `None`: any unique index.
    pub arbiter: Option<usize>,
    /// Share of rows that conflict.
    pub share: f64,
    /// DO UPDATE SET: columns by place with their values.
    pub update: Option<Vec<(usize, Expr)>>,
    /// Share of conflicts that DO UPDATE ... WHERE keeps.
    pub kept: f64,
}

/// UPDATE.
#[derive(Debug, Clone)]
pub struct Update {
    /// Finds the rows.
    pub block: Block,
    /// Columns assigned, by place, with their values.
    pub assignments: Vec<(usize, Expr)>,
    /// Foreign keys whose columns are assigned.
    pub outgoing: Vec<Outgoing>,
    /// Foreign keys to columns that are assigned.
    pub incoming: Vec<Incoming>,
}

/// DELETE.
#[derive(Debug, Clone)]
pub struct Delete {
    /// Finds the rows.
    pub block: Block,
    /// Foreign keys to the table.
    pub incoming: Vec<Incoming>,
}

/// The relations that hold relation `place` alone.
#[must_use]
pub fn bit(place: usize) -> u64 {
    1u64.checked_shl(u32::try_from(place).unwrap_or(64)).unwrap_or(0)
}
