//! The schema, by pg_dump.

use std::path::{Path, PathBuf};

use crate::live::binaries::find_program;
use crate::live::cluster::output_of;
use crate::live::{Conninfo, LiveError};

/// `pg_dump --schema-only` of the whole database.
pub(super) fn schema(conninfo: &Conninfo, version: u32) -> Result<String, LiveError> {
    let mut command = conninfo.command(program(version)?);
    command.args(["--schema-only", "--no-owner", "--no-privileges", "--no-password"]);
    output_of(&mut command, "pg_dump")
}

/// A pg_dump of the server's major version where Debian keeps it, or else any: it must not be older than the server.
fn program(version: u32) -> Result<PathBuf, LiveError> {
    let own = Path::new("/usr/lib/postgresql").join(version.to_string()).join("bin/pg_dump");
    if own.is_file() { Ok(own) } else { find_program("pg_dump") }
}
