//! The simulation at work: customers go through their programs, event by event.

use std::collections::VecDeque;

use crate::queueing::simulation::batches::Gathering;
use crate::queueing::simulation::calendar::{Calendar, Event};
use crate::queueing::simulation::locks::Locks;
use crate::queueing::simulation::model::{DEPTH, Load, Model, ModelError};
use crate::queueing::simulation::program::{Code, compile};
use crate::queueing::simulation::random::{Random, SplitMix};
use crate::queueing::simulation::rows::{Draw, draw_table};
use crate::queueing::simulation::stations::{Schedule, Servers};
use crate::queueing::simulation::tally::Tally;

pub(super) const NONE: u32 = u32::MAX;
/// Bits of an event's `what` that hold a number; those above say of what.
const NUMBER_BITS: u32 = 29;

/// Kinds of events.
pub(super) const CUSTOMER: u32 = 0;
const STATION: u32 = 1 << NUMBER_BITS;
pub(super) const BATCH: u32 = 2 << NUMBER_BITS;
const ARRIVAL: u32 = 3 << NUMBER_BITS;
pub(super) const DEADLOCK: u32 = 4 << NUMBER_BITS;

/// Where in its present step a customer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// At its beginning, or in its only part.
    Step,
    /// Has got the row it waited for.
    Granted,
    /// Does the work that comes with a hand-over.
    Handover,
    /// Is about to start the next batch.
    Restart,
    /// Has started a batch and does the work that comes first.
    Lead,
    /// Ends the service of a batch that it has started.
    Finish,
    /// Between transactions.
    Think,
}

#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) step: u32,
    pub(super) class: u32,
    /// Where it is, and since when; `NONE` between places.
    pub(super) place: u32,
    pub(super) since: f64,
    /// Where it is served, if it is, and where that is counted.
    pub(super) station: u32,
    served_for: u32,
    pub(super) stage: Stage,
    /// Has started the batch it was in.
    pub(super) leads: bool,
    /// Work already done for starting the batch.
    pub(super) credit: f64,
    pub(super) left: [u32; DEPTH],
    pub(super) born: f64,
    pub(super) snapshot: f64,
    /// When it began to wait for a row.
    pub(super) waits_since: f64,
    /// Draws of rows, and where they began.
    pub(super) rows: SplitMix,
    pub(super) rows_first: SplitMix,
    /// Rows still to be locked, the next one last.
    pub(super) wanted: Vec<u64>,
}

impl Customer {
    const fn new() -> Self {
        Self {
            step: 0,
            class: 0,
            place: NONE,
            since: 0.0,
            station: NONE,
            served_for: NONE,
            stage: Stage::Step,
            leads: false,
            credit: 0.0,
            left: [0; DEPTH],
            born: 0.0,
            snapshot: 0.0,
            waits_since: 0.0,
            rows: SplitMix(0),
            rows_first: SplitMix(0),
            wanted: Vec::new(),
        }
    }
}

/// A customer between the end of a service and what it does next, its server still its own: nobody takes a
/// core from a process that does not block. The place tells client and server apart, two processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Keeper {
    customer: u32,
    station: u32,
    place: u32,
}

/// A running simulation.
pub(super) struct Engine<'a> {
    pub(super) model: &'a Model,
    pub(super) code: Code,
    pub(super) draws: Vec<Draw>,
    /// Cumulative weights of the classes.
    mix: Vec<f64>,
    pub(super) random: Random,
    pub now: f64,
    pub events: u64,
    pub(super) calendar: Calendar,
    pub(super) customers: Vec<Customer>,
    pub(super) free: Vec<u32>,
    pub(super) ready: VecDeque<u32>,
    stations: Vec<Servers>,
    /// Who is done at a station and has not yet given up its server.
    keeper: Option<Keeper>,
    pub(super) batches: Vec<Gathering>,
    pub(super) locks: Locks,
    pub(super) room: u32,
    pub(super) outside: VecDeque<u32>,
    /// Customers at places that crowd, and which places those are.
    pub(super) about: usize,
    crowds: Vec<bool>,
    pub tally: Tally,
}

