//! How regularly clients come back.
//!
//! Clients that always take the same time between two visits to a place fall into step: each comes when the
//! others are elsewhere, and nobody waits until the place is busy all the time. What disturbs the step is the
//! variation of a client's cycle. A visit that lasts `h` behaves as if clients came at random when a cycle varies by
//! as much as h. When it varies by less, clients drift like rods on a ring: the distance of two neighbours is a random walk of
//! twice the variance of a cycle between walls, which push it back by that variance over the room between them, while
//! clients at random wait half of `h^2` over it.

use crate::model::network::Conditions;
use crate::model::station::StationName as S;
use crate::model::system::{Arrivals, System};

/// Variance of one client's cycle, seconds squared, by where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CycleVariance {
    /// All but the flush: bursts of CPU and waits for a core, reads, sleeps, and what differs between transaction types.
    pub elsewhere: f64,
    /// The flush itself.
    pub flush: f64,
}

impl CycleVariance {
    /// What residences per average transaction say, of which `server_cpu` is the CPU itself; into `kinds` the share of
    /// each transaction type and its time, without think time, where there are several. Waits for rows are left out: they
    /// are what follows from the rest.
    pub fn read(
        system: &System,
        conditions: &Conditions,
        residence: &[f64; S::ALL.len()],
        server_cpu: f64,
        kinds: &mut Vec<(f64, f64)>,
    ) -> Self {
        let work = &system.work;
        let at = |s: S| residence[s.index()];
        let per = |time: f64, count: f64| if count > 0.0 { time / count } else { 0.0 };
        let on_cpu = at(S::ServerCpu) + at(S::ClientCpu);
        let cpu = server_cpu + work.client_cpu;
        let waited = (on_cpu - cpu).max(0.0);
        let read = per(at(S::DataRead), work.reads);
        let thinks = matches!(system.arrivals, Arrivals::Closed { think, .. } if think > 0.0);
        let pauses = f64::from(u8::from(thinks)) + f64::from(u8::from(work.sleep > 0.0));
        // Waits for a core are about as long as a burst; as many reads as a Poisson variable says, each exponential.
        let mut elsewhere = waited * waited / work.messages.max(1.0)
            + (system.demand_variation * cpu).powi(2)
            + 2.0 * read * read * work.reads
            + pauses * system.sleep_variation.powi(2)
            + if work.network > 0.0 { work.round_trips * system.trip_variation.powi(2) } else { 0.0 };
        kinds.clear();
        if system.kinds.len() > 1 {
            let stretch = per(on_cpu, cpu);
            let flush = per(at(S::WalFlush), work.flushes);
            kinds.extend(system.kinds.iter().map(|kind| {
                let d = &kind.demand;
                let cpu = stretch * (system.server_cpu(d, conditions) + d.client_cpu);
                (kind.share, cpu + flush * d.flushes + read * d.reads + d.network + d.sleep)
            }));
            let mean: f64 = kinds.iter().map(|(share, time)| share * time).sum();
            elsewhere += kinds.iter().map(|(share, time)| share * (time - mean).powi(2)).sum::<f64>();
        }
        let flush = system.flush_variation * system.commit.flush * conditions.device_stretch;
        Self { elsewhere, flush: work.flushes * flush * flush }
    }
}

/// How much of what clients that come at random would wait is waited by clients whose cycle has this variance, at a
/// visit that lasts `visit` seconds and varies by `variation` relative to its mean: 0 in step, 1 at random.
#[must_use]
pub fn randomness(variance: f64, visit: f64, variation: f64) -> f64 {
    let whole = 0.5 * visit * visit * (1.0 + variation * variation);
    if variance.is_finite() && whole > 0.0 { -(-variance / whole).exp_m1() } else { 1.0 }
}

/// Variance of the time between two visits of a client to the same of many rows, where a transaction visits it
/// with probability `p`: a geometric number of cycles of variance `cycle`, those without a visit `other` seconds long.
#[must_use]
pub fn between_visits(cycle: f64, other: f64, p: f64) -> f64 {
    let p = p.clamp(f64::MIN_POSITIVE, 1.0);
    cycle / p + (1.0 - p) * (other / p).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queueing::simulation::Random;

    /// Two clients at one place, each cycle `outside` long and visits of 1, the former varied: mean wait per visit.
    fn drifting(outside: f64, deviation: f64) -> f64 {
        let mut random = Random::new(7);
        let mut next = [0.0, 0.6 * (1.0 + outside)];
        let (mut free, mut waited) = (0.0, 0.0);
        let visits = 200_000;
        for _ in 0..visits {
            let who = usize::from(next[1] < next[0]);
            let start = f64::max(next[who], free);
            waited += start - next[who];
            free = start + 1.0;
            let twelve: f64 = (0..12).map(|_| random.uniform()).sum();
            next[who] = free + (outside + deviation * (twelve - 6.0)).max(0.0);
        }
        waited / f64::from(visits)
    }

    #[test]
    fn rods_on_a_ring_overlap_by_the_variance_of_their_cycles() {
        // Of the wait of clients at random, busy / (1 - busy) / 4 for two of them whose visits do not vary.
        for (outside, deviation) in [(4.0, 0.1), (4.0, 0.3), (9.0, 0.3)] {
            let busy = 2.0 / (1.0 + outside);
            let formula = randomness(deviation * deviation, 1.0, 0.0) * 0.25 * busy / (1.0 - busy);
            let simulated = drifting(outside, deviation);
            assert!((formula / simulated).ln().abs() < 0.2, "{outside} {deviation}: {formula} {simulated}");
        }
    }

    #[test]
    fn visits_to_one_of_many_rows_are_random_however_regular_the_cycle() {
        assert!(randomness(between_visits(0.0, 10.0, 0.1), 1.0, 0.3) > 0.999);
        assert_eq!(randomness(between_visits(0.0, 10.0, 1.0), 1.0, 0.3), 0.0);
        assert_eq!(randomness(f64::INFINITY, 1.0, 0.3), 1.0);
    }
}
