//! `predict explain`.

use std::path::PathBuf;

use clap::Args;

use crate::access;
use crate::cli::ExitStatus;
use crate::cli::options::{GlobalOptions, InputOptions, TextOrJson};
use crate::cli::output::Output;
use crate::demand;
use crate::forecast;
use crate::model;
use crate::render::explain;
use crate::render::explain_locks::Locks;

/// Arguments.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    #[command(flatten)]
    input: InputOptions,
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
/// Invalid input, or a result that cannot be written.
pub fn run(args: &ExplainArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let request = args.input.request()?;
    let output = Output::open(args.output.as_deref())?;
    let inputs = forecast::load(&request.sources)?;
    let planned = forecast::pipeline::plan(&inputs)?;
    let machine = &inputs.machine;
    let price = |footprint: &access::Footprint| {
        demand::statement_price(&machine.coefficients, inputs.workload.protocol, footprint) / machine.cpu.speed
    };
    let explanation = {
        let collisions = model::collisions::collisions(&planned.demands);
        let deadlocks = model::collisions::deadlocks(&planned.demands);
        let hold = |lock: &demand::LockDemand| model::build::hold_time(machine, lock);
        let locks = Locks { demands: &planned.demands, collisions: &collisions, deadlocks: &deadlocks, hold: &hold };
        explain::explanation(&inputs.schema, &inputs.workload, &planned.footprints, &price, &locks)
    };
    let text = match args.format {
        TextOrJson::Json => explain::to_json(&explanation)?,
        TextOrJson::Text => explain::text(&explanation, output.paint(global.color), global.quiet),
    };
    output.finish(&text)?;
    Ok(ExitStatus::Success)
}
