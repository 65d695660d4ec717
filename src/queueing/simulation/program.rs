//! From the model's nested programs to one flat list of instructions, checked on the way.

use crate::queueing::simulation::model::{Class, Count, DEPTH, Load, MODES, Model, ModelError, Op, Time, Wait};

/// One instruction. Places and stations are small numbers, so that an instruction stays small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    Serve {
        station: u32,
        place: u32,
        time: Time,
        crowd: f64,
    },
    Delay {
        place: u32,
        time: Time,
    },
    Gather {
        batch: u32,
        place: u32,
    },
    Resume {
        station: u32,
        place: u32,
        leader: f64,
        follower: f64,
    },
    Lock {
        choice: u32,
        rows: Count,
        mode: u8,
        wait: Wait,
        place: u32,
    },
    Snapshot,
    Release,
    Admit {
        place: u32,
    },
    Leave,
    /// Draws how often the block is done; goes behind it when not at all.
    Begin {
        depth: u8,
        times: Count,
        behind: u32,
    },
    /// Goes back to the block's first instruction as often as drawn.
    Again {
        depth: u8,
        first: u32,
    },
    Commit,
    /// After an abort: repeat, or be lost.
    Aborted,
}

/// The programs of all classes.
#[derive(Debug)]
pub(super) struct Code {
    pub steps: Vec<Step>,
    /// First instruction by class.
    pub start: Vec<u32>,
    /// First instruction after an abort, by class.
    pub abort: Vec<u32>,
}

/// Checks the model and flattens its programs.
pub(super) fn compile(model: &Model) -> Result<Code, ModelError> {
    check_stations(model)?;
    check_load(model)?;
    let mut code = Code { steps: Vec::new(), start: Vec::new(), abort: Vec::new() };
    for class in &model.classes {
        code.start.push(code.steps.len() as u32);
        Compiler { model, class, steps: &mut code.steps }.list(&class.program, 0)?;
        code.steps.push(Step::Commit);
        code.abort.push(code.steps.len() as u32);
        Compiler { model, class, steps: &mut code.steps }.list(&class.on_abort, 0)?;
        code.steps.push(Step::Aborted);
    }
    Ok(code)
}

fn error(part: impl Into<String>, reason: impl Into<String>) -> ModelError {
    ModelError { part: part.into(), reason: reason.into() }
}

/// A time that never ends or runs backwards would stop the clock.
fn bad(seconds: f64) -> bool {
    !seconds.is_finite() || seconds < 0.0
}

fn check_stations(model: &Model) -> Result<(), ModelError> {
    for s in &model.stations {
        let part = || format!("station {}", s.name);
        if s.slots == 0 {
            return Err(error(part(), "it serves nobody"));
        }
        if s.speeds.is_empty() || s.speeds.iter().any(|v| !v.is_finite() || *v <= 0.0) {
            return Err(error(part(), "its speeds must be positive and finite"));
        }
    }
    let known = |place: usize| place < model.places.len();
    for b in &model.batches {
        if bad(b.time.mean())
            || [b.restart, b.lead, b.finish]
                .iter()
                .flatten()
                .any(|r| r.station >= model.stations.len() || !known(r.place) || bad(r.time))
        {
            return Err(error(format!("batch server {}", b.name), "a time or station of it does not exist"));
        }
    }
    if model.handover.is_some_and(|h| h.station >= model.stations.len() || !known(h.place) || bad(h.time)) {
        return Err(error("hand-over", "its station, place or time does not exist"));
    }
    if let Some(c) = &model.crowding {
        let finite = c.seconds.iter().all(|s| s.is_finite());
        if c.seconds.is_empty() || !finite || c.places.iter().any(|p| !known(*p)) || !(0.0..=1.0).contains(&c.least) {
            return Err(error("crowding", "its places or times do not exist"));
        }
    }
    for (index, choice) in model.choices.iter().enumerate() {
        let total: f64 = choice.groups.iter().map(|g| g.probability).sum();
        let each = choice.groups.iter().any(|g| bad(g.probability) || bad(g.rows) || g.rows < 1e-9);
        if each || total > 1.0 + 1e-6 {
            return Err(error(format!("choice of rows {index}"), "its probabilities or rows are impossible"));
        }
    }
    Ok(())
}

fn check_load(model: &Model) -> Result<(), ModelError> {
    let weights: f64 = model.classes.iter().map(|c| c.weight).sum();
    if model.classes.is_empty() || !(weights > 0.0 && weights.is_finite()) {
        return Err(error("mix", "no class has a weight"));
    }
    if let Some(c) = model.classes.iter().find(|c| bad(c.weight)) {
        return Err(error(format!("class {}", c.name), "its weight is negative or not finite"));
    }
    if model.capacity == Some(0) {
        return Err(error("admission", "nobody is admitted"));
    }
    // An abort that takes no time could repeat itself without end at one moment.
    let aborts = |c: &Class| c.aborts_on_conflict || fails(&c.program);
    if let Some(c) = model.classes.iter().find(|c| aborts(c) && !takes_time(model, &c.on_abort)) {
        return Err(error(format!("class {}", c.name), "an abort takes no time"));
    }
    match model.load {
        Load::Closed { customers, think, place } => {
            // Customers are told apart by 29 bits of an event.
            if customers == 0 || customers > 1 << 28 || bad(think.mean()) || place >= model.places.len() {
                return Err(error("load", "customers, think time or its place are impossible"));
            }
            // Transactions that take no time at all would never let the clock go on.
            if think.mean() <= 0.0 && model.classes.iter().any(|c| !takes_time(model, &c.program)) {
                return Err(error("load", "a transaction takes no time, and there is no think time"));
            }
        }
        Load::Open { rate } => {
            if !rate.is_finite() || rate <= 0.0 {
                return Err(error("load", "the rate must be positive and finite"));
            }
        }
    }
    Ok(())
}

