//! `predict solve`.

mod file;

use std::path::PathBuf;

use clap::Args;

use crate::cli::ExitStatus;
use crate::cli::options::{GlobalOptions, TextOrJson};
use crate::cli::output::Output;
use crate::queueing;
use crate::render::{json, solve as render};
use crate::yaml::Document;

pub use file::json_schema;

/// Arguments.
#[derive(Debug, Args)]
#[command(after_help = "The file lists classes and stations; times are in seconds:\n\n\
classes:\n  - {name: web, population: 50, think_time: 5}\n\
stations:\n  - {name: cpu, kind: queue, servers: 2, demands: {web: 0.005}}\n\
method: auto   # or exact, linearizer, bard-schweitzer, bounds")]
pub struct SolveArgs {
    /// The network (YAML)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Format of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = TextOrJson::Text)]
    format: TextOrJson,
    /// Write the result to a file, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Invalid input, a network without a solution, or a result that cannot be written.
pub fn run(args: &SolveArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let output = Output::open(args.output.as_deref())?;
    let document = Document::read(&args.file)?;
    let (network, places) = file::read(&document)?;
    let solution = queueing::solve(&network).map_err(|e| places.explain(&document, &network, &e))?;
    let text = match args.format {
        TextOrJson::Text => render::text(&solution, output.paint(global.color)),
        TextOrJson::Json => json::pretty(&solution)?,
    };
    output.finish(&text)?;
    Ok(ExitStatus::Success)
}
