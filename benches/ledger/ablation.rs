//! What each part of the model contributes: the errors without it.

use std::fmt::Write as _;

use anyhow::Result;
use predict::machine::coefficients::TABLE;

use crate::cell::{self, Row};
use crate::report::{error, quantiles};

/// Parts of the model, with what takes them away.
const PARTS: [(&str, &[(&str, &str)]); 12] = [
    ("context switches", &[("switch_1", "0"), ("switch_16", "0"), ("switch_64", "0")]),
    ("CPU of a flush", &[("flush_cpu", "0")]),
    ("waking committers", &[("committer_wakeup", "0")]),
    ("batches before the next flush", &[("batch_serialization", "0")]),
    ("handing row locks over", &[("lock_handover", "0")]),
    ("depth of trees", &[("descent_depth", "0"), ("descent_cold", "0")]),
    ("CPU of WAL", &[("wal_kb", "0")]),
    ("random index entries", &[("index_entry", "0")]),
    ("full-page images", &[("page_image", "0")]),
    ("slack of sleeps", &[("sleep_overhead", "0")]),
    ("yield of further cores", &[("core_yield", "1")]),
    ("variation of holds", &[("hold_variation", "0")]),
];

/// The table: errors of the whole model, of the whole model at the prices of the reference machine, and without each
/// part.
pub fn table(rows: &[Row]) -> Result<String> {
    let mut text = String::from(
        "\n## Ablation\n\n| without | tps error, median | 90 % | cells that change by 2 % |\n|---|--:|--:|--:|\n",
    );
    let whole = cell::forecast(rows, &[])?;
    let mut add = |name: &str, set: &[(String, String)]| -> Result<()> {
        let forecasts = cell::forecast(rows, set)?;
        let (median, tail) = quantiles(rows.iter().zip(&forecasts).map(|p| error(&p))).unwrap_or_default();
        let changed =
            whole.iter().zip(&forecasts).filter(|(a, b)| (b.tps.mean / a.tps.mean - 1.0).abs() > 0.02).count();
        let _ = writeln!(text, "| {name} | {:.1} % | {:.1} % | {changed} |", 100.0 * median, 100.0 * tail);
        Ok(())
    };
    let key = |name: &str| format!("machine.coefficients.{name}");
    add("nothing", &[])?;
    let defaults: Vec<(String, String)> = TABLE.iter().map(|c| (key(c.name), c.default.value.to_string())).collect();
    add("calibration (prices of the reference machine)", &defaults)?;
    for (name, parts) in PARTS {
        let set: Vec<(String, String)> = parts.iter().map(|(k, v)| (key(k), (*v).to_owned())).collect();
        add(name, &set)?;
    }
    Ok(text)
}
