//! Unique keys: numbers that no two rows share.

use crate::live::fill::number::{Digit, Lie, key, spread};
use crate::live::fill::piecewise::{Allowed, of_partitions};
use crate::live::fill::plan::{Numbered, Planner, Source, TablePlan, Unit};
use crate::schema::{Index, Table, TableId};
use crate::sql::tree::Expr;

impl Planner<'_> {
    /// Numbers for the columns of a unique index that no two rows share.
    pub(super) fn tell_apart(
        &self,
        id: TableId,
        index: &Index,
        plan: &mut TablePlan,
        done: &[bool],
        numbered: &mut Vec<Numbered>,
    ) {
        let table = &self.schema.tables[id];
        let places: Vec<usize> =
            index.keys.iter().filter_map(|k| table.columns.iter().position(|c| mentions(&k.expr, &c.name))).collect();
        let units = self.units(id, &places, plan, done);
        let settled = |unit: &Unit| numbered.iter().find(|n| n.0 == *unit);
        let lies: Vec<Lie> = units.iter().map(|u| self.lie(id, *u, plan)).collect();
        let unique = |(unit, lie): (&Unit, &Lie)| match settled(unit) {
            Some(numbered) => numbered.2 >= plan.rows,
            None => lie.distinct >= plan.rows && units.len() > 1,
        };
        if units.is_empty() || units.iter().zip(&lies).any(unique) {
            return;
        }
        let free: Vec<(Unit, Lie)> =
            units.iter().zip(&lies).filter(|(u, _)| settled(u).is_none()).map(|(u, l)| (*u, *l)).collect();
        if free.len() < units.len() {
            // Some parts are settled already by another index; one of the others has to tell all rows apart.
            match free.into_iter().find(|(unit, _)| self.room(id, *unit, plan) >= plan.rows) {
                Some((unit, lie)) => {
                    let lie = Lie { distinct: plan.rows, ..lie };
                    numbered.push((unit, spread(&lie), plan.rows));
                }
                None => plan.notes.push(format!("{}: index {} may not be unique as filled", table.name, index.name)),
            }
            return;
        }
        let digit = |(unit, lie): (&Unit, &Lie)| Digit {
            distinct: lie.distinct,
            most: self.room(id, *unit, plan),
            known: match unit {
                Unit::Parent(_) | Unit::Lead(_) => true,
                Unit::Column(place) => plan.info.columns[*place].distinct_known,
            },
        };
        let digits: Vec<Digit> = units.iter().zip(&lies).map(digit).collect();
        let ordered = lies[0].correlation > 0.5 || (lies.len() > 1 && !self.order_given(&places, plan));
        let Some(key) = key(&digits, plan.rows, ordered, lies[0].salt) else {
            plan.notes.push(format!(
                "{}: {} rows are more than the values that index {} can tell apart",
                table.name, plan.rows, index.name
            ));
            return;
        };
        if let (Some(blocks), None) = (key.blocks, plan.blocks) {
            plan.blocks = column_of(table, plan, units[0]).map(|column| (column, blocks));
        }
        for ((unit, number), lie) in units.into_iter().zip(key.numbers).zip(&lies) {
            let distinct = if digits.len() == 1 { plan.rows } else { lie.distinct };
            numbered.push((unit, number, distinct));
        }
    }

    /// What can be given numbers of the columns of an index, each once.
    fn units(&self, id: TableId, places: &[usize], plan: &TablePlan, done: &[bool]) -> Vec<Unit> {
        let table = &self.schema.tables[id];
        let mut units: Vec<Unit> = Vec::new();
        for place in places.iter().filter(|p| !self.drawn(id, **p, plan)) {
            let unit = match &plan.sources[*place] {
                Source::Parent { parent, .. } => {
                    let key = &table.foreign_keys[plan.parents[*parent].key];
                    // A foreign key of which the index has only a part does not tell rows apart.
                    let whole = key.columns.iter().all(|c| places.iter().any(|p| table.columns[*p].name == *c));
                    let lead = plan.parents.iter().any(|p| p.lead.is_some_and(|l| l.column == *place));
                    match (whole, lead) {
                        (true, _) => Unit::Parent(*parent),
                        (false, true) => Unit::Lead(*place),
                        (false, false) => continue,
                    }
                }
                Source::Server if !done[*place] => Unit::Column(*place),
                _ => continue,
            };
            if !units.contains(&unit) {
                units.push(unit);
            }
        }
        units
    }

    /// Whether the physical order of an index's first column was given.
    fn order_given(&self, places: &[usize], plan: &TablePlan) -> bool {
        places.first().is_some_and(|p| plan.info.columns[*p].correlation_given)
    }

    /// Whether the values of a column are drawn from a list, without regard to a number.
    fn drawn(&self, id: TableId, place: usize, plan: &TablePlan) -> bool {
        let column = &self.schema.tables[id].columns[place].name;
        let listed = of_partitions(self.schema, id, column, &|_| None);
        !plan.info.columns[place].most_common.is_empty() || matches!(listed, Some(Allowed::Values(_)))
    }
}

/// Unique indexes, the primary key first, then those of fewest columns.
pub(super) fn unique_indexes(table: &Table) -> Vec<&Index> {
    let mut indexes: Vec<&Index> = table.indexes.iter().filter(|i| i.unique || i.exclusion).collect();
    indexes.sort_by_key(|i| (!i.primary, i.keys.len()));
    indexes
}

/// Whether a key is a column or an expression of it.
fn mentions(key: &Expr, column: &str) -> bool {
    match key {
        Expr::Column { name, .. } => name == column,
        Expr::Call { args, .. } => args.iter().any(|arg| mentions(arg, column)),
        Expr::Cast { expr, .. } | Expr::Collate { expr, .. } => mentions(expr, column),
        Expr::Binary { left, right, .. } => mentions(left, column) || mentions(right, column),
        _ => false,
    }
}

/// The column that a unit is, when it is one alone.
fn column_of(table: &Table, plan: &TablePlan, unit: Unit) -> Option<usize> {
    match unit {
        Unit::Column(place) | Unit::Lead(place) => Some(place),
        Unit::Parent(parent) => match table.foreign_keys[plan.parents[parent].key].columns.as_slice() {
            [one] => table.column_position(one),
            _ => None,
        },
    }
}
