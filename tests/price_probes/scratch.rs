//! A scratch server with the tables of the probes.

use predict::live::calibrate::prices::{catalogue, probe::Probe, session};
use predict::live::calibrate::{Location, Place};
use predict::live::conninfo::{Conninfo, Typed};
use predict::live::{Cluster, ClusterOptions, LiveError, Server};

/// The scratch schema of the probes.
const SCHEMA: &str = "predict_probes";

/// A server with the tables of the probes in it; `None` where PostgreSQL is not installed, which in CI is a failure.
pub struct Scratch {
    pub cluster: Cluster,
    pub server: Server,
    pub place: Place,
    pub locale: String,
}

/// Without the tables of the probes: a server, and where it is.
pub fn empty(cpus: Option<&str>) -> Option<(Cluster, Server, Place)> {
    let options = ClusterOptions { cpus: cpus.map(str::to_owned), ..ClusterOptions::default() }
        .setting("shared_buffers", "1GB")
        .setting("max_wal_size", "8GB")
        .setting("min_wal_size", "2GB")
        .setting("checkpoint_timeout", "30min");
    let cluster = match Cluster::start(&options) {
        Ok(cluster) => cluster,
        Err(LiveError::NoBinary { program }) if std::env::var_os("CI").is_none() => {
            eprintln!("NOT RUN: no {program} here");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let socket = cluster.socket().display().to_string();
    let typed = Typed { dbname: Some("postgres"), host: Some(&socket), port: Some("5432"), user: Some("postgres") };
    let server = Server::new(Conninfo::resolve(&typed).unwrap(), Some(cluster.pid())).unwrap();
    let version: u32 = cluster.sql("postgres", "SHOW server_version_num").unwrap().trim().parse().unwrap();
    let place = Place {
        schema: SCHEMA.to_owned(),
        location: Location::SameCores,
        cores: 1.0,
        client_cores: None,
        version: version / 10_000,
    };
    cluster.sql("postgres", &format!("CREATE SCHEMA {SCHEMA}")).unwrap();
    Some((cluster, server, place))
}

pub fn scratch(cpus: Option<&str>) -> Option<Scratch> {
    let (cluster, server, place) = empty(cpus)?;
    let mut client = session::open(&server, &place).unwrap();
    let locale = session::locale(&mut client).unwrap();
    session::build(&mut client, &locale, &mut |_| {}).unwrap();
    Some(Scratch { cluster, server, place, locale })
}

/// All statements, those that prices are fitted to first.
pub fn all() -> Vec<Probe> {
    catalogue::PROBES.iter().chain(catalogue::OTHERS).copied().collect()
}
