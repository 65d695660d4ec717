//! Names as SQL and YAML want them written.

use crate::schema::TableName;

/// Words that PostgreSQL reserves: as names they need quotes.
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

/// A name in SQL.
pub(crate) fn sql(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && RESERVED.binary_search(&name).is_err();
    if plain { name.to_owned() } else { quoted(name) }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table in SQL; its schema is left out where it is `public`.
pub(crate) fn table_sql(name: &TableName) -> String {
    if name.schema == "public" { sql(&name.name) } else { format!("{}.{}", sql(&name.schema), sql(&name.name)) }
}

/// A name as a key of the workload file, where quotes of its own keep capitals and dots.
fn key(name: &str) -> String {
    let plain = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '$' | '-'));
    if plain { name.to_owned() } else { quoted(name) }
}

/// A column as a key of the workload file.
pub(crate) fn column_key(name: &str) -> String {
    yaml(&key(name))
}

/// A table as a key of the workload file.
pub(crate) fn table_key(name: &TableName) -> String {
    let full =
        if name.schema == "public" { key(&name.name) } else { format!("{}.{}", key(&name.schema), key(&name.name)) };
    yaml(&full)
}

/// A text as a YAML scalar: as it stands where that is safe, else in quotes.
pub(crate) fn yaml(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-');
    let first = text.chars().next();
    // Plain words that YAML or the reader would take for something else.
    let special = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"];
    let plain = first.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '/'))
        && text.chars().all(word)
        && !special.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// A statement as a YAML scalar.
pub(crate) fn yaml_sql(text: &str) -> String {
    let safe = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && text.chars().all(|c| !c.is_control())
        && text.is_ascii();
    if safe { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// A text constant in SQL.
pub(crate) fn text_sql(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// The name of a variable made from a column's.
pub(crate) fn variable(name: &str) -> String {
    let word: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '_' })
        .collect();
    if word.starts_with(|c: char| c.is_ascii_digit()) || word.is_empty() { format!("v{word}") } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_where_they_are_needed() {
        assert!(RESERVED.is_sorted());
        assert_eq!(
            [sql("id"), sql("order"), sql("Mixed"), sql("a\"b"), sql("ä")],
            ["id", "\"order\"", "\"Mixed\"", "\"a\"\"b\"", "\"ä\""]
        );
        assert_eq!(column_key("Mixed"), r#""\"Mixed\"""#);
        assert_eq!(
            [yaml("id"), yaml("yes"), yaml("0x"), yaml("a: b"), yaml("")],
            ["id", "\"yes\"", "\"0x\"", "\"a: b\"", "\"\""]
        );
        assert_eq!([variable("Order Date"), variable("2nd"), variable("é")], ["order_date", "v2nd", "_"]);
        assert_eq!(text_sql("it's a \\"), "E'it''s a \\\\'");
    }
}
