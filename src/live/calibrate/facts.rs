//! What the server and its host are, found without load.

use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use postgres::{Client, Row};

use crate::live::backend::postmaster_of;
use crate::live::calibrate::Location;
use crate::live::calibrate::host::Bounds;
use crate::live::calibrate::prices::CLIENTS;
use crate::live::{Conninfo, LiveError};
use crate::machine::modelled_settings;
use crate::units::{Bytes, PAGE_BYTES, Seconds};

/// The oldest server whose catalogs are read here.
const OLDEST: u32 = 12;
/// Connections kept free for others while measuring.
const SPARE_CONNECTIONS: u32 = 3;
/// Connections without which the price list cannot be measured: it is defined at four clients.
const LEAST_CONNECTIONS: u32 = CLIENTS;
/// Handshakes of which the fastest is the wire's round trip.
const HANDSHAKES: usize = 10;

/// What is known before anything is measured.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Facts {
    /// When, by the server's clock.
    pub date: String,
    /// Version as the server says it.
    pub version_text: String,
    /// Major version.
    pub version: u32,
    /// Where the load generator is, seen from the server.
    pub location: Location,
    /// What bounds the server, where that can be seen.
    pub server: Option<Bounds>,
    /// What bounds this program, and so the load generator.
    pub own: Bounds,
    /// Settings that the model knows, as the server has them, by name.
    pub settings: Vec<(String, String)>,
    /// Process id of the postmaster on this host.
    pub postmaster: Option<u32>,
    /// Round trip of the wire alone.
    pub rtt: Seconds,
    /// Clients that can connect beside those there are.
    pub free_connections: u32,
    /// Whether the role may set what only superusers may, such as `track_wal_io_timing`.
    pub superuser: bool,
    /// Folder of the data, for a superuser.
    pub data_directory: Option<String>,
    /// Whether commits wait for a synchronous standby.
    pub standby: bool,
}

/// What is asked of the server first.
const ASKED: &str = "\
SELECT current_setting('server_version_num')::int4 AS version, current_setting('server_version') AS version_text,
       pg_is_in_recovery() AS in_recovery, current_setting('transaction_read_only') = 'on' AS read_only,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       current_setting('block_size')::int4 AS block_size, pg_backend_pid() AS backend,
       current_setting('max_connections')::int4 - current_setting('superuser_reserved_connections')::int4
         - (SELECT count(*)::int4 FROM pg_stat_activity WHERE backend_type = 'client backend') AS free,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       current_setting('synchronous_standby_names') <> '' AS standby,
       current_database()::text AS database, current_user::text AS role,
       to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"') AS date";

/// Major version in the answer to [`ASKED`].
fn version(asked: &Row) -> u32 {
    u32::try_from(asked.get::<_, i32>("version") / 10_000).unwrap_or(0)
}

/// Connections that may be used, by the answer to [`ASKED`].
fn free_connections(asked: &Row) -> u32 {
    u32::try_from(asked.get::<_, i32>("free")).unwrap_or(0).saturating_sub(SPARE_CONNECTIONS)
}

/// Why the server that answered [`ASKED`] cannot be calibrated, and what to do.
fn unsuitable(asked: &Row) -> Option<String> {
    let is = |what: &str| asked.get::<_, bool>(what);
    if version(asked) < OLDEST {
        let found: String = asked.get("version_text");
        return Some(format!("the server is PostgreSQL {found}; version {OLDEST} or later is needed"));
    }
    if is("in_recovery") {
        return Some("the server is in recovery (a standby): nothing can be written there, so calibrate its primary, or a server of its own on the same kind of machine".into());
    }
    if is("read_only") {
        return Some(
            "transactions are read-only here (default_transaction_read_only): calibrating writes to a scratch schema"
                .into(),
        );
    }
    if !is("may_create") {
        let (database, role): (String, String) = (asked.get("database"), asked.get("role"));
        return Some(format!(
            "role \"{role}\" may not create a schema in database \"{database}\": run GRANT CREATE ON DATABASE \"{database}\" TO \"{role}\", or connect to another database"
        ));
    }
    let block: i32 = asked.get("block_size");
    if f64::from(block) != PAGE_BYTES {
        return Some(format!("the server's block size is {block} bytes; the model is made for {PAGE_BYTES}"));
    }
    let free = free_connections(asked);
    (free < LEAST_CONNECTIONS).then(|| {
        format!(
            "only {free} connections are free beside {SPARE_CONNECTIONS} for others; at least {LEAST_CONNECTIONS} are needed: raise max_connections"
        )
    })
}

