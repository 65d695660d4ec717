//! Where each column's values come from: a number of its own, a row of the parent, or nothing.

use std::sync::Arc;

use crate::access::catalog::Catalog;
use crate::access::relation::TableInfo;
use crate::live::fill::checks::Limits;
use crate::live::fill::number::{Lie, Number, spread};
use crate::live::fill::typed::labels;
use crate::live::fill::unique::unique_indexes;
use crate::schema::{Column, Schema, TableId};
use crate::workload::Workload;

/// Where a column's values come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// The server: generated, or left out.
    Server,
    /// NULL in every row.
    Null,
    /// A number of its own, of so many distinct ones.
    Own(Number, u64),
    /// A column of the row that a parent is referred to by.
    Parent {
        /// Place in [`TablePlan::parents`].
        parent: usize,
        /// The parent's column.
        column: usize,
    },
}

/// A row of another table that each row refers to.
#[derive(Debug, Clone, PartialEq)]
pub struct Parent {
    /// The table.
    pub table: TableId,
    /// The number of its row.
    pub row: Number,
    /// The foreign key's place in [`Table::foreign_keys`].
    pub(super) key: usize,
    /// What the rows of the parent lie in blocks by.
    pub(super) lead: Option<Lead>,
}

/// A column of which each value has a block of rows in a parent, such as the tenant of a table whose key is tenant and
/// number: several foreign keys may share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    /// The column here.
    pub column: usize,
    /// Blocks.
    pub blocks: u64,
    /// Rows of the parent.
    pub rows: u64,
}

/// How a table is filled.
#[derive(Debug, Clone)]
pub struct TablePlan {
    /// Rows.
    pub rows: u64,
    /// Statistics as the model takes them.
    pub info: Arc<TableInfo>,
    /// By column.
    pub sources: Vec<Source>,
    /// Rows referred to.
    pub parents: Vec<Parent>,
    /// What will not be as declared.
    pub notes: Vec<String>,
    /// The column that its rows lie in blocks by, and how many blocks.
    pub(super) blocks: Option<(usize, u64)>,
}

/// Plans for all tables that have rows, by table.
#[must_use]
pub fn plans(schema: &Schema, workload: &Workload) -> Vec<Option<TablePlan>> {
    let mut catalog = Catalog::new(schema, workload);
    let infos: Vec<Option<Arc<TableInfo>>> = (0..schema.tables.len())
        .map(|id| catalog.rows(id).filter(|rows| *rows >= 0.5).and_then(|_| catalog.get(id)))
        .collect();
    let mut planner = Planner { schema, infos: &infos, plans: vec![None; schema.tables.len()] };
    let mut begun = vec![false; schema.tables.len()];
    for id in 0..schema.tables.len() {
        planner.with_parents(id, &mut begun);
    }
    planner.plans
}

/// A column, or a foreign key as a whole: what can be given one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Column(usize),
    /// By its place in [`TablePlan::parents`].
    Parent(usize),
    /// The column of a [`Lead`].
    Lead(usize),
}

pub(super) struct Planner<'a> {
    pub(super) schema: &'a Schema,
    pub(super) infos: &'a [Option<Arc<TableInfo>>],
    pub(super) plans: Vec<Option<TablePlan>>,
}

/// A unit with its number, and the distinct values of it.
pub(super) type Numbered = (Unit, Number, u64);

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of rows and values")]
pub(super) fn count(x: f64) -> u64 {
    x.round().max(1.0) as u64
}

