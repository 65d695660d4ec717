//! `predict sweep`.

use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::cli::ExitStatus;
use crate::cli::options::{GlobalOptions, InputOptions};
use crate::cli::output::Output;
use crate::diagnostic::{InputError, TextOrigin};
use crate::forecast::metric::Value;
use crate::forecast::rule::{Level, Limit, Op, Rule, Test};
use crate::forecast::sweep::{self, Goal, Grid};
use crate::forecast::{self, Base, Forecast, ForecastWarning};
use crate::render::sweep as render;

/// Arguments.
#[derive(Debug, Args)]
#[command(after_help = "In a sweep `--set` takes lists and ranges: `--set workload.clients=1,2,4..64x2 \
--set machine.cpu.cores=2,4,8` forecasts every combination. Ranges: `lo..hi`, `lo..hi+step`, `lo..hixFACTOR`, \
also with units (`50us..2msx2`).")]
pub struct SweepArgs {
    #[command(flatten)]
    input: InputOptions,
    /// Print the first value of the one swept key that reaches a goal, such as 'tps >= 5000'
    #[arg(long, value_name = "RULE")]
    until: Option<String>,
    /// Threads; one per core when not given
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
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
}

impl From<Format> for render::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
            Format::Csv => Self::Csv,
            Format::Markdown => Self::Markdown,
        }
    }
}

/// Most scenarios of one sweep: what fits into memory as rows.
const MAX_SCENARIOS: usize = 10_000_000;

/// Runs the command.
///
/// # Errors
/// Invalid input, or a result that cannot be written.
pub fn run(args: &SweepArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let (sources, grid) = args.input.grid()?;
    if grid.axes.is_empty() {
        return Err(InputError::new("nothing to sweep")
            .expected("at least one `--set KEY=VALUES` or `-c`, such as `--set workload.clients=1..64x2`")
            .into());
    }
    if grid.len().is_none_or(|n| n > MAX_SCENARIOS) {
        return Err(InputError::new(format!("more than {MAX_SCENARIOS} scenarios")).expected("fewer values").into());
    }
    let output = Output::open(args.output.as_deref())?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.jobs.map_or(0, usize::from))
        .build()
        .context("failed to start threads")?;
    let base = Base::load(&sources)?;
    let forecast = |set: &[(String, String)]| forecast::run(&base.with(set)?);
    match &args.until {
        Some(goal) => pool.install(|| until(goal, &grid, forecast, args.format, output, global)),
        None => pool.install(|| all(&grid, forecast, args.format.into(), output, global)),
    }
}

fn all(
    grid: &Grid,
    forecast: impl Fn(&[(String, String)]) -> Result<Forecast, InputError> + Sync,
    format: render::Format,
    output: Output,
    global: &GlobalOptions,
) -> anyhow::Result<ExitStatus> {
    let warnings = Warnings::default();
    let rows = sweep::run(grid, forecast, |set, f| {
        warnings.note(&f.warnings);
        format.row(set, &f)
    })?;
    let rows = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
    let keys: Vec<String> = grid.axes.iter().map(|(k, _)| k.clone()).collect();
    let mut text = format.table(&keys, &rows)?;
    let warnings = warnings.sorted();
    match format {
        render::Format::Text if !global.quiet => {
            text += &crate::render::text::warnings(&warnings, output.paint(global.color));
        }
        render::Format::Csv | render::Format::Markdown => super::error::notes(&warnings, global),
        _ => {}
    }
    output.finish(&text)?;
    Ok(ExitStatus::Success)
}

/// Distinct warnings of many scenarios, gathered from all threads. Their order is made the same for
/// every run by sorting.
#[derive(Default)]
struct Warnings(Mutex<Vec<ForecastWarning>>);

impl Warnings {
    fn note(&self, all: &[ForecastWarning]) {
        // A poisoned lock means that another thread has panicked while it held plain data.
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for w in all {
            // A thousand different warnings tell no more than the first hundred.
            if known.len() < 100 && !known.contains(w) {
                known.push(w.clone());
            }
        }
    }

    fn sorted(self) -> Vec<ForecastWarning> {
        let mut all = self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.sort_by(|a, b| (&a.code, &a.location, &a.message).cmp(&(&b.code, &b.location, &b.message)));
        all
    }
}

fn until(
    goal: &str,
    grid: &Grid,
    forecast: impl Fn(&[(String, String)]) -> Result<Forecast, InputError> + Sync,
    format: Format,
    output: Output,
    global: &GlobalOptions,
) -> anyhow::Result<ExitStatus> {
    let (swept, fixed): (Vec<_>, Vec<_>) = grid.axes.iter().partition(|(_, values)| values.len() > 1);
    let (key, values) = match (swept.as_slice(), fixed.as_slice()) {
        ([one], _) | ([], [one]) => (&one.0, &one.1),
        _ => {
            let message = format!("`--until` needs one swept key, and {} are swept", swept.len());
            return Err(InputError::new(message).expected("one `--set KEY=VALUES` with several values").into());
        }
    };
    let scenario = |set: &[(String, String)]| {
        let others = grid.axes.iter().filter(|(k, _)| k != key).map(|(k, v)| (k.clone(), v[0].clone()));
        forecast(&others.chain(set.iter().cloned()).collect::<Vec<_>>())
    };
    let first = scenario(&[(key.clone(), values[0].clone())])?;
    let rule = Rule::parse(goal, &TextOrigin::file("--until"), Level::Error, &first)?;
    let found = sweep::seek(key, values, scenario, |f| holds(&rule, f), |f| distance(&rule, f))?;
    let text = match format {
        Format::Json => render::goal_json(goal, key, &found)?,
        Format::Text => render::goal_text(goal, key, &found, output.paint(global.color)),
        Format::Csv | Format::Markdown => match &found {
            // A header without a row says that nothing reaches the goal.
            Goal::Missed { .. } => render::Format::from(format).table(std::slice::from_ref(key), &[])?,
            Goal::Reached { value, forecast } => {
                let row = render::Format::from(format).row(&[(key.clone(), value.clone())], forecast)?;
                render::Format::from(format).table(std::slice::from_ref(key), &[row])?
            }
        },
    };
    output.finish(&text)?;
    Ok(match found {
        Goal::Reached { .. } => ExitStatus::Success,
        Goal::Missed { .. } => ExitStatus::Breached,
    })
}

fn holds(rule: &Rule, forecast: &Forecast) -> bool {
    match (&rule.test, rule.metric.value(forecast)) {
        (Test::Compare(op, Limit::Number(limit)), Value::Number(v)) => op.holds(v, *limit),
        (Test::Compare(op, Limit::Text(limit)), Value::Text(v)) => (v == *limit) == (*op == Op::Eq),
        _ => false,
    }
}

/// How far a forecast is from holding; only its order matters.
fn distance(rule: &Rule, forecast: &Forecast) -> f64 {
    match (&rule.test, rule.metric.value(forecast)) {
        (Test::Compare(_, Limit::Number(limit)), Value::Number(v)) => (v - limit).abs(),
        _ => f64::INFINITY,
    }
}
