//! What can go wrong between this program and a server.

use std::io;
use std::path::PathBuf;

/// An error of a process, a server or its output.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// No directory holds `initdb`, `postgres`, `psql` and `pgbench`.
    #[error(
        "failed to find {program}: it is neither in PATH nor in /usr/lib/postgresql/*/bin (Debian: apt-get install postgresql)"
    )]
    NoBinary {
        /// The first program that was missing.
        program: &'static str,
    },
    /// The operating system refused a file or directory.
    #[error("failed to {action} {path}: {source}")]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A program could not be started at all.
    #[error("failed to start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// A program ended with an error of its own.
    #[error("{program} failed ({status}): {message}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
        /// The end of what it said.
        message: String,
    },
    /// PostgreSQL refuses to run as root and there is no other user to run it as.
    #[error("failed to find the user {user}: PostgreSQL does not run as root, name another user")]
    NoUser {
        /// The user looked for.
        user: String,
    },
    /// The server did not accept connections in time.
    #[error("failed to reach the scratch server within {seconds} s; its log ends: {log}")]
    NotReady {
        /// How long it was waited for.
        seconds: u64,
        /// The end of its log.
        log: String,
    },
    /// No connection, or a connection lost.
    #[error("{message}")]
    Connection {
        /// In the server's or libpq's words.
        message: String,
    },
    /// The server refused a statement.
    #[error("{message}")]
    Sql {
        /// In the server's words.
        message: String,
    },
    /// The server, or the role there, is not one that can be used for this.
    #[error("{message}")]
    Unsuitable {
        /// Why not, and what to do.
        message: String,
    },
    /// Ctrl-C or SIGTERM.
    #[error("interrupted; nothing was written")]
    Interrupted,
    /// A probe of the price list failed.
    #[error("failed to measure the probe `{name}`: {message}")]
    Probe {
        /// The probe.
        name: String,
        /// What went wrong.
        message: String,
    },
    /// A program said something that is not in the form expected.
    #[error("failed to read the output of {program}: no {what} in it")]
    Output {
        /// The program.
        program: &'static str,
        /// What was missing.
        what: &'static str,
    },
}

impl LiveError {
    /// For `map_err`: an operating-system error with what was tried and on what.
    pub fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

#[cfg(feature = "live")]
impl From<postgres::Error> for LiveError {
    /// What the server said of a statement, on one line; without a server's word, what became of the connection.
    fn from(error: postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            let mut message = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(because) = cause {
                message += &format!(": {because}");
                cause = because.source();
            }
            return Self::Connection { message };
        };
        let further: Vec<&str> = said.detail().into_iter().chain(said.hint()).collect();
        let further = if further.is_empty() { String::new() } else { format!(" ({})", further.join(" ")) };
        Self::Sql { message: format!("{}{further}", said.message()) }
    }
}

/// The last lines of a long text, for a message.
#[must_use]
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join(" / ")
}
