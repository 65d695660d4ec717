//! `predict check`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::options::{GlobalOptions, InputOptions};
use crate::cli::output::Output;
use crate::cli::{ExitStatus, git, rules};
use crate::diagnostic::{InputError, TextOrigin};
use crate::forecast::anchor::Corrections;
use crate::forecast::baseline;
use crate::forecast::check::{self, Baseline, Check, Verdict};
use crate::forecast::rule::{Level, Rule, share};
use crate::forecast::schema_changes::{schema_changes, tables_of};
use crate::forecast::{self, Base, Forecast, Inputs, Sources};
use crate::render::paint::Paint;
use crate::render::{RenderError, check as render, github, junit};
use crate::sql;
use crate::workload::StepKind;

/// Arguments.
#[derive(Debug, Args)]
#[command(after_help = "Rules are `metric op value`: 'tps >= 800', 'p95_ms < 50ms', 'transfer.p99_ms <= 80ms', \
'utilization(server_cpu) <= 80%', \"bottleneck != 'row_locks'\", or any path of the JSON form.")]
pub struct CheckArgs {
    #[command(flatten)]
    input: InputOptions,
    /// File of rules (YAML)
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// A rule, such as 'tps >= 800'; repeatable
    #[arg(long = "assert", value_name = "RULE")]
    asserts: Vec<String>,
    /// Compare with a stored forecast (JSON)
    #[arg(long, value_name = "FILE", group = "against")]
    baseline: Option<PathBuf>,
    /// Compare with the forecast of the files as of a git commit, branch or tag
    #[arg(long, value_name = "GIT_REF", group = "against")]
    base: Option<String>,
    /// Most that TPS (or, under a rate, latency) may be worse than the baseline [default: 5%]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, requires = "against")]
    max_regression: Option<f64>,
    /// Fail on input that was not read or is not modelled, and on results that are inconclusive
    #[arg(long)]
    strict: bool,
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
    Junit,
    Markdown,
    Github,
}

impl Format {
    fn render(self, check: &Check, paint: Paint, quiet: bool) -> Result<String, RenderError> {
        Ok(match self {
            Self::Text => render::text(check, paint, quiet),
            Self::Json => render::to_json(check)?,
            Self::Junit => junit::junit(check),
            Self::Markdown => render::to_markdown(check),
            Self::Github => github::github(check),
        })
    }
}

/// The regression allowed when a baseline is given and nothing else is said.
const DEFAULT_REGRESSION: f64 = 0.05;

fn parse_share(text: &str) -> Result<f64, String> {
    share(text).ok_or_else(|| format!("`{text}` is not a share; expected `5%` or `0.05`"))
}

/// Runs the command.
///
/// # Errors
/// Invalid input, or a result that cannot be written.
pub fn run(args: &CheckArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let request = args.input.request()?;
    if request.clients.len() > 1 {
        return Err(InputError::new("a check judges one forecast").expected("one number of clients in `-c`").into());
    }
    let output = Output::open(args.output.as_deref())?;
    let mut base = Base::load(&request.sources)?;
    let past = match &args.base {
        Some(git_ref) => Some(Past::read(git_ref, &request.sources)?),
        None => None,
    };
    if let Some(Past::Found(past)) = &past
        && past.base.corrections().anchored
    {
        // Measured points describe the workload as it ran; what they correct holds on both sides, so
        // that a change cannot hide in it.
        base.set_corrections(past.base.corrections());
    }
    let inputs = base.with(&[])?;
    let now = forecast::run(&inputs)?;
    let rules = all_rules(args, &now)?;
    let (baseline, schema_changes) = match (&args.baseline, past) {
        (Some(path), _) => (baseline::read(path, &now)?, Vec::new()),
        (None, Some(past)) => past.compare(base.corrections(), &inputs, &now),
        (None, None) => (Baseline::None, Vec::new()),
    };
    let mut check = check::judge(now, &rules, baseline, args.strict);
    check.schema_changes = schema_changes;
    let text = args.format.render(&check, output.paint(global.color), global.quiet)?;
    output.finish(&text)?;
    Ok(match check.verdict {
        Verdict::Passed => ExitStatus::Success,
        Verdict::Breached => ExitStatus::Breached,
        Verdict::NoBaseline => ExitStatus::NoBaseline,
        Verdict::Inconclusive => ExitStatus::Inconclusive,
    })
}

