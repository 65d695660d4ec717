//! What is known or assumed of one column: widths, distinct values, bounds, order.

use std::collections::HashMap;

use crate::access::values::{Value, parse_time};
use crate::schema::btree::can_deduplicate;
use crate::schema::sizes::{ColumnWidth, SHORT_VALUE};
use crate::schema::{Column, Schema, Table, TypeFamily};
use crate::sql::tree::{Expr, Literal};
use crate::units::DAY;
use crate::workload::{ColumnStats, ElementStats, TableStats};

/// Distinct values that PostgreSQL assumes of a column without statistics (DEFAULT_NUM_DISTINCT).
const DEFAULT_DISTINCT: f64 = 200.0;
/// Width that PostgreSQL assumes of a variable-length type without a limit (get_typavgwidth).
const DEFAULT_WIDTH: f64 = 32.0;

/// A column with its statistics resolved.
#[derive(Debug, Clone)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// What a value takes in a tuple.
    pub width: ColumnWidth,
    /// Share of nulls.
    pub null_fraction: f64,
    /// Whether a B-tree keeps equal values once.
    pub deduplicates: bool,
    /// Distinct values that are not null.
    pub distinct: f64,
    /// Whether `distinct` is known, or follows from a constraint or a type, rather than assumed.
    pub distinct_known: bool,
    /// Values of known frequency.
    pub most_common: Vec<(String, f64)>,
    /// Physical order, -1..1.
    pub correlation: f64,
    /// Whether it was given.
    pub correlation_given: bool,
    /// How far rows with the same value lie together, 0..1.
    pub together: f64,
    /// Lowest and highest value as numbers, when known or implied by a dense key.
    pub bounds: Option<(f64, f64)>,
    /// Whether the bounds were given rather than implied.
    pub bounds_given: bool,
    /// Histogram bounds as numbers; empty when not known.
    pub histogram: Vec<f64>,
    /// Statistics of elements.
    pub elements: Option<ElementStats>,
    /// Whether values are whole numbers.
    pub integer: bool,
    /// Whether values are times.
    pub time: bool,
    /// Distance of neighbouring values: 1 of whole numbers, a day's seconds of dates, else 0.
    pub step: f64,
    /// How it compares.
    pub family: TypeFamily,
    /// Whether that value comes from a sequence.
    pub from_sequence: bool,
    /// The constant that it is otherwise.
    pub default: Option<Expr>,
    /// Whether a row that does not give the column gets a value.
    pub has_default: bool,
    /// Characters of a blank-padded type.
    pub fixed_text: Option<f64>,
    /// Whether it compares by the rules of a language: text whose collation is not C.
    pub locale: bool,
}

/// Whether a type holds whole numbers.
fn is_integer(type_name: &str) -> bool {
    matches!(type_name, "smallint" | "integer" | "bigint" | "oid")
}

fn is_time(type_name: &str) -> bool {
    type_name.starts_with("timestamp") || type_name == "date"
}

/// Whether a default draws from a sequence.
pub(super) fn is_sequence(default: Option<&Expr>) -> bool {
    matches!(default, Some(Expr::Call { name, .. }) if name.name == "nextval")
}

/// Whether a default is the present moment.
fn is_now(default: Option<&Expr>) -> bool {
    match default {
        Some(Expr::Call { name, .. }) => {
            ["now", "clock_timestamp", "statement_timestamp"].contains(&name.name.as_str())
        }
        Some(Expr::Column { name, .. }) => name == "current_timestamp" || name == "current_date",
        Some(Expr::Cast { expr, .. }) => is_now(Some(expr)),
        _ => false,
    }
}

/// The number of a bound, times as seconds.
pub(super) fn literal_number(literal: &Literal, time: bool) -> Option<f64> {
    match literal {
        Literal::Text(text) if time => parse_time(text),
        other => Value::from(other).number(),
    }
}

