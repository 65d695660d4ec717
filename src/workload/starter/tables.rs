//! The section `tables`: rows, and places for the statistics that matter.

use super::guess::{Guesses, count, is_unique_on};
use super::names;
use crate::schema::{Column, Table, TableId, TypeFamily};
use crate::sql::tree::{Expr, QualifiedName};

/// Columns of unknown width that a table's entry offers a place for.
const MAX_WIDTHS: usize = 6;
/// Values of a list that are written out.
const MAX_VALUES: usize = 20;
/// Column at which comments begin.
const COMMENT: usize = 40;

/// The entry of each table, in the order of the schema.
pub(super) fn entries(guesses: &Guesses<'_>) -> Vec<String> {
    (0..guesses.schema.tables.len()).map(|id| entry(guesses, id)).collect()
}

fn entry(guesses: &Guesses<'_>, id: TableId) -> String {
    let table = guesses.table(id);
    if let Some((parent, _)) = &table.partition_of {
        // Its rows are its share of its parent's.
        let parent = &guesses.table(*parent).name;
        return format!(
            "  # {}: {{rows: ...}}   # a partition: an even share of {parent} when not given\n",
            names::table_key(&table.name)
        );
    }
    let rows = count(guesses.rows[id]);
    let mut out = format!("  {}:\n", names::table_key(&table.name));
    out += &commented(&format!("    rows: {rows}"), "a guess");
    let (active, offered): (Vec<&Column>, Vec<&Column>) = table.columns.iter().partition(|c| matters(table, c));
    let offered: Vec<&Column> = offered.into_iter().filter(|c| width(c).is_some()).take(MAX_WIDTHS).collect();
    if !active.is_empty() {
        out += "    columns:\n";
    } else if !offered.is_empty() {
        out += "    # columns:\n";
    }
    for column in active {
        out += &commented(
            &format!("      {}: {}", names::column_key(&column.name), statistics(guesses, id, column)),
            &purpose(guesses, id, column),
        );
    }
    for column in offered {
        let bytes = width(column).unwrap_or(0);
        out += &format!("    #   {}: {{avg_bytes: {bytes}}}\n", names::column_key(&column.name));
    }
    let expressions: Vec<String> =
        table.indexes.iter().flat_map(|i| &i.keys).filter_map(|k| expression(&k.expr)).collect();
    if !expressions.is_empty() {
        out += "    expressions:\n";
        for (place, text) in expressions.iter().enumerate() {
            if !expressions[..place].contains(text) {
                out += &commented(&format!("      {}: {{distinct: -1}}", names::yaml(text)), "indexed");
            }
        }
    }
    out
}

fn commented(line: &str, comment: &str) -> String {
    format!("{line:<COMMENT$} # {comment}\n")
}

/// Whether statistics of a column decide something: it is in an index or refers to another table, and its values
/// are not all different by themselves.
fn matters(table: &Table, column: &Column) -> bool {
    let name = column.name.as_str();
    let alone = table.indexes.iter().any(|i| is_unique_on(i, name));
    let keyed = table.indexes.iter().any(|i| {
        i.keys.iter().any(|k| k.column() == Some(name)) || i.predicate.as_ref().is_some_and(|p| mentions(p, name))
    });
    let refers = table.foreign_keys.iter().any(|k| k.columns.iter().any(|c| c == name));
    !alone && (keyed || refers)
}

fn mentions(expr: &Expr, column: &str) -> bool {
    match expr {
        Expr::Column { name, .. } => name == column,
        Expr::Unary { expr, .. } | Expr::Cast { expr, .. } | Expr::IsNull { expr, .. } | Expr::Is { expr, .. } => {
            mentions(expr, column)
        }
        Expr::Binary { left, right, .. } => mentions(left, column) || mentions(right, column),
        Expr::InList { expr, .. } | Expr::Between { expr, .. } | Expr::Quantified { expr, .. } => {
            mentions(expr, column)
        }
        _ => false,
    }
}

/// Why a column is listed.
fn purpose(guesses: &Guesses<'_>, id: TableId, column: &Column) -> String {
    let table = guesses.table(id);
    match guesses.parent(id, &column.name) {
        Some(parent) => format!("refers to {}", guesses.table(parent).name),
        None if table.primary_key().is_some_and(|k| k.keys.iter().any(|k| k.column() == Some(&column.name))) => {
            "in the primary key".to_owned()
        }
        None => "indexed".to_owned(),
    }
}

fn statistics(guesses: &Guesses<'_>, id: TableId, column: &Column) -> String {
    let table = guesses.table(id);
    let mut parts = Vec::new();
    if column.ty.array || matches!(column.ty.name.as_str(), "jsonb" | "tsvector" | "hstore") {
        parts.push("elements: {distinct: 1000, avg_count: 5}".to_owned());
    } else if column.ty.name == "boolean" {
        parts.push("distinct: 2, most_common: {true: 0.5, false: 0.5}".to_owned());
    } else if let Some(values) = guesses.allowed(table, column).filter(|v| v.len() <= MAX_VALUES) {
        #[allow(clippy::cast_precision_loss)]
        let share = (1e4 / values.len() as f64).floor() / 1e4;
        let mut seen: Vec<&String> = Vec::new();
        values.iter().for_each(|v| {
            if !seen.contains(&v) {
                seen.push(v)
            }
        });
        let list: Vec<String> = seen.iter().map(|v| format!("{}: {share}", names::yaml(v))).collect();
        parts.push(format!("distinct: {}, most_common: {{{}}}", seen.len(), list.join(", ")));
    } else if column.ty.name.starts_with("timestamp") {
        parts.push("distinct: -1, correlation: 1, min: '2025-01-01', max: '2025-12-31'".to_owned());
    } else if column.ty.name == "date" {
        parts.push("distinct: 365, correlation: 1, min: '2025-01-01', max: '2025-12-31'".to_owned());
    } else {
        parts.push(format!("distinct: {}", count(guesses.distinct(id, column))));
    }
    let listed = guesses.allowed(table, column).filter(|_| width(column).is_some());
    let longest = listed.and_then(|v| v.iter().map(String::len).max()).and_then(|n| u32::try_from(n + 1).ok());
    if let Some(bytes) = longest.or_else(|| width(column)) {
        parts.push(format!("avg_bytes: {bytes}"));
    }
    format!("{{{}}}", parts.join(", "))
}

/// Bytes of a value whose type does not say: header and a usual length.
fn width(column: &Column) -> Option<u32> {
    if column.ty.fixed_bytes.is_some() && !column.ty.array {
        return None;
    }
    let limit = column.ty.modifier.first().and_then(|n| u32::try_from(*n).ok());
    Some(match (column.ty.name.as_str(), column.ty.family) {
        _ if column.ty.array => 60,
        ("character", _) => limit.unwrap_or(1).saturating_add(1),
        (_, TypeFamily::Text) => limit.map_or(32, |n| (n / 2).clamp(1, 32)) + 1,
        (_, TypeFamily::Numeric) => 6,
        (_, TypeFamily::Json) => 200,
        ("bytea", _) => 100,
        ("inet" | "cidr", _) => 7,
        _ => 32,
    })
}

/// `function(column)` as the workload file names an index expression; others are left for the user.
fn expression(expr: &Expr) -> Option<String> {
    let Expr::Call { name: QualifiedName { schema: None, name }, args, star: false, over: None, .. } = expr else {
        return None;
    };
    match args.as_slice() {
        [Expr::Column { qualifier: None, name: column, .. }] => {
            Some(format!("{}({})", names::sql(name), names::sql(column)))
        }
        _ => None,
    }
}
