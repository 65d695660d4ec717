//! Accuracy of the approximate solvers against the exact one, over random networks.
//!
//! `cargo bench --bench approximations` prints, for each method, the relative error of class
//! throughputs (all classes of all networks) and of class residence times at the stations.

use predict::queueing::approximate::{bard_schweitzer, linearizer};
use predict::queueing::closed::{Answer, Center, Closed, Service};
use predict::queueing::exact;

/// An approximate solver.
type Method = fn(&Closed) -> Answer;

/// Networks of each family.
const NETWORKS: usize = 1500;

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }
    fn log_between(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }
    fn whole(&mut self, low: u64, high: u64) -> u64 {
        low + (self.next() * (high - low + 1) as f64) as u64
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Family {
    Single,
    Servers,
    Rates,
}

fn network(random: &mut Random, family: Family) -> Closed {
    let classes = random.whole(2, 3) as usize;
    let most = if classes == 2 { 30 } else { 12 };
    let populations: Vec<u64> = (0..classes).map(|_| random.whole(1, most)).collect();
    let stations = random.whole(2, 5);
    let mut centers: Vec<Center> = (0..stations)
        .map(|at| {
            let speeds = match family {
                Family::Servers if at == 0 || random.next() < 0.4 => {
                    let m = [2, 3, 4, 8, 16][random.whole(0, 4) as usize];
                    (1..=m).map(f64::from).collect()
                }
                Family::Rates if at == 0 || random.next() < 0.4 => {
                    let mut speed = 1.0;
                    (0..random.whole(2, 5))
                        .map(|_| {
                            let now = speed;
                            speed += random.between(-0.1, 0.9);
                            now
                        })
                        .collect()
                }
                _ => vec![1.0],
            };
            let last = *speeds.last().unwrap_or(&1.0);
            // Demands that load stations of any speed about alike, with each class visiting most.
            let demands = (0..classes)
                .map(|_| if random.next() < 0.15 { 0.0 } else { last * random.log_between(0.1, 1.0) })
                .collect();
            Center { demands, service: Service::Shared(speeds) }
        })
        .collect();
    for r in 0..classes {
        if centers.iter().all(|c| c.demands[r] == 0.0) {
            centers[0].demands[r] = 0.5;
        }
    }
    // Think times so that the population lies between a third of the knee and three times it.
    let total: u64 = populations.iter().sum();
    let knee = random.log_between(0.33, 3.0);
    let think = (0..classes)
        .map(|r| {
            let own: f64 = centers.iter().map(|c| c.demands[r]).sum();
            let bottleneck = centers.iter().map(|c| c.demands[r] / c.last_speed()).fold(0.0, f64::max);
            if random.next() < 0.2 { 0.0 } else { (total as f64 * bottleneck / knee - own).max(0.0) }
        })
        .collect();
    Closed { populations, think, centers }
}

fn errors(exact: &Answer, got: &Answer, network: &Closed, throughput: &mut Vec<f64>, queues: &mut Vec<f64>) {
    for r in 0..network.classes() {
        throughput.push((got.throughput[r] / exact.throughput[r] - 1.0).abs());
        for (a, b) in exact.queues.iter().zip(&got.queues) {
            queues.push((a[r] - b[r]).abs() / network.populations[r] as f64);
        }
    }
}

fn line(name: &str, mut errors: Vec<f64>) {
    errors.sort_by(f64::total_cmp);
    let at = |q: f64| 100.0 * errors[((errors.len() - 1) as f64 * q) as usize];
    let mean = 100.0 * errors.iter().sum::<f64>() / errors.len() as f64;
    println!("{name:<44} {mean:>8.3} {:>8.3} {:>8.3} {:>8.3} {:>8.3}", at(0.5), at(0.95), at(0.99), at(1.0));
}

fn main() {
    println!("{NETWORKS} networks of each family; errors in %");
    println!("{:<44} {:>8} {:>8} {:>8} {:>8} {:>8}", "", "mean", "median", "95 %", "99 %", "largest");
    for (name, family) in
        [("single servers", Family::Single), ("multi-servers", Family::Servers), ("rates", Family::Rates)]
    {
        let mut random = Random(7);
        let methods: [(&str, Method); 2] = [("bard-schweitzer", bard_schweitzer), ("linearizer", linearizer)];
        let mut collected = vec![(Vec::new(), Vec::new()); methods.len()];
        for _ in 0..NETWORKS {
            let network = network(&mut random, family);
            let guess = bard_schweitzer(&network);
            let Some(truth) = exact::solve(&network, &guess.throughput) else {
                println!("no exact answer: {network:?}");
                continue;
            };
            for ((_, method), (x, q)) in methods.iter().zip(&mut collected) {
                errors(&truth, &method(&network), &network, x, q);
            }
        }
        for ((method, _), (x, q)) in methods.iter().zip(collected) {
            line(&format!("{name}, {method}: throughput"), x);
            line(&format!("{name}, {method}: queue / population"), q);
        }
    }
}
