//! The workload in a scratch database, run by pgbench, beside its forecast.

pub mod cell;
pub mod counters;
pub mod database;
pub mod difference;
pub mod limit;
pub mod place;
pub mod prepare;
pub mod result;
pub mod runner;
pub mod sampler;
pub mod script;
#[cfg(test)]
mod script_tests;
pub mod settings;
pub mod variables;

use std::sync::Arc;

use postgres::Client;

use crate::diagnostic::InputError;
use crate::forecast::{self, Base, Forecast, ForecastWarning, Inputs};
use crate::live::fill::{self, ddl};
use crate::live::interrupt::Interrupt;
use crate::live::measure::quantile;
use crate::live::{Conninfo, LiveError};
use crate::units::Seconds;
use crate::workload::{Load, StepKind, Workload};
use cell::About;
use database::{DroppedAtEnd, ScratchDatabase};
use place::ServerPlace;
use result::{Cell, Fill, Measured, Validation};
use runner::Runner;
use script::Scripts;

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Numbers of clients; empty: the workload's own load.
    pub clients: Vec<u64>,
    /// Length of one run.
    pub seconds: u32,
    /// Rounds over all numbers of clients.
    pub rounds: usize,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// In the files.
    #[error(transparent)]
    Input(#[from] InputError),
    /// At the server, or with pgbench.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// A load with its forecast.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Clients that pgbench runs.
    pub clients: u32,
    /// Arrivals per second of an open load.
    pub rate: Option<f64>,
    /// What is forecast.
    pub forecast: Forecast,
    /// Seconds of this load until as many pages as memory holds have been read from storage.
    pub caches_full: f64,
}

/// Builds, fills, runs, compares; the scratch database is gone afterwards, whatever happens.
///
/// # Errors
/// Files that cannot be read or that pgbench cannot express, a server that cannot be reached or refuses,
/// [`LiveError::Interrupted`] after a signal.
pub fn run(
    base: &Base,
    conninfo: &Conninfo,
    options: &Options,
    interrupt: &Interrupt,
    tick: &mut dyn FnMut(&str),
) -> Result<Validation, ValidateError> {
    let result = attempt(base, conninfo, options, interrupt, tick);
    interrupt.disarm();
    result.map_err(|e| interrupt.explain(e))
}

fn attempt(
    base: &Base,
    conninfo: &Conninfo,
    options: &Options,
    interrupt: &Interrupt,
    tick: &mut dyn FnMut(&str),
) -> Result<Validation, ValidateError> {
    let inputs = base.with(&[])?;
    let ddl_text = forecast::inputs::read_text(base.schema_path())?;
    let (mut admin, conninfo) = conninfo.connect_to_one()?;
    let scratch = Arc::new(ScratchDatabase::named(&conninfo));
    let _dropped = DroppedAtEnd(Arc::clone(&scratch));
    interrupt.arm(Arc::clone(&scratch) as _);
    let place = ServerPlace::find(&mut admin, &conninfo)?;
    let limit: i32 =
        admin.query_one("SELECT current_setting('max_connections')::int", &[]).map_err(LiveError::from)?.get(0);
    let planned = planned(base, &inputs, options, u64::try_from(limit).unwrap_or(0))?;
    let folder = tempfile::tempdir().map_err(LiveError::file("create a temporary directory for", "scripts"))?;
    // What pgbench cannot express is told before anything is built.
    let default = inputs.machine.settings.default_isolation;
    let scripts = script::write(&inputs.workload, default, folder.path(), &prepare::Casts::new())?;
    let mut notes = notes_before(&mut admin, &place, &inputs, &scripts)?;

    // A signal that came before there was anything to end has ended nothing.
    interrupt.check()?;
    tick("creating the scratch database");
    for name in scratch.create(&mut admin, &inputs.workload.database)? {
        notes.push(("left_over_dropped", format!("the scratch database {name} of an earlier run was dropped")));
    }
    let mut client = scratch.conninfo().connect()?;
    tick("building the schema");
    let stop = || interrupt.asked();
    let file = base.schema_path().display().to_string();
    let refused = ddl::load(&mut client, &file, &ddl_text, &stop)?;
    notes.extend(refused.into_iter().map(|note| ("schema_refused", note)));
    client.batch_execute("DISCARD ALL").map_err(LiveError::from)?;
    // Before the load, which takes longest.
    let casts = prepare::casts(&mut client, &inputs.workload)?;
    let scripts = script::write(&inputs.workload, default, folder.path(), &casts)?;
    let filled = fill::fill(&mut client, &inputs.schema, &inputs.workload, &stop, tick)?;
    notes.extend(filled.notes.iter().map(|n| ("fill", n.clone())));

    let runner = Runner::new(scratch.conninfo(), &place, &inputs.workload, &scripts, options, interrupt)?;
    let measured = runner.run(&mut client, &planned, tick)?;
    drop(client);
    tick("dropping the scratch database");
    scratch.drop_now()?;
    let cells = planned.into_iter().zip(measured).filter_map(|(planned, repetitions)| {
        let measured =
            cell::summary(&repetitions, &about(&inputs, &place, &scripts.names, options, &planned.forecast))?;
        Some(compared(measured, planned.forecast))
    });
    Ok(validation(&inputs.workload, &place, &filled, options, cells.collect(), notes))
}

