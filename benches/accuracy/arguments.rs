//! What the command line says.

use std::path::PathBuf;

use clap::Parser;

/// Measures pgbench on a scratch PostgreSQL and puts the forecast beside it.
///
/// Without options: tpcb-like, simple-update and select-only at scale 1 and 50, 1 to 64 clients,
/// server and pgbench on CPU 0.
#[derive(Debug, Parser)]
#[command(name = "accuracy")]
pub struct Arguments {
    /// Do not measure: read these measurements again.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub replay: Vec<PathBuf>,
    /// Where the measurements are written.
    #[arg(long, value_name = "FILE", default_value = "target/accuracy/measured.csv")]
    pub measured: PathBuf,
    /// Where the forecasts are written.
    #[arg(long, value_name = "FILE", default_value = "target/accuracy/forecast.csv")]
    pub forecast: PathBuf,
    /// The machine that is measured.
    #[arg(long, value_name = "FILE", default_value = "workloads/machines/one-cpu.yaml")]
    pub machine: PathBuf,
    /// Folders of `workloads/`.
    #[arg(long, value_delimiter = ',', default_value = "tpcb-like,simple-update,select-only")]
    pub workloads: Vec<String>,
    /// Scales of pgbench's own tables.
    #[arg(long, value_delimiter = ',', default_value = "1,50")]
    pub scales: Vec<u32>,
    /// Numbers of clients.
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8,16,32,64")]
    pub clients: Vec<u32>,
    /// Also measure synchronous_commit = off, the three protocols, and a one-row update.
    #[arg(long)]
    pub variants: bool,
    /// Repetitions of each cell.
    #[arg(long, default_value_t = 8)]
    pub rounds: usize,
    /// Seconds of each repetition.
    #[arg(long, default_value_t = 2)]
    pub seconds: u32,
    /// Before each repetition, wait up to so many seconds for the machine to be calm, and repeat what
    /// was disturbed, up to three times.
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    pub patience: u64,
    /// CPUs of server and pgbench, as `taskset -c` takes them.
    #[arg(long, default_value = "0")]
    pub cpus: String,
    /// Also write `measured.csv` into each workload's folder (scale 50, prepared, synchronous).
    #[arg(long)]
    pub record: bool,
    /// Forecast by simulation instead of the formulas.
    #[arg(long)]
    pub simulate: bool,
    /// Given by `cargo bench`; without meaning here.
    #[arg(long, hide = true)]
    pub bench: bool,
}
