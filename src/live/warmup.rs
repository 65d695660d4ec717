//! The start of a run of pgbench, told apart from the rest by its progress reports.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::live::LiveError;
use crate::live::error::tail;
use crate::live::pgbench::Report;
use crate::units::Seconds;

/// What was done until the warm-up was over.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Warm {
    /// Progress reports so far, one a second.
    pub lines: u32,
    /// When the last of them was made, seconds since 1970.
    pub until: f64,
    /// Transactions.
    transactions: f64,
    /// Sum of their latencies, seconds.
    latency: f64,
    /// Failed and retried ones.
    failed: f64,
    retried: f64,
}

impl Warm {
    /// Adds a line of the form `progress: 1479385.1 s, 2596.0 tps, lat 20.6 ms stddev 27.8, 0 failed, 0 retried, ...`;
    /// false when it is not one.
    pub(super) fn read(&mut self, line: &str) -> bool {
        let Some(rest) = line.strip_prefix("progress: ") else { return false };
        let mut words = rest.split_ascii_whitespace();
        let Some(at) = words.next().and_then(|w| w.parse::<f64>().ok()) else { return false };
        let words: Vec<&str> = words.map(|w| w.trim_end_matches(',')).collect();
        let before = |unit: &str| {
            let place = words.iter().position(|w| *w == unit)?;
            words.get(place.checked_sub(1)?)?.parse::<f64>().ok()
        };
        let done = before("tps").unwrap_or(0.0);
        self.lines += 1;
        self.until = at;
        // Reports are a second apart but for the first, which counts from the moment all have connected.
        self.transactions += done;
        self.latency += done * before("ms").unwrap_or(0.0) * 1e-3;
        self.failed += before("failed").unwrap_or(0.0);
        self.retried += before("retried").unwrap_or(0.0);
        true
    }

    /// The rest of a run: its report less the warm-up. Scripts keep their shares of the whole run.
    ///
    /// # Errors
    /// [`LiveError::Output`] when nothing was done after the warm-up.
    pub(super) fn cut_from(&self, whole: Report) -> Result<Report, LiveError> {
        let missing = || LiveError::Output { program: "pgbench", what: "transaction after the warm-up" };
        #[expect(clippy::cast_precision_loss, reason = "transactions of one run")]
        let all = whole.transactions as f64;
        let rest = all - self.transactions;
        let seconds = all / whole.tps - f64::from(self.lines);
        if !(rest > 0.0 && seconds > 0.0) {
            return Err(missing());
        }
        let share = rest / seconds / whole.tps;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "counts"
        )]
        let less = |count: u64, warm: f64| (count as f64 - warm).max(0.0).round() as u64;
        let mut scripts = whole.scripts;
        scripts.iter_mut().for_each(|s| s.tps *= share);
        Ok(Report {
            tps: rest / seconds,
            latency: Seconds((all * whole.latency.get() - self.latency) / rest),
            transactions: less(whole.transactions, self.transactions),
            failed: less(whole.failed, self.failed),
            retried: less(whole.retried, self.retried),
            scripts,
        })
    }
}

/// Runs pgbench to its end, shows each line of its stderr as it comes, and returns its stdout.
pub(super) fn watch(command: &mut Command, mut line: impl FnMut(u32, &str)) -> Result<String, LiveError> {
    let failed = |source| LiveError::Start { program: "pgbench".to_owned(), source };
    // What it prints to stdout at its end is far less than a pipe holds, so one pipe at a time is read.
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let pid = child.id();
    let mut said = String::new();
    if let Some(stderr) = child.stderr.take() {
        for text in BufReader::new(stderr).lines().map_while(Result::ok) {
            line(pid, &text);
            if !text.starts_with("progress: ") {
                said.push_str(&text);
                said.push('\n');
            }
        }
    }
    let mut output = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut output).map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    if status.success() {
        return Ok(output);
    }
    Err(LiveError::Failed { program: "pgbench".to_owned(), status: status.to_string(), message: tail(&said) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_up_is_taken_off() {
        let mut warm = Warm::default();
        assert!(!warm.read("pgbench: warning: something"));
        assert!(warm.read("progress: 1479385.1 s, 100.0 tps, lat 40.000 ms stddev 1.0, 3 failed"));
        assert!(
            warm.read("progress: 1479386.1 s, 200.0 tps, lat 20.000 ms stddev 1.0, 2 failed, 4 retried, 9 retries")
        );
        assert_eq!((warm.lines, warm.until, warm.failed, warm.retried), (2, 1_479_386.1, 5.0, 4.0));
        // Five seconds in all, three of them at 500 a second and 8 ms.
        let latency = Seconds((300.0 * (8.0 / 300.0) + 1500.0 * 0.008) / 1800.0);
        let whole = Report { tps: 360.0, latency, transactions: 1800, failed: 6, retried: 4, scripts: Vec::new() };
        let rest = warm.cut_from(whole).unwrap();
        assert!((rest.tps - 500.0).abs() < 1e-9 && (rest.latency.get() - 0.008).abs() < 1e-9, "{rest:?}");
        assert_eq!((rest.transactions, rest.failed, rest.retried), (1500, 1, 0));
        let nothing = Report { tps: 150.0, transactions: 300, ..Report::default() };
        assert!(warm.cut_from(nothing).is_err());
    }
}
