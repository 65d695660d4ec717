//! The demand of one transaction of each type, and of what is done while it holds its row locks.

use crate::access::{Footprint, LockUse, Lockable, PageTouch, Popularity};
use crate::demand::price::{Priced, Prices, kilobytes};
use crate::machine::Machine;
use crate::machine::coefficients::shape::{COMMIT_RECORD, CONNECT_ROUND_TRIPS, LOCKING_STATEMENT_TAIL};
use crate::schema::TableId;
use crate::sql::tree::{LockMode, LockWait};
use crate::units::{Bytes, Seconds};
use crate::workload::{Step, StepKind, Transaction, Workload};

/// Work that is additive: over statements, over transaction types, over what follows a lock.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work {
    /// Server CPU, at the reference load of the price list.
    pub server_cpu: Priced,
    /// Client CPU.
    pub client_cpu: Priced,
    /// Messages, each of which costs context switches as the load grows.
    pub messages: f64,
    /// Round trips on the wire.
    pub round_trips: f64,
    /// Client-side sleeps, their overhead included.
    pub sleep: Seconds,
    /// Commits that wait for a WAL flush.
    pub flushes: f64,
    /// WAL, commit records included, full-page images excluded.
    pub wal_bytes: Bytes,
    /// Buffer accesses.
    pub pages: f64,
}

impl Work {
    /// Adds `times` of `other`.
    pub fn add(&mut self, other: &Self, times: f64) {
        for (mine, theirs) in [(&mut self.server_cpu, other.server_cpu), (&mut self.client_cpu, other.client_cpu)] {
            mine.time += theirs.time * times;
            // The same coefficients price every part, so their errors move together: spreads add.
            let spread = mine.variance.sqrt() + theirs.variance.sqrt() * times;
            mine.variance = spread * spread;
        }
        self.messages += other.messages * times;
        self.round_trips += other.round_trips * times;
        self.sleep += other.sleep * times;
        self.flushes += other.flushes * times;
        self.wal_bytes += other.wal_bytes * times;
        self.pages += other.pages * times;
    }
}

/// A row lock that a transaction takes and keeps to its end.
#[derive(Debug, Clone)]
pub struct LockDemand {
    /// The table; `TableId::MAX` for an advisory lock.
    pub table: TableId,
    /// Rows, a table, or a number.
    pub of: Lockable,
    /// Rows locked per transaction.
    pub rows: f64,
    /// In which mode.
    pub mode: LockMode,
    /// What happens at a locked row.
    pub wait: LockWait,
    /// Which rows.
    pub popularity: Popularity,
    /// The condition that leads to them, as far as it is simple.
    pub which: Option<String>,
    /// What is done from getting the lock to the end of the commit.
    pub held: Work,
}

/// One step in the order in which it is sent, for the simulation.
#[derive(Debug, Clone, Default)]
pub struct StepDemand {
    /// The work of one execution.
    pub work: Work,
    /// Times per transaction.
    pub times: f64,
    /// Locks taken by it, by their place in [`TransactionDemand::locks`].
    pub locks: Vec<usize>,
    /// Whether the transaction's locks are released at its end.
    pub ends_transaction: bool,
}

/// One transaction type.
#[derive(Debug, Clone, Default)]
pub struct TransactionDemand {
    /// All its work.
    pub work: Work,
    /// The same, step by step; what belongs to no step (the client's own work, connecting) is left out.
    pub steps: Vec<StepDemand>,
    /// Its locks.
    pub locks: Vec<LockDemand>,
    /// The pages it visits and dirties, per transaction.
    pub touches: Vec<PageTouch>,
}

