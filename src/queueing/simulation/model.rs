//! What is simulated, as inert data: stations, batch servers, rows, and a program per class.

use crate::queueing::simulation::random::Random;

/// Modes of row locks that the conflict matrix can tell apart.
pub const MODES: usize = 8;
/// How deep repeats may nest.
pub const DEPTH: usize = 3;

/// A whole model.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Names of the places where time is spent; statistics are kept by place.
    pub places: Vec<String>,
    /// Servers with queues in front.
    pub stations: Vec<Station>,
    /// Servers that serve all who wait at once.
    pub batches: Vec<BatchServer>,
    /// Customers that may be admitted at once; `None`: any number.
    pub capacity: Option<u32>,
    /// Row locks: by mode, the set of modes it conflicts with, as bits.
    pub conflicts: [u8; MODES],
    /// Modes whose holders leave a new version of the row behind when they commit, as bits.
    pub versions: u8,
    /// Ways to draw a row.
    pub choices: Vec<RowChoice>,
    /// What a hand-over of a row lock costs.
    pub handover: Option<Handover>,
    /// Service that grows with the number of customers about.
    pub crowding: Option<Crowding>,
    /// Time a customer waits for a lock before it looks for a deadlock, seconds.
    pub deadlock_timeout: f64,
    /// Classes.
    pub classes: Vec<Class>,
    /// How customers come.
    pub load: Load,
}

/// How customers come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Load {
    /// So many customers, each of which thinks after each transaction.
    Closed {
        /// Customers.
        customers: u32,
        /// Think time.
        think: Time,
        /// Where it is counted.
        place: usize,
    },
    /// Poisson arrivals.
    Open {
        /// Transactions per second.
        rate: f64,
    },
}

impl Default for Load {
    fn default() -> Self {
        Self::Closed { customers: 0, think: Time::Fixed(0.0), place: 0 }
    }
}

/// A time that may be random.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Time {
    /// Always the same, seconds.
    Fixed(f64),
    /// Uniform around a mean.
    Uniform {
        /// Mean, seconds.
        mean: f64,
        /// Coefficient of variation, at most 1/sqrt(3).
        cv: f64,
    },
    /// Exponential with this mean, seconds.
    Exponential(f64),
}

impl Time {
    /// Mean, seconds.
    #[must_use]
    pub const fn mean(self) -> f64 {
        match self {
            Self::Fixed(mean) | Self::Uniform { mean, .. } | Self::Exponential(mean) => mean,
        }
    }

    /// Draws one.
    #[inline]
    pub fn draw(self, random: &mut Random) -> f64 {
        match self {
            Self::Fixed(mean) => mean,
            // A uniform distribution reaches sqrt(3) standard deviations to either side.
            Self::Uniform { mean, cv } => mean * (1.0 + cv * 1.732_050_807_568_877_2 * (2.0 * random.uniform() - 1.0)),
            Self::Exponential(mean) => mean * random.exponential(),
        }
    }
}

/// Servers with one queue, first come first served.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// Its name, for messages.
    pub name: String,
    /// Customers served at once; `u32::MAX` makes it processor sharing.
    pub slots: u32,
    /// Work done per second with 1, 2, ... in service; the last holds for all more. They share it
    /// evenly.
    pub speeds: Vec<f64>,
}

impl Station {
    /// `servers` servers of speed 1, first come first served.
    #[must_use]
    pub fn servers(name: &str, servers: u32) -> Self {
        Self { name: name.into(), slots: servers, speeds: (1..=servers).map(f64::from).collect() }
    }

    /// `servers` servers of speed 1 whose work is shared by all who are there.
    #[must_use]
    pub fn sharing(name: &str, servers: u32) -> Self {
        Self { slots: u32::MAX, ..Self::servers(name, servers) }
    }
}

/// A server that takes all who wait when it starts; those who come meanwhile wait for the next start.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchServer {
    /// Its name, for messages.
    pub name: String,
    /// Time of one service, whatever the size of the batch.
    pub time: Time,
    /// What the first of those who wait must do before the next service starts; whoever comes
    /// meanwhile starts it at once.
    pub restart: Option<Restart>,
    /// What the one who starts a service does first, while the server is busy already; less what its
    /// restart has taken.
    pub lead: Option<Restart>,
    /// What the same customer does when the service is over, before anybody goes on.
    pub finish: Option<Restart>,
}

