//! Expressions: what a statement computes, compares and calls.

use super::{OrderBy, QualifiedName, Query, Span};

/// An expression, nested by PostgreSQL's own precedence.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A column reference; of `schema.table.column` the schema is left out.
    Column {
        /// Table or alias, when written.
        qualifier: Option<String>,
        /// The column; `*` for a whole row (`t.*` inside an expression).
        name: String,
        /// Where.
        span: Span,
    },
    /// `$n`, from 1.
    Parameter {
        /// n.
        number: usize,
        /// Where.
        span: Span,
    },
    /// A constant.
    Literal(Literal),
    /// A prefix or postfix operator, NOT included; the operator in lower case.
    Unary {
        /// `-`, `not`, ...
        op: String,
        /// Its operand.
        expr: Box<Expr>,
    },
    /// An infix operator, AND, OR, LIKE, IS DISTINCT FROM ... included; the operator in lower case.
    ///
    /// As in gram.y, LIKE ... ESCAPE has the call `like_escape(pattern, escape)` at its right.
    Binary {
        /// `=`, `and`, `like`, `not like`, `->>`, `is distinct from`, `<>` (also for `!=`), ...
        op: String,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `x BETWEEN low AND high`.
    Between {
        /// x.
        expr: Box<Expr>,
        /// Lower end.
        low: Box<Expr>,
        /// Upper end.
        high: Box<Expr>,
        /// NOT BETWEEN.
        negated: bool,
    },
    /// `x IN (a, b)`.
    InList {
        /// x.
        expr: Box<Expr>,
        /// The list.
        list: Vec<Expr>,
        /// NOT IN.
        negated: bool,
    },
    /// `x IN (SELECT ...)`.
    InSubquery {
        /// x.
        expr: Box<Expr>,
        /// The subquery.
        query: Box<Query>,
        /// NOT IN.
        negated: bool,
    },
    /// `x op ANY (array or subquery)`; ALL likewise.
    Quantified {
        /// x.
        expr: Box<Expr>,
        /// The operator.
        op: String,
        /// ALL rather than ANY.
        all: bool,
        /// The array, or [`Expr::Subquery`].
        array: Box<Expr>,
    },
    /// `x IS [NOT] NULL`.
    IsNull {
        /// x.
        expr: Box<Expr>,
        /// IS NOT NULL.
        negated: bool,
    },
    /// `x IS [NOT] TRUE`, `IS JSON` and the like; the test in lower case.
    Is {
        /// x.
        expr: Box<Expr>,
        /// `true`, `not false`, `unknown`, ...
        test: String,
    },
    /// EXISTS (SELECT ...).
    Exists(Box<Query>),
    /// A scalar subquery.
    Subquery(Box<Query>),
    /// A function or aggregate call.
    Call {
        /// Its name, folded.
        name: QualifiedName,
        /// Arguments.
        args: Vec<Expr>,
        /// `count(*)`.
        star: bool,
        /// `count(DISTINCT x)`.
        distinct: bool,
        /// ORDER BY inside an aggregate, or WITHIN GROUP.
        order_by: Vec<OrderBy>,
        /// FILTER (WHERE ...).
        filter: Option<Box<Expr>>,
        /// OVER (...): partition and order expressions.
        over: Option<Window>,
        /// Where.
        span: Span,
    },
    /// A cast.
    Cast {
        /// What is cast.
        expr: Box<Expr>,
        /// The type as written, lower case, single spaces.
        to: String,
    },
    /// `x COLLATE name`.
    Collate {
        /// x.
        expr: Box<Expr>,
        /// The collation.
        collation: QualifiedName,
    },
    /// CASE: operand, WHENs with THENs, ELSE.
    Case {
        /// CASE x.
        operand: Option<Box<Expr>>,
        /// WHEN a THEN b.
        arms: Vec<(Expr, Expr)>,
        /// ELSE.
        otherwise: Option<Box<Expr>>,
    },
    /// ARRAY[...].
    Array(Vec<Expr>),
    /// ROW(...) or (a, b).
    Row(Vec<Expr>),
    /// `x[i]`, `x[i:j]`, `(x).field`: the base and whatever indexes it.
    Access {
        /// The base.
        base: Box<Expr>,
        /// Index expressions; a field's name as a text.
        index: Vec<Expr>,
    },
    /// DEFAULT, in VALUES or SET.
    Default,
}

impl Expr {
    /// A call without any of the clauses that a call may have.
    #[must_use]
    pub fn call(name: QualifiedName, args: Vec<Self>, span: Span) -> Self {
        Self::Call { name, args, star: false, distinct: false, order_by: Vec::new(), filter: None, over: None, span }
    }
}

/// OVER (...).
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// PARTITION BY.
    pub partition_by: Vec<Expr>,
    /// ORDER BY.
    pub order_by: Vec<OrderBy>,
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// NULL.
    Null,
    /// TRUE or FALSE.
    Bool(bool),
    /// A number; the text keeps what f64 cannot.
    Number(f64),
    /// A string.
    Text(String),
}
