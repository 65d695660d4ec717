//! Where a server is and as whom to connect, by libpq's rules: a connection string wins over single options, both over
//! a service file, that over the environment, and that over the defaults.
//!
//! Where this program and a client program of PostgreSQL differ, it is said in [`Conninfo::command`] and in
//! [`keywords`]; what cannot be honoured is refused, never ignored.

mod connect;
pub mod environment;
mod hosts;
pub mod keyvalue;
pub mod keywords;
mod message;
mod names;
pub mod passfile;
pub mod service;
mod tls;
pub mod uri;
mod verifier;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use postgres::Client;

use crate::live::LiveError;
use crate::live::pgbench::escaped;
use environment::{Environment, is_socket, socket_directory};
use hosts::Endpoint;
use keywords::{KEYWORDS, SECRET, SESSION_VARIABLES, refuse};

/// Connection parameters by libpq's keywords (`host`, `port`, `user`, `dbname`, `password`, `sslmode` ...).
///
/// `user`, `dbname`, `port` and one of `host` and `hostaddr` are always there.
#[derive(Clone, PartialEq, Eq)]
pub struct Conninfo {
    parameters: BTreeMap<String, String>,
    /// Settings of the session that libpq takes from the environment, as `options` takes them.
    session: String,
    home: Option<PathBuf>,
}

impl fmt::Debug for Conninfo {
    /// Without what is secret, so that no message can hold it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.parameters.iter().filter(|(k, _)| !SECRET.contains(&k.as_str()))).finish()
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

impl Conninfo {
    /// The parameters that libpq would use in this process.
    ///
    /// # Errors
    /// [`LiveError::Connection`], in libpq's words, for what libpq would refuse and for what this program cannot do.
    pub fn resolve(typed: &Typed) -> Result<Self, LiveError> {
        Self::resolve_in(typed, &Environment::of_process())
    }

    /// The same in a given environment.
    ///
    /// # Errors
    /// See [`Self::resolve`].
    pub fn resolve_in(typed: &Typed, around: &Environment) -> Result<Self, LiveError> {
        let mut given = explicit(typed)?;
        let service = given.remove("service").or_else(|| around.get("PGSERVICE").map(str::to_owned));
        let service_file = given.remove("servicefile");
        if let Some(service) = service.filter(|s| !s.is_empty()) {
            for (keyword, value) in service::parameters(&service, service_file.as_deref(), around)? {
                given.entry(keyword).or_insert(value);
            }
        }
        for (keyword, variable) in KEYWORDS {
            if let Some(value) = variable.and_then(|v| around.get(v)).filter(|_| keyword != "service") {
                given.entry(keyword.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        // Up to here an empty value counts, as it keeps what comes later away; from here on it is the default.
        given.retain(|_, value| !value.is_empty());
        defaults(&mut given, around)?;
        for (keyword, value) in &given {
            keywords::check(keyword, value)?;
        }
        check_tls(&given)?;
        Endpoint::list(&given)?;
        Ok(Self { parameters: given, session: session(around), home: around.home.clone() })
    }

    /// One parameter.
    #[must_use]
    pub fn get(&self, keyword: &str) -> Option<&str> {
        self.parameters.get(keyword).map(String::as_str)
    }

    /// Whether the server is on this host as far as its address says: a port forwarded from elsewhere looks the same.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let loopback = |address: &str| address.parse::<IpAddr>().is_ok_and(|a| a.is_loopback());
        match self.get("hostaddr") {
            Some(address) => loopback(address),
            None => self.get("host").is_some_and(|h| is_socket(h) || h == "localhost" || loopback(h)),
        }
    }

    /// The same server, another database.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.parameters.insert("dbname".to_owned(), name.to_owned());
        other
    }

    /// The same server, as a client of another name: its sessions can then be told from those of others.
    #[must_use]
    pub fn with_application_name(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.parameters.insert("application_name".to_owned(), name.to_owned());
        other
    }

    /// What the user should know although the connection may well succeed: a password file that is ignored.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let wanted = self.get("password").is_none();
        self.passfile().filter(|_| wanted).and_then(|f| passfile::complaint(&f)).into_iter().collect()
    }

    /// Connects to the first server of the list that can be reached and is what `target_session_attrs` asks for.
    ///
    /// # Errors
    /// [`LiveError::Connection`] in the server's or libpq's words.
    pub fn connect(&self) -> Result<Client, LiveError> {
        connect::connect(self).map(|(client, _)| client)
    }

