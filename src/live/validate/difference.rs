//! Where a forecast and a measurement part.
//!
//! By Little's law the sessions found at a place, over the throughput, are the time that a transaction spends there.
//! The forecast has the same times by station, so the difference of the totals is the sum of the differences by place.

use crate::forecast::Forecast;
use crate::live::validate::result::{Compared, Difference, Measured};
use crate::live::validate::sampler::Place;

/// Errors up to this size are not explained, nor those within the noise of the measurement.
const SMALL: f64 = 0.05;

/// Compares times by place and demands.
#[must_use]
pub fn difference(measured: &Measured, forecast: &Forecast) -> Difference {
    let times: Vec<(Place, f64, f64)> =
        Place::ALL.into_iter().map(|p| (p, forecast_time(forecast, p), measured_time(measured, p))).collect();
    let (total_forecast, total_measured): (f64, f64) =
        times.iter().fold((0.0, 0.0), |(f, m), (_, tf, tm)| (f + tf, m + tm));
    let error = forecast.tps.mean / measured.tps.max(1e-9) - 1.0;
    let gap = total_measured - total_forecast;
    let largest = times.iter().max_by(|a, b| {
        let part = |t: &(Place, f64, f64)| (t.2 - t.1) * gap.signum();
        part(a).total_cmp(&part(b))
    });
    let within = error.abs() <= SMALL.max(measured.tps_spread);
    let (text, largest) = match largest {
        _ if total_measured <= 0.0 => ("What sessions waited for was not seen.".to_owned(), None),
        _ if within => ("The difference is no more than the measurement's own noise, or 5%.".to_owned(), None),
        Some((place, f, m)) if (m - f) * gap.signum() > 0.0 => {
            (sentence(*place, (*f, *m), (total_forecast, total_measured), measured, forecast), Some(*place))
        }
        _ => ("The times by place agree; the difference is spread over all of them.".to_owned(), None),
    };
    Difference {
        text,
        largest: largest.map(|p| p.name().to_owned()),
        times_ms: times
            .into_iter()
            .map(|(p, f, m)| Compared { what: p.name().to_owned(), forecast: Some(f), measured: Some(m) })
            .collect(),
        demands: demands(measured, forecast),
    }
}

/// Time of a transaction at a place, ms, as forecast.
fn forecast_time(forecast: &Forecast, place: Place) -> f64 {
    forecast.stations.iter().filter(|s| place.stations().contains(&s.name.as_str())).map(|s| s.residence_ms).sum()
}

/// The same as measured.
fn measured_time(measured: &Measured, place: Place) -> f64 {
    let here = measured.waits.iter().filter(|(event, _)| Place::of(event) == place).map(|(_, n)| n).sum::<f64>();
    here / measured.tps.max(1e-9) * 1e3
}

/// Demands per transaction that both sides know.
fn demands(measured: &Measured, forecast: &Forecast) -> Vec<Compared> {
    let demand = |name: &str| forecast.stations.iter().find(|s| s.name == name).map(|s| s.demand_ms);
    let (m, f) = (&measured.per_transaction, &forecast.per_transaction);
    let row = |what: &str, forecast, measured| Compared { what: what.to_owned(), forecast, measured };
    vec![
        row("server CPU, ms", demand("server_cpu"), m.server_cpu_ms),
        row("client CPU, ms", demand("client_cpu"), m.client_cpu_ms),
        row("WAL, bytes", Some(f.wal_bytes), Some(m.wal_bytes)),
        row("full-page images", None, m.full_page_images),
        row("WAL flushes", None, m.flushes),
        row("pages hit", Some(f.pages_hit), Some(m.pages_hit)),
        row("pages read", Some(f.pages_read), Some(m.pages_read)),
        row("repetitions", None, Some(measured.retried)),
    ]
}

fn sentence(
    place: Place,
    (f, m): (f64, f64),
    (total_f, total_m): (f64, f64),
    measured: &Measured,
    forecast: &Forecast,
) -> String {
    let number = crate::render::number::short;
    let longer = if total_m > total_f { "longer" } else { "shorter" };
    let mut text = format!(
        "A transaction takes {} ms {longer} than forecast ({} against {} ms); {} ms of it {} ({} against {} ms).",
        number((total_m - total_f).abs()),
        number(total_m),
        number(total_f),
        number((m - f).abs()),
        at(place),
        number(m),
        number(f)
    );
    let demand = |name: &str| forecast.stations.iter().find(|s| s.name == name).map(|s| s.demand_ms);
    let (name, used, priced) = match place {
        Place::Client => ("client", measured.per_transaction.client_cpu_ms, demand("client_cpu")),
        _ => ("server", measured.per_transaction.server_cpu_ms, demand("server_cpu")),
    };
    if let (Place::ServerCpu | Place::Client, Some(used), Some(priced)) = (place, used, priced) {
        text += &format!(" It uses {} ms of {name} CPU; {} ms were forecast.", number(used), number(priced));
    }
    text
}

/// A place in words.
const fn at(place: Place) -> &'static str {
    match place {
        Place::ServerCpu => "on the server's processors, or waiting for one",
        Place::WalFlush => "waiting for the WAL's flush",
        Place::RowLocks => "waiting for rows locked by others",
        Place::Data => "reading and writing pages",
        Place::InternalLocks => "waiting for locks inside the server",
        Place::Client => "at the client and on the wire",
    }
}
