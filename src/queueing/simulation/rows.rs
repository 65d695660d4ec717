//! Customers and rows: what is drawn, waited for, handed over and given up.

use crate::queueing::simulation::engine::{Customer, DEADLOCK, Engine, Stage};
use crate::queueing::simulation::locks::Answer;
use crate::queueing::simulation::model::{Count, RowChoice, Wait};
use crate::queueing::simulation::random::Random;
use crate::queueing::simulation::steps::{Next, draw_count};

/// A choice of rows, ready to draw from.
pub(super) struct Draw {
    /// Table, in the upper bits of a row's key.
    base: u64,
    /// (cumulative probability, first row, rows).
    groups: Vec<(f64, f64, f64)>,
}

pub(super) fn draw_table(choice: &RowChoice) -> Draw {
    let (mut sum, mut first) = (0.0, 0.0);
    let groups = choice.groups.iter().map(|g| {
        sum += g.probability;
        first += g.rows;
        (sum, first - g.rows, g.rows)
    });
    Draw { base: u64::from(choice.table) << 48, groups: groups.collect() }
}

impl Engine<'_> {
    /// Releases locks; those who get their turn have to be handed the row.
    pub(super) fn release(&mut self, c: u32, committed: Option<f64>) {
        self.locks.release(c, committed);
        for k in 0..self.locks.grants.len() {
            let grant = self.locks.grants[k];
            let waiter = grant.customer;
            self.leave(waiter);
            self.customers[waiter as usize].stage = Stage::Granted;
            match self.model.handover {
                Some(h) if h.time > 0.0 => {
                    self.customers[waiter as usize].stage = Stage::Handover;
                    let work = h.time * f64::from(grant.waited);
                    self.enter(waiter, h.place as u32);
                    self.serve(waiter, h.station as u32, h.place as u32, work);
                }
                _ => self.ready.push_back(waiter),
            }
        }
    }

    pub(super) fn lock(&mut self, c: u32, choice: u32, rows: Count, mode: u8, wait: Wait, place: u32) -> Next {
        let customer = &mut self.customers[c as usize];
        let mut granted = customer.stage == Stage::Granted;
        customer.stage = Stage::Step;
        if !granted {
            want(&self.draws[choice as usize], &mut self.random, customer, rows);
        }
        let aborts = self.model.classes[customer.class as usize].aborts_on_conflict;
        while let Some(&key) = self.customers[c as usize].wanted.last() {
            let mut taken = key;
            if !granted {
                let mut answer = self.locks.request(c, key, mode, wait == Wait::Block);
                if let Wait::Skip(tries) = wait {
                    for further in 1..=u64::from(tries) {
                        if answer != Answer::Refused {
                            break;
                        }
                        taken = key + further;
                        answer = self.locks.request(c, taken, mode, false);
                    }
                }
                match (answer, wait) {
                    (Answer::Waiting, _) => {
                        self.enter(c, place);
                        self.customers[c as usize].waits_since = self.now;
                        self.expect_deadlock(c);
                        return Next::Blocked;
                    }
                    (Answer::Refused, Wait::Fail) => return Next::Abort,
                    (Answer::Refused | Answer::Granted, _) => {}
                }
            }
            granted = false;
            let customer = &mut self.customers[c as usize];
            customer.wanted.pop();
            if aborts && self.locks.version(taken) > customer.snapshot {
                return Next::Abort;
            }
        }
        Next::Continue
    }

    /// When a new waiter closes a circle, the first of the circle whose timeout comes finds it.
    fn expect_deadlock(&mut self, c: u32) {
        if !self.locks.holds_any(c) || !self.locks.deadlocked(c) {
            return;
        }
        let timeout = self.model.deadlock_timeout;
        let circle = self.locks.circle(c);
        let due = |c: u32| self.customers[c as usize].waits_since + timeout;
        let victim = circle.into_iter().filter(|v| due(*v) >= self.now).min_by(|a, b| due(*a).total_cmp(&due(*b)));
        if let Some(victim) = victim {
            let at = due(victim);
            self.calendar.add(at, DEADLOCK | victim);
        }
    }

    pub(super) fn look_for_deadlock(&mut self, c: u32) {
        // Somebody else may have broken the circle meanwhile.
        if self.locks.deadlocked(c) {
            self.tally.deadlock();
            self.leave(c);
            self.abort(c);
            self.ready.push_back(c);
        }
    }
}

/// Draws the rows that a customer will lock, in the order of their keys from the last to the first.
fn want(draw: &Draw, random: &mut Random, customer: &mut Customer, rows: Count) {
    customer.wanted.clear();
    for _ in 0..draw_count(random, rows) {
        let at = customer.rows.uniform();
        let group = draw.groups.partition_point(|g| g.0 <= at);
        // Draws beyond the last group hit nothing.
        if let Some(&(_, first, rows)) = draw.groups.get(group) {
            let row = (first + customer.rows.uniform() * rows) as u64;
            customer.wanted.push(draw.base | row);
        }
    }
    customer.wanted.sort_unstable_by(|a, b| b.cmp(a));
}
