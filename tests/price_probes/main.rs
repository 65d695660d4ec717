//! The probes of the price list on a scratch server: they run the plans that the model counts. What they measure is
//! looked at by `cargo bench --bench price_probes`.

#![cfg(feature = "live")]

mod plans;
mod scratch;

use std::time::Duration;

use predict::live::calibrate::prices::{self, probe::Probe, rounds::Runner, session};
use predict::workload::Protocol;

use scratch::{all, scratch};

#[test]
fn the_server_runs_the_plans_that_the_model_counts() {
    let Some(s) = scratch(None) else { return };
    let probes = all();
    let counted = prices::count(&probes, s.place.version, &s.locale).unwrap();
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
