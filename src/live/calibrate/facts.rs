//! What the server and its host are, found without load.

use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use postgres::Client;

use crate::live::calibrate::Location;
use crate::live::calibrate::host::Bounds;
use crate::live::{Conninfo, LiveError};
use crate::machine::modelled_settings;
use crate::units::{Bytes, PAGE_BYTES, Seconds};

/// The oldest server whose catalogs are read here.
const OLDEST: u32 = 12;
/// Connections kept free for others while measuring.
const SPARE_CONNECTIONS: u32 = 3;
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

impl Facts {
    /// Asks the server, and looks at what this host shows of it.
    ///
    /// # Errors
    /// [`LiveError::Unsuitable`] for a server in recovery, one too old, one of another block size, a role that may
    /// not create a schema, or one with too few free connections.
    pub fn find(client: &mut Client, conninfo: &Conninfo) -> Result<Self, LiveError> {
        let asked = client.query_one(
            "SELECT current_setting('server_version_num')::int4, current_setting('server_version'),
                        pg_is_in_recovery(), has_database_privilege(current_database(), 'CREATE'),
                        current_setting('block_size')::int4, pg_backend_pid(),
                        current_setting('max_connections')::int4
                          - current_setting('superuser_reserved_connections')::int4
                          - (SELECT count(*)::int4 FROM pg_stat_activity WHERE backend_type = 'client backend'),
                        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
                        current_setting('synchronous_standby_names') <> '',
                        current_database()::text, current_user::text,
                        current_setting('transaction_read_only') = 'on',
                        to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')",
            &[],
        )?;
        let number: i32 = asked.get(0);
        let version = u32::try_from(number / 10_000).unwrap_or(0);
        let version_text: String = asked.get(1);
        let refuse = |message: String| Err(LiveError::Unsuitable { message });
        let (database, role): (String, String) = (asked.get(9), asked.get(10));
        if version < OLDEST {
            return refuse(format!("the server is PostgreSQL {version_text}; version {OLDEST} or later is needed"));
        }
        if asked.get::<_, bool>(2) {
            return refuse("the server is in recovery (a standby): nothing can be written there, so calibrate its primary, or a server of its own on the same kind of machine".into());
        }
        if asked.get::<_, bool>(11) {
            return refuse(
                "transactions are read-only here (default_transaction_read_only): calibrating writes to a scratch schema"
                    .into(),
            );
        }
        if !asked.get::<_, bool>(3) {
            return refuse(format!(
                "role \"{role}\" may not create a schema in database \"{database}\": run GRANT CREATE ON DATABASE \"{database}\" TO \"{role}\", or connect to another database"
            ));
        }
        if f64::from(asked.get::<_, i32>(4)) != PAGE_BYTES {
            return refuse(format!(
                "the server's block size is {} bytes; the model is made for 8192",
                asked.get::<_, i32>(4)
            ));
        }
        let free = u32::try_from(asked.get::<_, i32>(6)).unwrap_or(0).saturating_sub(SPARE_CONNECTIONS);
        if free < 4 {
            return refuse(format!(
                "only {free} connections are free beside {SPARE_CONNECTIONS} for others; at least 4 are needed: raise max_connections"
            ));
        }
        let superuser = asked.get::<_, bool>(7);
        let backend = u32::try_from(asked.get::<_, i32>(5)).unwrap_or(0);
        let local = is_local(conninfo) && is_backend(backend);
        let own = Bounds::look(&mut |path| fs::read_to_string(path).ok()).unwrap_or_default();
        let server = if local {
            let process = format!("/proc/{backend}/");
            Bounds::look(&mut |path| fs::read_to_string(path.replace("/proc/self/", &process)).ok())
        } else {
            Bounds::look(&mut |path| through_server(client, path))
        };
        let location = match &server {
            Some(s) if local && s.cpus.iter().any(|cpu| own.cpus.contains(cpu)) => Location::SameCores,
            Some(_) if local => Location::OtherCores,
            _ => Location::OtherHost,
        };
        Ok(Self {
            date: asked.get(12),
            version,
            version_text,
            location,
            server,
            own,
            settings: settings(client)?,
            postmaster: local.then(|| parent(backend)).flatten(),
            rtt: round_trip(conninfo),
            free_connections: free,
            superuser,
            data_directory: client
                .query_one("SELECT current_setting('data_directory', true)", &[])
                .ok()
                .and_then(|row| row.get(0)),
            standby: asked.get(8),
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

/// Whether a connection goes to this host as far as its address says.
fn is_local(conninfo: &Conninfo) -> bool {
    match conninfo.get("hostaddr").or_else(|| conninfo.get("host")) {
        None => true,
        Some(host) => {
            host.is_empty()
                || host.starts_with(['/', '@'])
                || host == "localhost"
                || host == "::1"
                || host.starts_with("127.")
        }
    }
}

/// Whether a process of this host is a PostgreSQL backend: a port forwarded from elsewhere has none here.
fn is_backend(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|c| c.starts_with("postgres"))
}

/// The process that started another one.
fn parent(pid: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    text.lines().find_map(|l| l.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// The wire's round trip: the fastest TCP handshake, which the kernels answer without any process. A socket in the
/// file system and the loopback have no wire; what they cost is CPU time.
fn round_trip(conninfo: &Conninfo) -> Seconds {
    if is_local(conninfo) {
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
