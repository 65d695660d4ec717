//! A scratch database that is dropped at the end, on errors and on Ctrl-C; what a lost connection left behind is
//! dropped by the next run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use postgres::Client;

use crate::live::fill::insert::identifier;
use crate::live::fill::piecewise::quoted;
use crate::live::interrupt::Undertaking;
use crate::live::{Conninfo, LiveError};
use crate::workload::Database;

/// Marks the databases that may be dropped.
const MARK: &str = "scratch database of predict validate; may be dropped";

/// Databases of earlier runs that nobody is connected to.
const LEFT_OVER: &str = "\
SELECT d.datname::text FROM pg_database d
WHERE d.datname LIKE 'predict\\_validate\\_%' AND shobj_description(d.oid, 'pg_database') = $1 AND NOT EXISTS
  (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid AND a.backend_type = 'client backend')";

/// A database of our own.
#[derive(Debug)]
pub struct ScratchDatabase {
    admin: Conninfo,
    name: String,
    dropped: Mutex<bool>,
    /// Whether the name is taken by us.
    made: AtomicBool,
}

impl ScratchDatabase {
    /// A name for a database, which is not created yet.
    #[must_use]
    pub fn named(admin: &Conninfo) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        let name = format!("predict_validate_{}_{:x}", std::process::id(), now & 0xffff_ffff);
        Self { admin: admin.clone(), name, dropped: Mutex::new(false), made: AtomicBool::new(false) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How to connect to it.
    #[must_use]
    pub fn conninfo(&self) -> Conninfo {
        self.admin.with_database(&self.name)
    }

    /// Checks that the server takes a database, drops what earlier runs left behind, creates this one. Returns the
    /// names of what was dropped.
    ///
    /// # Errors
    /// A server in recovery, a role that may not create databases, or what the server says.
    pub fn create(&self, admin: &mut Client, database: &Database) -> Result<Vec<String>, LiveError> {
        allowed(admin)?;
        let mut gone = Vec::new();
        for row in admin.query(LEFT_OVER, &[&MARK])? {
            let name: String = row.get(0);
            // Another role's, or one that somebody connects to just now, stays.
            if admin.batch_execute(&format!("DROP DATABASE IF EXISTS {}", identifier(&name))).is_ok() {
                gone.push(name);
            }
        }
        let mut sql = format!("CREATE DATABASE {}", identifier(&self.name));
        if database.collation.is_some() || database.encoding.is_some() {
            sql += " TEMPLATE template0";
        }
        if let Some(encoding) = &database.encoding {
            sql += &format!(" ENCODING {}", quoted(encoding));
        }
        if let Some(collation) = &database.collation {
            sql += &format!(" LC_COLLATE {0} LC_CTYPE {0}", quoted(collation));
        }
        self.made.store(true, Ordering::SeqCst);
        admin.batch_execute(&sql)?;
        let mark = format!("COMMENT ON DATABASE {} IS {}", identifier(&self.name), quoted(MARK));
        admin.batch_execute(&mark)?;
        Ok(gone)
    }

    /// Ends all sessions in it and drops it; done once.
    ///
    /// # Errors
    /// What the server says, with the statement to run by hand.
    pub fn drop_now(&self) -> Result<(), LiveError> {
        let mut dropped = self.dropped.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *dropped || !self.made.load(Ordering::SeqCst) {
            return Ok(());
        }
        let by_hand = |e: LiveError| LiveError::Sql {
            message: format!("{e}; the scratch database is left behind: {}", self.drop_statement()),
        };
        let mut admin = self.admin.connect().map_err(by_hand)?;
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()";
        let drop = self.drop_statement();
        let mut result = Ok(());
        // A session takes a moment to end, and pgbench may be connecting meanwhile.
        for _ in 0..50 {
            admin.execute(end, &[&self.name]).map_err(|e| by_hand(LiveError::from(e)))?;
            result = admin.batch_execute(&drop).map_err(|e| by_hand(LiveError::from(e)));
            if result.is_ok() {
                *dropped = true;
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        result
    }

    fn drop_statement(&self) -> String {
        format!("DROP DATABASE IF EXISTS {};", identifier(&self.name))
    }
}

impl Undertaking for ScratchDatabase {
    /// Drops it, which takes its sessions with it, once.
    fn end(&self, _over: &dyn Fn() -> bool) {
        // What fails here is tried again, and told, when the run ends.
        let _ = self.drop_now();
    }

    fn left_behind(&self) -> String {
        format!("the scratch database stays until the next run, or: {}", self.drop_statement())
    }
}

/// Drops the database when the run ends, however it ends: not with the last reference, which Ctrl-C's handler may hold
/// when the program is already on its way out.
#[derive(Debug)]
pub struct DroppedAtEnd(pub Arc<ScratchDatabase>);

impl Drop for DroppedAtEnd {
    fn drop(&mut self) {
        if let Err(error) = self.0.drop_now() {
            eprintln!("{error}");
        }
    }
}

/// Whether the server and the role allow a database to be made.
fn allowed(admin: &mut Client) -> Result<(), LiveError> {
    let row = admin
        .query_one(
            "SELECT pg_is_in_recovery(), rolcreatedb OR rolsuper, current_user::text FROM pg_roles WHERE rolname = current_user",
            &[],
        )?;
    let (recovery, creates, role): (bool, bool, String) = (row.get(0), row.get(1), row.get(2));
    let refuse = |message: String| Err(LiveError::Sql { message });
    match (recovery, creates) {
        (true, _) => {
            refuse("the server is in recovery (a standby): it takes no writes; connect to its primary".to_owned())
        }
        (false, false) => refuse(format!(
            "the role {role} may not create a database, which validate needs for its scratch data: ALTER ROLE {} CREATEDB;",
            identifier(&role)
        )),
        (false, true) => Ok(()),
    }
}
