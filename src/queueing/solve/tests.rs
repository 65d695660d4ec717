//! Laws that every solution obeys, over random networks.

use proptest::prelude::*;

use super::solve;
use crate::queueing::QueueingError;
use crate::queueing::network::{Class, Discipline, Kind, Load, Method, Network, Rates, Station};

fn station(name: usize, kind: Kind, demands: Vec<f64>) -> Station {
    Station {
        name: format!("s{name}"),
        kind,
        visits: vec![1.0; demands.len()],
        demands,
        scv: 1.0,
        discipline: Discipline::ProcessorSharing,
        replicas: 1,
        capacity: None,
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        3 => Just(Kind::Queue(Rates::Constant)),
        2 => (2u32..6).prop_map(|m| Kind::Queue(Rates::Servers(f64::from(m)))),
        1 => (0.5..3.0f64).prop_map(|m| Kind::Queue(Rates::Servers(m))),
        1 => Just(Kind::Queue(Rates::Table(vec![1.0, 1.8, 2.4]))),
        1 => Just(Kind::Delay),
    ]
}

/// Up to two closed classes and one open, whose load is well below what any station can do.
fn network() -> impl Strategy<Value = Network> {
    (1usize..3, any::<bool>()).prop_flat_map(|(closed, open)| {
        let classes = closed + usize::from(open);
        let demands = prop::collection::vec(0.01..1.0f64, classes);
        let loads = prop::collection::vec((0u64..9, 0.0..5.0f64), closed);
        let stations = prop::collection::vec((kind(), demands), 1..4);
        (loads, 0.01..0.4f64, stations).prop_map(move |(loads, arrival_rate, stations)| {
            let mut classes: Vec<Class> = loads
                .into_iter()
                .enumerate()
                .map(|(r, (population, think_time))| Class {
                    name: format!("c{r}"),
                    load: Load::Closed { population, think_time },
                })
                .collect();
            if open {
                classes.push(Class { name: "o".to_owned(), load: Load::Open { arrival_rate, arrival_scv: 1.0 } });
            }
            let stations = stations.into_iter().enumerate().map(|(k, (kind, d))| station(k, kind, d)).collect();
            Network { classes, stations, method: Method::Auto, aggregate: Vec::new() }
        })
    })
}

fn throughputs(network: &Network) -> Vec<f64> {
    solve(network).unwrap().classes.iter().map(|c| c.throughput.unwrap()).collect()
}

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1e-9)
}

