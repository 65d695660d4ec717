//! What is counted while the simulation runs.

use crate::queueing::simulation::histogram::Histogram;

/// A transaction that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Completion {
    pub class: u32,
    pub latency: f64,
    pub committed: bool,
}

/// Counts of one class.
#[derive(Debug, Clone, Default)]
pub struct ClassTally {
    /// Latencies of committed transactions, seconds.
    pub latency: Histogram,
    /// Aborts, repeated or not.
    pub aborts: u64,
    /// Transactions given up.
    pub lost: u64,
}

/// All counts since the last [`Tally::clear`].
#[derive(Debug, Clone)]
pub struct Tally {
    /// When counting began.
    pub since: f64,
    /// By place: customer seconds spent, and work brought.
    pub places: Vec<(f64, f64)>,
    /// By class.
    pub classes: Vec<ClassTally>,
    /// Batches started, customers in them, and time that a batch was under way.
    pub batches: (u64, u64, f64),
    /// Deadlocks found.
    pub deadlocks: u64,
    /// The last transaction that was completed and not yet looked at.
    pub(super) last: Vec<Completion>,
}

impl Tally {
    pub(super) fn new(places: usize, classes: usize) -> Self {
        Self {
            since: 0.0,
            places: vec![(0.0, 0.0); places],
            classes: vec![ClassTally::default(); classes],
            batches: (0, 0, 0.0),
            deadlocks: 0,
            last: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self, now: f64) {
        self.since = now;
        self.places.fill((0.0, 0.0));
        for class in &mut self.classes {
            class.latency.clear();
            (class.aborts, class.lost) = (0, 0);
        }
        self.batches = (0, 0, 0.0);
        self.deadlocks = 0;
    }

    #[inline]
    pub(super) fn stay(&mut self, place: u32, from: f64, to: f64) {
        self.places[place as usize].0 += to - from.max(self.since);
    }

    #[inline]
    pub(super) fn work(&mut self, place: u32, work: f64) {
        self.places[place as usize].1 += work;
    }

    pub(super) fn complete(&mut self, completion: Completion) {
        let class = &mut self.classes[completion.class as usize];
        if completion.committed {
            class.latency.add(completion.latency);
            self.last.push(completion);
        } else {
            class.lost += 1;
        }
    }

    pub(super) fn abort(&mut self, class: u32) {
        self.classes[class as usize].aborts += 1;
    }

    pub(super) fn deadlock(&mut self) {
        self.deadlocks += 1;
    }

    pub(super) fn batch(&mut self, size: usize) {
        self.batches.0 += 1;
        self.batches.1 += size as u64;
    }

    pub(super) fn batch_busy(&mut self, from: f64, to: f64) {
        self.batches.2 += to - from.max(self.since);
    }
}
