//! What is left in a core's caches when a session comes back to it, as CPU: others came between, or the core was idle.

use crate::machine::coefficients::shape::{COOLING, FORGOTTEN, PRICED_SESSIONS, SWITCHED_STATEMENTS};
use crate::model::system::{ClientCpu, System};

/// CPU per message that comes with the number of sessions per core and the number of different statements that each of
/// them runs: between two visits of a session, the others push what it needs out of the core's caches. 0 with 4 sessions
/// of one statement, as which prices are defined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Switches {
    /// With 1 session, seconds.
    pub at_1: f64,
    /// With 16 of seven statements, seconds.
    pub at_16: f64,
    /// With 64 of seven statements, seconds.
    pub at_64: f64,
}

impl Switches {
    /// Seconds per message with `sessions` per core that run `variety` statements each: linear in the logarithm of
    /// their product between the measured points, flat from four times the last on (an extrapolation), when nothing is
    /// left in caches. Alone, a session keeps them whatever it runs.
    #[must_use]
    pub fn per_message(&self, sessions: f64, variety: f64) -> f64 {
        let n = sessions.max(1.0);
        let others = (n.log2() / PRICED_SESSIONS.log2()).min(1.0);
        let x = (n.max(PRICED_SESSIONS) * variety.max(1.0) / PRICED_SESSIONS).log2();
        let (at_16, at_64) = (
            (16.0 * SWITCHED_STATEMENTS / PRICED_SESSIONS).log2(),
            (64.0 * SWITCHED_STATEMENTS / PRICED_SESSIONS).log2(),
        );
        let crowded = if x <= at_16 {
            self.at_16 * x / at_16
        } else {
            let beyond = (x - at_16).min(at_64 - at_16 + FORGOTTEN.log2());
            self.at_16 + (self.at_64 - self.at_16) * beyond / (at_64 - at_16)
        };
        self.at_1 * (1.0 - others) + crowded * others
    }
}

/// Ways that lead away from the server's CPU and back, per transaction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Away {
    /// How often.
    pub visits: f64,
    /// For how long each, seconds.
    pub time: f64,
}

impl System {
    /// CPU of caches that are cold when a burst finds its core idle, seconds per transaction, the client's on the same
    /// cores included. `n` transactions are inside or thinking, at `x` per second and `utilization` of the cores.
    #[must_use]
    pub fn cold(&self, away: &[Away], n: f64, x: f64, utilization: f64) -> f64 {
        // What a burst sees is the load of the others (arrival theorem, roughly).
        let others = (n - 1.0).max(0.0) / n.max(1.0);
        let idle = (1.0 - utilization.clamp(0.0, 1.0) * others).max(0.0);
        let returns: f64 = away.iter().map(|a| a.visits).sum::<f64>() * x / self.effective_cores().max(1.0);
        let cold = |a: &Away| {
            let since = 1.0 / (1.0 / a.time + returns * others);
            a.visits * (since / COOLING).ln_1p()
        };
        let client = if matches!(self.client, ClientCpu::Shared) { self.cold_client } else { 0.0 };
        let bursts: f64 = away.iter().filter(|a| a.visits > 0.0 && a.time > 0.0).map(cold).sum();
        self.cold_start * (1.0 + client) * idle * bursts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_pass_through_the_measured_points() {
        let k = Switches { at_1: -4.5e-6, at_16: 5.2e-6, at_64: 15.4e-6 };
        let points = [
            (0.3, 9.0, -4.5),
            (1.0, 7.0, -4.5),
            (4.0, 1.0, 0.0),
            (16.0, 7.0, 5.2),
            (64.0, 7.0, 15.4),
            (112.0, 1.0, 5.2),
        ];
        for (n, variety, us) in points {
            assert!((k.per_message(n, variety) * 1e6 - us).abs() < 1e-9, "{n} {variety}");
        }
        // The more there is to keep, the less is left of it; and in the end, nothing.
        assert!(k.per_message(16.0, 20.0) > k.per_message(16.0, 7.0));
        assert!(k.per_message(256.0, 7.0) > k.per_message(64.0, 7.0));
        assert!((k.per_message(1e6, 7.0) - k.per_message(256.0, 7.0)).abs() < 1e-12);
    }
}
