//! What limits, found by relieving each station in turn.

use crate::machine::coefficients::shape::WRITES_IN_THE_WAY;
use crate::model::closed::WHAT_IF;
use crate::model::system::{Arrivals, ClientCpu};
use crate::model::{Relief, StationName, Steady, System, open};
use crate::queueing::QueueingError;

/// Stations with less of the mean latency than this cannot gain anything worth a sentence.
const NEGLIGIBLE_SHARE: f64 = 2e-3;
/// Precision of a solution of which only the station that gains most is told.
const NAME_ONLY: f64 = 1e-2;
/// Relief that changes less than this share names nothing.
const NEGLIGIBLE_GAIN: f64 = 0.01;

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The station whose relief helps most.
    pub station: StationName,
    /// TPS with it relieved.
    pub tps_if_relieved: f64,
    /// Mean latency with it relieved, seconds.
    pub latency_if_relieved: f64,
    /// The station that limits after it.
    pub next: Option<StationName>,
}

/// Relieves each station that a transaction spends time at, and names the one that helps most: by
/// throughput for closed and overloaded loads, by latency for open loads that are completed.
///
/// # Errors
/// Those of the solver.
pub fn find(system: &System, steady: &Steady) -> Result<Limit, QueueingError> {
    let by_latency = matches!(system.arrivals, Arrivals::Open { .. }) && !steady.overloaded;
    let (station, relieved, solved) = match best(system, steady, by_latency, None, WHAT_IF)? {
        Some(found) => found,
        None => (StationName::ServerCpu, system.clone(), steady.clone()),
    };
    let second = best(&relieved, &solved, by_latency, Some(station), NAME_ONLY)?;
    let next = second.filter(|(_, _, s)| gain(&solved, s, by_latency) > NEGLIGIBLE_GAIN).map(|(name, _, _)| name);
    let think = think(system);
    Ok(Limit {
        station: named(system, station),
        tps_if_relieved: solved.throughput,
        latency_if_relieved: solved.latency(think),
        next: next.map(|n| named(&relieved, n)),
    })
}

/// The station whose relief helps most, with the relieved system and its solution to such a precision.
fn best(
    system: &System,
    steady: &Steady,
    by_latency: bool,
    except: Option<StationName>,
    precision: f64,
) -> Result<Option<(StationName, System, Steady)>, QueueingError> {
    let mut candidates: Vec<(f64, StationName)> = StationName::ALL
        .into_iter()
        .filter(|s| Some(*s) != except)
        .map(|s| (most_to_gain(system, steady, s), s))
        .filter(|(share, _)| *share > NEGLIGIBLE_SHARE)
        .collect();
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut found: Option<(StationName, System, Steady)> = None;
    for (share, station) in candidates {
        // Relief cannot give back more than the time that it touches.
        let most = 1.0 / (1.0 - share).max(1e-9);
        if found.as_ref().is_some_and(|(_, _, best)| gain(steady, best, by_latency) + 1.0 > most) {
            continue;
        }
        let Some(relieved) = Relief::of(system, station) else { continue };
        let solved = open::solve_to(&relieved, Some(steady), precision)?;
        let better = found.as_ref().is_none_or(|(_, _, best)| gain(best, &solved, by_latency) > 1e-9);
        if better {
            found = Some((station, relieved, solved));
        }
    }
    Ok(found)
}

/// The share of a transaction's time (think time included) that relief of a station can touch: its own
/// residence, and what follows from it. Whatever is done under a lock lengthens the waits for it; CPU
/// also sets the pace of batched flushes; and a busy device delays flushes and reads.
fn most_to_gain(system: &System, steady: &Steady, station: StationName) -> f64 {
    use StationName as S;
    let at = |s: S| steady.residence[s.index()];
    let total: f64 = steady.residence.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let mut time = at(station);
    if station == S::ServerCpu && matches!(system.client, ClientCpu::Shared) {
        time += at(S::ClientCpu);
    }
    let own = time / total;
    match station {
        S::ServerCpu | S::ClientCpu => time += at(S::WalFlush),
        S::RowLocks => time += at(S::ServerCpu),
        S::DataWrite | S::WalWrite if steady.write_utilization > WRITES_IN_THE_WAY => {
            time += at(S::WalFlush) + at(S::DataRead)
        }
        _ => {}
    }
    if own <= NEGLIGIBLE_SHARE && (station == S::RowLocks || time <= at(station)) {
        return own;
    }
    if station != S::RowLocks {
        time += at(S::RowLocks);
    }
    if !matches!(station, S::ConnectionPool | S::Think) {
        time += at(S::ConnectionPool);
    }
    time / total
}

/// Relative gain from `before` to `after`.
fn gain(before: &Steady, after: &Steady, by_latency: bool) -> f64 {
    if by_latency {
        let sum = |s: &Steady| s.residence.iter().sum::<f64>();
        sum(before) / sum(after).max(f64::MIN_POSITIVE) - 1.0
    } else {
        after.throughput / before.throughput.max(f64::MIN_POSITIVE) - 1.0
    }
}

/// On one host the two CPU demands are relieved together, and the larger one is named.
fn named(system: &System, station: StationName) -> StationName {
    let shared = matches!(system.client, ClientCpu::Shared);
    if station == StationName::ServerCpu && shared && system.work.client_cpu > system.work.server_cpu {
        StationName::ClientCpu
    } else {
        station
    }
}

/// Think time, seconds.
fn think(system: &System) -> f64 {
    match system.arrivals {
        Arrivals::Closed { think, .. } => think,
        Arrivals::Open { .. } => 0.0,
    }
}