/// Rules of the file, of the command line, and the one that a baseline brings with it.
fn all_rules(args: &CheckArgs, now: &Forecast) -> Result<Vec<Rule>, InputError> {
    let mut all = match &args.rules {
        Some(path) => rules::read(path, now)?,
        None => Vec::new(),
    };
    for text in &args.asserts {
        all.push(Rule::parse(text, &TextOrigin::file("--assert"), Level::Error, now)?);
    }
    let with_baseline = args.baseline.is_some() || args.base.is_some();
    if args.max_regression.is_some() || (with_baseline && !all.iter().any(Rule::is_regression)) {
        // Under open load TPS is the rate until the system is overloaded; latency tells more.
        let metric = if now.clients.is_some() { "tps" } else { "latency_ms" };
        let share = args.max_regression.unwrap_or(DEFAULT_REGRESSION);
        all.push(Rule::regression(metric, share, Level::Error, None, now)?);
    }
    if all.is_empty() {
        return Err(InputError::new("nothing to check")
            .expected("at least one of --assert RULE, --rules FILE, --baseline FILE, --base GIT_REF"));
    }
    Ok(all)
}

/// The files as of a commit.
enum Past {
    /// They cannot be had, or cannot be forecast, and why.
    Missing(String),
    /// They were read.
    Found(Box<PastFiles>),
}

struct PastFiles {
    base: Base,
    git_ref: String,
    _files: git::Files,
}

impl Past {
    fn read(git_ref: &str, sources: &Sources) -> anyhow::Result<Self> {
        let files = match git::files_at(git_ref, sources)? {
            git::AtRef::Files(files) => files,
            git::AtRef::Missing(why) => return Ok(Self::Missing(why)),
        };
        Ok(match Base::load(&files.sources) {
            Ok(base) => Self::Found(Box::new(PastFiles { base, git_ref: git_ref.into(), _files: files })),
            Err(e) => Self::Missing(unreadable(git_ref, &e)),
        })
    }

    /// The baseline, forecast with the same corrections, and what changed in the schema since.
    fn compare(
        self,
        corrections: Corrections,
        inputs: &Inputs,
        now: &Forecast,
    ) -> (Baseline, Vec<check::SchemaChange>) {
        let mut past = match self {
            Self::Missing(why) => return (Baseline::Missing(why), Vec::new()),
            Self::Found(past) => past,
        };
        past.base.set_corrections(corrections);
        let forecast = past.base.with(&[]).and_then(|inputs| Ok((forecast::run(&inputs)?, inputs)));
        let (before, old) = match forecast {
            Ok(both) => both,
            Err(e) => return (Baseline::Missing(unreadable(&past.git_ref, &e)), Vec::new()),
        };
        match baseline::difference(&before, now) {
            Some(why) => (Baseline::Missing(why), Vec::new()),
            None => (Baseline::Found(Box::new(before)), changes(&old, inputs)),
        }
    }
}

fn unreadable(git_ref: &str, e: &InputError) -> String {
    format!("the files as of {git_ref} cannot be forecast: {e}")
}

/// What changed in the DDL of tables that the workload touches.
fn changes(before: &Inputs, now: &Inputs) -> Vec<check::SchemaChange> {
    let mut touched = BTreeSet::new();
    for step in now.workload.transactions.iter().flat_map(|t| &t.steps) {
        if let StepKind::Statement(statement) = &step.kind
            && let Ok(tree) = sql::parse_statement(&statement.sql)
        {
            tables_of(&tree, &mut touched);
        }
    }
    schema_changes(&before.schema, &now.schema, &touched)
}
