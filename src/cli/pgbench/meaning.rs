//! What the options mean together: a run of scripts, or an initialization.

use std::io::Read;
use std::path::Path;

use super::options::PgbenchArgs;
use super::values::{Tries, weighted};
use crate::diagnostic::InputError;
use crate::workload::Protocol;
use crate::workload::pgbench::{Builtin, Tables};

/// More scripts pgbench does not take.
const MAX_SCRIPTS: usize = 128;
/// More partitions than this are no table that a server plans for in a sensible time.
const MAX_PARTITIONS: u32 = 10_000;

/// One script with its weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Name of the transaction in the forecast.
    pub name: String,
    /// The file as named, or pgbench's description of a built-in.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Relative frequency.
    pub weight: u32,
}

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What is run.
    pub scripts: Vec<Script>,
    /// Numbers of clients, one or several.
    pub clients: Vec<u64>,
    /// Threads.
    pub jobs: u32,
    /// Target rate.
    pub rate: Option<f64>,
    /// How statements are sent.
    pub protocol: Protocol,
    /// A new connection each time.
    pub connect: bool,
    /// Whether transactions are tried again.
    pub retry: bool,
    /// Variables given.
    pub defines: Vec<(String, String)>,
}

fn usage(message: impl Into<String>) -> InputError {
    InputError::new(message).expected("what `predict pgbench --help` says")
}

/// The tables that the options describe.
///
/// # Errors
/// What pgbench refuses.
pub fn tables(args: &PgbenchArgs) -> Result<Tables, InputError> {
    let partitions = args.partitions.unwrap_or(0);
    if partitions == 0 && args.partition_method.is_some() {
        return Err(usage("--partition-method requires greater than zero --partitions"));
    }
    if partitions > MAX_PARTITIONS {
        return Err(usage(format!("{partitions} partitions are more than are read: at most {MAX_PARTITIONS}")));
    }
    let steps = args.init_steps.as_deref().unwrap_or("dtgvp");
    let made = steps.contains('t');
    Ok(Tables {
        scale: args.scale.unwrap_or(1).into(),
        fillfactor: args.fillfactor.unwrap_or(100),
        partitions,
        method: args.partition_method.unwrap_or_default(),
        unlogged: args.unlogged_tables,
        foreign_keys: args.foreign_keys || steps.contains('f'),
        // Steps that do not make the tables find them as they are.
        primary_keys: steps.contains('p') || !made,
        filled: steps.contains(['g', 'G']) || !made,
    })
}

/// Refuses with `-i` what pgbench refuses there.
///
/// # Errors
/// Options of a run.
pub fn check_initialization(args: &PgbenchArgs) -> Result<(), InputError> {
    let run = !args.builtin.is_empty()
        || !args.file.is_empty()
        || args.skip_some_updates > 0
        || args.select_only > 0
        || args.client.is_some()
        || args.connect
        || !args.define.is_empty()
        || args.jobs.is_some()
        || args.log
        || args.latency_limit.is_some()
        || args.protocol.is_some()
        || args.progress.is_some()
        || args.report_per_command
        || args.rate.is_some()
        || args.transactions.is_some()
        || args.time.is_some()
        || args.vacuum_all
        || args.aggregate_interval.is_some()
        || args.exit_on_abort
        || args.failures_detailed
        || args.log_prefix.is_some()
        || args.max_tries.is_some()
        || args.progress_timestamp
        || args.random_seed.is_some()
        || args.sampling_rate.is_some()
        || args.verbose_errors;
    if run {
        return Err(usage("some of the specified options cannot be used in initialization (-i) mode"));
    }
    Ok(())
}

/// The run that the options describe.
///
/// # Errors
/// What pgbench refuses; scripts that cannot be read.
pub fn run(args: &PgbenchArgs) -> Result<Run, InputError> {
    check_together(args)?;
    let scripts = scripts(args)?;
    let clients = args.client.clone().map_or(vec![1], |c| c.0);
    if args.rate.is_some() && clients.len() > 1 {
        return Err(usage("several numbers of clients (-c) cannot go with a rate (-R)"));
    }
    Ok(Run {
        scripts,
        clients,
        jobs: args.jobs.unwrap_or(1),
        rate: args.rate,
        // pgbench's own default is not that of a workload file.
        protocol: args.protocol.unwrap_or(Protocol::Simple),
        connect: args.connect,
        retry: args.max_tries.is_some_and(|Tries(n)| n != 1),
        defines: args.define.clone(),
    })
}

