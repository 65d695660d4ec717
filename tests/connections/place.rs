//! A server to connect to, and what psql makes of the same connection.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use predict::live::conninfo::environment::Environment;
use predict::live::conninfo::{Conninfo, Typed};
use predict::live::{Cluster, ClusterOptions, Loopback};

use crate::authority::Authority;
use crate::support::server;

/// A server with TLS on the loopback, a home directory for the client, and roles to connect as.
pub struct Place {
    pub cluster: Cluster,
    pub authority: Authority,
    pub home: tempfile::TempDir,
    pub port: u16,
}

const RULES: &str = "
hostnossl all plain_only all trust
hostssl all tls_user all cert
hostssl all tls_only all scram-sha-256
host all slow all scram-sha-256
host all md5 all md5
hostssl all open all trust
hostnossl all open all reject
";

impl Place {
    /// `None` where PostgreSQL is not installed; in CI that is a failure.
    pub fn new() -> Option<Self> {
        let authority = Authority::new();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let loopback = Loopback {
            port,
            certificate: authority.file("server.crt"),
            key: authority.file("server.key"),
            authority: authority.file("root.crt"),
            rules: RULES.to_owned(),
        };
        let options = ClusterOptions { loopback: Some(loopback), ..ClusterOptions::default() };
        let cluster = server(&options)?;
        let roles = "CREATE ROLE plain_only LOGIN; CREATE ROLE tls_user LOGIN; CREATE ROLE open LOGIN;
            CREATE ROLE tls_only LOGIN PASSWORD 'pa:ss'; CREATE ROLE slow LOGIN PASSWORD 'sc''ram';
            SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD 'five'";
        cluster.sql("postgres", roles).unwrap();
        Some(Self { cluster, authority, home: tempfile::tempdir().unwrap(), port })
    }

    /// What the library and psql make of a connection string: rows, or an error.
    pub fn both(&self, dbname: &str, variables: &[(&str, &str)]) -> (String, String) {
        let variables: BTreeMap<String, String> =
            variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut psql = Command::new(&self.cluster.binaries().psql);
        psql.env_clear()
            .envs(&variables)
            .env("HOME", self.home.path())
            .args(["-X", "-A", "-t", "-w", "-c", WHO, dbname]);
        let output = psql.output().unwrap();
        let text = if output.status.success() { &output.stdout } else { &output.stderr };
        let expected = String::from_utf8_lossy(text).trim().replace("psql: error: ", "");
        let user = expected_user();
        let around = Environment { variables, home: Some(self.home.path().to_owned()), user: Some(user) };
        (outcome(dbname, &around), expected)
    }

    #[track_caller]
    pub fn same(&self, dbname: &str, variables: &[(&str, &str)]) -> String {
        let (found, expected) = self.both(dbname, variables);
        assert_eq!(found, expected, "{dbname} {variables:?}");
        found
    }

    pub fn home_file(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Gives the server another certificate.
    pub fn show(&self, name: &str) {
        for (from, to) in [(format!("{name}.crt"), "server.crt"), (format!("{name}.key"), "server.key")] {
            fs::write(self.cluster.data().join(to), fs::read(self.authority.file(&from)).unwrap()).unwrap();
        }
        self.cluster.sql("postgres", "SELECT pg_reload_conf()").unwrap();
        // The signal is handled within moments, but after the answer.
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
}

/// Who is connected, to what, and how.
pub const WHO: &str = "SELECT current_user, current_database(), s.ssl, current_setting('geqo'), current_setting('TimeZone') \
                   FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()";

fn expected_user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub fn outcome(dbname: &str, around: &Environment) -> String {
    let connected = Conninfo::resolve_in(&Typed { dbname: Some(dbname), ..Typed::default() }, around)
        .and_then(|conninfo| conninfo.connect());
    let mut client = match connected {
        Ok(client) => client,
        Err(error) => return error.to_string(),
    };
    let answer = client.simple_query(WHO).unwrap();
    let row = answer.iter().find_map(|m| match m {
        postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = row.unwrap();
    (0..row.len()).map(|i| row.get(i).unwrap()).collect::<Vec<_>>().join("|")
}
