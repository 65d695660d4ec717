//! pgbench: one run, and what it said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::live::processor::{Snapshot, cpu_list};
use crate::live::warmup::{Warm, watch};
use crate::live::{LiveError, Target, cpu};
use crate::units::Seconds;
use crate::workload::Protocol;

/// What pgbench runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// One of its own: `tpcb-like`, `simple-update`, `select-only`.
    Builtin(String),
    /// A file, with its weight.
    File(PathBuf, u32),
}

/// One run of pgbench.
#[derive(Debug, Clone)]
pub struct Run {
    /// Database.
    pub database: String,
    /// What to run.
    pub scripts: Vec<Script>,
    /// Clients (`-c`); threads are one, so that the load generator costs what the model says.
    pub clients: u32,
    /// What is measured, whole seconds after the warm-up.
    pub seconds: u32,
    /// Seconds before, which count for nothing. A new session plans its first executions, fills its caches of the
    /// catalog and meets each page of shared memory with a page fault; with many clients that is most of what they
    /// do for seconds, and nothing of what they do for the rest of the day.
    pub warmup: u32,
    /// Transactions of each client (`-t`), in place of a duration.
    pub transactions: Option<u64>,
    /// Protocol (`-M`).
    pub protocol: Protocol,
    /// Variables (`-D`).
    pub variables: Vec<(String, String)>,
    /// Settings of its sessions, as `PGOPTIONS` takes them.
    pub settings: Vec<(String, String)>,
    /// CPUs pgbench may use, as `taskset -c` takes them.
    pub cpus: Option<String>,
    /// A new connection for every transaction (`-C`).
    pub reconnect: bool,
    /// Share of transactions whose latency is logged, 0..1; 0: none, and no percentiles.
    pub sampling: f64,
    /// Further options, as pgbench takes them (`--rate=100`, `--max-tries=0`, `--connect`).
    pub options: Vec<String>,
}

impl Run {
    /// A run of one script, prepared protocol, not pinned, a tenth of all latencies logged.
    #[must_use]
    pub fn new(database: &str, script: Script, clients: u32, seconds: u32) -> Self {
        Self {
            database: database.to_owned(),
            scripts: vec![script],
            clients,
            seconds,
            warmup: 0,
            transactions: None,
            protocol: Protocol::Prepared,
            variables: Vec::new(),
            settings: Vec::new(),
            cpus: None,
            reconnect: false,
            sampling: 0.1,
            options: Vec::new(),
        }
    }

    /// Runs it, tables not vacuumed before.
    ///
    /// # Errors
    /// Any [`LiveError`], with pgbench's own message when a script fails.
    pub fn execute(&self, target: &impl Target) -> Result<Outcome, LiveError> {
        let logs = tempfile::Builder::new()
            .prefix("log-")
            .tempdir_in(target.scratch())
            .map_err(LiveError::file("create a directory in", target.scratch()))?;
        let mut command = self.command(target, logs.path());
        let server_cpu = || target.postmaster().and_then(cpu::server);
        let mut before = (Snapshot::now(), server_cpu(), cpu::children());
        let mut warm = Warm::default();
        let output = watch(&mut command, |pid, line| {
            if warm.lines < self.warmup && warm.read(line) && warm.lines == self.warmup {
                // From here on it counts; pgbench itself is among the children only when it has ended.
                let own = before.2.zip(cpu::process(pid)).map(|(before, own)| before + own);
                before = (Snapshot::now(), server_cpu(), own);
            }
        })?;
        let after = (Snapshot::now(), server_cpu(), cpu::children());
        let used = self.cpus.as_deref().map(cpu_list);
        let busy = used.as_ref().and_then(|used| before.0.busy_until(&after.0, |cpu| used.contains(&cpu)));
        let elsewhere = used.and_then(|used| before.0.busy_until(&after.0, |cpu| !used.contains(&cpu)));
        let whole = Report::parse(&output)?;
        Ok(Outcome {
            executed: whole.transactions,
            report: if self.warmup > 0 { warm.cut_from(whole)? } else { whole },
            latencies: read_logs(logs.path(), warm.until)?,
            busy,
            elsewhere,
            server_cpu: after.1.zip(before.1).map(|(a, b)| a - b),
            client_cpu: after.2.zip(before.2).map(|(a, b)| a - b),
        })
    }

