//! Foreign keys: which row of its parent each row refers to.

use crate::live::fill::number::{Lie, Number, block_of_row, hash, row_of_block, spread};
use crate::live::fill::plan::{Lead, Numbered, Parent, Planner, Source, TablePlan, Unit};
use crate::schema::{ForeignKey, TableId};

impl Planner<'_> {
    /// Foreign keys: the widest first, since one of a tenant and a row implies that of the tenant.
    pub(super) fn refer(&self, id: TableId, plan: &mut TablePlan, done: &mut [bool]) {
        let table = &self.schema.tables[id];
        let mut keys: Vec<(usize, &ForeignKey)> = table.foreign_keys.iter().enumerate().collect();
        keys.sort_by_key(|(_, k)| std::cmp::Reverse(k.columns.len()));
        for (n, key) in keys {
            let places: Vec<usize> = key.columns.iter().filter_map(|c| table.column_position(c)).collect();
            let parent = &self.schema.tables[key.references];
            let theirs: Vec<usize> = key.referenced_columns.iter().filter_map(|c| parent.column_position(c)).collect();
            let free: Vec<usize> = places.iter().copied().filter(|p| !done[*p]).collect();
            if free.is_empty() || places.len() != theirs.len() {
                continue;
            }
            let filled = self.infos[key.references].is_some();
            let lead = self.lead(key.references, &places, &theirs);
            // Two foreign keys may share the column that both parents lie in blocks by.
            let shared = |p: &usize| lead.is_some_and(|l| l.column == *p) && leads(plan, *p, lead);
            if filled && places.iter().all(|p| free.contains(p) || shared(p)) {
                for (place, column) in places.iter().zip(theirs).filter(|(p, _)| free.contains(p)) {
                    plan.sources[*place] = Source::Parent { parent: plan.parents.len(), column };
                    done[*place] = true;
                }
                plan.parents.push(Parent { table: key.references, row: Number::row(), key: n, lead });
                continue;
            }
            let why = if filled { "shares columns with another foreign key" } else { "refers to a table without rows" };
            for place in free.into_iter().filter(|p| !table.columns[*p].not_null) {
                plan.sources[place] = Source::Null;
                done[place] = true;
                let column = &table.columns[place].name;
                plan.notes.push(format!("{}.{column} is NULL in every row: its foreign key {why}", table.name));
            }
        }
    }

    /// The column of a foreign key of several that the rows of the parent lie in blocks by.
    fn lead(&self, parent: TableId, places: &[usize], theirs: &[usize]) -> Option<Lead> {
        let plan = self.plans[parent].as_ref()?;
        let (column, blocks) = plan.blocks?;
        let at = theirs.iter().position(|t| *t == column).filter(|_| theirs.len() > 1)?;
        Some(Lead { column: places[at], blocks, rows: plan.rows })
    }

    /// Gives each parent the number of its row.
    pub(super) fn settle_parents(&self, id: TableId, plan: &mut TablePlan, numbered: &mut Vec<Numbered>) {
        let number_of = |numbered: &[Numbered], unit| numbered.iter().find(|n| n.0 == unit).map(|n| n.1.clone());
        for parent in 0..plan.parents.len() {
            let unit = Unit::Parent(parent);
            if let Some(number) = number_of(numbered, unit) {
                plan.parents[parent].row = number;
                continue;
            }
            let Some(lead) = plan.parents[parent].lead else {
                plan.parents[parent].row = spread(&self.lie(id, unit, plan));
                continue;
            };
            // The block may follow from another foreign key, or from the key of this table.
            let settled = plan.parents.iter().enumerate().find_map(|(n, other)| {
                let theirs = other.lead.filter(|l| l.column == lead.column)?;
                let row = number_of(numbered, Unit::Parent(n))?;
                Some(block_of_row(&row, theirs.blocks, theirs.rows))
            });
            let by_lead = Unit::Lead(lead.column);
            let block = settled.or_else(|| number_of(numbered, by_lead)).unwrap_or_else(|| {
                let lie: Lie = self.lie(id, by_lead, plan);
                let number = spread(&lie);
                numbered.push((by_lead, number.clone(), lie.distinct));
                number
            });
            let draw = hash("{g}", 1_000_003 + parent as u64);
            plan.parents[parent].row = row_of_block(&block, lead.blocks, lead.rows, &draw);
        }
    }
}

/// Whether a column leads the blocks of another parent in the same way.
fn leads(plan: &TablePlan, column: usize, lead: Option<Lead>) -> bool {
    let blocks = lead.map(|l| l.blocks);
    plan.parents.iter().filter_map(|p| p.lead).any(|l| l.column == column && Some(l.blocks) == blocks)
}