/// What can be said before anything is built.
fn notes_before(
    admin: &mut Client,
    place: &ServerPlace,
    inputs: &Inputs,
    scripts: &Scripts,
) -> Result<Vec<(&'static str, String)>, LiveError> {
    let mut notes: Vec<(&str, String)> = scripts.notes.iter().map(|n| ("validate_script", n.clone())).collect();
    if inputs.machine.reference {
        let message = "the forecast is not for this server but for the built-in machine: measure this one first with \
                       `predict calibrate -o machine.yaml`, and give it with --machine";
        notes.push(("calibrate_first", message.to_owned()));
    }
    for difference in settings::differing(admin, place.version, &inputs.machine)? {
        notes.push(("settings_differ", difference));
    }
    Ok(notes)
}

/// A measurement beside its forecast.
fn compared(measured: Measured, forecast: Forecast) -> Cell {
    Cell {
        clients: forecast.clients,
        rate: forecast.rate,
        error: forecast.tps.mean / measured.tps.max(1e-9) - 1.0,
        difference: difference::difference(&measured, &forecast),
        measured,
        forecast,
    }
}

/// Forecasts of all loads, with what pgbench needs for them.
fn planned(base: &Base, inputs: &Inputs, options: &Options, limit: u64) -> Result<Vec<Planned>, ValidateError> {
    let loads: Vec<Option<u64>> = match options.clients.as_slice() {
        [] => vec![None],
        all => all.iter().map(|c| Some(*c)).collect(),
    };
    let mut out = Vec::new();
    for clients in loads {
        let set: Vec<(String, String)> =
            clients.map(|c| ("workload.clients".to_owned(), c.to_string())).into_iter().collect();
        let forecast = forecast::run(&base.with(&set)?)?;
        let clients = match (forecast.clients, forecast.rate) {
            (Some(clients), _) => clients,
            // Enough that arrivals do not wait for a client, as far as the server takes them.
            (None, rate) => {
                let busy = rate.unwrap_or(1.0) * forecast.latency_ms.map_or(1.0, |l| l.p99 / 1e3);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of clients")]
                let wanted = (2.0 * busy).ceil().clamp(8.0, 200.0) as u64;
                wanted.min(limit.saturating_sub(8)).max(1)
            }
        };
        if let Some(pool) = inputs.workload.connections.pool.filter(|pool| *pool < clients) {
            let message = format!("a pool of {pool} for {clients} clients cannot be validated: pgbench has none");
            let expected = format!(
                "at most {pool} clients (-c), or no pool: --set workload.connections.pool=null forecasts and measures without it"
            );
            return Err(InputError::new(message).expected(expected).into());
        }
        // One for the sampler, one for this program, three that PostgreSQL keeps back.
        if clients + 5 > limit {
            let message = format!("{clients} clients are too many: the server's max_connections is {limit}");
            return Err(InputError::new(message).expected(format!("at most {}", limit.saturating_sub(5))).into());
        }
        let caches_full = caches_full(inputs, &forecast);
        let clients = u32::try_from(clients).unwrap_or(u32::MAX);
        out.push(Planned { clients, rate: forecast.rate, forecast, caches_full });
    }
    Ok(out)
}

