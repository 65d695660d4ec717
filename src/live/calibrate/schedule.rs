//! How long a backend ran and how long it waited for a CPU, by the kernel's scheduler: what is left of the time of a
//! statement it spent blocked, on storage for one. Neighbours make a statement longer, but not that part of it.

use std::fs;

use postgres::Client;

use crate::units::Seconds;

/// A backend whose scheduling can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    process: u32,
}

/// Time on a CPU and time ready but without one, since the start of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scheduled {
    /// On a CPU.
    pub running: Seconds,
    /// Ready, and waiting for one.
    pub waiting: Seconds,
}

impl Backend {
    /// The backend of a connection, if it is a process of this host and the kernel keeps the times.
    #[must_use]
    pub fn of(client: &mut Client) -> Option<Self> {
        let process: i32 = client.query_one("SELECT pg_backend_pid()", &[]).ok()?.get(0);
        let backend = Self { process: u32::try_from(process).ok()? };
        // A kernel built without the counts shows zeros.
        backend.now().filter(|s| s.running.get() > 0.0)?;
        Some(backend)
    }

    /// The times so far.
    #[must_use]
    pub fn now(self) -> Option<Scheduled> {
        Scheduled::parse(&fs::read_to_string(format!("/proc/{}/schedstat", self.process)).ok()?)
    }
}

impl Scheduled {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace().map(|w| w.parse::<f64>().ok().map(|ns| Seconds(ns * 1e-9)));
        Some(Self { running: words.next()??, waiting: words.next()?? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_become_seconds() {
        let s = Scheduled::parse("1500000000 250000000 77\n").unwrap();
        assert!((s.running.get() - 1.5).abs() < 1e-12 && (s.waiting.get() - 0.25).abs() < 1e-12);
        assert_eq!(Scheduled::parse("12"), None);
        assert_eq!(Scheduled::parse("a b c"), None);
    }
}
