//! How long to run: until warm, then until sure.

use crate::queueing::simulation::engine::Engine;
use crate::queueing::simulation::estimate::{BatchMeans, Estimate, warmup};
use crate::queueing::simulation::model::{Model, ModelError};
use crate::queueing::simulation::tally::Tally;

/// Values per warm-up series at the first look; twice as many at each further one.
const FIRST_LOOK: usize = 200;
/// Fewest transactions averaged in one value of a warm-up series.
const CELL: u64 = 10;
/// Share of the limits that may go into the warm-up.
const WARMUP_SHARE: u64 = 5;
/// Fewest batches for an interval to be believed.
const ENOUGH_BATCHES: usize = 32;
/// Events between two reports of progress.
const REPORT_EVERY: u64 = 1 << 18;

/// When to stop, and with which random numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Seed.
    pub seed: u64,
    /// Half width of the confidence interval relative to the mean, for throughput and latency.
    pub precision: f64,
    /// Probability that the interval holds the mean.
    pub confidence: f64,
    /// Committed transactions after the warm-up, at least.
    pub least_transactions: u64,
    /// Committed transactions after the warm-up, at most.
    pub most_transactions: u64,
    /// Events, at most.
    pub most_events: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            precision: 0.01,
            confidence: 0.9,
            least_transactions: 20_000,
            most_transactions: 2_000_000,
            most_events: 2_000_000_000,
        }
    }
}

/// Why a run stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The interval is as narrow as asked for.
    Precise,
    /// The limit of transactions was reached.
    Transactions,
    /// The limit of events was reached.
    Events,
    /// Nothing was left to happen.
    Idle,
}

/// What is known while a run is under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Committed transactions after the warm-up.
    pub transactions: u64,
    /// Half width of the interval so far, relative; infinite during the warm-up.
    pub precision: f64,
}

/// What a run has found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why it stopped.
    pub stopped: Stopped,
    /// Committed transactions per second.
    pub throughput: Estimate,
    /// Mean latency, seconds.
    pub latency: Estimate,
    /// Committed transactions after the warm-up.
    pub transactions: u64,
    /// Events, warm-up included.
    pub events: u64,
    /// Simulated time of the warm-up, seconds.
    pub warmup: f64,
    /// Whether the warm-up was seen to end; else it was cut off by a limit.
    pub settled: bool,
    /// Simulated time after the warm-up, seconds.
    pub duration: f64,
    /// All counts after the warm-up.
    pub tally: Tally,
}

/// Runs a model.
///
/// # Errors
/// A model that cannot be run: the error names what is wrong with which part.
pub fn simulate(model: &Model, options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Outcome, ModelError> {
    let mut engine = Engine::new(model, options.seed)?;
    let mut watch = Watch { options, progress, next_report: REPORT_EVERY };
    let settled = warm_up(&mut engine, &mut watch);
    engine.forget();
    let warmup = engine.now;
    let (means, stopped) = measure(&mut engine, &mut watch);
    engine.close();
    let transactions = engine.tally.classes.iter().map(|c| c.latency.count()).sum();
    Ok(Outcome {
        stopped,
        throughput: means.throughput(options.confidence),
        latency: means.latency(options.confidence),
        transactions,
        events: engine.events,
        warmup,
        settled,
        duration: engine.now - warmup,
        tally: engine.tally,
    })
}

/// Reports progress from time to time; counted in events, so that no clock is read here.
struct Watch<'a> {
    options: &'a Options,
    progress: &'a mut dyn FnMut(Progress),
    next_report: u64,
}

impl Watch<'_> {
    fn look(&mut self, events: u64, means: Option<&BatchMeans>) {
        if events < self.next_report {
            return;
        }
        self.next_report = events + REPORT_EVERY;
        let precision = means.map_or(f64::INFINITY, |m| relative(m, self.options.confidence));
        (self.progress)(Progress { transactions: means.map_or(0, BatchMeans::count), precision });
    }
}

/// The wider of the two intervals, relative to its mean.
fn relative(means: &BatchMeans, confidence: f64) -> f64 {
    means.throughput(confidence).relative().max(means.latency(confidence).relative())
}

/// Runs until both throughput and latency have settled; whether they have.
fn warm_up(engine: &mut Engine<'_>, watch: &mut Watch<'_>) -> bool {
    let options = watch.options;
    // With many customers one value must span some of each one's transactions.
    let cell = CELL.max(engine.population() as u64 / 10);
    let most = options.most_transactions / WARMUP_SHARE;
    let (mut gaps, mut latencies) = (Vec::new(), Vec::new());
    let (mut begun, mut sum, mut count, mut all) = (engine.now, 0.0, 0, 0);
    let mut look = FIRST_LOOK;
    while engine.step() {
        watch.look(engine.events, None);
        while let Some(done) = engine.tally.last.pop() {
            sum += done.latency;
            count += 1;
            all += 1;
            if count == cell {
                gaps.push(engine.now - begun);
                latencies.push(sum / count as f64);
                (begun, sum, count) = (engine.now, 0.0, 0);
            }
        }
        if gaps.len() >= look {
            if warmup(&gaps).is_some() && warmup(&latencies).is_some() {
                return true;
            }
            look *= 2;
        }
        if all >= most || engine.events >= options.most_events / WARMUP_SHARE {
            return false;
        }
    }
    false
}

/// Runs until sure enough, or a limit.
fn measure(engine: &mut Engine<'_>, watch: &mut Watch<'_>) -> (BatchMeans, Stopped) {
    let options = watch.options;
    let size = (options.most_transactions / (2 * ENOUGH_BATCHES as u64)).clamp(1, 50);
    let mut means = BatchMeans::new(engine.now, size);
    let mut count = 0;
    while engine.step() {
        watch.look(engine.events, Some(&means));
        while let Some(done) = engine.tally.last.pop() {
            count += 1;
            let full = means.add(engine.now, done.latency);
            if full
                && means.batches() >= ENOUGH_BATCHES
                && means.count() >= options.least_transactions
                && relative(&means, options.confidence) <= options.precision
            {
                return (means, Stopped::Precise);
            }
        }
        if count >= options.most_transactions {
            return (means, Stopped::Transactions);
        }
        if engine.events >= options.most_events {
            return (means, Stopped::Events);
        }
    }
    (means, Stopped::Idle)
}
