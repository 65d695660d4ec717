//! What holds for every model: conservation, repeatability, and messages for what cannot run.

use super::*;

/// Everything at once: two classes, sharing and queueing, batches, rows, a pool, repeats.
fn everything() -> Model {
    let cpu = Station { name: "cpu".into(), slots: 3, speeds: vec![1.0, 1.9, 2.5] };
    let update = vec![
        Op::Admit { place: 1 },
        Op::Snapshot,
        Op::Serve { station: 0, place: 2, time: Time::Uniform { mean: 0.2, cv: 0.3 }, crowd: 1.0 },
        Op::Lock { choice: 0, rows: Count::Near(1.6), mode: 0, wait: Wait::Block, place: 3 },
        Op::Repeat {
            times: Count::Poisson(1.5),
            program: vec![serve(1, 4, Time::Exponential(0.1)), Op::Delay { place: 5, time: Time::Fixed(0.05) }],
        },
        Op::Gather { batch: 0, place: 6 },
        Op::Resume { station: 0, place: 2, leader: 0.0, follower: 0.02 },
        Op::Release,
        Op::Leave,
    ];
    let read = vec![serve(0, 2, Time::Exponential(0.3)), serve(2, 7, Time::Fixed(0.2))];
    let mut update = class("update", 2.0, update);
    update.on_abort = vec![Op::Delay { place: 5, time: Time::Fixed(0.01) }, Op::Leave];
    update.retries = true;
    update.aborts_on_conflict = true;
    let mut model = Model {
        places: (0..8).map(|p| p.to_string()).collect(),
        stations: vec![cpu, Station::servers("disk", 2), Station::sharing("wire", 1)],
        batches: vec![BatchServer {
            name: "flush".into(),
            time: Time::Fixed(0.3),
            restart: Some(Restart { station: 0, place: 2, time: 0.02 }),
            lead: Some(Restart { station: 0, place: 2, time: 0.05 }),
            finish: Some(Restart { station: 0, place: 2, time: 0.01 }),
        }],
        capacity: Some(6),
        choices: vec![RowChoice {
            table: 0,
            groups: vec![RowGroup { probability: 0.3, rows: 1.0 }, RowGroup { probability: 0.6, rows: 20.0 }],
        }],
        handover: Some(Handover { station: 0, place: 2, time: 0.01 }),
        crowding: Some(Crowding { places: vec![2, 6], seconds: vec![0.0, -0.01, 0.0, 0.01, 0.02], least: 0.1 }),
        deadlock_timeout: 1.0,
        classes: vec![update, class("read", 1.0, read)],
        load: closed(10, Time::Exponential(0.5)),
        versions: 1,
        ..Model::default()
    };
    model.conflicts[0] = 1;
    model
}

#[test]
fn customers_are_conserved_and_littles_law_holds() {
    let o = run(&everything(), 1, 50_000);
    let all: f64 = (0..8).map(|p| number(&o, p)).sum();
    assert!((all - 10.0).abs() < 1e-6, "{all}");
    // Outside think time: number = throughput times latency, retries included.
    let inside = all - number(&o, 0);
    let by_latency = o.throughput.mean * o.latency.mean;
    assert!((inside / by_latency - 1.0).abs() < 0.01, "{inside} {by_latency}");
    // Nobody is served faster than the stations can.
    assert!(o.tally.places[2].1 / o.duration <= 2.5 && o.tally.places[4].1 / o.duration <= 2.0);
    assert!(o.tally.batches.2 <= o.duration * (1.0 + 1e-9));
    assert!(o.tally.classes[0].aborts > 0 && o.tally.classes[0].lost == 0 && o.settled);
}

#[test]
fn the_same_seed_gives_the_same_outcome_and_others_agree() {
    let model = everything();
    let say = |o: &Outcome| format!("{:?} {:?} {:?} {}", o.throughput, o.latency, o.tally.places, o.events);
    let first = run(&model, 1, 30_000);
    assert_eq!(say(&first), say(&run(&model, 1, 30_000)));
    let mut outside = 0;
    for seed in 2..12 {
        let other = run(&model, seed, 30_000);
        assert_ne!(say(&first), say(&other));
        let apart = (other.throughput.mean - first.throughput.mean).abs();
        outside += u32::from(apart > other.throughput.half_width.hypot(first.throughput.half_width));
    }
    // Intervals of 99 %: more than one in ten outside is too many.
    assert!(outside <= 1, "{outside}");
}

#[test]
fn a_run_stops_when_it_is_precise_or_at_a_limit() {
    let model = everything();
    let with = |options: Options| simulate(&model, &options, &mut |_| {}).unwrap();
    let precise = with(Options { precision: 0.02, least_transactions: 1000, ..Options::default() });
    assert_eq!(precise.stopped, Stopped::Precise);
    assert!(precise.throughput.relative() <= 0.02 && precise.latency.relative() <= 0.02);
    let short = with(Options { most_transactions: 1000, ..Options::default() });
    assert_eq!((short.stopped, short.transactions), (Stopped::Transactions, 1000));
    let events = with(Options { precision: 0.0, most_events: 100_000, ..Options::default() });
    assert_eq!((events.stopped, events.events), (Stopped::Events, 100_000));
}

type Change = fn(&mut Model);

#[test]
fn what_cannot_run_is_named() {
    let broken = |change: Change| {
        let mut model = everything();
        change(&mut model);
        simulate(&model, &Options::default(), &mut |_| {}).unwrap_err().to_string()
    };
    let cases: [(Change, &str); 8] = [
        (|m| m.stations[0].speeds[1] = -1.0, "station cpu"),
        (|m| m.batches[0].time = Time::Fixed(f64::NAN), "batch server flush"),
        (|m| m.classes[1].weight = -1.0, "class read"),
        (|m| m.classes[0].program.push(serve(7, 0, Time::Fixed(1.0))), "class update"),
        (|m| m.classes[0].on_abort.clear(), "class update"),
        (|m| m.choices[0].groups[0].probability = 2.0, "choice of rows"),
        (|m| m.load = Load::Open { rate: 0.0 }, "load"),
        (|m| m.capacity = Some(0), "admission"),
    ];
    for (change, name) in cases {
        let message = broken(change);
        assert!(message.contains(name), "{message}");
    }
    let mut idle = everything();
    idle.load = closed(1, Time::Fixed(0.0));
    idle.classes[1].program.clear();
    assert!(simulate(&idle, &Options::default(), &mut |_| {}).is_err(), "a transaction without time");
}
