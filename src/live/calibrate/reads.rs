//! Reads of pages that are not in shared_buffers: from the kernel's cache, and from storage.
//!
//! A table filled by `CREATE TABLE AS` goes through a small ring of buffers (16 MB), so its first pages leave
//! shared_buffers while it is written, whatever their size, and lie in the kernel's cache. Fetching random ones of
//! them by their tuple id, one page each, times a copy from that cache. Where this program may open the table's file,
//! it has the kernel drop the file's pages; the same fetches then come from storage, through the server's own read
//! calls. What is timed is the statement, less the same statement once its pages are in shared_buffers; a page counts as
//! read from storage by the time that the backend was blocked.

use std::fs::File;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use postgres::Client;
use postgres::error::SqlState;

use crate::live::calibrate::schedule::Backend;
use crate::live::{Conninfo, LiveError};
use crate::units::{Bytes, PAGE_BYTES, Rate, Seconds};

/// Pages of the table, one row each.
const PAGES: u32 = 12_288;
/// Distance of the pages of one fetch: the kernel reads ahead where pages follow each other.
const STRIDE: u32 = 20;
/// Pages fetched by one client: the last 3,000 pages, some of which are still in shared_buffers, are left alone.
const FETCHES: u32 = 450;
/// First pages of the fetches of several clients; those of one client begin at 0 and 10. No two are neighbours.
const STARTS: [u32; 8] = [2, 4, 6, 8, 12, 14, 16, 18];
/// Clients that read at once, to find the ceiling: two for each of [`STARTS`].
const READERS: u32 = 16;
/// How long reading by several clients may take if they are served one after another.
const CEILING_TIME: Seconds = Seconds(4.0);
/// A backend that fetches a page from the kernel's cache is not blocked for as long as this.
const BLOCKED: Seconds = Seconds(15e-6);
/// Where only the whole time is known, a page from the kernel's cache takes less than this, neighbours or not.
const SLOW: Seconds = Seconds(100e-6);
/// Statements are cut off after this: slow storage must not eat the budget.
const PATIENCE: Duration = Duration::from_secs(6);

/// One page that was not in shared_buffers.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Page {
    /// The whole time.
    pub time: Seconds,
    /// Time on a CPU and time blocked, where the kernel tells them apart.
    pub parts: Option<(Seconds, Seconds)>,
}

impl Page {
    /// The time blocked, if it cannot have come from the kernel's cache.
    fn storage_time(self) -> Option<Seconds> {
        match self.parts {
            Some((_, blocked)) => Some(blocked).filter(|b| b.get() > BLOCKED.get()),
            None => Some(self.time).filter(|t| t.get() > SLOW.get()),
        }
    }

    /// What copying it cost.
    fn copy(self) -> Seconds {
        self.parts.map_or(self.time, |(running, _)| running)
    }
}

/// What reads take.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Reads {
    /// A page that was just written, and so is in the kernel's cache.
    pub cached: Option<Page>,
    /// A page that the kernel was made to forget.
    pub forgotten: Option<Page>,
    /// Pages per second that several clients get from storage.
    pub ceiling: Option<Rate>,
    /// Bytes per second that storage took when the table was written out.
    pub write_bandwidth: Option<Bytes>,
}

impl Reads {
    /// Whether even pages just written come slowly: then no cache of the kernel's stands behind shared_buffers.
    #[must_use]
    pub fn uncached(&self) -> bool {
        self.cached.is_some_and(|page| page.storage_time().is_some())
    }

    /// CPU time of copying a page from the kernel's cache into shared_buffers.
    #[must_use]
    pub fn copy(&self) -> Option<Seconds> {
        self.cached.filter(|_| !self.uncached()).map(Page::copy)
    }

    /// One read from storage, the copy into shared_buffers not counted.
    #[must_use]
    pub fn latency(&self) -> Option<Seconds> {
        [self.cached, self.forgotten].into_iter().flatten().find_map(Page::storage_time)
    }
}

/// Measures them in the scratch schema, within about 15 seconds.
///
/// # Errors
/// [`LiveError::Sql`] when the server refuses. Reads that cannot be made slow, or are too slow, are no error.
pub fn measure(
    client: &mut Client,
    conninfo: &Conninfo,
    schema: &str,
    data_directory: Option<&str>,
) -> Result<Reads, LiveError> {
    // A fillfactor of 10 makes a row of more than 800 bytes the only one of its page.
    let sql = format!(
        "SET statement_timeout = {}; SET jit = off;
         CREATE UNLOGGED TABLE {schema}.reads WITH (fillfactor = 10, autovacuum_enabled = off) AS
           SELECT g AS id, repeat('x', 900) AS filler FROM generate_series(1, {PAGES}) g",
        PATIENCE.as_millis(),
    );
    match client.batch_execute(&sql) {
        Ok(()) => {}
        // Storage too slow, or too busy, to make a table of 96 MB in time.
        Err(e) if e.code() == Some(&SqlState::QUERY_CANCELED) => {
            client.batch_execute("RESET statement_timeout")?;
            return Ok(Reads::default());
        }
        Err(e) => return Err(LiveError::from(e)),
    }
    let file = match data_directory {
        Some(folder) => open(client, folder, schema)?,
        None => None,
    };
    // Twice, since a neighbour can only slow a copy down.
    let twice = [fetch(client, schema, 0)?, fetch(client, schema, 1)?];
    let cached = twice.into_iter().flatten().min_by(|a, b| a.time.get().total_cmp(&b.time.get()));
    let mut reads = Reads { cached, ..Reads::default() };
    let begun = Instant::now();
    if reads.uncached() {
        reads.ceiling = reads.latency().and_then(|latency| ceiling(conninfo, schema, latency));
    } else if let Some(file) = file
        && file.sync_all().is_ok()
    {
        reads.write_bandwidth = Some(Bytes(f64::from(PAGES) * PAGE_BYTES / begun.elapsed().as_secs_f64().max(1e-6)));
        if posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED).is_ok() {
            reads.forgotten = fetch(client, schema, 10)?;
            reads.ceiling = reads.latency().and_then(|latency| ceiling(conninfo, schema, latency));
        }
    }
    client.batch_execute(&format!("RESET statement_timeout; DROP TABLE {schema}.reads"))?;
    Ok(reads)
}

