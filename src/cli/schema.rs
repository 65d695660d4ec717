//! `predict schema`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::options::GlobalOptions;
use crate::cli::output::Output;
use crate::cli::{ExitStatus, rules, solve};
use crate::render::json;
use crate::{machine, workload};

/// Arguments.
#[derive(Debug, Args)]
#[command(after_help = "An editor completes a file whose first line is \
`# yaml-language-server: $schema=workload.schema.json`.")]
pub struct SchemaArgs {
    /// The file whose schema is printed; without it an object with the schemas of all
    #[arg(value_enum)]
    file: Option<File>,
    /// Write the result to a file, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum File {
    Workload,
    Machine,
    Rules,
    Network,
}

impl File {
    fn schema(self) -> serde_json::Value {
        match self {
            Self::Workload => workload::json_schema(),
            Self::Machine => machine::json_schema(),
            Self::Rules => rules::json_schema(),
            Self::Network => solve::json_schema(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// A result that cannot be written.
pub fn run(args: &SchemaArgs, _global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let output = Output::open(args.output.as_deref())?;
    let value = match args.file {
        Some(file) => file.schema(),
        None => serde_json::json!({
            "workload": File::Workload.schema(),
            "machine": File::Machine.schema(),
            "rules": File::Rules.schema(),
            "network": File::Network.schema(),
        }),
    };
    output.finish(&json::pretty(&value)?)?;
    Ok(ExitStatus::Success)
}
