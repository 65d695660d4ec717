//! pgbench's own options, 12 to 18, and ours beside them.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::values::{
    Tries, aggregate, clients, define, fillfactor, jobs, latency, method, partitions, progress, protocol, rate,
    sampling, scale, seed, steps, time, transactions, tries,
};
use crate::cli::forecast::Format;
use crate::cli::options::ClientList;
use crate::workload::Protocol;
use crate::workload::pgbench::PartitionMethod;

const INIT: &str = "Initialization options (without -i they say how the tables were made)";
const SELECT: &str = "Options to select what to run";
const RUN: &str = "Benchmarking options";
const COMMON: &str = "Common options";
const OURS: &str = "Options of predict";

const ABOUT: &str = "Nothing is run and nothing is connected to: the answer is the forecast of what pgbench would \
measure. The tables are pgbench's own at the scale that -s names, unless --schema or --workload brings others.";

/// Arguments: pgbench's command line, every option with pgbench's meaning.
#[derive(Debug, Args)]
#[command(
    long_about = ABOUT,
    after_help = ABOUT,
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    infer_long_args = true,
    args_override_self = true
)]
pub struct PgbenchArgs {
    /// Print the DDL of the tables that initialization would make; nothing is run
    #[arg(short, long, help_heading = INIT)]
    pub initialize: bool,
    /// Steps of initialization
    #[arg(short = 'I', long, value_name = "[dtgGvpf]+", value_parser = steps, allow_hyphen_values = true, help_heading = INIT)]
    pub init_steps: Option<String>,
    /// Fill factor of the tables
    #[arg(short = 'F', long, value_name = "NUM", value_parser = fillfactor, allow_hyphen_values = true, help_heading = INIT)]
    pub fillfactor: Option<u32>,
    /// No VACUUM before the run, or while initializing; no influence on a forecast
    #[arg(short, long, help_heading = INIT)]
    pub no_vacuum: bool,
    /// Quiet logging of initialization; no influence (the long form is predict's own --quiet)
    #[arg(short = 'q', help_heading = INIT)]
    pub quiet_logging: bool,
    /// Scale: 100,000 accounts each
    #[arg(short, long, value_name = "NUM", value_parser = scale, allow_hyphen_values = true, help_heading = INIT)]
    pub scale: Option<u32>,
    /// Foreign keys between the tables
    #[arg(long, help_heading = INIT)]
    pub foreign_keys: bool,
    /// Tablespace of the indexes; no influence on a forecast
    #[arg(long, value_name = "TABLESPACE", allow_hyphen_values = true, help_heading = INIT)]
    pub index_tablespace: Option<String>,
    /// Partition pgbench_accounts by `range` (the default) or `hash`
    #[arg(long, value_name = "NAME", value_parser = method, allow_hyphen_values = true, help_heading = INIT)]
    pub partition_method: Option<PartitionMethod>,
    /// Partition pgbench_accounts into NUM parts
    #[arg(long, value_name = "NUM", value_parser = partitions, allow_hyphen_values = true, help_heading = INIT)]
    pub partitions: Option<u32>,
    /// Tablespace of the tables; no influence on a forecast
    #[arg(long, value_name = "TABLESPACE", allow_hyphen_values = true, help_heading = INIT)]
    pub tablespace: Option<String>,
    /// Tables that are not logged
    #[arg(long, help_heading = INIT)]
    pub unlogged_tables: bool,

    /// Add a built-in script, weighted; `list` prints their names
    #[arg(short, long, value_name = "NAME[@W]", allow_hyphen_values = true, help_heading = SELECT)]
    pub builtin: Vec<String>,
    /// Add a script file, weighted; `-` is standard input
    #[arg(short, long, value_name = "FILENAME[@W]", allow_hyphen_values = true, help_heading = SELECT)]
    pub file: Vec<String>,
    /// Same as `-b simple-update`
    #[arg(short = 'N', long, action = ArgAction::Count, help_heading = SELECT)]
    pub skip_some_updates: u8,
    /// Same as `-b select-only`
    #[arg(short = 'S', long, action = ArgAction::Count, help_heading = SELECT)]
    pub select_only: u8,

