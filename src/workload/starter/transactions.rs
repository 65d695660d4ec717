//! Transactions that keys and foreign keys suggest: look a row up, list what belongs to one, add, change.

use super::guess::Guesses;
use super::insert;
use super::names;
use super::values::{Variable, Variables, existing, plain};
use crate::schema::{Column, ForeignKey, Table, TableId};

/// Rows of a list that is shown at once.
const PAGE: u32 = 20;
/// Lists by different keys that one table gets.
const MAX_LISTS: usize = 2;

/// A drafted transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct StarterTransaction {
    name: String,
    weight: u32,
    variables: Vec<Variable>,
    steps: Vec<Step>,
}

/// One of its statements.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    sql: String,
    repeat: Option<u32>,
    comment: Option<String>,
}

impl Step {
    fn new(sql: String) -> Self {
        Self { sql, repeat: None, comment: None }
    }
}

impl StarterTransaction {
    /// One that counts a table's rows.
    #[must_use]
    pub fn counting(table: &str) -> Self {
        let step = Step::new(format!("SELECT count(*) FROM {table}"));
        Self { name: "count".to_owned(), weight: 1, variables: Vec::new(), steps: vec![step] }
    }

    /// As an item of the section `transactions`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("  - name: {}\n    weight: {}\n", names::yaml(&self.name), self.weight);
        if !self.variables.is_empty() {
            out += "    variables:\n";
            for v in &self.variables {
                out += &format!("      {}: {}\n", names::yaml(&v.name), v.distribution);
            }
        }
        out += "    statements:\n";
        for step in &self.steps {
            if let Some(comment) = &step.comment {
                out += &format!("      # {comment}\n");
            }
            out += &format!("      - sql: {}\n", names::yaml_sql(&step.sql));
            if let Some(repeat) = step.repeat {
                out += &format!("        repeat: {repeat}\n");
            }
        }
        out
    }
}

/// Transactions for the chosen tables, each name once.
pub(super) fn of(guesses: &Guesses<'_>, chosen: &[TableId]) -> Vec<StarterTransaction> {
    let mut all: Vec<StarterTransaction> = Vec::new();
    for id in chosen {
        let table = guesses.table(*id);
        all.extend(get(guesses, *id, table));
        all.extend(lists(guesses, table));
        all.extend(add(guesses, *id, table));
        all.extend(change(guesses, *id, table));
    }
    for place in 1..all.len() {
        let (before, rest) = all.split_at_mut(place);
        let name = rest[0].name.clone();
        let mut number = 1;
        while before.iter().any(|t| t.name == rest[0].name) {
            number += 1;
            rest[0].name = format!("{name}_{number}");
        }
    }
    all
}

fn transaction(name: String, weight: u32, variables: Variables, steps: Vec<Step>) -> StarterTransaction {
    StarterTransaction { name, weight, variables: variables.0, steps }
}

/// The columns of the primary key, when all are plain ones.
fn key_columns(table: &Table) -> Option<Vec<&Column>> {
    let key = table.primary_key()?;
    key.keys.iter().map(|k| table.column(k.column()?)).collect()
}

/// `a = :a AND b = :b` over the primary key.
fn by_key(guesses: &Guesses<'_>, id: TableId, table: &Table, variables: &mut Variables) -> Option<String> {
    let columns = key_columns(table)?;
    let alone = columns.len() == 1;
    let tests: Vec<String> = columns
        .into_iter()
        .map(|column| {
            let values = match guesses.parent(id, &column.name) {
                Some(parent) => guesses.rows[parent],
                None if alone => guesses.rows[id],
                None => guesses.distinct(id, column),
            };
            let drawn = match guesses.allowed(table, column) {
                Some(allowed) => variables.add(&column.name, super::values::one_of(&allowed)),
                None => variables.add(&column.name, existing(column, values)),
            };
            format!("{} = {drawn}", names::sql(&column.name))
        })
        .collect();
    Some(tests.join(" AND "))
}

fn get(guesses: &Guesses<'_>, id: TableId, table: &Table) -> Option<StarterTransaction> {
    let mut variables = Variables::default();
    let condition = by_key(guesses, id, table, &mut variables)?;
    let sql = format!("SELECT * FROM {} WHERE {condition}", names::table_sql(&table.name));
    Some(transaction(format!("get_{}", table.name.name), 10, variables, vec![Step::new(sql)]))
}

/// The rows that belong to one row of another table, newest first where a key says which those are.
fn lists(guesses: &Guesses<'_>, table: &Table) -> Vec<StarterTransaction> {
    let single = table.foreign_keys.iter().filter(|k| k.columns.len() == 1).take(MAX_LISTS);
    single.filter_map(|key| list(guesses, table, key)).collect()
}