/// The width that is likely when the workload gives none: what the planner assumes, but characters of
/// one byte, since most text is.
pub fn likely_width(column: &Column) -> f64 {
    match (column.ty.name.as_str(), column.ty.modifier.first()) {
        ("character", length) if !column.ty.array => {
            let n = length.map_or(1.0, |n| *n as f64);
            n + if n < SHORT_VALUE { 1.0 } else { 4.0 }
        }
        ("character varying", Some(n)) if !column.ty.array => (*n as f64 / 2.0 + 1.0).min(DEFAULT_WIDTH),
        ("numeric", Some(digits)) => 3.0 + 2.0 * (*digits as f64 / 4.0 / 2.0).ceil(),
        ("numeric", None) => 8.0,
        _ => column.ty.default_bytes(),
    }
}

impl ColumnInfo {
    /// Resolves the statistics of column `place` of a table with `rows` rows.
    #[must_use]
    pub fn new(
        schema: &Schema,
        table: &Table,
        stats: Option<&TableStats>,
        place: usize,
        rows: f64,
        referenced: &HashMap<String, f64>,
    ) -> Self {
        let column = &table.columns[place];
        let none = ColumnStats::default();
        let given = stats.and_then(|s| s.columns.get(&column.name)).unwrap_or(&none);
        let integer = is_integer(&column.ty.name) && !column.ty.array;
        let time = is_time(&column.ty.name) && !column.ty.array;
        let null_fraction = given.null_fraction.unwrap_or(0.0);
        let not_null_rows = rows * (1.0 - null_fraction);
        let unique = table.indexes.iter().any(|i| {
            i.unique && i.predicate.is_none() && i.keys.len() == 1 && i.keys[0].column() == Some(&column.name)
        });
        let first_of_primary = table
            .indexes
            .iter()
            .any(|i| i.primary && i.keys.first().and_then(|k| k.column()) == Some(column.name.as_str()));
        let (distinct, distinct_known) = match given.distinct {
            Some(d) if d < 0.0 => (-d * rows, true),
            Some(d) => (d, true),
            None if unique => (not_null_rows, true),
            None => match (implied_distinct(schema, column, given, rows), referenced.get(&column.name)) {
                ((_, false), Some(parents)) => (*parents, true),
                (implied, _) => implied,
            },
        };
        let distinct = distinct.min(not_null_rows.max(1.0)).max(1.0).max(given.most_common.len() as f64);
        let histogram: Vec<f64> = given.histogram.iter().filter_map(|l| literal_number(l, time)).collect();
        let bound = |l: &Option<Literal>| l.as_ref().and_then(|l| literal_number(l, time));
        let given_bounds = bound(&given.min)
            .zip(bound(&given.max))
            .or_else(|| histogram.first().copied().zip(histogram.last().copied()));
        // A dense key starts at one; so does a reference to one.
        let dense = (unique || first_of_primary || distinct_known) && integer;
        let bounds = given_bounds.or_else(|| dense.then_some((1.0, distinct)));
        let ordered = given.correlation.unwrap_or_else(|| {
            let grows = (first_of_primary && (integer || time))
                || is_sequence(column.default.as_ref())
                || (time && is_now(column.default.as_ref()));
            f64::from(u8::from(grows))
        });
        Self {
            name: column.name.clone(),
            width: ColumnWidth::of(column, given.avg_bytes.or_else(|| Some(likely_width(column))), null_fraction),
            deduplicates: can_deduplicate(&column.ty),
            null_fraction,
            distinct,
            distinct_known,
            most_common: given.most_common.clone(),
            correlation: ordered,
            // Rows that share the first column of their key came together, whatever the order of its values is.
            together: if first_of_primary && given.correlation.is_none() { 1.0 } else { ordered.abs() },
            correlation_given: given.correlation.is_some(),
            bounds,
            bounds_given: given_bounds.is_some(),
            histogram,
            elements: given.elements.clone(),
            integer,
            time,
            step: match column.ty.name.as_str() {
                "date" if !column.ty.array => DAY,
                _ => f64::from(u8::from(integer)),
            },
            family: column.ty.family,
            from_sequence: is_sequence(column.default.as_ref()),
            default: column.default.clone(),
            has_default: column.default.as_ref().is_some_and(|d| !matches!(d, Expr::Literal(Literal::Null)))
                || column.generated.is_some(),
            fixed_text: (column.ty.name == "character").then(|| column.ty.modifier.first().map_or(1.0, |n| *n as f64)),
            locale: column.ty.family == TypeFamily::Text,
        }
    }

