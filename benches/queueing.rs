//! Speed of the queueing solvers.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use predict::queueing::closed::{Center, Closed, Service};
use predict::queueing::single::{Curve, Rates, Solution, Solver, Station};
use predict::queueing::{approximate, exact};

/// Eight stations: single servers, multi-servers and a think time.
fn eight() -> Vec<Station> {
    vec![
        Station::delay(0.2),
        Station::queue(0.004, Rates::Servers(4.0)),
        Station::queue(0.002, Rates::Constant),
        Station::queue(0.0015, Rates::Constant),
        Station::queue(0.0011, Rates::Constant),
        Station::queue(0.003, Rates::Servers(2.0)),
        Station::queue(0.0005, Rates::Constant),
        Station::queue(0.0019, Rates::Constant),
    ]
}

/// A database: cores, a flush that others join, a disk, the wire.
fn database() -> Vec<Station> {
    vec![
        Station::queue(0.001, Rates::Servers(4.0)),
        Station::queue(0.002, Rates::Gathering(0.6)),
        Station::queue(0.0003, Rates::Table(vec![1.0, 1.8, 2.4, 2.8])),
        Station::delay(0.0005),
    ]
}

fn single(c: &mut Criterion) {
    let mut group = c.benchmark_group("single");
    let mut solver = Solver::default();
    let mut solution = Solution::default();
    for (name, stations) in [("eight", eight()), ("database", database())] {
        for n in [4, 16, 64, 320, 1_000, 10_000, 1_000_000u64] {
            group.bench_function(format!("{name}/{n}"), |b| {
                b.iter(|| solver.solve_into(black_box(&stations), black_box(n), &mut solution));
            });
        }
        let mut curve = Curve::default();
        group.bench_function(format!("{name}/curve to 64"), |b| {
            b.iter(|| solver.curve_into(black_box(&stations), black_box(64), &mut curve));
        });
    }
    group.finish();
}

/// Three classes of 64 customers at eight stations, two of them with several servers.
fn three_classes() -> Closed {
    let servers = |m: u32| Service::Shared((1..=m).map(f64::from).collect());
    let center = |demands: [f64; 3], m| Center { demands: demands.to_vec(), service: servers(m) };
    Closed {
        populations: vec![22, 21, 21],
        think: vec![0.2, 0.3, 0.1],
        centers: vec![
            center([0.004, 0.01, 0.002], 4),
            center([0.002, 0.001, 0.003], 1),
            center([0.0015, 0.0, 0.001], 1),
            center([0.0011, 0.002, 0.0], 1),
            center([0.003, 0.001, 0.002], 2),
            center([0.0005, 0.0005, 0.0], 1),
            center([0.0019, 0.003, 0.001], 1),
            center([0.001, 0.001, 0.001], 1),
        ],
    }
}

fn several(c: &mut Criterion) {
    let mut group = c.benchmark_group("three classes");
    let network = three_classes();
    group.bench_function("exact", |b| {
        b.iter(|| exact::solve(black_box(&network), &approximate::rough(&network)));
    });
    group.bench_function("linearizer", |b| b.iter(|| approximate::linearizer(black_box(&network))));
    group.finish();
}

criterion_group!(benches, single, several);
criterion_main!(benches);
