//! The tables that statements touch, resolved once each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::access::block::Leaf;
use crate::access::partition_rows;
use crate::access::partitions;
use crate::access::relation::TableInfo;
use crate::schema::{Schema, TableId, TableName};
use crate::sql::tree::QualifiedName;
use crate::workload::{TableStats, Workload};

/// Rows assumed of a table that is only reached through a foreign key and has no `rows`.
const ASSUMED_ROWS: f64 = 1000.0;

/// What the workload writes to one table.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Rows are inserted.
    pub inserted: bool,
    /// Rows are deleted.
    pub deleted: bool,
    /// Columns that are updated.
    pub updated: BTreeSet<String>,
}

/// Tables with their statistics, resolved when first asked for.
#[derive(Debug)]
pub struct Catalog<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// The statistics.
    tables: &'a BTreeMap<TableName, TableStats>,
    by_name: HashMap<&'a TableName, TableId>,
    children: HashMap<TableId, Vec<TableId>>,
    /// By parent: rows given to children of their own. Found once, since there may be thousands of them.
    given: HashMap<TableId, f64>,
    /// By child without rows of its own: its share of what its parent's rows leave.
    shares: HashMap<TableId, f64>,
    written: HashMap<TableId, Written>,
    resolved: HashMap<TableId, Arc<TableInfo>>,
    /// Whether text compares byte by byte where no collation is written.
    plain_collation: bool,
}

impl<'a> Catalog<'a> {
    /// An empty catalog over a schema and a workload's statistics.
    #[must_use]
    pub fn new(schema: &'a Schema, workload: &'a Workload) -> Self {
        let mut children: HashMap<TableId, Vec<TableId>> = HashMap::new();
        for (id, table) in schema.tables.iter().enumerate() {
            let parents = table.partition_of.iter().map(|(p, _)| p).chain(&table.inherits);
            for parent in parents {
                children.entry(*parent).or_default().push(id);
            }
        }
        let (given, shares) = split_rows(schema, workload, &children);
        Self {
            schema,
            given,
            shares,
            tables: &workload.tables,
            by_name: schema.tables.iter().enumerate().map(|(id, t)| (&t.name, id)).collect(),
            children,
            written: HashMap::new(),
            resolved: HashMap::new(),
            plain_collation: workload.database.collation.as_deref().is_some_and(is_plain),
        }
    }

    /// Notes that the workload writes to a table, and so to its partitions.
    pub fn note_written(&mut self, id: TableId, note: &dyn Fn(&mut Written)) {
        note(self.written.entry(id).or_default());
        for child in self.children.get(&id).cloned().unwrap_or_default() {
            self.note_written(child, note);
        }
    }

    /// The table of that name; unqualified names are looked up in `public`, then anywhere if only one matches.
    #[must_use]
    pub fn find(&self, name: &QualifiedName) -> Option<TableId> {
        let wanted =
            TableName { schema: name.schema.clone().unwrap_or_else(|| "public".to_owned()), name: name.name.clone() };
        if let Some(id) = self.by_name.get(&wanted) {
            return Some(*id);
        }
        if name.schema.is_some() {
            return None;
        }
        let mut matching = self.schema.tables.iter().enumerate().filter(|(_, t)| t.name.name == name.name);
        match (matching.next(), matching.next()) {
            (Some((id, _)), None) => Some(id),
            _ => None,
        }
    }

    /// Rows of a table: its own, or its share of its parent's, or the sum of its partitions'.
    #[must_use]
    pub fn rows(&self, id: TableId) -> Option<f64> {
        if let Some(stats) = self.stats(id) {
            return Some(stats.rows);
        }
        let table = self.schema.tables.get(id)?;
        if let Some((parent, _)) = &table.partition_of {
            let left = (self.rows(*parent)? - self.given.get(parent).copied().unwrap_or(0.0)).max(0.0);
            return Some(left * self.shares.get(&id).copied().unwrap_or(1.0));
        }
        let partitions = self.children.get(&id)?;
        partitions.iter().map(|p| self.stats(*p).map(|s| s.rows)).sum()
    }

