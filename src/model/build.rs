//! From priced transactions and a machine to the network's inert description.

use crate::access::cache::{PageClass, two_levels};
use crate::access::{Lockable, PageTouch, Popularity, RelationId};
use crate::demand::{LockDemand, TransactionDemand, Work};
use crate::machine::{Machine, SynchronousCommit};
use crate::model::caches::Switches;
use crate::model::locks::{HoldTimes, LockClass, Taker};
use crate::model::mix::{fold_tail, merge};
use crate::model::storage::{CheckpointRules, DirtyRelation};
use crate::model::system::{Arrivals, ClientCpu, Commit, Demand, KindDemand, StorageRates, System};
use crate::schema::{Schema, TableId};
use crate::units::{Bytes, PAGE_BYTES, Pages, Rate, Seconds};
use crate::workload::{Load, Workload};

/// Lock classes of single hot rows that are kept apart per table.
const HOT_ROWS: usize = 12;

/// Builds the system of a workload on a machine; `demands` is parallel to the workload's transactions.
#[must_use]
pub fn build(schema: &Schema, workload: &Workload, machine: &Machine, demands: &[TransactionDemand]) -> System {
    let total: f64 = workload.transactions.iter().map(|t| t.weight).sum();
    let shares: Vec<f64> = workload.transactions.iter().map(|t| t.weight / total.max(f64::MIN_POSITIVE)).collect();
    let pages = page_groups(&shares, demands);
    let misses = misses(machine, workload, &pages);
    let kinds: Vec<KindDemand> = workload
        .transactions
        .iter()
        .zip(demands)
        .zip(&shares)
        .map(|((t, d), &share)| KindDemand {
            name: t.name.clone(),
            share,
            demand: machine_demand(machine, &d.work, &misses),
        })
        .collect();
    let mut work = Demand::default();
    for kind in &kinds {
        work.add(&kind.demand, kind.share);
    }
    let c = &machine.coefficients;
    let seconds = |us: f64| us * 1e-6 / machine.cpu.speed;
    System {
        arrivals: match workload.load {
            Load::Closed { clients, think_time } => {
                Arrivals::Closed { clients: clients as f64, think: think_time.get() }
            }
            Load::Open { rate } => Arrivals::Open { rate },
        },
        admitted: admitted(workload, machine),
        cores: machine.cpu.cores,
        core_yield: c.core_yield.value.clamp(0.0, 1.0),
        client: match (machine.client.same_host, machine.client.cores) {
            (true, _) => ClientCpu::Shared,
            (false, Some(cores)) => ClientCpu::Own(cores),
            (false, None) => ClientCpu::Unlimited,
        },
        work,
        commit: commit(machine),
        switches: Switches {
            at_1: seconds(c.switch_1.value),
            at_16: seconds(c.switch_16.value),
            at_64: seconds(c.switch_64.value),
        },
        variety: variety(&kinds),
        cold_start: seconds(c.cold_start.value),
        cold_client: c.cold_client.value,
        kinds,
        lock_handover: seconds(c.lock_handover.value),
        hold_variation: c.hold_variation.value,
        flush_variation: c.flush_variation.value,
        flush_finish: c.flush_finish.value.clamp(0.0, 1.0),
        sleep_variation: seconds(c.sleep_variation.value),
        trip_variation: seconds(c.round_trip_variation.value),
        locks: lock_classes(schema, machine, &shares, demands, &misses),
        storage: StorageRates {
            read: machine.storage.read.get(),
            read_width: machine.storage.read.get() * machine.storage.read_iops.get(),
            write_iops: machine.storage.write_iops.get(),
            write_bandwidth: machine.storage.write_bandwidth.get(),
        },
        checkpoints: checkpoint_rules(machine),
        dirty: pages
            .iter()
            .filter(|p| p.modified > 0.0)
            .map(|p| DirtyRelation { pages: p.pages, modified: p.modified, logged: p.logged })
            .collect(),
        demand_variation: c.demand_variation.value,
    }
}

/// Different statements that a session runs, as the exponential of the entropy of the messages.
fn variety(kinds: &[KindDemand]) -> f64 {
    let all: f64 = kinds.iter().map(|k| k.share * k.demand.messages).sum();
    let entropy = |k: &KindDemand| {
        let each = k.share / all;
        if each > 0.0 { -k.demand.messages * each * each.ln() } else { 0.0 }
    };
    if all > 0.0 { kinds.iter().map(entropy).sum::<f64>().exp().max(1.0) } else { 1.0 }
}

/// Connections that the server has at most: the pool, else max_connections.
fn admitted(workload: &Workload, machine: &Machine) -> f64 {
    let limit = f64::from(machine.settings.max_connections);
    match (workload.connections.pool, workload.load) {
        (Some(pool), _) => (pool as f64).min(limit),
        (None, Load::Open { .. }) => limit,
        // Closed clients each hold a connection; more than max_connections is warned about elsewhere.
        (None, Load::Closed { .. }) => f64::INFINITY,
    }
}

