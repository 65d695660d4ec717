//! A scratch PostgreSQL: made in a temporary directory, reachable only through a Unix socket there,
//! stopped and removed when dropped.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::live::error::tail;
use crate::live::{Binaries, LiveError};

/// Name of the superuser and of the maintenance database.
pub const SUPERUSER: &str = "postgres";

/// The number in the name of the socket, where no port is given.
const SOCKET_PORT: u16 = 5432;

/// How long a server may take to accept connections, in seconds.
const START_SECONDS: u64 = 30;

/// How a scratch cluster is made.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Settings, as in postgresql.conf, without quotes.
    pub settings: Vec<(String, String)>,
    /// CPUs the server may use, as `taskset -c` takes them (`0`, `0-3`); `None`: all.
    pub cpus: Option<String>,
    /// The user that runs the server when this program runs as root.
    pub user: String,
    /// Where the temporary directory is made; `None`: the system's place for them.
    pub directory: Option<PathBuf>,
    /// Data checksums.
    pub checksums: bool,
    /// Lets it be reached over the network of this machine itself; `None`: by its socket only.
    pub loopback: Option<Loopback>,
}

/// How a scratch server is reached over 127.0.0.1.
#[derive(Debug, Clone)]
pub struct Loopback {
    /// A free port.
    pub port: u16,
    /// Its certificate (PEM).
    pub certificate: PathBuf,
    /// The certificate's key (PEM).
    pub key: PathBuf,
    /// The authority of client certificates (PEM).
    pub authority: PathBuf,
    /// Lines of pg_hba.conf for connections over the network.
    pub rules: String,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            settings: Vec::new(),
            cpus: None,
            user: "postgres".to_owned(),
            directory: None,
            checksums: false,
            loopback: None,
        }
    }
}

