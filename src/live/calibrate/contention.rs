//! The coefficients of contention: those with which the model's own forecasts of the measured cells come nearest.
//!
//! Each transaction has a factor of its own for what the price list missed of its CPU; it is thrown away. So the
//! curves say how throughput changes with clients, not how dear a statement is.

use crate::fit::map::{self, Fit, Prior};
use crate::live::calibrate::cells::{Cell, Family};
use crate::live::calibrate::curves::Measured;
use crate::live::calibrate::parameter::Parameter;
use crate::live::calibrate::prices::Fitted;
use crate::machine::Machine;
use crate::model::open;
use crate::model::system::System;
use crate::units::Seconds;

/// Relative error of a measured TPS beside the noise of its repetitions: what the model cannot know.
const MODEL_SD: f64 = 0.03;
/// Relative error of a measured CPU time per transaction.
const CPU_SD: f64 = 0.06;
/// CPU times are looked at up to this many clients: more of them take too long to connect.
const CPU_CLIENTS: u32 = 4;
/// From this many expected errors on a residual counts by its size, not by its square (Huber): a spell of a busy
/// neighbour in one cell must not bend all curves.
const HUBER: f64 = 2.0;
/// A coefficient counts as measured when it is surer than before by this factor.
const LEARNT: f64 = 0.75;
/// No regime's residual error is taken to be less than this, however well a few cells fit.
const LEAST_RESIDUAL: f64 = 0.05;
/// Cells from which a regime's residual error is told.
const FEW: usize = 3;

/// A cell with the model's network for it.
#[derive(Debug, Clone)]
pub struct Modelled {
    /// As measured.
    pub measured: Measured,
    /// With the coefficients of the machine file so far.
    pub system: System,
}

/// A cell and how the model explains it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// As measured.
    pub measured: Measured,
    /// The model's throughput with the fitted coefficients.
    pub tps: f64,
    /// Relative error of the throughput forecast from all other cells.
    pub left_out_error: f64,
}

/// What the cells say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contention {
    /// One flush (S of the model) with its relative standard deviation.
    pub flush: Option<(Seconds, f64)>,
    /// Coefficients that the cells told something about.
    pub coefficients: Vec<Fitted>,
    /// Those they told nothing about.
    pub kept: Vec<&'static str>,
    /// The cells.
    pub cells: Vec<Explained>,
}

/// A cell's network with all parameters in it.
fn with(parameters: &[Parameter], values: &[f64], machine: &Machine, cell: &Modelled) -> System {
    let mut system = cell.system.clone();
    // A price factor multiplies what the others add, so it comes last, as it does in the list.
    for (parameter, value) in parameters.iter().zip(values) {
        parameter.apply(*value, machine, cell.measured.cell.family, &mut system);
    }
    system
}

/// Errors of throughput and CPU time over all cells, relative to what is expected of them.
fn residuals(parameters: &[Parameter], values: &[f64], machine: &Machine, cells: &[Modelled]) -> Option<Vec<f64>> {
    let mut out = Vec::with_capacity(2 * cells.len());
    for cell in cells {
        let steady = open::solve(&with(parameters, values, machine, cell), None).ok()?;
        out.push(damped((steady.throughput / cell.measured.tps).ln() / tps_sd(&cell.measured)));
        if let Some(cpu) = seen_cpu(&cell.measured) {
            out.push(damped((steady.server_cpu / cpu.get()).ln() / CPU_SD));
        }
    }
    out.iter().all(|r| r.is_finite()).then_some(out)
}

/// A residual whose square is Huber's loss of the plain one.
fn damped(r: f64) -> f64 {
    if r.abs() <= HUBER { r } else { (HUBER * (2.0 * r.abs() - HUBER)).sqrt().copysign(r) }
}

/// Back from [`damped`].
fn plain(r: f64) -> f64 {
    if r.abs() <= HUBER { r } else { (0.5 * (r * r / HUBER + HUBER)).copysign(r) }
}

fn tps_sd(measured: &Measured) -> f64 {
    // Who loses a share of the CPUs to others loses at most about as much, and perhaps nothing.
    MODEL_SD.hypot(measured.noise).hypot(measured.others)
}

/// The CPU time of a cell where it says something: few clients, and not those who connect all the time.
fn seen_cpu(measured: &Measured) -> Option<Seconds> {
    let cell = measured.cell;
    measured.server_cpu.filter(|c| c.get() > 0.0 && cell.clients <= CPU_CLIENTS && cell.family != Family::Connect)
}

/// Which cell each residual belongs to.
fn owners(cells: &[Modelled]) -> Vec<usize> {
    cells
        .iter()
        .enumerate()
        .flat_map(|(k, c)| std::iter::repeat_n(k, 1 + usize::from(seen_cpu(&c.measured).is_some())))
        .collect()
}

