//! Anchoring: demands corrected so that the model reproduces what was measured.
//!
//! Each kind of demand is multiplied by a correction. The corrections are the most probable ones
//! given the measured points: least squares on logarithms, where a correction pulls towards 1 by how
//! sure the model is of that demand (MAP estimate with log-normal priors). So one point moves most
//! what the model knows least, and server CPU, when measured, settles the CPU part by itself.

use nalgebra::{DMatrix, DVector};

use crate::diagnostic::{Warning, WarningCode};
use crate::forecast::assemble::{think, utilization};
use crate::machine::Machine;
use crate::machine::coefficients::shape::{MEASURED_CPU_SD, MEASURED_SD};
use crate::model::system::{Arrivals, Demand};
use crate::model::{StationName, System, open};
use crate::queueing::QueueingError;
use crate::workload::Observed;

/// Gauss-Newton steps; the logarithms are so nearly linear that a handful settles.
const STEPS: usize = 12;
/// A point missed by more than this after correction is reported.
const MISSED: f64 = 0.05;
/// Corrections stay within this factor of 1 either way.
const LARGEST: f64 = 20.0;

/// Factors by which demands are multiplied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corrections {
    /// Server CPU.
    pub cpu: f64,
    /// WAL flush.
    pub flush: f64,
    /// Reads from storage.
    pub read: f64,
    /// Whether any measured point stands behind them.
    pub anchored: bool,
}

impl Default for Corrections {
    fn default() -> Self {
        Self { cpu: 1.0, flush: 1.0, read: 1.0, anchored: false }
    }
}

impl Corrections {
    /// Applies them to a system.
    pub fn apply(&self, system: &mut System) {
        if !self.anchored {
            return;
        }
        let cpu = self.cpu;
        let scale = |d: &mut Demand| d.server_cpu *= cpu;
        scale(&mut system.work);
        system.kinds.iter_mut().for_each(|k| scale(&mut k.demand));
        system.locks.iter_mut().flat_map(|l| &mut l.takers).for_each(|t| scale(&mut t.held));
        system.commit.flush_cpu *= cpu;
        system.commit.wakeup *= cpu;
        system.lock_handover *= cpu;
        system.checkpoints.image_cpu *= cpu;
        system.commit.flush *= self.flush;
        system.storage.read *= self.read;
    }

    fn from_logs(logs: &DVector<f64>) -> Self {
        let factor = |k: usize| logs[k].clamp(-LARGEST.ln(), LARGEST.ln()).exp();
        Self { cpu: factor(0), flush: factor(1), read: factor(2), anchored: true }
    }
}

/// Finds the corrections for the measured points of the files as written.
///
/// # Errors
/// Those of the solver.
pub fn anchor(
    system: &System,
    machine: &Machine,
    observed: &[Observed],
) -> Result<(Corrections, Vec<Warning>), QueueingError> {
    let targets: Vec<Target> = observed.iter().flat_map(|o| Target::of(system, o)).collect();
    if targets.is_empty() {
        return Ok((Corrections::default(), Vec::new()));
    }
    let c = &machine.coefficients;
    let cpu_sd = if machine.calibrated { c.residual_cpu.value } else { c.uncalibrated.value };
    let priors = [cpu_sd, c.flush_uncertainty.value, c.read_uncertainty.value];
    let mut logs = DVector::zeros(priors.len());
    let mut best = (residuals(system, &targets, &logs)?, logs.clone());
    let cost = |r: &DVector<f64>, logs: &DVector<f64>| {
        r.norm_squared() + logs.iter().zip(priors).map(|(l, p)| (l / p).powi(2)).sum::<f64>()
    };
    for _ in 0..STEPS {
        let r = residuals(system, &targets, &logs)?;
        let jacobian = jacobian(system, &targets, &logs, &r)?;
        let prior = DMatrix::from_diagonal(&DVector::from_iterator(priors.len(), priors.iter().map(|p| p.powi(-2))));
        let normal = jacobian.transpose() * &jacobian + &prior;
        let gradient = jacobian.transpose() * &r + &prior * &logs;
        let Some(step) = normal.cholesky().map(|f| f.solve(&gradient)) else { break };
        let mut length = 1.0;
        let start = cost(&r, &logs);
        while length > 1e-3 {
            let trial = &logs - &step * length;
            let at = residuals(system, &targets, &trial)?;
            if cost(&at, &trial) <= start {
                best = (at, trial.clone());
                logs = trial;
                break;
            }
            length *= 0.5;
        }
        if length <= 1e-3 || step.norm() * length < 1e-6 {
            break;
        }
    }
    let warnings = targets
        .iter()
        .zip(best.0.iter())
        .filter(|(t, r)| (*r * t.sd).abs() > MISSED)
        .map(|(t, r)| {
            let text = format!(
                "observed {} of {:.4} is not reached by correcting demands: the corrected model gives {:.4}",
                t.quantity.as_str(),
                t.value,
                t.value * (r * t.sd).exp()
            );
            let warning = Warning::new(WarningCode::AnchorNotReached, text);
            match &t.position {
                Some(p) => warning.at(p.clone()),
                None => warning,
            }
        })
        .collect();
    Ok((Corrections::from_logs(&best.1), warnings))
}

