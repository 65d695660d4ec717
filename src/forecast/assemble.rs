//! Puts a solved system into words and numbers.

use crate::diagnostic::{Warning, WarningCode};
use crate::forecast::bottleneck::Limit;
use crate::forecast::bounds::asymptotic;
use crate::forecast::latency::{Moments, moments, percentiles};
use crate::forecast::result::{
    Bottleneck, Bounds, ForecastWarning, PerTransaction, StationForecast, TransactionForecast,
};
use crate::model::StationName as S;
use crate::model::system::{Arrivals, ClientCpu};
use crate::model::{Steady, System};

/// Think time after each transaction, seconds.
#[must_use]
pub fn think(system: &System) -> f64 {
    match system.arrivals {
        Arrivals::Closed { think, .. } => think,
        Arrivals::Open { .. } => 0.0,
    }
}

/// The forecast by transaction type, and the moments they share.
#[must_use]
pub fn transactions(system: &System, steady: &Steady, failed: &[f64]) -> (Vec<TransactionForecast>, Vec<Moments>) {
    let parts = moments(system, steady, think(system));
    let list = system
        .kinds
        .iter()
        .zip(&parts)
        .zip(failed)
        .map(|((kind, m), failed)| TransactionForecast {
            name: kind.name.clone(),
            tps: steady.throughput * kind.share,
            latency_ms: (!steady.overloaded).then(|| percentiles(std::slice::from_ref(m))),
            aborts_per_s: steady.throughput * kind.share * failed,
        })
        .collect();
    (list, parts)
}

/// The stations that a transaction spends time at or that are in use.
#[must_use]
pub fn stations(system: &System, steady: &Steady) -> Vec<StationForecast> {
    let latency = steady.latency(think(system));
    S::ALL
        .into_iter()
        .filter_map(|station| {
            let demand = demand(system, steady, station);
            let residence = steady.residence[station.index()];
            let utilization = utilization(system, steady, station);
            // Time below a nanosecond and use below a millionth are rounding.
            if demand < 1e-9 && residence < 1e-9 && utilization.is_none_or(|u| u < 1e-6) {
                return None;
            }
            let within = if station == S::Think { residence - think(system) } else { residence };
            Some(StationForecast {
                name: station.as_str().into(),
                servers: servers(system, station),
                utilization,
                demand_ms: demand * 1e3,
                residence_ms: residence * 1e3,
                queue_length: steady.throughput * residence,
                share_of_latency: (within / latency.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0),
            })
        })
        .collect()
}

/// Time needed at a station without waiting, seconds per transaction.
fn demand(system: &System, steady: &Steady, station: S) -> f64 {
    let work = &system.work;
    match station {
        S::ServerCpu => steady.server_cpu / system.cores.min(1.0),
        S::ClientCpu => match system.client {
            ClientCpu::Shared => work.client_cpu / system.cores.min(1.0),
            ClientCpu::Own(cores) => work.client_cpu / cores.min(1.0),
            ClientCpu::Unlimited => work.client_cpu,
        },
        S::WalFlush => work.flushes * (system.commit.flush + system.commit.standby),
        S::WalWrite => steady.checkpoint.wal_bytes / system.storage.write_bandwidth,
        S::DataRead => work.reads * system.storage.read,
        S::DataWrite => steady.checkpoint.pages_written / system.storage.write_iops,
        S::Network => work.network,
        S::Think => work.sleep + think(system),
        S::RowLocks | S::InternalLocks | S::ConnectionPool => 0.0,
    }
}

/// Servers of a station, where the notion applies.
fn servers(system: &System, station: S) -> Option<f64> {
    match station {
        S::ServerCpu => Some(system.cores),
        S::ClientCpu => match system.client {
            ClientCpu::Shared => Some(system.cores),
            ClientCpu::Own(cores) => Some(cores),
            ClientCpu::Unlimited => None,
        },
        S::WalFlush | S::WalWrite | S::DataWrite => Some(1.0),
        S::DataRead => Some(system.storage.read_width.max(1.0)),
        S::ConnectionPool => system.admitted.is_finite().then_some(system.admitted),
        S::RowLocks | S::InternalLocks | S::Network | S::Think => None,
    }
}

/// Share of a station's servers in use, 0..1, where it has any.
#[must_use]
pub fn utilization(system: &System, steady: &Steady, station: S) -> Option<f64> {
    let (x, work) = (steady.throughput, &system.work);
    let used = match station {
        S::ServerCpu => x * steady.server_cpu / cpu_capacity(system),
        S::ClientCpu => match system.client {
            ClientCpu::Shared => x * work.client_cpu / cpu_capacity(system),
            ClientCpu::Own(cores) => x * work.client_cpu / cores,
            ClientCpu::Unlimited => return None,
        },
        S::WalFlush => {
            x * work.flushes * system.commit.flush * steady.conditions.device_stretch / steady.conditions.batch
        }
        S::WalWrite => x * steady.checkpoint.wal_bytes / system.storage.write_bandwidth,
        S::DataRead => x * work.reads * system.storage.read / system.storage.read_width.max(1.0),
        S::DataWrite => steady.write_utilization,
        S::RowLocks => steady.waits.utilization,
        S::ConnectionPool if system.admitted.is_finite() => {
            let outside = steady.residence[S::ConnectionPool.index()] + steady.residence[S::Think.index()];
            x * (steady.residence.iter().sum::<f64>() - outside) / system.admitted
        }
        S::ConnectionPool | S::InternalLocks | S::Network | S::Think => return None,
    };
    Some(used.clamp(0.0, 1.0))
}

