//! CPU time of a server on this host, and of the load generator.

use std::fs;

use crate::units::Seconds;

/// The kernel's ticks per second in `/proc` (`USER_HZ`); 100 on every Linux since 2.6.
const TICKS_PER_SECOND: f64 = 100.0;

/// Readings after which the last one is taken as it is: a server that buries children all the time.
const MOST_READINGS: u32 = 20;
/// Time for children that are ending to be buried.
const BETWEEN_READINGS: std::time::Duration = std::time::Duration::from_millis(2);

/// CPU time of a server since its start: the postmaster, its children that run, and those it has buried.
///
/// Resolution is one tick (10 ms) for each process that runs and one for all that have ended, so it is to be read
/// before and after a run whose backends start and end within.
#[must_use]
pub fn server(postmaster: u32) -> Option<Seconds> {
    // A child buried while the others are looked at would be in neither sum; right after a run many are.
    let mut read = None;
    for _ in 0..MOST_READINGS {
        let before = Stat::read(postmaster)?;
        read = Some(alive(postmaster, before)?);
        if Stat::read(postmaster)?.buried == before.buried {
            break;
        }
        std::thread::sleep(BETWEEN_READINGS);
    }
    read
}

/// The time of the postmaster as read, and of its children that run.
fn alive(postmaster: u32, own: Stat) -> Option<Seconds> {
    let mut ticks = own.own + own.buried;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else { continue };
        ticks += Stat::read(pid).filter(|s| s.parent == postmaster).map_or(0, |s| s.own);
    }
    #[expect(clippy::cast_precision_loss, reason = "ticks since a server's start")]
    Some(Seconds(ticks as f64 / TICKS_PER_SECOND))
}

/// CPU time of one process that runs, to a tick.
#[must_use]
pub fn process(pid: u32) -> Option<Seconds> {
    #[expect(clippy::cast_precision_loss, reason = "ticks of a process")]
    Stat::read(pid).map(|s| Seconds(s.own as f64 / TICKS_PER_SECOND))
}

/// CPU time of all programs that this one has run to their end.
#[cfg(feature = "live")]
#[must_use]
pub fn children() -> Option<Seconds> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    #[expect(clippy::cast_precision_loss, reason = "a CPU time")]
    let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 * 1e-6;
    Some(Seconds(seconds(usage.user_time()) + seconds(usage.system_time())))
}

/// Without the feature `live` nothing measures it.
#[cfg(not(feature = "live"))]
#[must_use]
pub fn children() -> Option<Seconds> {
    None
}

/// What `/proc/PID/stat` says, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    parent: u32,
    own: u64,
    buried: u64,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field, the program's name in parentheses, may hold anything: count from its end.
    fn parse(text: &str) -> Option<Self> {
        let rest: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let ticks = |n: usize| rest.get(n)?.parse::<u64>().ok();
        Some(Self { parent: rest.get(1)?.parse().ok()?, own: ticks(11)? + ticks(12)?, buried: ticks(13)? + ticks(14)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_parentheses() {
        let text = "12 (a) b) S 7 12 12 0 -1 0 0 0 0 0 30 4 500 60 20 0 1 0 100 0 0";
        assert_eq!(Stat::parse(text), Some(Stat { parent: 7, own: 34, buried: 560 }));
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn this_process_has_used_some_time() {
        assert!(server(std::process::id()).is_some());
        assert_eq!(server(u32::MAX), None);
    }
}
