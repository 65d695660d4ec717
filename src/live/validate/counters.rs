//! The server's own counters before and after a run.

use std::thread::sleep;
use std::time::Duration;

use postgres::Client;

use crate::live::LiveError;

/// Sessions report what they counted when they end; a little later it can be read.
const SETTLING: Duration = Duration::from_millis(150);

/// Counters; what a version does not have is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counters {
    /// Bytes of WAL inserted.
    pub wal_bytes: f64,
    /// Full-page images in it.
    pub images: Option<f64>,
    /// Flushes of it.
    pub flushes: Option<f64>,
    /// Pages found in shared_buffers, in this database.
    pub hit: f64,
    /// Pages that were not.
    pub read: f64,
}

impl Counters {
    /// Now.
    ///
    /// # Errors
    /// What the server says.
    pub fn read(client: &mut Client, version: u32) -> Result<Self, LiveError> {
        sleep(SETTLING);
        // Up to 14 a process of its own collects, and a session sees what it has seen before.
        let settle = if version < 15 { "SELECT pg_sleep(0.6); SELECT pg_stat_clear_snapshot()" } else { "" };
        client.batch_execute(settle)?;
        let wal = match version {
            ..14 => "NULL::float8, NULL::float8 FROM (SELECT) w",
            14..18 => "wal_fpi::float8, wal_sync::float8 FROM pg_stat_wal",
            _ => "wal_fpi::float8, (SELECT sum(fsyncs)::float8 FROM pg_stat_io WHERE object = 'wal') FROM pg_stat_wal",
        };
        let database = "(SELECT blks_hit::float8 FROM pg_stat_database WHERE datname = current_database()), \
                        (SELECT blks_read::float8 FROM pg_stat_database WHERE datname = current_database())";
        let sql = format!("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8, {database}, {wal}");
        let row = client.query_one(&sql, &[])?;
        Ok(Self { wal_bytes: row.get(0), hit: row.get(1), read: row.get(2), images: row.get(3), flushes: row.get(4) })
    }

    /// What was counted since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let both = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a - b);
        Self {
            wal_bytes: self.wal_bytes - before.wal_bytes,
            images: both(self.images, before.images),
            flushes: both(self.flushes, before.flushes),
            hit: self.hit - before.hit,
            read: self.read - before.read,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let both = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a + b);
        Self {
            wal_bytes: self.wal_bytes + other.wal_bytes,
            images: both(self.images, other.images),
            flushes: both(self.flushes, other.flushes),
            hit: self.hit + other.hit,
            read: self.read + other.read,
        }
    }
}
