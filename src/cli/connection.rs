//! Provides the options that say which server is meant.

#[cfg(feature = "live")]
use std::io::Write;

use clap::Args;

#[cfg(feature = "live")]
use crate::{
    cli::options::GlobalOptions,
    live::{Conninfo, LiveError, conninfo::Typed},
};

/// A server, as psql's options name it; what is not given comes from PGHOST, PGSERVICE and their like, and passwords
/// from PGPASSWORD or the password file.
#[derive(Debug, Clone, Default, Args)]
pub struct ConnectionOptions {
    /// Database: its name, `key=value` pairs, or a URI (`postgresql://...`), whose parts win over the options here
    #[arg(short, long, value_name = "CONNINFO")]
    pub dbname: Option<String>,
    /// Host name, address, or directory of the server's socket
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Port
    #[arg(short, long, value_name = "PORT")]
    pub port: Option<String>,
    /// Role to connect as
    #[arg(short = 'U', long, value_name = "NAME")]
    pub username: Option<String>,
}

/// What a command that needs a server says in a build without the feature `live`.
///
/// # Errors
/// Always.
#[cfg(not(feature = "live"))]
pub fn not_built() -> anyhow::Result<super::ExitStatus> {
    anyhow::bail!("this build cannot connect to a server: it was made without the feature `live`")
}

#[cfg(feature = "live")]
impl ConnectionOptions {
    /// The parameters of the connection; says on stderr what about them is not as it may seem.
    ///
    /// # Errors
    /// [`LiveError::Connection`] for what libpq would refuse, in its words.
    pub fn conninfo(&self, global: &GlobalOptions) -> Result<Conninfo, LiveError> {
        let conninfo = Conninfo::resolve(&Typed {
            dbname: self.dbname.as_deref(),
            host: self.host.as_deref(),
            port: self.port.as_deref(),
            user: self.username.as_deref(),
        })?;
        if !global.quiet {
            let paint = global.color.for_stderr();
            let mut err = std::io::stderr().lock();
            for warning in conninfo.warnings() {
                // Nowhere is left to report that stderr is closed.
                let _ = writeln!(err, "{}: {warning}", paint.warn("warning"));
            }
        }
        Ok(conninfo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        connection: ConnectionOptions,
    }

    #[test]
    fn letters_are_psql_s_except_that_h_is_help() {
        let c = Command::parse_from(["x", "-d", "host=a", "--host", "b", "-p", "5433", "-U", "me"]).connection;
        assert_eq!((c.dbname.as_deref(), c.host.as_deref()), (Some("host=a"), Some("b")));
        assert_eq!((c.port.as_deref(), c.username.as_deref()), (Some("5433"), Some("me")));
        assert!(Command::try_parse_from(["x", "-h"]).is_err_and(|e| e.kind() == clap::error::ErrorKind::DisplayHelp));
    }
}
