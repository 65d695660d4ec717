//! `predict completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::options::GlobalOptions;
use crate::cli::output::Output;
use crate::cli::{Cli, ExitStatus};

/// Arguments.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(args: &CompletionsArgs, _global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "predict", &mut text);
    Output::open(None)?.finish(&String::from_utf8_lossy(&text))?;
    Ok(ExitStatus::Success)
}