    /// Clients; a list or range (`1,4,16`, `1..64x2`) gives a curve
    #[arg(short, long, value_name = "NUM", value_parser = clients, allow_hyphen_values = true, help_heading = RUN)]
    pub client: Option<ClientList>,
    /// A new connection for each transaction
    #[arg(short = 'C', long, help_heading = RUN)]
    pub connect: bool,
    /// Define a variable for the scripts
    #[arg(short = 'D', long, value_name = "VARNAME=VALUE", value_parser = define, allow_hyphen_values = true, help_heading = RUN)]
    pub define: Vec<(String, String)>,
    /// Threads: as many cores as pgbench itself can use
    #[arg(short, long, value_name = "NUM", value_parser = jobs, allow_hyphen_values = true, help_heading = RUN)]
    pub jobs: Option<u32>,
    /// Write transaction times to a log; not modelled
    #[arg(short, long, help_heading = RUN)]
    pub log: bool,
    /// Transactions that last longer are late; how many is said
    #[arg(short = 'L', long, value_name = "NUM", value_parser = latency, allow_hyphen_values = true, help_heading = RUN)]
    pub latency_limit: Option<f64>,
    /// simple (the default), extended or prepared
    #[arg(short = 'M', long, value_name = "PROTOCOL", value_parser = protocol, allow_hyphen_values = true, help_heading = RUN)]
    pub protocol: Option<Protocol>,
    /// Progress reports; no influence on a forecast
    #[arg(short = 'P', long, value_name = "NUM", value_parser = progress, allow_hyphen_values = true, help_heading = RUN)]
    pub progress: Option<u32>,
    /// Report by command (see `predict explain`); no influence on a forecast
    #[arg(short = 'r', long, alias = "report-latencies", help_heading = RUN)]
    pub report_per_command: bool,
    /// Target rate of transactions per second: an open load
    #[arg(short = 'R', long, value_name = "NUM", value_parser = rate, allow_hyphen_values = true, help_heading = RUN)]
    pub rate: Option<f64>,
    /// Transactions of each client; no influence: a forecast is of the steady state
    #[arg(short, long, value_name = "NUM", value_parser = transactions, allow_hyphen_values = true, help_heading = RUN)]
    pub transactions: Option<u32>,
    /// Seconds; no influence: a forecast is of the steady state
    #[arg(short = 'T', long, value_name = "NUM", value_parser = time, allow_hyphen_values = true, help_heading = RUN)]
    pub time: Option<u32>,
    /// Vacuum all four tables before the run; no influence on a forecast
    #[arg(short, long, help_heading = RUN)]
    pub vacuum_all: bool,
    /// Aggregate the log; no influence on a forecast
    #[arg(long, value_name = "NUM", value_parser = aggregate, allow_hyphen_values = true, help_heading = RUN)]
    pub aggregate_interval: Option<u32>,
    /// Stop when a client fails; no influence on a forecast
    #[arg(long, help_heading = RUN)]
    pub exit_on_abort: bool,
    /// Failures by type; no influence on a forecast
    #[arg(long, help_heading = RUN)]
    pub failures_detailed: bool,
    /// Prefix of the log files; no influence on a forecast
    #[arg(long, value_name = "PREFIX", allow_hyphen_values = true, help_heading = RUN)]
    pub log_prefix: Option<String>,
    /// Tries of a transaction that fails to serialize or deadlocks
    #[arg(long, value_name = "NUM", value_parser = tries, allow_hyphen_values = true, help_heading = RUN)]
    pub max_tries: Option<Tries>,
    /// Form of the progress reports; no influence on a forecast
    #[arg(long, help_heading = RUN)]
    pub progress_timestamp: bool,
    /// Seed; no influence: a forecast by formula draws nothing
    #[arg(long, value_name = "SEED", value_parser = seed, allow_hyphen_values = true, help_heading = RUN)]
    pub random_seed: Option<String>,
    /// Share of the transactions that are logged; no influence on a forecast
    #[arg(long, value_name = "NUM", value_parser = sampling, allow_hyphen_values = true, help_heading = RUN)]
    pub sampling_rate: Option<f64>,
    /// Print a built-in script
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, help_heading = RUN)]
    pub show_script: Option<String>,
    /// Print all errors; no influence on a forecast
    #[arg(long, help_heading = RUN)]
    pub verbose_errors: bool,

    /// Database; in versions before 17 -d alone prints debugging output
    #[arg(short, long, value_name = "DBNAME", num_args = 0..=1, help_heading = COMMON)]
    pub dbname: Option<Option<String>>,
    /// Debugging output; no influence on a forecast
    #[arg(long, help_heading = COMMON)]
    pub debug: bool,
    /// Host or socket directory; nothing is connected to
    #[arg(short, long, value_name = "HOSTNAME", allow_hyphen_values = true, help_heading = COMMON)]
    pub host: Option<String>,
    /// Port; nothing is connected to
    #[arg(short, long, value_name = "PORT", allow_hyphen_values = true, help_heading = COMMON)]
    pub port: Option<String>,
    /// User; nothing is connected to
    #[arg(short = 'U', long, value_name = "USERNAME", allow_hyphen_values = true, help_heading = COMMON)]
    pub username: Option<String>,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = COMMON)]
    pub version: Option<bool>,
    /// Print this help
    #[arg(short = '?', long, action = ArgAction::Help, help_heading = COMMON)]
    pub help: Option<bool>,
    /// Database; nothing is connected to
    #[arg(value_name = "DBNAME")]
    pub database: Option<String>,

    /// Schema file (DDL) in place of pgbench's own tables
    #[arg(long, value_name = "FILE", help_heading = OURS)]
    pub schema: Option<PathBuf>,
    /// Workload file (YAML) whose schema and tables are used; its transactions and load are pgbench's
    #[arg(long, value_name = "FILE", help_heading = OURS)]
    pub workload: Option<PathBuf>,
    /// Machine file (YAML); without it the built-in reference machine [env: PREDICT_MACHINE]
    #[arg(long, value_name = "FILE", help_heading = OURS)]
    pub machine: Option<PathBuf>,
    /// Change a key of the machine, or of the workload that the options stand for; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", help_heading = OURS)]
    pub set: Vec<String>,
    /// Format of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text, help_heading = OURS)]
    pub format: Format,
    /// Write the result to a file, whole or not at all
    #[arg(short, long, value_name = "FILE", help_heading = OURS)]
    pub output: Option<PathBuf>,
}
