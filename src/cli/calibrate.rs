//! `predict calibrate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::ExitStatus;
use crate::cli::connection::ConnectionOptions;
use crate::cli::options::GlobalOptions;
use crate::units::Seconds;
use crate::units::spelling;

/// Arguments.
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    #[command(flatten)]
    connection: ConnectionOptions,
    /// Time that it may take, in whole seconds
    #[arg(long, value_name = "TIME", default_value = "150s", value_parser = budget)]
    budget: Duration,
    /// The server's cores, where they cannot be seen from here
    #[arg(long, value_name = "N", value_parser = cores)]
    cores: Option<f64>,
    /// Keep what was measured here, as JSON, so that it can be fitted again by --replay
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Do not measure: fit again what --record kept
    #[arg(long, value_name = "FILE", conflicts_with_all = ["record", "cores", "budget", "dbname", "host", "port", "username"])]
    replay: Option<PathBuf>,
    /// Write the machine file here, whole or not at all; without it, to stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// One round over all probes of the price list and the first of the loads over clients take as much on a quiet machine,
/// seconds.
const LEAST_BUDGET: f64 = 60.0;

/// `150s`, `2min`, or a bare number of seconds.
fn budget(text: &str) -> Result<Duration, String> {
    let time = spelling::duration(text, Seconds(1.0)).map_err(|e| format!("{}; expected {}", e.message, e.expected))?;
    let seconds = time.get();
    if !(LEAST_BUDGET..=86_400.0).contains(&seconds) {
        return Err(format!("expected from {LEAST_BUDGET:.0}s, in which everything can be measured once, to 1d"));
    }
    if seconds.fract() != 0.0 {
        return Err("expected whole seconds, such as `150s`".into());
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn cores(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(n) if n > 0.0 && n <= 4096.0 => Ok(n),
        _ => Err("expected a number of cores above 0, such as `4` or `1.5`".into()),
    }
}

/// Runs the command.
///
/// # Errors
/// No connection, a server that cannot be used, a failed or interrupted run, a result that cannot be written.
#[cfg(feature = "live")]
pub fn run(args: &CalibrateArgs, global: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    use crate::cli::output::Output;
    use crate::live::calibrate::record::Record;
    use crate::live::calibrate::{self, Request, machine_file};
    use crate::live::interrupt::Interrupt;
    use crate::render::calibration;

    if let Some(path) = &args.replay {
        let output = Output::open(args.output.as_deref())?;
        let calibration = Record::read(path)?.fit()?;
        output.finish(&machine_file::render(&calibration))?;
        return Ok(ExitStatus::Success);
    }
    let conninfo = args.connection.conninfo(global)?;
    let output = Output::open(args.output.as_deref())?;
    let request = Request { conninfo, budget: args.budget, cores: args.cores };
    let bar = bar(args.budget, global.quiet);
    let kept = args.record.as_deref().map(|path| Output::open(Some(path))).transpose()?;
    let record = calibrate::calibrate(&request, &Interrupt::handled(), &mut |doing| {
        bar.set_position(bar.elapsed().as_secs());
        bar.set_message(doing.to_owned());
    });
    bar.finish_and_clear();
    let record = record?;
    if let Some(kept) = kept {
        kept.finish(&record.text())?;
    }
    let calibration = record.fit()?;
    output.finish(&machine_file::render(&calibration))?;
    if !global.quiet {
        // Nowhere is left to report that stderr is closed.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), calibration::render(&calibration).as_bytes());
    }
    Ok(ExitStatus::Success)
}

/// Without the feature `live` there is nothing to connect with.
///
/// # Errors
/// Always.
#[cfg(not(feature = "live"))]
pub fn run(_: &CalibrateArgs, _: &GlobalOptions) -> anyhow::Result<ExitStatus> {
    super::connection::not_built()
}

/// Progress by time, on a terminal.
#[cfg(feature = "live")]
fn bar(budget: Duration, quiet: bool) -> indicatif::ProgressBar {
    use std::io::IsTerminal;

    use indicatif::{ProgressBar, ProgressStyle};

    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(budget.as_secs());
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} s\n{msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_whole_seconds_and_long_enough() {
        assert_eq!(budget("150s"), Ok(Duration::from_secs(150)));
        assert_eq!(budget("2min"), Ok(Duration::from_secs(120)));
        assert_eq!(budget("60"), Ok(Duration::from_secs(60)));
        for bad in ["59s", "1500ms", "90500ms", "x", "-150s", "2d"] {
            assert!(budget(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn cores_may_be_fractions() {
        assert_eq!((cores("4"), cores("0.5")), (Ok(4.0), Ok(0.5)));
        for bad in ["0", "-1", "nan", "inf", "many", ""] {
            assert!(cores(bad).is_err(), "{bad}");
        }
    }
}
