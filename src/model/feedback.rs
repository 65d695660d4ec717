//! What a flow does to the demands that it came from: the conditions of the next round of the fixed point.

use crate::machine::coefficients::shape::{LEAST_MEETING, LONGEST_LEAD, SELDOM_ALONE};
use crate::model::caches::Away;
use crate::model::closed::{Entry, Evaluation, Search};
use crate::model::commit::{batch_in_step, batch_size, phase, step};
use crate::model::locks::{HoldTimes, handover_cpu};
use crate::model::network::{Conditions, Flow};
use crate::model::regularity::{between_visits, randomness};
use crate::model::station::StationName as S;
use crate::model::system::ClientCpu;

/// A device is never taken to be busier than this when its delay is computed; throughput is capped
/// at its capacity separately.
const MAX_DEVICE_UTILIZATION: f64 = 0.95;

impl Search<'_> {
    /// Server CPU per transaction for handing locks over, seconds, with `n - a` waiting.
    pub(super) fn handover(&self, a: f64) -> f64 {
        handover_cpu(&self.system.locks, &self.shares, (self.n - a).max(0.0), self.system.lock_handover)
    }

    /// The conditions that the flow would bring about.
    pub(super) fn next_conditions(&self, a: f64, evaluation: &Evaluation) -> Conditions {
        let system = self.system;
        let (flow, x) = (&evaluation.flow, evaluation.flow.throughput);
        let cores = system.effective_cores();
        let client = if matches!(system.client, ClientCpu::Shared) { system.work.client_cpu } else { 0.0 };
        let stretch = 1.0 / (1.0 - evaluation.utilization.min(MAX_DEVICE_UTILIZATION));
        let flush = system.commit.flush * stretch;
        let own = flow.server_cpu + client;
        let serial = system.release(self.conditions.batch, if self.entry == Entry::AtRandom { 0.0 } else { own });
        // The leader waits for a core twice: when it is woken, and when the disk is done.
        let most = LONGEST_LEAD * (flush + system.commit.flush_cpu);
        let queued_lead = system.commit.flush_cpu + (2.0 * self.core_wait(flow, own)).min(most);
        let exclusion = self.network.exclusion();
        let rate = x * system.work.flushes * (1.0 - exclusion);
        let batch = batch_size(rate, flush + queued_lead, serial);
        let cycle = flush + queued_lead + serial * (self.conditions.batch - 1.0);
        // What a client does between two flushes; who comes from outside has met none.
        let (elsewhere, variance) = match self.entry {
            Entry::AtRandom => (f64::INFINITY, f64::INFINITY),
            _ => {
                let whole = self.n / x;
                let rows = ((self.n - a) / x).max(0.0);
                let variance = between_visits(self.cycle.elsewhere + rows * rows, whole, system.work.flushes);
                // A leader's CPU is part of the flush, not of what comes before it.
                let leads = system.work.flushes * system.commit.flush_cpu / self.conditions.batch;
                let elsewhere = whole - flow.residence[S::WalFlush.index()] - leads;
                (elsewhere.max(0.0) / system.work.flushes, variance + self.cycle.flush)
            }
        };
        let random = randomness(variance, cycle, 0.0);
        // Flushes that there are clients for while one of them is away; below 1 they need not meet.
        let room = self.n * cycle / (cycle + elsewhere);
        let batch = batch_in_step(batch, rate * cycle, random, a);
        Conditions {
            batch,
            lead: queued_lead,
            phase: self.phase(evaluation, cycle, (elsewhere, variance.sqrt()))
                * (random + (1.0 - random) * step(room))
                * self.never_alone(flow, a, random, room),
            switch: system.switches.per_message(self.n / cores.max(1.0), system.variety),
            handover: self.handover(a),
            cold: system.cold(&self.away(flow, batch), self.n, x, x * (flow.server_cpu + client) / cores),
            images: evaluation.checkpoint.images * system.checkpoints.image_cpu,
            wal_bytes: evaluation.checkpoint.wal_bytes,
            device_stretch: stretch,
        }
    }

    /// When a transaction leaves the server's CPU and comes back.
    fn away(&self, flow: &Flow, batch: f64) -> [Away; 4] {
        let work = &self.system.work;
        let at = |s: S| flow.residence[s.index()];
        let per = |time: f64, count: f64| if count > 0.0 { time / count } else { 0.0 };
        let pause = at(S::Think);
        // A client on the same cores leaves them no idler than the server does.
        let client = if matches!(self.system.client, ClientCpu::Shared) { 0.0 } else { at(S::ClientCpu) };
        let trip = per(at(S::Network) + client, work.messages);
        // Of those whom one flush releases, the first finds the core idle.
        let flushes = work.flushes / batch.max(1.0);
        [
            Away { visits: f64::from(u8::from(pause > 0.0)), time: pause },
            Away { visits: flushes, time: per(at(S::WalFlush), work.flushes) },
            Away { visits: work.reads, time: per(at(S::DataRead), work.reads) },
            Away { visits: if trip > 0.0 { work.messages } else { 0.0 }, time: trip },
        ]
    }

    /// How much of a cycle a commit waits for its own flush: who has waited for a row comes as soon after a
    /// flush as it takes to do what is done with the row; the others after `elsewhere` seconds.
    fn phase(&self, evaluation: &Evaluation, cycle: f64, (elsewhere, spread): (f64, f64)) -> f64 {
        // Waits for a core are left out: where batches set the pace they count as part of the flush.
        let times = HoldTimes { cpu_wait: 0.0, ..self.hold_times(&evaluation.flow) };
        let (mut handed, mut after) = (0.0, 0.0);
        for (_, _, taker, _, probability) in self.waits.takers(&self.system.locks) {
            if taker.waits && taker.held.flushes > 0.0 {
                let often = taker.takes * probability;
                handed += often;
                after += often * (times.of(&taker.held) - taker.held.flushes * times.flush).max(0.0);
            }
        }
        let alone = phase(cycle, elsewhere, spread);
        if handed <= 0.0 {
            return alone;
        }
        let share = (handed / self.system.work.flushes).min(1.0);
        let after = after / handed;
        share * phase(cycle, after, after) + (1.0 - share) * alone
    }

    /// By how much longer the waits for a flush of the network have to be for the mean wait to be right: the network has
    /// clients come at random and meet others only while the disk is at work, which matters where there are few.
    fn never_alone(&self, flow: &Flow, a: f64, random: f64, room: f64) -> f64 {
        if a > SELDOM_ALONE || a <= 1.0 || self.system.commit.flush <= 0.0 {
            return 1.0;
        }
        let (network, whole) = self.network.meets(a, flow, &self.conditions);
        let in_step = (1.0 - random) * step(room);
        (in_step + (1.0 - in_step) * whole) / network.max(LEAST_MEETING)
    }

    /// Wait for a core at one visit, seconds, where a transaction has `own` seconds of CPU on these cores.
    fn core_wait(&self, flow: &Flow, own: f64) -> f64 {
        let work = &self.system.work;
        let sides = if matches!(self.system.client, ClientCpu::Shared) { 2.0 } else { 1.0 };
        (flow.stretch - 1.0).max(0.0) * own / (sides * work.messages + work.flushes).max(1.0)
    }
}
