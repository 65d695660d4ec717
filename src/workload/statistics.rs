//! Statistics of tables and columns: what DDL cannot say.

use std::collections::BTreeMap;

use super::file::{ColumnFile, ElementsFile, TableFile};
use super::{ColumnStats, ElementStats, TableStats};
use crate::diagnostic::InputError;
use crate::schema::TableName;
use crate::sql::tree::Literal;
use crate::yaml::{Document, Entries, Fraction, Located, Text, Value};

/// A name as SQL would read it: folded to lower case, but for what stands in double quotes.
/// Returns its parts, separated at dots outside quotes.
pub(super) fn identifier_parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let last = parts.len() - 1;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                parts[last].push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            c if quoted => parts[last].push(c),
            c => parts[last].extend(c.to_lowercase()),
        }
    }
    parts
}

/// A table's name; `public` when no schema is written.
fn table_name(document: &Document, key: &Located<Text>) -> Result<TableName, InputError> {
    let malformed = || {
        document.error_at(key.node, format!("`{}` is not the name of a table", key.value.0)).expected(
            "a table's name as in SQL, such as `accounts`, `crm.contacts` or `\"Mixed Case\"` in quotes of its own",
        )
    };
    let mut parts = identifier_parts(key.value.0.trim());
    if parts.len() > 2 || parts.iter().any(String::is_empty) {
        return Err(malformed());
    }
    let name = parts.pop().ok_or_else(malformed)?;
    Ok(TableName { schema: parts.pop().unwrap_or_else(|| "public".to_owned()), name })
}

/// Reads the section `tables`.
pub(super) fn tables(
    document: &Document,
    file: &Entries<Text, TableFile>,
) -> Result<BTreeMap<TableName, TableStats>, InputError> {
    let mut tables = BTreeMap::new();
    for (key, table) in &file.0 {
        let name = table_name(document, key)?;
        if tables.contains_key(&name) {
            return Err(document.error_at(key.node, format!("table `{name}` stands here twice")));
        }
        let mut stats = TableStats {
            position: Some(document.position(key.node)),
            rows: table.rows.0,
            pages: table.pages.as_ref().map(|p| p.0),
            dead_rows: table.dead_rows.as_ref().map(|d| d.0),
            all_visible: table.all_visible.as_ref().map(|f| f.0),
            ..TableStats::default()
        };
        for (key, column) in &table.columns.0 {
            let name = identifier_parts(&key.value.0).join(".");
            if stats.columns.insert(name, column_stats(document, key, column)?).is_some() {
                return Err(document.error_at(key.node, format!("column `{}` stands here twice", key.value.0)));
            }
        }
        for (key, column) in &table.expressions.0 {
            stats.expressions.insert(key.value.0.clone(), column_stats(document, key, column)?);
        }
        tables.insert(name, stats);
    }
    Ok(tables)
}

fn column_stats(document: &Document, key: &Located<Text>, file: &ColumnFile) -> Result<ColumnStats, InputError> {
    let out_of = |node, x: f64, expected: &str| {
        Err(document.error_at(node, format!("`{x}` is out of range")).expected(expected.to_owned()))
    };
    if let Some(d) = &file.distinct
        && d.value.0 < -1.0
    {
        return out_of(d.node, d.value.0, "a count, or a negative fraction of the rows down to -1");
    }
    if let Some(c) = &file.correlation
        && !(-1.0..=1.0).contains(&c.value.0)
    {
        return out_of(c.node, c.value.0, "a number from -1 to 1");
    }
    if let (Some(Value(Literal::Number(min))), Some(max)) = (&file.min, &file.max)
        && let Value(Literal::Number(top)) = max.value
        && top < *min
    {
        return Err(document
            .error_at(max.node, format!("the range is reversed: max {top} is below min {min}"))
            .expected(format!("a value of at least {min}")));
    }
    let histogram = file.histogram.as_deref().unwrap_or_default();
    for pair in histogram.windows(2) {
        if let (Literal::Number(a), Literal::Number(b)) = (&pair[0].value.0, &pair[1].value.0)
            && b < a
        {
            return Err(document
                .error_at(pair[1].node, format!("histogram bounds must not fall: {b} comes after {a}"))
                .expected("bounds in increasing order"));
        }
    }
    Ok(ColumnStats {
        position: Some(document.position(key.node)),
        avg_bytes: file.avg_bytes.as_ref().map(|b| b.0),
        // pg_stats writes 0 for "not known".
        distinct: file.distinct.as_ref().map(|d| d.value.0).filter(|d| *d != 0.0),
        null_fraction: file.null_fraction.as_ref().map(|f| f.0),
        correlation: file.correlation.as_ref().map(|c| c.value.0),
        most_common: most_common(document, &file.most_common, Some(1.0))?,
        min: file.min.as_ref().map(|v| v.0.clone()),
        max: file.max.as_ref().map(|v| v.value.0.clone()),
        histogram: histogram.iter().map(|v| v.value.0.clone()).collect(),
        elements: file.elements.as_ref().map(|e| element_stats(document, e)).transpose()?,
    })
}

fn element_stats(document: &Document, file: &ElementsFile) -> Result<ElementStats, InputError> {
    Ok(ElementStats {
        distinct: file.distinct.as_ref().map(|d| d.0),
        avg_count: file.avg_count.as_ref().map(|a| a.0),
        // A value holds several elements, so these may add up to more than 1.
        most_common: most_common(document, &file.most_common, None)?,
    })
}

fn most_common(
    document: &Document,
    file: &Entries<Text, Located<Fraction>>,
    most: Option<f64>,
) -> Result<Vec<(String, f64)>, InputError> {
    let mut sum = 0.0;
    let mut list = Vec::with_capacity(file.0.len());
    for (value, frequency) in &file.0 {
        sum += frequency.value.0;
        // Frequencies as people round them may pass 1 by a little.
        if most.is_some_and(|most| sum > most + 1e-3) {
            return Err(document
                .error_at(frequency.node, format!("the frequencies add up to {sum:.4}"))
                .expected("at most 1 together"));
        }
        list.push((value.value.0.clone(), frequency.value.0));
    }
    Ok(list)
}
