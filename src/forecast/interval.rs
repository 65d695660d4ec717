//! How sure a forecast is: parts combined on the logarithm of TPS.

use crate::forecast::result::{Interval, IntervalPart};
use crate::machine::Machine;
use crate::model::StationName as S;
use crate::model::closed::WHAT_IF;
use crate::model::system::ClientCpu;
use crate::model::{Steady, System, open};
use crate::queueing::QueueingError;

/// Probability that the interval should hold the measured value.
pub const CONFIDENCE: f64 = 0.9;
/// Two-sided normal quantile of [`CONFIDENCE`].
const Z: f64 = 1.644_853_626_951_472;
/// Step of the sensitivities, relative.
const STEP: f64 = 0.1;

/// The interval and what made it as wide as it is, largest part first.
///
/// # Errors
/// Those of the solver.
pub fn interval(
    system: &System,
    steady: &Steady,
    machine: &Machine,
    bottleneck: S,
    anchored: bool,
) -> Result<(Interval, Vec<IntervalPart>), QueueingError> {
    let c = &machine.coefficients;
    let cpu = sensitivity(system, steady, scale_cpu)?;
    let work = &system.work;
    let own = (work.server_cpu_sd.powi(2)
        + (work.flushes * system.commit.flush_cpu / steady.conditions.batch * c.flush_cpu.spread).powi(2)
        + (work.flushes * system.commit.wakeup * (1.0 - 1.0 / steady.conditions.batch) * c.committer_wakeup.spread)
            .powi(2)
        + (work.messages * steady.conditions.switch * c.switch_16.spread).powi(2)
        + (steady.conditions.handover * c.lock_handover.spread).powi(2))
    .sqrt();
    let total = steady.server_cpu + if matches!(system.client, ClientCpu::Shared) { work.client_cpu } else { 0.0 };
    let mut parts = vec![IntervalPart {
        reason: "spread of the CPU prices".into(),
        relative_sd: cpu * own / total.max(f64::MIN_POSITIVE),
    }];
    if anchored {
        // A measured point has taken the place of what the prices did not know.
        parts.clear();
    } else if !machine.calibrated {
        parts.push(IntervalPart {
            reason: "CPU prices of another machine (not calibrated)".into(),
            relative_sd: cpu * c.uncalibrated.value,
        });
    }
    let (reason, residual) = match bottleneck {
        S::WalFlush | S::WalWrite => ("what the model misses where WAL flushes limit", c.residual_flush.value),
        S::RowLocks => ("what the model misses where row locks limit", c.residual_locks.value),
        S::DataRead | S::DataWrite => ("what the model misses where storage limits", c.residual_io.value),
        S::Network | S::Think => ("what the model misses where delays limit", c.residual_delay.value),
        _ => ("what the model misses where CPU limits", c.residual_cpu.value),
    };
    parts.push(IntervalPart { reason: reason.into(), relative_sd: residual });
    parts.retain(|p| p.relative_sd > 1e-6);
    parts.sort_by(|a, b| b.relative_sd.total_cmp(&a.relative_sd));
    let sd = parts.iter().map(|p| p.relative_sd.powi(2)).sum::<f64>().sqrt();
    let mean = steady.throughput;
    Ok((Interval { mean, low: mean * (-Z * sd).exp(), high: mean * (Z * sd).exp(), confidence: CONFIDENCE }, parts))
}

/// `|d ln X / d ln demand|` of what `scale` makes [`STEP`] larger.
fn sensitivity(system: &System, steady: &Steady, scale: fn(&mut System)) -> Result<f64, QueueingError> {
    let mut changed = system.clone();
    scale(&mut changed);
    let solved = open::solve_to(&changed, Some(steady), WHAT_IF)?;
    if solved.throughput <= 0.0 || steady.throughput <= 0.0 {
        return Ok(1.0);
    }
    Ok((steady.throughput / solved.throughput).ln().abs() / STEP.ln_1p())
}

/// All CPU work dearer by [`STEP`].
fn scale_cpu(system: &mut System) {
    let k = 1.0 + STEP;
    for demand in std::iter::once(&mut system.work)
        .chain(system.locks.iter_mut().flat_map(|l| l.takers.iter_mut().map(|t| &mut t.held)))
    {
        demand.server_cpu *= k;
        demand.client_cpu *= k;
    }
    system.commit.flush_cpu *= k;
    system.commit.wakeup *= k;
    system.lock_handover *= k;
}
