//! Stations and tables of the simulated system.

use crate::demand::TransactionDemand;
use crate::model::station::StationName as S;
use crate::model::system::{ClientCpu, System};
use crate::queueing::simulation::Station;
use crate::schema::TableId;

/// Rows that one statement locks one by one; more are taken in runs of neighbours.
const SINGLE_ROWS: f64 = 256.0;

/// The server's CPU is always the first station.
pub(super) const SERVER: usize = 0;

/// The stations that the system has, and which they are.
pub(super) struct Stations {
    pub list: Vec<Station>,
    pub client: Option<usize>,
    pub read: usize,
    pub wal_write: usize,
    pub data_write: usize,
}

impl Stations {
    pub fn new(system: &System) -> Self {
        let mut list = vec![cores(S::ServerCpu, system.cores, system.core_yield)];
        let mut add = |station| {
            list.push(station);
            list.len() - 1
        };
        let client = match system.client {
            ClientCpu::Shared => Some(SERVER),
            ClientCpu::Own(n) => Some(add(cores(S::ClientCpu, n, system.core_yield))),
            ClientCpu::Unlimited => None,
        };
        let width = system.storage.read_width.max(1.0);
        let mut speeds: Vec<f64> = (1..=width as u32).map(f64::from).collect();
        if width > width.floor() {
            speeds.push(width);
        }
        let read = add(Station { name: S::DataRead.as_str().into(), slots: speeds.len() as u32, speeds });
        let wal_write = add(Station::servers(S::WalWrite.as_str(), 1));
        let data_write = add(Station::servers(S::DataWrite.as_str(), 1));
        Self { list, client, read, wal_write, data_write }
    }
}

/// Cores of which each further one adds `yields`; a fraction of one is a slower core.
fn cores(name: S, cores: f64, yields: f64) -> Station {
    let mut speeds: Vec<f64> = (0..cores as u32).map(|j| 1.0 + f64::from(j) * yields).collect();
    if cores < 1.0 {
        speeds = vec![cores];
    } else if cores > cores.floor() {
        speeds.push(1.0 + (cores - 1.0) * yields);
    }
    Station { name: name.as_str().into(), slots: speeds.len() as u32, speeds }
}

/// Tables with rows that can be contended for, and how many neighbouring rows are taken as one.
pub(super) struct Tables {
    list: Vec<(TableId, f64)>,
}

impl Tables {
    pub fn new(demands: &[TransactionDemand]) -> Self {
        let mut list: Vec<(TableId, f64)> = Vec::new();
        let each = || demands.iter().flat_map(|d| &d.locks);
        for lock in each() {
            let conflicts = each().any(|l| l.table == lock.table && l.mode.conflicts(lock.mode));
            let granule = (lock.rows / SINGLE_ROWS).max(1.0);
            match list.iter_mut().find(|(table, _)| *table == lock.table) {
                Some((_, known)) => *known = known.max(granule),
                None if conflicts => list.push((lock.table, granule)),
                None => {}
            }
        }
        Self { list }
    }

    pub fn find(&self, table: TableId) -> Option<(u16, f64)> {
        let at = self.list.iter().position(|(t, _)| *t == table)?;
        Some((u16::try_from(at).ok()?, self.list[at].1))
    }
}
