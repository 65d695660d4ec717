//! The server's host as one of its backends sees it: CPUs it may use, quotas, memory.
//!
//! The same files are read from here, where the server runs on this host, or through the server, where its role may
//! (`pg_read_file`); the second way is right in containers too, whose process ids mean nothing outside.

use crate::live::processor::cpu_list;
use crate::units::Bytes;

/// A cgroup without a limit of memory says a number of this size or more (version 1).
const NO_LIMIT: f64 = 1e15;

/// What bounds a process, as far as the kernel tells.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Bounds {
    /// CPUs it may run on.
    pub cpus: Vec<u32>,
    /// CPU time per time that its control groups allow it.
    pub quota: Option<f64>,
    /// Memory of the host, or what its control groups allow it.
    pub memory: Option<Bytes>,
    /// Whether a control group limits the memory.
    pub memory_limited: bool,
}

impl Bounds {
    /// What `read` shows of the process that `/proc/self` stands for; `None` without its list of CPUs.
    #[must_use]
    pub fn look(read: &mut dyn FnMut(&str) -> Option<String>) -> Option<Self> {
        let status = read("/proc/self/status")?;
        let list = status.lines().find_map(|l| l.strip_prefix("Cpus_allowed_list:"))?;
        let groups = read("/proc/self/cgroup").unwrap_or_default();
        let total = read("/proc/meminfo").as_deref().and_then(total_memory);
        let limit = memory_limit(&groups, read);
        let least = |a: Option<f64>, b: Option<f64>| a.map_or(b, |a| Some(b.map_or(a, |b| a.min(b))));
        Some(Self {
            cpus: cpu_list(list.trim()),
            quota: cpu_quota(&groups, read),
            memory: least(total, limit).map(Bytes),
            memory_limited: limit.is_some_and(|l| total.is_none_or(|t| l < t)),
        })
    }

    /// Cores it can use at once.
    #[must_use]
    pub fn cores(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a number of CPUs")]
        let cpus = self.cpus.len().max(1) as f64;
        self.quota.map_or(cpus, |q| q.min(cpus))
    }
}

/// `MemTotal` of /proc/meminfo, bytes.
fn total_memory(text: &str) -> Option<f64> {
    let rest = text.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    rest.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kb| kb * 1024.0)
}

/// The folders of a controller's group and of all groups above it, in both versions of control groups.
fn folders(groups: &str, controller: &str) -> Vec<String> {
    let mut out = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let root = match controllers {
            "" => "/sys/fs/cgroup".to_owned(),
            some if some.split(',').any(|c| c == controller) => format!("/sys/fs/cgroup/{controller}"),
            _ => continue,
        };
        // Inside a container the path is often that of the host, and its group is mounted at the root.
        let mut path = path.trim_end_matches('/');
        loop {
            out.push(format!("{root}{path}"));
            match path.rfind('/') {
                Some(cut) => path = &path[..cut],
                None => break,
            }
        }
    }
    out
}

/// The smallest quota of CPU time per time in the hierarchy.
fn cpu_quota(groups: &str, read: &mut dyn FnMut(&str) -> Option<String>) -> Option<f64> {
    let mut least: Option<f64> = None;
    for folder in folders(groups, "cpu") {
        let both = read(&format!("{folder}/cpu.max")).or_else(|| {
            let quota = read(&format!("{folder}/cpu.cfs_quota_us"))?;
            Some(format!("{} {}", quota.trim(), read(&format!("{folder}/cpu.cfs_period_us"))?.trim()))
        });
        let Some(both) = both else { continue };
        let mut words = both.split_ascii_whitespace().map(str::parse::<f64>);
        // `max` is no number, and -1 is version 1's word for no quota.
        if let (Some(Ok(quota)), Some(Ok(period))) = (words.next(), words.next())
            && quota > 0.0
            && period > 0.0
        {
            least = Some(least.map_or(quota / period, |l| l.min(quota / period)));
        }
    }
    least
}

/// The smallest limit of memory in the hierarchy, bytes.
fn memory_limit(groups: &str, read: &mut dyn FnMut(&str) -> Option<String>) -> Option<f64> {
    let mut least: Option<f64> = None;
    for folder in folders(groups, "memory") {
        for name in ["memory.max", "memory.high", "memory.limit_in_bytes"] {
            let Some(limit) = read(&format!("{folder}/{name}")).and_then(|t| t.trim().parse::<f64>().ok()) else {
                continue;
            };
            if limit > 0.0 && limit < NO_LIMIT {
                least = Some(least.map_or(limit, |l| l.min(limit)));
            }
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(files: &[(&str, &str)]) -> Option<Bounds> {
        Bounds::look(&mut |path| files.iter().find(|(p, _)| *p == path).map(|(_, text)| (*text).to_owned()))
    }

    const STATUS: (&str, &str) = ("/proc/self/status", "Name:\tpostgres\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3\n");
    const MEMORY: (&str, &str) = ("/proc/meminfo", "MemTotal:       24683656 kB\nMemFree: 1 kB\n");

    #[test]
    fn without_control_groups_the_host_counts() {
        let b = look(&[STATUS, MEMORY]).unwrap();
        assert_eq!((b.cpus.len(), b.quota, b.memory_limited), (4, None, false));
        assert_eq!(b.cores(), 4.0);
        assert_eq!(b.memory, Some(Bytes(24_683_656.0 * 1024.0)));
        assert_eq!(look(&[MEMORY]), None);
    }

    #[test]
    fn version_2_limits_come_from_any_level() {
        let b = look(&[
            STATUS,
            MEMORY,
            ("/proc/self/cgroup", "0::/system.slice/postgresql.service\n"),
            ("/sys/fs/cgroup/system.slice/cpu.max", "150000 100000\n"),
            ("/sys/fs/cgroup/system.slice/postgresql.service/cpu.max", "max 100000\n"),
            ("/sys/fs/cgroup/system.slice/postgresql.service/memory.max", "536870912\n"),
        ])
        .unwrap();
        assert_eq!((b.cores(), b.memory, b.memory_limited), (1.5, Some(Bytes(536_870_912.0)), true));
    }

    #[test]
    fn version_1_limits_inside_a_container() {
        let b = look(&[
            STATUS,
            MEMORY,
            ("/proc/self/cgroup", "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/x\n0::/\n"),
            ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n"),
            ("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
            ("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n"),
        ])
        .unwrap();
        assert_eq!((b.cores(), b.memory_limited), (0.5, false));
    }
}
