//! Aborts of the first-updater-wins rule (repeatable read and above), and the attempts they waste.
//!
//! A transaction whose snapshot is older than another's commit on a row that it comes to write fails there, waits
//! for the row included, and is done again. With `l` commits a second on a row, the attempt survives a row when no
//! other commits on it between the snapshot and the moment at which it has the row, nor holds it then (who holds it
//! has come within the last hold time H and will commit): `exp(-l (t + H))`, t the time from the snapshot to the
//! row. A second attempt after a wait begins when the row is free, so that no H
//! counts for it. Attempts that fail add the work done before the failure, without a flush, and keep their earlier rows until
//! then. Throughput, times and failures depend on each other: a fixed point around the solution of the system.

use crate::model::closed::WHAT_IF;
use crate::model::locks::{HoldTimes, LockClass, Taker};
use crate::model::simulate::Conflicts;
use crate::model::steady::Steady;
use crate::model::system::{Demand, System};
use crate::model::{open, system::Arrivals};
use crate::queueing::QueueingError;
use crate::sql::tree::LockMode;

/// Rounds of the fixed point; ten are many.
const MAX_ROUNDS: usize = 60;

/// A solved system with its failed attempts.
#[derive(Debug, Clone)]
pub struct Retried {
    /// The system with the work of failed attempts added to its transactions.
    pub system: System,
    /// Its solution.
    pub steady: Steady,
    /// Failed attempts per committed transaction, by kind.
    pub failed: Vec<f64>,
}

/// How the attempts of one kind fail.
#[derive(Debug, Clone, Default)]
struct Failures {
    /// Failed attempts per committed transaction.
    attempts: f64,
    /// Where they fail: the class, the place of its taker, and the share of failures; in the order of a transaction.
    at: Vec<(usize, usize, f64)>,
}

/// Solves a system in which some kinds fail on rows that others have changed; `rollback` is what a failed attempt
/// does after the failure.
///
/// # Errors
/// Those of [`open::solve`].
pub fn solve(system: &System, conflicts: &[Conflicts], rollback: &Demand) -> Result<Retried, QueueingError> {
    let mut failures = vec![Failures::default(); system.kinds.len()];
    let mut steady = open::solve_to(system, None, WHAT_IF)?;
    let (mut damping, mut last_change) = (1.0_f64, f64::INFINITY);
    for _ in 0..MAX_ROUNDS {
        let next = failing(system, &steady, conflicts);
        let change = failures
            .iter()
            .zip(&next)
            .map(|(old, new)| (new.attempts - old.attempts).abs() / (1.0 + old.attempts))
            .fold(0.0, f64::max);
        if change < WHAT_IF {
            break;
        }
        // Many failures mean little throughput, which means few failures: full steps would swing.
        damping = if change > 0.7 * last_change { (0.5 * damping).max(0.05) } else { (1.2 * damping).min(1.0) };
        last_change = change;
        for (old, new) in failures.iter_mut().zip(next) {
            let attempts = old.attempts + damping * (new.attempts - old.attempts);
            *old = Failures { attempts, ..new };
        }
        steady = open::solve_to(&with_failures(system, &failures, rollback), Some(&steady), WHAT_IF)?;
    }
    let system = with_failures(system, &failures, rollback);
    let steady = open::solve(&system, Some(&steady))?;
    Ok(Retried { system, steady, failed: failures.iter().map(|f| f.attempts).collect() })
}

