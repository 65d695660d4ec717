//! How often each price is in a probe, by the model itself.
//!
//! A transaction's CPU demand is linear in the coefficients. So the count of a coefficient is the demand under
//! a price list in which it costs 1 and all others nothing: whatever the model charges for a statement, and by
//! whatever formula, is what the fit sees.

use serde_json::{Map, Value, json};

use super::probe::Probe;
use super::tables;
use crate::access::{Footprint, Statements};
use crate::demand::transaction_demand;
use crate::diagnostic::InputError;
use crate::machine::coefficients::{CoefficientInfo, Coefficients, TABLE};
use crate::machine::{self, Machine, Settings};
use crate::schema::{self, Schema};
use crate::workload::{self, Protocol, Workload};
use crate::yaml::Document;

/// Coefficients in microseconds that are no price of work: they belong to contention, which is measured apart.
const CONTENTION: [&str; 13] = [
    "switch_1",
    "switch_16",
    "switch_64",
    "flush_cpu",
    "committer_wakeup",
    "lock_handover",
    "sleep_overhead",
    "idle_wakeup",
    "cold_start",
    "sleep_variation",
    "round_trip_variation",
    "flush_variation",
    "flush_finish",
];

/// Prices of the server's CPU time.
pub fn server_prices() -> impl Iterator<Item = &'static CoefficientInfo> {
    prices().filter(|c| !c.name.starts_with("client_"))
}

/// Prices of the load generator's CPU time.
pub fn client_prices() -> impl Iterator<Item = &'static CoefficientInfo> {
    prices().filter(|c| c.name.starts_with("client_"))
}

fn prices() -> impl Iterator<Item = &'static CoefficientInfo> {
    TABLE.iter().filter(|c| c.unit == "us" && !CONTENTION.contains(&c.name))
}

/// What one execution of a probe holds.
#[derive(Debug, Clone)]
pub struct Counted {
    /// By [`server_prices`].
    pub server: Vec<f64>,
    /// By [`client_prices`].
    pub client: Vec<f64>,
    /// Messages.
    pub messages: f64,
    /// What its statements touch.
    pub footprints: Vec<Footprint>,
}

/// Counts all probes; `locale` is the collation of text under a language's rules, as SQL writes it.
///
/// # Errors
/// A probe that the model cannot read.
pub fn count(probes: &[Probe], version: u32, locale: &str) -> Result<Vec<Counted>, InputError> {
    let schema = schema::read("probes.sql", &tables::ddl(locale));
    let mut machine = Machine { settings: Settings::defaults(version), ..machine::reference() };
    machine.cpu.speed = 1.0;
    let mut counted: Vec<Option<Counted>> = vec![None; probes.len()];
    for protocol in [Protocol::Prepared, Protocol::Extended, Protocol::Simple] {
        let places: Vec<usize> = (0..probes.len()).filter(|p| probes[*p].protocol == protocol).collect();
        if places.is_empty() {
            continue;
        }
        let sent: Vec<&Probe> = places.iter().map(|p| &probes[*p]).collect();
        for (place, one) in places.iter().zip(count_sent(&sent, &schema, &mut machine)?) {
            counted[*place] = Some(one);
        }
    }
    Ok(counted.into_iter().flatten().collect())
}

/// Counts probes that are sent by the same protocol.
fn count_sent(probes: &[&Probe], schema: &Schema, machine: &mut Machine) -> Result<Vec<Counted>, InputError> {
    let tables: Map<String, Value> = tables::TABLES.iter().map(|t| (t.name.to_owned(), t.statistics())).collect();
    let text = json!({
        "version": 1,
        "clients": super::CLIENTS,
        "protocol": probes.first().map(|p| p.protocol).unwrap_or_default().as_str(),
        "tables": tables,
        "transactions": probes.iter().map(|p| p.transaction()).collect::<Vec<_>>(),
    });
    let mut workload = workload::from_document(&Document::parse("probes.yaml", &text.to_string())?)?;
    for (transaction, probe) in workload.transactions.iter_mut().zip(probes) {
        // pgbench draws each by a command of its own.
        transaction.client_commands = probe.variables.len() as f64;
    }
    workload::check_against(&workload, schema)?;
    let footprints = Statements::parse(schema, &workload)?.footprints(machine);
    let messages = |t: usize| demand(&workload, machine, t, &footprints[t]).2;
    let messages: Vec<f64> = (0..probes.len()).map(messages).collect();
    let mut one_price = |name: &str| -> Vec<(f64, f64)> {
        machine.coefficients = only(name);
        (0..probes.len())
            .map(|t| {
                let (server, client, _) = demand(&workload, machine, t, &footprints[t]);
                (server, client)
            })
            .collect()
    };
    let server: Vec<Vec<(f64, f64)>> = server_prices().map(|c| one_price(c.name)).collect();
    let client: Vec<Vec<(f64, f64)>> = client_prices().map(|c| one_price(c.name)).collect();
    machine.coefficients = Coefficients::default();
    Ok((0..probes.len())
        .map(|t| Counted {
            server: server.iter().map(|c| c[t].0).collect(),
            client: client.iter().map(|c| c[t].1).collect(),
            messages: messages[t],
            footprints: footprints[t].iter().flatten().cloned().collect(),
        })
        .collect())
}

