//! `predict usl`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::ExitStatus;
use crate::cli::options::GlobalOptions;
use crate::cli::output::Output;
use crate::diagnostic::{InputError, Position};
use crate::fit::FitError;
use crate::fit::usl_fit::{self, Form};
use crate::render::{json, usl as render};

/// Arguments.
#[derive(Debug, Args)]
#[command(after_help = "The data is CSV with a header that names `clients` and `tps`; other columns are ignored.")]
pub struct UslArgs {
    /// Measurements (CSV); `-` for stdin
    #[arg(value_name = "DATA")]
    file: PathBuf,
    /// Let sigma and kappa be negative
    #[arg(long)]
    free: bool,
    /// How to fit
    #[arg(long, value_enum, value_name = "FORM", default_value_t = FormName::Usl)]
    form: FormName,
    /// Also say the throughput at these numbers of clients
    #[arg(long, value_name = "CLIENTS", value_delimiter = ',')]
    at: Vec<f64>,
    /// Format of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
    /// Write the result to a file, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormName {
    /// Three parameters, least squares on throughput
    Usl,
    /// Throughput over that of one client; sigma and kappa
    TwoParameter,
    /// The old regression on (N - 1)^2 and N - 1
    Quadratic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Svg,
}

/// Runs the command.
///
/// # Errors
/// Invalid input, data that no curve fits, or a result that cannot be written.
pub fn run(args: &UslArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let output = Output::open(args.output.as_deref())?;
    if let Some(bad) = args.at.iter().find(|n| !(n.is_finite() && **n > 0.0)) {
        return Err(InputError::new(format!("`--at {bad}`")).expected("numbers of clients above 0").into());
    }
    let data = Data::read(&args.file)?;
    let form = match args.form {
        FormName::Usl => Form::ThreeParameters,
        FormName::TwoParameter => Form::TwoParameters,
        FormName::Quadratic => Form::Quadratic,
    };
    let fit = usl_fit::fit(&data.points, form, args.free).map_err(|e| data.explain(&e))?;
    let report = render::Report::new(&fit, &data.points, &args.at);
    let text = match args.format {
        Format::Text => report.text(&data.points, output.paint(global.color)),
        Format::Json => json::pretty(&report)?,
        Format::Svg => report.svg(&data.points)?,
    };
    output.finish(&text)?;
    Ok(ExitStatus::Success)
}

/// Measurements and where each was written.
struct Data {
    name: String,
    points: Vec<(f64, f64)>,
    lines: Vec<u32>,
}

impl Data {
    fn read(path: &Path) -> Result<Self, InputError> {
        let name = path.to_string_lossy().into_owned();
        let mut text = String::new();
        let read = if path == Path::new("-") {
            std::io::stdin().read_to_string(&mut text).map(drop)
        } else {
            std::fs::read_to_string(path).map(|t| text = t)
        };
        read.map_err(|e| InputError::new(format!("failed to read `{name}`: {e}")))?;
        Self::parse(name, &text)
    }

    fn parse(name: String, text: &str) -> Result<Self, InputError> {
        let place = |line: u32| Position { file: name.as_str().into(), line, column: 1, path: None };
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
        let broken = |e: &csv::Error| {
            let line = e.position().map_or(1, |p| u32::try_from(p.line()).unwrap_or(u32::MAX));
            InputError::new(format!("`{name}` is not CSV: {e}")).at(place(line))
        };
        let header = reader.headers().map_err(|e| broken(&e))?.clone();
        let column = |wanted: &str| {
            header.iter().position(|h| h.eq_ignore_ascii_case(wanted)).ok_or_else(|| {
                InputError::new(format!("there is no column `{wanted}`"))
                    .at(place(1))
                    .expected("a header line with `clients` and `tps`")
                    .nearest_of(wanted, header.iter())
            })
        };
        let (clients, tps) = (column("clients")?, column("tps")?);
        let (mut points, mut lines) = (Vec::new(), Vec::new());
        for record in reader.records() {
            let record = record.map_err(|e| broken(&e))?;
            let line = record.position().map_or(1, |p| u32::try_from(p.line()).unwrap_or(u32::MAX));
            let number =
                |at: usize, what: &str| {
                    let field = record.get(at).unwrap_or("");
                    field.parse::<f64>().ok().filter(|v| v.is_finite()).ok_or_else(|| {
                        InputError::new(format!("{what} is `{field}`")).at(place(line)).expected("a number")
                    })
                };
            points.push((number(clients, "clients")?, number(tps, "tps")?));
            lines.push(line);
        }
        Ok(Self { name, points, lines })
    }

    fn explain(&self, error: &FitError) -> InputError {
        let out = InputError::new(format!("`{}`: {error}", self.name));
        match error {
            FitError::OutOfRange { point, .. } => out.at(Position {
                file: self.name.as_str().into(),
                line: self.lines.get(point - 1).copied().unwrap_or(1),
                column: 1,
                path: None,
            }),
            FitError::TooFew { .. } => out.expected("measurements at four or more numbers of clients"),
            FitError::NotNormalized { .. } => out.expected("`--form usl`, or a measurement of one client first"),
            _ => out,
        }
    }
}
