//! What is said beside the forecast: options without influence, and limits that the model leaves out.

use super::meaning::Run;
use super::options::PgbenchArgs;
use crate::diagnostic::WarningCode;
use crate::forecast::{Forecast, ForecastWarning};
use crate::workload::Protocol;

/// Share of its threads' time from which pgbench itself limits what is sent.
const BUSY: f64 = 0.9;

/// Sentences about options.
pub fn about(args: &PgbenchArgs, run: &Run) -> Vec<String> {
    let mut out = Vec::new();
    let idle: Vec<&str> = [
        ("-n", args.no_vacuum),
        ("-v", args.vacuum_all),
        ("-q", args.quiet_logging),
        ("-P", args.progress.is_some()),
        ("-r", args.report_per_command),
        ("-t", args.transactions.is_some()),
        ("-T", args.time.is_some()),
        ("--random-seed", args.random_seed.is_some()),
        ("--tablespace", args.tablespace.is_some()),
        ("--index-tablespace", args.index_tablespace.is_some()),
        ("--failures-detailed", args.failures_detailed),
        ("--verbose-errors", args.verbose_errors),
        ("--exit-on-abort", args.exit_on_abort),
        ("--debug", args.debug || matches!(args.dbname, Some(None))),
    ]
    .into_iter()
    .filter_map(|(option, given)| given.then_some(option))
    .collect();
    if !idle.is_empty() {
        out.push(format!("no influence on a forecast, which is of the steady state: {}", idle.join(", ")));
    }
    if args.log {
        out.push("the work of writing a log (-l) is not counted".to_owned());
    }
    if let Some(Some(name)) = &args.dbname
        && name.len() == 1
    {
        out.push(format!("`-d {name}` is read as pgbench 17 and later do: the database {name}"));
    }
    if let Some(host) = args.host.as_ref().filter(|h| !h.starts_with('/')) {
        out.push(format!(
            "nothing is connected to: where clients run as seen from `{host}` is `client.location` of the machine file"
        ));
    }
    if run.connect && run.protocol == Protocol::Prepared {
        out.push("a prepared statement is used once per connection (-C): priced as the extended protocol".to_owned());
    }
    out
}

/// How many transactions a latency limit finds late, as far as percentiles say.
pub fn late(limit: f64, forecast: &Forecast) -> String {
    let Some(l) = forecast.latency_ms else {
        return format!("-L {limit}: latency grows without limit, so in the end all transactions are late");
    };
    let share = match limit {
        x if x >= l.p99 => "fewer than 1 %",
        x if x >= l.p95 => "1 to 5 %",
        x if x >= l.p50 => "5 to 50 %",
        _ => "more than half",
    };
    format!("-L {limit}: {share} of the transactions are late, that is above {limit} ms")
}

/// What the model leaves out of this run.
pub fn warnings(args: &PgbenchArgs, run: &Run, same_host: bool, forecast: &Forecast) -> Vec<ForecastWarning> {
    let warning = |message: String| ForecastWarning {
        code: WarningCode::NotModelled.as_str().to_owned(),
        message,
        location: None,
    };
    let mut out = Vec::new();
    if let (Some(limit), Some(_)) = (args.latency_limit, args.rate) {
        out.push(warning(format!(
            "with -R and -L {limit} pgbench skips transactions that are late before they start; here they are all run"
        )));
    }
    let threads = f64::from(run.jobs).min(forecast.clients.map_or(f64::INFINITY, |c| c as f64));
    let client = forecast.stations.iter().find(|s| s.name == "client_cpu");
    if let (true, Some(client)) = (same_host, client) {
        let busy = forecast.tps.mean * client.demand_ms / 1e3 / threads;
        if busy > BUSY {
            out.push(warning(format!(
                "pgbench's threads (-j {}) would be {:.0} % busy: with so few, pgbench itself sends less than this; \
                 raise -j",
                run.jobs,
                100.0 * busy
            )));
        }
    }
    out
}