impl<'a> Engine<'a> {
    /// Compiles the model and lets the first customers in.
    pub fn new(model: &'a Model, seed: u64) -> Result<Self, ModelError> {
        let code = compile(model)?;
        let mut sum = 0.0;
        let mix = model.classes.iter().map(|c| {
            sum += c.weight;
            sum
        });
        let mut crowds = vec![false; model.places.len()];
        for place in model.crowding.iter().flat_map(|c| &c.places) {
            crowds[*place] = true;
        }
        let mut engine = Self {
            mix: mix.collect(),
            draws: model.choices.iter().map(draw_table).collect(),
            random: Random::new(seed),
            now: 0.0,
            events: 0,
            calendar: Calendar::default(),
            customers: Vec::new(),
            free: Vec::new(),
            ready: VecDeque::new(),
            stations: model.stations.iter().map(Servers::new).collect(),
            keeper: None,
            batches: model.batches.iter().map(|_| Gathering::default()).collect(),
            locks: Locks::new(model.conflicts, model.versions),
            room: model.capacity.unwrap_or(u32::MAX),
            outside: VecDeque::new(),
            about: 0,
            crowds,
            tally: Tally::new(model.places.len(), model.classes.len()),
            model,
            code,
        };
        match model.load {
            Load::Closed { customers, think, place } => {
                for _ in 0..customers {
                    let c = engine.customer();
                    // Customers begin somewhere in their think time, not all at once.
                    let first = think.mean() * engine.random.uniform();
                    engine.pause(c, place as u32, first);
                }
            }
            Load::Open { rate } => {
                let first = engine.random.exponential() / rate;
                engine.calendar.add(first, ARRIVAL);
            }
        }
        engine.settle();
        Ok(engine)
    }

    /// Does the next event and all that follows from it at the same moment; false when nothing is
    /// left to happen.
    #[inline]
    pub fn step(&mut self) -> bool {
        let Some(event) = self.calendar.next() else { return false };
        self.now = event.time;
        self.events += 1;
        let number = event.what & ((1 << NUMBER_BITS) - 1);
        match event.what - number {
            CUSTOMER => self.customer_ends(number),
            STATION => self.station_ends(number, event),
            BATCH => self.batch_ends(number),
            ARRIVAL => self.arrival(),
            _ => self.look_for_deadlock(number),
        }
        self.settle();
        true
    }

    /// Customers in the system, thinking ones included.
    pub fn population(&self) -> usize {
        self.customers.len() - self.free.len()
    }

    /// Starts all statistics anew.
    pub fn forget(&mut self) {
        self.tally.clear(self.now);
    }

    /// Adds what is still under way to the statistics, at the end.
    pub fn close(&mut self) {
        for c in self.customers.iter().filter(|c| c.place != NONE) {
            self.tally.stay(c.place, c.since, self.now);
        }
        for b in self.batches.iter().filter(|b| b.busy) {
            self.tally.batch_busy(b.started, self.now);
        }
    }

    pub(super) fn settle(&mut self) {
        while let Some(c) = self.ready.pop_front() {
            self.advance(c);
        }
    }

    fn customer(&mut self) -> u32 {
        match self.free.pop() {
            Some(c) => c,
            None => {
                self.customers.push(Customer::new());
                let c = self.customers.len() as u32 - 1;
                self.locks.reserve(c);
                c
            }
        }
    }

    fn arrival(&mut self) {
        if let Load::Open { rate } = self.model.load {
            let next = self.now + self.random.exponential() / rate;
            self.calendar.add(next, ARRIVAL);
            let c = self.customer();
            self.begin(c);
        }
    }

    /// A new transaction.
    pub(super) fn begin(&mut self, c: u32) {
        let last = self.mix.len() - 1;
        let class = if last == 0 {
            0
        } else {
            let at = self.random.uniform() * self.mix[last];
            self.mix.partition_point(|m| *m <= at).min(last)
        };
        let seed = SplitMix(self.random.bits());
        let now = self.now;
        let start = self.code.start[class];
        let customer = &mut self.customers[c as usize];
        customer.class = class as u32;
        customer.step = start;
        customer.stage = Stage::Step;
        customer.born = now;
        customer.snapshot = now;
        customer.rows = seed;
        customer.rows_first = seed;
        self.ready.push_back(c);
    }

