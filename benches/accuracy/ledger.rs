//! The measurements as a file: one line per repetition, so that summaries can change their mind.
//!
//! Lines that start with `#` say when, where and with what it was measured.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use predict::live::measure::{Sample, Summary, summarize};
use predict::live::pgbench::Outcome;
use serde::{Deserialize, Serialize};

use crate::cells::Cell;

/// When, where and with what was measured: keys and values of the comment lines, in order.
pub type About = Vec<(String, String)>;

/// One repetition. The CSV writer knows no nested structs, so the cell's fields stand here again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repetition {
    pub round: usize,
    pub workload: String,
    pub scale: u32,
    pub protocol: String,
    pub synchronous_commit: String,
    pub clients: u32,
    /// Committed transactions per second.
    pub tps: f64,
    pub latency_ms: f64,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    /// Failed transactions.
    pub failed: u64,
    /// How busy the measurement's own CPU was, 0..1.
    pub busy: Option<f64>,
    /// How busy the other CPUs were, 0..1.
    pub elsewhere: Option<f64>,
}

impl Repetition {
    /// One outcome of a cell, rounded to what its noise allows to be said.
    pub fn new(round: usize, cell: &Cell, outcome: &Outcome) -> Self {
        let thousandth = |x: f64| (x * 1000.0).round() / 1000.0;
        let percentile = |q| outcome.percentile(q).map(|s| thousandth(s.ms()));
        Self {
            round,
            workload: cell.workload.clone(),
            scale: cell.scale,
            protocol: cell.protocol.clone(),
            synchronous_commit: cell.synchronous_commit.clone(),
            clients: cell.clients,
            tps: (outcome.report.tps * 10.0).round() / 10.0,
            latency_ms: thousandth(outcome.report.latency.ms()),
            p50_ms: percentile(0.5),
            p95_ms: percentile(0.95),
            p99_ms: percentile(0.99),
            failed: outcome.report.failed,
            busy: outcome.busy.map(thousandth),
            elsewhere: outcome.elsewhere.map(thousandth),
        }
    }

    /// The cell it belongs to.
    pub fn cell(&self) -> Cell {
        Cell {
            workload: self.workload.clone(),
            scale: self.scale,
            protocol: self.protocol.clone(),
            synchronous_commit: self.synchronous_commit.clone(),
            clients: self.clients,
        }
    }
}

/// A cell with what its repetitions say.
#[derive(Debug, Clone)]
pub struct Measured {
    pub cell: Cell,
    pub tps: Summary,
    /// Mean latency and percentiles, ms: medians over the repetitions.
    pub latency_ms: f64,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// Writes repetitions to a file, with what they were measured on.
pub fn write(path: &Path, about: &About, repetitions: &[Repetition]) -> Result<()> {
    let file = File::create(path).with_context(|| format!("failed to create {}", path.display()))?;
    let mut out = BufWriter::new(file);
    for (key, value) in about {
        writeln!(out, "# {key}: {value}")?;
    }
    let mut csv = csv::Writer::from_writer(out);
    for repetition in repetitions {
        csv.serialize(repetition)?;
    }
    csv.flush().with_context(|| format!("failed to write {}", path.display()))
}

/// Reads back what was measured, and on what.
pub fn read(path: &Path) -> Result<(About, Vec<Repetition>)> {
    let failed = || format!("failed to read {}", path.display());
    let text = fs::read_to_string(path).with_context(failed)?;
    let about = text.lines().filter_map(|l| l.strip_prefix("# ")?.split_once(": "));
    let about = about.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let mut csv = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let repetitions = csv.deserialize().collect::<Result<_, _>>().with_context(failed)?;
    Ok((about, repetitions))
}

/// Repetitions by cell, summarized, in the order of workload, scale, settings and clients.
pub fn by_cell(repetitions: &[Repetition]) -> Vec<Measured> {
    let mut cells: BTreeMap<Cell, Vec<&Repetition>> = BTreeMap::new();
    for r in repetitions {
        cells.entry(r.cell()).or_default().push(r);
    }
    cells.into_iter().filter_map(|(cell, rs)| measured(cell, &rs)).collect()
}

fn measured(cell: Cell, repetitions: &[&Repetition]) -> Option<Measured> {
    let summary = |value: &dyn Fn(&Repetition) -> Option<f64>| {
        let samples: Vec<Sample> =
            repetitions.iter().filter_map(|r| Some(Sample { value: value(r)?, elsewhere: r.elsewhere })).collect();
        summarize(&samples)
    };
    Some(Measured {
        cell,
        tps: summary(&|r| Some(r.tps))?,
        latency_ms: summary(&|r| Some(r.latency_ms))?.median,
        p50_ms: summary(&|r| r.p50_ms).map(|s| s.median),
        p95_ms: summary(&|r| r.p95_ms).map(|s| s.median),
        p99_ms: summary(&|r| r.p99_ms).map(|s| s.median),
    })
}
