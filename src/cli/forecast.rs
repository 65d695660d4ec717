//! `predict forecast`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::ExitStatus;
use crate::cli::options::{CLIENTS_KEY, GlobalOptions, InputOptions, Request};
use crate::cli::output::Output;
use crate::diagnostic::InputError;
use crate::forecast::{self, Forecast, sweep};
use crate::render::paint::Paint;
use crate::render::{Exporter, csv::Csv, curve, html::Html, json::Json, markdown::Markdown, svg::Svg, text::Text};

/// Arguments.
#[derive(Debug, Args)]
pub struct ForecastArgs {
    #[command(flatten)]
    input: InputOptions,
    /// Format of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
    /// Write the result to a file, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Formats of a forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// The fields of the contract.
    Json,
    /// One row.
    Csv,
    /// For a comment.
    Markdown,
    /// A page.
    Html,
    /// A drawing.
    Svg,
}

impl Format {
    fn exporter(self, paint: Paint, quiet: bool) -> Box<dyn Exporter> {
        match self {
            Self::Text => Box::new(Text { paint, quiet }),
            Self::Json => Box::new(Json),
            Self::Csv => Box::new(Csv),
            Self::Markdown => Box::new(Markdown),
            Self::Html => Box::new(Html),
            Self::Svg => Box::new(Svg),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Invalid input, or a result that cannot be written.
pub fn run(args: &ForecastArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let request = args.input.request()?;
    let output = Output::open(args.output.as_deref())?;
    let forecasts = forecasts(&request)?;
    write(&forecasts, args.format, output, global)
}

/// Writes forecasts in a format.
pub(super) fn write(
    forecasts: &[Forecast],
    format: Format,
    output: Output,
    global: &GlobalOptions,
) -> anyhow::Result<ExitStatus> {
    let paint = output.paint(global.color);
    let text = format.exporter(paint, global.quiet).export(forecasts)?;
    // These formats have no place for warnings.
    if matches!(format, Format::Csv | Format::Svg) {
        super::error::notes(&curve::distinct_warnings(forecasts), global);
    }
    output.finish(&text)?;
    Ok(ExitStatus::Success)
}

/// One forecast, or one per client count.
fn forecasts(request: &Request) -> Result<Vec<Forecast>, InputError> {
    curve(&forecast::Base::load(&request.sources)?, &request.clients, &[])
}

/// The same from documents that are read already, with further keys set.
pub(super) fn curve(
    base: &forecast::Base,
    clients: &[u64],
    further: &[(String, String)],
) -> Result<Vec<Forecast>, InputError> {
    if clients.len() < 2 {
        return Ok(vec![forecast::run(&base.with(further)?)?]);
    }
    let clients = clients.iter().map(u64::to_string).collect();
    let grid = sweep::Grid { axes: vec![(CLIENTS_KEY.into(), clients)] };
    sweep::run(&grid, |set| forecast::run(&base.with(&[set, further].concat())?), |_, f| f)
}