impl Facts {
    /// Asks the server, and looks at what this host shows of it.
    ///
    /// # Errors
    /// [`LiveError::Unsuitable`] for a server in recovery, read-only, too old or of another block size, a role that may
    /// not create a schema, or too few free connections.
    pub fn find(client: &mut Client, conninfo: &Conninfo) -> Result<Self, LiveError> {
        let asked = client.query_one(ASKED, &[])?;
        if let Some(message) = unsuitable(&asked) {
            return Err(LiveError::Unsuitable { message });
        }
        let backend = u32::try_from(asked.get::<_, i32>("backend")).ok().filter(|_| conninfo.is_local());
        let postmaster = backend.and_then(postmaster_of);
        let own = Bounds::look(&mut |path| fs::read_to_string(path).ok()).unwrap_or_default();
        let server = match backend.filter(|_| postmaster.is_some()) {
            Some(backend) => {
                let process = format!("/proc/{backend}/");
                Bounds::look(&mut |path| fs::read_to_string(path.replace("/proc/self/", &process)).ok())
            }
            None => Bounds::look(&mut |path| through_server(client, path)),
        };
        let location = match &server {
            Some(s) if postmaster.is_some() && s.cpus.iter().any(|cpu| own.cpus.contains(cpu)) => Location::SameCores,
            Some(_) if postmaster.is_some() => Location::OtherCores,
            _ => Location::OtherHost,
        };
        let data_directory = client.query_one("SELECT current_setting('data_directory', true)", &[]);
        Ok(Self {
            date: asked.get("date"),
            version: version(&asked),
            version_text: asked.get("version_text"),
            location,
            server,
            own,
            settings: settings(client)?,
            postmaster,
            rtt: round_trip(conninfo),
            free_connections: free_connections(&asked),
            superuser: asked.get("superuser"),
            // Not every role may know it.
            data_directory: data_directory.ok().and_then(|row| row.get(0)),
            standby: asked.get("standby"),
        })
    }

    /// The server's cores, where they can be seen.
    #[must_use]
    pub fn cores(&self) -> Option<f64> {
        self.server.as_ref().map(Bounds::cores)
    }

    /// CPUs of this host that server and load generator use.
    #[must_use]
    pub fn cpus(&self) -> Vec<u32> {
        let server = self.server.as_ref().filter(|_| self.location != Location::OtherHost);
        let mut all: Vec<u32> = server.map(|s| s.cpus.clone()).unwrap_or_default();
        if self.location == Location::OtherCores {
            all.extend(&self.own.cpus);
        }
        all
    }

    /// Cores of the load generator where it does not run on the server's.
    #[must_use]
    pub fn client_cores(&self) -> Option<f64> {
        (self.location != Location::SameCores).then(|| self.own.cores())
    }

    /// Memory for the server and the kernel's cache together.
    #[must_use]
    pub fn memory(&self) -> Option<Bytes> {
        self.server.as_ref().and_then(|s| s.memory)
    }

    /// A setting's value.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Settings that the model knows: all of them by value, switches of the planner only where they are off.
fn settings(client: &mut Client) -> Result<Vec<(String, String)>, LiveError> {
    let known: Vec<&str> = modelled_settings().collect();
    let rows = client.query(
        "SELECT name, current_setting(name) FROM pg_settings
             WHERE name = ANY($1) OR (name LIKE 'enable\\_%' AND setting = 'off' AND boot_val = 'on')
             ORDER BY name",
        &[&known],
    )?;
    Ok(rows.iter().map(|r| (r.get(0), r.get(1))).collect())
}

/// A file of the server's host as its superusers see it.
fn through_server(client: &mut Client, path: &str) -> Option<String> {
    let row = client.query_one("SELECT pg_read_file($1, 0, 1000000, true)", &[&path]).ok()?;
    row.get(0)
}

/// The wire's round trip: the fastest TCP handshake, which the kernels answer without any process. A socket in the
/// file system and the loopback have no wire; what they cost is CPU time.
fn round_trip(conninfo: &Conninfo) -> Seconds {
    if conninfo.is_local() {
        return Seconds::ZERO;
    }
    let Some(host) = conninfo.get("hostaddr").or_else(|| conninfo.get("host")) else { return Seconds::ZERO };
    let port = conninfo.get("port").and_then(|p| p.parse().ok()).unwrap_or(5432_u16);
    let Some(address) = (host, port).to_socket_addrs().ok().and_then(|mut all| all.next()) else {
        return Seconds::ZERO;
    };
    let handshake = || {
        let begun = Instant::now();
        TcpStream::connect_timeout(&address, Duration::from_secs(5)).ok().map(|_| begun.elapsed().as_secs_f64())
    };
    let fastest = (0..HANDSHAKES).filter_map(|_| handshake()).fold(f64::INFINITY, f64::min);
    if fastest.is_finite() { Seconds(fastest) } else { Seconds::ZERO }
}