/// Seconds until as many pages as memory holds have been read, 0 where reads do not matter.
fn caches_full(inputs: &Inputs, forecast: &Forecast) -> f64 {
    /// Reads that use less of the storage than this leave caches as they are.
    const MATTERS: f64 = 0.05;
    let busy = forecast.stations.iter().find(|s| s.name == "data_read").and_then(|s| s.utilization).unwrap_or(0.0);
    let reads = busy * inputs.machine.storage.read_iops.get();
    if busy > MATTERS { inputs.machine.memory.pages().get() / reads } else { 0.0 }
}

fn about<'a>(
    inputs: &Inputs,
    place: &ServerPlace,
    names: &'a [String],
    options: &Options,
    forecast: &'a Forecast,
) -> About<'a> {
    #[expect(clippy::cast_precision_loss, reason = "a number of cores")]
    let cores = place.cpus.as_ref().map_or(inputs.machine.cpu.cores, |c| c.len() as f64);
    About {
        names,
        think: match inputs.workload.load {
            Load::Closed { think_time, .. } => think_time,
            Load::Open { .. } => Seconds::ZERO,
        },
        sleeps: sleeps(&inputs.workload),
        cores,
        shared: place.shared(),
        local: place.postmaster.is_some(),
        seconds: f64::from(options.seconds),
        forecast,
    }
}

/// Sleeps inside a transaction, on average over the mix.
fn sleeps(workload: &Workload) -> Seconds {
    let total: f64 = workload.transactions.iter().map(|t| t.weight).sum();
    let of = |t: &crate::workload::Transaction| -> Seconds {
        let one = |s: &crate::workload::Step| match s.kind {
            StepKind::Sleep(time) => time * s.repeat,
            _ => Seconds::ZERO,
        };
        t.steps.iter().map(one).sum()
    };
    workload.transactions.iter().map(|t| of(t) * (t.weight / total.max(1e-9))).sum()
}

fn validation(
    workload: &Workload,
    place: &ServerPlace,
    filled: &fill::Filled,
    options: &Options,
    cells: Vec<Cell>,
    notes: Vec<(&str, String)>,
) -> Validation {
    let sorted = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values
    };
    let errors = sorted(cells.iter().map(|c| c.error.abs()).collect());
    let noise = sorted(cells.iter().map(|c| c.measured.tps_spread).collect());
    let mut warnings: Vec<ForecastWarning> = Vec::new();
    let own = notes.into_iter().map(|(code, message)| ForecastWarning { code: code.into(), message, location: None });
    for warning in cells.iter().flat_map(|c| c.forecast.warnings.clone()).chain(own) {
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    Validation {
        workload: workload.name.clone(),
        server_version: place.version,
        fill: Fill { tables: filled.tables, rows: filled.rows, seconds: filled.took.as_secs_f64() },
        seconds: options.seconds,
        rounds: options.rounds,
        median_error: quantile(&errors, 0.5).unwrap_or(0.0),
        p90_error: quantile(&errors, 0.9).unwrap_or(0.0),
        noise: quantile(&noise, 0.5).unwrap_or(0.0),
        cells,
        warnings,
    }
}
