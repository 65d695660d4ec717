//! `predict validate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::ExitStatus;
use crate::cli::connection::ConnectionOptions;
use crate::cli::options::{GlobalOptions, InputOptions};

/// Arguments.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    connection: ConnectionOptions,
    /// Length of one run, whole seconds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Runs of each number of clients, in rounds over all of them
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Format of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
    /// Write the result to a file, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Formats of a validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// The fields of the contract.
    Json,
    /// One row per load.
    Csv,
}

/// Runs the command.
///
/// # Errors
/// Invalid input, no connection, a server that refuses, an interrupted run, a result that cannot be written.
#[cfg(feature = "live")]
pub fn run(args: &ValidateArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    use crate::cli::output::Output;
    use crate::forecast::Base;
    use crate::live::interrupt::Interrupt;
    use crate::live::validate::{self, Options, ValidateError};
    use crate::render::validate as render;

    let request = args.input.request()?;
    let conninfo = args.connection.conninfo(global)?;
    let output = Output::open(args.output.as_deref())?;
    let base = Base::load(&request.sources)?;
    let options = Options { clients: request.clients, seconds: args.seconds, rounds: args.rounds as usize };
    let bar = progress(global.quiet);
    let result = validate::run(&base, &conninfo, &options, &Interrupt::handled(), &mut |doing| {
        bar.set_message(doing.to_owned());
        bar.tick();
    });
    bar.finish_and_clear();
    let validation = result.map_err(|e| match e {
        // Errors of input are shown with their place.
        ValidateError::Input(e) => anyhow::Error::from(e),
        ValidateError::Live(e) => anyhow::Error::from(e),
    })?;
    let text = match args.format {
        Format::Text => render::text(&validation, output.paint(global.color), global.quiet),
        Format::Json => render::to_json(&validation)?,
        Format::Csv => render::csv(&validation)?,
    };
    if args.format == Format::Csv {
        super::error::notes(&validation.warnings, global);
    }
    output.finish(&text)?;
    Ok(ExitStatus::Success)
}

/// A line on stderr that says what is being done; none where stderr is no terminal.
#[cfg(feature = "live")]
fn progress(quiet: bool) -> indicatif::ProgressBar {
    use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
    let bar = ProgressBar::new_spinner();
    if quiet {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {spinner} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}

/// Without the feature `live` there is nothing to connect with.
///
/// # Errors
/// Always.
#[cfg(not(feature = "live"))]
pub fn run(_: &ValidateArgs, _: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    super::connection::not_built()
}
