//! One customer goes through its program.

use crate::queueing::simulation::engine::{CUSTOMER, Engine, Stage};
use crate::queueing::simulation::model::{Count, Load};
use crate::queueing::simulation::program::Step;
use crate::queueing::simulation::random::Random;
use crate::queueing::simulation::tally::Completion;

/// How a step ended.
pub(super) enum Next {
    /// The next step follows at once.
    Continue,
    /// Something has to happen first.
    Blocked,
    /// The transaction aborts.
    Abort,
}

impl Engine<'_> {
    /// Goes through steps until one of them takes time.
    pub(super) fn advance(&mut self, c: u32) {
        loop {
            let step = self.code.steps[self.customers[c as usize].step as usize];
            let next = match step {
                Step::Serve { station, place, time, crowd } => {
                    let mut work = time.draw(&mut self.random);
                    if crowd != 0.0 {
                        work = self.crowded(work, crowd);
                    }
                    self.visit(c, station, place, work)
                }
                Step::Delay { place, time } => {
                    let time = time.draw(&mut self.random);
                    if time > 0.0 {
                        self.enter(c, place);
                        self.calendar.add(self.now + time, CUSTOMER | c);
                        Next::Blocked
                    } else {
                        Next::Continue
                    }
                }
                Step::Gather { batch, place } => {
                    self.gather(c, batch, place);
                    Next::Blocked
                }
                Step::Resume { station, place, leader, follower } => {
                    let customer = &mut self.customers[c as usize];
                    let spent = std::mem::take(&mut customer.credit);
                    let work = if std::mem::take(&mut customer.leads) { leader } else { follower };
                    self.visit(c, station, place, (work - spent).max(0.0))
                }
                Step::Lock { choice, rows, mode, wait, place } => self.lock(c, choice, rows, mode, wait, place),
                Step::Snapshot => {
                    self.customers[c as usize].snapshot = self.now;
                    Next::Continue
                }
                Step::Release => {
                    self.release(c, Some(self.now));
                    Next::Continue
                }
                Step::Admit { place } => {
                    if self.room > 0 {
                        self.room -= 1;
                        Next::Continue
                    } else {
                        self.enter(c, place);
                        self.outside.push_back(c);
                        Next::Blocked
                    }
                }
                Step::Leave => {
                    match self.outside.pop_front() {
                        Some(next) => {
                            self.leave(next);
                            self.customers[next as usize].step += 1;
                            self.ready.push_back(next);
                        }
                        None => self.room += 1,
                    }
                    Next::Continue
                }
                Step::Begin { .. } | Step::Again { .. } => {
                    self.repeat(c, step);
                    continue;
                }
                Step::Commit => {
                    self.complete(c, true);
                    return;
                }
                Step::Aborted => {
                    self.aborted(c);
                    return;
                }
            };
            match next {
                Next::Continue => self.customers[c as usize].step += 1,
                Next::Blocked => return,
                Next::Abort => self.abort(c),
            }
        }
    }

    fn visit(&mut self, c: u32, station: u32, place: u32, work: f64) -> Next {
        if work <= 0.0 {
            return Next::Continue;
        }
        self.enter(c, place);
        self.serve(c, station, place, work);
        Next::Blocked
    }

    /// Work that depends on how many customers are about, the new one included.
    fn crowded(&self, work: f64, units: f64) -> f64 {
        let Some(crowding) = &self.model.crowding else { return work };
        let seconds = crowding.seconds[(self.about + 1).min(crowding.seconds.len() - 1)];
        (work + units * seconds).max(crowding.least * work)
    }

    fn repeat(&mut self, c: u32, step: Step) {
        let customer = &mut self.customers[c as usize];
        match step {
            Step::Begin { depth, times, behind } => {
                let n = draw_count(&mut self.random, times);
                customer.left[usize::from(depth)] = n;
                customer.step = if n == 0 { behind } else { customer.step + 1 };
            }
            Step::Again { depth, first } => {
                let left = &mut customer.left[usize::from(depth)];
                *left -= 1;
                customer.step = if *left == 0 { customer.step + 1 } else { first };
            }
            _ => {}
        }
    }

    fn complete(&mut self, c: u32, committed: bool) {
        // A program may end without releasing; nobody must be left waiting for it.
        if self.locks.holds_any(c) {
            self.release(c, committed.then_some(self.now));
        }
        let (class, born) = (self.customers[c as usize].class, self.customers[c as usize].born);
        self.tally.complete(Completion { class, latency: self.now - born, committed });
        match self.model.load {
            Load::Closed { think, place, .. } => {
                let time = think.draw(&mut self.random);
                self.pause(c, place as u32, time);
            }
            Load::Open { .. } => self.free.push(c),
        }
    }

    pub(super) fn abort(&mut self, c: u32) {
        self.release(c, None);
        let customer = &mut self.customers[c as usize];
        self.tally.abort(customer.class);
        customer.wanted.clear();
        customer.stage = Stage::Step;
        customer.step = self.code.abort[customer.class as usize];
    }

    fn aborted(&mut self, c: u32) {
        let customer = &mut self.customers[c as usize];
        if self.model.classes[customer.class as usize].retries {
            customer.rows = customer.rows_first;
            customer.step = self.code.start[customer.class as usize];
            self.ready.push_back(c);
        } else {
            self.complete(c, false);
        }
    }
}

pub(super) fn draw_count(random: &mut Random, count: Count) -> u32 {
    match count {
        Count::Near(mean) => random.round(mean),
        Count::Poisson(mean) => random.poisson(mean),
    }
}