/// Work that comes with starting a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Restart {
    /// At which station.
    pub station: usize,
    /// Where the work is counted; the customer itself stays at the batch server.
    pub place: usize,
    /// Work, seconds.
    pub time: f64,
}

/// A way to draw a row of a table: groups of equally likely rows.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChoice {
    /// Which table; rows of different tables never meet.
    pub table: u16,
    /// The groups; probabilities add up to at most 1, and the rest of the draws hit nothing.
    pub groups: Vec<RowGroup>,
}

/// Equally likely rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowGroup {
    /// Probability of the whole group.
    pub probability: f64,
    /// Rows in it; groups follow each other in the table.
    pub rows: f64,
}

/// What one who has waited for a row does when it gets it: `time` for each who waited, itself included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Handover {
    /// At which station.
    pub station: usize,
    /// Where it is counted.
    pub place: usize,
    /// Seconds per waiter.
    pub time: f64,
}

/// Service that grows with the number of customers about.
#[derive(Debug, Clone, PartialEq)]
pub struct Crowding {
    /// Customers at these places are counted.
    pub places: Vec<usize>,
    /// Seconds per unit of `Serve::crowd` with 0, 1, 2, ... of them there; may be negative. The last
    /// holds for all more.
    pub seconds: Vec<f64>,
    /// A service is never shortened below this share of its own time.
    pub least: f64,
}

/// A kind of transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Relative frequency.
    pub weight: f64,
    /// What it does, in order.
    pub program: Vec<Op>,
    /// What it does after an abort, its locks released, before it repeats or is lost.
    pub on_abort: Vec<Op>,
    /// Whether a row that somebody else changed since its snapshot makes it abort.
    pub aborts_on_conflict: bool,
    /// Whether it repeats after an abort, with the same rows.
    pub retries: bool,
}

/// What happens at a locked row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Wait, first come first served.
    Block,
    /// Try the rows that follow, up to this many, then go on without.
    Skip(u32),
    /// Abort.
    Fail,
}

/// How often something is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Count {
    /// One of the two whole numbers next to the mean.
    Near(f64),
    /// Poisson with this mean.
    Poisson(f64),
}

/// One thing that a customer does.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Be served at a station.
    Serve {
        /// Which.
        station: usize,
        /// Where it is counted.
        place: usize,
        /// Work.
        time: Time,
        /// Units of crowding added to the work.
        crowd: f64,
    },
    /// Wait for nobody.
    Delay {
        /// Where it is counted.
        place: usize,
        /// How long.
        time: Time,
    },
    /// Join the next batch and wait until it has been served.
    Gather {
        /// Which batch server.
        batch: usize,
        /// Where it is counted.
        place: usize,
    },
    /// After a batch: be served, the one who started the batch for `leader`, others for `follower`.
    Resume {
        /// Which station.
        station: usize,
        /// Where it is counted.
        place: usize,
        /// Work of the one who started the batch, less what the restart has taken, seconds.
        leader: f64,
        /// Work of each of the others, seconds.
        follower: f64,
    },
    /// Lock rows, in their order, to keep until [`Op::Release`].
    Lock {
        /// How to draw them.
        choice: usize,
        /// How many.
        rows: Count,
        /// Mode, below [`MODES`].
        mode: u8,
        /// What happens at a locked row.
        wait: Wait,
        /// Where waiting is counted.
        place: usize,
    },
    /// Later changes by others are conflicts.
    Snapshot,
    /// Commit: release all locks, leave new versions behind.
    Release,
    /// Wait to be admitted.
    Admit {
        /// Where waiting is counted.
        place: usize,
    },
    /// Make room for the next.
    Leave,
    /// Do a list of things some times.
    Repeat {
        /// How often.
        times: Count,
        /// What.
        program: Vec<Op>,
    },
}

/// What is wrong with a model, with the name of what it is wrong with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the simulation's {part} is invalid: {reason}")]
pub struct ModelError {
    /// Station, batch server or class.
    pub part: String,
    /// What is wrong.
    pub reason: String,
}
