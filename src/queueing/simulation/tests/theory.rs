//! Systems with a solution in closed form, or by an independent Markov chain.

use super::*;

/// Erlang's C: the probability that an arrival waits, offered load `a`, `c` servers.
fn erlang_c(c: u32, a: f64) -> f64 {
    let mut b = 1.0;
    for k in 1..=c {
        b = a * b / (f64::from(k) + a * b);
    }
    b / (1.0 - a / f64::from(c) * (1.0 - b))
}

fn open_queue(servers: Station, time: Time, rate: f64) -> Outcome {
    let model = one_class(2, vec![servers], vec![serve(0, 1, time)], Load::Open { rate });
    run(&model, 11, 400_000)
}

#[test]
fn mm1_and_its_percentiles() {
    let o = open_queue(Station::servers("s", 1), Time::Exponential(1.0), 0.8);
    agrees(o.throughput, 0.8);
    agrees(o.latency, 5.0);
    // Sojourn times are exponential with rate mu - lambda.
    for p in [0.5_f64, 0.95, 0.99] {
        let exact = -(1.0 - p).ln() / 0.2;
        let h = &o.tally.classes[0].latency;
        assert!((h.quantile(p) / exact - 1.0).abs() < 0.06, "{p}: {} {exact}", h.quantile(p));
    }
    assert!((o.tally.places[1].1 / o.duration - 0.8).abs() < 0.01, "utilization");
}

#[test]
fn mmc() {
    let o = open_queue(Station::servers("s", 4), Time::Exponential(1.0), 3.2);
    agrees(o.latency, 1.0 + erlang_c(4, 3.2) / (4.0 - 3.2));
}

#[test]
fn md1() {
    let o = open_queue(Station::servers("s", 1), Time::Fixed(1.0), 0.8);
    // Pollaczek and Khinchine: W = rho / (2 (1 - rho)).
    agrees(o.latency, 1.0 + 0.8 / 0.4);
}

#[test]
fn processor_sharing_does_not_care_for_the_distribution() {
    for time in [Time::Fixed(1.0), Time::Exponential(1.0), Time::Uniform { mean: 1.0, cv: 0.5 }] {
        let o = open_queue(Station::sharing("s", 1), time, 0.7);
        agrees(o.latency, 1.0 / 0.3);
    }
    // Two servers shared by all: the same number present as M/M/2.
    let o = open_queue(Station::sharing("s", 2), Time::Fixed(1.0), 1.4);
    agrees(o.latency, 1.0 + erlang_c(2, 1.4) / 0.6);
}

/// Probabilities of a birth-death chain.
fn birth_death(up: &[f64], down: &[f64]) -> Vec<f64> {
    let mut p = vec![1.0];
    for (u, d) in up.iter().zip(down) {
        p.push(p[p.len() - 1] * u / d);
    }
    let sum: f64 = p.iter().sum();
    p.iter().map(|x| x / sum).collect()
}

#[test]
fn machine_repair_with_speeds_that_depend_on_the_number() {
    // Twelve machines, two repairers of whom the second adds 0.8; exponential times.
    let speeds = [1.0, 1.8];
    let station = Station { name: "repair".into(), slots: 2, speeds: speeds.to_vec() };
    let model =
        one_class(2, vec![station], vec![serve(0, 1, Time::Exponential(1.0))], closed(12, Time::Exponential(10.0)));
    let o = run(&model, 5, 300_000);
    let up: Vec<f64> = (0..12).map(|k| f64::from(12 - k) / 10.0).collect();
    let down: Vec<f64> = (1..=12_usize).map(|k| speeds[k.min(2) - 1]).collect();
    let p = birth_death(&up, &down);
    let throughput: f64 = p[1..].iter().zip(&down).map(|(p, d)| p * d).sum();
    agrees(o.throughput, throughput);
    agrees(o.latency, 12.0 / throughput - 10.0);
}