/// Group commit, by fsync, synchronous_commit and the standby.
fn commit(machine: &Machine) -> Commit {
    let (c, settings) = (&machine.coefficients, &machine.settings);
    let seconds = |us: f64| us * 1e-6 / machine.cpu.speed;
    let waits = settings.synchronous_commit != SynchronousCommit::Off;
    let flush = if waits && settings.fsync { machine.storage.fsync.get() + settings.commit_delay.get() } else { 0.0 };
    let standby = match (settings.synchronous_commit, machine.standby) {
        (SynchronousCommit::On | SynchronousCommit::RemoteApply, Some(s)) => s.rtt.get() + s.fsync.get(),
        (SynchronousCommit::RemoteWrite, Some(s)) => s.rtt.get(),
        _ => 0.0,
    };
    Commit {
        flush,
        flush_cpu: if !waits {
            0.0
        } else {
            seconds(if settings.fsync { c.flush_cpu.value } else { c.wal_write_call.value })
        },
        wakeup: if flush > 0.0 { seconds(c.committer_wakeup.value) } else { 0.0 },
        serialization: c.batch_serialization.value,
        standby,
    }
}

/// When checkpoints come, and what a full-page image costs.
fn checkpoint_rules(machine: &Machine) -> CheckpointRules {
    let (c, settings) = (&machine.coefficients, &machine.settings);
    let compression = if settings.wal_compression { c.page_image_compression.value } else { 1.0 };
    CheckpointRules {
        timeout: settings.checkpoint_timeout.get(),
        max_wal_size: settings.max_wal_size.get(),
        completion_target: settings.checkpoint_completion_target,
        image_bytes: if settings.full_page_writes {
            PAGE_BYTES * (1.0 - c.page_image_hole.value) * compression
        } else {
            0.0
        },
        image_cpu: c.page_image.value * 1e-6 / machine.cpu.speed,
    }
}

/// Delay of a round trip for waking the core at its other end, seconds. On one core that both sides share nobody
/// sleeps while the other works. Under load cores seldom sleep, but then this delay hardly matters.
#[must_use]
pub fn idle_wakeup(machine: &Machine) -> f64 {
    if machine.client.same_host && machine.cpu.cores <= 1.0 {
        0.0
    } else {
        machine.coefficients.idle_wakeup.value * 1e-6
    }
}

/// Prices on the reference core turned into time on this machine's cores.
fn machine_demand(machine: &Machine, work: &Work, misses: &Misses) -> Demand {
    let speed = machine.cpu.speed;
    let copied = work.pages * misses.shared_buffers;
    let copy = machine.coefficients.page_copy.value * 1e-6 * copied;
    Demand {
        server_cpu: (work.server_cpu.time.get() + copy) / speed,
        server_cpu_sd: work.server_cpu.variance.sqrt() / speed,
        client_cpu: work.client_cpu.time.get() / speed,
        messages: work.messages,
        network: (machine.rtt.get() + idle_wakeup(machine)) * work.round_trips,
        round_trips: work.round_trips,
        sleep: work.sleep.get(),
        flushes: if machine.settings.synchronous_commit == SynchronousCommit::Off { 0.0 } else { work.flushes },
        wal_bytes: work.wal_bytes.get(),
        reads: work.pages * misses.disk,
        pages: work.pages,
        pages_missed: copied,
    }
}

/// What an attempt that failed still does: the error read, ROLLBACK sent and answered.
#[must_use]
pub fn rollback(machine: &Machine) -> Demand {
    let c = &machine.coefficients;
    let seconds = |us: f64| us * 1e-6 / machine.cpu.speed;
    Demand {
        server_cpu: seconds(c.message.value),
        client_cpu: seconds(c.client_message.value),
        messages: 1.0,
        network: machine.rtt.get(),
        round_trips: 1.0,
        ..Demand::default()
    }
}

/// How long a lock is held when nobody else is there: what is still to be done at the model's own prices, in whole
/// core time, and one flush of its own; caches warm.
#[must_use]
pub fn hold_time(machine: &Machine, lock: &LockDemand) -> Seconds {
    let commit = commit(machine);
    let times = HoldTimes {
        cpu_wait: 0.0,
        cpu: 0.0,
        switch: 0.0,
        commit_cpu: commit.flush_cpu,
        flush: commit.flush + commit.standby,
        read: machine.storage.read.get(),
        written: 0.0,
    };
    Seconds(times.of(&machine_demand(machine, &lock.held, &Misses::default())))
}

/// Shares of buffer accesses that miss.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Misses {
    /// Miss shared_buffers (found in the kernel's cache or not).
    shared_buffers: f64,
    /// Miss both caches.
    disk: f64,
}

/// Equally popular pages of one relation.
struct Visited {
    pages: f64,
    visits: f64,
    modified: f64,
    logged: bool,
}