/// Prices one transaction type; `footprints` is parallel to its steps.
#[must_use]
pub fn transaction_demand(
    workload: &Workload,
    machine: &Machine,
    transaction: &Transaction,
    footprints: &[Option<Footprint>],
) -> TransactionDemand {
    let prices = Prices { coefficients: &machine.coefficients, protocol: workload.protocol };
    let explicit = transaction.steps.iter().any(|s| matches!(s.kind, StepKind::Begin));
    let writes = footprints.iter().flatten().any(|f| f.writes);
    let mut demand = TransactionDemand::default();
    let mut open_locks: Vec<usize> = Vec::new();
    for (step, footprint) in transaction.steps.iter().zip(footprints) {
        let work = step_work(&prices, machine, step, footprint.as_ref(), explicit, writes);
        // A lock taken in an earlier step is held during this one.
        for lock in &open_locks {
            demand.locks[*lock].held.add(&work, step.repeat);
        }
        let first_lock = demand.locks.len();
        if let Some(footprint) = footprint {
            open_locks.extend(first_lock..first_lock + footprint.locks.len());
            demand.locks.extend(footprint.locks.iter().map(|lock| taken(lock, step.repeat, work)));
            add_touches(&mut demand.touches, footprint, step.repeat);
        }
        let ends = match step.kind {
            StepKind::Commit | StepKind::Rollback => true,
            StepKind::Statement(_) => !explicit,
            StepKind::Begin | StepKind::Sleep(_) => false,
        };
        if ends {
            open_locks.clear();
        }
        demand.steps.push(StepDemand {
            work,
            times: step.repeat,
            locks: (first_lock..demand.locks.len()).collect(),
            ends_transaction: ends,
        });
        demand.work.add(&work, step.repeat);
    }
    let c = &machine.coefficients;
    let mut client = Work::default();
    client.client_cpu.add(&c.client_transaction, 1.0);
    client.client_cpu.add(&c.client_command, transaction.client_commands);
    if workload.connections.reconnect {
        client.server_cpu.add(&c.connection_start, 1.0);
        client.round_trips += CONNECT_ROUND_TRIPS;
    }
    demand.work.add(&client, 1.0);
    demand
}

/// A lock as a statement takes it, held so far for the rest of that statement, whose work is `work`.
fn taken(lock: &LockUse, times: f64, work: Work) -> LockDemand {
    // The request and the reads that lead to the row come before the lock. The way back is in the hold, and so is the
    // COMMIT's way there: together the one round trip that the steps in between do not count.
    let mut tail = work;
    tail.server_cpu.time = tail.server_cpu.time * LOCKING_STATEMENT_TAIL;
    tail.messages *= LOCKING_STATEMENT_TAIL;
    tail.client_cpu = Priced::default();
    (tail.round_trips, tail.pages) = (0.0, 0.0);
    let mut held = Work::default();
    held.add(&tail, 1.0);
    LockDemand {
        table: lock.table,
        of: lock.of,
        rows: lock.rows * times,
        mode: lock.mode,
        wait: lock.wait,
        popularity: lock.popularity.clone(),
        which: lock.which.clone(),
        held,
    }
}

/// The work of one execution of one step.
fn step_work(
    prices: &Prices<'_>,
    machine: &Machine,
    step: &Step,
    footprint: Option<&Footprint>,
    explicit: bool,
    writes: bool,
) -> Work {
    let c = &machine.coefficients;
    let mut work = Work::default();
    if let StepKind::Sleep(time) = step.kind {
        if time > Seconds::ZERO {
            work.sleep = time + Seconds::from_us(c.sleep_overhead.value);
        }
        return work;
    }
    work.messages = 1.0;
    work.round_trips = if step.pipelined { 0.0 } else { 1.0 };
    work.client_cpu.add(&c.client_message, 1.0);
    match (&step.kind, footprint) {
        (StepKind::Statement(text), Some(footprint)) => {
            match text.cpu {
                // Measured on this machine; all other prices are the reference core's until its speed divides them.
                Some(measured) => work.server_cpu.add_exact(measured * machine.cpu.speed),
                None => work.server_cpu = prices.statement(footprint),
            }
            work.client_cpu.add(&c.client_row, footprint.rows_out);
            work.wal_bytes = footprint.wal_bytes;
            work.pages = footprint.pages.get();
        }
        _ => work.server_cpu.add(&c.message, 1.0),
    }
    let commits = match step.kind {
        StepKind::Commit => writes,
        StepKind::Statement(_) => !explicit && footprint.is_some_and(|f| f.writes),
        _ => false,
    };
    if commits {
        work.server_cpu.add(&c.write_transaction, 1.0);
        work.server_cpu.add(&c.wal_kb, kilobytes(Bytes(COMMIT_RECORD)));
        work.wal_bytes += Bytes(COMMIT_RECORD);
        work.flushes = 1.0;
    }
    work
}

/// Adds a statement's page touches, merging those of the same relation with the same popularity.
fn add_touches(all: &mut Vec<PageTouch>, footprint: &Footprint, times: f64) {
    for touch in &footprint.touches {
        let same = |t: &&mut PageTouch| t.relation == touch.relation && t.popularity == touch.popularity;
        if let Some(known) = all.iter_mut().find(same) {
            known.visits += touch.visits * times;
            known.modified += touch.modified * times;
        } else {
            let mut added = touch.clone();
            added.visits *= times;
            added.modified *= times;
            all.push(added);
        }
    }
}
