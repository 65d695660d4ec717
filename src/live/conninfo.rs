//! Where a server is and as whom to connect, by libpq's rules.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::process::{Command, Stdio};

use postgres::{Client, NoTls};

use crate::live::LiveError;

/// Connection parameters by libpq's keywords (`host`, `port`, `user`, `dbname`, `password`, `sslmode` ...), defaults
/// from the environment filled in.
#[derive(Clone, PartialEq, Eq)]
pub struct Conninfo {
    parameters: BTreeMap<String, String>,
}

impl fmt::Debug for Conninfo {
    /// Without the password, so that no message can hold it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.parameters.iter().filter(|(k, _)| *k != "password")).finish()
    }
}

/// What was typed at the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed<'a> {
    /// `-d`: a name, a string of `key=value`, or a URI.
    pub dbname: Option<&'a str>,
    /// `--host`.
    pub host: Option<&'a str>,
    /// `-p`.
    pub port: Option<&'a str>,
    /// `-U`.
    pub user: Option<&'a str>,
}

/// libpq's keywords with the environment variables that a client program of PostgreSQL reads for them.
const ENVIRONMENT: [(&str, &str); 5] =
    [("host", "PGHOST"), ("port", "PGPORT"), ("user", "PGUSER"), ("dbname", "PGDATABASE"), ("password", "PGPASSWORD")];

impl Conninfo {
    /// The parameters that libpq would use.
    ///
    /// # Errors
    /// [`LiveError::Connection`] for a string that is not in libpq's form.
    pub fn resolve(typed: &Typed) -> Result<Self, LiveError> {
        let mut parameters = BTreeMap::new();
        for (keyword, variable) in ENVIRONMENT {
            if let Ok(value) = env::var(variable) {
                parameters.insert(keyword.to_owned(), value);
            }
        }
        for (keyword, value) in
            [("host", typed.host), ("port", typed.port), ("user", typed.user), ("dbname", typed.dbname)]
        {
            match value {
                Some(text) if keyword == "dbname" && text.contains('=') => {
                    for pair in text.split_whitespace() {
                        let (k, v) = pair.split_once('=').unwrap_or((pair, ""));
                        parameters.insert(k.to_owned(), v.to_owned());
                    }
                }
                Some(text) => drop(parameters.insert(keyword.to_owned(), text.to_owned())),
                None => {}
            }
        }
        Ok(Self { parameters })
    }

    /// One parameter.
    #[must_use]
    pub fn get(&self, keyword: &str) -> Option<&str> {
        self.parameters.get(keyword).map(String::as_str)
    }

    /// The same server, another database.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.parameters.insert("dbname".to_owned(), name.to_owned());
        other
    }

    /// Connects.
    ///
    /// # Errors
    /// [`LiveError::Connection`] in the server's or libpq's words.
    pub fn connect(&self) -> Result<Client, LiveError> {
        let mut config = postgres::Config::new();
        config.application_name("predict");
        config.host(self.get("host").unwrap_or("/var/run/postgresql"));
        config.port(self.get("port").and_then(|p| p.parse().ok()).unwrap_or(5432));
        config.user(self.get("user").unwrap_or("postgres"));
        config.dbname(self.get("dbname").unwrap_or("postgres"));
        if let Some(password) = self.get("password") {
            config.password(password);
        }
        config.connect(NoTls).map_err(|e| LiveError::Connection { message: e.to_string() })
    }

    /// A client program of PostgreSQL that connects to the same place: everything goes by environment, nothing (such
    /// as a password) by its arguments.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut c = Command::new(program);
        for inherited in ["PGSERVICE", "PGSERVICEFILE", "PGHOSTADDR", "PGOPTIONS"] {
            c.env_remove(inherited);
        }
        for (keyword, variable) in ENVIRONMENT {
            match self.get(keyword) {
                Some(value) => c.env(variable, value),
                None => c.env_remove(variable),
            };
        }
        c.stdin(Stdio::null());
        c
    }
}