impl ClusterOptions {
    /// The same, with one setting more.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running scratch server. Dropping it stops the server at once and removes its files.
#[derive(Debug)]
pub struct Cluster {
    binaries: Binaries,
    server: Child,
    port: u16,
    /// Keeps the directory alive; removed after the server has gone.
    root: TempDir,
}

impl Cluster {
    /// Creates a cluster and starts a server on it.
    ///
    /// The locale is C.UTF-8, authentication is by the socket's file permissions, and nothing
    /// listens on the network unless [`ClusterOptions::loopback`] says so.
    ///
    /// # Errors
    /// Any [`LiveError`]; nothing stays behind.
    pub fn start(options: &ClusterOptions) -> Result<Self, LiveError> {
        let binaries = Binaries::find()?;
        let root = match &options.directory {
            Some(d) => tempfile::Builder::new().prefix("predict-").tempdir_in(d),
            None => tempfile::Builder::new().prefix("predict-").tempdir(),
        }
        .map_err(LiveError::file("create a temporary directory for", "the scratch server"))?;
        let user = run_as(options)?;
        let data = root.path().join("data");
        prepare(root.path(), &data, user)?;

        let mut initdb = command_as(user, &binaries.initdb);
        initdb.arg("--pgdata").arg(&data);
        initdb.args(["--username", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
        if options.checksums {
            initdb.arg("--data-checksums");
        }
        output_of(initdb.current_dir(root.path()), "initdb")?;

        let configuration = data.join("postgresql.conf");
        let mut text = fs::read_to_string(&configuration).map_err(LiveError::file("read", configuration.clone()))?;
        text.push_str(&configuration_lines(root.path(), &options.settings));
        if let Some(loopback) = &options.loopback {
            text.push_str(&loopback.install(&data, user)?);
        }
        fs::write(&configuration, text).map_err(LiveError::file("write", configuration))?;

        let log = root.path().join("log");
        let sink = fs::File::create(&log).map_err(LiveError::file("create", log.clone()))?;
        let mut start = match &options.cpus {
            // taskset replaces itself by what it runs, so the child is the server.
            Some(cpus) => {
                let mut c = command_as(user, Path::new("taskset"));
                c.args(["--cpu-list", cpus]).arg(&binaries.postgres);
                c
            }
            None => command_as(user, &binaries.postgres),
        };
        start.arg("-D").arg(&data).current_dir(root.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(sink);
        let server = start.spawn().map_err(|source| LiveError::Start { program: "postgres".to_owned(), source })?;
        let mut cluster =
            Self { binaries, server, port: options.loopback.as_ref().map_or(SOCKET_PORT, |l| l.port), root };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// The directory of the socket: what `-h` takes.
    #[must_use]
    pub fn socket(&self) -> &Path {
        self.root.path()
    }

    /// The cluster's data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// A directory for files that live as long as the cluster.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.root.path()
    }

    /// The programs the cluster was made with.
    #[must_use]
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// Process id of the server.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.id()
    }

    /// Runs SQL and returns the rows as `psql -At` prints them: fields between `|`, no header.
    ///
    /// # Errors
    /// [`LiveError::Failed`] with the server's message on the first statement that fails.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, LiveError> {
        self.psql(database, ["-c".as_ref(), OsStr::new(sql)])
    }

    /// Runs a file of SQL, psql meta-commands included.
    ///
    /// # Errors
    /// [`LiveError::Failed`] with the server's message on the first statement that fails.
    pub fn sql_file(&self, database: &str, file: &Path) -> Result<String, LiveError> {
        self.psql(database, ["-f".as_ref(), file.as_os_str()])
    }

    /// Creates an empty database.
    ///
    /// # Errors
    /// [`LiveError::Failed`] when the server refuses.
    pub fn create_database(&self, name: &str) -> Result<(), LiveError> {
        self.sql(SUPERUSER, &format!("CREATE DATABASE \"{name}\"")).map(drop)
    }

    /// Creates a database with pgbench's own tables, vacuumed.
    ///
    /// # Errors
    /// [`LiveError::Failed`] when pgbench fails.
    pub fn create_pgbench_database(&self, name: &str, scale: u32) -> Result<(), LiveError> {
        self.create_database(name)?;
        let mut pgbench = self.client(&self.binaries.pgbench);
        pgbench.args(["--initialize", "--quiet", "--scale", &scale.to_string(), name]);
        output_of(&mut pgbench, "pgbench --initialize").map(drop)
    }

    /// A client program of this server, its connection given by environment.
    #[must_use]
    pub fn client(&self, program: impl AsRef<OsStr>) -> Command {
        let mut c = Command::new(program);
        for inherited in ["PGSERVICE", "PGSERVICEFILE", "PGHOSTADDR", "PGOPTIONS", "PGDATABASE", "PGPASSWORD"] {
            c.env_remove(inherited);
        }
        c.env("PGHOST", self.socket())
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", SUPERUSER)
            .env("PGSSLMODE", "disable");
        c.current_dir(self.root.path()).stdin(Stdio::null());
        c
    }

    fn psql<const N: usize>(&self, database: &str, arguments: [&OsStr; N]) -> Result<String, LiveError> {
        let mut psql = self.client(&self.binaries.psql);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database]).args(arguments);
        output_of(&mut psql, "psql")
    }

    fn wait_until_ready(&mut self) -> Result<(), LiveError> {
        let start = Instant::now();
        let log = |c: &Self| tail(&fs::read_to_string(c.root.path().join("log")).unwrap_or_default());
        while start.elapsed() < Duration::from_secs(START_SECONDS) {
            if let Ok(Some(status)) = self.server.try_wait() {
                return Err(LiveError::Failed {
                    program: "postgres".to_owned(),
                    status: status.to_string(),
                    message: log(self),
                });
            }
            if self.sql(SUPERUSER, "SELECT 1").is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        Err(LiveError::NotReady { seconds: START_SECONDS, log: log(self) })
    }
}

impl Drop for Cluster {
    /// Stops the server by its process id: a fast shutdown, and an immediate one when that takes
    /// too long. Nothing in the cluster is worth keeping.
    fn drop(&mut self) {
        for (signal, patience) in [("-INT", 10), ("-QUIT", 5), ("-KILL", 5)] {
            if matches!(self.server.try_wait(), Ok(Some(_))) {
                return;
            }
            let _ = Command::new("kill").arg(signal).arg(self.server.id().to_string()).status();
            let sent = Instant::now();
            while sent.elapsed() < Duration::from_secs(patience) {
                if matches!(self.server.try_wait(), Ok(Some(_))) {
                    return;
                }
                sleep(Duration::from_millis(20));
            }
        }
    }
}

/// User and group to run the server as.
#[derive(Clone, Copy)]
struct User {
    id: u32,
    group: u32,
}

/// Whom to run the server as: nobody else, unless this program runs as root.
fn run_as(options: &ClusterOptions) -> Result<Option<User>, LiveError> {
    if id_number("-u", None) != Some(0) {
        return Ok(None);
    }
    let name = Some(options.user.as_str());
    let user = id_number("-u", name).zip(id_number("-g", name)).map(|(id, group)| User { id, group });
    user.map(Some).ok_or_else(|| LiveError::NoUser { user: options.user.clone() })
}

/// What `id -u` or `id -g` says of a user; of the current one without a name.
fn id_number(which: &str, name: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(which).args(name).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().parse().ok()).flatten()
}

