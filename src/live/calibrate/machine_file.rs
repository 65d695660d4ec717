//! The machine file that a calibration writes: what was found, and in comments how, and what was not.

use std::fmt::Write;

use crate::live::calibrate::prices::Fitted;
use crate::live::calibrate::{Calibration, Location};
use crate::machine::coefficients::TABLE;
use crate::machine::setting_as_yaml;
use crate::units::Seconds;

/// The file's text.
#[must_use]
pub fn render(calibration: &Calibration) -> String {
    let facts = &calibration.facts;
    let mut out = format!(
        "# Measured by `predict calibrate` {} on {}, PostgreSQL {}, in {:.0} s.\n",
        env!("CARGO_PKG_VERSION"),
        facts.date,
        facts.version_text,
        calibration.took.as_secs_f64(),
    );
    for line in not_measured(calibration) {
        out.push_str(&format!("# {line}\n"));
    }
    let place = match facts.location {
        Location::SameCores => "client and server share cores",
        Location::OtherCores => "server and client run on this host, on cores of their own",
        Location::OtherHost => "another host",
    };
    // Writing to a String cannot fail.
    let _ = writeln!(out, "version: 1\ncpu: {{cores: {}, speed: 1}}{}", number(calibration.cores), pad(place));
    if let Some(line) = memory(calibration) {
        out.push_str(&line);
    }
    storage(&mut out, calibration);
    let _ = writeln!(out, "network: {{rtt: {}}}", duration(facts.rtt));
    match facts.client_cores() {
        None => out.push_str("client: {location: same-host}\n"),
        Some(cores) => drop(writeln!(out, "client: {{location: remote, cores: {}}}", number(cores))),
    }
    let _ = writeln!(out, "postgresql:\n  version: {}", facts.version);
    for (name, value) in &facts.settings {
        let _ = writeln!(out, "  {name}: {}", setting_as_yaml(value));
    }
    coefficients(&mut out, calibration);
    out
}

/// A comment at a line's end.
fn pad(comment: &str) -> String {
    format!("  # {comment}")
}

fn memory(calibration: &Calibration) -> Option<String> {
    if calibration.reads.uncached() {
        let buffers = calibration.facts.setting("shared_buffers")?;
        let why = "shared_buffers alone: pages just written are read back as slowly as any other";
        return Some(format!("memory: {buffers}{}\n", pad(why)));
    }
    let memory = calibration.facts.memory()?;
    let limited = calibration.facts.server.as_ref().is_some_and(|s| s.memory_limited);
    let why = if limited { pad("the limit of the server's control group") } else { String::new() };
    Some(format!("memory: {:.0}MB{why}\n", (memory.get() / 1_048_576.0).floor()))
}

fn storage(out: &mut String, calibration: &Calibration) {
    let reads = &calibration.reads;
    let mut lines = Vec::new();
    if let Some((flush, spread)) = calibration.contention.flush {
        let how = format!("within {:.0} %; the part of a flush that is no CPU time", 100.0 * spread);
        lines.push(format!("  fsync: {}{}", duration(flush), pad(&how)));
    }
    if let Some(latency) = reads.latency() {
        lines.push(format!("  read: {}", duration(latency)));
        if let Some(ceiling) = reads.ceiling {
            // Fewer than one client gets alone would be a contradiction.
            let rate = ceiling.get().max(1.0 / latency.get());
            lines.push(format!("  read_iops: {}", number(rate)));
        }
    }
    if let Some(bandwidth) = reads.write_bandwidth {
        lines.push(format!("  write_bandwidth: {:.0}MB/s", (bandwidth.get() / 1_048_576.0).max(1.0)));
    }
    if !lines.is_empty() {
        out.push_str("storage:\n");
        for line in lines {
            out.push_str(&line);
            out.push('\n');
        }
    }
}

/// What a reader should know was not measured.
fn not_measured(calibration: &Calibration) -> Vec<String> {
    let (facts, reads) = (&calibration.facts, &calibration.reads);
    let mut out = Vec::new();
    if facts.server.is_none() {
        out.push("The server's host cannot be seen: cores as given, memory not known.".to_owned());
    }
    if calibration.contention.flush.is_none() {
        out.push("The time of a WAL flush was not measured.".to_owned());
    }
    if reads.latency().is_none() {
        out.push(
            "Reads were answered from the kernel's cache: what storage takes was not measured (storage.read, read_iops)."
                .to_owned(),
        );
    }
    out.push("Not measured: storage.write_iops.".to_owned());
    if facts.standby {
        out.push(
            "Commits wait for a synchronous standby, which was not measured: describe it under `standby`.".to_owned(),
        );
    }
    if !calibration.contention.kept.is_empty() {
        out.push(format!("Nothing was learnt of {}: built-in values.", calibration.contention.kept.join(", ")));
    }
    out
}

/// All coefficients that were measured, in the order in which they are declared, with their units.
fn coefficients(out: &mut String, calibration: &Calibration) {
    let all = calibration.coefficients();
    if all.is_empty() {
        return;
    }
    out.push_str("coefficients:\n");
    for info in TABLE {
        let Some(f) = all.iter().find(|f| f.name == info.name) else { continue };
        let left_out = f.left_out.map(|l| format!(", left_out: {}", number(l))).unwrap_or_default();
        let unit = if info.unit == "1" { String::new() } else { pad(info.unit) };
        let _ =
            writeln!(out, "  {}: {{value: {}, spread: {}{left_out}}}{unit}", f.name, number(f.value), number(f.spread));
    }
}

impl Calibration {
    /// Everything fitted: what the curves tell takes the place of what the price list has of the same name.
    #[must_use]
    pub fn coefficients(&self) -> Vec<Fitted> {
        let probes: Vec<f64> = self.prices.probes.iter().map(|p| p.left_out_error).collect();
        let mut all = self.contention.coefficients.clone();
        // Before anything was fitted there is nothing to tell a residual error from.
        if !self.contention.cells.is_empty() {
            all.extend(self.contention.residual_errors(&probes));
        }
        if let Some(copy) = self.reads.copy() {
            all.push(Fitted { name: "page_copy", value: copy.us(), spread: 0.2, left_out: None });
        }
        for price in &self.prices.coefficients {
            if !all.iter().any(|f| f.name == price.name) {
                all.push(price.clone());
            }
        }
        all
    }
}

/// A number with four digits, without an exponent.
fn number(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return "0".to_owned();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of decimals, 0 to 9")]
    let decimals = (3.0 - x.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{x:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn duration(time: Seconds) -> String {
    if time.get() <= 0.0 { "0us".to_owned() } else { format!("{}us", number(time.us())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits_and_no_exponent() {
        for (x, text) in [
            (1.0, "1"),
            (0.123_456, "0.1235"),
            (-3.5, "-3.5"),
            (74.321_9, "74.32"),
            (123_456.7, "123457"),
            (0.0, "0"),
            (1e-12, "0"),
            (0.000_012_34, "0.00001234"),
        ] {
            assert_eq!(number(x), text, "{x}");
        }
        assert_eq!(duration(Seconds(0.002_123_4)), "2123us");
    }
}
