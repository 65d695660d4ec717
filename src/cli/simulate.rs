//! `predict simulate`.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::ProgressBar;

use crate::cli::ExitStatus;
use crate::cli::options::{CLIENTS_KEY, GlobalOptions, InputOptions, TextOrJson};
use crate::cli::output::Output;
use crate::forecast::rule::share;
use crate::forecast::{self, Forecast, simulated};
use crate::queueing::simulation::{Options, Progress};
use crate::render::{Exporter, json::Json, simulate::Simulated};
use crate::units::spelling;

/// Arguments.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    #[command(flatten)]
    input: InputOptions,
    /// Simulate until the confidence intervals of TPS and mean latency are this narrow either way
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = precision)]
    precision: f64,
    /// Committed transactions to simulate at most, after the warm-up
    #[arg(long, value_name = "N", default_value = "2M", value_parser = transactions)]
    transactions: u64,
    /// Format of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = TextOrJson::Text)]
    format: TextOrJson,
    /// Write the result to a file, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Invalid input, or a result that cannot be written.
pub fn run(args: &SimulateArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    let request = args.input.request()?;
    let output = Output::open(args.output.as_deref())?;
    let options = Options {
        seed: args.input.seed,
        precision: args.precision,
        most_transactions: args.transactions,
        ..Options::default()
    };
    let mut bar = Bar::new(!global.quiet);
    let mut forecasts = Vec::new();
    if request.clients.len() < 2 {
        forecasts.push(simulate(&forecast::load(&request.sources)?, &options, &mut bar)?);
    } else {
        let base = forecast::Base::load(&request.sources)?;
        for clients in &request.clients {
            let inputs = base.with(&[(CLIENTS_KEY.into(), clients.to_string())])?;
            forecasts.push(simulate(&inputs, &options, &mut bar)?);
        }
    }
    bar.end();
    let paint = output.paint(global.color);
    let text = match args.format {
        TextOrJson::Text => Simulated { paint, quiet: global.quiet }.export(&forecasts)?,
        TextOrJson::Json => Json.export(&forecasts)?,
    };
    output.finish(&text)?;
    Ok(ExitStatus::Success)
}

fn simulate(inputs: &forecast::Inputs, options: &Options, bar: &mut Bar) -> anyhow::Result<Forecast> {
    Ok(simulated::simulate(inputs, options, &mut |p| bar.show(p))?)
}

/// Progress on a terminal, once a second has passed.
struct Bar {
    begun: Instant,
    wanted: bool,
    bar: Option<ProgressBar>,
}

impl Bar {
    fn new(wanted: bool) -> Self {
        Self { begun: Instant::now(), wanted: wanted && std::io::stderr().is_terminal(), bar: None }
    }

    fn show(&mut self, progress: Progress) {
        if !self.wanted || self.begun.elapsed() < Duration::from_secs(1) {
            return;
        }
        let bar = self.bar.get_or_insert_with(ProgressBar::new_spinner);
        bar.tick();
        bar.set_message(if progress.precision.is_finite() {
            format!("{} transactions, within {:.2} %", progress.transactions, 100.0 * progress.precision)
        } else {
            "warming up".into()
        });
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// `1%` or `0.01`.
fn precision(text: &str) -> Result<f64, String> {
    let inside = share(text).filter(|x| *x > 0.0 && *x < 1.0);
    inside.ok_or_else(|| "expected a share between 0 and 1, such as `1%` or `0.01`".to_owned())
}

fn transactions(text: &str) -> Result<u64, String> {
    match spelling::count(text) {
        Ok(n) if (100.0..1e15).contains(&n) && n.fract() == 0.0 => Ok(n as u64),
        Ok(_) => Err("expected a whole number of at least 100, such as `200k`".into()),
        Err(e) => Err(format!("{}; expected {}", e.message, e.expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_counts() {
        assert_eq!([precision("1%"), precision("0.05"), precision("0.5 %")], [Ok(0.01), Ok(0.05), Ok(0.005)]);
        for bad in ["0", "-1%", "100%", "x", "nan", "1"] {
            assert!(precision(bad).is_err(), "{bad}");
        }
        assert_eq!((transactions("200k"), transactions("100")), (Ok(200_000), Ok(100)));
        for bad in ["99", "-5", "1.5k5", "100.5", "1e99"] {
            assert!(transactions(bad).is_err(), "{bad}");
        }
    }
}
