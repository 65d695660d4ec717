//! Numbers as people read them: three significant digits and the unit that fits.

/// Three significant digits, no exponent: 897, 17.8, 0.0123, 12300.
#[must_use]
pub fn short(x: f64) -> String {
    if !x.is_finite() {
        return "-".into();
    }
    if x == 0.0 {
        return "0".into();
    }
    // Rounding first, so that 9.999 becomes 10.0 and not 10.00.
    let rounded: f64 = format!("{x:.2e}").parse().unwrap_or(x);
    let magnitude = rounded.abs().log10().floor() as i32;
    let decimals = (2 - magnitude).clamp(0, 9) as usize;
    format!("{rounded:.decimals$}")
}

/// The same for what may be missing.
#[must_use]
pub fn short_or_dash(x: Option<f64>) -> String {
    x.map_or_else(|| "-".into(), short)
}

/// A duration given in ms, in the unit that fits: `85.0 us`, `17.8 ms`, `1.20 s`.
#[must_use]
pub fn duration(ms: f64) -> String {
    match ms.abs() {
        0.0 => "0 ms".into(),
        x if x < 0.1 => format!("{} us", short(ms * 1e3)),
        x if x >= 1000.0 => format!("{} s", short(ms / 1e3)),
        _ => format!("{} ms", short(ms)),
    }
}

/// A share, 0..1: `31%`, `0.4%`.
#[must_use]
pub fn percent(share: f64) -> String {
    let p = share * 100.0;
    match p.abs() {
        0.0 => "0%".into(),
        x if x < 0.05 => "<0.1%".into(),
        x if x < 0.95 => format!("{p:.1}%"),
        _ => format!("{p:.0}%"),
    }
}

/// The same for what may be missing.
#[must_use]
pub fn percent_or_dash(share: Option<f64>) -> String {
    share.map_or_else(|| "-".into(), percent)
}

/// Bytes: `612 bytes`, `1.20 kB`.
#[must_use]
pub fn bytes(b: f64) -> String {
    match b {
        b if b < 1024.0 => format!("{} bytes", short(b)),
        b if b < 1024.0 * 1024.0 => format!("{} kB", short(b / 1024.0)),
        _ => format!("{} MB", short(b / 1024.0 / 1024.0)),
    }
}

/// How much `after` is more or less than `before`: `+134%`, `-3.2%`.
#[must_use]
pub fn change(before: f64, after: f64) -> String {
    if before == after {
        return "0%".into();
    }
    if before == 0.0 || !(after / before).is_finite() {
        return "new".into();
    }
    let share = after / before - 1.0;
    let sign = if share >= 0.0 { "+" } else { "" };
    match share.abs() {
        x if x >= 10.0 => format!("{}x", short(after / before)),
        x if x >= 0.1 => format!("{sign}{:.0}%", share * 100.0),
        _ => format!("{sign}{:.1}%", share * 100.0),
    }
}

/// `1 client`, `16 clients`.
#[must_use]
pub fn count(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits() {
        let all: Vec<String> = [897.01, 17.837, 9.999, 0.01234, 12_345.0, 0.0, 999.6, -4.0].map(short).to_vec();
        assert_eq!(all, ["897", "17.8", "10.0", "0.0123", "12300", "0", "1000", "-4.00"]);
        assert_eq!(short(f64::NAN), "-");
    }

    #[test]
    fn units_that_fit() {
        assert_eq!([duration(0.085), duration(17.84), duration(1200.0)], ["85.0 us", "17.8 ms", "1.20 s"]);
        assert_eq!([percent(0.314), percent(0.004), percent(1e-5), percent(0.0)], ["31%", "0.4%", "<0.1%", "0%"]);
        assert_eq!([bytes(612.0), bytes(2048.0)], ["612 bytes", "2.00 kB"]);
        assert_eq!([change(100.0, 95.0), change(897.0, 2100.0)], ["-5.0%", "+134%"]);
    }
}
