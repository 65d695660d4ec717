//! What was measured and how the fitted prices explain it, for a person to read.

use std::path::Path;

use predict::live::calibrate::prices::{self, catalogue, counts, probe::Probe, rounds::Runs};
use serde_json::json;

/// The runs of all statements on one server.
pub struct Measured {
    pub version: u32,
    pub locale: String,
    pub runs: Vec<Runs>,
}

/// Reads what an earlier run has kept.
pub fn load(path: &Path) -> Measured {
    let saved: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    Measured {
        version: serde_json::from_value(saved["version"].clone()).unwrap(),
        locale: serde_json::from_value(saved["locale"].clone()).unwrap(),
        runs: serde_json::from_value(saved["runs"].clone()).unwrap(),
    }
}

/// Keeps what was measured.
pub fn save(path: &Path, measured: &Measured) {
    let saved = json!({"version": measured.version, "locale": measured.locale, "runs": measured.runs});
    std::fs::write(path, serde_json::to_string_pretty(&saved).unwrap()).unwrap();
}

fn median(mut errors: Vec<f64>) -> f64 {
    errors.sort_by(f64::total_cmp);
    errors[errors.len() / 2]
}

/// Prints the fit to the probes, what it says of the other statements, and the prices.
pub fn print(probes: &[Probe], measured: &Measured) {
    let counted = counts::count(probes, measured.version, &measured.locale).unwrap_or_else(|e| panic!("{e:?}"));
    let fitted = catalogue::PROBES.len();
    let fit = prices::explain(&probes[..fitted], &counted[..fitted], &measured.runs[..fitted]).unwrap();
    println!("collation {}", measured.locale);
    println!("{:36} {:>9} {:>9} {:>7} {:>9} {:>6}", "probe", "measured", "fitted", "error", "left out", "noise");
    for (n, p) in fit.probes.iter().enumerate() {
        let error = p.fitted_us / p.measured_us - 1.0;
        let noise = measured.runs[n].server().map_or(0.0, |s| s.1);
        println!(
            "{:36} {:9.2} {:9.2} {:6.1}% {:8.1}% {:5.1}%",
            p.name,
            p.measured_us,
            p.fitted_us,
            error * 100.0,
            p.left_out_error * 100.0,
            noise * 100.0
        );
    }
    let errors = fit.probes.iter().map(|p| (p.fitted_us / p.measured_us - 1.0).abs()).collect();
    let left_out = fit.probes.iter().map(|p| p.left_out_error.abs()).collect();
    println!("probes: median error {:.1}%, left out {:.1}%\n", median(errors) * 100.0, median(left_out) * 100.0);
    let price = |name: &str| fit.coefficients.iter().find(|c| c.name == name).map_or(0.0, |c| c.value);
    let mut errors = Vec::new();
    for n in fitted..probes.len() {
        let said: f64 = counts::server_prices().zip(&counted[n].server).map(|(p, c)| price(p.name) * c).sum();
        let Some((found, noise)) = measured.runs[n].server() else { continue };
        println!(
            "{:36} {found:9.2} {said:9.2} {:6.1}% {:15.1}%",
            probes[n].name,
            (said / found - 1.0) * 100.0,
            noise * 100.0
        );
        errors.push((said / found - 1.0).abs());
    }
    println!("other statements: median error {:.1}%\n", median(errors) * 100.0);
    for c in &fit.coefficients {
        let default = predict::machine::coefficients::TABLE.iter().find(|i| i.name == c.name).unwrap().default;
        println!(
            "{:22} {:9.4} (default {:9.4}, ratio {:5.2}) spread {:4.2} left out {}",
            c.name,
            c.value,
            default.value,
            c.value / default.value,
            c.spread,
            c.left_out.map_or("-".to_owned(), |l| format!("{l:.2}"))
        );
    }
    if std::env::var_os("PRICES_COUNTS").is_some() {
        for (probe, counted) in probes.iter().zip(&counted) {
            let held: Vec<String> = counts::server_prices()
                .zip(&counted.server)
                .filter(|(_, c)| **c > 0.0)
                .map(|(p, c)| format!("{} {c:.3}", p.name))
                .collect();
            println!("{}: {}", probe.name, held.join(", "));
        }
    }
}
