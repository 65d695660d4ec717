//! `predict pgbench`: pgbench's command line, answered with a forecast.

mod document;
mod meaning;
mod notes;
mod options;
mod values;

use std::io::Write;
use std::sync::Arc;

pub use options::PgbenchArgs;

use crate::cli::ExitStatus;
use crate::cli::forecast::{Format, curve, write};
use crate::cli::options::{GlobalOptions, machine_of_environment, split_set};
use crate::cli::output::Output;
use crate::diagnostic::InputError;
use crate::forecast::{Base, Sources};
use crate::render::json;
use crate::schema::{self, Schema};
use crate::workload::pgbench::{BUILTINS, Builtin, Tables};
use crate::yaml::Document;

/// The name of pgbench's own tables in messages.
const OWN_TABLES: &str = "pgbench's own tables";
const THREADS_KEY: &str = "machine.client.cores";

/// Runs the command.
///
/// # Errors
/// Invalid input, or a result that cannot be written.
pub fn run(args: &PgbenchArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    if let Some(text) = listing(args)? {
        Output::open(args.output.as_deref())?.finish(&text)?;
        return Ok(ExitStatus::Success);
    }
    let tables = meaning::tables(args)?;
    if args.initialize {
        meaning::check_initialization(args)?;
        let output = Output::open(args.output.as_deref())?;
        output.finish(&initialization(args, &tables)?)?;
        return Ok(ExitStatus::Success);
    }
    let run = meaning::run(args)?;
    let output = Output::open(args.output.as_deref())?;
    let (base, further) = base(args, &run, &tables)?;
    let mut forecasts = curve(&base, &run.clients, &further)?;
    let same_host = base.with(&further)?.machine.client.same_host;
    for forecast in &mut forecasts {
        let more = notes::warnings(args, &run, same_host, forecast);
        forecast.warnings.extend(more);
    }
    if !global.quiet {
        let mut lines = notes::about(args, &run);
        lines.extend(args.latency_limit.iter().flat_map(|l| forecasts.iter().map(|f| notes::late(*l, f))));
        let paint = global.color.for_stderr();
        let mut err = std::io::stderr().lock();
        for line in lines {
            // Nowhere is left to report that stderr is closed.
            let _ = writeln!(err, "{}: {line}", paint.bold("note"));
        }
    }
    write(&forecasts, args.format, output, global)
}

/// `-b list` and `--show-script`.
fn listing(args: &PgbenchArgs) -> Result<Option<String>, InputError> {
    if args.builtin.iter().any(|b| b == "list") {
        let lines = BUILTINS.iter().map(|b| format!("  {:>13}: {}\n", b.name, b.description));
        return Ok(Some(lines.fold("Available builtin scripts:\n".to_owned(), |out, line| out + &line)));
    }
    let Some(name) = &args.show_script else { return Ok(None) };
    let b = Builtin::find(name)
        .map_err(|message| InputError::new(message).expected("one of the names that `-b list` prints"))?;
    Ok(Some(format!("-- {}: {}\n{}", b.name, b.description, b.text)))
}

/// What `-i` answers: nothing is run, and this is the schema that it would make.
fn initialization(args: &PgbenchArgs, tables: &Tables) -> anyhow::Result<String> {
    let (ddl, rows) = (tables.ddl(), tables.rows());
    if args.format == Format::Json {
        let rows: serde_json::Map<String, serde_json::Value> =
            rows.into_iter().map(|(table, rows)| (table.to_owned(), rows.into())).collect();
        let value = serde_json::json!({"ran": false, "scale": tables.scale, "rows": rows, "schema": ddl});
        return Ok(json::pretty(&value)?);
    }
    let mut out = format!(
        "-- Nothing is run and nothing is connected to. `pgbench -i` at scale {} would make these tables,\n\
         -- which `predict pgbench` without -i takes for granted (with the same -s, -F, --partitions ...):\n",
        tables.scale
    );
    for (table, rows) in rows {
        out += &format!("--   {table:<17} {rows:>14} rows\n");
    }
    Ok(out + &ddl)
}

/// The documents of the forecast, and what the threads (`-j`) set in them.
fn base(args: &PgbenchArgs, run: &meaning::Run, tables: &Tables) -> Result<(Base, Vec<(String, String)>), InputError> {
    let set: Vec<(String, String)> = args.set.iter().map(|s| split_set(s)).collect::<Result<_, _>>()?;
    let given = args.workload.as_deref().map(Document::read).transpose()?;
    let ddl = tables.ddl();
    let sources = Sources {
        schema: args.schema.clone(),
        machine: args.machine.clone().or_else(machine_of_environment),
        set,
        ..Sources::default()
    };
    let named = args.schema.clone().or_else(|| {
        let document = given.as_ref()?;
        let node = document.find("schema")?;
        Some(document.resolve(&document.text_at(node)))
    });
    // Which of pgbench's tables have rows depends on the schema; one that cannot be read is reported below.
    let known: Arc<Schema> = Arc::new(match &named {
        Some(path) => schema::read(
            &path.display().to_string(),
            &String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()),
        ),
        None => schema::read(OWN_TABLES, &ddl),
    });
    let document = document::document(run, tables, &known, given)?;
    let base = Base::of_document(document, Some((OWN_TABLES, &ddl)), &sources).map_err(|mut e| {
        if named.is_none() && !args.file.is_empty() {
            let hint = "tables of your own come with `--schema FILE` and `--workload FILE`";
            e.expected = Some(e.expected.map_or_else(|| hint.to_owned(), |x| format!("{x}; {hint}")));
        }
        e
    })?;
    let client = base.with(&[])?.machine.client;
    // A thread of pgbench uses one core at most; a machine file may allow it less.
    let threads = u64::from(run.jobs).min(run.clients.iter().copied().max().unwrap_or(1));
    let asked = sources.set.iter().any(|(key, _)| key == THREADS_KEY || key == "machine.client");
    let limits = !client.same_host && !asked && client.cores.is_none_or(|c| c > threads as f64);
    let further = limits.then(|| (THREADS_KEY.to_owned(), threads.to_string())).into_iter().collect();
    Ok((base, further))
}
