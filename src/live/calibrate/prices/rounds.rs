//! Running the probes: round-robin, as many rounds as the budget has room for, the median run of each kept.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::counts::Counted;
use super::probe::Probe;
use super::{CLIENTS, session};
use crate::live::calibrate::typical::typical;
use crate::live::calibrate::{Location, Place};
use crate::live::pgbench::{Outcome, Run, Script};
use crate::live::{LiveError, Server, Target};

/// CPU time of one execution, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sample {
    /// The server's.
    pub server: f64,
    /// The load generator's.
    pub client: Option<f64>,
}

/// A probe's runs.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Runs {
    samples: Vec<Sample>,
}

impl Runs {
    /// The typical run and its error, relative.
    fn middle(&self, value: impl Fn(&Sample) -> Option<f64>) -> Option<(f64, f64)> {
        let values: Vec<f64> = self.samples.iter().filter_map(value).filter(|v| *v > 0.0).collect();
        typical(&values, UNREPEATED)
    }

    /// The server's CPU time and its noise.
    #[must_use]
    pub fn server(&self) -> Option<(f64, f64)> {
        self.middle(|s| Some(s.server))
    }

    /// The client's CPU time and its noise: that of the run in which it took least. While the server works a client on a
    /// core of its own is idle and its caches grow cold, more or less so by what else there is; that is no price of
    /// what it does.
    #[must_use]
    pub fn client(&self) -> Option<(f64, f64)> {
        let mut values: Vec<f64> = self.samples.iter().filter_map(|s| s.client).filter(|v| *v > 0.0).collect();
        values.sort_by(f64::total_cmp);
        let least = *values.first()?;
        Some((least, values.get(1).map_or(UNREPEATED, |next| next / least - 1.0)))
    }
}

/// Noise of a probe that ran once: what repetitions on an undisturbed machine differ by.
const UNREPEATED: f64 = 0.03;
/// Share of the budget that one round may take at most, so that there are three.
const ROUND_SHARE: f64 = 0.3;
/// Seconds of a run: shorter ones drown in the clock's ticks, longer ones bring nothing.
const RUN_SECONDS: (f64, f64) = (0.3, 1.0);
/// Runs without work that measure what a run costs by itself.
const EMPTY_RUNS: u32 = 8;
/// Share of a run that a pilot takes, to find out how long it is; its figures are not used.
const PILOT_SHARE: f64 = 0.1;
/// More rounds than this bring nothing.
const MOST_ROUNDS: usize = 6;

/// Runs probes against one server.
pub struct Runner<'a> {
    server: &'a Server,
    place: &'a Place,
    probes: &'a [Probe],
    scripts: Vec<PathBuf>,
    /// Seconds of server and client CPU that a run costs by itself: connections, their caches, preparing.
    empty: (f64, f64),
    /// Executions of each probe in a run.
    executions: Vec<f64>,
    /// Seconds of a run.
    seconds: f64,
}

