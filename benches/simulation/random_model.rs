//! Random PostgreSQL-like systems, priced as real workloads are.

use predict::access::{Counts, Footprint, LockUse, PageTouch, Popularity, PopularityClass, RelationId};
use predict::demand::{TransactionDemand, transaction_demand};
use predict::diagnostic::TextOrigin;
use predict::machine::{Machine, SynchronousCommit, reference};
use predict::model::simulate::{Conflicts, program};
use predict::model::{Steady, System, build, open};
use predict::queueing::simulation::{Model, Random};
use predict::schema::Schema;
use predict::sql::tree::{LockMode, LockWait};
use predict::units::{Bytes, Pages, Seconds};
use predict::workload::{
    Connections, Database, Load, OnConflict, Protocol, StatementText, Step, StepKind, Transaction, Workload,
};

/// A system with everything that both ways of solving need.
pub struct Case {
    /// What it is like, in a few words; the first word is its family.
    pub about: String,
    pub system: System,
    pub demands: Vec<TransactionDemand>,
    pub steady: Steady,
}

impl Case {
    pub fn program(&self) -> Model {
        let conflicts = vec![Conflicts::default(); self.demands.len()];
        program(&self.system, &self.steady, &self.demands, &conflicts, 1.0)
    }
}

/// One statement: what it touches.
#[derive(Clone)]
struct Touch {
    counts: Counts,
    pages: f64,
    wal: f64,
    lock: Option<(usize, Popularity)>,
}

impl Touch {
    fn footprint(&self) -> Footprint {
        let table = self.lock.as_ref().map_or(99, |l| l.0);
        let touch = PageTouch {
            relation: RelationId::Heap(table),
            relation_pages: 1e6,
            visits: self.pages,
            modified: if self.wal > 0.0 { 1.0 } else { 0.0 },
            popularity: Popularity::uniform(1e6),
            logged: true,
        };
        let lock = self.lock.iter().map(|(table, popularity)| LockUse {
            of: predict::access::Lockable::Row,
            which: None,
            table: *table,
            rows: 1.0,
            mode: LockMode::NoKeyUpdate,
            wait: LockWait::Block,
            popularity: popularity.clone(),
        });
        Footprint {
            counts: self.counts,
            pages: Pages(self.pages),
            rows_out: 1.0,
            wal_bytes: Bytes(self.wal),
            locks: lock.collect(),
            touches: vec![touch],
            writes: self.wal > 0.0,
            ..Footprint::default()
        }
    }
}

fn lookup(rows: f64) -> Counts {
    Counts {
        message: 1.0,
        executor_run: 1.0,
        index_descent: 1.0,
        descent_depth: 8.0,
        buffer_visit: 4.0,
        index_row: rows,
        row_sent: rows,
        ..Counts::default()
    }
}

fn update(lock: Option<(usize, Popularity)>) -> Touch {
    let counts = Counts { row_written: 1.0, ..lookup(1.0) };
    Touch { counts, pages: 5.0, wal: 150.0, lock }
}

fn transaction(
    name: String,
    weight: f64,
    touches: &[Touch],
    sleep: Option<f64>,
) -> (Transaction, Vec<Option<Footprint>>) {
    let step = |kind| Step { kind, repeat: 1.0, pipelined: false };
    let statement = || {
        let text = StatementText {
            rows: None,
            sql: "SELECT 1".into(),
            written: "SELECT 1".into(),
            origin: TextOrigin::file("made up"),
            cpu: None,
            plan: None,
        };
        StepKind::Statement(text)
    };
    let mut steps = Vec::new();
    let mut footprints = Vec::new();
    if touches.len() > 1 {
        steps.push(step(StepKind::Begin));
        footprints.push(None);
    }
    for touch in touches {
        steps.push(step(statement()));
        footprints.push(Some(touch.footprint()));
    }
    if let Some(seconds) = sleep {
        steps.push(step(StepKind::Sleep(Seconds(seconds))));
        footprints.push(None);
    }
    if touches.len() > 1 {
        steps.push(step(StepKind::Commit));
        footprints.push(None);
    }
    let transaction = Transaction {
        name,
        position: None,
        weight,
        isolation: None,
        variables: vec![],
        steps,
        on_conflict: OnConflict::Fail,
        client_commands: 2.0,
        script: None,
    };
    (transaction, footprints)
}

fn case(
    about: String,
    machine: &Machine,
    load: Load,
    pool: Option<u64>,
    kinds: Vec<(Transaction, Vec<Option<Footprint>>)>,
) -> Case {
    let workload = Workload {
        name: "random".into(),
        schema: None,
        database: Database::default(),
        tables: Default::default(),
        transactions: kinds.iter().map(|k| k.0.clone()).collect(),
        load,
        protocol: Protocol::Prepared,
        observed: vec![],
        connections: Connections { pool, reconnect: false },
        warnings: vec![],
    };
    let demands: Vec<TransactionDemand> =
        kinds.iter().map(|(t, f)| transaction_demand(&workload, machine, t, f)).collect();
    let system = build(&Schema::default(), &workload, machine, &demands);
    let steady = open::solve(&system, None).expect("a made-up system can be solved");
    Case { about, system, demands, steady }
}

