//! The contention curves: loads measured over clients, and the coefficients with which the model reproduces them.

use std::time::{Duration, Instant};

use postgres::Client;
use serde::{Deserialize, Serialize};

use crate::live::calibrate::cells::{CELLS, Cell, Family};
use crate::live::calibrate::typical::typical;
use crate::live::calibrate::wal::Flushes;
use crate::live::interrupt::Interrupt;
use crate::live::processor::Snapshot;
use crate::live::{LiveError, Server};
use crate::units::Seconds;

/// Seconds that one repetition takes.
const REPETITION: u32 = 1;
/// What a run takes beside: starting, connecting, ending.
const AROUND: Duration = Duration::from_millis(300);
/// The same for each client.
const PER_CLIENT: Duration = Duration::from_millis(8);
/// Relative error taken for a cell that was measured once.
const ONCE: f64 = 0.04;

/// A cell as measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Which.
    pub cell: Cell,
    /// Throughput, typically.
    pub tps: f64,
    /// Its standard error, relative.
    pub noise: f64,
    /// Share of the CPUs' time that others took meanwhile, where it can be seen.
    pub others: f64,
    /// Server CPU per transaction, typically, where it can be seen.
    pub server_cpu: Option<Seconds>,
    /// Repetitions.
    pub repetitions: usize,
}

/// One run of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Repetition {
    /// Transactions per second.
    pub tps: f64,
    /// Server CPU per transaction, where it can be seen.
    pub server_cpu: Option<Seconds>,
    /// Share of the CPUs' time that others took, where it can be seen.
    pub others: f64,
    /// One flush, as the server timed it.
    pub flush: Option<Seconds>,
}

/// All runs of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// Which.
    pub cell: Cell,
    /// Its runs, one at least.
    pub repetitions: Vec<Repetition>,
}

/// All that was measured: the cells there was time for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Measurements(pub Vec<Runs>);

impl Measurements {
    /// The cells, each as it typically is.
    #[must_use]
    pub fn cells(&self) -> Vec<Measured> {
        self.0.iter().filter_map(Runs::typical).collect()
    }

    /// One flush, as the server timed it, typically.
    #[must_use]
    pub fn flush(&self) -> Option<Seconds> {
        let times: Vec<f64> =
            self.0.iter().flat_map(|r| &r.repetitions).filter_map(|r| r.flush).map(Seconds::get).collect();
        typical(&times, ONCE).map(|(flush, _)| Seconds(flush))
    }

    fn add(&mut self, cell: Cell, repetition: Repetition) {
        match self.0.iter_mut().find(|r| r.cell == cell) {
            Some(runs) => runs.repetitions.push(repetition),
            None => self.0.push(Runs { cell, repetitions: vec![repetition] }),
        }
    }
}

impl Runs {
    /// `None` without runs.
    fn typical(&self) -> Option<Measured> {
        let of =
            |value: fn(&Repetition) -> Option<f64>| -> Vec<f64> { self.repetitions.iter().filter_map(value).collect() };
        let (tps, noise) = typical(&of(|r| Some(r.tps)), ONCE)?;
        Some(Measured {
            cell: self.cell,
            tps,
            noise,
            others: typical(&of(|r| Some(r.others)), ONCE)?.0,
            server_cpu: typical(&of(|r| r.server_cpu.map(Seconds::get)), ONCE).map(|(cpu, _)| Seconds(cpu)),
            repetitions: self.repetitions.len(),
        })
    }
}

/// Where and how cells are measured.
pub struct Bench<'a> {
    /// The server.
    pub server: &'a Server,
    /// Its database.
    pub database: &'a str,
    /// The scratch schema.
    pub schema: &'a str,
    /// Its major version.
    pub version: u32,
    /// CPUs of the server and the load generator; empty where they cannot be seen.
    pub cpus: &'a [u32],
    /// Clients that may connect at most.
    pub most_clients: u32,
    /// Whether sessions may have their flushes timed.
    pub timed_flushes: bool,
    /// When to stop.
    pub end: Instant,
    /// Whether to go on.
    pub interrupt: &'a Interrupt,
}

