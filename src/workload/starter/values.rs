//! A value for each column: a variable where it decides which row is meant, a constant elsewhere.

use super::guess::Guesses;
use super::names;
use crate::schema::{Column, Table, TableId};

/// A variable with its distribution, as YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// `{random: [1, 100]}`.
    pub distribution: String,
}

/// Variables of one transaction, each name once.
#[derive(Debug, Default)]
pub(super) struct Variables(pub(super) Vec<Variable>);

impl Variables {
    /// A variable of that distribution; the same one again when name and distribution agree. Returns `:name`.
    pub(super) fn add(&mut self, column: &str, distribution: String) -> String {
        let base = names::variable(column);
        let mut name = base.clone();
        let mut number = 1;
        while let Some(known) = self.0.iter().find(|v| v.name == name) {
            if known.distribution == distribution {
                return format!(":{name}");
            }
            number += 1;
            name = format!("{base}{number}");
        }
        self.0.push(Variable { name: name.clone(), distribution });
        format!(":{name}")
    }
}

/// How one draws a value that is there already: a key of `rows` rows.
pub(super) fn existing(column: &Column, rows: f64) -> String {
    match column.ty.name.as_str() {
        "uuid" => "{uuid: v4}".to_owned(),
        "boolean" => "{one_of: {true: 0.5, false: 0.5}}".to_owned(),
        "date" => "{value: '2025-06-30'}".to_owned(),
        name if name.starts_with("timestamp") => "{value: '2025-06-30 12:00'}".to_owned(),
        _ => format!("{{random: [1, {}]}}", rows.max(1.0)),
    }
}

/// A value that no row has yet.
pub(super) fn fresh(column: &Column, rows: f64) -> String {
    match column.ty.name.as_str() {
        "uuid" => "{uuid: v4}".to_owned(),
        _ => format!("{{sequence: {}}}", rows + 1.0),
    }
}

/// One of several values, equally likely.
pub(super) fn one_of(values: &[String]) -> String {
    #[allow(clippy::cast_precision_loss)]
    let share = (1e4 / values.len().max(1) as f64).floor() / 1e4;
    let list: Vec<String> = values.iter().map(|v| format!("{}: {share}", names::yaml(v))).collect();
    format!("{{one_of: {{{}}}}}", list.join(", "))
}

/// A value in SQL for a column that is neither key nor reference.
pub(super) fn plain(
    guesses: &Guesses<'_>,
    id: TableId,
    table: &Table,
    column: &Column,
    variables: &mut Variables,
) -> String {
    if column.ty.array {
        return "'{}'".to_owned();
    }
    if let Some(values) = guesses.allowed(table, column) {
        return variables.add(&column.name, one_of(&values));
    }
    let name = column.ty.name.as_str();
    match name {
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" | "money" | "oid" => {
            variables.add(&column.name, format!("{{random: [1, {}]}}", guesses.distinct(id, column).clamp(1.0, 1000.0)))
        }
        "boolean" => "true".to_owned(),
        "uuid" => "gen_random_uuid()".to_owned(),
        "date" => "current_date".to_owned(),
        "interval" => "interval '1 hour'".to_owned(),
        "json" | "jsonb" | "hstore" => "'{}'".to_owned(),
        "bytea" => "'\\x00'".to_owned(),
        "inet" | "cidr" => "'127.0.0.1'".to_owned(),
        "macaddr" => "'08:00:2b:01:02:03'".to_owned(),
        "point" => "'(0,0)'".to_owned(),
        "tsvector" => "'a text'".to_owned(),
        "xml" => "'<a/>'".to_owned(),
        "text" | "character varying" | "character" | "citext" | "name" | "\"char\"" => {
            let room = column.ty.modifier.first().and_then(|n| usize::try_from(*n).ok()).unwrap_or(usize::MAX);
            names::text_sql("some text of usual length".chars().take(room.max(1)).collect::<String>().trim_end())
        }
        _ if name.starts_with("timestamp") => "now()".to_owned(),
        _ if name.starts_with("time") => "localtime".to_owned(),
        _ if name.ends_with("range") => "'empty'".to_owned(),
        _ if !column.not_null => "NULL".to_owned(),
        _ => "DEFAULT".to_owned(),
    }
}
