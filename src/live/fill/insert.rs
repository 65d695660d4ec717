//! The INSERT that fills a table.

use std::fmt::Write;

use crate::live::fill::checks::Limits;
use crate::live::fill::number::uniform;
use crate::live::fill::piecewise::{Allowed, of_partitions, quoted, sql_of};
use crate::live::fill::plan::{Source, TablePlan};
use crate::live::fill::typed::Made;
use crate::schema::{Schema, TableId, TableName};
use crate::workload::{ColumnStats, Workload};

/// Foreign keys that refer to foreign keys, and so on, are followed so far.
const DEEPEST: usize = 12;

/// Writes SQL that fills tables.
#[derive(Debug)]
pub struct Inserts<'a> {
    schema: &'a Schema,
    workload: &'a Workload,
    plans: &'a [Option<TablePlan>],
}

/// A name as SQL.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table's name as SQL.
#[must_use]
pub fn table_name(name: &TableName) -> String {
    format!("{}.{}", identifier(&name.schema), identifier(&name.name))
}

impl<'a> Inserts<'a> {
    /// For the tables of a schema.
    #[must_use]
    pub const fn new(schema: &'a Schema, workload: &'a Workload, plans: &'a [Option<TablePlan>]) -> Self {
        Self { schema, workload, plans }
    }

