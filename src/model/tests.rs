//! Laws and limits of the whole model, on systems like pgbench's.

use crate::model::caches::Switches;
use crate::model::closed::{Entry, SETTLED, WHAT_IF, solve_inside};
use crate::model::locks::{LockClass, Taker};
use crate::model::open;
use crate::model::station::StationName as S;
use crate::model::storage::CheckpointRules;
use crate::model::system::{Arrivals, ClientCpu, Commit, Demand, KindDemand, StorageRates, System};
use crate::sql::tree::LockMode;

/// A tpcb-like system: seven messages, one flush, three row locks of which one is on `branches` rows.
pub(crate) fn tpcb(branches: f64, clients: f64) -> System {
    let us = 1e-6;
    let work = Demand {
        server_cpu: 130.0 * us,
        client_cpu: 28.0 * us,
        messages: 7.0,
        round_trips: 7.0,
        flushes: 1.0,
        wal_bytes: 500.0,
        pages: 20.0,
        ..Demand::default()
    };
    let held = |server: f64, messages: f64| Demand {
        server_cpu: server * us,
        client_cpu: 4.0 * messages * us,
        messages,
        flushes: 1.0,
        ..Demand::default()
    };
    let class = |rows: f64, held: Demand| LockClass {
        table: "t".into(),
        rows,
        takers: vec![Taker { mode: LockMode::NoKeyUpdate, waits: true, kind: 0, takes: 1.0, held }],
    };
    System {
        arrivals: Arrivals::Closed { clients, think: 0.0 },
        admitted: f64::INFINITY,
        cores: 1.0,
        core_yield: 0.9,
        client: ClientCpu::Shared,
        work,
        kinds: vec![KindDemand { name: "tpcb".into(), share: 1.0, demand: work }],
        commit: Commit {
            flush: 145.0 * us,
            flush_cpu: 74.0 * us,
            wakeup: 23.0 * us,
            serialization: 0.75,
            standby: 0.0,
        },
        switches: Switches { at_1: -4.5 * us, at_16: 5.2 * us, at_64: 15.4 * us },
        variety: 7.0,
        cold_start: 0.0,
        cold_client: 0.0,
        lock_handover: 14.0 * us,
        locks: vec![
            class(branches, held(35.0, 3.0)),
            class(10.0 * branches, held(55.0, 4.0)),
            class(1e5 * branches, held(90.0, 6.0)),
        ],
        storage: StorageRates { read: 90.0 * us, read_width: 4.5, write_iops: 4e4, write_bandwidth: 5e8 },
        checkpoints: CheckpointRules {
            timeout: 300.0,
            max_wal_size: 1e9,
            completion_target: 0.9,
            image_bytes: 7000.0,
            image_cpu: 1e-5,
        },
        dirty: vec![],
        demand_variation: 0.1,
        hold_variation: 0.3,
        flush_variation: 0.16,
        flush_finish: 0.1,
        sleep_variation: 37.0 * us,
        trip_variation: 10.0 * us,
    }
}

#[test]
fn one_hot_row_holds_everybody_up() {
    let wide = open::solve(&tpcb(1000.0, 16.0), None).unwrap();
    let hot = open::solve(&tpcb(1.0, 16.0), None).unwrap();
    assert!(wide.converged && hot.converged);
    assert!(hot.throughput < 0.8 * wide.throughput, "{} {}", hot.throughput, wide.throughput);
    // All but a few of the sixteen wait for the row.
    assert!(hot.waiting > 10.0, "{}", hot.waiting);
    // Holders of one row follow each other.
    assert!(hot.waits.utilization < 1.0 && hot.waits.utilization > 0.7, "{}", hot.waits.utilization);
}

#[test]
fn residences_add_up_to_the_population() {
    for branches in [1.0, 10.0, 1000.0] {
        for clients in [1.0, 2.0, 7.0, 64.0, 500.0] {
            let s = open::solve(&tpcb(branches, clients), None).unwrap();
            let n = s.throughput * s.residence.iter().sum::<f64>();
            assert!((n / clients - 1.0).abs() < 1e-3, "{branches} {clients}: {n}");
            assert!(s.residence.iter().all(|r| *r >= 0.0));
            assert!(s.converged, "{branches} {clients}");
        }
    }
}

