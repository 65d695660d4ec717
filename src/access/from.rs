//! FROM lists: tables, subqueries, and joins with what joins them.

use crate::access::bind::{Binder, Level, Name, Target};
use crate::access::select::mask;
use crate::diagnostic::InputError;
use crate::sql::tree::{Expr, JoinCondition, JoinKind, TableRef};

impl Binder<'_, '_> {
    /// One entry of FROM: its relations and the conditions it brings along.
    pub fn table_ref(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        item: &TableRef,
    ) -> Result<(u64, Vec<Expr>), InputError> {
        let before = level.rels.len();
        let conditions = match item {
            TableRef::Table { name, alias, columns, only, span } => {
                self.add_named(level, outers, (name, alias.as_deref(), columns, *only, span))?
            }
            TableRef::Subquery { query, alias, columns, lateral } => {
                let alias = alias.as_deref().unwrap_or("");
                self.add_subquery(level, outers, (query, alias, columns, *lateral))?
            }
            TableRef::Function { name, args, alias, .. } => {
                self.add_function(level, outers, (name, args, alias.as_deref()))?;
                Vec::new()
            }
            TableRef::Join { kind, left, right, condition } => {
                return self.join(level, outers, (*kind, left, right, condition));
            }
        };
        Ok((mask(before, level.rels.len()), conditions))
    }

    pub(super) fn join(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        (kind, left, right, condition): (JoinKind, &TableRef, &TableRef, &JoinCondition),
    ) -> Result<(u64, Vec<Expr>), InputError> {
        let names_before = level.names.len();
        let (left_rels, mut left_conditions) = self.table_ref(level, outers, left)?;
        let names_between = level.names.len();
        let (right_rels, mut right_conditions) = self.table_ref(level, outers, right)?;
        let mut on = match condition {
            JoinCondition::None => Vec::new(),
            JoinCondition::On(expr) => self.filter(level, outers, expr)?,
            JoinCondition::Using(columns, alias) => {
                let equalities = self.using(level, outers, (names_before, names_between), columns)?;
                if let Some(alias) = alias {
                    let merged = columns.iter().cloned().zip(equalities.iter().map(left_side)).collect();
                    level.names.push(Name { alias: alias.clone(), target: Target::Merged(merged), open: false });
                }
                equalities
            }
            JoinCondition::Natural => {
                let common = common_columns(level, names_before, names_between);
                self.using(level, outers, (names_before, names_between), &common)?
            }
        };
        let both = left_rels | right_rels;
        match kind {
            JoinKind::Inner => {
                left_conditions.append(&mut right_conditions);
                left_conditions.append(&mut on);
                Ok((both, left_conditions))
            }
            JoinKind::Left | JoinKind::Full => {
                on.append(&mut right_conditions);
                level.outer_joins.push((left_rels, right_rels, kind == JoinKind::Full, on));
                Ok((both, left_conditions))
            }
            JoinKind::Right => {
                on.append(&mut left_conditions);
                level.outer_joins.push((right_rels, left_rels, false, on));
                Ok((both, right_conditions))
            }
        }
    }

    pub(super) fn using(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        (before, between): (usize, usize),
        columns: &[String],
    ) -> Result<Vec<Expr>, InputError> {
        let mut equalities = Vec::new();
        for column in columns {
            let plain = Expr::Column { qualifier: None, name: column.clone(), span: 0..0 };
            // Look only at the names of one side.
            let right_names = level.names.split_off(between);
            let kept_from = std::mem::replace(&mut level.inner_from, before);
            let left = self.resolve(level, outers, &plain);
            let left_names: Vec<_> = level.names.drain(before..).collect();
            level.names.extend(right_names);
            let right = self.resolve(level, outers, &plain);
            let right_names: Vec<_> = level.names.drain(before..).collect();
            level.names.extend(left_names);
            level.names.extend(right_names);
            level.inner_from = kept_from;
            equalities.push(Expr::Binary { op: "=".into(), left: Box::new(left?), right: Box::new(right?) });
        }
        Ok(equalities)
    }
}

fn left_side(equality: &Expr) -> Expr {
    match equality {
        Expr::Binary { left, .. } => (**left).clone(),
        other => other.clone(),
    }
}

pub(super) fn common_columns(level: &Level, before: usize, between: usize) -> Vec<String> {
    let names = |range: std::ops::Range<usize>| -> Vec<String> {
        level.names[range]
            .iter()
            .flat_map(|n| match &n.target {
                super::bind::Target::Merged(columns) => columns.iter().map(|c| c.0.clone()).collect::<Vec<_>>(),
                super::bind::Target::Rel(place) => {
                    level.rels[*place].info.columns.iter().map(|c| c.name.clone()).collect()
                }
            })
            .collect()
    };
    let right = names(between..level.names.len());
    names(before..between).into_iter().filter(|n| right.contains(n)).collect()
}
