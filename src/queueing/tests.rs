//! The multi-class solvers against enumeration of all states, and against each other.

use proptest::prelude::*;

use super::approximate::{linearizer, rough};
use super::closed::{Center, Closed, Service};
use super::exact;

/// Product-form sums over every distribution of every class: the definition, nothing else.
fn enumerate(network: &Closed, populations: &[u64]) -> (f64, Vec<Vec<f64>>, Vec<f64>) {
    let (r, k) = (populations.len(), network.centers.len());
    let mut total = 0.0;
    let mut queues = vec![vec![0.0; r]; k];
    let mut stretch = vec![0.0; k];
    // counts[station][class]; the last "station" is the think time.
    let mut counts = vec![vec![0u64; r]; k + 1];
    fn place(
        network: &Closed,
        left: &mut Vec<u64>,
        at: usize,
        class: usize,
        counts: &mut Vec<Vec<u64>>,
        visit: &mut dyn FnMut(&[Vec<u64>]),
    ) {
        let stations = network.centers.len();
        if class == left.len() {
            visit(counts);
            return;
        }
        if at == stations {
            counts[at][class] = left[class];
            place(network, left, 0, class + 1, counts, visit);
            return;
        }
        let have = left[class];
        for j in 0..=have {
            counts[at][class] = j;
            left[class] = have - j;
            place(network, left, at + 1, class, counts, visit);
        }
        left[class] = have;
    }
    let factorial = |n: u64| (1..=n).map(|i| i as f64).product::<f64>();
    let speed = |speeds: &[f64], j: u64| speeds[(j as usize - 1).min(speeds.len() - 1)];
    let mut visit = |counts: &[Vec<u64>]| {
        let mut w = 1.0;
        for (center, c) in network.centers.iter().zip(counts) {
            let j: u64 = c.iter().sum();
            if let Service::Shared(speeds) = &center.service {
                w *= factorial(j) / (1..=j).map(|i| speed(speeds, i)).product::<f64>();
            }
            for (n, d) in c.iter().zip(&center.demands) {
                w *= d.powi(*n as i32) / factorial(*n);
            }
        }
        for (n, z) in counts[k].iter().zip(&network.think) {
            w *= z.powi(*n as i32) / factorial(*n);
        }
        total += w;
        for (at, center) in network.centers.iter().enumerate() {
            let j: u64 = counts[at].iter().sum();
            if let Service::Shared(speeds) = &center.service {
                stretch[at] += w * (j + 1) as f64 / speed(speeds, j + 1);
            }
            for class in 0..r {
                queues[at][class] += w * counts[at][class] as f64;
            }
        }
    };
    place(network, &mut populations.to_vec(), 0, 0, &mut counts, &mut visit);
    queues.iter_mut().flatten().for_each(|q| *q /= total);
    stretch.iter_mut().for_each(|s| *s /= total);
    (total, queues, stretch)
}

fn random_closed() -> impl Strategy<Value = Closed> {
    let service = prop_oneof![
        3 => Just(Service::Shared(vec![1.0])),
        2 => (2u32..5).prop_map(|m| Service::Shared((1..=m).map(f64::from).collect())),
        2 => prop::collection::vec(0.3..3.0f64, 1..4).prop_map(Service::Shared),
        1 => Just(Service::Delay),
    ];
    (1usize..4).prop_flat_map(move |r| {
        let demand = prop_oneof![1 => Just(0.0), 5 => (-3.0..2.0f64).prop_map(f64::exp)];
        let center = (prop::collection::vec(demand, r), service.clone())
            .prop_map(|(demands, service)| Center { demands, service });
        (prop::collection::vec(0u64..4, r), prop::collection::vec(0.1..5.0f64, r), prop::collection::vec(center, 1..4))
            .prop_map(|(populations, think, centers)| Closed { populations, think, centers })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn exact_agrees_with_enumeration(network in random_closed()) {
        let guess = rough(&network);
        let got = exact::solve(&network, &guess).unwrap();
        let (g, queues, stretch) = enumerate(&network, &network.populations);
        for r in 0..network.classes() {
            if network.populations[r] == 0 {
                prop_assert_eq!(got.throughput[r], 0.0);
                continue;
            }
            let mut less = network.populations.clone();
            less[r] -= 1;
            let x = enumerate(&network, &less).0 / g;
            prop_assert!((got.throughput[r] / x - 1.0).abs() < 1e-10, "{} {x}", got.throughput[r]);
            for (a, b) in got.queues.iter().zip(&queues) {
                prop_assert!((a[r] - b[r]).abs() < 1e-10 * b[r].max(1e-3), "{:?} {queues:?}", got.queues);
            }
        }
        for (at, center) in network.centers.iter().enumerate() {
            if center.service != Service::Delay {
                prop_assert!((got.stretch[at] / stretch[at] - 1.0).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn linearizer_is_near_and_conserves_customers(mut network in random_closed()) {
        // Speeds that fall, or grow faster than the number present, make networks with two regimes, which no mean
        // value describes.
        for center in &mut network.centers {
            if let Service::Shared(speeds) = &mut center.service {
                speeds.sort_by(f64::total_cmp);
                for j in 1..speeds.len() {
                    speeds[j] = speeds[j].min(speeds[j - 1] * (j + 1) as f64 / j as f64);
                }
            }
        }
        let guess = rough(&network);
        let truth = exact::solve(&network, &guess).unwrap();
        let got = linearizer(&network);
        prop_assert!(exact::imbalance(&network, &got.throughput, &got.queues) < 1e-8);
        for r in 0..network.classes() {
            if network.populations[r] > 0 {
                prop_assert!((got.throughput[r] / truth.throughput[r] - 1.0).abs() < 0.15);
            }
        }
    }
}

#[test]
fn linearizer_does_not_see_customers_who_help_each_other() {
    // Two of the first class are served ten times as fast as one: mostly they come and go together.
    let network = |second: f64| Closed {
        populations: vec![2, 1, 0],
        think: vec![0.1, 0.1, 0.1],
        centers: vec![
            Center { demands: vec![0.0, 1.0, 0.0], service: Service::Shared(vec![1.0]) },
            Center { demands: vec![1.0, 0.0664, 0.0], service: Service::Shared(vec![0.3, second]) },
        ],
    };
    for (second, low, high) in [(2.877, 0.30, 0.40), (0.6, 0.0, 0.1)] {
        let network = network(second);
        let truth = exact::solve(&network, &rough(&network)).unwrap();
        let got = linearizer(&network);
        let error = [0, 1].map(|r| (got.throughput[r] / truth.throughput[r] - 1.0).abs());
        assert!((low..high).contains(&error[0]) && error[1] < 0.01, "{second}: {error:?}");
        assert!(exact::imbalance(&network, &got.throughput, &got.queues) < 1e-8);
    }
}
