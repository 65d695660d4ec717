//! Fills a database with rows that have the statistics of a workload file.
//!
//! Every value is computed from the number of its row, so millions of rows come from one INSERT ... SELECT, and a
//! foreign key finds its parent by computing what it holds. Indexes and constraints are taken off before and put back
//! after, by the server's own definitions: what does not hold is then refused, not overlooked.

pub mod checks;
pub mod constraints;
pub mod ddl;
pub mod insert;
pub mod number;
pub mod piecewise;
pub mod plan;
mod refer;
pub mod typed;
mod unique;
mod updated;

use std::time::{Duration, Instant};

use postgres::Client;

use crate::live::LiveError;
use crate::schema::{Schema, Table, TableId};
use crate::workload::Workload;
use insert::{Inserts, identifier, table_name};

/// Per cent to which the pages of a table are filled that has been updated for long.
const AGED_FILL: u32 = 95;

/// Settings of the session that loads.
const SESSION: &str = "SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SET work_mem = '64MB'; \
                       SET max_parallel_workers_per_gather = 0; SET search_path = public; SET row_security = off";

/// What was filled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filled {
    /// Rows.
    pub rows: u64,
    /// Tables that got rows.
    pub tables: usize,
    /// How long it took.
    pub took: Duration,
    /// What is not as declared, or was left empty.
    pub notes: Vec<String>,
}

/// Fills all tables that the workload gives rows for; the schema is in the database already.
///
/// # Errors
/// What the server says; [`LiveError::Interrupted`] when `stop` says so.
pub fn fill(
    client: &mut Client,
    schema: &Schema,
    workload: &Workload,
    stop: &dyn Fn() -> bool,
    tick: &mut dyn FnMut(&str),
) -> Result<Filled, LiveError> {
    let start = Instant::now();
    let mut filled = Filled::default();
    client.batch_execute(SESSION)?;
    let taken = constraints::Taken::off(client)?;
    let plans = plan::plans(schema, workload);
    let inserts = Inserts::new(schema, workload, &plans);
    let updated = updated::tables(schema, workload);
    for (id, table) in schema.tables.iter().enumerate() {
        if stop() {
            return Err(LiveError::Interrupted);
        }
        let Some(plan) = &plans[id] else {
            let kept = table.partition_of.is_none() && !table.materialized_view;
            if kept && !workload.tables.contains_key(&table.name) {
                filled.notes.push(format!("{} stays empty: the workload file says nothing of its rows", table.name));
            }
            continue;
        };
        tick(&format!("filling {} ({} rows)", table.name, plan.rows));
        filled.notes.extend(plan.notes.iter().cloned());
        let Some((sql, missing)) = inserts.statement(id) else { continue };
        for column in missing {
            let ty = table.column(&column).map(|c| c.ty.written()).unwrap_or_default();
            filled.notes.push(format!("{}.{column}: no value is known for the type {ty}", table.name));
        }
        let aged: Vec<&Table> = if updated.contains(&id) { leaves(schema, id) } else { Vec::new() };
        for leaf in &aged {
            run(client, &format!("ALTER TABLE {} SET (fillfactor = {AGED_FILL})", table_name(&leaf.name)), "")?;
        }
        let quiet = !table.triggers.is_empty();
        if quiet {
            run(client, &format!("ALTER TABLE {} DISABLE TRIGGER USER", table_name(&table.name)), "")?;
        }
        filled.rows += run(client, &sql, &format!("failed to fill {}: ", table.name))?;
        filled.tables += 1;
        if quiet {
            run(client, &format!("ALTER TABLE {} ENABLE TRIGGER USER", table_name(&table.name)), "")?;
        }
        for leaf in &aged {
            run(client, &format!("ALTER TABLE {} RESET (fillfactor)", table_name(&leaf.name)), "")?;
        }
    }
    tick("building indexes and checking constraints");
    filled.notes.extend(taken.back(client, stop)?);
    finish(client, schema, &plans, stop, tick)?;
    filled.took = start.elapsed();
    Ok(filled)
}

/// Sequences behind the values loaded, materialized views, statistics, a checkpoint.
fn finish(
    client: &mut Client,
    schema: &Schema,
    plans: &[Option<plan::TablePlan>],
    stop: &dyn Fn() -> bool,
    tick: &mut dyn FnMut(&str),
) -> Result<(), LiveError> {
    for sequence in &schema.sequences {
        let Some((id, column)) = &sequence.owner else { continue };
        if plans.get(*id).is_none_or(Option::is_none) {
            continue;
        }
        let (table, name) = (table_name(&schema.tables[*id].name), table_name(&sequence.name));
        let most = format!("(SELECT max({}) FROM {table})", identifier(column));
        run(
            client,
            &format!("SELECT setval('{}', {most}::bigint) WHERE {most} IS NOT NULL", name.replace('\'', "''")),
            "",
        )?;
    }
    for view in schema.tables.iter().filter(|t| t.materialized_view) {
        run(client, &format!("REFRESH MATERIALIZED VIEW {}", table_name(&view.name)), "")?;
    }
    if stop() {
        return Err(LiveError::Interrupted);
    }
    tick("vacuuming and analyzing");
    client.batch_execute("VACUUM ANALYZE")?;
    // Only those who may do so; a server does one on its own sooner or later.
    let _ = client.batch_execute("CHECKPOINT");
    Ok(client.batch_execute("RESET ALL")?)
}

/// The partitions that hold rows, or the table itself.
fn leaves(schema: &Schema, id: TableId) -> Vec<&Table> {
    let table = &schema.tables[id];
    if table.partition_by.is_some() {
        let children: Vec<TableId> = schema.children(id).collect();
        return children.into_iter().flat_map(|child| leaves(schema, child)).collect();
    }
    // A fill factor of the user's own stays.
    if table.fillfactor < 1.0 { Vec::new() } else { vec![table] }
}

/// Runs one statement; returns the rows it wrote.
fn run(client: &mut Client, sql: &str, before: &str) -> Result<u64, LiveError> {
    client.execute(sql, &[]).map_err(|e| match LiveError::from(e) {
        LiveError::Sql { message } => LiveError::Sql { message: format!("{before}{message}") },
        other => other,
    })
}
