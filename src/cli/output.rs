//! Provides the place a result goes to: stdout, or a file that is never half written.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::options::Color;
use crate::render::paint::Paint;

/// Where the result goes.
///
/// Opening happens before the work starts, so that a bad path fails at once. A regular file is
/// written aside, in the same folder, and renamed when complete.
#[derive(Debug)]
pub struct Output {
    target: Target,
}

#[derive(Debug)]
enum Target {
    Stdout,
    /// A pipe or a device (`/dev/null`): it must not be renamed over.
    Direct(fs::File),
    Aside(Aside),
}

/// A regular file that is written aside and then renamed.
#[derive(Debug)]
struct Aside {
    path: PathBuf,
    folder: PathBuf,
    permissions: Option<fs::Permissions>,
}

impl Aside {
    fn create(&self) -> io::Result<tempfile::NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".predict-").suffix(".tmp");
        #[cfg(unix)]
        let default = || std::os::unix::fs::PermissionsExt::from_mode(0o666);
        #[cfg(unix)]
        builder.permissions(self.permissions.clone().unwrap_or_else(default));
        builder.tempfile_in(&self.folder)
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mut file = self.create()?;
        file.write_all(text.as_bytes())?;
        file.flush()?;
        file.persist(&self.path).map(drop).map_err(|e| e.error)
    }
}

impl Output {
    /// Opens `path`; `None` and `-` are stdout.
    ///
    /// # Errors
    /// A folder that does not exist or cannot be written, a path that is a folder, a file that is
    /// read-only.
    pub fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let target = match path {
            None => Target::Stdout,
            Some(p) if p == Path::new("-") => Target::Stdout,
            Some(p) => open_file(p).with_context(|| format!("failed to open `{}` for writing", p.display()))?,
        };
        Ok(Self { target })
    }

    /// Whether the result is coloured; a file never is, unless the user insists.
    #[must_use]
    pub fn paint(&self, color: Color) -> Paint {
        match self.target {
            Target::Stdout => color.for_stdout(),
            _ => Paint { on: color == Color::Always },
        }
    }

    /// Writes the whole result.
    ///
    /// # Errors
    /// What the operating system reports; a closed pipe on stdout is
    /// [`io::ErrorKind::BrokenPipe`], which `main` takes for success.
    pub fn finish(self, text: &str) -> anyhow::Result<()> {
        match self.target {
            Target::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("failed to write to stdout")
            }
            Target::Direct(mut file) => file.write_all(text.as_bytes()).context("failed to write the result"),
            Target::Aside(aside) => {
                aside.write(text).with_context(|| format!("failed to write `{}`", aside.path.display()))
            }
        }
    }
}

fn open_file(path: &Path) -> io::Result<Target> {
    let existing = match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")),
        Ok(meta) if !meta.is_file() => {
            return fs::OpenOptions::new().write(true).open(path).map(Target::Direct);
        }
        Ok(meta) => {
            // Renaming would succeed on a read-only file; whoever protected it meant otherwise.
            fs::OpenOptions::new().write(true).open(path)?;
            Some(meta.permissions())
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    // A symbolic link stays one: the file behind it is replaced.
    let path = if existing.is_some() { fs::canonicalize(path)? } else { path.to_path_buf() };
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let aside = Aside { path, folder, permissions: existing };
    // Proves that the folder can be written. The file made here is removed at once, so that an
    // interrupted run leaves nothing behind.
    aside.create()?;
    Ok(Target::Aside(aside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_only_when_complete() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.json");
        let out = Output::open(Some(&path)).unwrap();
        assert!(!path.exists());
        out.finish("{}\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left aside");
    }

    #[test]
    fn dropped_output_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.json");
        fs::write(&path, "old").unwrap();
        drop(Output::open(Some(&path)).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn bad_paths_fail_on_opening() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Output::open(Some(dir.path())).is_err());
        assert!(Output::open(Some(&dir.path().join("no/such/file"))).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_and_permissions_survive() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        Output::open(Some(&link)).unwrap().finish("new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_and_not_replaced() {
        use std::os::unix::fs::FileTypeExt;
        Output::open(Some(Path::new("/dev/null"))).unwrap().finish("x").unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }
}