/// Work that the server's cores do per second, all busy.
fn cpu_capacity(system: &System) -> f64 {
    if system.cores < 1.0 { system.cores } else { system.effective_cores() }
}

/// The bottleneck in words.
#[must_use]
pub fn bottleneck(system: &System, steady: &Steady, limit: &Limit) -> Bottleneck {
    let used = utilization(system, steady, limit.station);
    let share =
        |s: S| 100.0 * steady.residence[s.index()] / steady.residence.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let percent = 100.0 * used.unwrap_or(0.0);
    let why = match limit.station {
        S::ServerCpu if matches!(system.client, ClientCpu::Shared) => {
            let both = percent + 100.0 * utilization(system, steady, S::ClientCpu).unwrap_or(0.0);
            format!("the cores that server and client share are {both:.0} % busy; the server has the larger part")
        }
        S::ServerCpu => format!("the server's cores are {percent:.0} % busy"),
        S::ClientCpu if matches!(system.client, ClientCpu::Shared) => {
            let both = percent + 100.0 * utilization(system, steady, S::ServerCpu).unwrap_or(0.0);
            format!("the cores that server and client share are {both:.0} % busy; the client has the larger part")
        }
        S::ClientCpu => format!("the load generator's cores are {percent:.0} % busy, not the server's"),
        S::WalFlush => format!(
            "a commit waits for the WAL to be flushed {:.0} % of a transaction's time ({:.1} commits share a flush)",
            share(S::WalFlush),
            steady.conditions.batch
        ),
        S::WalWrite => format!("WAL takes {percent:.0} % of the write bandwidth"),
        S::DataRead => format!(
            "a transaction reads {:.2} pages that are in neither cache, {:.0} % of its time",
            system.work.reads,
            share(S::DataRead)
        ),
        S::DataWrite => format!("WAL and dirty pages take {percent:.0} % of what the storage can write"),
        S::RowLocks => format!(
            "transactions wait for rows that others hold, {:.0} % of their time; the hottest row{} is held {percent:.0} % of the time",
            share(S::RowLocks),
            hottest(system, steady).map_or_else(String::new, |t| format!(" (table {t})")),
        ),
        S::InternalLocks => "backends wait for locks inside the server".into(),
        S::ConnectionPool => format!(
            "transactions wait for one of {:.0} connections {:.0} % of their time",
            system.admitted,
            share(S::ConnectionPool)
        ),
        S::Network => format!(
            "{:.1} round trips take {:.0} % of a transaction's time",
            system.work.round_trips,
            share(S::Network)
        ),
        S::Think => format!("clients think or sleep {:.0} % of the time: the load is light", share(S::Think)),
    };
    Bottleneck {
        station: limit.station.as_str().into(),
        utilization: used,
        why,
        next: limit.next.map(|s| s.as_str().into()),
        tps_if_relieved: limit.tps_if_relieved,
    }
}

/// The table whose rows are waited for longest.
fn hottest<'a>(system: &'a System, steady: &'a Steady) -> Option<&'a str> {
    let locks = steady.locks(system);
    let mut list = vec![0.0; locks.len()];
    for (index, _, taker, wait, _) in steady.waits.takers(locks) {
        list[index] += taker.takes * wait;
    }
    let best = list.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    locks.get(best.0).map(|c| c.table.as_str())
}

/// The bounds, never below the forecast itself by more than rounding.
#[must_use]
pub fn bounds(system: &System) -> Bounds {
    let b = asymptotic(system);
    Bounds { max_tps: b.max_tps, saturation_clients: b.saturation_clients }
}

/// Averages per transaction.
#[must_use]
pub fn per_transaction(system: &System, steady: &Steady) -> PerTransaction {
    let work = &system.work;
    PerTransaction {
        wal_bytes: steady.checkpoint.wal_bytes,
        pages_hit: work.pages - work.pages_missed,
        pages_read: work.pages_missed,
        round_trips: work.round_trips,
    }
}

/// Warnings without repeats, those with a place first, in the order found.
#[must_use]
pub fn warnings(all: impl IntoIterator<Item = Warning>) -> Vec<ForecastWarning> {
    let mut out: Vec<ForecastWarning> = Vec::new();
    for w in all {
        let shown = ForecastWarning {
            code: w.code.as_str().into(),
            message: w.message,
            location: w.position.map(|p| p.to_string()),
        };
        if !out.contains(&shown) {
            out.push(shown);
        }
    }
    out
}

/// Warnings that only the solution gives.
#[must_use]
pub fn of_solution(system: &System, steady: &Steady) -> Vec<Warning> {
    let mut out = Vec::new();
    if steady.overloaded {
        let rate = match system.arrivals {
            Arrivals::Open { rate } => rate,
            Arrivals::Closed { .. } => 0.0,
        };
        out.push(Warning::new(
            WarningCode::Overload,
            format!(
                "{rate:.0} transactions arrive per second and {:.0} can be completed: the queue grows without end",
                steady.throughput
            ),
        ));
    }
    if !steady.converged {
        out.push(Warning::new(
            WarningCode::NotConverged,
            format!(
                "the fixed point did not settle within {} networks; the numbers are its last state",
                steady.iterations
            ),
        ));
    }
    out
}
