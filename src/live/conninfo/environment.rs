//! What libpq takes from the process around it.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use nix::unistd::{User, geteuid};

/// Variables, home and name of whoever runs the program.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Environment variables that begin with `PG`.
    pub variables: BTreeMap<String, String>,
    /// Where `.pgpass`, `.pg_service.conf` and `.postgresql` are looked for.
    pub home: Option<PathBuf>,
    /// The operating system's name of the user.
    pub user: Option<String>,
}

impl Environment {
    /// That of this process. A variable that is not UTF-8 counts as not set.
    #[must_use]
    pub fn of_process() -> Self {
        let text =
            |(k, v): (std::ffi::OsString, std::ffi::OsString)| Some((k.into_string().ok()?, v.into_string().ok()?));
        let variables = env::vars_os().filter_map(text).filter(|(k, _)| k.starts_with("PG")).collect();
        let account = User::from_uid(geteuid()).ok().flatten();
        let home = env::var_os("HOME").filter(|h| !h.is_empty()).map(PathBuf::from);
        Self { variables, home: home.or(account.as_ref().map(|a| a.dir.clone())), user: account.map(|a| a.name) }
    }

    /// One variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}

/// Where a server's socket is when nobody says: Debian's place, or else PostgreSQL's own.
#[must_use]
pub fn socket_directory() -> &'static str {
    const DEBIAN: &str = "/var/run/postgresql";
    if Path::new(DEBIAN).is_dir() { DEBIAN } else { "/tmp" }
}

/// Whether the value of `host` means a socket and not a name.
#[must_use]
pub fn is_socket(host: &str) -> bool {
    host.starts_with(['/', '@'])
}
