//! What tests against a real server share.

use predict::live::{Cluster, ClusterOptions, LiveError};

/// A server, or `None` where PostgreSQL is not installed; in CI that is a failure, not an excuse.
pub fn server(options: &ClusterOptions) -> Option<Cluster> {
    match Cluster::start(options) {
        Ok(cluster) => Some(cluster),
        Err(LiveError::NoBinary { program }) if std::env::var_os("CI").is_none() => {
            eprintln!("NOT RUN: there is no {program} here");
            None
        }
        Err(error) => panic!("{error}"),
    }
}
