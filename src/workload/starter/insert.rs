//! INSERTs that a table's columns ask for.

use super::guess::{Guesses, is_unique_on};
use super::names;
use super::values::{Variables, existing, fresh, plain};
use crate::schema::{Column, TableId};
use crate::sql::tree::Expr;

/// Columns that an INSERT names where none of them must be given.
const FREELY_GIVEN: usize = 4;

/// Whether a column draws its value from a sequence.
pub(super) fn is_automatic(column: &Column) -> bool {
    matches!(&column.default, Some(Expr::Call { name, .. }) if name.name == "nextval")
}

/// An INSERT of one row: keys, references and whatever must not be null. `given` are columns with their values.
pub(super) fn statement(
    guesses: &Guesses<'_>,
    id: TableId,
    given: &[(&str, String)],
    variables: &mut Variables,
) -> String {
    let table = guesses.table(id);
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for column in table.columns.iter().filter(|c| c.generated.is_none()) {
        let value = match given.iter().find(|(name, _)| *name == column.name) {
            Some((_, value)) => Some(value.clone()),
            None => value(guesses, id, column, variables),
        };
        if let Some(value) = value {
            columns.push(names::sql(&column.name));
            values.push(value);
        }
    }
    if columns.is_empty() {
        // Nothing must be given: a row of nothing but defaults is not what clients add.
        let free = table.columns.iter().filter(|c| c.generated.is_none() && !is_automatic(c));
        for column in free.take(FREELY_GIVEN) {
            columns.push(names::sql(&column.name));
            values.push(plain(guesses, id, table, column, variables));
        }
    }
    let table = names::table_sql(&table.name);
    if columns.is_empty() {
        return format!("INSERT INTO {table} DEFAULT VALUES");
    }
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
}

/// The value of one column; `None` where the table's own default will do.
fn value(guesses: &Guesses<'_>, id: TableId, column: &Column, variables: &mut Variables) -> Option<String> {
    let table = guesses.table(id);
    if is_automatic(column) {
        return None;
    }
    if let Some(parent) = guesses.parent(id, &column.name) {
        if parent == id && !column.not_null {
            return None;
        }
        return Some(variables.add(&column.name, existing(column, guesses.rows[parent])));
    }
    let in_key = |i: &crate::schema::Index| i.unique && i.keys.iter().any(|k| k.column() == Some(column.name.as_str()));
    let alone = table.indexes.iter().any(|i| is_unique_on(i, &column.name));
    let keyed = alone || table.primary_key().is_some_and(in_key);
    if keyed && guesses.labels(&column.ty).is_none() && (column.default.is_none() || alone) {
        let name = column.ty.name.as_str();
        if matches!(name, "date" | "boolean") || name.starts_with("time") {
            return Some(plain(guesses, id, table, column, variables));
        }
        // Part of a longer key: different within its group is enough.
        let part = !alone && matches!(name, "smallint" | "integer" | "bigint");
        let distribution = match part {
            true => existing(column, guesses.distinct(id, column)),
            false => fresh(column, guesses.rows[id]),
        };
        return Some(variables.add(&column.name, distribution));
    }
    (column.not_null && column.default.is_none()).then(|| plain(guesses, id, table, column, variables))
}
