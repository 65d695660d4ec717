//! Reads quantities as PostgreSQL writes them: `128MB`, `150us`, `500/s`, and counts such as `5M`.

use crate::units::{Bytes, Rate, Seconds};

/// Why a text is not the quantity that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SpellingError {
    /// What is wrong.
    pub message: String,
    /// What would have been right.
    pub expected: &'static str,
    /// The likely intention.
    pub nearest: Option<String>,
}

/// A unit's name with its size in base units.
pub(crate) type Unit = (&'static str, f64);

/// Units of sizes, in bytes.
pub(crate) const BYTES: &[Unit] =
    &[("B", 1.0), ("kB", 1024.0), ("MB", 1_048_576.0), ("GB", 1_073_741_824.0), ("TB", 1_099_511_627_776.0)];
/// Units of durations, in seconds.
pub(crate) const TIMES: &[Unit] =
    &[("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3600.0), ("d", 86_400.0)];
/// Suffixes of counts.
pub(crate) const COUNTS: &[Unit] = &[("k", 1e3), ("M", 1e6), ("G", 1e9)];
const PER: &[Unit] = &[("/s", 1.0), ("/min", 1.0 / 60.0)];

/// Ways in which people write a unit that PostgreSQL writes otherwise.
const SLIPS: &[(&str, &str)] = &[
    ("b", "B"),
    ("byte", "B"),
    ("bytes", "B"),
    ("k", "kB"),
    ("kb", "kB"),
    ("kib", "kB"),
    ("m", "MB"),
    ("mb", "MB"),
    ("mib", "MB"),
    ("g", "GB"),
    ("gb", "GB"),
    ("gib", "GB"),
    ("t", "TB"),
    ("tb", "TB"),
    ("tib", "TB"),
    ("µs", "us"),
    ("μs", "us"),
    ("usec", "us"),
    ("microseconds", "us"),
    ("ms", "ms"),
    ("msec", "ms"),
    ("millisecond", "ms"),
    ("milliseconds", "ms"),
    ("millis", "ms"),
    ("s", "s"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("m", "min"),
    ("mins", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("min", "min"),
    ("hour", "h"),
    ("hours", "h"),
    ("hr", "h"),
    ("day", "d"),
    ("days", "d"),
    ("k", "k"),
    ("thousand", "k"),
    ("m", "M"),
    ("million", "M"),
    ("mio", "M"),
    ("g", "G"),
    ("b", "G"),
    ("billion", "G"),
    ("/sec", "/s"),
    ("/second", "/s"),
    ("ps", "/s"),
    ("tps", "/s"),
    ("hz", "/s"),
    ("/minute", "/min"),
    ("/m", "/min"),
];

/// What each kind of quantity looks like, for messages.
pub mod forms {
    /// A count.
    pub const COUNT: &str = "a count, such as `5000000`, `5M` or `20k`";
    /// A number.
    pub const NUMBER: &str = "a number";
    /// A duration.
    pub const DURATION: &str = "a duration, such as `150us`, `2ms`, `1.5s` or `5min`";
    /// A size.
    pub const SIZE: &str = "a size, such as `8kB`, `128MB` or `2GB`";
    /// A rate.
    pub const RATE: &str = "a rate, such as `500/s`";
    /// A bandwidth.
    pub const BANDWIDTH: &str = "a bandwidth, such as `500MB/s`";
    /// A switch.
    pub const SWITCH: &str = "`on` or `off`";
}

/// Splits a number from what follows it; `None` when there is no number in front.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits(end);
    end += whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign.min(bytes.len().saturating_sub(end + 1)));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    Some((text[..end].parse().ok()?, text[end..].trim_start()))
}

/// Reads a number with one of `units` (or none: then `bare` is the size of the base unit).
fn quantity(text: &str, units: &[Unit], bare: f64, expected: &'static str) -> Result<f64, SpellingError> {
    let error = |message: String, nearest: Option<String>| SpellingError { message, expected, nearest };
    let Some((number, unit)) = split_number(text) else {
        let lower = text.trim().trim_start_matches(['.', '-', '+']).to_ascii_lowercase();
        let message = match lower.as_str() {
            "nan" | "inf" | "infinity" => format!("`{text}` is not a finite number"),
            _ => format!("`{text}` is not a number"),
        };
        return Err(error(message, None));
    };
    let scale = if unit.is_empty() {
        bare
    } else if let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit) {
        *scale
    } else {
        let lower = unit.to_lowercase();
        let known = |name: &str| units.iter().any(|(n, _)| *n == name);
        let near = units
            .iter()
            .map(|(n, _)| *n)
            .find(|n| n.to_lowercase() == lower)
            .or_else(|| SLIPS.iter().find(|(slip, name)| *slip == lower && known(name)).map(|(_, name)| *name));
        let digits = text.trim().strip_suffix(unit).unwrap_or(text).trim_end();
        return Err(error(format!("unknown unit `{unit}` in `{text}`"), near.map(|n| format!("{digits}{n}"))));
    };
    // Dividing by 1000 gives the nearest double of 0.001, multiplying by 0.001 need not.
    let value = if scale < 1.0 { number / (1.0 / scale).round() } else { number * scale };
    if value.is_finite() { Ok(value) } else { Err(error(format!("`{text}` is not a finite number"), None)) }
}

fn not_negative(value: f64, text: &str, expected: &'static str) -> Result<f64, SpellingError> {
    // Adding zero turns a negative zero into a plain one.
    if value >= 0.0 {
        Ok(value + 0.0)
    } else {
        Err(SpellingError { message: format!("`{text}` is negative"), expected, nearest: None })
    }
}

/// Reads a finite number, with a count's suffixes allowed.
///
/// # Errors
/// Not a number, or not finite.
pub fn number(text: &str) -> Result<f64, SpellingError> {
    quantity(text, COUNTS, 1.0, forms::NUMBER)
}

/// Reads a count: `5000000`, `5M`, `20k` (1000-based), not negative.
///
/// # Errors
/// Not a number, negative, or with another unit.
pub fn count(text: &str) -> Result<f64, SpellingError> {
    not_negative(quantity(text, COUNTS, 1.0, forms::COUNT)?, text, forms::COUNT)
}

/// Reads a duration: `150us`, `2ms`, `1.5s`, `5min`; a bare number counts in `base`.
///
/// # Errors
/// Not a number, negative, or with a unit that PostgreSQL does not know.
pub fn duration(text: &str, base: Seconds) -> Result<Seconds, SpellingError> {
    not_negative(quantity(text, TIMES, base.get(), forms::DURATION)?, text, forms::DURATION).map(Seconds)
}

/// Reads a size: `8kB`, `128MB` (1024-based, case-sensitive); a bare number counts in `base`.
///
/// # Errors
/// Not a number, negative, or with a unit that PostgreSQL does not know.
pub fn size(text: &str, base: Bytes) -> Result<Bytes, SpellingError> {
    not_negative(quantity(text, BYTES, base.get(), forms::SIZE)?, text, forms::SIZE).map(Bytes)
}

/// Reads a rate: `500/s`, `30/min`, `20k/s`; a bare number counts per second.
///
/// # Errors
/// Not a number, negative, or per something else.
pub fn rate(text: &str) -> Result<Rate, SpellingError> {
    let (number, per) = text.find('/').map_or((text, ""), |at| text.split_at(at));
    let per = per.replace(char::is_whitespace, "");
    let count = match quantity(number, COUNTS, 1.0, forms::RATE) {
        Ok(count) => count,
        // `500tps` and its like.
        Err(e) if per.is_empty() => {
            return quantity(text, PER, 1.0, forms::RATE)
                .map(Rate)
                .map_err(|p| if p.nearest.is_some() { p } else { e });
        }
        Err(e) => return Err(e),
    };
    let scale = if per.is_empty() {
        1.0
    } else {
        quantity(&format!("1{per}"), PER, 1.0, forms::RATE).map_err(|e| {
            let nearest = e.nearest.as_ref().map(|n| format!("{}{}", number.trim(), &n[1..]));
            SpellingError { message: format!("unknown unit `{per}` in `{text}`"), nearest, ..e }
        })?
    };
    not_negative(count / (1.0 / scale).round(), text, forms::RATE).map(Rate)
}

/// Reads a bandwidth: `500MB/s`; a bare number counts bytes per second.
///
/// # Errors
/// Not a size, or not per second.
pub fn bandwidth(text: &str) -> Result<Bytes, SpellingError> {
    let trimmed = text.trim();
    let size = trimmed.strip_suffix("/s").map_or(trimmed, str::trim_end);
    let value = quantity(size, BYTES, 1.0, forms::BANDWIDTH)
        .map_err(|e| SpellingError { nearest: e.nearest.map(|n| format!("{n}/s")), ..e })?;
    not_negative(value, text, forms::BANDWIDTH).map(Bytes)
}

/// Reads a switch as PostgreSQL reads a boolean: on, off, true, false, yes, no, 1, 0, in any case.
///
/// # Errors
/// Anything else.
pub fn switch(text: &str) -> Result<bool, SpellingError> {
    match text.trim().to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" | "t" | "y" => Ok(true),
        "off" | "false" | "no" | "0" | "f" | "n" => Ok(false),
        other => Err(SpellingError {
            message: format!("`{text}` is not a switch"),
            expected: forms::SWITCH,
            nearest: crate::diagnostic::nearest(other, ["on", "off", "true", "false"]).map(str::to_owned),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Seconds = Seconds(1e-3);

    #[test]
    fn sizes_are_those_of_postgresql() {
        // As pg_size_bytes and postgresql.conf read them: 1024-based.
        for (text, bytes) in [
            ("8kB", 8192.0),
            ("128MB", 134_217_728.0),
            ("1.5GB", 1_610_612_736.0),
            ("7B", 7.0),
            ("1 TB", 1_099_511_627_776.0),
            ("0", 0.0),
        ] {
            assert_eq!(size(text, Bytes(1.0)).unwrap(), Bytes(bytes), "{text}");
        }
        assert_eq!(size("2", Bytes(8192.0)).unwrap(), Bytes(16384.0));
        for (text, near) in [("128mb", "128MB"), ("8KB", "8kB"), ("2G", "2GB"), ("1 gib", "1GB"), ("5M", "5MB")] {
            assert_eq!(size(text, Bytes(1.0)).unwrap_err().nearest.as_deref(), Some(near), "{text}");
        }
    }

    #[test]
    fn durations_are_those_of_postgresql() {
        for (text, seconds) in [
            ("150us", 150e-6),
            ("2ms", 2e-3),
            ("1.5s", 1.5),
            ("5min", 300.0),
            ("1h", 3600.0),
            ("1d", 86_400.0),
            ("3", 3e-3),
            ("0ms", 0.0),
            (".5s", 0.5),
            ("1e2ms", 0.1),
        ] {
            let read = duration(text, MS).unwrap().get();
            assert!((read - seconds).abs() <= 1e-12 * seconds, "{text}: {read}");
        }
        assert_eq!(duration("5 parsecs", MS).unwrap_err().message, "unknown unit `parsecs` in `5 parsecs`");
        assert_eq!(duration("5 sec", MS).unwrap_err().nearest.as_deref(), Some("5s"));
        assert_eq!(duration("5m", MS).unwrap_err().nearest.as_deref(), Some("5min"));
        assert_eq!(duration("-1ms", MS).unwrap_err().message, "`-1ms` is negative");
    }

    #[test]
    fn counts_and_rates() {
        for (text, n) in [("5000000", 5e6), ("5M", 5e6), ("20k", 2e4), ("1.5M", 1.5e6), ("2G", 2e9), ("-0", 0.0)] {
            assert_eq!(count(text).unwrap(), n, "{text}");
            assert!(count(text).unwrap().is_sign_positive());
        }
        assert_eq!(count("5m").unwrap_err().nearest.as_deref(), Some("5M"));
        assert_eq!(rate("500/s").unwrap(), Rate(500.0));
        assert_eq!(rate("20k / s").unwrap(), Rate(20_000.0));
        assert_eq!(rate("30/min").unwrap(), Rate(0.5));
        assert_eq!(rate("12.5").unwrap(), Rate(12.5));
        assert_eq!(rate("500/sec").unwrap_err().nearest.as_deref(), Some("500/s"));
        assert_eq!(rate("500tps").unwrap_err().nearest.as_deref(), Some("500/s"));
        assert_eq!(bandwidth("500MB/s").unwrap(), Bytes(524_288_000.0));
        assert_eq!(bandwidth("500mb/s").unwrap_err().nearest.as_deref(), Some("500MB/s"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "x", "NaN", "inf", "-inf", ".inf", ".nan", "1e999", "--1", "1..2", "e5", ".", "1e", "1e+"] {
            assert!(count(text).is_err(), "{text}");
            assert!(duration(text, MS).is_err(), "{text}");
            assert!(rate(text).is_err(), "{text}");
        }
        assert_eq!(number("NaN").unwrap_err().message, "`NaN` is not a finite number");
        assert!(number("-0.25").is_ok());
        assert_eq!(switch("ON"), Ok(true));
        assert_eq!(switch("onn").unwrap_err().nearest.as_deref(), Some("on"));
    }
}