/// Server CPU, client CPU (both in microseconds) and messages of one transaction.
fn demand(workload: &Workload, machine: &Machine, place: usize, footprints: &[Option<Footprint>]) -> (f64, f64, f64) {
    let work = transaction_demand(workload, machine, &workload.transactions[place], footprints).work;
    (work.server_cpu.time.us(), work.client_cpu.time.us(), work.messages)
}

/// A price list in which one thing costs 1 and all others nothing.
fn only(name: &str) -> Coefficients {
    let mut list = Coefficients::default();
    for info in TABLE {
        if let Some(c) = list.get_mut(info.name) {
            c.value = f64::from(u8::from(info.name == name));
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{OTHERS, PROBES};
    use super::*;
    use crate::machine::coefficients::shape::COMMIT_RECORD;

    #[test]
    fn every_price_of_a_statement_is_in_some_probe() {
        let counted = count(PROBES, 15, "\"default\"").unwrap();
        // What no single statement shows: files, connections, pages that come or are logged whole.
        let apart = ["file_made", "connection_start", "page_image", "wal_write_call", "page_copy"];
        for (n, price) in server_prices().enumerate() {
            let held = counted.iter().filter(|c| c.server[n] > 0.0).count();
            assert_eq!(held == 0, apart.contains(&price.name), "{}: in {held} probes", price.name);
        }
        for (n, price) in client_prices().enumerate() {
            assert!(counted.iter().any(|c| c.client[n] > 0.0), "{}", price.name);
        }
    }

    /// The demand under the default prices is the counts times the default prices: no part is counted twice or lost.
    #[test]
    fn counts_times_prices_are_the_demand() {
        let schema = schema::read("probes.sql", &tables::ddl("\"C\""));
        let mut machine = Machine { settings: Settings::defaults(15), ..machine::reference() };
        machine.cpu.speed = 1.0;
        for probe in [&PROBES[8], &PROBES[PROBES.len() - 2]] {
            let counted = count_sent(&[probe], &schema, &mut machine).unwrap().remove(0);
            let summed: f64 = server_prices().zip(&counted.server).map(|(p, c)| p.default.value * c).sum();
            let prices = crate::demand::Prices { coefficients: &machine.coefficients, protocol: probe.protocol };
            let priced: f64 = counted.footprints.iter().map(|f| prices.statement(f).time.us()).sum();
            let commits = machine.coefficients.write_transaction.value
                + machine.coefficients.wal_kb.value * COMMIT_RECORD / 1024.0;
            let writes = counted.footprints.iter().any(|f| f.writes);
            let whole = priced + if writes { commits } else { 0.0 };
            assert!((summed / whole - 1.0).abs() < 1e-9, "{}: {summed} {whole}", probe.name);
        }
    }

    #[test]
    fn names_are_told_apart_and_scripts_are_pgbench_s() {
        let mut names: Vec<&str> = PROBES.iter().chain(OTHERS).map(|p| p.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PROBES.len() + OTHERS.len());
        let script = OTHERS.iter().find(|p| p.name == "read and change, extended").unwrap().script();
        let lines: Vec<&str> = script.lines().collect();
        assert_eq!(lines[0], "\\set x random(1, 50000)");
        assert_eq!((lines[2], lines[5]), ("BEGIN;", "COMMIT;"));
    }
}