/// Makes the directories, with the owner and the permissions that a server insists on.
fn prepare(root: &Path, data: &Path, user: Option<User>) -> Result<(), LiveError> {
    fs::create_dir(data).map_err(LiveError::file("create", data))?;
    fs::set_permissions(data, fs::Permissions::from_mode(0o700)).map_err(LiveError::file("restrict", data))?;
    if let Some(user) = user {
        for path in [root, data] {
            chown(path, Some(user.id), Some(user.group)).map_err(LiveError::file("change the owner of", path))?;
        }
    }
    Ok(())
}

impl Loopback {
    /// Copies the files to where the server takes them from, and returns the lines of postgresql.conf for them, which
    /// win over those before.
    fn install(&self, data: &Path, user: Option<User>) -> Result<String, LiveError> {
        let rules = format!("local all all trust\n{}\n", self.rules);
        let read = |file: &PathBuf| fs::read(file).map_err(LiveError::file("read", file));
        for (name, text) in [
            ("server.crt", read(&self.certificate)?),
            ("server.key", read(&self.key)?),
            ("root.crt", read(&self.authority)?),
            ("pg_hba.conf", rules.into_bytes()),
        ] {
            let path = data.join(name);
            fs::write(&path, text).map_err(LiveError::file("write", path.clone()))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
                .map_err(LiveError::file("restrict", &path))?;
            if let Some(user) = user {
                chown(&path, Some(user.id), Some(user.group)).map_err(LiveError::file("change the owner of", &path))?;
            }
        }
        let port = self.port;
        Ok(format!("listen_addresses = '127.0.0.1'\nport = {port}\nssl = on\nssl_ca_file = 'root.crt'\n"))
    }
}

/// What is appended to postgresql.conf; later lines win over earlier ones, so the settings given
/// come last but cannot open the server to the network.
fn configuration_lines(socket: &Path, settings: &[(String, String)]) -> String {
    let mut lines = String::from("\n");
    for (name, value) in settings {
        lines.push_str(&format!("{name} = '{}'\n", value.replace('\'', "''")));
    }
    let socket = socket.display().to_string().replace('\'', "''");
    lines.push_str(&format!("listen_addresses = ''\nport = {SOCKET_PORT}\nunix_socket_directories = '{socket}'\n"));
    lines.push_str("unix_socket_permissions = 0700\n");
    lines
}

/// A command, as another user when one is named; the kernel changes the user between fork and exec,
/// so the child is the program itself, whose process id can be trusted.
fn command_as(user: Option<User>, program: &Path) -> Command {
    let mut c = Command::new(program);
    if let Some(user) = user {
        c.uid(user.id).gid(user.group);
    }
    c
}

/// Runs a command to its end and returns what it wrote to stdout.
pub(crate) fn output_of(command: &mut Command, program: &str) -> Result<String, LiveError> {
    let output = command.output().map_err(|source| LiveError::Start { program: program.to_owned(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(LiveError::Failed {
        program: program.to_owned(),
        status: output.status.to_string(),
        message: tail(&String::from_utf8_lossy(&output.stderr)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_quoted_and_cannot_open_the_network() {
        let text = configuration_lines(
            Path::new("/tmp/it's"),
            &[("listen_addresses".into(), "*".into()), ("work_mem".into(), "4MB".into())],
        );
        assert!(text.contains("work_mem = '4MB'\n"));
        assert!(text.rfind("listen_addresses = ''") > text.find("listen_addresses = '*'"));
        assert!(text.contains("'/tmp/it''s'"));
    }
}
