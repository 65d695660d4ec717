//! Guesses from the DDL: rows of each table, and which tables matter.

use crate::schema::{Column, DataType, Index, Schema, Table, TableId};
use crate::sql::tree::{Expr, Literal};

/// Rows of a table that refers to no other.
const BASE_ROWS: f64 = 100_000.0;
/// A table that refers to another has so many times its rows.
const GROWTH: f64 = 5.0;
/// No guess goes beyond.
const MOST_ROWS: f64 = 10_000_000.0;
/// Levels of foreign keys that are followed.
const MAX_LEVEL: usize = 8;
/// Distinct values of an indexed column about which nothing else is known, as a share of the rows.
const DISTINCT_SHARE: f64 = 0.1;

/// A schema with what is guessed of it.
pub(super) struct Guesses<'s> {
    /// The schema.
    pub(super) schema: &'s Schema,
    /// Rows by table.
    pub(super) rows: Vec<f64>,
    /// By table: the foreign keys of other tables to it.
    referrers: Vec<Vec<TableId>>,
}

impl<'s> Guesses<'s> {
    /// Guesses for a whole schema.
    pub(super) fn of(schema: &'s Schema) -> Self {
        let mut referrers = vec![Vec::new(); schema.tables.len()];
        for (id, table) in schema.tables.iter().enumerate() {
            for key in &table.foreign_keys {
                if key.references != id && !referrers[key.references].contains(&id) {
                    referrers[key.references].push(id);
                }
            }
        }
        let mut levels = vec![0usize; schema.tables.len()];
        // Once per level; a circle of keys stops at the highest.
        for _ in 0..MAX_LEVEL {
            for (id, table) in schema.tables.iter().enumerate() {
                let parents = table.foreign_keys.iter().map(|k| k.references).filter(|p| *p != id);
                let level = parents.map(|p| levels[p] + 1).max().unwrap_or(0);
                levels[id] = levels[id].max(level.min(MAX_LEVEL));
            }
        }
        let mut guesses = Self { schema, rows: Vec::new(), referrers };
        guesses.rows = (0..schema.tables.len()).map(|id| guesses.rows_at(id, levels[id])).collect();
        guesses
    }

    fn rows_at(&self, id: TableId, level: usize) -> f64 {
        let table = &self.schema.tables[id];
        let by_level = (BASE_ROWS * GROWTH.powi(i32::try_from(level).unwrap_or(0))).min(MOST_ROWS);
        // A key of a small type allows few rows.
        let keys = table.primary_key().map(|k| k.keys.as_slice()).unwrap_or_default();
        let limit = match keys {
            [key] => key.column().and_then(|c| table.column(c)).map_or(MOST_ROWS, |c| self.key_limit(c)),
            _ => MOST_ROWS,
        };
        by_level.min(limit)
    }

    fn key_limit(&self, column: &Column) -> f64 {
        match (column.ty.name.as_str(), column.ty.modifier.first()) {
            ("smallint", _) => 1000.0,
            ("boolean", _) => 2.0,
            ("character" | "character varying", Some(1..=4)) => 100.0,
            _ => self.labels(&column.ty).map_or(MOST_ROWS, |l| l.len() as f64),
        }
    }

