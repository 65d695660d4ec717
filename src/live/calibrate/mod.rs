//! Measuring a live PostgreSQL: what `predict calibrate` does.
//!
//! Facts first (version, settings, cores, memory), then reads, then the price list at four clients, then loads over
//! clients for the curves of contention, all in a scratch schema that is removed whatever happens.

pub mod cells;
pub mod contention;
pub mod curves;
pub mod facts;
pub mod host;
pub mod interrupt;
pub mod machine_file;
pub mod parameter;
pub mod place;
pub mod prices;
pub mod reads;
pub mod record;
pub mod schedule;
pub mod scratch;
pub mod wal;

use std::time::{Duration, Instant};

use contention::Contention;
use curves::Bench;
use facts::Facts;
use interrupt::Interrupt;
pub use place::{Location, Place};
use prices::PriceFit;
use reads::Reads;
use record::Record;
use scratch::{LeftBehind, Scratch};

use crate::live::{Conninfo, LiveError, Server, Target};

/// Share of the budget that the price list gets.
const PRICES_SHARE: f64 = 0.5;
/// What the loads over clients get however long the price list took: a file without them would be of little use.
const LEAST_CONTENTION: Duration = Duration::from_secs(12);
/// What is left at the end for fitting, and for removing the schema.
const RESERVE: Duration = Duration::from_secs(3);

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where the server is.
    pub conninfo: Conninfo,
    /// How long it may take.
    pub budget: Duration,
    /// The server's cores, where they cannot be seen or are to be taken as something else.
    pub cores: Option<f64>,
}

/// What a calibration found.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// What the server and its host are.
    pub facts: Facts,
    /// The server's cores.
    pub cores: f64,
    /// Reads.
    pub reads: Reads,
    /// The price list.
    pub prices: PriceFit,
    /// Contention.
    pub contention: Contention,
    /// How long it took.
    pub took: Duration,
}

/// A calibration that failed, or that could not tidy up.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// It failed.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// It failed, and the schema is still there.
    #[error("{0}\n{1}")]
    AndLeftBehind(LiveError, LeftBehind),
    /// It succeeded, but the schema is still there.
    #[error(transparent)]
    LeftBehind(#[from] LeftBehind),
}

/// Measures a server within a budget of time; `tick` is told what is done. [`Record::fit`] makes a calibration of it.
///
/// # Errors
/// [`CalibrateError`]; nothing of the scratch schema stays behind unless the error says so.
pub fn calibrate(
    request: &Request,
    interrupt: &Interrupt,
    tick: &mut dyn FnMut(&str),
) -> Result<Record, CalibrateError> {
    let begun = Instant::now();
    tick("connecting");
    let (mut client, conninfo) = request.conninfo.connect_to_one()?;
    let facts = Facts::find(&mut client, &conninfo)?;
    drop(client);
    let Some(cores) = request.cores.or(facts.cores()) else {
        let message = "the server's cores cannot be seen from here: name them by --cores N, or connect as a role that may read them through the server (a member of pg_read_server_files)";
        return Err(LiveError::Unsuitable { message: message.into() }.into());
    };
    let mut scratch = Scratch::create(&conninfo)?;
    let own = conninfo.with_application_name(scratch.name());
    interrupt.arm(&conninfo, scratch.name());
    let run = Run { facts: &facts, cores, conninfo: own, begun, budget: request.budget, interrupt };
    let measured = run.measure(&mut scratch, tick).map_err(|e| interrupt.explain(e));
    tick("removing the scratch schema");
    interrupt.disarm();
    let removed = scratch.remove();
    match (measured, removed) {
        (Ok(record), Ok(())) => {
            interrupt.check()?;
            Ok(record)
        }
        (Ok(_), Err(left)) => Err(left.into()),
        (Err(error), Ok(())) => Err(error.into()),
        (Err(error), Err(left)) => Err(CalibrateError::AndLeftBehind(error, left)),
    }
}

/// One run, its schema made.
struct Run<'a> {
    facts: &'a Facts,
    cores: f64,
    conninfo: Conninfo,
    begun: Instant,
    budget: Duration,
    interrupt: &'a Interrupt,
}

impl Run<'_> {
    fn measure(&self, scratch: &mut Scratch, tick: &mut dyn FnMut(&str)) -> Result<Record, LiveError> {
        // A signal that came before there was anything to end has ended nothing.
        self.interrupt.check()?;
        let facts = self.facts;
        let name = scratch.name().to_owned();
        let server = Server::new(self.conninfo.clone(), facts.postmaster)?;
        let mut client = self.conninfo.connect()?;
        tick("reads");
        let folder = facts.data_directory.as_deref().filter(|_| facts.location != Location::OtherHost);
        let reads = reads::measure(&mut client, &self.conninfo, &name, folder)?;
        self.interrupt.check()?;
        let place = Place {
            schema: name.clone(),
            location: facts.location,
            cores: self.cores,
            client_cores: facts.client_cores(),
            version: facts.version,
        };
        let left = self.end().saturating_duration_since(Instant::now());
        let probes = prices::measure(&server, &place, left.mul_f64(PRICES_SHARE), tick)?;
        self.interrupt.check()?;
        tick("tables for contention");
        cells::prepare(&mut client, &name, server.scratch())?;
        let cpus = facts.cpus();
        let bench = Bench {
            cpus: &cpus,
            server: &server,
            database: self.conninfo.get("dbname").unwrap_or_default(),
            schema: &name,
            version: facts.version,
            most_clients: facts.free_connections,
            timed_flushes: facts.superuser,
            end: self.end().max(Instant::now() + LEAST_CONTENTION),
            interrupt: self.interrupt,
        };
        let loads = bench.measure(&mut client, tick)?;
        Ok(Record::new((facts.clone(), self.cores), reads, probes, loads, self.begun.elapsed()))
    }

    /// When measuring has to end.
    fn end(&self) -> Instant {
        self.begun + self.budget.saturating_sub(RESERVE)
    }
}

/// An error of a statement, in the server's words.
pub(crate) fn sql_error(error: postgres::Error) -> LiveError {
    match error.as_db_error() {
        Some(said) => LiveError::Sql { message: crate::live::conninfo::server_words(said) },
        None => LiveError::Connection { message: error.to_string() },
    }
}