impl Bench<'_> {
    /// Measures the cells round after round, in the order of what they say, until the time is up.
    ///
    /// # Errors
    /// The first run that fails.
    pub fn measure(&self, client: &mut Client, tick: &mut dyn FnMut(&str)) -> Result<Measurements, LiveError> {
        let mut out = Measurements::default();
        // Caches, plans and pages settle in a run that does not count.
        match self.run(Cell { family: Family::Transfer, clients: self.most_clients.min(4) }, client) {
            Ok(_) | Err(LiveError::Output { .. }) => {}
            Err(e) => return Err(e),
        }
        for round in 1.. {
            let mut any = false;
            for cell in CELLS.iter().filter(|c| c.clients <= self.most_clients) {
                self.interrupt.check()?;
                if Instant::now() + time_of(*cell) > self.end {
                    continue;
                }
                tick(&format!("contention, round {round}: {} at {} clients", cell.family.name(), cell.clients));
                let repetition = match self.run(*cell, client) {
                    Ok(repetition) => repetition,
                    // Not one transaction in all the time, so pgbench says nothing: a spell of other load.
                    Err(LiveError::Output { .. }) => continue,
                    Err(e) => return Err(e),
                };
                out.add(*cell, repetition);
                any = true;
            }
            if !any {
                break;
            }
        }
        Ok(out)
    }

    /// One run.
    fn run(&self, cell: Cell, client: &mut Client) -> Result<Repetition, LiveError> {
        let mut run = cell.run(self.server, self.database, self.schema, REPETITION);
        let timed = self.timed_flushes && cell.family == Family::Flush && cell.clients == 1;
        if timed {
            run.settings.push(("track_wal_io_timing".to_owned(), "on".to_owned()));
        }
        let flushes = if timed { Flushes::now(client, self.version)? } else { None };
        let (begun, before) = (Instant::now(), Snapshot::now());
        let outcome = run.execute(self.server)?;
        let busy = before.busy_until(&Snapshot::now(), |cpu| self.cpus.contains(&cpu));
        let wall = begun.elapsed().as_secs_f64() - f64::from(cell.warm_up());
        let flushed = if timed { Flushes::now(client, self.version)? } else { None };
        #[expect(clippy::cast_precision_loss, reason = "transactions of some seconds, and a number of CPUs")]
        let (transactions, time) =
            ((outcome.report.transactions as f64).max(1.0), wall * self.cpus.len().max(1) as f64);
        let own = outcome.server_cpu.zip(outcome.client_cpu).map(|(s, c)| (s + c).get() / time);
        Ok(Repetition {
            // A run that reconnects is reported with or without connecting, by version; its transactions are plain.
            tps: if run.reconnect { transactions / f64::from(REPETITION) } else { outcome.report.tps },
            server_cpu: outcome.server_cpu.map(|c| c / transactions),
            others: busy.zip(own).map_or(0.0, |(busy, own)| (busy - own).clamp(0.0, 1.0)),
            flush: flushes.zip(flushed).and_then(|(b, a)| b.mean_until(&a)),
        })
    }
}

/// How long a run of a cell takes, about.
fn time_of(cell: Cell) -> Duration {
    Duration::from_secs(u64::from(REPETITION + cell.warm_up())) + AROUND + PER_CLIENT * cell.clients
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_of_a_cell_are_one_measurement() {
        let mut all = Measurements::default();
        for (tps, us, flush) in [(100.0, 9.0, Some(80.0)), (110.0, 8.0, None), (60.0, 11.0, Some(90.0))] {
            let server_cpu = Some(Seconds::from_us(us));
            all.add(CELLS[0], Repetition { tps, server_cpu, others: 0.1, flush: flush.map(Seconds::from_us) });
        }
        all.add(CELLS[1], Repetition { tps: 5.0, server_cpu: None, others: 0.0, flush: None });
        let cells = all.cells();
        assert_eq!((cells.len(), cells[0].tps, cells[0].repetitions), (2, 100.0, 3));
        assert_eq!(cells[0].server_cpu, Some(Seconds::from_us(9.0)));
        assert_eq!((cells[1].noise, cells[1].server_cpu), (ONCE, None));
        assert!((all.flush().unwrap().us() - 85.0).abs() < 1e-9);
    }
}
