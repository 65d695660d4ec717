//! Indexes and constraints out of the way of a load, and back after it, as the server's own catalog writes them.

use postgres::Client;

use crate::live::LiveError;
use crate::live::fill::insert::{identifier, table_name};
use crate::schema::TableName;

/// What was taken off, in the order in which it goes back.
#[derive(Debug, Default)]
pub struct Taken {
    back: Vec<Back>,
}

/// A statement that puts something back.
#[derive(Debug)]
struct Back {
    what: String,
    sql: String,
    /// A check may turn out not to hold for what was loaded; it then holds for new rows only.
    lenient: Option<String>,
    /// What deletes all rows but one of each key.
    distinct: Option<String>,
}

/// Constraints of the tables made here: foreign keys first, so that what they rest on can follow. A partition's are
/// its parent's.
const CONSTRAINTS: &str = "\
SELECT c.conname::text, n.nspname::text, r.relname::text, c.contype::text, pg_get_constraintdef(c.oid), c.conindid::regclass::text
FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE c.conparentid = 0 AND c.contype IN ('f', 'c', 'u', 'p', 'x') AND c.coninhcount = 0 AND NOT r.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT EXISTS
  (SELECT FROM pg_depend d WHERE d.objid = r.oid AND d.deptype = 'e')
ORDER BY c.contype <> 'f', c.oid";

/// Indexes that no constraint made.
const INDEXES: &str = "\
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indrelid::regclass::text
FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE NOT x.relispartition AND NOT r.relispartition AND r.relkind IN ('r', 'p')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND NOT EXISTS
  (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('u', 'p', 'x')) AND NOT EXISTS
  (SELECT FROM pg_depend d WHERE d.objid = r.oid AND d.deptype = 'e')
ORDER BY i.indexrelid";

/// Checks of domains.
const DOMAINS: &str = "\
SELECT c.conname::text, c.contypid::regtype::text, pg_get_constraintdef(c.oid)
FROM pg_constraint c JOIN pg_type t ON t.oid = c.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE c.contype = 'c' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT EXISTS
  (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
ORDER BY c.oid";

impl Taken {
    /// Takes indexes and constraints off all tables of the database.
    ///
    /// # Errors
    /// What the server says.
    pub fn off(client: &mut Client) -> Result<Self, LiveError> {
        let (mut drop, mut keys, mut others, mut foreign) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for row in client.query(CONSTRAINTS, &[])? {
            let [name, schema, table, kind, definition]: [String; 5] = [0, 1, 2, 3, 4].map(|i| row.get(i));
            let table = table_name(&TableName { schema, name: table });
            drop.push(format!("ALTER TABLE {table} DROP CONSTRAINT {}", identifier(&name)));
            let add = format!("ALTER TABLE {table} ADD CONSTRAINT {} {definition}", identifier(&name));
            let mut back =
                Back { what: format!("constraint {name} of {table}"), sql: add, lenient: None, distinct: None };
            match kind.as_str() {
                "f" => foreign.push(back),
                "c" => {
                    back.lenient = Some(format!("{} NOT VALID", back.sql)).filter(|s| !s.contains("NOT VALID NOT"));
                    others.push(back);
                }
                _ => {
                    back.distinct = columns_of(&definition).map(|columns| distinct_rows(&table, &columns));
                    keys.push(back);
                }
            }
        }
        let mut indexes = Vec::new();
        for row in client.query(INDEXES, &[])? {
            let [index, definition, table]: [String; 3] = [0, 1, 2].map(|i| row.get(i));
            drop.push(format!("DROP INDEX {index}"));
            let distinct = columns_of(&definition)
                .filter(|_| definition.starts_with("CREATE UNIQUE"))
                .map(|columns| distinct_rows(&table, &columns));
            // The index of a partitioned table is written as if it had no partitions.
            let sql = definition.replacen(" ON ONLY ", " ON ", 1);
            indexes.push(Back { what: format!("index {index}"), sql, lenient: None, distinct });
        }
        for row in client.query(DOMAINS, &[])? {
            let [name, domain, definition]: [String; 3] = [0, 1, 2].map(|i| row.get(i));
            let name = identifier(&name);
            drop.push(format!("ALTER DOMAIN {domain} DROP CONSTRAINT {name}"));
            let sql = format!("ALTER DOMAIN {domain} ADD CONSTRAINT {name} {definition}");
            let lenient = Some(format!("{sql} NOT VALID"));
            others.push(Back { what: format!("check {name} of domain {domain}"), sql, lenient, distinct: None });
        }
        for sql in &drop {
            client
                .batch_execute(sql)
                .map_err(|e| LiveError::Sql { message: format!("{sql}: {}", LiveError::from(e)) })?;
        }
        // A foreign key may rest on a unique index that is no constraint.
        Ok(Self { back: keys.into_iter().chain(indexes).chain(others).chain(foreign).collect() })
    }

    /// Puts everything back; says what had to give way.
    ///
    /// # Errors
    /// What the server says of a constraint that does not hold for the rows loaded.
    pub fn back(&self, client: &mut Client, stop: &dyn Fn() -> bool) -> Result<Vec<String>, LiveError> {
        let mut notes = Vec::new();
        for back in &self.back {
            if stop() {
                return Err(LiveError::Interrupted);
            }
            let Err(error) = client.batch_execute(&back.sql) else { continue };
            let message = LiveError::from(error).to_string();
            let again = match (&back.lenient, &back.distinct) {
                (Some(lenient), _) => {
                    notes.push(format!("{} does not hold for the rows made up, only for new ones", back.what));
                    client.batch_execute(lenient)
                }
                (None, Some(distinct)) if message.contains("duplicated") || message.contains("unique index") => {
                    let rows = client.execute(distinct.as_str(), &[])?;
                    notes.push(format!("{rows} rows were left out, since {} is unique", back.what));
                    client.batch_execute(&back.sql)
                }
                _ => return Err(LiveError::Sql { message: format!("{}: {message}", back.what) }),
            };
            again.map_err(|e| LiveError::Sql { message: format!("{}: {}", back.what, LiveError::from(e)) })?;
        }
        Ok(notes)
    }
}

/// What stands in the first parentheses of a definition: the columns of a key.
fn columns_of(definition: &str) -> Option<String> {
    let start = definition.find('(')?;
    let mut depth = 0;
    for (i, c) in definition[start..].char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(definition[start + 1..start + i].to_owned());
        }
    }
    None
}

/// Deletes all rows but one of each key.
fn distinct_rows(table: &str, columns: &str) -> String {
    // DESC, NULLS FIRST and operator classes have no place in PARTITION BY.
    let plain: Vec<&str> = columns.split(", ").map(|c| c.split(" DESC").next().unwrap_or(c)).collect();
    format!(
        "DELETE FROM {table} t USING (SELECT tableoid AS o, ctid AS c, row_number() OVER (PARTITION BY {}) AS n FROM {table}) d \
         WHERE t.tableoid = d.o AND t.ctid = d.c AND d.n > 1",
        plain.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_definitions() {
        assert_eq!(columns_of("PRIMARY KEY (a, b) INCLUDE (c)").unwrap(), "a, b");
        assert_eq!(columns_of("CREATE UNIQUE INDEX i ON t USING btree (lower(e), b)").unwrap(), "lower(e), b");
    }
}
