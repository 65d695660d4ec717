//! CHECK constraints: their names, those the server makes up included, and their way to children.

use super::build::Builder;
use super::rename::{object_name, uses};
use super::types::TableId;
use crate::sql::tree::{Expr, Literal};

/// What stands in the place of a constraint that was dropped, so that the others keep theirs.
pub(super) const DROPPED: Expr = Expr::Literal(Literal::Bool(true));

/// A CHECK constraint's name, beside its expression in the table.
#[derive(Debug, Clone)]
pub(super) struct CheckName {
    pub(super) name: String,
    /// Children have it too.
    inherited: bool,
}

impl Builder {
    /// Adds a constraint, unless the table has one of that name from a parent.
    pub(super) fn add_check(&mut self, id: TableId, name: Option<String>, expr: Expr, inherited: bool) {
        let name = name.unwrap_or_else(|| self.check_name(id, &expr));
        let names = self.checks.entry(id).or_default();
        if names.iter().any(|check| check.name == name) {
            return;
        }
        names.push(CheckName { name, inherited });
        self.schema.tables[id].checks.push(expr);
    }

    /// The name that the server makes up (ChooseConstraintName in pg_constraint.c): with the column in it when
    /// there is only one.
    fn check_name(&self, id: TableId, expr: &Expr) -> String {
        let table = &self.schema.tables[id];
        let mut used = table.columns.iter().filter(|column| uses(expr, &column.name));
        let column = match (used.next(), used.next()) {
            (Some(only), None) => only.name.as_str(),
            _ => "",
        };
        let mut label = "check".to_owned();
        let taken = |name: &String| self.checks.get(&id).is_some_and(|c| c.iter().any(|check| check.name == *name));
        for number in 1.. {
            let name = object_name(&table.name.name, column, &label);
            if !taken(&name) {
                return name;
            }
            label = format!("check{number}");
        }
        label
    }

    /// Gives a table the constraints of its parents.
    pub(super) fn inherit_checks(&mut self, id: TableId) {
        let table = &self.schema.tables[id];
        let parents = table.inherits.iter().copied().chain(table.partition_of.as_ref().map(|p| p.0));
        for parent in parents.collect::<Vec<_>>() {
            self.pass_checks(parent, id, |check| check.inherited);
        }
    }

    /// Gives a table all constraints of another.
    pub(super) fn copy_checks(&mut self, from: TableId, to: TableId) {
        self.pass_checks(from, to, |_| true);
    }

    fn pass_checks(&mut self, from: TableId, to: TableId, passes: impl Fn(&CheckName) -> bool) {
        let names = self.checks.get(&from).cloned().unwrap_or_default();
        let exprs = self.schema.tables[from].checks.clone();
        for (check, expr) in names.into_iter().zip(exprs) {
            if passes(&check) && expr != DROPPED {
                self.add_check(to, Some(check.name), expr, check.inherited);
            }
        }
    }

    /// Drops the constraint of that name, if the table has one.
    pub(super) fn drop_check(&mut self, id: TableId, name: &str) {
        let Some(at) = self.checks.get(&id).and_then(|c| c.iter().position(|check| check.name == name)) else {
            return;
        };
        self.schema.tables[id].checks[at] = DROPPED;
        if let Some(check) = self.checks.get_mut(&id).and_then(|c| c.get_mut(at)) {
            check.name.clear();
        }
    }
}
