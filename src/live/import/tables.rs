//! The section `tables` of the workload file.

use super::catalog::{About, Column, Table};
use super::values::{LISTED, is_ordered, scalar, short, thinned, value_key};
use super::{SCHEMA_FILE, text_scalar};
use crate::workload::starter::names;

/// Rows of a table that was never analysed and never counted.
const ASSUMED_ROWS: f64 = 1000.0;

/// Longer values are documents rather than keys: nothing is compared with them as a whole.
const LONGEST: usize = 64;

/// Everything before the transactions.
pub(super) fn section(tables: &[Table], about: &About, values: bool) -> String {
    let mut out = format!(
        "# The database `{}` as it was found. Statistics of tables and columns are PostgreSQL's own{}.\n\
         version: 1\nname: {}\nschema: {SCHEMA_FILE}\ndatabase: {{collation: {}, encoding: {}}}\n",
        about.database.replace('\n', " "),
        if values { "; they hold values of the data" } else { "; values of the data are left out" },
        text_scalar(&about.database),
        text_scalar(&about.collation),
        text_scalar(&about.encoding),
    );
    out += if tables.is_empty() { "tables: {}\n" } else { "tables:\n" };
    for table in tables {
        out += &entry(table, values);
    }
    out
}

fn entry(table: &Table, values: bool) -> String {
    let mut out = format!("  {}:\n", names::table_key(&table.name));
    match table.rows {
        Some(rows) => out += &format!("    rows: {}\n", short(rows.round())),
        None => out += &format!("    rows: {}    # A GUESS: the table was never analysed\n", short(ASSUMED_ROWS)),
    }
    // A partitioned table has no pages of its own.
    if table.pages > 0.0 && !table.partitioned {
        out += &format!("    pages: {}\n    all_visible: {}\n", short(table.pages), short(table.all_visible));
    }
    if table.dead_rows > 0.0 {
        out += &format!("    dead_rows: {}\n", short(table.dead_rows));
    }
    if table.partition {
        // Its columns are those of the table that it is a part of.
        return out;
    }
    out += &mapping("columns", &table.columns, values, names::column_key);
    out + &mapping("expressions", &table.expressions, values, text_scalar)
}

fn mapping(title: &str, columns: &[Column], values: bool, key: impl Fn(&str) -> String) -> String {
    let lines: Vec<String> = columns
        .iter()
        .filter_map(|c| Some(format!("      {}: {{{}}}\n", key(&c.name), statistics(c, values)?)))
        .collect();
    if lines.is_empty() { String::new() } else { format!("    {title}:\n{}", lines.concat()) }
}

/// The statistics of one column as a flow mapping's inside.
fn statistics(column: &Column, values: bool) -> Option<String> {
    let s = column.statistics.as_ref()?;
    let mut parts = vec![format!("avg_bytes: {}", s.avg_bytes)];
    if s.distinct != 0.0 {
        parts.push(format!("distinct: {}", short(s.distinct)));
    }
    if s.null_fraction > 0.0 {
        parts.push(format!("null_fraction: {}", short(s.null_fraction)));
    }
    if let Some(correlation) = s.correlation {
        parts.push(format!("correlation: {}", short(correlation)));
    }
    if values {
        let most_common = pairs(column, &s.most_common);
        if !most_common.is_empty() {
            parts.push(format!("most_common: {{{most_common}}}"));
        }
        if is_ordered(column) && s.bounds.len() > 1 {
            let bounds: Vec<String> = thinned(&s.bounds).into_iter().map(|b| scalar(column, b)).collect();
            parts.push(format!("histogram: [{}]", bounds.join(", ")));
        }
        if !s.elements.is_empty() {
            let count = s.elements_per_value.map(|c| format!("avg_count: {}, ", short(c))).unwrap_or_default();
            let text = Column { category: 'S', ..column.clone() };
            parts.push(format!("elements: {{{count}most_common: {{{}}}}}", pairs(&text, &s.elements)));
        }
    }
    Some(parts.join(", "))
}

fn pairs(column: &Column, values: &[(String, f64)]) -> String {
    let item = |(value, frequency): &(String, f64)| format!("{}: {}", value_key(column, value), short(*frequency));
    values.iter().filter(|(v, _)| v.len() <= LONGEST).take(LISTED).map(item).collect::<Vec<_>>().join(", ")
}