    /// A column of which nothing is known.
    #[must_use]
    pub fn unknown(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            width: ColumnWidth { bytes: 8.0, spread: 0.0, align: 8, varlena: false, null_fraction: 0.0 },
            deduplicates: true,
            null_fraction: 0.0,
            distinct: DEFAULT_DISTINCT,
            distinct_known: false,
            most_common: Vec::new(),
            correlation: 0.0,
            correlation_given: false,
            together: 0.0,
            bounds: None,
            bounds_given: false,
            histogram: Vec::new(),
            elements: None,
            integer: false,
            time: false,
            step: 0.0,
            family: TypeFamily::Other,
            from_sequence: false,
            default: None,
            has_default: false,
            fixed_text: None,
            locale: false,
        }
    }

    /// The sum of the frequencies of the most common values.
    #[must_use]
    pub fn common_share(&self) -> f64 {
        self.most_common.iter().map(|(_, f)| f).sum()
    }

    /// Share of all rows that have one value not among the most common.
    #[must_use]
    pub fn rare_share(&self) -> f64 {
        let rest = (1.0 - self.null_fraction - self.common_share()).max(0.0);
        rest / (self.distinct - self.most_common.len() as f64).max(1.0)
    }

    /// The correlation that ANALYZE finds: equal values count as in physical order, so that rows at random
    /// places correlate by the chance that two of them have the same value.
    #[must_use]
    pub fn believed_correlation(&self) -> f64 {
        if self.correlation_given || self.correlation != 0.0 {
            return self.correlation;
        }
        let rest = (self.distinct - self.most_common.len() as f64).max(0.0);
        let present = (1.0 - self.null_fraction).max(1e-12);
        let squares = self.most_common.iter().map(|(_, f)| f * f).sum::<f64>() + rest * self.rare_share().powi(2);
        (squares / (present * present)).clamp(0.0, 1.0)
    }

    /// Share of rows with this value, if it is one of the most common.
    #[must_use]
    pub fn common(&self, value: &Value) -> Option<f64> {
        let text = value.text()?;
        self.most_common.iter().find(|(v, _)| *v == text || bool_alias(v, &text)).map(|(_, f)| *f)
    }

    /// A value as a number of this column's kind.
    #[must_use]
    pub fn number(&self, value: &Value) -> Option<f64> {
        match value {
            Value::Text(text) if self.time => parse_time(text),
            Value::Now(offset) => self.bounds.map(|b| b.1 + offset),
            other => other.number(),
        }
    }
}

fn bool_alias(listed: &str, written: &str) -> bool {
    matches!((listed, written), ("true", "t") | ("t", "true") | ("false", "f") | ("f", "false"))
}

/// What constraints and types say about a column whose `distinct` is not given.
fn implied_distinct(schema: &Schema, column: &Column, given: &ColumnStats, rows: f64) -> (f64, bool) {
    if column.ty.name == "boolean" {
        return (2.0, true);
    }
    if let Some((_, labels)) = schema.enums.iter().find(|(name, _)| name.name == column.ty.name) {
        return (labels.len() as f64, true);
    }
    let common: f64 = given.most_common.iter().map(|(_, f)| f).sum();
    if common + given.null_fraction.unwrap_or(0.0) > 0.999 && !given.most_common.is_empty() {
        return (given.most_common.len() as f64, true);
    }
    if let (true, Some(min), Some(max)) = (
        is_integer(&column.ty.name),
        given.min.as_ref().and_then(|l| literal_number(l, false)),
        given.max.as_ref().and_then(|l| literal_number(l, false)),
    ) {
        return ((max - min + 1.0).min(rows), true);
    }
    if is_sequence(column.default.as_ref()) {
        return (rows, true);
    }
    (DEFAULT_DISTINCT, false)
}