impl<'a> Runner<'a> {
    /// Writes the scripts and finds out how many executions fill a run.
    ///
    /// # Errors
    /// A probe that fails, named.
    pub fn new(
        server: &'a Server,
        place: &'a Place,
        (probes, counted): (&'a [Probe], &[Counted]),
        budget: Duration,
    ) -> Result<Self, LiveError> {
        let mut scripts = Vec::with_capacity(probes.len());
        for (n, probe) in probes.iter().enumerate() {
            let path = Target::scratch(server).join(format!("probe-{n}.sql"));
            fs::write(&path, probe.script()).map_err(LiveError::file("write", path.clone()))?;
            scripts.push(path);
        }
        let seconds =
            (budget.as_secs_f64() * ROUND_SHARE / probes.len().max(1) as f64).clamp(RUN_SECONDS.0, RUN_SECONDS.1);
        let mut runner = Self { server, place, probes, scripts, empty: (0.0, 0.0), executions: Vec::new(), seconds };
        runner.measure_empty()?;
        runner.executions = runner.first_guess(counted)?;
        for probe in 0..probes.len() {
            // What the default prices say of a machine that was never seen may be far off.
            runner.executions[probe] *= PILOT_SHARE;
            runner.sample(probe)?;
        }
        Ok(runner)
    }

    fn measure_empty(&mut self) -> Result<(), LiveError> {
        let (mut server, mut client) = (0.0, 0.0);
        for _ in 0..EMPTY_RUNS {
            let outcome = self.run_once(0, 1)?;
            server += outcome.server_cpu.map_or(0.0, |s| s.get());
            client += outcome.client_cpu.map_or(0.0, |s| s.get());
        }
        self.empty = (server / f64::from(EMPTY_RUNS), client / f64::from(EMPTY_RUNS));
        Ok(())
    }

    /// From the first probe's rate and what the default prices say of the others beside it.
    fn first_guess(&self, counted: &[Counted]) -> Result<Vec<f64>, LiveError> {
        let pilot = self.run_once(0, 500)?;
        let each = 1.0 / pilot.report.tps.max(1e-3);
        let cost = |c: &Counted| {
            let sum = |counts: &[f64], prices: &mut dyn Iterator<Item = f64>| -> f64 {
                counts.iter().zip(prices).map(|(n, p)| n * p).sum()
            };
            sum(&c.server, &mut super::counts::server_prices().map(|p| p.default.value))
                + sum(&c.client, &mut super::counts::client_prices().map(|p| p.default.value))
        };
        let first = counted.first().map_or(1.0, cost).max(1e-3);
        Ok(counted.iter().map(|c| self.seconds / (each * (cost(c) / first).max(c.messages))).collect())
    }

    /// Runs rounds until the deadline; the first is always complete.
    ///
    /// # Errors
    /// A probe that fails, named.
    pub fn rounds(&mut self, deadline: Instant, tick: &mut dyn FnMut(&str)) -> Result<Vec<Runs>, LiveError> {
        let mut runs = vec![Runs::default(); self.probes.len()];
        let mut took = vec![Duration::ZERO; self.probes.len()];
        for round in 0..MOST_ROUNDS {
            for (n, collected) in runs.iter_mut().enumerate() {
                let start = Instant::now();
                if round > 0 && start + took[n] > deadline {
                    return Ok(runs);
                }
                tick(&format!("probe {} of {}: {}", n + 1, self.probes.len(), self.probes[n].name));
                collected.samples.push(self.sample(n)?);
                took[n] = start.elapsed();
            }
        }
        Ok(runs)
    }

    fn sample(&mut self, probe: usize) -> Result<Sample, LiveError> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of executions")]
        let each = (self.executions[probe] / f64::from(self.clients())).ceil().max(1.0) as u64;
        let outcome = self.run_once(probe, each)?;
        let done = outcome.report.transactions as f64;
        if done <= 0.0 {
            return Err(self.failed(probe, "no transaction of it was completed"));
        }
        // The next run of it lasts as long as asked.
        self.executions[probe] = self.seconds * outcome.report.tps;
        let of = |seconds: f64, empty: f64| (seconds - empty).max(0.0) / done * 1e6;
        let client = outcome.client_cpu.map(|time| of(time.get(), self.empty.1));
        let server = match outcome.server_cpu.filter(|_| self.is_seen()) {
            Some(time) => of(time.get(), self.empty.0),
            None => {
                // Nothing but the cores limits: they are busy all the time, with the client too where it shares them.
                let busy = self.place.cores / outcome.report.tps * 1e6;
                let shared = self.place.location == Location::SameCores;
                busy - if shared { client.unwrap_or(0.0).min(busy) } else { 0.0 }
            }
        };
        Ok(Sample { server, client })
    }

    fn run_once(&self, probe: usize, each: u64) -> Result<Outcome, LiveError> {
        let database = self.server.conninfo().get("dbname").unwrap_or("postgres");
        let script = Script::File(self.scripts[probe].clone(), 1);
        let mut run = Run::new(database, script, self.clients(), 1);
        run.transactions = Some(each);
        run.protocol = self.probes[probe].protocol;
        run.settings = session::settings(self.place);
        run.sampling = 0.0;
        run.execute(self.server).map_err(|e| self.failed(probe, &e.to_string()))
    }

    /// Four where the processes can be looked at, as the price list is defined; enough to keep all cores busy where not.
    fn clients(&self) -> u32 {
        if self.is_seen() {
            return CLIENTS;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred at most")]
        let all_busy = (self.place.cores.clamp(1.0, 64.0) * f64::from(CLIENTS)).ceil() as u32;
        all_busy
    }

    /// Whether the CPU time of the server's processes can be read.
    fn is_seen(&self) -> bool {
        self.place.location != Location::OtherHost && self.server.postmaster().is_some()
    }

    fn failed(&self, probe: usize, message: &str) -> LiveError {
        LiveError::Probe { name: self.probes[probe].name.to_owned(), message: message.to_owned() }
    }
}
