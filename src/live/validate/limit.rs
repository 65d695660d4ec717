//! What limited a run, from processor use and wait events.

use crate::live::validate::sampler::{Place, Waits};
use crate::units::Seconds;

/// From this use on a processor is what limits.
const SATURATED: f64 = 0.85;
/// From this share of a transaction's time on a place is what limits.
const MOST: f64 = 0.5;

/// What was seen of a run.
#[derive(Debug, Clone, Copy)]
pub struct Load<'a> {
    /// Wait events.
    pub waits: &'a Waits,
    /// Share of the server's cores in use.
    pub server_cpu: Option<f64>,
    /// Share of one core that the load generator, of one thread, uses.
    pub client_cpu: Option<f64>,
    /// Cores of the server.
    pub cores: f64,
    /// Whether the load generator runs on them too.
    pub shared: bool,
    /// Whether there is no wire between them.
    pub local: bool,
    /// Sessions whose client sleeps or thinks, on average.
    pub waiting_by_will: Seconds,
}

/// The station that limited, by the contract's names; `unclear` when nothing stands out.
#[must_use]
pub fn limit(load: &Load) -> &'static str {
    let server = load.server_cpu.unwrap_or(0.0);
    let client = load.client_cpu.unwrap_or(0.0);
    let together = server + client / load.cores.max(1e-9);
    if load.shared && together >= SATURATED {
        return if server >= client / load.cores.max(1e-9) { "server_cpu" } else { "client_cpu" };
    }
    if server >= SATURATED {
        return "server_cpu";
    }
    if client >= SATURATED {
        return "client_cpu";
    }
    let all: f64 = Place::ALL.iter().map(|p| load.waits.at(*p)).sum();
    if all <= 0.0 {
        return "unclear";
    }
    let will = load.waiting_by_will.get().min(load.waits.at(Place::Client));
    if will / all >= MOST {
        return "think";
    }
    let place = Place::ALL.into_iter().find(|p| {
        let here = load.waits.at(*p) - if *p == Place::Client { will } else { 0.0 };
        here / all >= MOST
    });
    match place {
        // Sessions are on a processor most of the time, and processors are not busy: too few clients.
        Some(Place::ServerCpu) => "server_cpu",
        Some(Place::WalFlush) => "wal_flush",
        Some(Place::RowLocks) => "row_locks",
        Some(Place::Data) => "data_read",
        Some(Place::InternalLocks) => "internal_locks",
        // Neither side is busy: the way between them, where there is one.
        Some(Place::Client) if !load.local => "network",
        Some(Place::Client) | None => "unclear",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(events: &[(&str, f64)], server: f64, client: f64, will: f64) -> &'static str {
        let waits = Waits { looks: 1, sessions: events.iter().map(|(e, n)| ((*e).to_owned(), *n)).collect() };
        limit(&Load {
            waits: &waits,
            server_cpu: Some(server),
            client_cpu: Some(client),
            cores: 2.0,
            shared: true,
            local: false,
            waiting_by_will: Seconds(will),
        })
    }

    #[test]
    fn what_stands_out_is_named() {
        let flushing = [("IO:WALSync", 1.0), ("LWLock:WALWrite", 8.0), ("Client:ClientRead", 3.0)];
        assert_eq!(named(&flushing, 0.3, 0.2, 0.0), "wal_flush");
        assert_eq!(named(&flushing, 0.8, 0.2, 0.0), "server_cpu", "cores are full all the same");
        assert_eq!(
            named(&[("Lock:tuple", 6.0), ("Lock:transactionid", 2.0), ("CPU", 1.0)], 0.2, 0.1, 0.0),
            "row_locks"
        );
        assert_eq!(named(&[("Client:ClientRead", 9.0), ("CPU", 1.0)], 0.2, 0.1, 8.0), "think");
        assert_eq!(
            named(&[("Client:ClientRead", 5.0), ("CPU", 5.1), ("IO:DataFileRead", 4.0)], 0.2, 0.1, 0.0),
            "unclear"
        );
        assert_eq!(named(&[], 0.2, 0.1, 0.0), "unclear");
    }
}
