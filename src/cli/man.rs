//! `predict man`.

use clap::{Args, CommandFactory};

use crate::cli::options::GlobalOptions;
use crate::cli::output::Output;
use crate::cli::{Cli, ExitStatus};
use crate::diagnostic::InputError;

/// Arguments.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command whose page is printed; without it the page of `predict` itself
    command: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// An unknown command, or stdout cannot be written.
pub fn run(args: &ManArgs, _global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let mut whole = Cli::command();
    whole.build();
    let page = match &args.command {
        None => whole,
        Some(name) => match whole.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let names: Vec<&str> = whole.get_subcommands().map(clap::Command::get_name).collect();
                return Err(InputError::new(format!("unknown command `{name}`"))
                    .expected(format!("one of {}", names.join(", ")))
                    .nearest_of(name, names.iter().copied())
                    .into());
            }
        },
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    Output::open(None)?.finish(&String::from_utf8_lossy(&text))?;
    Ok(ExitStatus::Success)
}
