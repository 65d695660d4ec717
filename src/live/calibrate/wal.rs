//! What the server itself counts and times of its WAL flushes.

use std::thread::sleep;
use std::time::Duration;

use postgres::Client;

use crate::live::LiveError;
use crate::units::Seconds;

/// Sessions report what they counted when they end, at the latest; those of a run just ended need a moment.
const REPORTING: Duration = Duration::from_millis(100);

/// Flushes of the WAL and the time spent in them since some time in the past.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flushes {
    count: f64,
    milliseconds: f64,
}

impl Flushes {
    /// The counts so far; `None` where the version does not keep them (before 14).
    ///
    /// # Errors
    /// [`LiveError::Sql`] when the server refuses.
    pub fn now(client: &mut Client, version: u32) -> Result<Option<Self>, LiveError> {
        let sql = match version {
            ..14 => return Ok(None),
            14..18 => "SELECT wal_sync::float8, wal_sync_time::float8 FROM pg_stat_wal",
            _ => {
                "SELECT coalesce(sum(fsyncs), 0)::float8, coalesce(sum(fsync_time), 0)::float8
                 FROM pg_stat_io WHERE object = 'wal'"
            }
        };
        sleep(REPORTING);
        let row = client.query_one(sql, &[])?;
        Ok(Some(Self { count: row.get(0), milliseconds: row.get(1) }))
    }

    /// Mean time of a flush between `self` and `later`; `None` without any that was timed.
    #[must_use]
    pub fn mean_until(&self, later: &Self) -> Option<Seconds> {
        let (count, ms) = (later.count - self.count, later.milliseconds - self.milliseconds);
        (count >= 1.0 && ms > 0.0).then(|| Seconds::from_ms(ms / count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_needs_flushes_that_were_timed() {
        let (a, b) = (Flushes { count: 10.0, milliseconds: 4.0 }, Flushes { count: 30.0, milliseconds: 8.0 });
        assert!((a.mean_until(&b).unwrap().us() - 200.0).abs() < 1e-9);
        assert_eq!(a.mean_until(&a), None);
        assert_eq!(a.mean_until(&Flushes { milliseconds: 4.0, ..b }), None);
    }
}
