//! Values between bounds: histograms and the ranges of partitions.

use std::fmt::Write;

use crate::schema::{DataType, PartitionBound, Schema, TableId};
use crate::sql::tree::{Expr, Literal};

/// Values from one bound to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Lower end.
    pub low: Literal,
    /// Upper end.
    pub high: Literal,
    /// Its share, relative to the others'.
    pub weight: f64,
}

/// The pieces of a histogram: each holds as many rows as any other.
#[must_use]
pub fn of_histogram(bounds: &[Literal]) -> Vec<Piece> {
    let piece = |pair: &[Literal]| Piece { low: pair[0].clone(), high: pair[1].clone(), weight: 1.0 };
    bounds.windows(2).map(piece).collect()
}

/// What the partitions of a table allow in a column that they are made by.
#[derive(Debug, Clone, PartialEq)]
pub enum Allowed {
    /// Ranges.
    Ranges(Vec<Piece>),
    /// Values with their shares.
    Values(Vec<(Literal, f64)>),
}

/// What the partitions of `table`, at any depth, allow in `column`; `None` when it is no key of theirs, or a hash
/// decides. `rows` are those of a partition.
#[must_use]
pub fn of_partitions(
    schema: &Schema,
    table: TableId,
    column: &str,
    rows: &dyn Fn(TableId) -> Option<f64>,
) -> Option<Allowed> {
    let by = schema.tables.get(table)?.partition_by.as_ref()?;
    let children: Vec<TableId> = schema.children(table).collect();
    if !matches!(by.keys.as_slice(), [Expr::Column { name, .. }] if name == column) {
        // Another key: partitions of partitions may be by this one, and each set of them is as good as another.
        return children.into_iter().find_map(|child| of_partitions(schema, child, column, rows));
    }
    let (mut ranges, mut values) = (Vec::new(), Vec::new());
    for child in children {
        let weight = rows(child).unwrap_or(1.0);
        match &schema.tables[child].partition_of.as_ref()?.1 {
            PartitionBound::Range { from, to } => match of_partitions(schema, child, column, rows) {
                Some(Allowed::Ranges(inner)) => ranges.extend(inner),
                _ => {
                    let ends = (from.first().and_then(Option::as_ref), to.first().and_then(Option::as_ref));
                    if let (Some(low), Some(high)) = (ends.0.and_then(constant), ends.1.and_then(constant)) {
                        ranges.push(Piece { low, high, weight });
                    }
                }
            },
            PartitionBound::List(list) => {
                let given: Vec<Literal> = list.iter().filter_map(constant).filter(|l| *l != Literal::Null).collect();
                let share = weight / given.len().max(1) as f64;
                values.extend(given.into_iter().map(|l| (l, share)));
            }
            PartitionBound::Hash { .. } | PartitionBound::Default => {}
        }
    }
    match (ranges.is_empty(), values.is_empty()) {
        (false, _) => Some(Allowed::Ranges(ranges)),
        (true, false) => Some(Allowed::Values(values)),
        (true, true) => None,
    }
}

/// The constant that an expression is.
#[must_use]
pub fn constant(expr: &Expr) -> Option<Literal> {
    match expr {
        Expr::Literal(l) => Some(l.clone()),
        Expr::Cast { expr, .. } => constant(expr),
        Expr::Unary { op, expr } if op == "-" => match constant(expr)? {
            Literal::Number(n) => Some(Literal::Number(-n)),
            _ => None,
        },
        _ => None,
    }
}

/// A literal as SQL.
#[must_use]
pub fn sql_of(literal: &Literal) -> String {
    match literal {
        Literal::Null => "NULL".to_owned(),
        Literal::Bool(b) => b.to_string(),
        Literal::Number(n) => format!("{n}"),
        Literal::Text(t) => quoted(t),
    }
}

/// A text as an SQL constant.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The value at `at`, SQL of a number in 0..1, of a type whose values can be added and scaled; the upper end of a
/// piece is left out.
#[must_use]
pub fn value(pieces: &[Piece], ty: &DataType, at: &str) -> Option<String> {
    let total: f64 = pieces.iter().map(|p| p.weight).sum();
    if pieces.is_empty() || total <= 0.0 {
        return None;
    }
    let mut sql = String::from("CASE");
    let mut below = 0.0;
    for (n, piece) in pieces.iter().enumerate() {
        let share = piece.weight / total;
        let within = format!("(({at} - {below}) / {share})");
        let between = between(&piece.low, &piece.high, ty, &within)?;
        below += share;
        if n + 1 == pieces.len() {
            let _ = write!(sql, " ELSE {between} END");
        } else {
            let _ = write!(sql, " WHEN {at} < {below} THEN {between}");
        }
    }
    Some(if pieces.len() == 1 {
        sql.replacen("CASE ELSE ", "(", 1).trim_end_matches(" END").to_owned() + ")"
    } else {
        sql
    })
}

/// Between two bounds.
fn between(low: &Literal, high: &Literal, ty: &DataType, within: &str) -> Option<String> {
    match (low, high) {
        (Literal::Number(a), Literal::Number(b)) => {
            Some(match ty.name.as_str() {
                // The upper end of whole numbers is a value of its own in a histogram of one value.
                "smallint" | "integer" | "bigint" => format!("floor({a} + {within} * {})::bigint", (b - a).max(0.0)),
                _ => format!("({a} + {within} * {})", b - a),
            })
        }
        (Literal::Text(a), Literal::Text(b)) if is_time(ty) => {
            let base = time_type(ty);
            Some(format!(
                "({a}::{base} + ({b}::{base} - {a}::{base}) * {within}::float8)",
                a = quoted(a),
                b = quoted(b)
            ))
        }
        _ => None,
    }
}

/// Whether a type is a point in time.
#[must_use]
pub fn is_time(ty: &DataType) -> bool {
    ty.name.starts_with("timestamp") || ty.name == "date"
}

/// The type in which differences of points in time are intervals.
#[must_use]
pub fn time_type(ty: &DataType) -> &'static str {
    if ty.name.contains("with time zone") { "timestamptz" } else { "timestamp" }
}
