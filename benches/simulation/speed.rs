//! Events per second.

use std::sync::LazyLock;
use std::time::Instant;

use predict::queueing::simulation::{Load, Model, Op, Options, Station, Time, simulate};

use crate::random_model;

/// A closed queue: the engine with next to nothing around it.
fn queue(customers: u32) -> Model {
    let serve = Op::Serve { station: 0, place: 1, time: Time::Exponential(1.0), crowd: 0.0 };
    let mut model = Model {
        places: vec!["think".into(), "queue".into()],
        stations: vec![Station::servers("queue", 4)],
        load: Load::Closed { customers, think: Time::Exponential(10.0), place: 0 },
        ..Model::default()
    };
    model.classes.push(predict::queueing::simulation::Class {
        name: "only".into(),
        weight: 1.0,
        program: vec![serve],
        on_abort: vec![],
        aborts_on_conflict: false,
        retries: false,
    });
    model
}

/// Seconds of CPU that this process has had, so that neighbours do not count; where the system does not
/// say, seconds of the wall clock.
fn clock() -> f64 {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let wall = BEGUN.elapsed().as_secs_f64();
    let had = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    had.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).map_or(wall, |ns| ns * 1e-9)
}

pub fn print() {
    println!("speed, events per second of one core");
    for customers in [4, 64, 10_000, 1_000_000] {
        line(&format!("closed queue, {customers} customers"), &queue(customers));
    }
    for (name, clients) in [("tpcb-like, 16 clients", 16), ("tpcb-like, 1000 clients", 1000)] {
        line(name, &random_model::tpcb(clients).program());
    }
}

fn line(name: &str, model: &Model) {
    let options =
        Options { precision: 0.0, most_events: 10_000_000, most_transactions: u64::MAX, ..Options::default() };
    let begun = clock();
    match simulate(model, &options, &mut |_| {}) {
        Ok(o) => {
            let seconds = clock() - begun;
            println!("  {name:<32} {:>12.0}", o.events as f64 / seconds);
        }
        Err(e) => println!("  {name:<32} {e}"),
    }
}