/// The table's file, where it can be opened from here.
fn open(client: &mut Client, data_directory: &str, schema: &str) -> Result<Option<File>, LiveError> {
    let row = client.query_one("SELECT pg_relation_filepath(($1 || '.reads')::regclass)", &[&schema])?;
    let path: Option<String> = row.get(0);
    Ok(path.and_then(|p| File::open(PathBuf::from(data_directory).join(p)).ok()))
}

/// Fetches `count` pages, [`STRIDE`] apart, from page `first` on; the server goes through them in that order.
fn fetch_statement(schema: &str, first: u32, count: u32) -> String {
    let ids: Vec<String> = (0..count).map(|k| format!("\"({},1)\"", first + k * STRIDE)).collect();
    format!("SELECT count(*) FROM {schema}.reads WHERE ctid = ANY('{{{}}}'::tid[])", ids.join(","))
}

/// What a page takes that is not in shared_buffers; `None` where most of them were, or in time too short or too long
/// to tell.
fn fetch(client: &mut Client, schema: &str, first: u32) -> Result<Option<Page>, LiveError> {
    let statement = fetch_statement(schema, first, FETCHES);
    let backend = Backend::of(client);
    let mut run = || -> Result<_, LiveError> {
        let before = backend.and_then(Backend::now);
        let explained = explained(client, &statement)?;
        Ok(explained.map(|(time, read)| (time, read, before.zip(backend.and_then(Backend::now)))))
    };
    let (Some((cold, read, at_cold)), Some((warm, _, at_warm))) = (run()?, run()?) else { return Ok(None) };
    if read < 0.5 * f64::from(FETCHES) || cold.get() <= warm.get() {
        return Ok(None);
    }
    let parts = at_cold.zip(at_warm).map(|((cold_0, cold_1), (warm_0, warm_1))| {
        let running = (cold_1.running - cold_0.running) - (warm_1.running - warm_0.running);
        let waiting = (cold_1.waiting - cold_0.waiting) - (warm_1.waiting - warm_0.waiting);
        let blocked = (cold - warm) - running - waiting;
        (Seconds(running.get().max(0.0) / read), Seconds(blocked.get().max(0.0) / read))
    });
    Ok(Some(Page { time: (cold - warm) / read, parts }))
}

/// Execution time of a statement and the pages it read; `None` after a time-out.
fn explained(client: &mut Client, statement: &str) -> Result<Option<(Seconds, f64)>, LiveError> {
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT JSON) {statement}");
    let rows = match client.simple_query(&explain) {
        Ok(rows) => rows,
        Err(e) if e.code() == Some(&SqlState::QUERY_CANCELED) => return Ok(None),
        Err(e) => return Err(LiveError::from(e)),
    };
    let text: String = rows
        .iter()
        .filter_map(|m| match m {
            postgres::SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect();
    let parsed: serde_json::Value =
        serde_json::from_str(&text).map_err(|_| LiveError::Output { program: "EXPLAIN", what: "JSON" })?;
    let (time, read) = (&parsed[0]["Execution Time"], &parsed[0]["Plan"]["Shared Read Blocks"]);
    match (time.as_f64(), read.as_f64()) {
        (Some(ms), Some(read)) => Ok(Some((Seconds::from_ms(ms), read))),
        _ => Err(LiveError::Output { program: "EXPLAIN", what: "execution time" }),
    }
}

/// Pages per second that several clients read together; `None` where any of them fails.
fn ceiling(conninfo: &Conninfo, schema: &str, latency: Seconds) -> Option<Rate> {
    let most = FETCHES / 2;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 8..=most")]
    let each = (CEILING_TIME / latency / f64::from(READERS)).clamp(8.0, f64::from(most)) as u32;
    let mut clients: Vec<Client> = (0..READERS).map_while(|_| conninfo.connect().ok()).collect();
    for client in &mut clients {
        client.batch_execute(&format!("SET statement_timeout = {}", PATIENCE.as_millis())).ok()?;
    }
    let readers = u32::try_from(clients.len()).unwrap_or(0);
    let begun = Instant::now();
    let all = thread::scope(|scope| {
        let running: Vec<_> = clients
            .iter_mut()
            .zip(STARTS.iter().flat_map(|start| [*start, start + most * STRIDE]))
            .map(|(client, first)| {
                let statement = fetch_statement(schema, first, each);
                scope.spawn(move || client.simple_query(&statement).is_ok())
            })
            .collect();
        running.into_iter().all(|r| r.join().unwrap_or(false))
    });
    let rate = f64::from(readers * each) / begun.elapsed().as_secs_f64();
    (all && readers > 1).then_some(Rate(rate))
}