    /// Thinks, then begins.
    pub(super) fn pause(&mut self, c: u32, place: u32, time: f64) {
        if time <= 0.0 {
            self.begin(c);
            return;
        }
        self.customers[c as usize].stage = Stage::Think;
        self.enter(c, place);
        self.calendar.add(self.now + time, CUSTOMER | c);
    }

    #[inline]
    pub(super) fn enter(&mut self, c: u32, place: u32) {
        let customer = &mut self.customers[c as usize];
        customer.place = place;
        customer.since = self.now;
        self.about += usize::from(self.crowds[place as usize]);
    }

    #[inline]
    pub(super) fn leave(&mut self, c: u32) {
        let customer = &mut self.customers[c as usize];
        let place = std::mem::replace(&mut customer.place, NONE);
        if place != NONE {
            self.tally.stay(place, customer.since, self.now);
            self.about -= usize::from(self.crowds[place as usize]);
        }
    }

    #[inline]
    fn schedule(&mut self, station: u32, schedule: Schedule) {
        match schedule {
            Schedule::Nothing => {}
            Schedule::Customer(c, at) => {
                self.calendar.add(at, CUSTOMER | c);
            }
            Schedule::Station(at) => {
                let tie = self.calendar.add(at, STATION | station);
                self.stations[station as usize].scheduled(tie);
            }
        }
    }

    /// Brings work to a station; where the customer is counted is up to the caller.
    #[inline]
    pub(super) fn serve(&mut self, c: u32, station: u32, place: u32, work: f64) {
        self.tally.work(place, work);
        let customer = &mut self.customers[c as usize];
        (customer.station, customer.served_for) = (station, place);
        let servers = &mut self.stations[station as usize];
        let schedule = if self.keeper == Some(Keeper { customer: c, station, place }) {
            self.keeper = None;
            servers.go_on(self.now, c, work)
        } else {
            servers.arrive(self.now, c, work)
        };
        self.schedule(station, schedule);
    }

    #[inline]
    fn customer_ends(&mut self, c: u32) {
        let station = std::mem::replace(&mut self.customers[c as usize].station, NONE);
        if station == NONE {
            self.part_done(c);
        } else {
            self.service_ends(c, station);
        }
    }

    fn station_ends(&mut self, station: u32, event: Event) {
        if let Some(c) = self.stations[station as usize].end_shared(self.now, event.tie) {
            self.customers[c as usize].station = NONE;
            self.service_ends(c, station);
        }
    }

    /// A service is over: the customer does what follows at once, and keeps its server if that is more
    /// work there.
    #[inline]
    fn service_ends(&mut self, c: u32, station: u32) {
        self.keeper = Some(Keeper { customer: c, station, place: self.customers[c as usize].served_for });
        self.part_done(c);
        // It is the only one that is ready, or the first.
        if let Some(first) = self.ready.pop_front() {
            self.advance(first);
        }
        if self.keeper.take().is_some() {
            let schedule = self.stations[station as usize].give_up(self.now);
            self.schedule(station, schedule);
        }
    }

    /// A service or delay of a customer is over.
    #[inline]
    fn part_done(&mut self, c: u32) {
        let customer = &mut self.customers[c as usize];
        match customer.stage {
            Stage::Step | Stage::Granted => {
                customer.step += 1;
                self.leave(c);
                self.ready.push_back(c);
            }
            Stage::Handover => {
                customer.stage = Stage::Granted;
                self.leave(c);
                self.ready.push_back(c);
            }
            Stage::Restart => self.restart_ends(c),
            Stage::Lead => self.lead_ends(c),
            Stage::Finish => self.finish_ends(c),
            Stage::Think => {
                self.leave(c);
                self.begin(c);
            }
        }
    }
}