/// The checks that pgbench makes once all options are read, in its order and words.
fn check_together(args: &PgbenchArgs) -> Result<(), InputError> {
    let refuse = |message: String| Err(usage(message));
    if args.transactions.is_some() && args.time.is_some() {
        return refuse("specify either a number of transactions (-t) or a duration (-T), not both".into());
    }
    if args.sampling_rate.is_some() && !args.log {
        return refuse("log sampling (--sampling-rate) is allowed only when logging transactions (-l)".into());
    }
    if args.sampling_rate.is_some() && args.aggregate_interval.is_some() {
        return refuse(
            "log sampling (--sampling-rate) and aggregation (--aggregate-interval) cannot be used at the same time"
                .into(),
        );
    }
    if args.aggregate_interval.is_some() && !args.log {
        return refuse("log aggregation is allowed only when actually logging transactions".into());
    }
    if args.log_prefix.is_some() && !args.log {
        return refuse("log file prefix (--log-prefix) is allowed only when logging transactions (-l)".into());
    }
    if let (Some(time), Some(interval)) = (args.time, args.aggregate_interval) {
        if interval > time {
            return refuse(format!(
                "number of seconds for aggregation ({interval}) must not be higher than test duration ({time})"
            ));
        }
        if time % interval != 0 {
            return refuse(format!("duration ({time}) must be a multiple of aggregation interval ({interval})"));
        }
    }
    if args.progress_timestamp && args.progress.is_none() {
        return refuse("--progress-timestamp is allowed only under --progress".into());
    }
    if args.max_tries == Some(Tries(0)) && args.latency_limit.is_none() && args.time.is_none() {
        return refuse(
            "an unlimited number of transaction tries can only be used with --latency-limit or a duration (-T)".into(),
        );
    }
    Ok(())
}

fn scripts(args: &PgbenchArgs) -> Result<Vec<Script>, InputError> {
    let mut scripts = Vec::new();
    let builtin = |name: &str| -> Result<Script, InputError> {
        let (name, weight) = weighted(name).map_err(usage)?;
        let found = Builtin::find(name)
            .map_err(|message| InputError::new(message).expected("one of the names that `-b list` prints"))?;
        Ok(Script {
            name: found.name.to_owned(),
            file: found.description.to_owned(),
            text: found.text.to_owned(),
            weight,
        })
    };
    for name in &args.builtin {
        scripts.push(builtin(name)?);
    }
    for _ in 0..args.skip_some_updates {
        scripts.push(builtin("simple-update")?);
    }
    for _ in 0..args.select_only {
        scripts.push(builtin("select-only")?);
    }
    for file in &args.file {
        let (path, weight) = weighted(file).map_err(usage)?;
        scripts.push(script_file(path, weight)?);
    }
    if scripts.is_empty() {
        scripts.push(builtin("tpcb-like")?);
    }
    if scripts.len() > MAX_SCRIPTS {
        return Err(usage(format!("at most {MAX_SCRIPTS} SQL scripts are allowed")));
    }
    if scripts.iter().all(|s| s.weight == 0) {
        return Err(usage("total script weight must not be zero"));
    }
    // Transactions of one name could not be told apart.
    for place in 1..scripts.len() {
        let (before, rest) = scripts.split_at_mut(place);
        let name = rest[0].name.clone();
        let mut number = 1;
        while before.iter().any(|s| s.name == rest[0].name) {
            number += 1;
            rest[0].name = format!("{name}#{number}");
        }
    }
    Ok(scripts)
}

fn script_file(path: &str, weight: u32) -> Result<Script, InputError> {
    let failed = |e: std::io::Error| InputError::new(format!("could not open file \"{path}\": {e}"));
    let (file, text) = if path == "-" {
        let mut text = String::new();
        std::io::stdin().lock().take(crate::yaml::MAX_FILE_BYTES).read_to_string(&mut text).map_err(failed)?;
        ("<stdin>".to_owned(), text)
    } else {
        let text = crate::yaml::read_text(Path::new(path)).map_err(|e| match e.position {
            Some(_) => e,
            None => InputError::new(format!("could not open file \"{path}\": {}", e.message)),
        })?;
        (path.to_owned(), text)
    };
    let stem = Path::new(path).file_stem().map_or_else(|| path.to_owned(), |s| s.to_string_lossy().into_owned());
    let name = if path == "-" { "stdin".to_owned() } else { stem };
    Ok(Script { name, file, text, weight })
}
