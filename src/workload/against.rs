//! Checks the tables and columns that a workload names against the schema.

use super::{TableStats, Workload};
use crate::diagnostic::{InputError, Position, Warning, WarningCode, nearest};
use crate::schema::{Schema, TableName};

/// A name as one would write it in the workload file: quoted when it would be folded otherwise.
fn written(name: &str) -> String {
    let plain = name.chars().all(|c| !c.is_uppercase() && c != '"' && c != '.');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn written_table(name: &TableName) -> String {
    if name.schema == "public" {
        written(&name.name)
    } else {
        format!("{}.{}", written(&name.schema), written(&name.name))
    }
}

fn unknown(what: &str, name: &str, position: Option<&Position>, candidates: &[String]) -> InputError {
    let mut error = InputError::new(format!("{what} `{name}` is not in the schema"));
    error.position = position.cloned();
    error.nearest = nearest(name, candidates.iter().map(String::as_str)).map(str::to_owned);
    error.expected = match candidates.len() {
        0 => None,
        1..=12 => {
            Some(format!("one of {}", candidates.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ")))
        }
        n => Some(format!("one of the {n} that the schema defines")),
    };
    error
}

/// Checks the tables, columns and expressions under `tables:` against the schema.
///
/// # Errors
/// A table or column that the schema does not have, at its place in the workload file.
pub fn check_against(workload: &Workload, schema: &Schema) -> Result<Vec<Warning>, InputError> {
    let mut warnings = Vec::new();
    for (name, stats) in &workload.tables {
        let Some(table) = schema.tables.iter().find(|t| t.name == *name) else {
            let candidates: Vec<String> = schema.tables.iter().map(|t| written_table(&t.name)).collect();
            return Err(unknown("table", &written_table(name), stats.position.as_ref(), &candidates));
        };
        for (column, of) in &stats.columns {
            if !table.columns.iter().any(|c| c.name == *column) {
                let candidates: Vec<String> = table.columns.iter().map(|c| written(&c.name)).collect();
                let what = format!("column of `{}`", written_table(name));
                return Err(unknown(&what, &written(column), of.position.as_ref(), &candidates));
            }
        }
        expressions(stats, &mut warnings, table);
    }
    Ok(warnings)
}

/// Statistics of an expression have effect only through an index on it, or a column it names.
fn expressions(stats: &TableStats, warnings: &mut Vec<Warning>, table: &crate::schema::Table) {
    let indexed = table.indexes.iter().flat_map(|i| &i.keys).any(|k| k.column().is_none());
    if indexed {
        return;
    }
    for (expression, of) in &stats.expressions {
        let message = format!(
            "table `{}` has no index on an expression: statistics of `{expression}` have no effect",
            table.name
        );
        let mut warning = Warning::new(WarningCode::NotModelled, message);
        warning.position.clone_from(&of.position);
        warnings.push(warning);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;
    use crate::schema::{Column, DataType, Table, TypeFamily};

    fn schema() -> Schema {
        let ty = DataType {
            name: "integer".into(),
            modifier: vec![],
            array: false,
            fixed_bytes: Some(4),
            align: 4,
            family: TypeFamily::Machine,
        };
        let column = |name: &str| Column {
            name: name.into(),
            ty: ty.clone(),
            not_null: false,
            default: None,
            identity: false,
            generated: None,
            computed: false,
            collation: None,
            storage: None,
            n_distinct: None,
        };
        let table = |schema: &str, name: &str| Table {
            name: TableName { schema: schema.into(), name: name.into() },
            position: None,
            columns: vec![column("id"), column("email"), column("camelCase")],
            indexes: vec![],
            foreign_keys: vec![],
            checks: vec![],
            triggers: vec![],
            fillfactor: 1.0,
            parameters: std::collections::BTreeMap::new(),
            unlogged: false,
            partition_by: None,
            partition_of: None,
            inherits: vec![],
            materialized_view: false,
        };
        Schema { tables: vec![table("public", "Accounts"), table("crm", "contacts")], ..Schema::default() }
    }

    fn check(tables: &str) -> Result<Vec<Warning>, String> {
        let text =
            format!("tables:\n{tables}transactions: [{{name: a, statements: [{{sql: SELECT 1}}]}}]\nclients: 1\n");
        let workload = read(&text).unwrap();
        check_against(&workload, &schema())
            .map_err(|e| format!("{} {} -> {}", e.position.unwrap(), e.message, e.nearest.unwrap_or_default()))
    }

    #[test]
    fn names_must_be_those_of_the_schema() {
        assert_eq!(check("  '\"Accounts\"': {rows: 1, columns: {'\"camelCase\"': {}, EMAIL: {}}}\n"), Ok(vec![]));
        assert_eq!(check("  CRM.contacts: {rows: 1}\n"), Ok(vec![]));
        assert_eq!(
            check("  Accounts: {rows: 1}\n").unwrap_err(),
            "w.yaml:2:3 table `accounts` is not in the schema -> \"Accounts\""
        );
        assert_eq!(
            check("  crm.contact: {rows: 1}\n").unwrap_err(),
            "w.yaml:2:3 table `crm.contact` is not in the schema -> crm.contacts"
        );
        assert_eq!(
            check("  crm.contacts:\n    rows: 1\n    columns:\n      emial: {distinct: 5}\n").unwrap_err(),
            "w.yaml:5:7 column of `crm.contacts` `emial` is not in the schema -> email"
        );
        let warnings = check("  crm.contacts: {rows: 1, expressions: {lower(email): {distinct: 5}}}\n").unwrap();
        assert_eq!(warnings[0].position.as_ref().unwrap().to_string(), "w.yaml:2:41");
    }
}
