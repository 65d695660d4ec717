//! Forecast against measured: `cargo bench --bench accuracy`.
//!
//! Boots a scratch PostgreSQL on one CPU, runs pgbench on the same CPU over a grid of cells, every
//! cell once per round, and prints what was measured, how far the repetitions lie apart, and what
//! the model says. Measurements and forecasts go to separate files, so that `--replay` can judge a
//! changed model by an old measurement.

mod arguments;
mod cells;
mod forecasting;
mod ledger;
mod report;
mod scratch;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Parser;

use arguments::Arguments;
use ledger::{About, Repetition};

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let (about, repetitions) = if arguments.replay.is_empty() { measure(&arguments)? } else { replay(&arguments)? };
    let measured = ledger::by_cell(&repetitions);
    if arguments.record {
        report::record(&about, &measured)?;
    }
    let compared = forecasting::compare(&measured, &arguments.machine, arguments.simulate)?;
    create_parent(&arguments.forecast)?;
    forecasting::write(&arguments.forecast, &compared)?;
    print!("{}", report::table(&compared));
    Ok(())
}

/// What was measured before.
fn replay(arguments: &Arguments) -> Result<(About, Vec<Repetition>)> {
    let (mut about, mut repetitions) = (Vec::new(), Vec::new());
    for file in &arguments.replay {
        let (head, body) = ledger::read(file)?;
        about = head;
        repetitions.extend(body);
    }
    Ok((about, repetitions))
}

/// Measures now. The file is rewritten after every round: a run that is cut short is not lost.
fn measure(arguments: &Arguments) -> Result<(About, Vec<Repetition>)> {
    create_parent(&arguments.measured)?;
    let mut cells = cells::grid(&arguments.workloads, &arguments.scales, &arguments.clients);
    if arguments.variants {
        cells.extend(cells::variants(&arguments.clients));
    }
    let cluster = scratch::prepare(&cells, &arguments.cpus)?;
    let about = scratch::about(&cluster, &arguments.cpus, arguments.seconds)?;
    ledger::write(&arguments.measured, &about, &[])?;
    let mut repetitions = Vec::new();
    scratch::measure(&cluster, &cells, arguments, |round, cell, outcome| {
        repetitions.push(Repetition::new(round, cell, outcome));
        ledger::write(&arguments.measured, &about, &repetitions)
    })?;
    Ok((about, repetitions))
}

/// Makes the directory that a file goes to.
fn create_parent(file: &Path) -> Result<()> {
    match file.parent().filter(|d| *d != Path::new("")) {
        Some(d) => fs::create_dir_all(d).with_context(|| format!("failed to create {}", d.display())),
        None => Ok(()),
    }
}
