//! Batch servers at work: all who wait when a service starts are served by it.

use crate::queueing::simulation::engine::{BATCH, Engine, NONE, Stage};
use crate::queueing::simulation::program::Step;

/// A batch server at work.
#[derive(Debug)]
pub(super) struct Gathering {
    pub waiting: Vec<u32>,
    pub serving: Vec<u32>,
    pub busy: bool,
    /// When the present service started.
    pub started: f64,
    /// The customer that started it.
    pub leader: u32,
    /// The customer that is on its way to start the next service.
    pub restarting: u32,
    /// Whether that customer was served by a service that somebody else started.
    pub served_late: bool,
}

impl Default for Gathering {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            serving: Vec::new(),
            busy: false,
            started: 0.0,
            leader: NONE,
            restarting: NONE,
            served_late: false,
        }
    }
}

impl Gathering {
    /// All who wait are being served.
    pub fn start(&mut self, now: f64) {
        std::mem::swap(&mut self.waiting, &mut self.serving);
        self.busy = true;
        self.started = now;
    }

    /// Those who have been served; the list comes back by [`Self::take_back`].
    pub fn end(&mut self) -> Vec<u32> {
        self.busy = false;
        std::mem::take(&mut self.serving)
    }

    /// Keeps the list's memory for later batches.
    pub fn take_back(&mut self, mut served: Vec<u32>) {
        served.clear();
        self.serving = served;
    }
}

impl Engine<'_> {
    pub(super) fn gather(&mut self, c: u32, batch: u32, place: u32) {
        self.enter(c, place);
        self.customers[c as usize].leads = false;
        let b = &mut self.batches[batch as usize];
        b.waiting.push(c);
        if !b.busy {
            // Whoever was about to start it finds its work done when it gets there.
            self.start_batch(batch, c);
        }
    }

    fn start_batch(&mut self, batch: u32, leader: u32) {
        let b = &mut self.batches[batch as usize];
        b.start(self.now);
        b.leader = leader;
        self.tally.batch(b.serving.len());
        let customer = &mut self.customers[leader as usize];
        customer.leads = true;
        match self.model.batches[batch as usize].lead {
            Some(work) if work.time > customer.credit => {
                customer.stage = Stage::Lead;
                let time = work.time - std::mem::take(&mut customer.credit);
                self.serve(leader, work.station as u32, work.place as u32, time);
            }
            _ => self.batch_under_way(batch),
        }
    }

    pub(super) fn lead_ends(&mut self, c: u32) {
        self.customers[c as usize].stage = Stage::Step;
        if let Step::Gather { batch, .. } = self.code.steps[self.customers[c as usize].step as usize] {
            self.batch_under_way(batch);
        }
    }

    /// Only time is needed for the service to end.
    fn batch_under_way(&mut self, batch: u32) {
        let time = self.model.batches[batch as usize].time.draw(&mut self.random);
        self.calendar.add(self.now + time, BATCH | batch);
    }

    /// The time of a service is over; its leader needs a server of its own to say so.
    pub(super) fn batch_ends(&mut self, batch: u32) {
        let leader = self.batches[batch as usize].leader;
        match self.model.batches[batch as usize].finish {
            Some(work) if work.time > 0.0 => {
                self.customers[leader as usize].stage = Stage::Finish;
                self.serve(leader, work.station as u32, work.place as u32, work.time);
            }
            _ => self.batch_released(batch),
        }
    }

    pub(super) fn finish_ends(&mut self, c: u32) {
        self.customers[c as usize].stage = Stage::Step;
        if let Step::Gather { batch, .. } = self.code.steps[self.customers[c as usize].step as usize] {
            self.batch_released(batch);
        }
    }

    fn batch_released(&mut self, batch: u32) {
        let restarting = self.batches[batch as usize].restarting;
        let served = self.batches[batch as usize].end();
        self.tally.batch_busy(self.batches[batch as usize].started, self.now);
        let leader = self.batches[batch as usize].leader;
        let mut late = false;
        for &c in &served {
            if c == restarting {
                // It goes on when it gets to the station and finds that others were faster.
                late = true;
                continue;
            }
            self.customers[c as usize].step += 1;
            self.leave(c);
            if c != leader {
                self.ready.push_back(c);
            }
        }
        let b = &mut self.batches[batch as usize];
        b.take_back(served);
        b.served_late |= late;
        // The leader wakes the served, then the rest of those who wait, and only then goes on itself.
        self.settle();
        self.restart(batch);
        self.ready.push_back(leader);
    }

    /// Has the first of those who wait start the next batch.
    fn restart(&mut self, batch: u32) {
        let b = &mut self.batches[batch as usize];
        if b.busy || b.restarting != NONE {
            return;
        }
        let Some(&first) = b.waiting.first() else { return };
        match self.model.batches[batch as usize].restart {
            Some(r) if r.time > 0.0 => {
                b.restarting = first;
                let customer = &mut self.customers[first as usize];
                customer.stage = Stage::Restart;
                customer.credit = r.time;
                self.serve(first, r.station as u32, r.place as u32, r.time);
            }
            _ => self.start_batch(batch, first),
        }
    }

    pub(super) fn restart_ends(&mut self, c: u32) {
        let step = self.code.steps[self.customers[c as usize].step as usize];
        let Step::Gather { batch, .. } = step else { return };
        self.customers[c as usize].stage = Stage::Step;
        let b = &mut self.batches[batch as usize];
        b.restarting = NONE;
        if std::mem::take(&mut b.served_late) {
            self.customers[c as usize].step += 1;
            self.leave(c);
            self.ready.push_back(c);
            self.restart(batch);
        } else if !b.busy {
            self.start_batch(batch, c);
        }
    }
}
