//! What load is run against: a scratch cluster of our own, or a server that is there.

use std::path::Path;
use std::process::Command;

/// A server that pgbench can be run against.
pub trait Target {
    /// A client program, its connection given by environment.
    fn command(&self, program: &Path) -> Command;
    /// The pgbench to run.
    fn pgbench(&self) -> &Path;
    /// A directory for files that live as long as the target.
    fn scratch(&self) -> &Path;
    /// Process id of the postmaster where it runs on this host and may be looked at.
    fn postmaster(&self) -> Option<u32>;
}

impl Target for crate::live::Cluster {
    fn command(&self, program: &Path) -> Command {
        self.client(program)
    }
    fn pgbench(&self) -> &Path {
        &self.binaries().pgbench
    }
    fn scratch(&self) -> &Path {
        Self::scratch(self)
    }
    fn postmaster(&self) -> Option<u32> {
        Some(self.pid())
    }
}
