//! The end of reading a schema: foreign keys find their tables, partitions get what their parents have,
//! dropped tables go.

use super::build::{Builder, PendingKey};
use super::checks::DROPPED;
use super::types::{ForeignKey, ReferentialAction, Schema, Table, TableId};
use crate::sql::ddl::Action;
use crate::sql::tree::Expr;

impl Builder {
    /// Puts the schema together.
    pub(super) fn finish(mut self) -> Schema {
        for key in std::mem::take(&mut self.keys) {
            self.tie_foreign_key(key);
        }
        let roots: Vec<_> = (0..self.schema.tables.len())
            .filter(|id| {
                self.schema.tables[*id].partition_by.is_some() && self.schema.tables[*id].partition_of.is_none()
            })
            .collect();
        for root in roots {
            self.hand_down(root);
        }
        for table in &mut self.schema.tables {
            table.checks.retain(|c| *c != DROPPED);
        }
        self.compact();
        self.schema.warnings.sort_by_key(|w| w.position.as_ref().map(|p| (p.line, p.column)));
        self.schema
    }

    fn tie_foreign_key(&mut self, key: PendingKey) {
        if key.dropped || self.dropped.contains(&key.table) {
            return;
        }
        let definition = key.definition;
        let Some(references) = key.references.or_else(|| self.table(&definition.table)) else {
            return self.missing(&definition.table, key.position);
        };
        if self.dropped.contains(&references) {
            return;
        }
        let target = &self.schema.tables[references];
        let referenced_columns = if definition.referenced.is_empty() {
            let primary = target.primary_key().map(|i| i.keys.iter().filter_map(|k| k.column().map(str::to_owned)));
            primary.map(Iterator::collect).unwrap_or_default()
        } else {
            definition.referenced
        };
        let table = &self.schema.tables[key.table];
        let missing = definition.columns.iter().find(|c| table.column(c).is_none()).map(|c| (c, table));
        let missing =
            missing.or_else(|| referenced_columns.iter().find(|c| target.column(c).is_none()).map(|c| (c, target)));
        let problem = if let Some((column, of)) = missing {
            Some(format!("table `{}` has no column `{column}`, which foreign key `{}` names", of.name, key.name))
        } else if referenced_columns.len() != definition.columns.len() || definition.columns.is_empty() {
            let names = definition.columns.len();
            Some(format!("foreign key `{}` pairs {names} columns with {}", key.name, referenced_columns.len()))
        } else {
            None
        };
        if let Some(message) = problem {
            return self.unreadable(message, key.position);
        }
        self.schema.tables[key.table].foreign_keys.push(ForeignKey {
            name: Some(key.name),
            position: Some(key.position),
            columns: definition.columns,
            references,
            referenced_columns,
            on_delete: action(definition.on_delete),
            on_update: action(definition.on_update),
        });
    }

    /// Gives a partitioned table's indexes, foreign keys and row triggers to its partitions, where they
    /// do not bring their own, as the server does when a partition is made or attached.
    fn hand_down(&mut self, parent: TableId) {
        for child in self.children.get(&parent).cloned().unwrap_or_default() {
            if self.dropped.contains(&child) {
                continue;
            }
            self.hand_down_to(parent, child);
            self.hand_down(child);
        }
    }

    /// The same for one partition.
    pub(super) fn hand_down_to(&mut self, parent: TableId, child: TableId) {
        let from = self.schema.tables[parent].clone();
        for index in from.indexes {
            let theirs = &self.schema.tables[child].indexes;
            let same = |i: &&super::types::Index| {
                i.method == index.method
                    && i.unique == index.unique
                    && (i.primary || !index.primary)
                    && i.exclusion == index.exclusion
                    && i.include == index.include
                    && i.predicate.is_some() == index.predicate.is_some()
                    && i.keys.len() == index.keys.len()
                    && i.keys.iter().zip(&index.keys).all(|(a, b)| {
                        a.descending == b.descending && a.opclass == b.opclass && same_expr(&a.expr, &b.expr)
                    })
            };
            if theirs.iter().find(same).is_none() && !self.only.contains(&(parent, index.name.clone())) {
                self.add_index(child, index, None);
            }
        }
        let table = &mut self.schema.tables[child];
        for key in from.foreign_keys {
            let same = |k: &ForeignKey| k.columns == key.columns && k.references == key.references;
            if !table.foreign_keys.iter().any(same) {
                table.foreign_keys.push(key);
            }
        }
        for trigger in from.triggers.into_iter().filter(|t| t.row) {
            if !table.triggers.iter().any(|t| t.name == trigger.name) {
                table.triggers.push(trigger);
            }
        }
    }

    /// Takes dropped tables out and numbers the others anew.
    fn compact(&mut self) {
        if self.dropped.is_empty() {
            return;
        }
        let mut next = 0;
        let new_ids: Vec<Option<TableId>> = (0..self.schema.tables.len())
            .map(|id| {
                let kept = !self.dropped.contains(&id);
                next += usize::from(kept);
                kept.then(|| next - 1)
            })
            .collect();
        self.schema.sequences.retain_mut(|sequence| match &mut sequence.owner {
            Some((table, _)) => new_ids[*table].map(|id| *table = id).is_some(),
            None => true,
        });
        let tables = std::mem::take(&mut self.schema.tables);
        for (id, mut table) in tables.into_iter().enumerate() {
            if new_ids[id].is_none() {
                continue;
            }
            table.partition_of = table.partition_of.and_then(|(of, bound)| Some((new_ids[of]?, bound)));
            table.inherits = table.inherits.iter().filter_map(|p| new_ids[*p]).collect();
            table.foreign_keys.retain(|k| new_ids[k.references].is_some());
            for key in &mut table.foreign_keys {
                key.references = new_ids[key.references].unwrap_or(key.references);
            }
            self.schema.tables.push(table);
        }
        self.schema.names =
            self.schema.tables.iter().enumerate().map(|(id, t): (_, &Table)| (t.name.clone(), id)).collect();
    }
}

const fn action(action: Action) -> ReferentialAction {
    match action {
        Action::Check => ReferentialAction::Check,
        Action::Cascade => ReferentialAction::Cascade,
        Action::Set => ReferentialAction::Set,
    }
}

/// Whether two expressions of different statements say the same, wherever they are written.
pub(super) fn same_expr(one: &Expr, other: &Expr) -> bool {
    match (one, other) {
        (Expr::Column { name: a, .. }, Expr::Column { name: b, .. }) => a == b,
        (Expr::Call { name: a, args: x, .. }, Expr::Call { name: b, args: y, .. }) => {
            a.name == b.name && x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_expr(x, y))
        }
        (Expr::Unary { op: a, expr: x }, Expr::Unary { op: b, expr: y }) => a == b && same_expr(x, y),
        (Expr::Binary { op: a, left: x, right: v }, Expr::Binary { op: b, left: y, right: w }) => {
            a == b && same_expr(x, y) && same_expr(v, w)
        }
        (Expr::Cast { expr: x, to: a }, Expr::Cast { expr: y, to: b }) => a == b && same_expr(x, y),
        (Expr::Collate { expr: x, collation: a }, Expr::Collate { expr: y, collation: b }) => a == b && same_expr(x, y),
        _ => one == other,
    }
}
