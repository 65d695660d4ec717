//! The accuracy ledger: `cargo bench --bench ledger`.
//!
//! For each regime (which CPUs server and load have, how slow flushes and reads are, how much memory there is) a
//! scratch PostgreSQL is started, `predict calibrate` measures it, and `predict validate` runs workloads on it. What
//! was measured goes to `benches/accuracy/measured/ledger.csv`, the machine files beside it, and the table of
//! forecasts and errors to `benches/accuracy/LEDGER.md`. `--replay` forecasts again what was measured before;
//! `--ablate` shows what each fitted part of the model contributes to it.

mod ablation;
mod anchored;
mod cell;
mod regimes;
mod report;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Parser;

use cell::Row;
use regimes::{Regime, Workload};
use server::Scratch;

/// Measures workloads under several regimes and puts the forecasts of calibrated machines beside them.
#[derive(Debug, Parser)]
#[command(name = "ledger")]
struct Arguments {
    /// Do not measure: forecast again what was measured before.
    #[arg(long)]
    replay: bool,
    /// Fit the machine files again from what calibration measured before; implies --replay.
    #[arg(long)]
    refit: bool,
    /// Add what each part of the model contributes.
    #[arg(long)]
    ablate: bool,
    /// Regimes to measure, by name; the rows of others are kept.
    #[arg(long, value_delimiter = ',')]
    regimes: Vec<String>,
    /// Seconds that count in each run.
    #[arg(long, default_value_t = 4)]
    seconds: u32,
    /// Rounds over the numbers of clients of a workload.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds that calibrating may take.
    #[arg(long, default_value_t = 150)]
    budget: u32,
    /// Given by `cargo bench`; means nothing here.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Where measurements and machine files are kept.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/accuracy/measured")
}

/// The machine file of a regime.
fn machine_file(regime: &str) -> PathBuf {
    folder().join(format!("machine-{regime}.yaml"))
}

/// What the calibration of a regime measured.
fn record_file(regime: &str) -> PathBuf {
    folder().join(format!("calibration-{regime}.json"))
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let file = folder().join("ledger.csv");
    if arguments.refit {
        refit()?;
    }
    if !arguments.replay && !arguments.refit {
        let mut rows = if file.is_file() { cell::read(&file)? } else { Vec::new() };
        let chosen = chosen(&arguments.regimes)?;
        for regime in chosen {
            rows.retain(|r| r.regime != regime.name);
            rows.extend(measure(regime, &arguments)?);
            // Written after each regime: what is cut short is not lost.
            cell::write(&file, &rows)?;
        }
    }
    let rows = cell::read(&file)?;
    let forecasts = cell::forecast(&rows, &[])?;
    let mut text = report::ledger(&rows, &forecasts);
    text.push_str(&anchored::table(&rows)?);
    if arguments.ablate {
        text.push_str(&ablation::table(&rows)?);
    }
    fs::write(folder().with_file_name("LEDGER.md"), &text)?;
    print!("{text}");
    Ok(())
}

/// The regimes asked for; all of them by default.
fn chosen(names: &[String]) -> Result<Vec<&'static Regime>> {
    if names.is_empty() {
        return Ok(regimes::ALL.iter().collect());
    }
    let find = |name: &String| match regimes::ALL.iter().find(|r| r.name == name) {
        Some(regime) => Ok(regime),
        None => bail!("there is no regime {name:?}; there are {:?}", regimes::ALL.map(|r| r.name)),
    };
    names.iter().map(find).collect()
}

/// Fits all machine files again.
fn refit() -> Result<()> {
    for regime in regimes::ALL.iter().filter(|r| record_file(r.name).is_file()) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_predict"));
        command.arg("calibrate").arg("--replay").arg(record_file(regime.name)).arg("-o").arg(machine_file(regime.name));
        if !command.status().context("failed to start predict")?.success() {
            bail!("the calibration of {} cannot be fitted again", regime.name);
        }
    }
    Ok(())
}

/// Measures one regime.
fn measure(regime: &Regime, arguments: &Arguments) -> Result<Vec<Row>> {
    eprintln!("{}: {}", regime.name, regime.about);
    let scratch = Scratch::start(regime)?;
    let machine = machine_file(regime.name);
    let budget = format!("{}s", arguments.budget);
    let record = record_file(regime.name).display().to_string();
    scratch.predict(&["calibrate", "--budget", &budget, "--record", &record, "-o", &machine.display().to_string()])?;
    // The file's name of the machine would be that of this host.
    let mut rows = Vec::new();
    for workload in regime.workloads {
        match run(&scratch, regime, workload, &machine, arguments) {
            Ok(measured) => rows.extend(measured),
            // One workload that fails does not take the others with it, but it is not passed over in silence.
            Err(error) => eprintln!("{} {}: {error:#}", regime.name, workload.folder),
        }
    }
    Ok(rows)
}

/// Runs one workload at all its numbers of clients.
fn run(
    scratch: &Scratch,
    regime: &Regime,
    workload: &Workload,
    machine: &Path,
    arguments: &Arguments,
) -> Result<Vec<Row>> {
    let result = tempfile::NamedTempFile::new()?;
    let clients: Vec<String> = workload.clients.iter().map(ToString::to_string).collect();
    let (file, machine) = (workload.file().display().to_string(), machine.display().to_string());
    let (clients, output) = (clients.join(","), result.path().display().to_string());
    let (seconds, rounds) = (arguments.seconds.to_string(), arguments.rounds.to_string());
    let mut command: Vec<&str> = vec!["validate", "--workload", &file, "--machine", &machine, "-c", &clients];
    command.extend(["--seconds", &seconds, "--rounds", &rounds, "--format", "json", "-o", &output]);
    for set in workload.set {
        command.extend(["--set", set]);
    }
    scratch.predict(&command)?;
    let text = fs::read_to_string(result.path()).context("failed to read what validate wrote")?;
    cell::of_validation(regime, workload, &text)
}
