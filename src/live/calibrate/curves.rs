//! The contention curves: loads measured over clients, and the coefficients with which the model reproduces them.

use std::time::{Duration, Instant};

use postgres::Client;

use crate::live::calibrate::cells::{CELLS, Cell, Family};
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
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Measured {
    /// Which.
    pub cell: Cell,
    /// Throughput of the fastest repetition: neighbours only slow one down.
    pub tps: f64,
    /// How far repetitions are from it, relative.
    pub noise: f64,
    /// Share of the CPUs' time that others took meanwhile, where it can be seen.
    pub others: f64,
    /// Server CPU per transaction of that repetition, where it can be seen.
    pub server_cpu: Option<Seconds>,
    /// Repetitions.
    pub repetitions: u32,
}

/// All that was measured.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Measurements {
    /// The cells there was time for.
    pub cells: Vec<Measured>,
    /// One flush, as the server timed it.
    pub flush: Option<Seconds>,
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
            let before = out.cells.iter().map(|m| m.repetitions).sum::<u32>();
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
                if cell.clients == 1
                    && let Some(flush) = repetition.flush
                {
                    out.flush = Some(out.flush.map_or(flush, |f| if flush.get() < f.get() { flush } else { f }));
                }
                keep(&mut out.cells, *cell, &repetition);
            }
            if out.cells.iter().map(|m| m.repetitions).sum::<u32>() == before {
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

/// One run of a cell.
struct Repetition {
    tps: f64,
    server_cpu: Option<Seconds>,
    others: f64,
    flush: Option<Seconds>,
}

/// How long a run of a cell takes, about.
fn time_of(cell: Cell) -> Duration {
    Duration::from_secs(u64::from(REPETITION + cell.warm_up())) + AROUND + PER_CLIENT * cell.clients
}

/// Adds a repetition to what is known of its cell.
fn keep(cells: &mut Vec<Measured>, cell: Cell, new: &Repetition) {
    let Some(known) = cells.iter_mut().find(|m| m.cell == cell) else {
        let Repetition { tps, server_cpu, others, .. } = *new;
        cells.push(Measured { cell, tps, noise: ONCE, others, server_cpu, repetitions: 1 });
        return;
    };
    // The distance between two repetitions overstates how far the faster one is from the truth.
    let noise = 0.5 * (new.tps / known.tps).ln().abs();
    known.noise = if known.repetitions == 1 { noise } else { known.noise.min(noise) };
    known.repetitions += 1;
    if new.tps > known.tps {
        (known.tps, known.server_cpu, known.others) = (new.tps, new.server_cpu, new.others);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_repetition_counts_and_the_others_say_how_sure_it_is() {
        let cell = CELLS[0];
        let mut cells = Vec::new();
        for (tps, us, others) in [(100.0, 9.0, 0.1), (110.0, 8.0, 0.02), (90.0, 11.0, 0.3)] {
            keep(&mut cells, cell, &Repetition { tps, server_cpu: Some(Seconds::from_us(us)), others, flush: None });
        }
        assert_eq!((cells.len(), cells[0].tps, cells[0].repetitions, cells[0].others), (1, 110.0, 3, 0.02));
        assert_eq!(cells[0].server_cpu, Some(Seconds::from_us(8.0)));
        assert!((cells[0].noise - 0.5 * 1.1_f64.ln()).abs() < 1e-12);
    }
}
