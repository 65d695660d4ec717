//! Which pairs of transactions can wait for one another's locks, and which can deadlock.
//!
//! Two transactions collide when both lock the same row (table, number) in modes that conflict. They deadlock when
//! each already holds what the other asks for next: A locks x then y, B locks y then x.

use crate::access::Lockable;
use crate::demand::{LockDemand, TransactionDemand};
use crate::model::mix::merge;
use crate::schema::TableId;
use crate::sql::tree::{LockMode, LockWait};

/// Two transaction types that can meet at a lock.
#[derive(Debug, Clone, PartialEq)]
pub struct Collision {
    /// The two types, by place; equal when two of one type meet.
    pub kinds: (usize, usize),
    /// The table; `TableId::MAX` for an advisory lock.
    pub table: TableId,
    /// Rows, the table as a whole, or a number.
    pub of: Lockable,
    /// The strongest modes with which they meet.
    pub modes: (LockMode, LockMode),
    /// Probability that one execution of each wants the same thing.
    pub probability: f64,
    /// Whether one of them waits; otherwise it skips the row or fails at once.
    pub waits: bool,
}

/// Two transaction types that can deadlock.
#[derive(Debug, Clone, PartialEq)]
pub struct Deadlock {
    /// The two types, by place.
    pub kinds: (usize, usize),
    /// For each, the lock it holds and the lock it waits for, by place in its `locks`.
    pub locks: [(usize, usize); 2],
    /// Probability that one execution of each wants both things that the other has.
    pub probability: f64,
}

/// A lock that a transaction takes for the first time, or more strongly than before.
#[derive(Debug, Clone, Copy)]
struct Taken<'d> {
    place: usize,
    step: usize,
    lock: &'d LockDemand,
    /// Held before in a weaker mode.
    stronger: bool,
}

/// Locks of one transaction in the order they are taken; what it holds already as strongly is left out.
fn taken(demand: &TransactionDemand) -> Vec<Taken<'_>> {
    let mut all: Vec<Taken<'_>> = Vec::new();
    for (step, step_demand) in demand.steps.iter().enumerate() {
        for &place in &step_demand.locks {
            let Some(lock) = demand.locks.get(place) else { continue };
            let known = |t: &&Taken<'_>| same_rows(t.lock, lock);
            let earlier = all.iter().filter(known).map(|t| t.lock.mode).max();
            if earlier.is_none_or(|mode| mode < lock.mode) {
                all.push(Taken { place, step, lock, stronger: earlier.is_some() });
            }
        }
    }
    all
}

/// Whether two locks of one transaction are on the very same rows.
fn same_rows(a: &LockDemand, b: &LockDemand) -> bool {
    let whole = |l: &LockDemand| !matches!(l.of, Lockable::Row);
    a.table == b.table && a.of.same_kind(b.of) && (a.which.is_some() || whole(a)) && a.which == b.which
}

/// How often, on average, one execution of each wants the same thing; 0 when their modes agree.
fn meetings(a: &LockDemand, b: &LockDemand) -> f64 {
    if a.table != b.table || !a.of.same_kind(b.of) || !a.mode.conflicts(b.mode) {
        return 0.0;
    }
    merge(&[(a.rows, &a.popularity), (b.rows, &b.popularity)])
        .iter()
        .map(|s| s.draws[0] * s.draws[1] / s.items.max(1.0))
        .sum()
}

fn probability(meetings: f64) -> f64 {
    1.0 - (-meetings).exp()
}

fn pairs(demands: &[TransactionDemand]) -> impl Iterator<Item = (usize, usize)> {
    let count = demands.len();
    (0..count).flat_map(move |a| (a..count).map(move |b| (a, b)))
}

/// All pairs that can meet, most likely first.
#[must_use]
pub fn collisions(demands: &[TransactionDemand]) -> Vec<Collision> {
    let locks: Vec<Vec<Taken<'_>>> = demands.iter().map(taken).collect();
    let mut found: Vec<Collision> = Vec::new();
    let mut sums: Vec<f64> = Vec::new();
    for (first, second) in pairs(demands) {
        for a in &locks[first] {
            for b in &locks[second] {
                let often = meetings(a.lock, b.lock);
                if often <= 0.0 {
                    continue;
                }
                let waits = a.lock.wait == LockWait::Block || b.lock.wait == LockWait::Block;
                let same =
                    |c: &Collision| c.kinds == (first, second) && c.table == a.lock.table && c.of.same_kind(a.lock.of);
                // A row locked twice, more strongly the second time, is met once.
                let again = a.stronger || b.stronger;
                if let Some(at) = found.iter().position(same) {
                    let c = &mut found[at];
                    sums[at] = if again { sums[at].max(often) } else { sums[at] + often };
                    c.modes = (c.modes.0.max(a.lock.mode), c.modes.1.max(b.lock.mode));
                    c.waits |= waits;
                } else {
                    let modes = (a.lock.mode, b.lock.mode);
                    let (kinds, table, of) = ((first, second), a.lock.table, a.lock.of);
                    found.push(Collision { kinds, table, of, modes, probability: 0.0, waits });
                    sums.push(often);
                }
            }
        }
    }
    for (collision, sum) in found.iter_mut().zip(sums) {
        collision.probability = probability(sum);
    }
    found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    found
}