/// Failures at one solution.
fn failing(system: &System, steady: &Steady, conflicts: &[Conflicts]) -> Vec<Failures> {
    let times = HoldTimes::read(system, &steady.conditions, &steady.residence, steady.server_cpu);
    let inside = match system.arrivals {
        Arrivals::Closed { clients, .. } => clients.min(system.admitted).max(1.0),
        Arrivals::Open { rate } => (rate * steady.latency(0.0)).max(1.0),
    };
    let others = match system.arrivals {
        Arrivals::Closed { .. } => (inside - 1.0) / inside,
        Arrivals::Open { .. } => 1.0,
    };
    let one = |(kind, conflicts): (usize, &Conflicts)| {
        if !conflicts.aborts {
            return Failures::default();
        }
        let demand = &system.kinds[kind].demand;
        let whole = times.of(demand);
        // The snapshot is the first statement's: a BEGIN comes before it.
        let begin = if demand.messages > 2.0 { (whole - demand.flushes * times.flush) / demand.messages } else { 0.0 };
        let mut order: Vec<(f64, usize, usize)> = takers(system)
            .filter(|(_, _, _, t)| t.kind == kind && writes(t.mode))
            .map(|(class, place, _, t)| (times.of(&t.held), class, place))
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut alive, mut again, mut at) = (1.0, 1.0_f64, Vec::new());
        let mut exposed = 0.0;
        for (held, class, place) in order {
            let locks = &system.locks[class];
            let rows_per_attempt = locks.takers[place].takes / system.kinds[kind].share.max(f64::MIN_POSITIVE);
            let before = (whole - begin - held).max(0.0);
            let rate = steady.throughput * others / locks.rows * rows_per_attempt;
            let (mut commits, mut under_way) = (0.0, 0.0);
            for rival in rivals(locks, &locks.takers[place]) {
                commits += rate * rival.takes * before;
                under_way += rate * rival.takes * times.of(&rival.held);
            }
            // Who failed on a commit, not by waiting, finds the row as likely held as before.
            let both = commits + under_way;
            again *= (-commits - if both > 0.0 { under_way * commits / both } else { 0.0 }).exp();
            let fails = alive * -(-both).exp_m1();
            alive -= fails;
            exposed += fails * before;
            at.push((class, place, fails));
        }
        let failed = (1.0 - alive).max(f64::MIN_POSITIVE);
        at.iter_mut().for_each(|a| a.2 /= failed);
        exposed /= failed;
        let attempts = (failed / again.max(f64::MIN_POSITIVE)).min(most_attempts(inside - 1.0, whole, exposed, begin));
        Failures { attempts, at }
    };
    conflicts.iter().enumerate().map(one).collect()
}

/// Failed attempts per commit where all `others` want the same row: a commit fails each of them that has a snapshot,
/// and they have one for `exposed` seconds of each attempt, which lasts as long and a BEGIN more when it fails, `whole`
/// when it succeeds.
fn most_attempts(others: f64, whole: f64, exposed: f64, begin: f64) -> f64 {
    // a (a (exposed + begin) + whole) = others exposed (a + 1)
    let (square, linear, constant) = (exposed + begin, others * exposed - whole, others * exposed);
    let root = (linear + (linear * linear + 4.0 * square * constant).sqrt()) / (2.0 * square);
    if root.is_finite() { root } else { others }
}

/// All takers with their class and place.
fn takers(system: &System) -> impl Iterator<Item = (usize, usize, &LockClass, &Taker)> {
    let places = |(class, locks)| {
        let locks: &LockClass = locks;
        locks.takers.iter().enumerate().map(move |(place, taker)| (class, place, locks, taker))
    };
    system.locks.iter().enumerate().flat_map(places)
}

/// Whether a mode is that of a new version of the row.
fn writes(mode: LockMode) -> bool {
    matches!(mode, LockMode::NoKeyUpdate | LockMode::Update)
}

/// Who else makes new versions of the rows that a taker wants.
fn rivals<'a>(locks: &'a LockClass, taker: &'a Taker) -> impl Iterator<Item = &'a Taker> {
    locks.takers.iter().filter(|r| writes(r.mode) && r.mode.conflicts(taker.mode))
}

/// The system with the work of failed attempts added.
fn with_failures(system: &System, failures: &[Failures], rollback: &Demand) -> System {
    let mut out = system.clone();
    for (kind, failures) in failures.iter().enumerate().filter(|(_, f)| f.attempts > 0.0) {
        let full = system.kinds[kind].demand;
        for (nth, (class, place, share)) in failures.at.iter().enumerate() {
            let often = failures.attempts * share;
            let fatal = &system.locks[*class].takers[*place];
            out.kinds[kind].demand.add(&full, often);
            out.kinds[kind].demand.add(&fatal.held, -often);
            out.kinds[kind].demand.add(rollback, often);
            // Who fails at a row has waited for whoever held it, and then leaves it alone.
            out.locks[*class].takers.push(Taker {
                takes: fatal.takes * often,
                held: Demand::default(),
                ..fatal.clone()
            });
            for (class, place, _) in &failures.at[..nth] {
                let earlier = &system.locks[*class].takers[*place];
                let mut held = earlier.held;
                held.add(&fatal.held, -1.0);
                out.locks[*class].takers.push(Taker { takes: earlier.takes * often, held, ..earlier.clone() });
            }
        }
    }
    let mut work = Demand::default();
    for kind in &out.kinds {
        work.add(&kind.demand, kind.share);
    }
    out.work = work;
    out
}
