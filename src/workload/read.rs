//! From the file's structs to a [`Workload`], checking what the values mean together.

use std::path::Path;

use super::file::{ConnectionsFile, LoadFile, ObservedFile, ProtocolFile, WorkloadFile};
use super::{Connections, Database, Load, Observed, Protocol, Workload, statistics, transaction};
use crate::diagnostic::{InputError, Warning, WarningCode};
use crate::units::Seconds;
use crate::yaml::{Document, Duration, Frequency, Located, NodeId, Number};

/// Version of the workload format.
pub const FORMAT_VERSION: u32 = 1;

/// More clients than this are a slip of the pen.
const MAX_CLIENTS: u32 = 1_000_000_000;

/// Reads a workload from its document.
///
/// # Errors
/// Anything that is not as the format says, at its line and column: unknown keys, bad units, values
/// out of range, undefined variables, files that do not exist.
pub fn from_document(document: &Document) -> Result<Workload, InputError> {
    let file: WorkloadFile = document.deserialize()?;
    document.check_version(file.version.as_ref(), FORMAT_VERSION)?;
    let mut warnings = Vec::new();
    let asked = (file.clients.as_ref(), file.rate.as_ref(), file.think_time.as_ref());
    let load = load(document, asked, &mut warnings)?;
    let tables = statistics::tables(document, &file.tables)?;
    let transactions = transaction::transactions(document, &file, &tables, &load, &mut warnings)?;
    let observed = file.observed.unwrap_or_default();
    Ok(Workload {
        name: file.name.map_or_else(|| default_name(document), |n| n.0),
        schema: file.schema.map(|s| document.resolve(&s.0)),
        database: file.database.map_or_else(Database::default, |d| Database {
            collation: d.collation.map(|t| t.0),
            encoding: d.encoding.map(|t| t.0),
        }),
        tables,
        transactions,
        load,
        protocol: match file.protocol {
            Some(ProtocolFile::Simple) => Protocol::Simple,
            Some(ProtocolFile::Extended) => Protocol::Extended,
            Some(ProtocolFile::Prepared) | None => Protocol::Prepared,
        },
        observed: observed.iter().map(|o| read_observed(document, o)).collect::<Result<_, _>>()?,
        connections: file.connections.map_or_else(|| Ok(Connections::default()), |c| connections(document, &c))?,
        warnings,
    })
}

/// Sets one value of a workload document, as `--set` does. `clients` takes the place of `rate`, and the
/// other way round: what one asks for by hand is the load.
///
/// # Errors
/// As [`Document::set`].
pub fn set(document: &mut Document, path: &str, value: &str) -> Result<(), InputError> {
    document.set(path, value)?;
    match path {
        "clients" => drop(document.remove("rate")),
        "rate" => drop(document.remove("clients")),
        _ => {}
    }
    Ok(())
}

/// The file's stem; of `workload.yaml`, the folder's name.
fn default_name(document: &Document) -> String {
    let path = Path::new(document.name());
    let text = |s: Option<&std::ffi::OsStr>| s.map(|s| s.to_string_lossy().into_owned());
    let stem = text(path.file_stem()).unwrap_or_else(|| "workload".to_owned());
    if stem == "workload" { text(path.parent().and_then(Path::file_name)).unwrap_or(stem) } else { stem }
}

/// The same workload under the load that its document now says, for a document in which nothing but
/// `clients`, `rate`, `think_time` and `connections` has changed: what the transactions do is kept.
///
/// # Errors
/// As [`from_document`], for those keys.
pub fn with_load(document: &Document, workload: &Workload) -> Result<Workload, InputError> {
    // Scripts may draw from the number of clients.
    if workload.transactions.iter().any(|t| t.variables.iter().any(|v| v.name == "client_id")) {
        return from_document(document);
    }
    let file: LoadFile = document.deserialize()?;
    let mut out = workload.clone();
    let asked = (file.clients.as_ref(), file.rate.as_ref(), file.think_time.as_ref());
    out.load = load(document, asked, &mut out.warnings)?;
    out.connections = file.connections.map_or_else(|| Ok(Connections::default()), |c| connections(document, &c))?;
    Ok(out)
}

/// `clients`, `rate` and `think_time` as written.
type Asked<'a> = (Option<&'a Located<Number>>, Option<&'a Located<Frequency>>, Option<&'a Located<Duration>>);

fn load(
    document: &Document,
    (clients, rate, think): Asked<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Load, InputError> {
    let think_time = think.map_or(Seconds::ZERO, |t| t.value.0);
    match (clients, rate) {
        (Some(clients), None) => {
            Ok(Load::Closed { clients: document.whole(clients, "`clients`", 1, MAX_CLIENTS)?.into(), think_time })
        }
        (None, Some(rate)) => {
            if let Some(think) = think.filter(|t| t.value.0 > Seconds::ZERO) {
                let message = "`think_time` has no part in an open load (`rate`) and is left out";
                warnings.push(Warning::new(WarningCode::NotModelled, message).at(document.position(think.node)));
            }
            Ok(Load::Open { rate: document.positive(rate.node, rate.value.0.get(), "`rate`")? })
        }
        (Some(clients), Some(rate)) => Err(document
            .error_at(later(document, clients.node, rate.node), "both `clients` and `rate` are given")
            .expected("`clients` for a closed load, or `rate` for an open one")),
        (None, None) => Err(document
            .error_at(document.root(), "neither `clients` nor `rate` is given")
            .expected("`clients: 16` for a closed load, or `rate: 500/s` for an open one")),
    }
}

/// The node that stands later in the file.
fn later(document: &Document, a: NodeId, b: NodeId) -> NodeId {
    let (pa, pb) = (document.position(a), document.position(b));
    if (pa.line, pa.column) > (pb.line, pb.column) { a } else { b }
}

fn read_observed(document: &Document, located: &Located<ObservedFile>) -> Result<Observed, InputError> {
    let o = &located.value;
    if o.tps.is_none() && o.latency.is_none() && o.server_cpu.is_none() {
        return Err(document
            .error_at(located.node, "a measurement that measures nothing")
            .expected("at least one of `tps`, `latency`, `server_cpu`"));
    }
    Ok(Observed {
        position: Some(document.position(located.node)),
        clients: o.clients.as_ref().map(|c| document.whole(c, "`clients`", 1, MAX_CLIENTS)).transpose()?.map(u64::from),
        tps: o.tps.as_ref().map(|t| document.positive(t.node, t.value.0.get(), "`tps`")).transpose()?,
        latency: match &o.latency {
            Some(l) => Some(Seconds(document.positive(l.node, l.value.0.get(), "`latency`")?)),
            None => None,
        },
        server_cpu: o.server_cpu.as_ref().map(|f| f.0),
    })
}

fn connections(document: &Document, file: &ConnectionsFile) -> Result<Connections, InputError> {
    Ok(Connections {
        pool: file.pool.as_ref().map(|p| document.whole(p, "`pool`", 1, MAX_CLIENTS)).transpose()?.map(u64::from),
        reconnect: file.reconnect.as_ref().is_some_and(|s| s.0),
    })
}

/// The JSON Schema of the workload file.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(WorkloadFile).to_value()
}
