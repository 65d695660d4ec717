//! Convoys: a queue for one row that keeps itself going.
//!
//! Handing a row over takes the longer the more wait for it, so a queue that has once become long makes its
//! row slow and stays long, while the other rows stand nearly free. The balance of arrivals and holds then has
//! three solutions: few wait, many wait for one row, and one between that neither state returns from. Which of
//! the outer two rules follows from the birth-death chain of the number at the row: its weight grows by
//! `rho(q) = arrivals per hold` with each further waiter, so the state with many waiters weighs
//! `exp(sum ln rho)` times that with few (Gibbens, Hunt and Kelly 1990 on such bistability). Holds that vary
//! less than exponential ones make both the ridge between the states and the difference of their weights steeper, by
//! `2 / (1 + v^2)` (diffusion with the variances of arrivals and holds).

use crate::machine::coefficients::shape::{HELD_THROUGHOUT, HIGHEST_RIDGE, LEAST_CONVOY};
use crate::model::closed::{Entry, Search};
use crate::model::locks::{HoldTimes, LockClass};
use crate::model::steady::{Apart, Steady};
use crate::model::system::System;
use crate::queueing::QueueingError;

/// Shares of the transactions inside that do not wait, at which the balance is looked at.
const SCAN: [f64; 9] = [0.01, 0.03, 0.06, 0.12, 0.2, 0.32, 0.5, 0.7, 0.9];
/// Classes of fewer rows are not taken apart.
const ONE_ROW: f64 = 1.5;

/// The state with a convoy, where there is one and it is the one that rules.
pub(super) fn convoy(
    system: &System,
    n: f64,
    entry: Entry,
    usual: &Steady,
    precision: f64,
) -> Result<Option<Steady>, QueueingError> {
    let Some(Candidate { index, queue: usual_queue, rho }) = candidate(system, n, usual) else { return Ok(None) };
    let rows = system.locks[index].rows;
    let apart = taken_apart(system, index);
    let mut search = Search::new(&apart, n, entry, Some(usual), precision);
    let (mut low, mut found) = (0.0, None);
    let mut profile: Vec<(f64, f64)> = Vec::new();
    for share in SCAN {
        let a = share * n;
        search.wait_at(index);
        let slack = search.slack(a)?;
        if found.is_none() {
            if slack > 0.0 {
                found = Some((low, a));
            } else {
                low = a;
            }
        }
        let (queue, rho) = search.row(index, a);
        if queue < usual_queue + 1.0 {
            break;
        }
        if found.is_some() {
            profile.push((queue, rho.max(f64::MIN_POSITIVE).ln()));
        }
    }
    let Some((low, high)) = found else { return Ok(None) };
    let steeper = 2.0 / (1.0 + system.hold_variation * system.hold_variation).min(2.0);
    if !rules(&profile, (usual_queue, rho.max(f64::MIN_POSITIVE).ln()), rows, steeper) {
        return Ok(None);
    }
    search.wait_at(index);
    let (a, evaluation) = search.between(0.5 * (low + high), low, high)?;
    let (queue, _) = search.row(index, a);
    if queue < usual_queue + 1.0 {
        return Ok(None);
    }
    let mut steady = search.steady(a, evaluation);
    steady.iterations += usual.iterations;
    steady.convoy = Some(Apart { class: index, rows, locks: apart.locks });
    Ok(Some(steady))
}

/// The state with a convoy that a similar system has, here; `None` where that one has none, where there are more or
/// fewer rows now, or where the queue dissolves.
pub(super) fn followed(
    system: &System,
    n: f64,
    entry: Entry,
    start: &Steady,
    precision: f64,
) -> Result<Option<Steady>, QueueingError> {
    let Some(convoy) = &start.convoy else { return Ok(None) };
    let index = convoy.class;
    if system.locks.get(index).is_none_or(|class| class.rows != convoy.rows) {
        return Ok(None);
    }
    let apart = taken_apart(system, index);
    let mut search = Search::new(&apart, n, entry, Some(start), precision);
    search.wait_at(index);
    let (a, evaluation) = search.population(Some(start))?;
    if search.row(index, a).0 < LEAST_CONVOY {
        return Ok(None);
    }
    let mut steady = search.steady(a, evaluation);
    steady.convoy = Some(Apart { class: index, rows: convoy.rows, locks: apart.locks });
    Ok(Some(steady))
}

