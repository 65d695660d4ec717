//! Rows, conflicts, aborts and deadlocks.

use super::*;

const SHARE: u8 = 0;
const WRITE: u8 = 1;

fn lock(choice: usize, mode: u8, wait: Wait) -> Op {
    Op::Lock { choice, rows: Count::Near(1.0), mode, wait, place: 1 }
}

fn rows(table: u16, rows: f64) -> RowChoice {
    RowChoice { table, groups: vec![RowGroup { probability: 1.0, rows }] }
}

/// Places: 0 think, 1 waiting for rows, 2 working. Modes: shared and exclusive; the latter makes versions.
fn locking(program: Vec<Op>, load: Load) -> Model {
    let mut model = one_class(3, vec![], program, load);
    model.conflicts[usize::from(SHARE)] = 1 << WRITE;
    model.conflicts[usize::from(WRITE)] = 1 << WRITE | 1 << SHARE;
    model.versions = 1 << WRITE;
    model.choices = vec![rows(0, 1.0), rows(1, 1.0)];
    model.deadlock_timeout = 1.0;
    model
}

fn work(time: Time) -> Op {
    Op::Delay { place: 2, time }
}

#[test]
fn one_row_is_one_server() {
    let program = vec![lock(0, WRITE, Wait::Block), work(Time::Exponential(1.0)), Op::Release];
    let o = run(&locking(program, Load::Open { rate: 0.8 }), 1, 400_000);
    agrees(o.latency, 5.0);
    // And with a closed load, the machine repair with one repairer: B(0) of its birth-death chain.
    let program = vec![lock(0, WRITE, Wait::Block), work(Time::Exponential(1.0)), Op::Release];
    let o = run(&locking(program, closed(5, Time::Exponential(4.0))), 1, 300_000);
    let mut p = vec![1.0];
    for k in 0..5_u32 {
        p.push(p[p.len() - 1] * f64::from(5 - k) / 4.0);
    }
    agrees(o.throughput, 1.0 - 1.0 / p.iter().sum::<f64>());
}

#[test]
fn shared_locks_do_not_wait_for_each_other() {
    let program = vec![lock(0, SHARE, Wait::Block), work(Time::Exponential(1.0)), Op::Release];
    let o = run(&locking(program, Load::Open { rate: 3.0 }), 1, 100_000);
    agrees(o.latency, 1.0);
    assert_eq!(o.tally.places[1].0, 0.0);
}

#[test]
fn many_rows_hardly_meet_and_one_row_of_many_takes_turns() {
    let program = vec![lock(0, WRITE, Wait::Block), work(Time::Fixed(1.0)), Op::Release];
    let mut model = locking(program, closed(20, Time::Fixed(0.0)));
    model.choices[0] = RowChoice {
        table: 0,
        groups: vec![RowGroup { probability: 0.5, rows: 1.0 }, RowGroup { probability: 0.5, rows: 1e6 }],
    };
    let o = run(&model, 1, 100_000);
    // The hot row is never free and completes one per second; as many go elsewhere.
    agrees(o.throughput, 2.0);
    assert!((number(&o, 1) - 18.0).abs() < 0.1, "{}", number(&o, 1));
}

#[test]
fn opposite_orders_deadlock_and_a_timeout_later_one_of_two_goes_on() {
    let order = |a, b| {
        vec![
            lock(a, WRITE, Wait::Block),
            work(Time::Fixed(0.1)),
            lock(b, WRITE, Wait::Block),
            work(Time::Fixed(0.1)),
            Op::Release,
        ]
    };
    let mut model = locking(vec![], closed(2, Time::Exponential(0.5)));
    model.classes = vec![class("ab", 1.0, order(0, 1)), class("ba", 1.0, order(1, 0))];
    for c in &mut model.classes {
        c.on_abort = vec![work(Time::Fixed(0.05))];
        c.retries = true;
    }
    let o = run(&model, 1, 20_000);
    let aborts: u64 = o.tally.classes.iter().map(|c| c.aborts).sum();
    assert!(o.tally.deadlocks > 500 && aborts == o.tally.deadlocks, "{} {aborts}", o.tally.deadlocks);
    assert!(o.tally.classes.iter().all(|c| c.lost == 0));
    // Whoever is in a deadlock needs at least the timeout.
    assert!(o.tally.classes[0].latency.quantile(0.999) > 1.0);
    // In one order nobody deadlocks.
    model.classes[1].program = order(0, 1);
    assert_eq!(run(&model, 1, 20_000).tally.deadlocks, 0);
}

