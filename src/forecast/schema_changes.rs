//! Provides what came into a schema since a baseline and makes touched tables dearer, with its line.

use std::collections::BTreeSet;

use crate::diagnostic::Position;
use crate::forecast::check::SchemaChange;
use crate::schema::{ForeignKey, Index, Schema, Table, TableName};
use crate::sql::tree::{Body, Command, Query, Statement, TableRef};

/// Indexes, foreign keys, row triggers and storage parameters that differ on tables that the
/// workload touches, in the order of the new schema. What is gone has the place of its table.
#[must_use]
pub fn schema_changes(before: &Schema, now: &Schema, touched: &BTreeSet<TableName>) -> Vec<SchemaChange> {
    let mut out = Vec::new();
    for table in now.tables.iter().filter(|t| touched.contains(&t.name)) {
        match before.tables.iter().find(|t| t.name == table.name) {
            Some(old) => compare(old, table, &mut out),
            None => push(&mut out, format!("new table `{}`", table.name), table.position.as_ref()),
        }
    }
    // A key that refers to a touched table is checked when that table's rows change.
    for table in &now.tables {
        for key in new_keys(before, table) {
            if let Some(target) = now.tables.get(key.references)
                && (touched.contains(&target.name) || touched.contains(&table.name))
            {
                let name = key.name.as_ref().map(|n| format!(" `{n}`")).unwrap_or_default();
                let message = format!(
                    "new foreign key{name} on `{}` ({}), which refers to `{}`",
                    table.name,
                    key.columns.join(", "),
                    target.name
                );
                push(&mut out, message, key.position.as_ref().or(table.position.as_ref()));
            }
        }
    }
    out
}

/// Tables that a statement names as targets or sources, in the public schema unless qualified.
pub fn tables_of(statement: &Statement, out: &mut BTreeSet<TableName>) {
    let mut add = |name: &crate::sql::tree::QualifiedName| {
        let schema = name.schema.clone().unwrap_or_else(|| "public".into());
        out.insert(TableName { schema, name: name.name.clone() });
    };
    let with = match statement {
        Statement::Insert(s) => {
            add(&s.table);
            s.source.iter().for_each(|q| query_tables(q, out));
            &s.with
        }
        Statement::Update(s) => {
            add(&s.table);
            s.from.iter().for_each(|t| source_tables(t, out));
            &s.with
        }
        Statement::Delete(s) => {
            add(&s.table);
            s.using.iter().for_each(|t| source_tables(t, out));
            &s.with
        }
        Statement::Merge(s) => {
            add(&s.table);
            source_tables(&s.source, out);
            &s.with
        }
        Statement::Command(Command::LockTable { tables, .. } | Command::Truncate { tables, .. }) => {
            tables.iter().for_each(|t| add(&t.0));
            return;
        }
        Statement::Command(Command::CopyFrom { table, .. }) => return add(&table.0),
        Statement::Command(Command::Declare { query, .. }) => return query_tables(query, out),
        Statement::Command(Command::Prepare { statement, .. }) => return tables_of(statement, out),
        Statement::Query(q) => return query_tables(q, out),
        _ => return,
    };
    with.iter().for_each(|c| tables_of(&c.statement, out));
}

fn query_tables(query: &Query, out: &mut BTreeSet<TableName>) {
    query.with.iter().for_each(|c| tables_of(&c.statement, out));
    match &query.body {
        Body::Select(select) => select.from.iter().for_each(|t| source_tables(t, out)),
        Body::SetOperation { left, right, .. } => {
            query_tables(left, out);
            query_tables(right, out);
        }
        Body::Values(_) => {}
    }
}

fn source_tables(source: &TableRef, out: &mut BTreeSet<TableName>) {
    match source {
        TableRef::Table { name, .. } => {
            let schema = name.schema.clone().unwrap_or_else(|| "public".into());
            out.insert(TableName { schema, name: name.name.clone() });
        }
        TableRef::Subquery { query, .. } => query_tables(query, out),
        TableRef::Join { left, right, .. } => {
            source_tables(left, out);
            source_tables(right, out);
        }
        TableRef::Function { .. } => {}
    }
}

