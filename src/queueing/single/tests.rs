//! Against brute force, against each other, and against digits of independent programs.

use super::*;

/// Sums the product form over every state: shares nothing with the solvers.
fn enumerate(stations: &[Station], n: u64) -> (f64, Vec<f64>) {
    fn speed(kind: &Kind, j: u64) -> f64 {
        let j = j as f64;
        match kind {
            Kind::Delay => j,
            Kind::Queue(Rates::Constant) => 1.0,
            Kind::Queue(Rates::Servers(m)) => j.min(*m),
            Kind::Queue(Rates::Table(t)) => t[(j as usize - 1).min(t.len() - 1)],
            Kind::Queue(Rates::Gathering) => (j / 2.0).max(1.0),
        }
    }
    fn visit(stations: &[Station], left: u64, weight: f64, state: &mut Vec<u64>, sums: &mut (f64, Vec<f64>)) {
        let Some((first, rest)) = stations.split_first() else {
            if left == 0 {
                sums.0 += weight;
                for (s, j) in sums.1.iter_mut().zip(state.iter()) {
                    *s += weight * *j as f64;
                }
            }
            return;
        };
        let mut w = weight;
        for j in 0..=left {
            if j > 0 {
                w *= first.demand / speed(&first.kind, j);
            }
            state.push(j);
            visit(rest, left - j, w, state, sums);
            state.pop();
        }
    }
    let total = |n: u64| {
        let mut sums = (0.0, vec![0.0; stations.len()]);
        visit(stations, n, 1.0, &mut Vec::new(), &mut sums);
        sums
    };
    let (g, q) = total(n);
    let (below, _) = total(n - 1);
    (below / g, q.iter().map(|s| s / g).collect())
}

fn samples() -> Vec<Vec<Station>> {
    vec![
        vec![Station::delay(2.0), Station::queue(0.3, Rates::Constant)],
        vec![
            Station::queue(0.3, Rates::Constant),
            Station::queue(0.3, Rates::Constant),
            Station::queue(0.1, Rates::Constant),
        ],
        vec![Station::queue(1.0, Rates::Servers(4.0)), Station::queue(0.5, Rates::Servers(1.3)), Station::delay(1.0)],
        vec![Station::queue(0.5, Rates::Gathering), Station::queue(0.2, Rates::Servers(2.0)), Station::delay(0.1)],
        vec![
            Station::queue(0.5, Rates::Gathering),
            Station::queue(0.7, Rates::Gathering),
            Station::queue(0.4, Rates::Table(vec![1.0, 1.8, 2.4])),
            Station::queue(0.2, Rates::Constant),
        ],
        vec![
            Station::queue(1.0, Rates::Table(vec![1.0, 2.0, 0.5])),
            Station::queue(0.4, Rates::Servers(0.5)),
            Station::delay(3.0),
        ],
        vec![Station::queue(0.0, Rates::Constant), Station::queue(0.4, Rates::Servers(3.0)), Station::delay(0.0)],
    ]
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1e-3)
}

#[test]
fn convolution_and_logarithms_agree_with_enumeration() {
    for stations in samples() {
        for n in [1, 2, 3, 7, 12] {
            let (x, q) = enumerate(&stations, n);
            let fast = solve(&stations, n).unwrap();
            assert_eq!(fast.method, Method::Convolution);
            let mut slow = fast.clone();
            let mut shape = Shape::default();
            shape.read(&stations, n).unwrap();
            logarithms::solve(&shape, n, &mut slow).unwrap();
            for s in [&fast, &slow] {
                assert!(close(s.throughput, x, 1e-12), "{stations:?} {n} {} {x}", s.throughput);
                for (a, b) in s.queue_lengths.iter().zip(&q) {
                    assert!(close(*a, *b, 1e-12), "{stations:?} {n} {:?} {q:?}", s.queue_lengths);
                }
            }
            for (k, station) in stations.iter().enumerate() {
                if station.kind == Kind::Queue(Rates::Gathering) {
                    assert!(close(fast.utilizations[k], slow.utilizations[k], 1e-12), "{stations:?} {n} {k}");
                }
            }
        }
    }
}

#[test]
fn curve_agrees_with_solutions() {
    for stations in samples() {
        let curve = Solver::default().curve(&stations, 70).unwrap();
        for n in [0u64, 1, 2, 5, 33, 70] {
            let one = solve(&stations, n).unwrap();
            assert!(close(curve.throughput(n as f64), one.throughput, 1e-12));
            for (k, q) in one.queue_lengths.iter().enumerate() {
                assert!(close(curve.queue_length(k, n as f64), *q, 1e-11), "{stations:?} {n} {k}");
            }
        }
        let half = solve_fractional(&stations, 5.5).unwrap();
        assert!(close(curve.throughput(5.5), half.throughput, 1e-12));
        assert!(close(half.queue_lengths.iter().sum(), 5.5, 1e-12));
    }
}

#[test]
fn nothing_and_nonsense() {
    let none = solve(&[Station::queue(1.0, Rates::Constant)], 0).unwrap();
    assert_eq!((none.throughput, none.queue_lengths), (0.0, vec![0.0]));
    assert!(matches!(solve(&[Station::delay(-1.0)], 1), Err(QueueingError::InvalidDemand { .. })));
    assert!(matches!(solve(&[Station::delay(0.0)], 1), Err(QueueingError::NoDemand { .. })));
    for bad in [Rates::Servers(0.0), Rates::Servers(f64::NAN), Rates::Table(vec![]), Rates::Table(vec![1.0, 0.0])] {
        assert!(matches!(solve(&[Station::queue(1.0, bad)], 1), Err(QueueingError::InvalidRates { .. })));
    }
    assert!(matches!(solve_fractional(&[Station::delay(1.0)], -0.5), Err(QueueingError::InvalidPopulation { .. })));
}