    /// The statement that fills a table, and the columns that are left to the server although they must not be.
    #[must_use]
    pub fn statement(&self, id: TableId) -> Option<(String, Vec<String>)> {
        let (table, plan) = (&self.schema.tables[id], self.plans.get(id)?.as_ref()?);
        let (mut names, mut values, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        let mut inner = String::from("g");
        for (n, parent) in plan.parents.iter().enumerate() {
            let _ = write!(inner, ", {} AS p{n}", parent.row.at("g"));
        }
        for (place, source) in plan.sources.iter().enumerate() {
            if let Source::Own(number, _) = source {
                let _ = write!(inner, ", {} AS n{place}", number.at("g"));
            }
            let sql = match source {
                Source::Server => continue,
                Source::Null => Some("NULL".to_owned()),
                Source::Own(..) => self.own(id, place, &format!("n{place}"), "g"),
                Source::Parent { parent, column } => {
                    let of = plan.parents[*parent].table;
                    let value = self.value(of, *column, &format!("p{parent}"), 0);
                    value.map(|v| self.referring(id, place, v, "g"))
                }
            };
            let column = &table.columns[place];
            match sql {
                Some(sql) => {
                    names.push(identifier(&column.name));
                    values.push(sql);
                }
                None if column.not_null && column.default.is_none() => missing.push(column.name.clone()),
                None => {}
            }
        }
        let rows = plan.rows;
        let series = format!("SELECT generate_series(1::bigint, {rows}::bigint) AS g OFFSET 0");
        // OFFSET 0 keeps numbers from being computed once for each use.
        let from = format!("(SELECT {inner} FROM ({series}) s OFFSET 0) r");
        let into = table_name(&table.name);
        let sql = if names.is_empty() {
            format!("INSERT INTO {into} SELECT FROM {from}")
        } else {
            format!(
                "INSERT INTO {into} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {from}",
                names.join(", "),
                values.join(", ")
            )
        };
        Some((sql, missing))
    }

    /// What a column of a table holds in row `g`.
    fn value(&self, id: TableId, place: usize, g: &str, depth: usize) -> Option<String> {
        let plan = self.plans.get(self.whole(id))?.as_ref()?;
        match plan.sources.get(place)? {
            Source::Own(number, _) => self.own(id, place, &format!("({})", number.at(g)), g),
            Source::Parent { parent, column } if depth < DEEPEST => {
                let parent = &plan.parents[*parent];
                let row = format!("({})", parent.row.at(g));
                self.value(parent.table, *column, &row, depth + 1).map(|v| self.referring(id, place, v, g))
            }
            Source::Parent { .. } | Source::Server | Source::Null => None,
        }
    }

    /// The table that a partition is part of.
    fn whole(&self, mut id: TableId) -> TableId {
        while let Some((parent, _)) = &self.schema.tables[id].partition_of {
            id = *parent;
        }
        id
    }

    /// A value made from a number, with the most common ones and nulls.
    fn own(&self, id: TableId, place: usize, number: &str, g: &str) -> Option<String> {
        let (table, plan) = (&self.schema.tables[id], self.plans.get(id)?.as_ref()?);
        let column = &table.columns[place];
        let none = ColumnStats::default();
        let given = self.given(id, &column.name).unwrap_or(&none);
        let mut limits = Limits::of(table, &column.name);
        let rows = |child: TableId| self.workload.tables.get(&self.schema.tables[child].name).map(|t| t.rows);
        let allowed = of_partitions(self.schema, id, &column.name, &rows);
        let mut ranges = Vec::new();
        let mut common: Vec<(String, f64)> =
            given.most_common.iter().map(|(text, share)| (quoted(text), *share)).collect();
        match allowed {
            Some(Allowed::Ranges(pieces)) => ranges = pieces,
            Some(Allowed::Values(values)) if common.is_empty() => {
                let total: f64 = values.iter().map(|(_, w)| w).sum();
                common = values.iter().map(|(l, w)| (sql_of(l), w / total)).collect();
            }
            _ => {}
        }
        if !common.is_empty() {
            // What is not common comes from the rest of the list.
            limits.allowed.retain(|l| !common.iter().any(|(c, _)| *c == sql_of(l)));
        }
        let Source::Own(_, distinct) = plan.sources[place] else { return None };
        let salt = place as u64 * 7919 + 13;
        let made = Made {
            schema: self.schema,
            column,
            given,
            info: &plan.info.columns[place],
            limits: &limits,
            ranges: &ranges,
            distinct,
            salt,
        };
        let sql = made.sql(number, g);
        let sql = if common.is_empty() { sql? } else { self.with_common(id, place, &common, sql, g)? };
        Some(self.with_nulls(id, place, sql, g))
    }

    /// A value of a parent's row, with the most common ones of a foreign key of one column, and nulls.
    fn referring(&self, id: TableId, place: usize, sql: String, g: &str) -> String {
        let table = &self.schema.tables[id];
        let name = &table.columns[place].name;
        let alone = table.foreign_keys.iter().filter(|k| k.columns.contains(name)).all(|k| k.columns.len() == 1);
        let given = self.given(id, name).map(|c| c.most_common.as_slice()).unwrap_or_default();
        let common: Vec<(String, f64)> = given.iter().map(|(text, share)| (quoted(text), *share)).collect();
        let sql = match alone && !common.is_empty() {
            true => self.with_common(id, place, &common, Some(sql.clone()), g).unwrap_or(sql),
            false => sql,
        };
        self.with_nulls(id, place, sql, g)
    }

    /// The most common values, as SQL with their shares of all rows, and another one else.
    fn with_common(
        &self,
        id: TableId,
        place: usize,
        common: &[(String, f64)],
        other: Option<String>,
        g: &str,
    ) -> Option<String> {
        let column = &self.schema.tables[id].columns[place];
        let rows = self.plans[self.whole(id)].as_ref().map_or(1, |p| p.rows);
        let ty = column.ty.written();
        let draw = uniform(g, place as u64 * 7919 + 14, rows);
        // Frequencies are of all rows, and those that are null take none of them.
        let nulls = self.given(id, &column.name).and_then(|c| c.null_fraction).unwrap_or(0.0);
        let not_null = if column.not_null { 1.0 } else { 1.0 - nulls };
        let (mut cases, mut below) = (String::new(), 0.0);
        for (text, share) in common {
            below += share / not_null.max(1e-9);
            let _ = write!(cases, " WHEN {draw} < {below} THEN {text}::{ty}");
        }
        let other = if below > 0.999 { format!("{}::{ty}", common[0].0) } else { other? };
        Some(format!("CASE{cases} ELSE {other} END"))
    }

    /// A value that is null as often as declared.
    fn with_nulls(&self, id: TableId, place: usize, sql: String, g: &str) -> String {
        let table = &self.schema.tables[id];
        let column = &table.columns[place];
        let share = self.given(id, &column.name).and_then(|c| c.null_fraction).unwrap_or(0.0);
        let rows = self.plans[self.whole(id)].as_ref().map_or(1, |p| p.rows);
        if share <= 0.0 || column.not_null {
            return sql;
        }
        let draw = uniform(g, place as u64 * 7919 + 15, rows);
        format!("CASE WHEN {draw} < {share} THEN NULL ELSE {sql} END")
    }

    fn given(&self, id: TableId, column: &str) -> Option<&'a ColumnStats> {
        self.workload.tables.get(&self.schema.tables[id].name)?.columns.get(column)
    }
}
