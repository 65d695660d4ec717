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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Csv,
    Markdown,
    Html,
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
    let paint = output.paint(global.color);
    let text = args.format.exporter(paint, global.quiet).export(&forecasts)?;
    // These formats have no place for warnings.
    if matches!(args.format, Format::Csv | Format::Svg) {
        super::error::notes(&curve::distinct_warnings(&forecasts), global);
    }
    output.finish(&text)?;
    Ok(ExitStatus::Success)
}

/// One forecast, or one per client count.
fn forecasts(request: &Request) -> Result<Vec<Forecast>, InputError> {
    if request.clients.len() < 2 {
        return Ok(vec![forecast::run(&forecast::load(&request.sources)?)?]);
    }
    let base = forecast::Base::load(&request.sources)?;
    let clients = request.clients.iter().map(u64::to_string).collect();
    let grid = sweep::Grid { axes: vec![(CLIENTS_KEY.into(), clients)] };
    sweep::run(&grid, |set| forecast::run(&base.with(set)?), |_, f| f)
}