/// What was measured at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Tps,
    Latency,
    ServerCpu,
}

impl Quantity {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Tps => "tps",
            Self::Latency => "latency (s)",
            Self::ServerCpu => "server_cpu",
        }
    }
}

/// One measured number and the load it was measured under.
#[derive(Debug, Clone)]
struct Target {
    quantity: Quantity,
    arrivals: Arrivals,
    value: f64,
    sd: f64,
    position: Option<crate::diagnostic::Position>,
}

impl Target {
    fn of(system: &System, observed: &Observed) -> Vec<Self> {
        let arrivals = match (observed.clients, system.arrivals) {
            (Some(clients), Arrivals::Closed { think, .. }) => Arrivals::Closed { clients: clients as f64, think },
            (Some(clients), Arrivals::Open { .. }) => Arrivals::Closed { clients: clients as f64, think: 0.0 },
            (None, arrivals) => arrivals,
        };
        let target =
            |quantity, value: f64, sd| Self { quantity, arrivals, value, sd, position: observed.position.clone() };
        let mut out = Vec::new();
        if let Some(tps) = observed.tps.filter(|t| *t > 0.0) {
            out.push(target(Quantity::Tps, tps, MEASURED_SD));
        }
        if let Some(latency) = observed.latency.filter(|l| l.get() > 0.0) {
            out.push(target(Quantity::Latency, latency.get(), MEASURED_SD));
        }
        if let Some(cpu) = observed.server_cpu.filter(|c| *c > 0.0) {
            out.push(target(Quantity::ServerCpu, cpu, MEASURED_CPU_SD));
        }
        out
    }
}

/// `ln(model / measured) / sd` of every target.
fn residuals(system: &System, targets: &[Target], logs: &DVector<f64>) -> Result<DVector<f64>, QueueingError> {
    let corrections = Corrections::from_logs(logs);
    let mut out = DVector::zeros(targets.len());
    for (index, target) in targets.iter().enumerate() {
        let mut corrected = system.clone();
        corrections.apply(&mut corrected);
        corrected.arrivals = target.arrivals;
        let steady = open::solve(&corrected, None)?;
        let model = match target.quantity {
            Quantity::Tps => steady.throughput,
            Quantity::Latency => steady.latency(think(&corrected)),
            Quantity::ServerCpu => utilization(&corrected, &steady, StationName::ServerCpu).unwrap_or(1.0),
        };
        out[index] = (model.max(f64::MIN_POSITIVE) / target.value).ln() / target.sd;
    }
    Ok(out)
}

/// Derivatives of the residuals by the logarithms of the corrections, by forward differences.
fn jacobian(
    system: &System,
    targets: &[Target],
    logs: &DVector<f64>,
    at: &DVector<f64>,
) -> Result<DMatrix<f64>, QueueingError> {
    const STEP: f64 = 0.01;
    let mut out = DMatrix::zeros(targets.len(), logs.len());
    for k in 0..logs.len() {
        let mut moved = logs.clone();
        moved[k] += STEP;
        let r = residuals(system, targets, &moved)?;
        out.set_column(k, &((r - at) / STEP));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::tpcb;

    fn machine() -> Machine {
        crate::machine::reference()
    }

    #[test]
    fn a_point_made_by_dearer_cpu_is_found_again() {
        let truth = Corrections { cpu: 1.5, flush: 1.0, read: 1.0, anchored: true };
        let mut dear = tpcb(1000.0, 16.0);
        truth.apply(&mut dear);
        let steady = open::solve(&dear, None).unwrap();
        let used = utilization(&dear, &steady, StationName::ServerCpu).unwrap();
        let observed =
            Observed { clients: Some(16), tps: Some(steady.throughput), server_cpu: Some(used), ..Observed::default() };
        let (found, warnings) = anchor(&tpcb(1000.0, 16.0), &machine(), &[observed]).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        assert!((found.cpu / 1.5 - 1.0).abs() < 0.05, "{found:?}");
        // Another client count is then right too.
        let (mut a, mut b) = (tpcb(1000.0, 64.0), tpcb(1000.0, 64.0));
        found.apply(&mut a);
        truth.apply(&mut b);
        let (a, b) = (open::solve(&a, None).unwrap(), open::solve(&b, None).unwrap());
        assert!((a.throughput / b.throughput - 1.0).abs() < 0.03);
    }

    #[test]
    fn no_point_changes_nothing() {
        let (found, _) = anchor(&tpcb(10.0, 4.0), &machine(), &[]).unwrap();
        assert_eq!(found, Corrections::default());
    }
}