/// The same network with every demand, time and rate in another unit.
fn in_unit(network: &Network, unit: f64) -> Network {
    let mut out = network.clone();
    for class in &mut out.classes {
        match &mut class.load {
            Load::Closed { think_time, .. } => *think_time *= unit,
            Load::Open { arrival_rate, .. } => *arrival_rate /= unit,
        }
    }
    out.stations.iter_mut().flat_map(|s| &mut s.demands).for_each(|d| *d *= unit);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn laws_of_every_solution(network in network()) {
        let solution = solve(&network).unwrap();
        prop_assert!(solution.converged && solution.method == "exact", "{solution:?}");
        for (station, given) in solution.stations.iter().zip(&network.stations) {
            for (class, demand) in station.classes.iter().zip(&given.demands) {
                let (x, q) = (class.throughput.unwrap(), class.queue_length.unwrap());
                prop_assert!(near(x * class.residence_time.unwrap(), q, 1e-9), "Little's law");
                prop_assert!(near(class.utilization.unwrap(), x * demand / given.servers(), 1e-9), "utilization law");
                prop_assert!(q >= x * demand * (1.0 - 1e-9), "nobody is served faster than alone");
            }
            let busy: f64 = station.utilization.unwrap() * given.servers();
            prop_assert!(given.top_speed().is_none_or(|top| busy <= top * (1.0 + 1e-9)), "{station:?}");
        }
        for (r, (class, given)) in solution.classes.iter().zip(&network.classes).enumerate() {
            let (x, response) = (class.throughput.unwrap(), class.response_time.unwrap());
            let visited: Vec<f64> = solution.stations.iter().map(|s| s.classes[r].throughput.unwrap()).collect();
            prop_assert!(visited.iter().all(|v| near(*v, x, 1e-12)), "forced flow");
            if let Load::Closed { population, think_time } = given.load {
                prop_assert!(near(x * (think_time + response), population as f64, 1e-8), "customers are conserved");
            }
            let bounds = &solution.bounds[r];
            let inside = |value: f64, bound: [Option<f64>; 2]| {
                bound[0].is_none_or(|low| value >= low * (1.0 - 1e-9))
                    && bound[1].is_none_or(|high| value <= high * (1.0 + 1e-9))
            };
            prop_assert!(inside(x, bounds.throughput), "{x} {bounds:?}");
            prop_assert!(x == 0.0 || inside(response, bounds.response_time), "{response} {bounds:?}");
        }
    }

    #[test]
    fn neither_order_nor_unit_matters(network in network()) {
        let before = throughputs(&network);
        let mut turned = network.clone();
        turned.stations.reverse();
        turned.classes.reverse();
        for station in &mut turned.stations {
            station.demands.reverse();
            station.visits.reverse();
        }
        let mut after = throughputs(&turned);
        after.reverse();
        prop_assert!(before.iter().zip(&after).all(|(a, b)| near(*a, *b, 1e-9)), "{before:?} {after:?}");
        let in_ms = throughputs(&in_unit(&network, 1e3));
        prop_assert!(before.iter().zip(&in_ms).all(|(a, b)| near(*a, b * 1e3, 1e-9)), "{before:?} {in_ms:?}");
    }

    /// Classes that differ in name only are one class; the lattice must say so too, with demands
    /// told apart by less than matters.
    #[test]
    fn identical_classes_are_one(
        demands in prop::collection::vec((0.01..1.0f64, kind()), 1..4),
        populations in (1u64..12, 1u64..12),
        think_time in 0.0..5.0f64,
    ) {
        let class = |name: &str, population| Class {
            name: name.to_owned(),
            load: Load::Closed { population, think_time },
        };
        let build = |classes: Vec<Class>, tilt: f64| Network {
            stations: demands
                .iter()
                .enumerate()
                .map(|(k, (d, kind))| {
                    let demands = (0..classes.len()).map(|r| d * (1.0 + tilt * r as f64)).collect();
                    station(k, kind.clone(), demands)
                })
                .collect(),
            classes,
            method: Method::Exact,
            aggregate: Vec::new(),
        };
        let (a, b) = populations;
        let one = throughputs(&build(vec![class("all", a + b)], 0.0))[0];
        for tilt in [0.0, 1e-12] {
            let two = throughputs(&build(vec![class("a", a), class("b", b)], tilt));
            let share = a as f64 / (a + b) as f64;
            prop_assert!(near(two[0], share * one, 1e-9) && near(two[1], (1.0 - share) * one, 1e-9));
        }
    }

    #[test]
    fn more_customers_servers_and_speed_never_hurt(
        demands in prop::collection::vec(0.01..1.0f64, 2..5),
        servers in 1u32..6,
        population in 1u64..400,
        think_time in 0.0..20.0f64,
    ) {
        let x = |population: u64, servers: u32, speed: f64| {
            let stations = demands
                .iter()
                .enumerate()
                .map(|(k, d)| {
                    let kind = if k == 0 { Rates::Servers(f64::from(servers)) } else { Rates::Constant };
                    station(k, Kind::Queue(kind), vec![d / speed])
                })
                .collect();
            let classes = vec![Class { name: "c".to_owned(), load: Load::Closed { population, think_time } }];
            throughputs(&Network { classes, stations, method: Method::Auto, aggregate: Vec::new() })[0]
        };
        let now = x(population, servers, 1.0);
        let slack = 1.0 - 1e-11;
        prop_assert!(x(population + 1, servers, 1.0) >= now * slack);
        prop_assert!(x(population, servers + 1, 1.0) >= now * slack);
        prop_assert!(x(population, servers, 1.1) >= now * slack);
    }
}

#[test]
fn errors_name_the_station_and_the_class() {
    let open = |rate| Class { name: "o".to_owned(), load: Load::Open { arrival_rate: rate, arrival_scv: 1.0 } };
    let one = |class, demand| Network {
        classes: vec![class],
        stations: vec![station(0, Kind::Queue(Rates::Constant), vec![demand])],
        method: Method::Auto,
        aggregate: Vec::new(),
    };
    let Err(QueueingError::Unstable { station, remedy, .. }) = solve(&one(open(2.0), 0.8)) else { panic!() };
    assert_eq!((station.as_str(), remedy.as_str()), ("s0", "class o must arrive at less than 1.250000 per second"));
    let Err(e @ QueueingError::InvalidDemandOfClass { .. }) = solve(&one(open(1.0), -0.1)) else { panic!() };
    assert!(e.to_string().contains("class o at station s0"), "{e}");
    assert!(matches!(solve(&one(open(f64::NAN), 0.1)), Err(QueueingError::InvalidClass { .. })));
    // Nothing to do is no error.
    let idle = solve(&one(open(0.0), 0.0)).unwrap();
    assert_eq!(idle.stations[0].queue_length, Some(0.0));
}
