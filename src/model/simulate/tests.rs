//! The program against the formulas where both are exact, and near them where they are not.

use crate::access::Popularity;
use crate::demand::price::Priced;
use crate::demand::{LockDemand, StepDemand, TransactionDemand, Work};
use crate::model::caches::Switches;
use crate::model::simulate::{Conflicts, program};
use crate::model::system::Demand;
use crate::model::tests::tpcb;
use crate::model::{Steady, System, open, retries};
use crate::queueing::simulation::{Options, Outcome, simulate};
use crate::sql::tree::{LockMode, LockWait};
use crate::units::{Bytes, Seconds};

/// The steps behind the system of `tpcb`: seven messages; three of them lock a row, as its lock classes
/// say; the last one commits.
fn demand(branches: f64) -> TransactionDemand {
    let cpu = |us: f64| Priced { time: Seconds(us * 1e-6), variance: 0.0 };
    let mut out = TransactionDemand::default();
    for k in 0..7 {
        let rows = match k {
            1 => Some(1e5 * branches),
            3 => Some(10.0 * branches),
            4 => Some(branches),
            _ => None,
        };
        let commit = k == 6;
        let work = Work {
            server_cpu: cpu(130.0 / 7.0),
            client_cpu: cpu(4.0),
            messages: 1.0,
            round_trips: 1.0,
            flushes: f64::from(u8::from(commit)),
            wal_bytes: Bytes(500.0 / 7.0),
            pages: 20.0 / 7.0,
            ..Work::default()
        };
        let lock = rows.map(|rows| LockDemand {
            of: crate::access::Lockable::Row,
            which: None,
            table: k,
            rows: 1.0,
            mode: LockMode::NoKeyUpdate,
            wait: LockWait::Block,
            popularity: Popularity::uniform(rows),
            held: Work::default(),
        });
        let locks = (out.locks.len()..out.locks.len() + usize::from(lock.is_some())).collect();
        out.locks.extend(lock);
        out.steps.push(StepDemand { work, times: 1.0, locks, ends_transaction: commit });
        out.work.add(&work, 1.0);
    }
    out
}

fn run(system: &System, demand: &TransactionDemand, conflicts: Conflicts) -> (Steady, Outcome) {
    let steady = open::solve(system, None).unwrap();
    let model = program(system, &steady, std::slice::from_ref(demand), &[conflicts], 1.0);
    let options = Options { most_transactions: 20_000, precision: 0.0, ..Options::default() };
    (steady, simulate(&model, &options, &mut |_| {}).unwrap())
}

#[test]
fn one_client_alone_takes_exactly_its_demands() {
    let (steady, o) = run(&tpcb(1000.0, 1.0), &demand(1000.0), Conflicts::default());
    assert!((o.throughput.mean / steady.throughput - 1.0).abs() < 2e-3, "{} {}", o.throughput.mean, steady.throughput);
    assert_eq!(o.tally.batches.0, o.tally.batches.1, "batches of one");
}

#[test]
fn saturated_cores_and_rows_are_near_the_formulas() {
    for (branches, within) in [(1000.0, 0.03), (1.0, 0.3)] {
        let mut system = tpcb(branches, 16.0);
        // How large batches get on busy cores, and what they hold up, are fitted terms of the formulas;
        // here they come about. So flushes cost no CPU in this comparison.
        (system.commit.serialization, system.commit.flush_cpu, system.commit.wakeup) = (0.0, 0.0, 0.0);
        let (steady, o) = run(&system, &demand(branches), Conflicts::default());
        let ratio = o.throughput.mean / steady.throughput;
        assert!((ratio - 1.0).abs() < within, "{branches}: {} {}", o.throughput.mean, steady.throughput);
        let waiting = o.tally.places[crate::model::StationName::RowLocks.index()].0 / o.duration;
        assert!((branches > 1.0) == (waiting < 1.0), "{branches}: {waiting}");
    }
}

#[test]
fn repeatable_read_aborts_on_a_hot_row_and_retries_cost_throughput() {
    let (_, plain) = run(&tpcb(1.0, 8.0), &demand(1.0), Conflicts::default());
    let (_, retried) = run(&tpcb(1.0, 8.0), &demand(1.0), Conflicts { aborts: true, retries: true });
    let class = &retried.tally.classes[0];
    assert!(class.aborts > retried.transactions && class.lost == 0, "{}", class.aborts);
    assert!(retried.throughput.mean < 0.9 * plain.throughput.mean);
    assert_eq!(plain.tally.classes[0].aborts, 0);
}

#[test]
fn failed_attempts_of_the_formula_are_those_that_come_about() {
    for (branches, clients, within) in [(200.0, 16.0, 0.02), (20.0, 16.0, 0.06), (1.0, 8.0, 0.35)] {
        let mut system = tpcb(branches, clients);
        (system.commit.serialization, system.commit.flush_cpu, system.commit.wakeup) = (0.0, 0.0, 0.0);
        // Dearer messages make all attempts at one row fall in step, which no formula here knows of.
        system.switches = Switches { at_1: 0.0, at_16: 0.0, at_64: 0.0 };
        let conflicts = Conflicts { aborts: true, retries: true };
        let (_, o) = run(&system, &demand(branches), conflicts);
        let rollback = Demand { server_cpu: 6e-6, client_cpu: 4e-6, messages: 1.0, ..Default::default() };
        let solved = retries::solve(&system, &[conflicts], &rollback).unwrap();
        let failed = o.tally.classes[0].aborts as f64 / o.transactions as f64;
        let (x, simulated) = (solved.steady.throughput, o.throughput.mean);
        assert!((x / simulated - 1.0).abs() < within, "{branches}: {x} {simulated}");
        assert!((solved.failed[0] / failed).ln().abs() < 0.15, "{branches}: {:?} {failed}", solved.failed);
    }
}

#[test]
fn a_pool_lets_so_many_in() {
    let mut system = tpcb(1000.0, 32.0);
    system.admitted = 4.0;
    let (steady, o) = run(&system, &demand(1000.0), Conflicts::default());
    let outside = o.tally.places[crate::model::StationName::ConnectionPool.index()].0 / o.duration;
    assert!((outside - 28.0).abs() < 0.05, "{outside}");
    assert!((o.throughput.mean / steady.throughput - 1.0).abs() < 0.12);
}