/// Throughput of `n` customers over an exponential delay `z` and a batch server of exponential time
/// `s`: the stationary distribution of the chain on (in service, waiting), by repeated substitution.
fn batch_chain(n: usize, z: f64, s: f64) -> f64 {
    // State (b, w): b in service (0: idle), w waiting. Uniformized by the largest rate.
    let rate = n as f64 / z + 1.0 / s;
    let mut p = vec![vec![0.0; n + 1]; n + 1];
    p[0][0] = 1.0;
    for _ in 0..20_000 {
        let mut next = vec![vec![0.0; n + 1]; n + 1];
        for b in 0..=n {
            for w in 0..=n - b {
                let here = p[b][w];
                if here == 0.0 {
                    continue;
                }
                let come = (n - b - w) as f64 / z / rate;
                if come > 0.0 {
                    if b == 0 { next[1][0] += here * come } else { next[b][w + 1] += here * come }
                }
                let end = if b > 0 { 1.0 / s / rate } else { 0.0 };
                // All who wait are served next.
                if b > 0 {
                    next[w][0] += here * end;
                }
                next[b][w] += here * (1.0 - come - end);
            }
        }
        p = next;
    }
    let mut x = 0.0;
    for (b, row) in p.iter().enumerate() {
        x += b as f64 / s * row.iter().sum::<f64>();
    }
    x
}

#[test]
fn a_batch_server_follows_its_markov_chain() {
    for (n, z) in [(2, 1.0), (5, 2.0), (12, 0.5)] {
        let mut model = one_class(
            2,
            vec![],
            vec![Op::Delay { place: 0, time: Time::Exponential(z) }, Op::Gather { batch: 0, place: 1 }],
            closed(n, Time::Fixed(0.0)),
        );
        model.batches = vec![BatchServer {
            name: "flush".into(),
            time: Time::Exponential(1.0),
            restart: None,
            lead: None,
            finish: None,
        }];
        let o = run(&model, 3, 200_000);
        agrees(o.throughput, batch_chain(n as usize, z, 1.0));
        // Every transaction is in exactly one batch, those at either end of the run aside.
        assert!((o.tally.batches.1 as f64 - o.transactions as f64).abs() <= f64::from(n));
    }
}

#[test]
fn an_admission_limit_is_that_many_servers() {
    // Admission of three to a pure delay is M/M/3.
    let mut model = one_class(
        3,
        vec![],
        vec![Op::Admit { place: 1 }, Op::Delay { place: 2, time: Time::Exponential(1.0) }, Op::Leave],
        Load::Open { rate: 2.4 },
    );
    model.capacity = Some(3);
    let o = run(&model, 9, 300_000);
    agrees(o.latency, 1.0 + erlang_c(3, 2.4) / 0.6);
    assert!((number(&o, 2) - 2.4).abs() < 0.05, "{}", number(&o, 2));
}

#[test]
fn a_mix_has_each_class_in_its_share() {
    let mut model = one_class(2, vec![Station::servers("s", 1)], vec![], Load::Open { rate: 0.5 });
    model.classes = vec![
        class("short", 3.0, vec![serve(0, 1, Time::Fixed(0.5))]),
        class("long", 1.0, vec![Op::Repeat { times: Count::Near(2.5), program: vec![serve(0, 1, Time::Fixed(1.0))] }]),
    ];
    let o = run(&model, 2, 200_000);
    let share = o.tally.classes[1].latency.count() as f64 / o.transactions as f64;
    assert!((share - 0.25).abs() < 0.01, "{share}");
    // Mean work: 0.75 * 0.5 + 0.25 * 2.5 per transaction, half a transaction per second.
    assert!((o.tally.places[1].1 / o.duration - 0.5).abs() < 0.01);
}

#[test]
fn crowding_lengthens_service() {
    let mut model = one_class(
        2,
        vec![Station::servers("s", 1)],
        vec![Op::Serve { station: 0, place: 1, time: Time::Exponential(1.0), crowd: 1.0 }],
        closed(3, Time::Exponential(2.0)),
    );
    let mut with = |seconds: Vec<f64>| {
        model.crowding = Some(Crowding { places: vec![1], seconds, least: 0.1 });
        run(&model, 4, 50_000).throughput
    };
    // Machine repair with three machines: idle with probability p(0).
    let idle = |s: f64| 1.0 / (1.0 + 1.5 * s + 1.5 * s * s + 0.75 * s * s * s);
    agrees(with(vec![0.0]), 1.0 - idle(1.0));
    // A service is never shortened to less than a tenth of itself.
    agrees(with(vec![-1e6]), (1.0 - idle(0.1)) / 0.1);
    // What is added counts with those there when the service comes: three of them, then fewer.
    assert!(with(vec![0.0, 0.0, 0.0, 1.0]).mean < 0.95 * (1.0 - idle(1.0)));
}