/// All pairs that can deadlock, most likely first; of several ways the likeliest.
#[must_use]
pub fn deadlocks(demands: &[TransactionDemand]) -> Vec<Deadlock> {
    let locks: Vec<Vec<Taken<'_>>> = demands.iter().map(taken).collect();
    let mut found = Vec::new();
    for (first, second) in pairs(demands) {
        let (a, b) = (orders(&locks[first]), orders(&locks[second]));
        let mut best: Option<Deadlock> = None;
        for (held_a, wanted_a) in &a {
            for (held_b, wanted_b) in &b {
                let within = |held: &Taken<'_>, wanted: &Taken<'_>| held.place == wanted.place;
                // Rows that one statement locks come in the same order each time it runs.
                if first == second && within(held_a, wanted_a) && within(held_b, wanted_b) && held_a.step == held_b.step
                {
                    continue;
                }
                if wanted_a.lock.wait != LockWait::Block || wanted_b.lock.wait != LockWait::Block {
                    continue;
                }
                let chance = probability(meetings(wanted_a.lock, held_b.lock))
                    * probability(meetings(held_a.lock, wanted_b.lock));
                if chance > best.as_ref().map_or(0.0, |d| d.probability) {
                    let locks = [(held_a.place, wanted_a.place), (held_b.place, wanted_b.place)];
                    best = Some(Deadlock { kinds: (first, second), locks, probability: chance });
                }
            }
        }
        found.extend(best);
    }
    found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    found
}

/// Pairs of a lock held and one wanted after it; a statement that locks several rows holds one while it wants another.
fn orders<'t, 'd>(locks: &'t [Taken<'d>]) -> Vec<(&'t Taken<'d>, &'t Taken<'d>)> {
    let mut found = Vec::new();
    for (at, held) in locks.iter().enumerate() {
        if held.lock.rows > 1.0 {
            found.push((held, held));
        }
        found.extend(locks[at + 1..].iter().map(|wanted| (held, wanted)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Popularity;
    use crate::demand::{StepDemand, Work};

    fn lock(table: TableId, which: &str, rows: f64, mode: LockMode) -> LockDemand {
        LockDemand {
            table,
            of: Lockable::Row,
            rows,
            mode,
            wait: LockWait::Block,
            popularity: Popularity::uniform(10.0),
            which: Some(which.to_owned()),
            held: Work::default(),
        }
    }

    fn transaction(locks: Vec<LockDemand>) -> TransactionDemand {
        let steps = (0..locks.len()).map(|n| StepDemand { times: 1.0, locks: vec![n], ..StepDemand::default() });
        TransactionDemand { steps: steps.collect(), locks, ..TransactionDemand::default() }
    }

    use LockMode::{KeyShare, NoKeyUpdate, Share, Update};

    #[test]
    fn two_of_one_row_each_among_ten_meet_once_in_ten() {
        let demands = [transaction(vec![lock(0, "id = $1", 1.0, NoKeyUpdate)])];
        let found = collisions(&demands);
        assert_eq!(found.len(), 1);
        assert!((found[0].probability - (1.0 - (-0.1_f64).exp())).abs() < 1e-12, "{found:?}");
        assert!(deadlocks(&demands).is_empty());
    }

    #[test]
    fn checks_of_a_parent_do_not_meet_updates_of_its_other_columns() {
        let demands = [
            transaction(vec![lock(0, "id = $1", 1.0, KeyShare)]),
            transaction(vec![lock(0, "id = $1", 1.0, NoKeyUpdate)]),
            transaction(vec![lock(0, "id = $1", 1.0, Update)]),
        ];
        let met: Vec<_> = collisions(&demands).iter().map(|c| c.kinds).collect();
        assert!(!met.contains(&(0, 0)) && !met.contains(&(0, 1)));
        assert!(met.contains(&(0, 2)) && met.contains(&(1, 1)) && met.contains(&(1, 2)) && met.contains(&(2, 2)));
    }

    #[test]
    fn opposite_orders_deadlock_and_equal_orders_do_not() {
        let there = transaction(vec![lock(0, "id = $1", 1.0, NoKeyUpdate), lock(1, "id = $2", 1.0, NoKeyUpdate)]);
        let back = transaction(vec![lock(1, "id = $1", 1.0, NoKeyUpdate), lock(0, "id = $2", 1.0, NoKeyUpdate)]);
        let found = deadlocks(&[there, back]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kinds, found[0].locks), ((0, 1), [(0, 1), (0, 1)]));
    }

    #[test]
    fn two_rows_of_one_table_in_any_order_deadlock_with_themselves() {
        let transfer = transaction(vec![lock(0, "id = $1", 1.0, NoKeyUpdate), lock(0, "id = $2", 1.0, NoKeyUpdate)]);
        assert_eq!(deadlocks(&[transfer]).len(), 1);
        let twice = transaction(vec![lock(0, "id = $1", 1.0, NoKeyUpdate), lock(0, "id = $1", 1.0, NoKeyUpdate)]);
        assert!(deadlocks(&[twice]).is_empty());
    }

    #[test]
    fn a_shared_lock_made_stronger_deadlocks_with_itself() {
        let upgrade = transaction(vec![lock(0, "id = $1", 1.0, Share), lock(0, "id = $1", 1.0, NoKeyUpdate)]);
        assert_eq!(deadlocks(&[upgrade]).len(), 1);
    }

    #[test]
    fn many_rows_of_one_statement_deadlock_with_another_statement_only() {
        let all = transaction(vec![lock(0, "kind = $1", 5.0, NoKeyUpdate)]);
        assert!(deadlocks(std::slice::from_ref(&all)).is_empty());
        let others = transaction(vec![lock(0, "priority = $1", 5.0, NoKeyUpdate)]);
        assert_eq!(deadlocks(&[all, others]).len(), 1);
    }
}
