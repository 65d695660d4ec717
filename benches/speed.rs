//! How fast the tool itself is: `cargo bench --bench speed`.
//!
//! The goals: a cold forecast of the tpcb-like workload within 20 ms, time that does not grow from 10 to
//! 1,000,000 clients beyond a factor of 3, and 10,000 tpcb-like scenarios per second and core in a sweep.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use predict::forecast::{self, Base, Sources};
use predict::queueing::single::{Rates, Solution, Solver, Station};
use predict::yaml::Document;
use predict::{machine, schema, sql, workload};

/// That of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(name)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a file of this repository")
}

/// The tpcb-like workload on the test machine.
fn sources(clients: u64) -> Sources {
    Sources {
        workload: folder("tpcb-like").join("workload.yaml"),
        machine: Some(folder("machines").join("one-cpu.yaml")),
        clients: Some(clients),
        ..Sources::default()
    }
}

/// Text to types: schema, statement, workload, machine.
fn reading(c: &mut Criterion) {
    let mut group = c.benchmark_group("read");
    for name in ["tpcb-like", "orders"] {
        let ddl = text(&folder(name).join("schema.sql"));
        group.throughput(Throughput::Bytes(ddl.len() as u64));
        group.bench_function(BenchmarkId::new("schema", name), |b| {
            b.iter(|| schema::read("schema.sql", black_box(&ddl)));
        });
        let path = folder(name).join("workload.yaml");
        let yaml = text(&path);
        group.throughput(Throughput::Bytes(yaml.len() as u64));
        group.bench_function(BenchmarkId::new("workload", name), |b| {
            b.iter(|| {
                let document = Document::parse(&path.to_string_lossy(), black_box(&yaml)).expect("YAML");
                workload::from_document(&document).expect("a workload")
            });
        });
    }
    let yaml = text(&folder("machines").join("one-cpu.yaml"));
    group.throughput(Throughput::Bytes(yaml.len() as u64));
    group.bench_function("machine", |b| {
        b.iter(|| {
            let document = Document::parse("one-cpu.yaml", black_box(&yaml)).expect("YAML");
            machine::from_document(&document).expect("a machine")
        });
    });
    let join = "SELECT o.id, i.line FROM orders o JOIN order_items i ON i.order_id = o.id \
                WHERE o.customer_id = $1 ORDER BY o.placed_at DESC, i.line LIMIT 30";
    group.throughput(Throughput::Bytes(join.len() as u64));
    group.bench_function("statement", |b| b.iter(|| sql::parse_statement(black_box(join)).expect("SQL")));
    group.finish();
}

/// Types to demands: access paths and prices of every statement, and the network built of them.
fn planning(c: &mut Criterion) {
    let mut group = c.benchmark_group("plan");
    for name in ["tpcb-like", "orders"] {
        let sources = Sources { workload: folder(name).join("workload.yaml"), ..sources(16) };
        let inputs = forecast::load(&sources).expect("inputs");
        // Statements remember the paths of the settings asked for last: two settings in turn find them
        // anew each time.
        let mut other = (*inputs.machine).clone();
        other.settings.random_page_cost = 1.1;
        group.throughput(Throughput::Elements(2));
        group.bench_function(BenchmarkId::new("paths", name), |b| {
            b.iter(|| {
                black_box(inputs.statements.footprints(black_box(&inputs.machine)));
                black_box(inputs.statements.footprints(black_box(&other)))
            });
        });
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("prices", name), |b| {
            b.iter(|| forecast::pipeline::plan(black_box(&inputs)).expect("a plan"));
        });
    }
    group.finish();
}

/// A network like the one a forecast solves, at very different populations.
fn solving(c: &mut Criterion) {
    let stations = [
        Station::queue(180e-6, Rates::Servers(4.0)),
        Station::queue(90e-6, Rates::Gathering(0.6)),
        Station::queue(20e-6, Rates::Constant),
        Station::delay(500e-6),
    ];
    let mut group = c.benchmark_group("solve");
    for clients in [10_u64, 64, 1_000, 1_000_000] {
        let (mut solver, mut solution) = (Solver::default(), Solution::default());
        group.bench_with_input(BenchmarkId::from_parameter(clients), &clients, |b, &clients| {
            b.iter(|| solver.solve_into(black_box(&stations), clients, &mut solution).expect("a solution"));
        });
    }
    group.finish();
}

/// The whole arrow: from files, from what was read once, and over a sweep.
fn forecasting(c: &mut Criterion) {
    let mut group = c.benchmark_group("forecast");
    group.bench_function("from files", |b| {
        let sources = sources(16);
        b.iter(|| forecast::load(black_box(&sources)).and_then(|i| forecast::run(&i)).expect("a forecast"));
    });
    for clients in [10, 1_000_000] {
        let inputs = forecast::load(&sources(clients)).expect("inputs");
        group.bench_with_input(BenchmarkId::new("clients", clients), &inputs, |b, inputs| {
            b.iter(|| forecast::run(black_box(inputs)).expect("a forecast"));
        });
    }
    let base = Base::load(&sources(16)).expect("inputs");
    let scenarios: Vec<Vec<(String, String)>> = (0..100)
        .map(|i| {
            let clients = (1 + i % 50).to_string();
            let fsync = format!("{}us", 50 + 10 * (i % 7));
            vec![("workload.clients".into(), clients), ("machine.storage.fsync".into(), fsync)]
        })
        .collect();
    group.throughput(Throughput::Elements(scenarios.len() as u64));
    group.bench_function("sweep, one core", |b| {
        b.iter(|| {
            for set in &scenarios {
                let inputs = base.with(black_box(set)).expect("inputs");
                black_box(forecast::run(&inputs).expect("a forecast"));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, reading, planning, solving, forecasting);
criterion_main!(benches);
