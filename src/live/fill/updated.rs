//! Which tables a workload updates.

use std::collections::BTreeSet;

use crate::schema::{Schema, TableId};
use crate::sql::parse_statement_noted;
use crate::sql::tree::{QualifiedName, Statement};
use crate::workload::{StepKind, Workload};

/// Tables whose rows get new versions: by UPDATE, ON CONFLICT DO UPDATE or MERGE, in a WITH list too.
pub(super) fn tables(schema: &Schema, workload: &Workload) -> BTreeSet<TableId> {
    let mut found = BTreeSet::new();
    let mut note = |name: &QualifiedName| found.extend(find(schema, name));
    for transaction in &workload.transactions {
        for step in &transaction.steps {
            if let StepKind::Statement(text) = &step.kind
                && let Ok((statement, _)) = parse_statement_noted(&text.sql)
            {
                of_statement(&statement, &mut note);
            }
        }
    }
    found
}

fn of_statement(statement: &Statement, note: &mut dyn FnMut(&QualifiedName)) {
    let with = match statement {
        Statement::Query(query) => &query.with,
        Statement::Insert(insert) => {
            if insert.on_conflict.as_ref().is_some_and(|c| c.update.is_some()) {
                note(&insert.table);
            }
            &insert.with
        }
        Statement::Update(update) => {
            note(&update.table);
            &update.with
        }
        Statement::Delete(delete) => &delete.with,
        Statement::Merge(merge) => {
            note(&merge.table);
            &merge.with
        }
        _ => return,
    };
    for cte in with {
        of_statement(&cte.statement, note);
    }
}

/// The table of that name; an unqualified one that is not in `public` may be anywhere, if there is only one.
fn find(schema: &Schema, name: &QualifiedName) -> Option<TableId> {
    schema.find(name).or_else(|| {
        let mut same = (0..schema.tables.len()).filter(|id| schema.tables[*id].name.name == name.name);
        match (name.schema.is_none(), same.next(), same.next()) {
            (true, Some(id), None) => Some(id),
            _ => None,
        }
    })
}
