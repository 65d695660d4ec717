//! One conjunct of a condition, in the form that selectivity and index matching need.

use crate::access::values::Value;
use crate::sql::tree::Expr;
use crate::workload::Distribution;

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// =
    Eq,
    /// <>
    Ne,
    /// <
    Lt,
    /// <=
    Le,
    /// >
    Gt,
    /// >=
    Ge,
}

impl Op {
    pub(super) fn parse(op: &str) -> Option<Self> {
        Some(match op {
            "=" => Self::Eq,
            "<>" | "!=" => Self::Ne,
            "<" => Self::Lt,
            "<=" => Self::Le,
            ">" => Self::Gt,
            ">=" => Self::Ge,
            _ => return None,
        })
    }

    pub(super) fn flipped(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            same => same,
        }
    }

    /// The test that holds where this one does not, nulls apart.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Lt => Self::Ge,
            Self::Ge => Self::Lt,
            Self::Gt => Self::Le,
            Self::Le => Self::Gt,
        }
    }

    /// Whether `left op right` holds.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Eq => left == right,
            Self::Ne => left != right,
            Self::Lt => left < right,
            Self::Le => left <= right,
            Self::Gt => left > right,
            Self::Ge => left >= right,
        }
    }

    /// Whether it bounds from below.
    #[must_use]
    pub fn is_lower(self) -> bool {
        matches!(self, Self::Gt | Self::Ge)
    }

    /// Whether it bounds from above.
    #[must_use]
    pub fn is_upper(self) -> bool {
        matches!(self, Self::Lt | Self::Le)
    }
}

/// What a condition tests: a column, or an expression that an index holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The relation, by place.
    pub rel: usize,
    /// The column's name; for an expression the name of its statistics is `expr`'s text.
    pub column: Option<String>,
    /// The expression without positions and qualifiers.
    pub expr: Expr,
}

/// The other side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueSet {
    /// One value, or one per draw.
    pub values: Vec<Value>,
    /// How many different values its variables can give it; infinite where they never come twice.
    pub domain: f64,
    /// The distribution when it is a variable as it stands.
    pub distribution: Option<Distribution>,
    /// Whether the planner cannot see it in a generic plan.
    pub parameter: bool,
    /// Whether the planner cannot see it at all: another query's column, a subquery, a volatile function.
    pub hidden: bool,
}

impl ValueSet {
    /// Whether nothing at all is known of the value.
    #[must_use]
    pub fn unknown(&self) -> bool {
        self.values.iter().all(|v| matches!(v, Value::Unknown | Value::Sized(_)))
    }
}

/// What a conjunct tests.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A key against a value.
    Compare(Key, Op, ValueSet),
    /// A key against a key of another relation (or the same).
    Join(Key, Op, Key),
    /// IN (a, b, ...).
    In(Key, Vec<ValueSet>),
    /// = ANY(array) with so many elements; whether that is known.
    Any(Key, f64, bool),
    /// IS NULL.
    Null(Key),
    /// LIKE and its kin: the constant prefix, characters fixed after it, whether it ignores case.
    Like {
        /// What is tested.
        key: Key,
        /// Constant text before the first wildcard; `None` when the pattern is not known.
        prefix: Option<String>,
        /// Further constant characters.
        fixed: f64,
        /// ILIKE.
        ignores_case: bool,
        /// Whether the planner cannot see the pattern in a generic plan.
        parameter: bool,
    },
    /// `@>`, `&&`, `?`, `@@`: so many elements looked for, with their values when known.
    Contains(Key, String, Vec<Value>, bool),
    /// A boolean column.
    Truth(Key),
    /// OR of ANDs.
    Either(Vec<Vec<Clause>>),
    /// NOT.
    Not(Box<Clause>),
    /// A comparison of what is computed from columns.
    Computed {
        /// The share that PostgreSQL assumes.
        assumed: f64,
        /// The share that there is.
        found: f64,
    },
    /// Anything else, with the share that PostgreSQL assumes.
    Fixed(f64),
}

/// One conjunct.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// What it tests.
    pub test: Test,
    /// Without positions and qualifiers, to compare with index predicates.
    pub bare: Expr,
    /// Relations that it needs.
    pub rels: u64,
    /// Operators evaluated per row.
    pub operators: f64,
}

pub use crate::access::reader::{Reader, of_table};
