//! The scratch schema: made, marked, and removed whatever happens.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres::Client;

use crate::live::interrupt::{Interrupt, Undertaking};
use crate::live::{Conninfo, LiveError};

/// How the names of scratch schemas begin.
const PREFIX: &str = "predict_calibrate_";
/// The comment that marks a schema as one that may be dropped.
const MARK: &str = "scratch schema of predict calibrate: safe to drop once the run is over";
/// First key of the advisory locks that tell living runs from dead ones; the second is the name's hash.
const LOCK: i32 = 0x7072_6564;
/// How long a server that was lost is waited for before its schema is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// A schema of our own in the user's database.
pub struct Scratch {
    /// Holds the advisory lock for as long as the run lives.
    guard: Option<Client>,
    conninfo: Conninfo,
    name: String,
    removed: bool,
}

/// A schema that could not be removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to remove the scratch schema ({why}); when the server is back, run: {sql}")]
pub struct LeftBehind {
    /// Why not.
    pub why: String,
    /// What removes it.
    pub sql: String,
}

impl Scratch {
    /// Removes what dead runs have left, then creates a schema with an unused name and marks it. From then on an
    /// interrupt ends the sessions of its name.
    ///
    /// # Errors
    /// [`LiveError::Sql`] when the server refuses.
    pub fn create(conninfo: &Conninfo, interrupt: &Interrupt) -> Result<Self, LiveError> {
        let mut guard = conninfo.connect()?;
        remove_dead(&mut guard)?;
        let name = format!("{PREFIX}{:08x}", random());
        interrupt.arm(Arc::new(Sessions { conninfo: conninfo.clone(), name: name.clone() }));
        guard.execute("SELECT pg_advisory_lock($1, hashtext($2))", &[&LOCK, &name])?;
        let sql = format!("CREATE SCHEMA {name}; COMMENT ON SCHEMA {name} IS '{MARK}'");
        guard.batch_execute(&sql)?;
        Ok(Self { guard: Some(guard), conninfo: conninfo.clone(), name, removed: false })
    }

    /// Its name, which is also the `application_name` of the sessions that measure.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schema's own session, in which nothing else is under way.
    ///
    /// # Errors
    /// [`LiveError::Connection`] after it was lost.
    pub fn session(&mut self) -> Result<&mut Client, LiveError> {
        self.guard.as_mut().ok_or_else(|| LiveError::Connection { message: "the connection was lost".into() })
    }

    /// Ends the run's sessions and drops the schema, by a new connection where the old one is lost.
    ///
    /// # Errors
    /// [`LeftBehind`] with what to run, when the server cannot be reached or refuses.
    pub fn remove(mut self) -> Result<(), LeftBehind> {
        self.drop_schema()
    }

    fn drop_schema(&mut self) -> Result<(), LeftBehind> {
        self.removed = true;
        let begun = Instant::now();
        let mut why = String::new();
        while begun.elapsed() < PATIENCE {
            let outcome = match self.guard.take().filter(|g| !g.is_closed()) {
                Some(mut guard) => drop_by(&mut guard, &self.name),
                None => self.conninfo.connect().and_then(|mut c| drop_by(&mut c, &self.name)),
            };
            match outcome {
                Ok(()) => return Ok(()),
                Err(e) => why = e.to_string(),
            }
            sleep(Duration::from_millis(250));
        }
        Err(LeftBehind { why, sql: drop_statement(&self.name) })
    }
}

impl Drop for Scratch {
    /// On the way out of an error or a panic that did not get to [`Scratch::remove`].
    fn drop(&mut self) {
        if !self.removed
            && let Err(left) = self.drop_schema()
        {
            eprintln!("{left}");
        }
    }
}

/// The sessions that measure in a schema.
#[derive(Debug)]
struct Sessions {
    conninfo: Conninfo,
    name: String,
}

impl Undertaking for Sessions {
    fn end(&self, over: &dyn Fn() -> bool) {
        let Ok(mut client) = self.conninfo.connect() else { return };
        // Again and again: the run may be about to start the next one.
        while !over() && end_sessions(&mut client, &self.name).is_ok() {
            sleep(Duration::from_millis(200));
        }
    }

    fn left_behind(&self) -> String {
        format!("the scratch schema stays until the next run, or: {}", drop_statement(&self.name))
    }
}

/// What removes a schema of this run.
fn drop_statement(name: &str) -> String {
    format!("DROP SCHEMA {name} CASCADE")
}

/// Ends all sessions of a run but the asking one.
fn end_sessions(client: &mut Client, name: &str) -> Result<(), LiveError> {
    client
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = $1 AND pid <> pg_backend_pid()",
            &[&name],
        )
        .map(drop)
        .map_err(LiveError::from)
}

/// Drops a schema after ending the sessions that use it.
fn drop_by(client: &mut Client, name: &str) -> Result<(), LiveError> {
    end_sessions(client, name)?;
    let sql =
        format!("SET lock_timeout = '10s'; SET client_min_messages = warning; DROP SCHEMA IF EXISTS {name} CASCADE");
    Ok(client.batch_execute(&sql)?)
}

/// Removes marked schemas of ours whose run is over: nobody holds their lock.
fn remove_dead(client: &mut Client) -> Result<(), LiveError> {
    let rows = client.query(
        "SELECT nspname::text FROM pg_namespace
             WHERE starts_with(nspname::text, $1) AND obj_description(oid, 'pg_namespace') = $2
               AND pg_has_role(nspowner, 'USAGE')",
        &[&PREFIX, &MARK],
    )?;
    for row in rows {
        let name: String = row.get(0);
        // What did not come from `create` is not ours, whatever its comment says.
        if !name[PREFIX.len()..].bytes().all(|b| b.is_ascii_hexdigit()) {
            continue;
        }
        let free =
            client.query_one("SELECT pg_try_advisory_lock($1, hashtext($2))", &[&LOCK, &name])?.get::<_, bool>(0);
        if free {
            drop_by(client, &name)?;
            client.execute("SELECT pg_advisory_unlock($1, hashtext($2))", &[&LOCK, &name])?;
        }
    }
    Ok(())
}

/// Any 32 bits: the standard library seeds its hash tables from the system's source of randomness.
fn random() -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
    let bits = RandomState::new().build_hasher().finish() as u32;
    bits
}
