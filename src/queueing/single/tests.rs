//! Against brute force, against each other, and against digits of independent programs.

use proptest::prelude::*;

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
            Kind::Queue(Rates::Gathering(share)) => {
                if j < 1.5 {
                    1.0
                } else {
                    share * j
                }
            }
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
        vec![
            Station::queue(0.5, Rates::Gathering(2.0 / 3.0)),
            Station::queue(0.2, Rates::Servers(2.0)),
            Station::delay(0.1),
        ],
        vec![
            Station::queue(0.5, Rates::Gathering(0.5)),
            Station::queue(0.7, Rates::Gathering(0.6)),
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
                if matches!(station.kind, Kind::Queue(Rates::Gathering(_))) {
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

#[test]
fn contour_agrees_with_logarithms() {
    for stations in samples() {
        for n in [321u64, 500, 1000] {
            let fast = solve(&stations, n).unwrap();
            let mut slow = fast.clone();
            let mut shape = Shape::default();
            shape.read(&stations, n).unwrap();
            logarithms::solve(&shape, n, &mut slow).unwrap();
            eprintln!(
                "{n} {:?} {} {:e} {:e}",
                fast.method,
                fast.terms,
                fast.residual,
                fast.throughput / slow.throughput - 1.0
            );
            assert_eq!(fast.method, Method::Contour, "{stations:?} {n}");
            assert!(close(fast.throughput, slow.throughput, 1e-11));
            for (a, b) in fast.queue_lengths.iter().zip(&slow.queue_lengths) {
                assert!(close(*a, *b, 1e-10), "{stations:?} {n} {:?} {:?}", fast.queue_lengths, slow.queue_lengths);
            }
        }
    }
}

/// Networks drawn at random, from sizes and shapes that databases have to odd ones.
fn random_network() -> impl Strategy<Value = Vec<Station>> {
    let rates = prop_oneof![
        3 => Just(Rates::Constant),
        3 => (1u32..300).prop_map(|m| Rates::Servers(f64::from(m))),
        1 => (0.2..9.0f64).prop_map(Rates::Servers),
        2 => prop::collection::vec(0.4..3.0f64, 1..6).prop_map(Rates::Table),
        1 => (0.2..0.95_f64).prop_map(Rates::Gathering),
    ];
    let station = prop_oneof![
        1 => (-6.0..3.0f64).prop_map(|d| Station::delay(d.exp())),
        4 => (-6.0..1.0f64, rates).prop_map(|(d, r)| Station::queue(d.exp(), r)),
        // Equal and nearly equal demands are the hard ones.
        2 => (0u32..3).prop_map(|k| Station::queue(0.5 * (1.0 + 1e-7 * f64::from(k)), Rates::Constant)),
    ];
    prop::collection::vec(station, 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 150 } else { 5000 }))]

    /// The contour integral and convolution, plain or in logarithms, have nothing in common but the network.
    #[test]
    fn contour_agrees_with_convolution(stations in random_network(), n in CONTOUR_FROM..CONVOLUTION_LIMIT) {
        let mut solver = Solver::default();
        let mut direct = solver.solve(&stations, n).unwrap();
        if !convolution::solve(&solver.shape, &mut solver.buffers, n, &mut direct) {
            logarithms::solve(&solver.shape, n, &mut direct).unwrap();
        }
        let mut by_contour = direct.clone();
        if contour::solve(&solver.shape, &mut solver.nodes, n as f64, &mut by_contour) {
            prop_assert!(close(by_contour.throughput, direct.throughput, 1e-9), "{by_contour:?} {direct:?}");
            for (a, b) in by_contour.queue_lengths.iter().zip(&direct.queue_lengths) {
                prop_assert!(close(*a, *b, 1e-9), "{:?} {:?}", by_contour.queue_lengths, direct.queue_lengths);
            }
        } else {
            // What it may refuse is where the integrand does not die out (few customers, or hardly more than servers)
            // and where speeds fall, which may hold the customers in either of two places.
            let servers: usize = solver.shape.tables.iter().map(|table| table.len).sum();
            let falls = solver.shape.tables.iter().any(|t| !solver.shape.speeds(t).is_sorted());
            prop_assert!(falls || n < 150.max(servers as u64 + 50), "the contour refused {n}: {by_contour:?}");
        }
    }

    /// A fraction of a large population lies between the whole ones, where a straight line would put it.
    #[test]
    fn large_fractions_lie_between(stations in random_network(), n in 1000u64..1_000_000, share in 0.05..0.95_f64) {
        let mut solver = Solver::default();
        let [low, high] = [n, n + 1].map(|n| solver.solve(&stations, n).unwrap());
        let between = solver.solve_fractional(&stations, n as f64 + share).unwrap();
        let line = low.throughput + share * (high.throughput - low.throughput);
        prop_assert!(close(between.throughput, line, 1e-6), "{} {line}", between.throughput);
        let total: f64 = between.queue_lengths.iter().sum();
        prop_assert!(close(total, n as f64 + share, 1e-9));
        for ((q, a), b) in between.queue_lengths.iter().zip(&low.queue_lengths).zip(&high.queue_lengths) {
            prop_assert!(close(*q, a + share * (b - a), 1e-5), "{q} {a} {b}");
        }
    }
}

/// Birth-death sum of one multi-server and a think time, in logarithms: an algorithm of its own.
fn birth_death(demand: f64, servers: f64, think: f64, n: u64) -> f64 {
    let mut log = 0.0f64;
    let mut logs = vec![0.0f64];
    for j in 1..=n {
        log += ((n - j + 1) as f64 / think * demand / (j as f64).min(servers)).ln();
        logs.push(log);
    }
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut queue) = (0.0, 0.0);
    for (j, l) in logs.iter().enumerate() {
        let w = (l - top).exp();
        sum += w;
        queue += w * j as f64;
    }
    (n as f64 - queue / sum) / think
}

#[test]
fn large_populations_at_the_knee_agree_with_birth_death() {
    for (demand, servers, think, n) in [
        (0.01, 64.0, 1.0, 6464u64),
        (0.0064, 64.0, 10.0, 100_000),
        (0.0064, 64.0, 10.0, 99_000),
        (1.0, 1.0, 1_000.0, 1_000),
        (1.0, 1000.0, 1_000.0, 1_001_000),
        (1.0, 3.0, 100_000.0, 1_000_000),
    ] {
        let stations = [Station::delay(think), Station::queue(demand, Rates::Servers(servers))];
        let got = solve(&stations, n).unwrap();
        let expected = birth_death(demand, servers, think, n);
        assert_eq!(got.method, Method::Contour);
        assert!(close(got.throughput, expected, 1e-10), "{n} {} {expected}", got.throughput);
    }
}