    /// Connects, and returns the parameters that lead to the same server again, where a list or a name with several
    /// addresses could lead to others.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn connect_to_one(&self) -> Result<(Client, Self), LiveError> {
        let (client, found) = connect::connect(self)?;
        let mut one = self.clone();
        one.parameters.insert("port".to_owned(), found.port.to_string());
        let mut set = |keyword: &str, value: Option<String>| match value {
            Some(value) => drop(one.parameters.insert(keyword.to_owned(), value)),
            None => drop(one.parameters.remove(keyword)),
        };
        set("host", Some(found.host.clone()).filter(|h| !h.is_empty()));
        set("hostaddr", found.address.map(|a| a.to_string()));
        Ok((client, one))
    }

    /// A client program of PostgreSQL that connects to the same place: everything goes by environment, nothing (such
    /// as a password) by its arguments.
    ///
    /// `load_balance_hosts` is not passed on: all load is to meet the server that was measured. A password file is
    /// passed on as such, and the program looks its password up by itself.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut c = Command::new(program);
        for (keyword, variable) in KEYWORDS {
            let Some(variable) = variable else { continue };
            match self.get(keyword).filter(|_| keyword != "load_balance_hosts") {
                Some(value) => c.env(variable, value),
                None => c.env_remove(variable),
            };
        }
        c.env_remove("PGSERVICEFILE").stdin(Stdio::null());
        c
    }

    fn passfile(&self) -> Option<PathBuf> {
        let of_home = || self.home.as_ref().map(|h| h.join(".pgpass"));
        self.get("passfile").map(PathBuf::from).or_else(of_home)
    }

    /// A file of the user's own directory for TLS, `~/.postgresql`.
    fn of_home(&self, name: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|h| h.join(".postgresql").join(name))
    }
}

/// What was typed. As in psql, the parameters of a connection string override the options beside it.
fn explicit(typed: &Typed) -> Result<BTreeMap<String, String>, LiveError> {
    let mut given = BTreeMap::new();
    for (keyword, value) in [("host", typed.host), ("port", typed.port), ("user", typed.user)] {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            given.insert(keyword.to_owned(), value.to_owned());
        }
    }
    match typed.dbname.unwrap_or_default() {
        text if uri::is_uri(text) => given.extend(uri::parse(text)?),
        text if text.contains('=') => given.extend(keyvalue::parse(text)?),
        "" => {}
        name => drop(given.insert("dbname".to_owned(), name.to_owned())),
    }
    Ok(given)
}

/// Fills in what every connection needs.
fn defaults(given: &mut BTreeMap<String, String>, around: &Environment) -> Result<(), LiveError> {
    if !given.contains_key("user") {
        let unknown = "failed to find the operating system's name of the user, which names the role to connect as; \
                       give it as user=... or -U";
        let user = around.user.clone().ok_or_else(|| refuse(unknown))?;
        given.insert("user".to_owned(), user);
    }
    let user = given.get("user").cloned().unwrap_or_default();
    given.entry("dbname".to_owned()).or_insert(user);
    given.entry("port".to_owned()).or_insert_with(|| "5432".to_owned());
    if !given.contains_key("hostaddr") {
        let hosts = given.entry("host".to_owned()).or_default();
        let named = |h: &str| if h.is_empty() { socket_directory().to_owned() } else { h.to_owned() };
        *hosts = hosts.split(',').map(named).collect::<Vec<_>>().join(",");
    }
    if given.get("sslrootcert").is_some_and(|r| r == "system") {
        given.entry("sslmode".to_owned()).or_insert_with(|| "verify-full".to_owned());
    }
    Ok(())
}

/// Combinations that libpq refuses because they would protect less than they seem to.
fn check_tls(given: &BTreeMap<String, String>) -> Result<(), LiveError> {
    let get = |keyword: &str| given.get(keyword).map_or("", String::as_str);
    let mode = given.get("sslmode").map_or("prefer", String::as_str);
    if get("sslrootcert") == "system" && mode != "verify-full" {
        return Err(refuse(format!(
            "weak sslmode \"{mode}\" may not be used with sslrootcert=system (use \"verify-full\")"
        )));
    }
    if get("sslnegotiation") == "direct" && !matches!(mode, "require" | "verify-ca" | "verify-full") {
        return Err(refuse(format!(
            "weak sslmode \"{mode}\" may not be used with sslnegotiation=direct (use \"require\", \"verify-ca\", or \
             \"verify-full\")"
        )));
    }
    Ok(())
}

/// PGTZ and its like, as libpq sends them with every new session.
fn session(around: &Environment) -> String {
    let option = |(variable, setting): &(&str, &str)| {
        let value = around.get(variable).filter(|v| !v.is_empty() && *v != "default")?;
        Some(format!("-c {setting}={}", escaped(value)))
    };
    SESSION_VARIABLES.iter().filter_map(option).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