/// All pages that the workload visits, in groups of equal popularity, per average transaction.
fn page_groups(shares: &[f64], demands: &[TransactionDemand]) -> Vec<Visited> {
    let mut by_relation: Vec<(RelationId, Vec<(f64, &PageTouch)>)> = Vec::new();
    for (share, demand) in shares.iter().zip(demands) {
        for touch in &demand.touches {
            match by_relation.iter_mut().find(|(id, _)| *id == touch.relation) {
                Some((_, list)) => list.push((*share, touch)),
                None => by_relation.push((touch.relation, vec![(*share, touch)])),
            }
        }
    }
    let mut out = Vec::new();
    for (_, touches) in &by_relation {
        // Two users per touch: one that visits, one that modifies.
        let users: Vec<(f64, &Popularity)> = touches
            .iter()
            .flat_map(|(share, t)| [(share * t.visits, &t.popularity), (share * t.modified, &t.popularity)])
            .collect();
        let logged = touches.iter().any(|(_, t)| t.logged);
        for segment in merge(&users) {
            let sum = |odd: usize| segment.draws.iter().skip(odd).step_by(2).sum::<f64>();
            out.push(Visited { pages: segment.items, visits: sum(0), modified: sum(1), logged });
        }
    }
    out
}

/// Misses of shared_buffers and of the kernel's cache behind it.
fn misses(machine: &Machine, workload: &Workload, pages: &[Visited]) -> Misses {
    let groups: Vec<PageClass> = pages
        .iter()
        .filter(|p| p.visits > 0.0)
        .map(|p| PageClass { pages: Pages(p.pages), rate: Rate(p.visits) })
        .collect();
    let visits: f64 = groups.iter().map(|g| g.rate.get()).sum();
    if visits <= 0.0 {
        return Misses::default();
    }
    let backends = match (workload.connections.pool, workload.load) {
        (Some(pool), _) => pool as f64,
        (None, Load::Closed { clients, .. }) => clients as f64,
        (None, Load::Open { .. }) => 0.0,
    };
    let private = Bytes(machine.coefficients.backend_memory.value * 1024.0 * 1024.0 * backends);
    let kernel = (machine.memory - machine.settings.shared_buffers - private).get().max(0.0);
    let hits = two_levels(&groups, machine.settings.shared_buffers.pages(), Bytes(kernel).pages());
    let share = |f: fn(&(f64, f64)) -> f64| -> f64 {
        groups.iter().zip(&hits).map(|(g, h)| g.rate.get() * f(h).clamp(0.0, 1.0)).sum::<f64>() / visits
    };
    let (shared_buffers, disk) = (share(|h| 1.0 - h.0), share(|h| 1.0 - h.0 - h.1));
    Misses { shared_buffers, disk }
}

/// Rows contended for, table by table; tables whose lockers never conflict have none.
fn lock_classes(
    schema: &Schema,
    machine: &Machine,
    shares: &[f64],
    demands: &[TransactionDemand],
    misses: &Misses,
) -> Vec<LockClass> {
    let mut tables: Vec<(TableId, Lockable)> =
        demands.iter().flat_map(|d| d.locks.iter().map(|l| (l.table, l.of))).collect();
    tables.sort_unstable();
    tables.dedup_by(|a, b| a.0 == b.0 && a.1.same_kind(b.1));
    let mut classes = Vec::new();
    for (table, of) in tables {
        let users: Vec<_> = demands
            .iter()
            .enumerate()
            .flat_map(|(kind, d)| {
                d.locks.iter().filter(|l| l.table == table && l.of.same_kind(of)).map(move |l| (kind, l))
            })
            .collect();
        let conflicts = users.iter().any(|(_, a)| users.iter().any(|(_, b)| a.mode.conflicts(b.mode)));
        if !conflicts {
            continue;
        }
        let weighted: Vec<(f64, &Popularity)> =
            users.iter().map(|(kind, l)| (shares[*kind] * l.rows, &l.popularity)).collect();
        for segment in fold_tail(merge(&weighted), HOT_ROWS) {
            let takers = users
                .iter()
                .zip(&segment.draws)
                .filter(|(_, draws)| **draws > 0.0)
                .map(|((kind, l), &takes)| Taker {
                    mode: l.mode,
                    waits: l.wait == crate::sql::tree::LockWait::Block,
                    kind: *kind,
                    takes,
                    held: machine_demand(machine, &l.held, misses),
                })
                .collect::<Vec<_>>();
            if !takers.is_empty() {
                let name = lock_name(schema, table);
                classes.push(LockClass { table: name, rows: segment.items, takers });
            }
        }
    }
    classes
}

/// What a lock is on, for messages.
#[must_use]
pub fn lock_name(schema: &Schema, table: TableId) -> String {
    schema.tables.get(table).map_or_else(|| "advisory lock".to_owned(), |t| t.name.to_string())
}
