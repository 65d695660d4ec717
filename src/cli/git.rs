//! Provides the input files as of a git commit, for `predict check --base`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::forecast::Sources;

/// Files laid out in a temporary folder, which is removed when this is dropped.
#[derive(Debug)]
pub struct Files {
    /// The same sources, with those that the commit holds replaced.
    pub sources: Sources,
    /// Keeps the folder.
    _folder: tempfile::TempDir,
}

/// What a commit holds of the input.
#[derive(Debug)]
pub enum AtRef {
    /// The workload as it was, and the files that it names.
    Files(Files),
    /// There was no such workload, and why that is known.
    Missing(String),
}

/// Lays out the workload file as of `git_ref`, with every file of that commit that it names, and the
/// schema given by `--schema`. The machine stays today's: machines must agree to be compared.
///
/// Nothing of the user's repository is changed.
///
/// # Errors
/// Git is not installed, the workload is in no repository, or the commit is unknown.
pub fn files_at(git_ref: &str, sources: &Sources) -> anyhow::Result<AtRef> {
    let workload = fs::canonicalize(&sources.workload)
        .with_context(|| format!("failed to find `{}`", sources.workload.display()))?;
    let folder = workload.parent().unwrap_or(Path::new("/"));
    let top = PathBuf::from(text(git(folder, ["rev-parse", "--show-toplevel"])?)?.trim_end_matches('\n'));
    let top = fs::canonicalize(&top).unwrap_or(top);
    // `^{commit}` and `--end-of-options`: a name that begins with a dash is no option.
    let commit = format!("{git_ref}^{{commit}}");
    let commit = text(
        git(&top, ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])
            .with_context(|| format!("unknown git commit, branch or tag `{git_ref}`"))?,
    )?;
    let commit = commit.trim();
    let listing = git(&top, ["ls-tree", "-r", "-z", "--name-only", commit])?;
    let tree: BTreeSet<PathBuf> =
        listing.split(|b| *b == 0).map(|name| PathBuf::from(String::from_utf8_lossy(name).into_owned())).collect();

    let Ok(inside) = workload.strip_prefix(&top) else { bail!("the workload is outside of its git repository") };
    if !tree.contains(inside) {
        return Ok(AtRef::Missing(format!("{git_ref} has no file `{}`", inside.display())));
    }
    let out = tempfile::tempdir().context("failed to make a temporary folder")?;
    let export = |path: &Path| -> anyhow::Result<Vec<u8>> {
        let object = format!("{commit}:{}", path.display());
        let bytes = git(&top, ["cat-file", "blob", &object])?;
        let target = out.path().join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&target, &bytes)?;
        Ok(bytes)
    };
    let yaml = String::from_utf8_lossy(&export(inside)?).into_owned();
    let base = inside.parent().unwrap_or(Path::new(""));
    for path in candidates(&yaml).filter_map(|name| normalize(&base.join(name))) {
        if path != inside && tree.contains(&path) {
            export(&path)?;
        }
    }
    let mut sources = Sources { workload: out.path().join(inside), ..sources.clone() };
    if let Some(schema) = &sources.schema {
        let real = fs::canonicalize(schema).with_context(|| format!("failed to find `{}`", schema.display()))?;
        if let Ok(inside) = real.strip_prefix(&top)
            && tree.contains(inside)
        {
            export(inside)?;
            sources.schema = Some(out.path().join(inside));
        }
    }
    Ok(AtRef::Files(Files { sources, _folder: out }))
}

/// Every word of a workload file that could be the name of a file: whatever stands after a colon or
/// a dash. Which of them are files is for the commit to say.
fn candidates(yaml: &str) -> impl Iterator<Item = &str> {
    yaml.lines()
        .flat_map(|line| {
            let words = line.split([' ', '\t', ',', '{', '}', '[', ']']);
            let values = line.split(": ").skip(1).flat_map(|v| v.split([',', '}']));
            words.chain(values)
        })
        .map(|word| word.trim().trim_matches(['"', '\'']))
        .filter(|word| !word.is_empty() && word.len() < 1024)
}

/// The path without `.` and `..`; `None` when it leads out of the repository or is absolute.
fn normalize(path: &Path) -> Option<PathBuf> {
    path.components().try_fold(PathBuf::new(), |mut out, c| match c {
        Component::Normal(name) => {
            out.push(name);
            Some(out)
        }
        Component::CurDir => Some(out),
        Component::ParentDir => out.pop().then_some(out),
        Component::RootDir | Component::Prefix(_) => None,
    })
}

fn git<S: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = S>) -> anyhow::Result<Vec<u8>> {
    let output = Command::new("git").arg("-C").arg(folder).args(args).output().context("failed to run git")?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!("git: {}", if why.is_empty() { "failed" } else { &why });
    }
    Ok(output.stdout)
}

fn text(bytes: Vec<u8>) -> anyhow::Result<String> {
    String::from_utf8(bytes).context("git answered in bytes that are no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_repository() {
        assert_eq!(normalize(Path::new("a/./b/../c")), Some("a/c".into()));
        assert_eq!(normalize(Path::new("a/../../c")), None);
        assert_eq!(normalize(Path::new("/etc/passwd")), None);
    }

    #[test]
    fn files_are_those_of_the_commit_and_the_repository_is_untouched() {
        let dir = tempfile::tempdir().unwrap();
        let run = |args: &[&str]| {
            let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
            git(dir.path(), identity.iter().chain(args)).unwrap_or_else(|e| panic!("git {args:?}: {e:#}"))
        };
        run(&["init", "-q"]);
        fs::create_dir(dir.path().join("w")).unwrap();
        fs::write(dir.path().join("schema.sql"), "old").unwrap();
        fs::write(dir.path().join("w/workload.yaml"), "schema: ../schema.sql # comment\n- {script: 'a b.sql'}\n")
            .unwrap();
        fs::write(dir.path().join("w/a b.sql"), "script").unwrap();
        run(&["add", "."]);
        run(&["commit", "-q", "-m", "old"]);
        fs::write(dir.path().join("schema.sql"), "new").unwrap();
        let sources = Sources { workload: dir.path().join("w/workload.yaml"), ..Sources::default() };
        let AtRef::Files(files) = files_at("HEAD", &sources).unwrap() else { panic!("missing") };
        let schema = files.sources.workload.parent().unwrap().join("../schema.sql");
        assert_eq!(fs::read_to_string(schema).unwrap(), "old");
        assert!(files.sources.workload.with_file_name("a b.sql").exists());
        assert_eq!(fs::read_to_string(dir.path().join("schema.sql")).unwrap(), "new");
        assert!(files_at("no-such-branch", &sources).is_err());
        assert!(files_at("--help", &sources).is_err());
        fs::write(dir.path().join("w/later.yaml"), "x").unwrap();
        let later = Sources { workload: dir.path().join("w/later.yaml"), ..Sources::default() };
        assert!(matches!(files_at("HEAD", &later), Ok(AtRef::Missing(_))));
    }
}
