//! Where the server runs, as far as this host can tell.

use std::fs;

use postgres::Client;

use crate::live::backend::postmaster_of;
use crate::live::processor::cpu_list;
use crate::live::{Conninfo, LiveError};

/// A server and what of it can be watched from here.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerPlace {
    /// Major version.
    pub version: u32,
    /// Process id of the postmaster, on this host.
    pub postmaster: Option<u32>,
    /// CPUs that it may use, on this host.
    pub cpus: Option<Vec<u32>>,
}

impl ServerPlace {
    /// Asks the server, and this host's /proc when the connection is local.
    ///
    /// # Errors
    /// What the server says.
    pub fn find(client: &mut Client, conninfo: &Conninfo) -> Result<Self, LiveError> {
        let row = client.query_one("SELECT current_setting('server_version_num')::int, pg_backend_pid()", &[])?;
        let (number, backend): (i32, i32) = (row.get(0), row.get(1));
        let version = u32::try_from(number / 10_000).unwrap_or(0);
        let backend_here = u32::try_from(backend).ok().filter(|_| conninfo.is_local());
        let postmaster = backend_here.and_then(postmaster_of);
        let cpus = postmaster.and_then(|_| allowed_cpus(&backend.to_string()));
        Ok(Self { version, postmaster, cpus })
    }

    /// Whether a load generator started from here may run on the server's CPUs.
    #[must_use]
    pub fn shared(&self) -> bool {
        let own = allowed_cpus("self").unwrap_or_default();
        self.cpus.as_ref().is_some_and(|cpus| cpus.iter().any(|c| own.contains(c)))
    }
}

/// The CPUs that a process of this host may use.
fn allowed_cpus(process: &str) -> Option<Vec<u32>> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let list = status.lines().find_map(|l| l.strip_prefix("Cpus_allowed_list:"))?.trim().to_owned();
    Some(cpu_list(&list)).filter(|l| !l.is_empty())
}
