//! What the probes of the price list measure, and how well the prices fitted to them explain statements that they were
//! not fitted to.
//!
//! `taskset -c 0 cargo bench --bench price_probes`, on a quiet machine, measures, checks the budget and the fit, and
//! prints all; with `PRICES_MEASURED=FILE` what was measured is kept in that file, and taken from it the next time, so
//! that a change of the model can be judged by the same measurements.

mod report;
#[path = "../../tests/price_probes/scratch.rs"]
mod scratch;

use std::time::{Duration, Instant};

use predict::live::calibrate::prices::{self, catalogue, rounds::Runner};

use scratch::{all, empty, scratch};

fn main() {
    a_measurement_keeps_its_budget_and_explains_its_probes();
    fitted_prices_explain_other_statements();
}

/// Panics when it takes longer than it may, or when the prices do not explain what they were fitted to.
fn a_measurement_keeps_its_budget_and_explains_its_probes() {
    let Some((_cluster, server, place)) = empty(Some("0")) else { return };
    let (budget, start) = (Duration::from_secs(60), Instant::now());
    let mut told = 0;
    let fit = prices::measure(&server, &place, budget, &mut |_| told += 1).unwrap().fit(place.version).unwrap();
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

/// Prints what each statement took and what the prices say, those left out of the fit included.
fn fitted_prices_explain_other_statements() {
    let probes = all();
    let saved = std::env::var_os("PRICES_MEASURED").map(std::path::PathBuf::from);
    let measured = match saved.as_ref().filter(|path| path.exists()) {
        Some(path) => report::load(path),
        None => {
            let Some(s) = scratch(Some("0")) else { return };
            let counted = prices::count(&probes, s.place.version, &s.locale).unwrap();
            let budget = Duration::from_secs(90);
            let mut runner = Runner::new(&s.server, &s.place, (&probes, &counted), budget).unwrap();
            let runs = runner.rounds(Instant::now() + budget, &mut |_| {}).unwrap();
            // The server has done its part; what follows is arithmetic.
            drop(s.cluster);
            report::Measured { version: s.place.version, locale: s.locale, runs }
        }
    };
    if let Some(path) = saved {
        report::save(&path, &measured);
    }
    report::print(&probes, &measured);
}