/// Fits. `flush` is one flush as the server timed it; `speed` how dear CPU is here against the reference core.
#[must_use]
pub fn explain(machine: &Machine, cells: &[Modelled], flush: Option<Seconds>, speed: f64) -> Contention {
    let parameters = Parameter::all(machine);
    let prior_flush = flush_prior(machine, cells, flush, speed);
    let priors: Vec<Prior> = parameters.iter().map(|p| p.prior(machine, speed, prior_flush)).collect();
    let owners = owners(cells);
    let Some(fit) = map::fit(&priors, &owners, |values| residuals(&parameters, values, machine, cells)) else {
        return Contention {
            kept: parameters.iter().filter_map(|p| p.name(machine)).collect(),
            ..Contention::default()
        };
    };
    let mut out = Contention::default();
    for (k, (parameter, prior)) in parameters.iter().zip(&priors).enumerate() {
        let (value, learnt) = (fit.values[k], fit.sd[k] < LEARNT * prior.sd);
        // Relative to the value, or to the prior's where the value is next to nothing.
        let size = value.abs().max(0.1 * prior.sd);
        match (parameter, parameter.name(machine)) {
            (Parameter::Flush, _) if cells.iter().any(|c| c.measured.cell.family.flushes()) => {
                out.flush = Some((Seconds::from_us(value), fit.sd[k] / size));
            }
            (_, Some(name)) if learnt => out.coefficients.push(Fitted {
                name,
                value,
                spread: fit.sd[k] / size,
                left_out: Some(fit.influence[k] / size),
            }),
            (_, Some(name)) => out.kept.push(name),
            _ => {}
        }
    }
    out.cells = explained(&fit, cells, &owners);
    out
}

/// What is believed of one flush before the cells are fitted: the server's own timing, or what one client's update
/// takes beyond its CPU.
fn flush_prior(machine: &Machine, cells: &[Modelled], flush: Option<Seconds>, speed: f64) -> (f64, f64) {
    // A part of what the server times is CPU of its own.
    if let Some(flush) = flush {
        return (flush.us(), 0.2 * flush.us() + 10.0);
    }
    let alone = cells.iter().find(|c| c.measured.cell == Cell { family: Family::Flush, clients: 1 });
    let rest = alone.map_or(200.0, |c| {
        let work = &c.system.work;
        let cpu = (work.server_cpu + work.client_cpu) * 1e6 + machine.coefficients.flush_cpu.value * speed;
        1e6 / c.measured.tps - cpu
    });
    let value = rest.max(20.0);
    (value, 0.5 * value)
}

fn explained(fit: &Fit, cells: &[Modelled], owners: &[usize]) -> Vec<Explained> {
    let mut out = Vec::with_capacity(cells.len());
    for (k, cell) in cells.iter().enumerate() {
        // The first residual of a cell is that of its throughput.
        let Some(at) = owners.iter().position(|o| *o == k) else { continue };
        let sd = tps_sd(&cell.measured);
        out.push(Explained {
            tps: cell.measured.tps * (plain(fit.residuals[at]) * sd).exp(),
            left_out_error: (plain(fit.left_out[at]) * sd).exp_m1(),
            measured: cell.measured.clone(),
        });
    }
    out
}

impl Contention {
    /// Residual errors of the model by regime, as its coefficients: how far the cells of a regime are off when they
    /// are left out of the fit, typically. `others` are errors of the price list's probes, left out likewise.
    #[must_use]
    pub fn residual_errors(&self, others: &[f64]) -> Vec<Fitted> {
        let of = |families: &[Family]| -> Vec<f64> {
            self.cells.iter().filter(|c| families.contains(&c.measured.cell.family)).map(|c| c.left_out_error).collect()
        };
        let mut cpu = of(&[Family::Many, Family::Lookup, Family::Update]);
        cpu.extend(others);
        let regimes = [
            ("residual_cpu", cpu),
            ("residual_flush", of(&[Family::Flush, Family::Transfer])),
            ("residual_locks", of(&[Family::Hot])),
        ];
        regimes.into_iter().filter_map(|(name, errors)| residual(name, errors)).collect()
    }
}

