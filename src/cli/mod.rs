//! The command line: arguments, exit codes, one file per command.
//!
//! Arguments have two levels: what was typed (clap's structures, in the file of the command), and
//! what it means once the environment is known ([`options::Request`]). Nothing of clap leaves this
//! module.

pub mod calibrate;
pub mod check;
pub mod completions;
pub mod connection;
pub mod error;
pub mod exit;
pub mod explain;
pub mod forecast;
pub mod git;
pub mod import;
pub mod init;
pub mod man;
pub mod options;
pub mod output;
pub mod pgbench;
pub mod rules;
pub mod schema;
pub mod simulate;
pub mod solve;
pub mod sweep;
pub mod usl;
pub mod validate;

use std::ffi::OsString;
use std::io::Write;

use clap::{Parser, Subcommand};

pub use exit::ExitStatus;
use options::GlobalOptions;

/// Forecasts the TPS, latency and bottleneck of a PostgreSQL database from its schema and workload.
#[derive(Debug, Parser)]
#[command(name = "predict", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, or check passed; 1 check breached, or no value reaches a goal; \
2 invalid input, usage or connection; 3 no comparable baseline; 4 inconclusive under --strict.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Forecast TPS, latency and bottleneck
    Forecast(forecast::ForecastArgs),
    /// Forecast a grid of what-ifs, or find the first value that reaches a goal
    Sweep(sweep::SweepArgs),
    /// Check a forecast against rules and a baseline; the exit code says the verdict
    Check(check::CheckArgs),
    /// Show how each statement is believed to run, and what it costs
    Explain(explain::ExplainArgs),
    /// Solve a queueing network given as YAML
    Solve(solve::SolveArgs),
    /// Fit the Universal Scalability Law to a CSV of clients and tps
    Usl(usl::UslArgs),
    /// Simulate the forecast's model event by event, with confidence intervals
    Simulate(simulate::SimulateArgs),
    /// Read a running database into schema, workload and machine file
    Import(import::ImportArgs),
    /// Measure the workload in a scratch database and put the forecast beside it
    Validate(Box<validate::ValidateArgs>),
    /// Measure a live PostgreSQL and its machine, and write a machine file
    Calibrate(calibrate::CalibrateArgs),
    /// Write a workload file to start from, from the DDL alone
    Init(init::InitArgs),
    /// Forecast a run of pgbench, by pgbench's own command line
    Pgbench(Box<pgbench::PgbenchArgs>),
    /// Print the JSON Schema of the YAML files
    Schema(schema::SchemaArgs),
    /// Print shell completions
    Completions(completions::CompletionsArgs),
    /// Print a man page
    Man(man::ManArgs),
}

/// Parses, runs, prints the error chain; returns how it ended.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version go to stdout, where a closed pipe is no failure; so the result of
            // printing does not matter in either case.
            let _ = e.print();
            return if e.use_stderr() { ExitStatus::Invalid } else { ExitStatus::Success };
        }
    };
    let color = cli.global.color;
    match run(cli) {
        Ok(status) => status,
        Err(e) if is_closed_pipe(&e) => ExitStatus::Success,
        Err(e) => {
            let text = error::render(&e, color.for_stderr());
            // Nowhere is left to report that stderr is closed.
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
            ExitStatus::Invalid
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitStatus> {
    let global = cli.global;
    match cli.command {
        Command::Forecast(args) => forecast::run(&args, &global),
        Command::Sweep(args) => sweep::run(&args, &global),
        Command::Check(args) => check::run(&args, &global),
        Command::Explain(args) => explain::run(&args, &global),
        Command::Solve(args) => solve::run(&args, &global),
        Command::Usl(args) => usl::run(&args, &global),
        Command::Simulate(args) => simulate::run(&args, &global),
        Command::Import(args) => import::run(&args, &global),
        Command::Validate(args) => validate::run(&args, &global),
        Command::Calibrate(args) => calibrate::run(&args, &global),
        Command::Init(args) => init::run(&args, &global),
        Command::Pgbench(args) => pgbench::run(&args, &global),
        Command::Schema(args) => schema::run(&args, &global),
        Command::Completions(args) => completions::run(&args, &global),
        Command::Man(args) => man::run(&args, &global),
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = |e: &(dyn std::error::Error + 'static)| {
        e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    };
    error.chain().any(io)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn exit_codes_are_those_documented() {
        use ExitStatus::{Breached, Inconclusive, Invalid, NoBaseline, Success};
        assert_eq!([Success, Breached, Invalid, NoBaseline, Inconclusive].map(ExitStatus::code), [0, 1, 2, 3, 4]);
    }
}
