//! Stations: a queue in front of slots that share a speed.

use std::collections::VecDeque;

use crate::queueing::simulation::calendar::Calendar;
use crate::queueing::simulation::model::Station;

/// A station at work.
///
/// Where each customer in service is served at the same speed whatever their number, its end is known
/// at its start. Else they share a virtual clock that advances by `speed(j) / j` per second while j
/// are in service: a customer is done when the clock has advanced by its work, and only the next end
/// is scheduled.
#[derive(Debug)]
pub(super) struct Servers {
    slots: u32,
    speeds: Vec<f64>,
    /// Speed of each customer in service, when it depends on nothing.
    fixed: Option<f64>,
    serving: u32,
    queue: VecDeque<(u32, f64)>,
    clock: f64,
    read_at: f64,
    ends: Calendar,
    /// Tie of the scheduled end; an event with another tie is out of date.
    scheduled: u32,
}

/// What a caller has to schedule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Schedule {
    /// Nothing.
    Nothing,
    /// This customer's end.
    Customer(u32, f64),
    /// The station's next end, in place of the one scheduled before.
    Station(f64),
}

impl Servers {
    pub fn new(station: &Station) -> Self {
        let first = station.speeds[0];
        let even = station.speeds.iter().enumerate().all(|(j, s)| (s / (j + 1) as f64 / first - 1.0).abs() < 1e-12);
        let fixed = (even && station.speeds.len() >= station.slots as usize).then_some(first);
        Self {
            slots: station.slots,
            speeds: station.speeds.clone(),
            fixed,
            serving: 0,
            queue: VecDeque::new(),
            clock: 0.0,
            read_at: 0.0,
            ends: Calendar::default(),
            scheduled: 0,
        }
    }

    /// A customer comes with some work.
    #[inline]
    pub fn arrive(&mut self, now: f64, customer: u32, work: f64) -> Schedule {
        if self.serving < self.slots {
            self.begin(now, customer, work)
        } else {
            self.queue.push_back((customer, work));
            Schedule::Nothing
        }
    }

    /// The scheduled end of the station has come: who is done, and still has its server; `None` when the
    /// event is out of date. [`Self::go_on`] or [`Self::give_up`] must follow.
    pub fn end_shared(&mut self, now: f64, tie: u32) -> Option<u32> {
        if tie != self.scheduled {
            return None;
        }
        self.read(now);
        let done = self.ends.next()?;
        // Rounding must not leave the clock behind an end that has come.
        self.clock = self.clock.max(done.time);
        Some(done.what)
    }

    /// A customer that is done has more work for the server that it still has.
    #[inline]
    pub fn go_on(&mut self, now: f64, customer: u32, work: f64) -> Schedule {
        self.serving -= 1;
        self.begin(now, customer, work)
    }

    /// A customer that is done gives up its server; the next begins.
    #[inline]
    pub fn give_up(&mut self, now: f64) -> Schedule {
        if self.fixed.is_none() {
            self.read(now);
        }
        self.serving -= 1;
        if self.serving == 0 {
            self.clock = 0.0;
        }
        match self.queue.pop_front() {
            Some((customer, work)) => self.begin(now, customer, work),
            None if self.fixed.is_some() => Schedule::Nothing,
            None => self.next_end(now),
        }
    }

    /// Remembers the tie of the end that was scheduled.
    #[inline]
    pub fn scheduled(&mut self, tie: u32) {
        self.scheduled = tie;
    }

    #[inline]
    fn begin(&mut self, now: f64, customer: u32, work: f64) -> Schedule {
        if let Some(speed) = self.fixed {
            self.serving += 1;
            return Schedule::Customer(customer, now + work / speed);
        }
        self.read(now);
        self.serving += 1;
        self.ends.add(self.clock + work, customer);
        self.next_end(now)
    }

    /// Work done per second by each of those in service.
    fn speed(&self) -> f64 {
        let j = self.serving as usize;
        self.speeds[j.clamp(1, self.speeds.len()) - 1] / j.max(1) as f64
    }

    fn read(&mut self, now: f64) {
        if self.serving > 0 {
            self.clock += (now - self.read_at) * self.speed();
        }
        self.read_at = now;
    }

    fn next_end(&self, now: f64) -> Schedule {
        match self.ends.first() {
            Some(e) => Schedule::Station(now + (e.time - self.clock).max(0.0) / self.speed()),
            None => Schedule::Nothing,
        }
    }
}