#[test]
fn a_pool_keeps_customers_outside() {
    let mut system = tpcb(1000.0, 64.0);
    system.admitted = 8.0;
    let pooled = open::solve(&system, None).unwrap();
    let eight = open::solve(&tpcb(1000.0, 8.0), None).unwrap();
    assert!((pooled.throughput / eight.throughput - 1.0).abs() < 1e-9);
    assert!((pooled.latency(0.0) * pooled.throughput - 64.0).abs() < 1e-3);
    // With think time, a pool that is wide enough makes no difference.
    system.arrivals = Arrivals::Closed { clients: 64.0, think: 0.5 };
    let think = open::solve(&system, None).unwrap();
    system.admitted = f64::INFINITY;
    let free = open::solve(&system, None).unwrap();
    assert!((think.throughput / free.throughput - 1.0).abs() < 2e-3, "{} {}", think.throughput, free.throughput);
}

#[test]
fn open_load_is_completed_until_capacity() {
    let capacity = open::solve(&tpcb(1000.0, 100.0), None).unwrap().throughput;
    let mut system = tpcb(1000.0, 1.0);
    system.admitted = 100.0;
    system.arrivals = Arrivals::Open { rate: 0.5 * capacity };
    let half = open::solve(&system, None).unwrap();
    assert!(!half.overloaded && (half.throughput / (0.5 * capacity) - 1.0).abs() < 1e-12);
    system.arrivals = Arrivals::Open { rate: 1.1 * capacity };
    let over = open::solve(&system, None).unwrap();
    assert!(over.overloaded && (over.throughput / capacity - 1.0).abs() < 0.02);
    // Latency grows with the load.
    system.arrivals = Arrivals::Open { rate: 0.95 * capacity };
    let busy = open::solve(&system, None).unwrap();
    assert!(busy.latency(0.0) > 1.5 * half.latency(0.0));
}

#[test]
fn an_mm1_queue_has_its_textbook_length() {
    let mut system = tpcb(1e9, 1.0);
    system.locks.clear();
    system.work = Demand { server_cpu: 1e-3, ..Demand::default() };
    system.client = ClientCpu::Unlimited;
    system.switches = Switches { at_1: 0.0, at_16: 0.0, at_64: 0.0 };
    system.admitted = 400.0;
    system.arrivals = Arrivals::Open { rate: 800.0 };
    let s = open::solve(&system, None).unwrap();
    // M/M/1: R = S / (1 - rho).
    assert!((s.latency(0.0) - 1e-3 / 0.2).abs() < 1e-6, "{}", s.latency(0.0));
}

#[test]
fn more_clients_never_help_a_saturated_hot_row_much() {
    let x = |n: f64| solve_inside(&tpcb(1.0, n), n, Entry::AtOnce, None, SETTLED).unwrap().throughput;
    assert!(x(64.0) < 1.05 * x(8.0));
    let s = solve_inside(&tpcb(1.0, 64.0), 64.0, Entry::AtOnce, None, SETTLED).unwrap();
    assert!(s.residence[S::RowLocks.index()] > 0.8 * s.latency(0.0));
}

#[test]
fn solutions_settle_within_a_few_dozen_networks() {
    for branches in [1.0, 2.0, 3.0, 10.0, 50.0, 1000.0] {
        for clients in [2.0, 3.0, 4.0, 7.0, 16.0, 40.0, 64.0, 200.0, 500.0, 1000.0] {
            let system = tpcb(branches, clients);
            let steady = open::solve(&system, None).unwrap();
            assert!(steady.converged && steady.iterations < 80, "{branches} {clients}: {}", steady.iterations);
            for station in S::ALL {
                if let Some(relieved) = crate::model::Relief::of(&system, station) {
                    let solved = open::solve_to(&relieved, Some(&steady), WHAT_IF).unwrap();
                    assert!(solved.converged, "{branches} {clients} {station:?}: {}", solved.iterations);
                }
            }
        }
    }
}
