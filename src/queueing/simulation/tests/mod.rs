//! The simulation against theory, and its own laws.

mod laws;
mod locking;
mod theory;

use crate::queueing::simulation::*;

/// A model with places `a`, `b`, ... and one class.
fn one_class(places: usize, stations: Vec<Station>, program: Vec<Op>, load: Load) -> Model {
    Model {
        places: (0..places).map(|p| format!("place {p}")).collect(),
        stations,
        classes: vec![class("only", 1.0, program)],
        load,
        ..Model::default()
    }
}

fn class(name: &str, weight: f64, program: Vec<Op>) -> Class {
    Class { name: name.into(), weight, program, on_abort: vec![], aborts_on_conflict: false, retries: false }
}

fn serve(station: usize, place: usize, time: Time) -> Op {
    Op::Serve { station, place, time, crowd: 0.0 }
}

fn closed(customers: u32, think: Time) -> Load {
    Load::Closed { customers, think, place: 0 }
}

fn run(model: &Model, seed: u64, transactions: u64) -> Outcome {
    let options =
        Options { seed, precision: 0.0, confidence: 0.99, most_transactions: transactions, ..Options::default() };
    simulate(model, &options, &mut |_| {}).unwrap()
}

/// Mean number at a place.
fn number(o: &Outcome, place: usize) -> f64 {
    o.tally.places[place].0 / o.duration
}

/// Within the interval of 99 %, widened by half as the estimate of its width has an error too.
#[track_caller]
fn agrees(e: Estimate, exact: f64) {
    assert!((e.mean - exact).abs() <= 1.5 * e.half_width, "{} +- {} against {exact}", e.mean, e.half_width);
    assert!(e.relative() < 0.05, "too wide to say anything: {e:?}");
}
