//! A server that is there already, as a target of load.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::live::{Conninfo, LiveError, Target};

/// A running server, reached by connection parameters.
#[derive(Debug)]
pub struct Server {
    conninfo: Conninfo,
    pgbench: PathBuf,
    scratch: TempDir,
    postmaster: Option<u32>,
}

impl Server {
    /// A server with the pgbench found in PATH or among the versions installed.
    ///
    /// # Errors
    /// [`LiveError::NoBinary`] without pgbench; [`LiveError::File`] without room for temporary files.
    pub fn new(conninfo: Conninfo, postmaster: Option<u32>) -> Result<Self, LiveError> {
        let pgbench = crate::live::binaries::find_program("pgbench")?;
        let scratch = tempfile::Builder::new()
            .prefix("predict-")
            .tempdir()
            .map_err(LiveError::file("create a temporary directory for", "pgbench"))?;
        Ok(Self { conninfo, pgbench, scratch, postmaster })
    }

    /// How it is reached.
    #[must_use]
    pub fn conninfo(&self) -> &Conninfo {
        &self.conninfo
    }
}

impl Target for Server {
    fn command(&self, program: &Path) -> Command {
        self.conninfo.command(program)
    }
    fn pgbench(&self) -> &Path {
        &self.pgbench
    }
    fn scratch(&self) -> &Path {
        self.scratch.path()
    }
    fn postmaster(&self) -> Option<u32> {
        self.postmaster
    }
}
