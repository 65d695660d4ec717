//! The runs: every load once per round, watched.

use std::cell::RefCell;

use postgres::Client;

use crate::live::interrupt::Interrupt;
use crate::live::measure::interleave;
use crate::live::pgbench::Run;
use crate::live::validate::cell::Repetition;
use crate::live::validate::counters::Counters;
use crate::live::validate::place::ServerPlace;
use crate::live::validate::sampler::Sampler;
use crate::live::validate::script::Scripts;
use crate::live::validate::{Options, Planned};
use crate::live::{Conninfo, LiveError, Server};
use crate::workload::{Protocol, Workload};

/// Latencies that are enough for the percentiles of one run.
const LOGGED: f64 = 20_000.0;
/// Length of the run that warms caches, whole seconds.
const WARM_UP: u32 = 2;

/// Transactions after which a session has planned what it runs, has filled its caches of the catalog and has met most
/// pages that it comes back to. An order system at 64 clients was steady after some 500 of each.
const SETTLED: f64 = 500.0;
/// The longest run that warms caches, where storage fills them slowly, seconds.
const LONGEST_FILLING: f64 = 60.0;
/// The longest warm-up of a run, seconds.
const LONGEST_WARM_UP: f64 = 10.0;

/// Seconds of each run that count for nothing: until every session has settled.
fn warm_up(planned: &Planned) -> u32 {
    let seconds = SETTLED * f64::from(planned.clients) / planned.forecast.tps.mean.max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 1..=10")]
    let whole = seconds.ceil().clamp(1.0, LONGEST_WARM_UP) as u32;
    whole
}

/// Runs loads against the scratch database.
#[derive(Debug)]
pub struct Runner<'a> {
    conninfo: Conninfo,
    server: Server,
    version: u32,
    protocol: Protocol,
    scripts: &'a Scripts,
    options: &'a Options,
    interrupt: &'a Interrupt,
    /// Where each sequence goes on.
    next: RefCell<Vec<f64>>,
}

impl<'a> Runner<'a> {
    /// A runner for the scripts of a workload.
    ///
    /// # Errors
    /// No pgbench, or one that is too old for what is asked.
    pub fn new(
        conninfo: Conninfo,
        place: &ServerPlace,
        workload: &Workload,
        scripts: &'a Scripts,
        options: &'a Options,
        interrupt: &'a Interrupt,
    ) -> Result<Self, LiveError> {
        let server = Server::new(conninfo.clone(), place.postmaster)?;
        let next = RefCell::new(scripts.sequences.iter().map(|(_, start)| *start).collect());
        Ok(Self {
            conninfo,
            server,
            version: place.version,
            protocol: workload.protocol,
            scripts,
            options,
            interrupt,
            next,
        })
    }

    /// Repetitions by load, after a run that warms caches.
    ///
    /// # Errors
    /// What pgbench or the server says; [`LiveError::Interrupted`].
    pub fn run(
        &self,
        client: &mut Client,
        planned: &[Planned],
        tick: &mut dyn FnMut(&str),
    ) -> Result<Vec<Vec<Repetition>>, LiveError> {
        if let Some(most) = planned.iter().max_by_key(|p| p.clients) {
            tick("warming up");
            let filling = planned.iter().map(|p| p.caches_full).fold(0.0, f64::max).min(LONGEST_FILLING);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=60")]
            self.once(client, most, 0, WARM_UP.min(self.options.seconds).max(filling.ceil() as u32))?;
        }
        let database = RefCell::new(client);
        let tick = RefCell::new(tick);
        let rounds = self.options.rounds;
        interleave(
            planned,
            rounds,
            |round, planned| {
                let load = planned.rate.map_or_else(|| format!("{} clients", planned.clients), |r| format!("{r}/s"));
                tick.borrow_mut()(&format!("round {} of {rounds}: {load}", round + 1));
                self.once(&mut database.borrow_mut(), planned, warm_up(planned), self.options.seconds)
            },
            |_, _| {
                // As pgbench does before a run; what is refused here is told by the next run.
                let _ = database.borrow_mut().batch_execute("VACUUM");
            },
        )
    }

    fn once(&self, client: &mut Client, planned: &Planned, warmup: u32, seconds: u32) -> Result<Repetition, LiveError> {
        self.interrupt.check()?;
        let expected = planned.forecast.tps.mean * f64::from(seconds);
        let mut variables = self.scripts.variables.clone();
        variables.push(("clients".to_owned(), planned.clients.to_string()));
        for ((name, _), next) in self.scripts.sequences.iter().zip(self.next.borrow().iter()) {
            variables.push((name.clone(), format!("{next:.0}")));
        }
        let mut options = self.scripts.options.clone();
        if let Some(rate) = planned.rate {
            options.push(format!("--rate={rate}"));
        }
        let run = Run {
            database: self.conninfo.get("dbname").unwrap_or_default().to_owned(),
            scripts: self.scripts.files.clone(),
            clients: planned.clients,
            seconds,
            warmup,
            transactions: None,
            reconnect: false,
            protocol: self.protocol,
            variables,
            settings: self.scripts.settings.clone(),
            cpus: None,
            sampling: (LOGGED / expected.max(1.0)).clamp(0.01, 1.0),
            options,
        };
        let before = Counters::read(client, self.version)?;
        let sampler = Sampler::start(&self.conninfo)?;
        let outcome = run.execute(&self.server);
        let waits = sampler.stop();
        let outcome = outcome?;
        let counted = Counters::read(client, self.version)?;
        // Clients do not all get as far: numbers beyond four times the average are never reached.
        #[expect(clippy::cast_precision_loss, reason = "a count of transactions")]
        let done = (outcome.executed + outcome.report.failed) as f64;
        for next in self.next.borrow_mut().iter_mut() {
            *next += 4.0 * done + 1000.0 * f64::from(planned.clients);
        }
        Ok(Repetition { outcome, waits, counted: counted.since(&before) })
    }
}
