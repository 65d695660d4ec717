//! What the server's sessions wait for while a load runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use postgres::Client;

use crate::live::{Conninfo, LiveError};

/// Between two looks. Looking costs the server some 0.1 ms of CPU per look and 10 sessions.
const INTERVAL: Duration = Duration::from_millis(50);

/// Sessions of pgbench by what they wait for.
const LOOK: &str = "\
SELECT CASE WHEN wait_event IS NOT NULL THEN wait_event_type || ':' || wait_event ELSE 'CPU' END, count(*)
FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgbench' GROUP BY 1";

/// Sessions by what they wait for, on average over a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Waits {
    /// Looks.
    pub looks: u32,
    /// Sessions by `Type:Event`, or `CPU`, summed over all looks.
    pub sessions: BTreeMap<String, f64>,
}

impl Waits {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.looks += other.looks;
        for (event, n) in &other.sessions {
            *self.sessions.entry(event.clone()).or_default() += n;
        }
    }

    /// Average sessions by event.
    #[must_use]
    pub fn averages(&self) -> BTreeMap<String, f64> {
        let looks = f64::from(self.looks.max(1));
        self.sessions.iter().map(|(e, n)| (e.clone(), n / looks)).collect()
    }

    /// Average sessions at one of [`Place`]'s.
    #[must_use]
    pub fn at(&self, place: Place) -> f64 {
        let looks = f64::from(self.looks.max(1));
        let here = |(event, _): &(&String, &f64)| Place::of(event) == place;
        self.sessions.iter().filter(here).map(|(_, n)| n).sum::<f64>() / looks
    }
}

/// Where a transaction is, as far as the server's wait events tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// On a processor, or waiting for one.
    ServerCpu,
    /// Waiting for the WAL to be written and flushed, or for a standby.
    WalFlush,
    /// Waiting for another transaction to end.
    RowLocks,
    /// Waiting for a page to be read or written.
    Data,
    /// Waiting for a lock inside the server.
    InternalLocks,
    /// Waiting for the client: its CPU, the wire, sleeps, think time.
    Client,
}

impl Place {
    /// All, in the order of a transaction's way.
    pub const ALL: [Self; 6] =
        [Self::ServerCpu, Self::WalFlush, Self::RowLocks, Self::Data, Self::InternalLocks, Self::Client];

    /// Where a wait event, `Type:Event`, belongs.
    #[must_use]
    pub fn of(event: &str) -> Self {
        match event.split_once(':').unwrap_or((event, "")) {
            ("CPU", _) => Self::ServerCpu,
            ("Client", _) | ("Activity", _) => Self::Client,
            ("IO", "WALSync" | "WALWrite" | "WALInitSync" | "WALInitWrite") => Self::WalFlush,
            ("LWLock", "WALWrite" | "WALWriteLock") | ("IPC", "SyncRep") | ("Timeout", _) => Self::WalFlush,
            ("Lock", "transactionid" | "tuple" | "advisory" | "relation") => Self::RowLocks,
            ("IO", _) | ("BufferPin", _) | ("IPC", "BufferIO") | ("LWLock", "BufferIO") => Self::Data,
            _ => Self::InternalLocks,
        }
    }

    /// The stations of a forecast that are found there.
    #[must_use]
    pub const fn stations(self) -> &'static [&'static str] {
        match self {
            Self::ServerCpu => &["server_cpu"],
            Self::WalFlush => &["wal_flush", "wal_write"],
            Self::RowLocks => &["row_locks"],
            Self::Data => &["data_read", "data_write"],
            Self::InternalLocks => &["internal_locks"],
            Self::Client => &["client_cpu", "network", "think", "connection_pool"],
        }
    }

    /// Its name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerCpu => "server_cpu",
            Self::WalFlush => "wal_flush",
            Self::RowLocks => "row_locks",
            Self::Data => "data_read",
            Self::InternalLocks => "internal_locks",
            Self::Client => "client",
        }
    }
}

/// Looks at the sessions of a database again and again.
#[derive(Debug)]
pub struct Sampler {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Waits>,
}

impl Sampler {
    /// Starts looking.
    ///
    /// # Errors
    /// No connection.
    pub fn start(conninfo: &Conninfo) -> Result<Self, LiveError> {
        let client = conninfo.connect()?;
        let stop = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&stop);
        Ok(Self { stop, thread: std::thread::spawn(move || look(client, &ends)) })
    }

    /// Stops, and says what was seen.
    #[must_use]
    pub fn stop(self) -> Waits {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

fn look(mut client: Client, stop: &AtomicBool) -> Waits {
    let mut waits = Waits::default();
    let Ok(statement) = client.prepare(LOOK) else { return waits };
    while !stop.load(Ordering::Relaxed) {
        sleep(INTERVAL);
        // A lost connection ends the looking; the run tells why.
        let Ok(rows) = client.query(&statement, &[]) else { break };
        // Before the first session and after the last there is nothing to see.
        if rows.is_empty() {
            continue;
        }
        waits.looks += 1;
        for row in rows {
            let (event, n): (String, i64) = (row.get(0), row.get(1));
            #[expect(clippy::cast_precision_loss, reason = "sessions")]
            let n = n as f64;
            *waits.sessions.entry(event).or_default() += n;
        }
    }
    waits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_their_place() {
        for (event, place) in [
            ("CPU", Place::ServerCpu),
            ("Client:ClientRead", Place::Client),
            ("IO:WALSync", Place::WalFlush),
            ("LWLock:WALWrite", Place::WalFlush),
            ("Lock:transactionid", Place::RowLocks),
            ("IO:DataFileRead", Place::Data),
            ("LWLock:BufferContent", Place::InternalLocks),
            ("Lock:extend", Place::InternalLocks),
        ] {
            assert_eq!(Place::of(event), place, "{event}");
        }
        let mut waits = Waits { looks: 2, sessions: [("CPU".to_owned(), 3.0)].into() };
        waits.add(&Waits { looks: 2, sessions: [("CPU".to_owned(), 1.0), ("IO:WALSync".to_owned(), 2.0)].into() });
        assert_eq!((waits.at(Place::ServerCpu), waits.at(Place::WalFlush)), (1.0, 0.5));
    }
}