fn compare(old: &Table, new: &Table, out: &mut Vec<SchemaChange>) {
    let table = &new.name;
    for index in &new.indexes {
        match old.indexes.iter().find(|i| i.name == index.name) {
            None => push(out, format!("new {} on `{table}`", index_words(index)), index.position.as_ref()),
            Some(before) if index_shape(before) != index_shape(index) => {
                push(out, format!("changed {} on `{table}`", index_words(index)), index.position.as_ref());
            }
            Some(_) => {}
        }
    }
    for index in &old.indexes {
        if !new.indexes.iter().any(|i| i.name == index.name) {
            push(out, format!("{} on `{table}` is gone", index_words(index)), new.position.as_ref());
        }
    }
    for trigger in new.triggers.iter().filter(|t| !old.triggers.iter().any(|o| o.name == t.name)) {
        push(out, format!("new trigger `{}` on `{table}`", trigger.name), trigger.position.as_ref());
    }
    for column in new.columns.iter().filter(|c| !old.columns.iter().any(|o| o.name == c.name)) {
        push(out, format!("new column `{}` in `{table}`", column.name), new.position.as_ref());
    }
    if new.fillfactor != old.fillfactor {
        let percent = |f: f64| (f * 100.0).round();
        let message =
            format!("fillfactor of `{table}` changed from {} to {}", percent(old.fillfactor), percent(new.fillfactor));
        push(out, message, new.position.as_ref());
    }
    if new.unlogged != old.unlogged {
        let word = if new.unlogged { "unlogged" } else { "logged" };
        push(out, format!("`{table}` is {word} now"), new.position.as_ref());
    }
}

fn index_words(index: &Index) -> String {
    let kind = match (index.primary, index.unique) {
        (true, _) => "primary key",
        (_, true) => "unique index",
        _ => "index",
    };
    format!("{kind} `{}`", index.name)
}

/// What an index costs and serves by: everything but its place. Spans inside expressions move with
/// the text around them, so expressions are compared by their column, or else by how many there are.
fn index_shape(index: &Index) -> (String, Vec<Option<String>>, Vec<String>, bool, bool) {
    let keys = index.keys.iter().map(|k| k.column().map(str::to_owned)).collect();
    (index.method.clone(), keys, index.include.clone(), index.unique, index.predicate.is_some())
}

/// Foreign keys of `table` that its old self did not have, by columns and target.
fn new_keys<'a>(before: &'a Schema, table: &'a Table) -> impl Iterator<Item = &'a ForeignKey> {
    let old = before.tables.iter().find(|t| t.name == table.name);
    table.foreign_keys.iter().filter(move |key| {
        // A new table's keys came with it.
        old.is_some_and(|old| !old.foreign_keys.iter().any(|o| o.columns == key.columns && o.name == key.name))
    })
}

fn push(out: &mut Vec<SchemaChange>, message: String, position: Option<&Position>) {
    out.push(SchemaChange { message, location: position.map(ToString::to_string) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    const OLD: &str = "CREATE TABLE customers (id int PRIMARY KEY, name text);\n\
        CREATE TABLE orders (id int PRIMARY KEY, customer int, status text);\n\
        CREATE INDEX by_status ON orders (status);\n\
        CREATE TABLE notes (id int PRIMARY KEY);\n";

    fn changes(new: &str, touched: &[&str]) -> Vec<String> {
        let touched = touched.iter().map(|t| TableName { schema: "public".into(), name: (*t).into() }).collect();
        schema_changes(&schema::read("a.sql", OLD), &schema::read("b.sql", new), &touched)
            .into_iter()
            .map(|c| format!("{} {}", c.location.unwrap_or_default(), c.message))
            .collect()
    }

    #[test]
    fn nothing_changed() {
        assert!(changes(OLD, &["orders", "customers"]).is_empty());
        assert!(changes(&format!("-- a comment moves every line\n{OLD}"), &["orders", "customers"]).is_empty());
    }

    #[test]
    fn new_and_gone_objects_on_touched_tables_with_their_lines() {
        let new = format!(
            "{OLD}CREATE INDEX by_customer ON orders (customer);\nCREATE INDEX other ON notes (id);\n\
             ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer) REFERENCES customers (id);\n"
        );
        let found = changes(&new, &["orders"]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("b.sql:5:") && found[0].ends_with("new index `by_customer` on `orders`"),
            "{found:?}"
        );
        assert!(found[1].starts_with("b.sql:7:") && found[1].contains("new foreign key `fk` on `orders`"), "{found:?}");
        let gone = changes(&OLD.replace("CREATE INDEX by_status ON orders (status);", ""), &["orders"]);
        assert_eq!(gone, ["b.sql:2:1 index `by_status` on `orders` is gone"]);
    }

    #[test]
    fn tables_are_found_in_every_kind_of_statement() {
        let mut out = BTreeSet::new();
        for sql in [
            "WITH x AS (DELETE FROM a USING b WHERE a.i = b.i RETURNING *) SELECT * FROM c JOIN d ON true",
            "INSERT INTO e SELECT * FROM f",
            "UPDATE s.g SET i = 1 FROM h",
        ] {
            tables_of(&crate::sql::parse_statement(sql).unwrap(), &mut out);
        }
        let names: Vec<String> = out.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a", "b", "c", "d", "e", "f", "h", "s.g"]);
    }
}
