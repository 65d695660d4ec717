//! What a calibration measured, before anything is fitted, so that it can be fitted again: by a later version of the
//! model, or to see what an assumption does, without the server and its noise.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::live::LiveError;
use crate::live::calibrate::Calibration;
use crate::live::calibrate::contention::{self, Contention, Modelled};
use crate::live::calibrate::curves::{Measured, Measurements};
use crate::live::calibrate::facts::Facts;
use crate::live::calibrate::machine_file;
use crate::live::calibrate::prices::{PriceFit, Sampled};
use crate::live::calibrate::reads::Reads;
use crate::machine::{self, Machine};
use crate::yaml::Document;

/// The form of the file; a file of another form is refused.
const VERSION: u32 = 1;

/// All that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`VERSION`].
    version: u32,
    /// What the server and its host are.
    pub facts: Facts,
    /// The server's cores.
    pub cores: f64,
    /// Reads.
    pub reads: Reads,
    /// The probes of the price list.
    pub probes: Sampled,
    /// The loads over clients.
    pub loads: Measurements,
    /// How long it took.
    pub took: Duration,
}

impl Record {
    /// What was measured, together.
    #[must_use]
    pub fn new(
        (facts, cores): (Facts, f64),
        reads: Reads,
        probes: Sampled,
        loads: Measurements,
        took: Duration,
    ) -> Self {
        Self { version: VERSION, facts, cores, reads, probes, loads, took }
    }

    /// Reads a file that [`Self::text`] wrote.
    ///
    /// # Errors
    /// [`LiveError::File`] when it cannot be read, [`LiveError::Unsuitable`] when it is something else.
    pub fn read(path: &Path) -> Result<Self, LiveError> {
        let text = fs::read(path).map_err(LiveError::file("read", path))?;
        let refuse = |what: String| LiveError::Unsuitable { message: format!("{}: {what}", path.display()) };
        let record: Self =
            serde_json::from_slice(&text).map_err(|e| refuse(format!("not a record of measurements: {e}")))?;
        if record.version != VERSION {
            return Err(refuse(format!("a record of version {}, expected {VERSION}", record.version)));
        }
        Ok(record)
    }

    /// As JSON.
    #[must_use]
    pub fn text(&self) -> String {
        // Numbers and strings alone: nothing that JSON has no form for.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Fits prices, then curves.
    ///
    /// # Errors
    /// [`LiveError::Probe`] when no prices explain the probes; what the model refuses, in its words.
    pub fn fit(self) -> Result<Calibration, LiveError> {
        let prices = self.probes.fit(self.facts.version)?;
        let (machine, cells) = self.modelled(&prices, &self.loads.cells)?;
        let contention = contention::explain(&machine, &cells, self.loads.flush, speed(&prices));
        Ok(self.calibration(prices, contention))
    }

    fn calibration(self, prices: PriceFit, contention: Contention) -> Calibration {
        let Self { facts, cores, reads, took, .. } = self;
        Calibration { facts, cores, reads, prices, contention, took }
    }

    /// The machine as far as it is known, and the model's networks of the cells on it.
    fn modelled(&self, prices: &PriceFit, cells: &[Measured]) -> Result<(Machine, Vec<Modelled>), LiveError> {
        let text = machine_file::render(&self.clone().calibration(prices.clone(), Contention::default()));
        let scratch = tempfile::tempdir().map_err(LiveError::file("make a folder in", std::env::temp_dir()))?;
        super::cells::write_scripts(scratch.path())?;
        let path = scratch.path().join("machine.yaml");
        fs::write(&path, &text).map_err(LiveError::file("write", &path))?;
        let machine = Document::parse("machine.yaml", &text)
            .and_then(|document| machine::from_document(&document))
            .map_err(|e| LiveError::Unsuitable { message: format!("the model refuses the machine as found: {e}") })?;
        let modelled =
            |m: &Measured| Ok(Modelled { measured: m.clone(), system: m.cell.system(&path, scratch.path())? });
        let cells = cells.iter().map(modelled).collect::<Result<_, LiveError>>()?;
        Ok((machine, cells))
    }
}

/// How dear CPU is here against the reference core, by the price of a message.
fn speed(prices: &PriceFit) -> f64 {
    let reference = machine::coefficients::Coefficients::default().message.value;
    prices.coefficients.iter().find(|f| f.name == "message").map_or(1.0, |f| f.value / reference).clamp(0.1, 20.0)
}
