//! Where PostgreSQL's programs are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::live::LiveError;

/// The programs a scratch cluster needs, by their full paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// Creates a cluster.
    pub initdb: PathBuf,
    /// The server.
    pub postgres: PathBuf,
    /// Runs SQL.
    pub psql: PathBuf,
    /// Runs load.
    pub pgbench: PathBuf,
}

impl Binaries {
    /// Looks in PATH, then in `/usr/lib/postgresql/*/bin`, newest version first.
    ///
    /// All four come from one directory: a newer pgbench can do more than an older server allows.
    ///
    /// # Errors
    /// [`LiveError::NoBinary`] when no directory has all of them.
    pub fn find() -> Result<Self, LiveError> {
        let path = env::var_os("PATH").unwrap_or_default();
        let directories: Vec<PathBuf> = env::split_paths(&path).chain(versioned()).collect();
        Self::find_in(&directories)
    }

    /// The first of `directories` that holds all programs, symbolic links followed.
    ///
    /// Distributions put wrappers of `psql` and `pgbench` into PATH, and sometimes a link to
    /// `initdb`; following the link leads to the directory where all of them are at home.
    ///
    /// # Errors
    /// [`LiveError::NoBinary`], naming the first program not found anywhere.
    pub fn find_in(directories: &[PathBuf]) -> Result<Self, LiveError> {
        const PROGRAMS: [&str; 4] = ["initdb", "postgres", "psql", "pgbench"];
        for directory in directories {
            let home = match fs::canonicalize(directory.join("initdb")) {
                Ok(initdb) => initdb.parent().map(Path::to_path_buf),
                Err(_) => None,
            };
            let Some(home) = home else { continue };
            if PROGRAMS.iter().all(|p| home.join(p).is_file()) {
                return Ok(Self {
                    initdb: home.join("initdb"),
                    postgres: home.join("postgres"),
                    psql: home.join("psql"),
                    pgbench: home.join("pgbench"),
                });
            }
        }
        let missing = PROGRAMS.into_iter().find(|p| !directories.iter().any(|d| d.join(p).is_file()));
        Err(LiveError::NoBinary { program: missing.unwrap_or("initdb") })
    }
}

/// One program, in PATH or in `/usr/lib/postgresql/*/bin`, newest version first.
///
/// # Errors
/// [`LiveError::NoBinary`] when it is nowhere.
pub fn find_program(name: &'static str) -> Result<PathBuf, LiveError> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).chain(versioned()).map(|d| d.join(name)).find(|p| p.is_file());
    found.ok_or(LiveError::NoBinary { program: name })
}

/// Debian's and Ubuntu's directories, newest version first.
fn versioned() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut versions: Vec<(u32, PathBuf)> =
        entries.flatten().filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin")))).collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_must_hold_all_of_them() {
        let root = tempfile::tempdir().unwrap();
        let (part, whole) = (root.path().join("part"), root.path().join("whole"));
        fs::create_dir_all(&part).unwrap();
        fs::create_dir_all(&whole).unwrap();
        fs::write(part.join("initdb"), "").unwrap();
        for p in ["initdb", "postgres", "psql", "pgbench"] {
            fs::write(whole.join(p), "").unwrap();
        }
        let found = Binaries::find_in(&[part.clone(), whole.clone()]).unwrap();
        assert_eq!(found.psql, fs::canonicalize(&whole).unwrap().join("psql"));
        let error = Binaries::find_in(&[part]).unwrap_err();
        assert!(error.to_string().contains("failed to find postgres"), "{error}");
    }
}
