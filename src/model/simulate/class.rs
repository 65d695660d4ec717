//! The program of one kind of transaction.

use crate::demand::{StepDemand, TransactionDemand};
use crate::model::simulate::stations::{SERVER, Stations, Tables};
use crate::model::simulate::{Conflicts, pause, varying};
use crate::model::station::StationName as S;
use crate::model::steady::Steady;
use crate::model::system::{KindDemand, System};
use crate::queueing::simulation::{Class, Count, Op, RowChoice, RowGroup, Time, Wait};
use crate::sql::tree::LockWait;

/// Share of a locking statement's CPU that comes before it has the row.
const BEFORE_THE_ROW: f64 = 0.5;
/// Rows that SKIP LOCKED walks over before it gives up.
const SKIPPED_ROWS: u32 = 64;
/// Reads of one statement done one by one; more are taken together.
const SINGLE_READS: f64 = 64.0;
/// A device in use beyond this share sets the pace itself.
const SATURATED: f64 = 0.999;

/// Builds the programs, class by class.
pub(super) struct Builder<'a> {
    pub system: &'a System,
    pub steady: &'a Steady,
    pub stations: &'a Stations,
    pub tables: &'a Tables,
    pub choices: &'a mut Vec<RowChoice>,
    pub pooled: bool,
}

/// Work of one kind, scaled from prices to this machine.
struct Scale {
    server: f64,
    client: f64,
    /// Seconds per round trip.
    round_trip: f64,
    /// Reads from storage per page visited.
    reads: f64,
    sleep: f64,
    flushes: f64,
    /// Relative deviation of one burst of CPU.
    variation: f64,
    /// Server CPU for page images, seconds, WAL writing and data writing, seconds, per transaction.
    images: f64,
    wal_write: f64,
    data_write: f64,
    /// CPU of cold caches, seconds per transaction.
    cold: f64,
}