    /// The command line, with its environment; `logs` is where latencies are logged.
    fn command(&self, target: &impl Target, logs: &Path) -> Command {
        let program = target.pgbench();
        let mut c = match &self.cpus {
            Some(cpus) => {
                let mut c = target.command(Path::new("taskset"));
                c.args(["--cpu-list", cpus]).arg(program);
                c
            }
            None => target.command(program),
        };
        c.args(["--no-vacuum", "--jobs", "1", "--client", &self.clients.to_string()]);
        match self.transactions {
            Some(each) => c.args(["--transactions", &each.to_string()]),
            None => c.args(["--time", &(self.warmup + self.seconds).to_string()]),
        };
        c.args(["--protocol", self.protocol.as_str()]);
        if self.warmup > 0 {
            c.args(["--progress", "1", "--progress-timestamp"]);
        }
        c.args(&self.options);
        for script in &self.scripts {
            match script {
                Script::Builtin(name) => c.args(["--builtin", name]),
                Script::File(path, weight) => c.arg("--file").arg(format!("{}@{weight}", path.display())),
            };
        }
        for (name, value) in &self.variables {
            c.arg("--define").arg(format!("{name}={value}"));
        }
        if !self.settings.is_empty() {
            let options: Vec<String> = self.settings.iter().map(|(n, v)| format!("-c {n}={}", escaped(v))).collect();
            // The options of the connection come first, so that those of the run win.
            let given = c.get_envs().find(|(name, _)| *name == "PGOPTIONS").and_then(|(_, value)| value);
            let given = given.map(|v| format!("{} ", v.to_string_lossy())).unwrap_or_default();
            c.env("PGOPTIONS", given + &options.join(" "));
        }
        if self.reconnect {
            c.arg("--connect");
        }
        if self.sampling > 0.0 {
            c.arg("--log").arg(format!("--sampling-rate={}", self.sampling.min(1.0)));
            c.arg(format!("--log-prefix={}", logs.join("l").display()));
        }
        c.arg(&self.database);
        c
    }
}

/// A value as PGOPTIONS takes it: blanks and backslashes escaped.
pub(super) fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace(' ', "\\ ")
}

/// What a run gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What pgbench printed.
    pub report: Report,
    /// Latencies of the logged transactions, ascending.
    pub latencies: Vec<Seconds>,
    /// How busy the run's own CPUs were, 0..1, the server's part included; `None` when not pinned.
    pub busy: Option<f64>,
    /// How busy the CPUs outside the run's own were meanwhile, 0..1; `None` when not pinned.
    pub elsewhere: Option<f64>,
    /// CPU time of the server, its background processes included, where it runs on this host.
    pub server_cpu: Option<Seconds>,
    /// CPU time of pgbench.
    pub client_cpu: Option<Seconds>,
    /// Committed transactions, those of the warm-up included.
    pub executed: u64,
}

impl Outcome {
    /// The latency that a share `q` (0..1) of the logged transactions did not exceed.
    #[must_use]
    pub fn percentile(&self, q: f64) -> Option<Seconds> {
        percentile(&self.latencies, q)
    }
}

/// The nearest-rank quantile of values in ascending order.
#[must_use]
pub fn percentile(ascending: &[Seconds], q: f64) -> Option<Seconds> {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
    let rank = (q.clamp(0.0, 1.0) * ascending.len() as f64).ceil() as usize;
    ascending.get(rank.max(1) - 1).copied()
}

/// What pgbench printed, versions 12 to 18.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// Transactions per second, without the time to connect.
    pub tps: f64,
    /// Mean latency.
    pub latency: Seconds,
    /// Committed transactions.
    pub transactions: u64,
    /// Failed ones (serialization failures and deadlocks, since 15).
    pub failed: u64,
    /// Retried ones (with `--max-tries`, since 15).
    pub retried: u64,
    /// By script, when there are several.
    pub scripts: Vec<ScriptReport>,
}

/// One script's part of a report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScriptReport {
    /// Its file or built-in name.
    pub name: String,
    /// Transactions per second.
    pub tps: f64,
    /// Mean latency.
    pub latency: Seconds,
}

impl Report {
    /// Reads the text of a report.
    ///
    /// # Errors
    /// [`LiveError::Output`] when a line that every version prints is missing.
    pub fn parse(text: &str) -> Result<Self, LiveError> {
        let missing = |what| LiveError::Output { program: "pgbench", what };
        let (mut tps, mut latency) = (None, None);
        let mut report = Self::default();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("SQL script ") {
                let name = rest.split_once(": ").map_or(rest, |(_, name)| name);
                report.scripts.push(ScriptReport { name: name.to_owned(), ..ScriptReport::default() });
            } else if let (Some(rest), Some(script)) = (line.strip_prefix(" - "), report.scripts.last_mut()) {
                if let Some(value) = number_after(rest, "tps = ") {
                    script.tps = value;
                } else if let Some(ms) = number_after(rest, "latency average = ") {
                    script.latency = Seconds::from_ms(ms);
                }
            } else if let Some(value) = number_after(line, "tps = ") {
                // Up to 13 two lines: "including connections establishing" comes first.
                if !line.contains("(including connections") {
                    tps = Some(value);
                }
            } else if let Some(ms) = number_after(line, "latency average = ") {
                latency = Some(Seconds::from_ms(ms));
            } else if let Some(count) = count_after(line, "number of transactions actually processed: ") {
                report.transactions = count;
            } else if let Some(count) = count_after(line, "number of failed transactions: ") {
                report.failed = count;
            } else if let Some(count) = count_after(line, "number of transactions retried: ") {
                report.retried = count;
            }
        }
        report.tps = tps.ok_or_else(|| missing("line `tps = ...`"))?;
        report.latency = latency.ok_or_else(|| missing("line `latency average = ...`"))?;
        Ok(report)
    }
}

