//! The networks that `peers/compare.sh` also gives to other programs.
//! Prints: name, throughput of the first class, microseconds.

use std::hint::black_box;
use std::time::Instant;

use predict::queueing::closed::{Center, Closed, Service};
use predict::queueing::single::{Rates, Solution, Solver, Station};
use predict::queueing::{approximate, exact};

/// Service times of seven stations.
const TIMES: [f64; 7] = [0.004, 0.002, 0.0015, 0.0011, 0.003, 0.0005, 0.0019];

fn report(name: &str, repeats: u32, mut solve: impl FnMut() -> f64) {
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        for _ in 0..repeats {
            black_box(solve());
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(repeats));
    }
    println!("{name} {} {:.3}", solve(), best * 1e6);
}

fn single(name: &str, population: u64, servers: [f64; 7]) {
    let mut stations = vec![Station::delay(0.2)];
    stations.extend(TIMES.iter().zip(servers).map(|(t, m)| Station::queue(*t, Rates::Servers(m))));
    let (mut solver, mut solution) = (Solver::default(), Solution::default());
    report(name, 1000, || {
        if let Err(e) = solver.solve_into(black_box(&stations), population, &mut solution) {
            println!("{name}: {e}");
        }
        solution.throughput
    });
}

fn several(name: &str, servers: u32) {
    let center =
        |a, b, m: u32| Center { demands: vec![a, b], service: Service::Shared((1..=m).map(f64::from).collect()) };
    let network = Closed {
        populations: vec![20, 20],
        think: vec![0.2, 0.3],
        centers: vec![center(0.004, 0.01, servers), center(0.002, 0.001, 1), center(0.0015, 0.002, 1)],
    };
    report(name, 20, || {
        let answer = exact::solve(black_box(&network), &approximate::rough(&network));
        answer.map_or(f64::NAN, |a| a.throughput[0])
    });
}

fn main() {
    let multi = [4.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0];
    single("single-servers-64", 64, [1.0; 7]);
    single("multi-servers-64", 64, multi);
    single("multi-servers-1000", 1000, multi);
    several("two-classes-20-20", 1);
    several("two-classes-multi-20-20", 4);
}