impl Builder<'_> {
    fn scale(&self, kind: &KindDemand, demand: &TransactionDemand) -> Scale {
        let per = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        let (d, w, all) = (&kind.demand, &demand.work, &self.system.work);
        // The shares of what the whole load writes together go by WAL.
        let written = per(d.wal_bytes, all.wal_bytes);
        let conditions = &self.steady.conditions;
        let saturated = self.steady.write_utilization > SATURATED;
        Scale {
            server: per(d.server_cpu, w.server_cpu.time.get()),
            client: per(d.client_cpu, w.client_cpu.time.get()),
            round_trip: per(d.network, w.round_trips),
            reads: per(d.reads, w.pages),
            sleep: per(d.sleep, w.sleep.get()),
            flushes: per(d.flushes, w.flushes),
            // Independent bursts: the sum varies as the whole does.
            variation: self.system.demand_variation * d.messages.max(1.0).sqrt(),
            images: conditions.images * written,
            wal_write: conditions.wal_bytes / self.system.storage.write_bandwidth * written,
            data_write: if saturated { written / self.steady.throughput } else { 0.0 },
            cold: conditions.cold,
        }
    }

    pub fn class(&mut self, kind: &KindDemand, demand: &TransactionDemand, conflicts: Conflicts) -> Class {
        let scale = self.scale(kind, demand);
        let mut program = Vec::new();
        if self.pooled {
            program.push(Op::Admit { place: S::ConnectionPool.index() });
        }
        let mut client = self.connect(&mut program, demand, &scale);
        let last = demand.steps.iter().rposition(|s| s.work.messages > 0.0);
        let mut snapshot = false;
        for (index, step) in demand.steps.iter().enumerate() {
            let mut inner = Vec::new();
            if step.work.sleep.get() > 0.0 {
                let time = pause(self.system, step.work.sleep.get() * scale.sleep);
                inner.push(Op::Delay { place: S::Think.index(), time });
            }
            if step.work.messages > 0.0 {
                let takes_snapshot = !snapshot && (index > 0 || demand.steps.len() == 1);
                snapshot |= takes_snapshot;
                let place =
                    Placed { first_client: std::mem::take(&mut client), takes_snapshot, last: Some(index) == last };
                self.message(&mut inner, demand, step, &scale, &place);
            }
            program.push(Op::Repeat { times: Count::Near(step.times), program: inner });
        }
        let mut on_abort = Vec::new();
        self.abort(&mut on_abort, demand, &scale);
        if self.pooled {
            program.push(Op::Leave);
            on_abort.push(Op::Leave);
        }
        Class {
            name: kind.name.clone(),
            weight: kind.share,
            program,
            on_abort,
            aborts_on_conflict: conflicts.aborts,
            retries: conflicts.retries,
        }
    }

    /// What belongs to no step: connecting, and the client's own work, which is answered.
    fn connect(&self, program: &mut Vec<Op>, demand: &TransactionDemand, scale: &Scale) -> f64 {
        let (mut server, mut client, mut trips) =
            (demand.work.server_cpu.time.get(), demand.work.client_cpu.time.get(), demand.work.round_trips);
        for step in &demand.steps {
            server -= step.times * step.work.server_cpu.time.get();
            client -= step.times * step.work.client_cpu.time.get();
            trips -= step.times * step.work.round_trips;
        }
        // What is left after a subtraction of equals is rounding.
        if trips > 1e-9 {
            program.push(self.way(trips, scale));
        }
        if server > 1e-12 {
            program.push(self.server(server * scale.server, 0.0, scale.variation));
        }
        client.max(0.0) * scale.client
    }

    /// One message and its answer.
    fn message(
        &mut self,
        out: &mut Vec<Op>,
        demand: &TransactionDemand,
        step: &StepDemand,
        scale: &Scale,
        place: &Placed,
    ) {
        let work = &step.work;
        let half_trip = self.way(0.5 * work.round_trips, scale);
        out.push(self.client(work.client_cpu.time.get() * scale.client + place.first_client, scale.variation));
        out.push(half_trip.clone());
        if place.takes_snapshot {
            out.push(Op::Snapshot);
        }
        let mut cpu = work.server_cpu.time.get() * scale.server;
        if place.takes_snapshot {
            cpu += scale.cold;
        }
        if place.last {
            cpu += scale.images;
        }
        let rows: Vec<Op> = step.locks.iter().filter_map(|l| self.lock(demand, *l, step.times)).collect();
        let reads = self.reads(work.pages * scale.reads);
        if rows.is_empty() && reads.is_none() {
            out.push(self.server(cpu, work.messages, scale.variation));
        } else {
            let (before, after) = (BEFORE_THE_ROW, 1.0 - BEFORE_THE_ROW);
            out.push(self.server(cpu * before, work.messages * before, scale.variation));
            out.extend(reads);
            out.extend(rows);
            out.push(self.server(cpu * after, work.messages * after, scale.variation));
        }
        if place.last {
            let serve =
                |station, s: S, time| Op::Serve { station, place: s.index(), time: Time::Fixed(time), crowd: 0.0 };
            out.push(serve(self.stations.wal_write, S::WalWrite, scale.wal_write));
            out.push(serve(self.stations.data_write, S::DataWrite, scale.data_write));
        }
        if work.flushes > 0.0 && scale.flushes > 0.0 {
            self.flush(out, scale.variation);
        }
        if step.ends_transaction {
            out.push(Op::Release);
        }
        out.push(half_trip);
    }

    /// Waits for the WAL to be flushed, with the CPU that comes with it.
    fn flush(&self, out: &mut Vec<Op>, variation: f64) {
        let commit = &self.system.commit;
        let place = S::WalFlush.index();
        if commit.flush > 0.0 {
            out.push(Op::Gather { batch: 0, place });
            out.push(Op::Resume { station: SERVER, place: S::ServerCpu.index(), leader: 0.0, follower: commit.wakeup });
        } else {
            out.push(self.server(commit.flush_cpu, 0.0, variation));
        }
        out.push(Op::Delay { place, time: Time::Fixed(commit.standby) });
    }

    /// What an aborted transaction still does: reads the error, and rolls back if it had begun.
    fn abort(&self, out: &mut Vec<Op>, demand: &TransactionDemand, scale: &Scale) {
        let Some(first) = demand.steps.iter().find(|s| s.work.messages > 0.0) else { return };
        out.push(self.way(0.5, scale));
        out.push(self.client(first.work.client_cpu.time.get() * scale.client, scale.variation));
        if demand.steps.len() > 1 {
            // A ROLLBACK costs what a BEGIN does: one message.
            out.push(self.way(0.5, scale));
            let cpu = first.work.server_cpu.time.get() * scale.server;
            out.push(self.server(cpu, 1.0, scale.variation));
            out.push(self.way(0.5, scale));
        }
    }

    fn lock(&mut self, demand: &TransactionDemand, index: usize, times: f64) -> Option<Op> {
        let lock = demand.locks.get(index)?;
        let (table, granule) = self.tables.find(lock.table)?;
        let groups = lock
            .popularity
            .classes
            .iter()
            .map(|c| RowGroup { probability: c.probability.clamp(0.0, 1.0), rows: (c.items / granule).max(1e-6) })
            .collect();
        self.choices.push(RowChoice { table, groups });
        Some(Op::Lock {
            choice: self.choices.len() - 1,
            rows: Count::Near(lock.rows / times.max(f64::MIN_POSITIVE) / granule),
            mode: lock.mode as u8,
            wait: match lock.wait {
                LockWait::Block => Wait::Block,
                LockWait::SkipLocked => Wait::Skip(SKIPPED_ROWS),
                LockWait::NoWait => Wait::Fail,
            },
            place: S::RowLocks.index(),
        })
    }

    fn reads(&self, mean: f64) -> Option<Op> {
        if mean <= 0.0 {
            return None;
        }
        let together = (mean / SINGLE_READS).max(1.0);
        let read = self.system.storage.read * self.steady.conditions.device_stretch * together;
        let place = S::DataRead.index();
        let serve = Op::Serve { station: self.stations.read, place, time: Time::Exponential(read), crowd: 0.0 };
        Some(Op::Repeat { times: Count::Poisson(mean / together), program: vec![serve] })
    }

    fn server(&self, mean: f64, crowd: f64, cv: f64) -> Op {
        Op::Serve { station: SERVER, place: S::ServerCpu.index(), time: varying(mean, cv), crowd }
    }

    /// So many round trips, or part of one, on the wire.
    fn way(&self, trips: f64, scale: &Scale) -> Op {
        let mean = trips * scale.round_trip;
        let spread = self.system.trip_variation * trips.sqrt();
        let time = if mean > 0.0 { varying(mean, spread / mean) } else { Time::Fixed(0.0) };
        Op::Delay { place: S::Network.index(), time }
    }

    fn client(&self, mean: f64, cv: f64) -> Op {
        let (place, time) = (S::ClientCpu.index(), varying(mean, cv));
        match self.stations.client {
            Some(station) => Op::Serve { station, place, time, crowd: 0.0 },
            None => Op::Delay { place, time },
        }
    }
}

/// Where a message stands in its transaction.
struct Placed {
    /// Client CPU of the whole transaction, done before its first message, seconds.
    first_client: f64,
    takes_snapshot: bool,
    last: bool,
}