/// The number that follows `label` in `line`.
fn number_after(line: &str, label: &str) -> Option<f64> {
    let rest = &line[line.find(label)? + label.len()..];
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The count that follows `label` at the start of `line`.
fn count_after(line: &str, label: &str) -> Option<u64> {
    let rest = line.strip_prefix(label)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The latencies in all log files of a directory, ascending, of transactions that ended after a time.
fn read_logs(directory: &Path, after: f64) -> Result<Vec<Seconds>, LiveError> {
    let mut latencies = Vec::new();
    for entry in fs::read_dir(directory).map_err(LiveError::file("list", directory))?.flatten() {
        let text = fs::read_to_string(entry.path()).map_err(LiveError::file("read", entry.path()))?;
        latencies.extend(text.lines().filter_map(|line| log_latency(line, after)));
    }
    latencies.sort_by(|a, b| a.get().total_cmp(&b.get()));
    Ok(latencies)
}

/// The latency in one line of a log: the third word, in µs; "skipped", "failed" and the like have none. The fifth and
/// sixth are when the transaction ended, in seconds since 1970 and the microseconds above.
fn log_latency(line: &str, after: f64) -> Option<Seconds> {
    let mut words = line.split_ascii_whitespace().skip(2);
    let latency = words.next()?.parse().ok().map(Seconds::from_us)?;
    let mut number = || words.next()?.parse::<f64>().ok();
    let (_script, seconds, micros) = (number()?, number()?, number()?);
    (seconds + micros * 1e-6 > after).then_some(latency)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As PostgreSQL 15 prints it.
    const MIX: &str = "\
pgbench (15.8 (Debian 15.8-0+deb12u1))
transaction type: multiple scripts
scaling factor: 1
query mode: prepared
number of clients: 4
number of threads: 1
maximum number of tries: 1
duration: 2 s
number of transactions actually processed: 8302
number of failed transactions: 3 (0.036%)
latency average = 0.963 ms
latency stddev = 0.412 ms
initial connection time = 8.113 ms
tps = 4152.930542 (without initial connection time)
SQL script 1: <builtin: TPC-B (sort of)>
 - weight: 1 (targets 50.0% of total)
 - 4100 transactions (49.4% of total, tps = 2050.964261)
 - number of failed transactions: 0 (0.000%)
 - latency average = 1.602 ms
 - latency stddev = 0.300 ms
SQL script 2: /tmp/select.sql
 - weight: 1 (targets 50.0% of total)
 - 4202 transactions (50.6% of total, tps = 2101.966281)
 - latency average = 0.340 ms
";

    #[test]
    fn reads_a_mix() {
        let r = Report::parse(MIX).unwrap();
        assert_eq!((r.tps, r.transactions, r.failed, r.retried), (4152.930542, 8302, 3, 0));
        assert!((r.latency.ms() - 0.963).abs() < 1e-9);
        assert_eq!(r.scripts.len(), 2);
        assert_eq!(r.scripts[1].name, "/tmp/select.sql");
        assert_eq!(r.scripts[1].tps, 2101.966281);
        assert!((r.scripts[0].latency.ms() - 1.602).abs() < 1e-9);
    }

    #[test]
    fn reads_version_12() {
        let text = "number of transactions actually processed: 10/10\nlatency average = 2.500 ms\n\
                    tps = 380.1 (including connections establishing)\n\
                    tps = 400.5 (excluding connections establishing)\n";
        let r = Report::parse(text).unwrap();
        assert_eq!((r.tps, r.transactions), (400.5, 10));
    }

    /// Version 15 with `-C` prints one line, connecting included.
    #[test]
    fn reads_reconnecting() {
        let text = "number of transactions actually processed: 810\nlatency average = 4.942 ms\n\
                    average connection time = 1.117 ms\ntps = 809.404 (including reconnection times)\n";
        assert_eq!(Report::parse(text).unwrap().tps, 809.404);
    }

    #[test]
    fn says_what_is_missing() {
        let error = Report::parse("pgbench: nothing\n").unwrap_err();
        assert_eq!(error.to_string(), "failed to read the output of pgbench: no line `tps = ...` in it");
    }

    #[test]
    fn logs_and_percentiles() {
        assert_eq!(log_latency("0 199 2241 0 1175850568 995598", 0.0), Some(Seconds::from_us(2241.0)));
        assert_eq!(log_latency("0 200 skipped 0 1175850568 995598", 0.0), None);
        assert_eq!(log_latency("0 199 2241 0 1175850568 995598", 1_175_850_569.0), None);
        let values: Vec<Seconds> = (1..=100).map(|i| Seconds::from_ms(f64::from(i))).collect();
        assert_eq!(percentile(&values, 0.95), Some(Seconds::from_ms(95.0)));
        assert_eq!(percentile(&values, 0.0), Some(Seconds::from_ms(1.0)));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