#[test]
fn the_first_updater_wins() {
    // Two customers, one row: whoever finds that the other has committed since its snapshot is lost.
    let program = vec![
        Op::Snapshot,
        work(Time::Exponential(1.0)),
        lock(0, WRITE, Wait::Block),
        work(Time::Exponential(1e-3)),
        Op::Release,
    ];
    let mut model = locking(program, closed(2, Time::Fixed(0.0)));
    model.classes[0].aborts_on_conflict = true;
    model.classes[0].on_abort = vec![work(Time::Fixed(1e-6))];
    let o = run(&model, 1, 100_000);
    let lost = o.tally.classes[0].lost as f64;
    let ends = lost + o.transactions as f64;
    // A commit dooms the other, whose snapshot is older. The next to end is the doomed one (1/2; then
    // nobody is doomed) or the winner again (1/2); with nobody doomed it is a commit. Of this chain's
    // ends 1/3 are losses.
    assert!((lost / ends - 1.0 / 3.0).abs() < 0.01, "{}", lost / ends);
    assert_eq!(o.tally.classes[0].aborts as f64, lost);
    // Retries instead: nothing is lost, and as many aborts.
    model.classes[0].retries = true;
    let o = run(&model, 1, 100_000);
    let aborts = o.tally.classes[0].aborts as f64;
    assert_eq!(o.tally.classes[0].lost, 0);
    assert!((aborts / (aborts + o.transactions as f64) - 1.0 / 3.0).abs() < 0.01);
}

#[test]
fn skipping_never_waits_and_takes_another() {
    let program = vec![lock(0, WRITE, Wait::Skip(8)), work(Time::Fixed(1.0)), Op::Release];
    let o = run(&locking(program, closed(8, Time::Fixed(0.0))), 1, 20_000);
    agrees_exactly(o.throughput.mean, 8.0);
    assert_eq!(o.tally.places[1].0, 0.0);
}

#[test]
fn failing_loses_those_who_come_second() {
    let program = vec![lock(0, WRITE, Wait::Fail), work(Time::Exponential(1.0)), Op::Release];
    let mut model = locking(program, Load::Open { rate: 2.0 });
    model.classes[0].on_abort = vec![work(Time::Fixed(1e-9))];
    let o = run(&model, 1, 200_000);
    // Erlang's loss system with one server: a share rho / (1 + rho) is lost.
    let lost = o.tally.classes[0].lost as f64;
    assert!((lost / (lost + o.transactions as f64) - 2.0 / 3.0).abs() < 0.01);
}

#[test]
fn a_hand_over_costs_for_each_who_waited() {
    let program = vec![lock(0, WRITE, Wait::Block), work(Time::Fixed(1.0)), Op::Release];
    let mut model = locking(program, closed(5, Time::Fixed(0.0)));
    model.stations = vec![Station::servers("cpu", 1)];
    model.handover = Some(Handover { station: 0, place: 2, time: 0.1 });
    // Four wait at every release: each hold is 1 + 4 * 0.1 long.
    agrees_exactly(run(&model, 1, 5_000).throughput.mean, 1.0 / 1.4);
}

#[track_caller]
fn agrees_exactly(found: f64, exact: f64) {
    assert!((found / exact - 1.0).abs() < 1e-3, "{found} {exact}");
}
