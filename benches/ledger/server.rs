//! A scratch server under one regime.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use predict::live::{Cluster, ClusterOptions};

use crate::regimes::Regime;

/// Source of the library that makes flushes slow.
const SLOW_FLUSH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/ledger/slow_flush.c");

/// The server, and what was made for it.
pub struct Scratch {
    cluster: Cluster,
    load: &'static str,
    groups: Vec<PathBuf>,
}

impl Scratch {
    /// Starts the server of a regime.
    pub fn start(regime: &Regime) -> Result<Self> {
        let mut options = ClusterOptions { cpus: Some(regime.server.to_owned()), ..ClusterOptions::default() };
        for (name, value) in regime.settings {
            options = options.setting(name, value);
        }
        if regime.slow_flush > 0 {
            options.environment.push(("LD_PRELOAD".to_owned(), library()?.display().to_string()));
            options.environment.push(("SLOW_FLUSH_US".to_owned(), regime.slow_flush.to_string()));
        }
        let cluster = Cluster::start(&options)?;
        let mut scratch = Self { cluster, load: regime.load, groups: Vec::new() };
        if let Some((megabytes, reads)) = regime.limits {
            scratch.limit(megabytes, reads)?;
        }
        Ok(scratch)
    }

    /// Puts the server into control groups (version 1) that limit its memory and its reads.
    fn limit(&mut self, megabytes: u32, reads: u32) -> Result<()> {
        let device = device(&self.cluster.data())?;
        let limits = [
            ("memory", "memory.limit_in_bytes", format!("{megabytes}M")),
            ("blkio", "blkio.throttle.read_iops_device", format!("{device} {reads}")),
        ];
        for (controller, file, value) in limits {
            let group = Path::new("/sys/fs/cgroup").join(controller).join(format!("predict-{}", self.cluster.pid()));
            fs::create_dir(&group)
                .with_context(|| format!("failed to create the control group {}", group.display()))?;
            self.groups.push(group.clone());
            fs::write(group.join(file), value).with_context(|| format!("failed to set {file}"))?;
            for pid in self.processes()? {
                // A process may have ended meanwhile; the postmaster, whose children inherit the group, has not.
                let _ = fs::write(group.join("cgroup.procs"), pid.to_string());
            }
            let inside = fs::read_to_string(group.join("cgroup.procs"))?;
            if !inside.lines().any(|l| l == self.cluster.pid().to_string()) {
                bail!("failed to put the server into {}", group.display());
            }
        }
        Ok(())
    }

    /// The postmaster and its children.
    fn processes(&self) -> Result<Vec<u32>> {
        let postmaster = self.cluster.pid();
        let children = fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children"))?;
        Ok(std::iter::once(postmaster).chain(children.split_whitespace().filter_map(|p| p.parse().ok())).collect())
    }

    /// Runs `predict` against the server, on the CPUs of the load.
    pub fn predict(&self, arguments: &[&str]) -> Result<()> {
        eprintln!("predict {}", arguments.join(" "));
        let mut command = self.cluster.client("taskset");
        command.args(["--cpu-list", self.load, env!("CARGO_BIN_EXE_predict")]).args(arguments);
        command.env("PGDATABASE", predict::live::cluster::SUPERUSER);
        let output = command.output().context("failed to start predict")?;
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            bail!("predict {} failed: {}", arguments.first().unwrap_or(&""), output.status);
        }
        Ok(())
    }
}

impl Drop for Scratch {
    /// A group can go when nobody is in it: its members move to the root first.
    fn drop(&mut self) {
        for group in &self.groups {
            let root = group.parent().unwrap_or(group).join("cgroup.procs");
            for pid in self.processes().unwrap_or_default() {
                let _ = fs::write(&root, pid.to_string());
            }
            let _ = fs::remove_dir(group);
        }
    }
}

/// `major:minor` of the device that a directory is on.
fn device(directory: &Path) -> Result<String> {
    use std::os::unix::fs::MetadataExt;
    let dev = fs::metadata(directory)?.dev();
    // Linux's encoding of device numbers (makedev in glibc).
    let major = ((dev >> 8) & 0xfff) | ((dev >> 32) & !0xfff);
    let minor = (dev & 0xff) | ((dev >> 12) & !0xff);
    Ok(format!("{major}:{minor}"))
}

/// Compiles the library that makes flushes slow.
fn library() -> Result<PathBuf> {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slow_flush.so");
    let status = Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(&out).arg(SLOW_FLUSH).status();
    match status {
        Ok(s) if s.success() => Ok(out),
        Ok(s) => bail!("cc failed to compile {SLOW_FLUSH}: {s}"),
        Err(e) => bail!("failed to run cc: {e}"),
    }
}
