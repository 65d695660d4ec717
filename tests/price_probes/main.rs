//! The probes of the price list on a scratch server: they run the plans that the model counts, and the prices that
//! are fitted to them explain statements that they were not fitted to.
//!
//! `cargo test --release --test price_probes -- --ignored --nocapture`, pinned by `taskset -c 0` on a quiet machine,
//! measures and prints all; with `PRICES_MEASURED=FILE` what was measured is kept in that file, and taken from it the
//! next time, so that a change of the model can be judged by the same measurements.

#![cfg(feature = "live")]

mod plans;
mod report;

use std::time::{Duration, Instant};

use predict::live::calibrate::prices::{self, catalogue, probe::Probe, rounds::Runner, session};
use predict::live::calibrate::{Location, Place};
use predict::live::conninfo::{Conninfo, Typed};
use predict::live::{Cluster, ClusterOptions, LiveError, Server};
use predict::workload::Protocol;

/// The scratch schema of these tests.
const SCHEMA: &str = "predict_probes";

/// A server with the tables of the probes in it; `None` where PostgreSQL is not installed, which in CI is a failure.
struct Scratch {
    cluster: Cluster,
    server: Server,
    place: Place,
    locale: String,
}

/// Without the tables of the probes: a server, and where it is.
fn empty(cpus: Option<&str>) -> Option<(Cluster, Server, Place)> {
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

fn scratch(cpus: Option<&str>) -> Option<Scratch> {
    let (cluster, server, place) = empty(cpus)?;
    let mut client = session::open(&server, &place).unwrap();
    let locale = session::locale(&mut client).unwrap();
    session::build(&mut client, &locale, &mut |_| {}).unwrap();
    Some(Scratch { cluster, server, place, locale })
}

/// All statements, those that prices are fitted to first.
fn all() -> Vec<Probe> {
    catalogue::PROBES.iter().chain(catalogue::OTHERS).copied().collect()
}

#[test]
fn the_server_runs_the_plans_that_the_model_counts() {
    let Some(s) = scratch(None) else { return };
    let probes = all();
    let counted = prices::count(&probes, &s.place, &s.locale).unwrap();
    let settings = session::settings(&s.place);
    let mut wrong = Vec::new();
    for (probe, counted) in probes.iter().zip(&counted) {
        for (statement, footprint) in probe.statements.iter().zip(&counted.footprints) {
            let (believed, found) = (plans::believed(footprint), plans::found(&s.cluster, &settings, probe, statement));
            if believed != found {
                wrong.push(format!("{}: {statement}\n  model  {believed:?}\n  server {found:?}", probe.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let absent =
        [Probe::prepared("of a table that is not there", &[], &["SELECT 1 FROM not_there"]).by(Protocol::Simple)];
    let error = Runner::new(&s.server, &s.place, (&absent, &counted[..1]), Duration::from_secs(1)).err().unwrap();
    let message = error.to_string();
    assert!(message.contains("`of a table that is not there`") && message.contains("not_there"), "{message}");
}

#[test]
#[ignore = "a minute of a machine without other work"]
fn a_measurement_keeps_its_budget_and_explains_its_probes() {
    let Some((_cluster, server, place)) = empty(Some("0")) else { return };
    let (budget, start) = (Duration::from_secs(60), Instant::now());
    let mut told = 0;
    let fit = prices::measure(&server, &place, budget, &mut |_| told += 1).unwrap();
    let took = start.elapsed();
    // The fit after the last round takes a blink in a release build, but seconds in another.
    let slack = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 5 });
    assert!(took < budget + slack, "{took:?}");
    assert!(told > catalogue::PROBES.len());
    assert_eq!(fit.probes.len(), catalogue::PROBES.len());
    assert!(fit.coefficients.iter().all(|c| c.value.is_finite() && c.value >= 0.0 && c.spread > 0.0));
    let mut errors: Vec<f64> = fit.probes.iter().map(|p| (p.fitted_us / p.measured_us - 1.0).abs()).collect();
    errors.sort_by(f64::total_cmp);
    println!("{took:?}, median error {:.1}%", errors[errors.len() / 2] * 100.0);
    assert!(errors[errors.len() / 2] < 0.1, "{errors:?}");
}

#[test]
#[ignore = "two minutes on a quiet machine, to be read by a person"]
fn fitted_prices_explain_other_statements() {
    let probes = all();
    let saved = std::env::var_os("PRICES_MEASURED").map(std::path::PathBuf::from);
    let measured = match saved.as_ref().filter(|path| path.exists()) {
        Some(path) => report::load(path),
        None => {
            let Some(s) = scratch(Some("0")) else { return };
            let counted = prices::count(&probes, &s.place, &s.locale).unwrap();
            let budget = Duration::from_secs(90);
            let mut runner = Runner::new(&s.server, &s.place, (&probes, &counted), budget).unwrap();
            let runs = runner.rounds(Instant::now() + budget, &mut |_| {}).unwrap();
            report::Measured { version: s.place.version, locale: s.locale, runs }
        }
    };
    if let Some(path) = saved {
        report::save(&path, &measured);
    }
    report::print(&probes, &measured);
}
