//! Text of a simulated forecast: the forecast's own, and how it was simulated.

use crate::forecast::{Forecast, SimulationSummary};
use crate::render::number::{count, duration, percent};
use crate::render::paint::{Paint, wrap};
use crate::render::text::Text;
use crate::render::{Exporter, RenderError, WIDTH};

/// The text format.
#[derive(Debug, Clone, Copy, Default)]
pub struct Simulated {
    /// Colour.
    pub paint: Paint,
    /// Without notes.
    pub quiet: bool,
}

impl Exporter for Simulated {
    fn export(&self, forecasts: &[Forecast]) -> Result<String, RenderError> {
        let text = Text { paint: self.paint, quiet: self.quiet }.export(forecasts)?;
        if self.quiet {
            return Ok(text);
        }
        let mut notes = String::new();
        for f in forecasts {
            if let Some(s) = &f.simulation {
                let of = if forecasts.len() > 1 { f.clients.map(|c| count(c, "client")) } else { None };
                let of = of.map(|c| format!("{c}: ")).unwrap_or_default();
                notes += &wrap("  ", &(of + &sentence(s)), WIDTH);
            }
        }
        Ok(format!("{}\n{notes}\n{text}", self.paint.bold("Simulated")))
    }
}

fn sentence(s: &SimulationSummary) -> String {
    let mut out = format!(
        "{} in {} of simulated time after a warm-up of {} ({} events, seed {})",
        count(s.transactions, "transaction"),
        duration(1e3 * s.duration_s),
        duration(1e3 * s.warmup_s),
        s.events,
        s.seed
    );
    out += &match s.stopped.as_str() {
        "precise" => format!("; TPS and mean latency are known within {}.", percent(s.precision)),
        limit => format!(
            "; stopped by the limit of {limit}, with TPS and mean latency known within {}.",
            percent(s.precision)
        ),
    };
    if s.deadlocks_per_s > 0.0 {
        out += &format!(" There were {:.3} deadlocks per second.", s.deadlocks_per_s);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    #[test]
    fn says_how_it_was_simulated_and_ends_as_a_forecast_does() {
        let mut f = sample::forecast();
        f.simulation = Some(SimulationSummary {
            transactions: 20_000,
            events: 800_000,
            seed: 1,
            warmup_s: 1.5,
            duration_s: 22.3,
            precision: 0.004,
            stopped: "precise".into(),
            deadlocks_per_s: 0.25,
        });
        let out = Simulated::default().export(&[f.clone()]).unwrap();
        assert!(out.starts_with("Simulated\n  20000 transactions in 22.3 s of simulated time"), "{out}");
        assert!(out.contains("within 0.4%") && out.contains("0.250 deadlocks per second"), "{out}");
        assert!(out.lines().all(|l| l.chars().count() <= WIDTH), "{out}");
        assert!(out.ends_with("tps = 897.012345 (without initial connection time)\n"));
        f.simulation.as_mut().unwrap().stopped = "transactions".into();
        let out = Simulated::default().export(&[f]).unwrap();
        assert!(out.contains("stopped by the limit of transactions"), "{out}");
    }
}
