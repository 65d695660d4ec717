//! How busy the processors were, and how busy those were that a measurement did not use.
//!
//! Two virtual CPUs are often two threads of one core: a compiler on the other one slows a pinned
//! server by a third without ever taking its CPU. A measurement that does not record its neighbours
//! cannot be told from a slow server.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Busy and total time of each CPU since boot, in the kernel's ticks (`/proc/stat`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// CPU number, busy ticks, all ticks.
    cpus: Vec<(u32, u64, u64)>,
}

impl Snapshot {
    /// Now; empty where there is no `/proc/stat`.
    #[must_use]
    pub fn now() -> Self {
        Self::parse(&fs::read_to_string("/proc/stat").unwrap_or_default())
    }

    /// From the text of `/proc/stat`. Waiting for I/O is not busy; time stolen by the host is.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let cpu = |line: &str| {
            let mut words = line.split_ascii_whitespace();
            let number = words.next()?.strip_prefix("cpu")?.parse().ok()?;
            let ticks: Vec<u64> = words.take(8).map(|w| w.parse().unwrap_or(0)).collect();
            let idle = ticks.get(3)? + ticks.get(4)?;
            let all: u64 = ticks.iter().sum();
            Some((number, all - idle, all))
        };
        Self { cpus: text.lines().filter_map(cpu).collect() }
    }

    /// Share of time, 0..1, that the CPUs in `which` were busy between `self` and `later`; `None`
    /// when there are none or no time has passed.
    #[must_use]
    pub fn busy_until(&self, later: &Self, which: impl Fn(u32) -> bool) -> Option<f64> {
        let (mut busy, mut all) = (0u64, 0u64);
        for (number, b, a) in later.cpus.iter().filter(|c| which(c.0)) {
            let before = self.cpus.iter().find(|c| c.0 == *number)?;
            busy += b.saturating_sub(before.1);
            all += a.saturating_sub(before.2);
        }
        #[expect(clippy::cast_precision_loss, reason = "ticks of one measurement are few")]
        (all > 0).then(|| busy as f64 / all as f64)
    }
}

/// Waits until all CPUs together have been idle enough (busy at most `share` of half a second), or
/// until `patience` is over; says whether it became calm.
#[must_use]
pub fn wait_for_calm(share: f64, patience: Duration) -> bool {
    let start = Instant::now();
    loop {
        let before = Snapshot::now();
        sleep(Duration::from_millis(500));
        // Where the kernel does not say, there is nothing to wait for.
        if before.busy_until(&Snapshot::now(), |_| true).is_none_or(|busy| busy <= share) {
            return true;
        }
        if start.elapsed() >= patience {
            return false;
        }
    }
}

/// The CPUs of a list as `taskset -c` takes it: `0`, `0,2`, `0-3`. What cannot be read is left out.
#[must_use]
pub fn cpu_list(text: &str) -> Vec<u32> {
    let part = |p: &str| match p.split_once('-') {
        Some((lo, hi)) => Some((lo.trim().parse().ok()?, hi.trim().parse().ok()?)),
        None => p.trim().parse().ok().map(|n: u32| (n, n)),
    };
    text.split(',').filter_map(part).flat_map(|(lo, hi)| lo..=hi).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_shares() {
        let a = Snapshot::parse("cpu  9 9 9\ncpu0 10 0 10 80 0 0 0 0 0 0\ncpu1 0 0 0 100 0 0 0 0 0 0\nintr 5\n");
        let b = Snapshot::parse("cpu0 60 0 10 110 20 0 0 0 0 0\ncpu1 10 0 0 170 0 0 0 20 0 0\n");
        assert_eq!(a.busy_until(&b, |n| n == 0), Some(0.5));
        assert_eq!(a.busy_until(&b, |n| n != 0), Some(0.3));
        assert_eq!(a.busy_until(&b, |n| n == 7), None);
        assert_eq!(a.busy_until(&a, |_| true), None);
    }

    #[test]
    fn lists() {
        assert_eq!(cpu_list("0"), [0]);
        assert_eq!(cpu_list("0,2-4"), [0, 2, 3, 4]);
    }
}