    /// The table of an id.
    pub(super) fn table(&self, id: TableId) -> &'s Table {
        &self.schema.tables[id]
    }

    /// Tables that have foreign keys to this one.
    pub(super) fn referrers(&self, id: TableId) -> &[TableId] {
        &self.referrers[id]
    }

    /// Whether a table is one that clients name: no partition, no child by inheritance, no materialized view.
    pub(super) fn is_named(&self, id: TableId) -> bool {
        let table = self.table(id);
        table.partition_of.is_none()
            && table.inherits.is_empty()
            && !table.materialized_view
            && !table.columns.is_empty()
    }

    /// Tables that clients name, the best connected first, else as the schema has them.
    pub(super) fn ranked(&self) -> Vec<TableId> {
        let mut ranked: Vec<TableId> = (0..self.schema.tables.len()).filter(|id| self.is_named(*id)).collect();
        ranked.sort_by_key(|id| std::cmp::Reverse(self.referrers[*id].len() + self.table(*id).foreign_keys.len()));
        ranked
    }

    /// The labels of an enum.
    pub(super) fn labels(&self, ty: &DataType) -> Option<&'s [String]> {
        if ty.array {
            return None;
        }
        let of = |(name, labels): &'s (crate::sql::tree::QualifiedName, Vec<String>)| {
            (name.name == ty.name || ty.name.ends_with(&format!(".{}", name.name))).then_some(labels.as_slice())
        };
        self.schema.enums.iter().find_map(of).filter(|l| !l.is_empty())
    }

    /// The values that a CHECK allows a column, or an enum's labels.
    pub(super) fn allowed(&self, table: &'s Table, column: &Column) -> Option<Vec<String>> {
        if let Some(labels) = self.labels(&column.ty) {
            return Some(labels.to_vec());
        }
        table.checks.iter().find_map(|check| listed(check, &column.name))
    }

    /// Distinct values of a column.
    pub(super) fn distinct(&self, id: TableId, column: &Column) -> f64 {
        let (table, rows) = (self.table(id), self.rows[id]);
        if let Some(allowed) = self.allowed(table, column) {
            return allowed.len() as f64;
        }
        if let Some(parent) = self.parent(id, &column.name) {
            return self.rows[parent].min(rows);
        }
        match column.ty.name.as_str() {
            "boolean" => 2.0,
            "smallint" => (rows * DISTINCT_SHARE).clamp(1.0, 1000.0),
            "date" => (rows * DISTINCT_SHARE).clamp(1.0, 1000.0),
            _ => (rows * DISTINCT_SHARE).max(1.0).round(),
        }
    }

    /// The table that a column refers to on its own.
    pub(super) fn parent(&self, id: TableId, column: &str) -> Option<TableId> {
        let keys = &self.table(id).foreign_keys;
        keys.iter().find(|k| k.columns.len() == 1 && k.columns[0] == column).map(|k| k.references)
    }
}

/// Whether an index holds one column alone and each value once.
pub(super) fn is_unique_on(index: &Index, column: &str) -> bool {
    index.unique && index.predicate.is_none() && index.keys.len() == 1 && index.keys[0].column() == Some(column)
}

/// The texts in `column IN ('a', 'b')`, in all forms that a dump gives it.
fn listed(check: &Expr, column: &str) -> Option<Vec<String>> {
    let names = |e: &Expr| {
        let mut e = e;
        while let Expr::Cast { expr, .. } = e {
            e = expr;
        }
        matches!(e, Expr::Column { name, .. } if name == column)
    };
    let text = |e: &Expr| {
        let mut e = e;
        while let Expr::Cast { expr, .. } = e {
            e = expr;
        }
        match e {
            Expr::Literal(Literal::Text(t)) => Some(t.clone()),
            _ => None,
        }
    };
    let texts = |list: &[Expr]| list.iter().map(text).collect::<Option<Vec<String>>>().filter(|l| !l.is_empty());
    match check {
        Expr::InList { expr, list, negated: false } if names(expr) => texts(list),
        Expr::Quantified { expr, op, all: false, array } if op == "=" && names(expr) => {
            let mut array = &**array;
            while let Expr::Cast { expr, .. } = array {
                array = expr;
            }
            match array {
                Expr::Array(list) => texts(list),
                _ => None,
            }
        }
        Expr::Binary { op, left, right } if op == "and" => listed(left, column).or_else(|| listed(right, column)),
        _ => None,
    }
}

/// A count as one writes it: `500k`, `5M`.
pub(super) fn count(n: f64) -> String {
    let n = n.round();
    match n {
        _ if n >= 1e6 && n % 1e5 == 0.0 => format!("{}M", n / 1e6),
        _ if n >= 1e4 && n % 1e3 == 0.0 => format!("{}k", n / 1e3),
        _ => format!("{n}"),
    }
}
