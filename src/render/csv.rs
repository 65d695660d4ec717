//! CSV: one row per forecast, at full precision.

use crate::forecast::Forecast;
use crate::render::{Exporter, RenderError};

/// Columns that every CSV of forecasts ends in.
pub const COLUMNS: [&str; 8] =
    ["tps", "tps_low", "tps_high", "latency_mean_ms", "p95_ms", "p99_ms", "bottleneck", "bottleneck_utilization"];

/// The values of [`COLUMNS`]; empty where there is none.
#[must_use]
pub fn cells(forecast: &Forecast) -> [String; 8] {
    let number = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
    let latency = forecast.latency_ms;
    [
        number(Some(forecast.tps.mean)),
        number(Some(forecast.tps.low)),
        number(Some(forecast.tps.high)),
        number(latency.map(|l| l.mean)),
        number(latency.map(|l| l.p95)),
        number(latency.map(|l| l.p99)),
        forecast.bottleneck.station.clone(),
        number(forecast.bottleneck.utilization),
    ]
}

/// Rows of text as CSV.
///
/// # Errors
/// The writer's; rows of different lengths.
pub fn write<'a>(rows: impl IntoIterator<Item = Vec<&'a str>>) -> Result<String, RenderError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(|e| csv::Error::from(std::io::Error::other(e.to_string())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The CSV format.
#[derive(Debug, Clone, Copy)]
pub struct Csv;

impl Exporter for Csv {
    fn export(&self, forecasts: &[Forecast]) -> Result<String, RenderError> {
        let rows: Vec<Vec<String>> = forecasts
            .iter()
            .map(|f| {
                let clients = f.clients.map(|c| c.to_string()).unwrap_or_default();
                let rate = f.rate.map(|r| r.to_string()).unwrap_or_default();
                [f.workload.clone(), clients, rate].into_iter().chain(cells(f)).collect()
            })
            .collect();
        let header = ["workload", "clients", "rate"].into_iter().chain(COLUMNS).collect();
        write(std::iter::once(header).chain(rows.iter().map(|r| r.iter().map(String::as_str).collect())))
    }
}