fn list(guesses: &Guesses<'_>, table: &Table, key: &ForeignKey) -> Option<StarterTransaction> {
    let column = table.column(key.columns.first()?)?;
    let mut variables = Variables::default();
    let drawn = variables.add(&column.name, existing(column, guesses.rows[key.references]));
    let order = key_columns(table)
        .and_then(|c| c.last().map(|c| names::sql(&c.name)))
        .filter(|c| *c != names::sql(&column.name))
        .map(|c| format!(" ORDER BY {c} DESC"))
        .unwrap_or_default();
    let mut step = Step::new(format!(
        "SELECT * FROM {} WHERE {} = {drawn}{order} LIMIT {PAGE}",
        names::table_sql(&table.name),
        names::sql(&column.name)
    ));
    let leads = |i: &crate::schema::Index| i.keys.first().is_some_and(|k| k.column() == Some(column.name.as_str()));
    if !table.indexes.iter().any(leads) {
        step.comment = Some("No index begins with this column: the whole table is read each time.".to_owned());
    }
    let name = format!("{}_by_{}", table.name.name, column.name);
    Some(transaction(name, 4, variables, vec![step]))
}

/// A new row, with three of each table whose rows are part of it.
fn add(guesses: &Guesses<'_>, id: TableId, table: &Table) -> Option<StarterTransaction> {
    let mut variables = Variables::default();
    let mut steps = vec![Step::new(insert::statement(guesses, id, &[], &mut variables))];
    let automatic = key_columns(table).filter(|c| c.len() == 1 && insert::is_automatic(c[0])).map(|c| c[0]);
    if let Some(key) = automatic {
        let parent = names::table_sql(&table.name);
        let drawn =
            format!("currval(pg_get_serial_sequence({}, {}))", names::text_sql(&parent), names::text_sql(&key.name));
        for child in guesses.referrers(id).iter().filter(|c| is_part_of(guesses, **c, id)) {
            let reference = guesses.table(*child).foreign_keys.iter().find(|k| k.references == id);
            let Some(column) = reference.and_then(|k| k.columns.first()) else { continue };
            let sql = insert::statement(guesses, *child, &[(column.as_str(), drawn.clone())], &mut variables);
            steps.push(Step { sql, repeat: Some(3), comment: None });
        }
    }
    Some(transaction(format!("add_{}", table.name.name), 2, variables, steps))
}

/// Whether rows of one table are parts of rows of another: the reference is part of their key.
fn is_part_of(guesses: &Guesses<'_>, child: TableId, parent: TableId) -> bool {
    let table = guesses.table(child);
    let in_key =
        |column: &str| key_columns(table).is_some_and(|key| key.len() > 1 && key.iter().any(|c| c.name == column));
    guesses.is_named(child)
        && table.foreign_keys.iter().any(|k| k.references == parent && k.columns.len() == 1 && in_key(&k.columns[0]))
}

/// A change of one column that is in no key and no index: most updates are of that kind.
fn change(guesses: &Guesses<'_>, id: TableId, table: &Table) -> Option<StarterTransaction> {
    let indexed = |column: &Column| {
        let names = |i: &crate::schema::Index| i.keys.iter().any(|k| k.column() == Some(column.name.as_str()));
        table.indexes.iter().any(names) || table.foreign_keys.iter().any(|k| k.columns.contains(&column.name))
    };
    let free = table.columns.iter().filter(|c| c.generated.is_none() && !insert::is_automatic(c) && !indexed(c));
    let column = free.max_by_key(|c| std::cmp::Reverse(usage_rank(guesses, table, c)))?;
    let mut variables = Variables::default();
    let condition = by_key(guesses, id, table, &mut variables)?;
    let value = plain(guesses, id, table, column, &mut variables);
    let sql = format!(
        "UPDATE {} SET {} = {value} WHERE {condition}",
        names::table_sql(&table.name),
        names::sql(&column.name)
    );
    Some(transaction(format!("change_{}", table.name.name), 2, variables, vec![Step::new(sql)]))
}

/// What is changed most often comes first: states, then numbers, then times, then the rest.
fn usage_rank(guesses: &Guesses<'_>, table: &Table, column: &Column) -> u8 {
    match column.ty.name.as_str() {
        _ if guesses.allowed(table, column).is_some() || column.name == "status" || column.name == "state" => 0,
        "integer" | "bigint" | "numeric" | "double precision" | "real" | "smallint" => 1,
        "boolean" => 2,
        name if name.starts_with("timestamp") && column.name.contains("updated") => 2,
        name if name.starts_with("timestamp") || name == "date" => 4,
        _ => 3,
    }
}
