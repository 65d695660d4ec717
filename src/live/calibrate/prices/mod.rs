//! The CPU price list, measured: one-statement probes whose counts come from the model itself.
//!
//! [`catalogue`] says what is run, on the tables of [`tables`]; [`counts`] what the model sees in it; [`rounds`]
//! what it takes; [`crate::fit::prices`] which prices follow. The price list is defined at four clients: with
//! fewer or more, context switches cost otherwise, which is measured apart.

pub mod catalogue;
pub mod counts;
pub mod probe;
pub mod rounds;
pub mod session;
pub mod tables;

use std::time::{Duration, Instant};

use self::counts::Counted;
use self::probe::Probe;
use self::rounds::{Runner, Runs};
use crate::fit::prices::{Known, Measured, PriceList, fit};
use crate::live::calibrate::Place;
use crate::live::{LiveError, Server};
use crate::machine::coefficients::CoefficientInfo;

/// Clients at which the price list is defined.
pub const CLIENTS: u32 = 4;

/// Relative error of the price list where everything is known: what additive counts leave out of a statement.
const MODEL_ERROR: f64 = 0.05;

/// More time than this brings nothing, and would not fit the clock.
const LONGEST: Duration = Duration::from_secs(3600);

/// Time to leave for the fit, which is repeated without each probe.
const FITTING: Duration = Duration::from_secs(2);

/// One coefficient as this machine has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Its name in [`crate::machine::coefficients::TABLE`].
    pub name: &'static str,
    /// Its value in this machine's own microseconds.
    pub value: f64,
    /// Relative standard deviation of the value.
    pub spread: f64,
    /// The largest relative change of the value when one probe is left out; `None` where no probe counts it.
    pub left_out: Option<f64>,
}

/// One probe and how the price list explains it.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    /// What it runs, in a few words.
    pub name: String,
    /// CPU time of one execution, microseconds.
    pub measured_us: f64,
    /// What the fitted prices say.
    pub fitted_us: f64,
    /// Relative error of the prediction from all other probes.
    pub left_out_error: f64,
}

/// The price list of a machine.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceFit {
    /// All coefficients that are CPU time, those no probe counts scaled by the machine's speed.
    pub coefficients: Vec<Fitted>,
    /// The probes.
    pub probes: Vec<Probed>,
}

/// What the probes took, before anything is fitted.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sampled {
    /// The server's locale that sorts text, of the probes that use one.
    pub locale: String,
    /// The runs of each probe, by its name.
    pub runs: Vec<(String, Runs)>,
}

impl Sampled {
    /// The prices that follow. Probes that are no longer in the catalogue are passed over.
    ///
    /// # Errors
    /// A probe that the model cannot read; too few runs that took any time.
    pub fn fit(&self, version: u32) -> Result<PriceFit, LiveError> {
        let runs_of = |probe: &Probe| self.runs.iter().find(|r| r.0 == probe.name).map(|r| r.1.clone());
        let (probes, runs): (Vec<Probe>, Vec<Runs>) =
            catalogue::PROBES.iter().filter_map(|p| Some((*p, runs_of(p)?))).unzip();
        explain(&probes, &count(&probes, version, &self.locale)?, &runs)
    }
}

/// Measures the probes of the CPU price list in the scratch schema of `place`; `tick` is told what is done, a few words at a time.
///
/// # Errors
/// Any [`LiveError`]; a probe that fails is named.
pub fn measure(
    server: &Server,
    place: &Place,
    budget: Duration,
    tick: &mut dyn FnMut(&str),
) -> Result<Sampled, LiveError> {
    let budget = budget.min(LONGEST);
    let deadline = Instant::now() + budget;
    let mut client = session::open(server, place)?;
    let locale = session::locale(&mut client)?;
    session::build(&mut client, &locale, tick)?;
    let probes = catalogue::PROBES;
    let counted = count(probes, place.version, &locale)?;
    let left = deadline.saturating_duration_since(Instant::now());
    let mut runner = Runner::new(server, place, (probes, &counted), left)?;
    let runs = runner.rounds(deadline - FITTING.min(budget), tick)?;
    let runs = probes.iter().map(|p| p.name.to_owned()).zip(runs).collect();
    Ok(Sampled { locale, runs })
}

/// Counts probes by the model.
///
/// # Errors
/// A probe that the model cannot read.
pub fn count(probes: &[Probe], version: u32, locale: &str) -> Result<Vec<Counted>, LiveError> {
    counts::count(probes, version, locale)
        .map_err(|e| LiveError::Probe { name: "all".to_owned(), message: format!("the model cannot read it: {e}") })
}

/// Fits the prices of server and client to what was measured.
///
/// # Errors
/// Too few runs that took any time.
pub fn explain(probes: &[Probe], counted: &[Counted], runs: &[Runs]) -> Result<PriceFit, LiveError> {
    let server: Vec<Option<Measured>> =
        counted.iter().zip(runs).map(|(c, r)| r.server().map(|m| measured(&c.server, m))).collect();
    let client: Vec<Option<Measured>> =
        counted.iter().zip(runs).map(|(c, r)| r.client().map(|m| measured(&c.client, m))).collect();
    let mut out = PriceFit::default();
    if let Some(list) = fit_prices(&mut counts::server_prices(), &server, &mut out.coefficients)? {
        let mut place = 0;
        for (probe, measured) in probes.iter().zip(&server) {
            let Some(measured) = measured else { continue };
            out.probes.push(Probed {
                name: probe.name.to_owned(),
                measured_us: measured.value,
                fitted_us: list.fitted[place],
                left_out_error: list.left_out_errors[place],
            });
            place += 1;
        }
    }
    fit_prices(&mut counts::client_prices(), &client, &mut out.coefficients)?;
    Ok(out)
}

fn measured(counts: &[f64], (value, noise): (f64, f64)) -> Measured {
    Measured { counts: counts.to_vec(), value, noise: MODEL_ERROR.hypot(noise) }
}

/// Fits one list of prices and adds it to `out`; nothing where nothing was measured.
fn fit_prices(
    prices: &mut dyn Iterator<Item = &'static CoefficientInfo>,
    measured: &[Option<Measured>],
    out: &mut Vec<Fitted>,
) -> Result<Option<PriceList>, LiveError> {
    let prices: Vec<&CoefficientInfo> = prices.collect();
    let rows: Vec<Measured> = measured.iter().flatten().cloned().collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let known: Vec<Known> = prices.iter().map(|c| Known { value: c.default.value, spread: c.default.spread }).collect();
    let list = fit(&known, &rows)
        .map_err(|e| LiveError::Probe { name: "all".to_owned(), message: format!("no prices explain them: {e}") })?;
    for (n, info) in prices.iter().enumerate() {
        out.push(Fitted {
            name: info.name,
            value: list.values[n],
            spread: list.spreads[n],
            left_out: list.left_out[n],
        });
    }
    Ok(Some(list))
}
