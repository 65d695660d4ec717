//! Triggers that a statement fires: what they do is not priced, and that is said.

use crate::access::block::{Action, Bound};
use crate::access::merge::Then;
use crate::diagnostic::{Warning, WarningCode};
use crate::schema::{Schema, TableId};

/// A warning for each trigger that a statement fires.
#[must_use]
pub fn warnings(schema: &Schema, bound: &Bound) -> Vec<Warning> {
    let mut written = Vec::new();
    events(bound, &mut written);
    written.sort_unstable();
    written.dedup();
    let mut found = Vec::new();
    for (table, event) in written {
        let Some(table) = schema.tables.get(table) else { continue };
        for trigger in table.triggers.iter().filter(|t| t.events.iter().any(|e| e == event)) {
            let per = if trigger.row { "row" } else { "statement" };
            let message = format!(
                "trigger `{}` on `{}` runs `{}` for each {per} at {}; what it does is not priced, so give the statement a measured `cpu`",
                trigger.name,
                table.name,
                trigger.function,
                event.to_uppercase()
            );
            let mut warning = Warning::new(WarningCode::NotModelled, message);
            warning.position.clone_from(&trigger.position);
            if !found.contains(&warning) {
                found.push(warning);
            }
        }
    }
    found
}

fn events(bound: &Bound, written: &mut Vec<(TableId, &'static str)>) {
    for cte in &bound.ctes {
        events(&cte.bound, written);
    }
    match &bound.action {
        Action::Insert(insert) => {
            written.push((insert.table.id, "insert"));
            if insert.conflict.as_ref().is_some_and(|c| c.update.is_some()) {
                written.push((insert.table.id, "update"));
            }
        }
        Action::Update(update) => written.push((update.block.rels[0].info.id, "update")),
        Action::Delete(delete) => written.push((delete.block.rels[0].info.id, "delete")),
        Action::Merge(merge) => {
            let target = merge.block.rels[0].info.id;
            written.extend(merge.when.iter().filter_map(|w| match w.action {
                Then::Update(_) => Some((target, "update")),
                Then::Delete(_) => Some((target, "delete")),
                Then::Insert(_) => Some((target, "insert")),
                Then::Nothing => None,
            }));
        }
        Action::Tables(command) if command.emptied => {
            written.extend(command.tables.iter().map(|t| (t.id, "truncate")));
        }
        Action::Query(_) | Action::Tables(_) | Action::Utility => {}
    }
}