/// The system with one row of a class as a class of its own.
fn taken_apart(system: &System, index: usize) -> System {
    let mut apart = system.clone();
    apart.locks.splice(index..=index, one_apart(&system.locks[index]));
    apart
}

/// A class whose rows may have a convoy, and how one of them is in the usual solution.
struct Candidate {
    index: usize,
    /// Waiters.
    queue: f64,
    /// Arrivals per hold.
    rho: f64,
}

/// The class of the row that would be busiest if all waited for it, where it would be too busy.
fn candidate(system: &System, n: f64, usual: &Steady) -> Option<Candidate> {
    if system.lock_handover <= 0.0 || n < 3.0 {
        return None;
    }
    let times = HoldTimes::read(system, &usual.conditions, &usual.residence, usual.server_cpu);
    let load = |class: &LockClass, waiters: f64| -> f64 {
        let handover = system.lock_handover * waiters;
        let waiting = class.takers.iter().filter(|t| t.waits);
        usual.throughput * waiting.map(|t| t.takes * (times.of(&t.held) + handover)).sum::<f64>() / class.rows
    };
    let (index, class) = system
        .locks
        .iter()
        .enumerate()
        .max_by(|a, b| load(a.1, n).total_cmp(&load(b.1, n)))
        .filter(|c| load(c.1, n) > 1.0 && c.1.rows >= 1.0)?;
    let takers = usual.waits.takers(&system.locks).filter(|t| t.0 == index);
    let queue = usual.throughput * takers.map(|(_, _, taker, wait, _)| taker.takes * wait).sum::<f64>() / class.rows;
    let rho = load(class, queue).min(1.0);
    // The only row of its kind has no other solution when it is busy already.
    (class.rows >= ONE_ROW || rho < HELD_THROUGHOUT).then_some(Candidate { index, queue, rho })
}

/// One row of a class, and the rest of it.
fn one_apart(class: &LockClass) -> Vec<LockClass> {
    let part = |rows: f64| {
        let mut part = LockClass { rows, ..class.clone() };
        part.takers.iter_mut().for_each(|t| t.takes *= rows / class.rows);
        part
    };
    if class.rows < ONE_ROW { vec![class.clone()] } else { vec![part(1.0), part(class.rows - 1.0)] }
}

/// Whether the state with many waiters weighs more than that with few, and is reached at all. `profile` is
/// (queue, ln rho), from many to few; `usual` is the same of the usual state.
fn rules(profile: &[(f64, f64)], usual: (f64, f64), rows: f64, steeper: f64) -> bool {
    let (mut weight, mut lowest) = (0.0_f64, 0.0_f64);
    let (mut queue, mut slope) = usual;
    for (further, ln_rho) in profile.iter().rev() {
        weight += 0.5 * (slope + ln_rho) * (further - queue);
        lowest = lowest.min(weight);
        (queue, slope) = (*further, *ln_rho);
    }
    steeper * weight + rows.ln() > 0.0 && steeper * -lowest < HIGHEST_RIDGE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heavier_state_rules_unless_the_ridge_is_too_high() {
        // ln rho is -0.1 up to the ridge at 11 and +0.1 from 12 on: the state at 41 weighs exp(1.9) more than that at 1.
        let (profile, usual) = ([(41.0, 0.1), (12.0, 0.1), (11.0, -0.1)], (1.0, -0.1));
        assert!(rules(&profile, usual, 1.0, 1.0));
        assert!(!rules(&profile[1..], usual, 1.0, 1.0));
        // Twenty times as steep, the ridge of one is beyond reach.
        assert!(!rules(&profile, usual, 1.0, 20.0));
        // Any of many rows may be the one.
        assert!(rules(&profile[1..], usual, 10.0, 1.0));
    }
}