impl Planner<'_> {
    /// Plans a table, those that it refers to first; a circle of them is cut where it closes.
    fn with_parents(&mut self, id: TableId, begun: &mut [bool]) {
        if std::mem::replace(&mut begun[id], true) {
            return;
        }
        let table = &self.schema.tables[id];
        for key in &table.foreign_keys {
            self.with_parents(key.references, begun);
        }
        let fills = table.partition_of.is_none() && !table.materialized_view;
        if let (true, Some(info)) = (fills, &self.infos[id]) {
            self.plans[id] = Some(self.plan(id, info));
        }
    }

    fn plan(&self, id: TableId, info: &Arc<TableInfo>) -> TablePlan {
        let table = &self.schema.tables[id];
        let rows = count(info.rows);
        let mut plan = TablePlan {
            rows,
            info: Arc::clone(info),
            sources: table.columns.iter().map(|_| Source::Server).collect(),
            parents: Vec::new(),
            notes: Vec::new(),
            blocks: None,
        };
        let mut done = vec![false; table.columns.len()];
        for (place, column) in table.columns.iter().enumerate() {
            done[place] = column.generated.is_some();
        }
        self.refer(id, &mut plan, &mut done);
        let mut numbered: Vec<Numbered> = Vec::new();
        for index in unique_indexes(table) {
            self.tell_apart(id, index, &mut plan, &done, &mut numbered);
        }
        self.settle_parents(id, &mut plan, &mut numbered);
        for place in (0..table.columns.len()).filter(|p| !done[*p]) {
            let lie = self.lie(id, Unit::Column(place), &plan);
            let found = numbered.iter().find(|n| n.0 == Unit::Column(place));
            plan.sources[place] = match found {
                Some((_, number, distinct)) => Source::Own(number.clone(), *distinct),
                None => Source::Own(spread(&lie), lie.distinct),
            };
        }
        plan
    }

    /// How the values of a unit lie.
    pub(super) fn lie(&self, id: TableId, unit: Unit, plan: &TablePlan) -> Lie {
        let table = &self.schema.tables[id];
        let (place, most) = match unit {
            Unit::Column(place) | Unit::Lead(place) => (place, most_values(self.schema, &table.columns[place])),
            Unit::Parent(parent) => {
                let parent = &plan.parents[parent];
                let first = table.foreign_keys[parent.key].columns.first().and_then(|c| table.column_position(c));
                let rows = self.infos[parent.table].as_ref().map_or(1, |i| count(i.rows));
                (first.unwrap_or(0), rows)
            }
        };
        let info = &plan.info.columns[place];
        let most = match unit {
            Unit::Lead(_) => self.room(id, unit, plan),
            _ => most,
        };
        let composite = matches!(unit, Unit::Parent(p) if table.foreign_keys[plan.parents[p].key].columns.len() > 1);
        // Of a key of several columns the first has fewer values than there are rows to refer to.
        let distinct = if composite { most.min(plan.rows) } else { count(info.distinct).min(most) };
        Lie {
            rows: plan.rows,
            distinct: distinct.min(plan.rows).max(1),
            correlation: info.correlation,
            salt: place as u64 * 7919 + 13,
        }
    }

    /// Most values that a unit can have.
    pub(super) fn room(&self, id: TableId, unit: Unit, plan: &TablePlan) -> u64 {
        match unit {
            Unit::Column(place) => {
                let table = &self.schema.tables[id];
                let listed = Limits::of(table, &table.columns[place].name).allowed.len() as u64;
                let most = most_values(self.schema, &table.columns[place]);
                if listed > 0 { most.min(listed) } else { most }
            }
            Unit::Parent(parent) => self.infos[plan.parents[parent].table].as_ref().map_or(1, |i| count(i.rows)),
            Unit::Lead(place) => {
                let leads = plan.parents.iter().filter_map(|p| p.lead).filter(|l| l.column == place);
                leads.map(|l| l.blocks).min().unwrap_or(1)
            }
        }
    }
}

/// Most distinct values of a column's type.
fn most_values(schema: &Schema, column: &Column) -> u64 {
    let ty = &column.ty;
    if ty.array {
        return u64::MAX;
    }
    match (ty.name.as_str(), ty.modifier.first()) {
        ("boolean", _) => 2,
        ("smallint", _) => 32_767,
        ("integer", _) => 2_147_483_647,
        ("\"char\"", _) => 26,
        ("character" | "character varying", Some(n)) if *n < 18 => 10u64.pow(u32::try_from(*n).unwrap_or(17)) - 1,
        ("character", None) => 9,
        _ => labels(schema, &ty.name).map_or(u64::MAX, |l| l.len().max(1) as u64),
    }
}