    fn stats(&self, id: TableId) -> Option<&'a TableStats> {
        self.tables.get(&self.schema.tables.get(id)?.name)
    }

    /// The table, resolved; `None` when the workload does not say how many rows it has.
    pub fn get(&mut self, id: TableId) -> Option<Arc<TableInfo>> {
        if let Some(info) = self.resolved.get(&id) {
            return Some(Arc::clone(info));
        }
        let rows = self.rows(id)?;
        Some(self.resolve(id, rows))
    }

    /// The same for a table reached only through a foreign key, whose rows may have to be assumed;
    /// the second value says whether they were.
    pub fn get_or_assume(&mut self, id: TableId) -> (Arc<TableInfo>, bool) {
        match self.get(id) {
            Some(info) => (info, false),
            None => (self.resolve(id, ASSUMED_ROWS), true),
        }
    }

    fn resolve(&mut self, id: TableId, rows: f64) -> Arc<TableInfo> {
        let table = &self.schema.tables[id];
        // A partition has its parent's column statistics unless it has its own.
        let mut stats = self.stats(id);
        let mut at = id;
        while stats.is_none_or(|s| s.columns.is_empty() && s.expressions.is_empty()) {
            let Some((parent, _)) = &self.schema.tables[at].partition_of else { break };
            at = *parent;
            stats = self.stats(at);
        }
        let inherited = (at != id).then(|| {
            let mut shared = stats.map(|s| self.narrowed(s, at, id, rows)).unwrap_or_default();
            // Sizes are the partition's own.
            shared.pages = self.stats(id).and_then(|s| s.pages);
            shared.dead_rows = self.stats(id).and_then(|s| s.dead_rows);
            shared
        });
        let stats = inherited.as_ref().or(stats);
        let referenced: HashMap<String, f64> = table
            .foreign_keys
            .iter()
            .filter(|f| f.columns.len() == 1)
            .filter_map(|f| Some((f.columns[0].clone(), self.rows(f.references)?)))
            .collect();
        let written = self.written.get(&id).cloned().unwrap_or_default();
        let mut info = TableInfo::new(self.schema, id, stats, rows, &written, &referenced);
        for index in &mut info.indexes {
            for (place, key) in table.indexes[index.place].keys.iter().enumerate() {
                let column = key.column().and_then(|name| table.columns.iter().find(|c| c.name == name));
                let written = key.collation.as_deref().or_else(|| column.and_then(|c| c.collation.as_deref()));
                index.pattern[place] |= written.map_or(self.plain_collation, is_plain);
            }
        }
        for (column, of) in info.columns.iter_mut().zip(&table.columns) {
            column.locale &= !of.collation.as_deref().map_or(self.plain_collation, is_plain);
        }
        if let Some((parent, _)) = &table.partition_of {
            let limit = partition_rows::limit_of(self.schema, *parent, id);
            if let partitions::Limit::Range(column, lo, hi) = limit
                && let Some(place) = info.column(&column)
            {
                let integer = info.columns[place].integer;
                let top = if integer { hi - 1.0 } else { hi };
                if lo.is_finite() && hi.is_finite() {
                    info.columns[place].bounds = Some((lo, top));
                    info.columns[place].bounds_given = true;
                }
            }
        }
        let info = Arc::new(info);
        self.resolved.insert(id, Arc::clone(&info));
        info
    }

    /// The statistics of `from`, an ancestor, as they are in the partition `id` with `rows` rows.
    fn narrowed(&self, stats: &TableStats, from: TableId, id: TableId, rows: f64) -> TableStats {
        let mut steps = Vec::new();
        let mut at = id;
        while let Some((parent, _)) = self.schema.tables[at].partition_of.as_ref().filter(|_| at != from) {
            steps.push((*parent, at));
            at = *parent;
        }
        let mut inside = stats.clone();
        for (parent, child) in steps.into_iter().rev() {
            let limit = partition_rows::limit_of(self.schema, parent, child);
            let here = if child == id { rows } else { self.rows(child).unwrap_or(rows) };
            let share = (here / inside.rows.max(1.0)).min(1.0);
            inside = partition_rows::within(&inside, &limit, &self.schema.tables[parent], share);
            inside.rows = here;
        }
        inside
    }

    /// The tables that a scan of `id` reads: itself, or its partitions; `ONLY` keeps to itself.
    pub fn leaves(&mut self, id: TableId, only: bool) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        self.collect(id, only, &mut Vec::new(), &mut leaves);
        leaves
    }

    fn collect(&mut self, id: TableId, only: bool, above: &mut Vec<partitions::Limit>, leaves: &mut Vec<Leaf>) {
        let table = &self.schema.tables[id];
        let partitioned = table.partition_by.is_some();
        if !partitioned {
            let (info, _) = self.get_or_assume(id);
            leaves.push(Leaf { info, bound: (!above.is_empty()).then(|| above.clone()) });
        }
        if only {
            return;
        }
        let children = self.children.get(&id).cloned().unwrap_or_default();
        let limits = partition_rows::limits(self.schema, id, &children);
        for (child, parts) in children.into_iter().zip(limits) {
            above.push(parts);
            self.collect(child, false, above, leaves);
            above.pop();
        }
    }

    /// Foreign keys of other tables that point to `id`: the table and the key's place in it.
    #[must_use]
    pub fn referencing(&self, id: TableId) -> Vec<(TableId, usize)> {
        let mut found = Vec::new();
        for (other, table) in self.schema.tables.iter().enumerate() {
            // A partition repeats its parent's keys.
            if table.partition_of.is_some() {
                continue;
            }
            for (place, key) in table.foreign_keys.iter().enumerate() {
                if key.references == id {
                    found.push((other, place));
                }
            }
        }
        found
    }
}

/// Rows given to the children of each parent, and the share of the rest that each other child has: by the
/// statistics of the partition key where they say, else an even one.
fn split_rows(
    schema: &Schema,
    workload: &Workload,
    children: &HashMap<TableId, Vec<TableId>>,
) -> (HashMap<TableId, f64>, HashMap<TableId, f64>) {
    let stats_of = |id: TableId| workload.tables.get(&schema.tables[id].name);
    let (mut given, mut shares) = (HashMap::new(), HashMap::new());
    for (parent, of) in children {
        let mut source = *parent;
        while let (None, Some((above, _))) = (stats_of(source), &schema.tables[source].partition_of) {
            source = *above;
        }
        given.insert(*parent, of.iter().filter_map(|c| stats_of(*c)).map(|s| s.rows).sum());
        let open: Vec<TableId> = of.iter().filter(|c| stats_of(**c).is_none()).copied().collect();
        let even = vec![1.0 / open.len().max(1) as f64; open.len()];
        let weighed = stats_of(source).and_then(|s| partition_rows::weights(schema, *parent, &open, s));
        shares.extend(open.into_iter().zip(weighed.unwrap_or(even)));
    }
    (given, shares)
}

/// Whether a collation compares byte by byte, so that a plain index serves `LIKE 'x%'` (lc_collate_is_c).
fn is_plain(collation: &str) -> bool {
    matches!(collation, "C" | "POSIX" | "ucs_basic")
}