/// Whether a program has locks that abort rather than wait.
fn fails(program: &[Op]) -> bool {
    program.iter().any(|op| match op {
        Op::Lock { wait, .. } => *wait == Wait::Fail,
        Op::Repeat { program, .. } => fails(program),
        _ => false,
    })
}

/// Whether a program always takes some time.
fn takes_time(model: &Model, program: &[Op]) -> bool {
    program.iter().any(|op| match op {
        Op::Serve { time, .. } | Op::Delay { time, .. } => time.mean() > 0.0,
        Op::Gather { batch, .. } => model.batches.get(*batch).is_some_and(|b| b.time.mean() > 0.0),
        Op::Resume { leader, follower, .. } => *leader > 0.0 && *follower > 0.0,
        Op::Repeat { times: Count::Near(n), program } => *n >= 1.0 && takes_time(model, program),
        _ => false,
    })
}

struct Compiler<'a> {
    model: &'a Model,
    class: &'a Class,
    steps: &'a mut Vec<Step>,
}

impl Compiler<'_> {
    fn list(&mut self, program: &[Op], depth: usize) -> Result<(), ModelError> {
        program.iter().try_for_each(|op| self.op(op, depth))
    }

    fn op(&mut self, op: &Op, depth: usize) -> Result<(), ModelError> {
        let step = match op {
            Op::Serve { station, place, time, crowd } => Step::Serve {
                station: self.index(*station, self.model.stations.len(), "station")?,
                place: self.place(*place)?,
                time: self.time(*time)?,
                crowd: *crowd,
            },
            Op::Delay { place, time } => Step::Delay { place: self.place(*place)?, time: self.time(*time)? },
            Op::Gather { batch, place } => Step::Gather {
                batch: self.index(*batch, self.model.batches.len(), "batch server")?,
                place: self.place(*place)?,
            },
            Op::Resume { station, place, leader, follower } => {
                self.time(Time::Fixed(*leader))?;
                self.time(Time::Fixed(*follower))?;
                Step::Resume {
                    station: self.index(*station, self.model.stations.len(), "station")?,
                    place: self.place(*place)?,
                    leader: *leader,
                    follower: *follower,
                }
            }
            Op::Lock { choice, rows, mode, wait, place } => Step::Lock {
                choice: self.index(*choice, self.model.choices.len(), "choice of rows")?,
                rows: self.count(*rows)?,
                mode: self.index(usize::from(*mode), MODES, "lock mode")? as u8,
                wait: *wait,
                place: self.place(*place)?,
            },
            Op::Snapshot => Step::Snapshot,
            Op::Release => Step::Release,
            Op::Admit { place } => Step::Admit { place: self.place(*place)? },
            Op::Leave => Step::Leave,
            Op::Repeat { times, program } => return self.repeat(*times, program, depth),
        };
        self.steps.push(step);
        Ok(())
    }

    fn repeat(&mut self, times: Count, program: &[Op], depth: usize) -> Result<(), ModelError> {
        if depth >= DEPTH {
            return Err(self.error(format!("repeats are nested more than {DEPTH} deep")));
        }
        let times = self.count(times)?;
        if program.is_empty() || times == Count::Near(0.0) {
            return Ok(());
        }
        if times == Count::Near(1.0) {
            return self.list(program, depth);
        }
        let begin = self.steps.len();
        self.steps.push(Step::Begin { depth: depth as u8, times, behind: 0 });
        self.list(program, depth + 1)?;
        self.steps.push(Step::Again { depth: depth as u8, first: begin as u32 + 1 });
        self.steps[begin] = Step::Begin { depth: depth as u8, times, behind: self.steps.len() as u32 };
        Ok(())
    }

    fn error(&self, reason: String) -> ModelError {
        error(format!("class {}", self.class.name), reason)
    }

    fn index(&self, index: usize, len: usize, what: &str) -> Result<u32, ModelError> {
        if index < len { Ok(index as u32) } else { Err(self.error(format!("there is no {what} {index}"))) }
    }

    fn place(&self, place: usize) -> Result<u32, ModelError> {
        self.index(place, self.model.places.len(), "place")
    }

    fn time(&self, time: Time) -> Result<Time, ModelError> {
        let spread = if let Time::Uniform { cv, .. } = time { cv } else { 0.0 };
        // Beyond 1/sqrt(3) a uniform distribution would reach below zero.
        if bad(time.mean()) || !(0.0..=0.578).contains(&spread) {
            return Err(self.error(format!("{time:?} is not a time")));
        }
        Ok(time)
    }

    fn count(&self, count: Count) -> Result<Count, ModelError> {
        let (Count::Near(mean) | Count::Poisson(mean)) = count;
        // Counts are drawn into 32 bits.
        if bad(mean) || mean > 1e9 { Err(self.error(format!("{count:?} is not a count"))) } else { Ok(count) }
    }
}