/// The size that half of the errors exceed, as a standard deviation.
fn residual(name: &'static str, errors: Vec<f64>) -> Option<Fitted> {
    const NORMAL: f64 = 1.4826;
    let mut sizes: Vec<f64> = errors.into_iter().map(f64::abs).filter(|e| e.is_finite()).collect();
    if sizes.len() < FEW {
        return None;
    }
    sizes.sort_by(f64::total_cmp);
    let middle = sizes[sizes.len() / 2];
    #[expect(clippy::cast_precision_loss, reason = "some dozens")]
    let spread = 1.0 / (2.0 * sizes.len() as f64).sqrt();
    Some(Fitted { name, value: (NORMAL * middle).max(LEAST_RESIDUAL), spread, left_out: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::calibrate::cells::{self, CELLS};

    #[test]
    fn damping_has_an_inverse() {
        for r in [-30.0, -2.5, -2.0, 0.0, 1.9, 7.0] {
            assert!((plain(damped(r)) - r).abs() < 1e-12);
        }
        // Huber's loss: 2 k |r| - k^2.
        assert!((damped(10.0).powi(2) - (2.0 * HUBER * 10.0 - HUBER * HUBER)).abs() < 1e-9);
    }

    /// A machine on one core, and all cells as a server would show them that is the model itself with `truth`.
    fn pretend(truth: &[(Parameter, f64)]) -> (Machine, Vec<Modelled>) {
        let folder = tempfile::tempdir().unwrap();
        cells::write_scripts(folder.path()).unwrap();
        let path = folder.path().join("machine.yaml");
        let text = "version: 1\ncpu: {cores: 1}\nmemory: 8GB\nstorage: {fsync: 90us}\nclient: {location: same-host}\npostgresql: {version: 15, shared_buffers: 1GB, max_wal_size: 8GB}\n";
        std::fs::write(&path, text).unwrap();
        let machine = crate::machine::from_document(&crate::yaml::Document::parse("m", text).unwrap()).unwrap();
        let (parameters, values): (Vec<_>, Vec<_>) = truth.iter().copied().unzip();
        let modelled = |cell: &Cell| {
            let measured =
                Measured { cell: *cell, tps: 1.0, noise: 0.01, others: 0.0, server_cpu: None, repetitions: 2 };
            let mut m = Modelled { measured, system: cell.system(&path, folder.path()).unwrap() };
            let steady = open::solve(&with(&parameters, &values, &machine, &m), None).unwrap();
            m.measured.tps = steady.throughput;
            m.measured.server_cpu = Some(Seconds(steady.server_cpu));
            m
        };
        let cells = CELLS.iter().map(modelled).collect();
        (machine, cells)
    }

    const TRUTH: [(Parameter, f64); 10] = [
        (Parameter::FlushCpu, 50.0),
        (Parameter::Switch1, -6.0),
        (Parameter::Switch16, 6.0),
        (Parameter::Switch64, 20.0),
        (Parameter::LockHandover, 15.0),
        (Parameter::Sleep, 80.0),
        (Parameter::ConnectionStart, 4000.0),
        (Parameter::Flush, 400.0),
        (Parameter::CommitterWakeup, 30.0),
        (Parameter::Prices(Family::Transfer), 1.05),
    ];

    #[test]
    fn what_made_the_cells_is_found_again() {
        let (machine, cells) = pretend(&TRUTH);
        let found = explain(&machine, &cells, Some(Seconds::from_us(430.0)), 1.0);
        let (flush, spread) = found.flush.unwrap();
        assert!((flush.us() / 400.0 - 1.0).abs() < 0.05 && spread < 0.1, "{flush:?} {spread}");
        for (parameter, truth) in TRUTH {
            let Some(name) = parameter.name(&machine) else { continue };
            let fitted =
                found.coefficients.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("{name}: {found:?}"));
            // Priors pull, and cells tell a microsecond of a message from one of its statement only so well.
            let error = (fitted.value - truth).abs();
            assert!(error < 2.0 * fitted.spread * truth.abs() + 0.02 * truth.abs(), "{name}: {fitted:?}, not {truth}");
            assert!(error < 0.3 * truth.abs() + 1.0, "{name}: {fitted:?}, not {truth}");
        }
        for cell in &found.cells {
            assert!((cell.tps / cell.measured.tps - 1.0).abs() < 0.02, "{cell:?}");
        }
    }

    #[test]
    fn one_cell_gone_wrong_is_seen_and_does_not_bend_the_rest() {
        let (machine, mut cells) = pretend(&TRUTH);
        let at = cells.iter().position(|c| c.measured.cell == Cell { family: Family::Flush, clients: 16 }).unwrap();
        cells[at].measured.tps *= 0.5;
        let found = explain(&machine, &cells, Some(Seconds::from_us(430.0)), 1.0);
        assert!(found.cells[at].left_out_error > 0.5, "{:?}", found.cells[at]);
        assert!((found.flush.unwrap().0.us() / 400.0 - 1.0).abs() < 0.1, "{:?}", found.flush);
    }

    #[test]
    fn what_no_cell_shows_keeps_its_built_in_value() {
        let (machine, cells) = pretend(&TRUTH);
        let some: Vec<Modelled> =
            cells.into_iter().filter(|c| c.measured.cell.clients <= 4 && !c.measured.cell.family.flushes()).collect();
        let found = explain(&machine, &some, None, 1.0);
        assert_eq!(found.flush, None);
        for name in ["flush_cpu", "committer_wakeup", "batch_serialization", "switch_64"] {
            assert!(found.kept.contains(&name), "{name}: {found:?}");
        }
    }

    #[test]
    fn residual_errors_are_those_of_the_middle() {
        assert_eq!(residual("residual_cpu", vec![0.1, f64::NAN]), None);
        let r = residual("residual_cpu", vec![0.1, -0.2, 0.05, 5.0, -0.15]).unwrap();
        assert!((r.value - 1.4826 * 0.15).abs() < 1e-12);
        assert_eq!(residual("residual_cpu", vec![0.0; 4]).unwrap().value, LEAST_RESIDUAL);
    }
}