/// pgbench's tpcb-like at scale 50, on the reference machine with the client elsewhere.
pub fn tpcb(clients: u64) -> Case {
    let mut machine = reference();
    machine.cpu.cores = 4.0;
    let touches = [
        update(Some((0, Popularity::uniform(5e6)))),
        Touch { wal: 0.0, lock: None, ..update(None) },
        update(Some((1, Popularity::uniform(500.0)))),
        update(Some((2, Popularity::uniform(50.0)))),
        update(None),
    ];
    let load = Load::Closed { clients, think_time: Seconds(0.0) };
    case("tpcb".into(), &machine, load, None, vec![transaction("tpcb".into(), 1.0, &touches, None)])
}

/// Rows by Zipf's law: single rows first, then runs.
fn zipf(rows: f64, exponent: f64) -> Popularity {
    let mut classes = Vec::new();
    let mut first = 1.0_f64;
    while first <= rows {
        let last = (first * 1.3).floor().min(rows).max(first);
        let mass: f64 = (first as u64..=last as u64).map(|k| (k as f64).powf(-exponent)).sum();
        classes.push(PopularityClass { items: last - first + 1.0, probability: mass });
        first = last + 1.0;
    }
    let total: f64 = classes.iter().map(|c| c.probability).sum();
    classes.iter_mut().for_each(|c| c.probability /= total);
    Popularity { classes }
}

/// The `index`-th random system; the same for ever.
pub fn random(index: u64) -> Case {
    let mut r = Random::new(1000 + index);
    let mut log = |low: f64, high: f64| low * (high / low).powf(r.uniform());
    let mut machine = reference();
    machine.cpu.cores = log(1.0, 16.9).floor();
    machine.storage.fsync = Seconds(log(2e-5, 3e-3));
    let rtt = log(2e-5, 2e-3);
    let clients = log(1.0, 129.0).floor() as u64;
    let think = log(2e-4, 2e-2);
    let (hot_rows, exponent, statements) = (log(3.0, 3000.0).floor(), log(1.01, 1.6), log(1.0, 8.9).floor() as usize);
    let scan = log(1.0, 3000.0);
    let pool = log(2.0, 40.0).floor() as u64;
    let load_share = log(0.2, 0.92);
    let mut chance = |p: f64| r.uniform() < p;
    machine.client.same_host = chance(0.5);
    if !machine.client.same_host {
        machine.rtt = Seconds(rtt);
    }
    if chance(0.15) {
        machine.settings.synchronous_commit = SynchronousCommit::Off;
    }
    if chance(0.25) {
        // Half of the pages that are touched come from storage.
        machine.memory = Bytes(4.0 * 1024.0 * 1024.0 * 1024.0);
        machine.settings.shared_buffers = Bytes(1024.0 * 1024.0 * 1024.0);
    }
    let family = if chance(0.25) {
        "none"
    } else if chance(0.34) {
        "hot"
    } else if chance(0.5) {
        "uniform"
    } else {
        "zipf"
    };
    let popularity = match family {
        "hot" => Some(Popularity::uniform(1.0)),
        "uniform" => Some(Popularity::uniform(hot_rows)),
        "zipf" => Some(zipf(100_000.0, exponent)),
        _ => None,
    };
    let writes = family != "none" || chance(0.7);
    let at = if chance(0.5) { 0 } else { statements - 1 };
    let sleep = chance(0.1).then_some(1e-3);
    let mut touches: Vec<Touch> = (0..statements)
        .map(|k| match (k == at && writes, chance(0.3)) {
            (true, _) => update(popularity.clone().map(|p| (0, p))),
            (false, true) => update(None),
            (false, false) => Touch { counts: lookup(5.0), pages: 5.0, wal: 0.0, lock: None },
        })
        .collect();
    let mut kinds = vec![transaction("first".into(), 1.0, &touches, sleep)];
    let mixed = chance(0.4);
    if mixed {
        let read = Touch { counts: lookup(scan), pages: 3.0 + scan / 50.0, wal: 0.0, lock: None };
        kinds.push(transaction("report".into(), if chance(0.5) { 1.0 } else { 0.1 }, &[read], None));
        if chance(0.5) {
            touches.reverse();
            touches.push(update(popularity.map(|p| (0, p))));
            // Two rows of one table would deadlock; the row is taken once.
            let last = touches.len() - 1;
            touches[..last].iter_mut().for_each(|t| t.lock = None);
            kinds.push(transaction("other".into(), 0.5, &touches, None));
        }
    }
    let think = if chance(0.4) { think } else { 0.0 };
    let pool = chance(0.2).then_some(pool);
    let mut load = Load::Closed { clients, think_time: Seconds(think) };
    let open_load = chance(0.15);
    if open_load {
        let full =
            case(String::new(), &machine, Load::Closed { clients: 100, think_time: Seconds(0.0) }, pool, kinds.clone());
        load = Load::Open { rate: full.steady.throughput * load_share };
    }
    let about = format!(
        "{family}{}{}{} {} cores, fsync {:.0} us{}, {}",
        if mixed { ", mixed" } else { "" },
        pool.map_or_else(String::new, |p| format!(", pool {p}")),
        if sleep.is_some() { ", sleep" } else { "" },
        machine.cpu.cores,
        machine.storage.fsync.us(),
        if machine.settings.synchronous_commit == SynchronousCommit::Off { " (off)" } else { "" },
        match load {
            Load::Closed { clients, .. } => format!(
                "{clients} clients, {statements} statements, lock at {at}, rtt {:.0}, think {:.1} ms",
                machine.rtt.us(),
                think * 1e3
            ),
            Load::Open { .. } => format!("open at {load_share:.2}, {statements} statements"),
        }
    );
    case(about, &machine, load, pool, kinds)
}
