//! A server's processes, where it runs on this host.

use std::fs;

/// The postmaster of a session's backend, if that is a process of this host: behind a port forwarded from elsewhere
/// another host's process ids mean nothing here.
#[must_use]
pub fn postmaster_of(backend: u32) -> Option<u32> {
    postmaster_in(&fs::read_to_string(format!("/proc/{backend}/status")).ok()?)
}

fn postmaster_in(status: &str) -> Option<u32> {
    let field = |name: &str| status.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
    if field("Name:") != Some("postgres") {
        return None;
    }
    field("PPid:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_backend_has_a_postmaster() {
        assert_eq!(postmaster_in("Name:\tpostgres\nUmask:\t0077\nPid:\t12\nPPid:\t7\n"), Some(7));
        assert_eq!(postmaster_in("Name:\tbash\nPid:\t12\nPPid:\t7\n"), None);
        assert_eq!(postmaster_of(std::process::id()), None);
    }
}
