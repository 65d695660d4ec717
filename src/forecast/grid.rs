//! Provides the values of a sweep: `1,2,4`, `1..8`, `0..100+25`, `1..64x2`, `50us..2msx2`.

use std::ops::Range;

use crate::units::spelling::{BYTES, COUNTS, TIMES};

/// Most values that one key may take; more is a slip, not a question.
pub const MAX_VALUES: usize = 1_000_000;

/// A list of values that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GridError {
    /// What is wrong.
    pub message: String,
    /// Where, as bytes of the text.
    pub span: Range<usize>,
    /// What would have been right.
    pub expected: &'static str,
}

const RANGE: &str = "a range such as `1..8`, `0..100+25`, `1..64x2` or `50us..2msx2`";

/// The values that `text` stands for, in the order written.
///
/// Commas inside quotes, brackets and braces do not separate, so that a value may be a YAML list or
/// map. An entry whose two ends are numbers in units of one kind is a range; anything else is a
/// value as it stands. Both ends are included; without `+` or `x` the step is 1 of the unit of the
/// lower end. Values of a range are written in the unit of its lower end.
///
/// # Errors
/// An empty entry, a reversed range, a step that does not move, units that do not match, more than
/// [`MAX_VALUES`] values.
pub fn values(text: &str) -> Result<Vec<String>, GridError> {
    let mut out = Vec::new();
    for span in entries(text) {
        let entry = &text[span.clone()];
        if entry.trim().is_empty() {
            let message = if text.trim().is_empty() { "no value" } else { "empty entry in a list of values" };
            return Err(GridError { message: message.into(), span, expected: "`a,b,c` or a range such as `1..64x2`" });
        }
        match range(entry, &span)? {
            Some(values) => out.extend(values),
            None => out.push(entry.trim().to_owned()),
        }
        if out.len() > MAX_VALUES {
            return Err(too_many(span));
        }
    }
    Ok(out)
}

fn too_many(span: Range<usize>) -> GridError {
    GridError {
        message: format!("more than {MAX_VALUES} values"),
        span,
        expected: "a larger step, or a factor such as `x2`",
    }
}

/// Byte ranges between the commas that separate.
fn entries(text: &str) -> Vec<Range<usize>> {
    let (mut depth, mut quote, mut start, mut out) = (0i32, None, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{' | '(') => depth += 1,
            (None, ']' | '}' | ')') => depth -= 1,
            (None, ',') if depth <= 0 => {
                out.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(start..text.len());
    out
}

/// A number with the unit it was written in.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Number<'a> {
    value: f64,
    unit: &'a str,
}

/// The size of a unit within its kind, and a number that tells kinds apart; the empty unit counts.
fn kind_and_size(unit: &str) -> Option<(usize, f64)> {
    let (per_second, name) = unit.strip_suffix("/s").map_or((0, unit), |name| (10, name));
    match name {
        "" => return Some((per_second, 1.0)),
        "%" if per_second == 0 => return Some((5, 1.0)),
        _ => {}
    }
    [COUNTS, BYTES, TIMES]
        .iter()
        .enumerate()
        .find_map(|(kind, units)| units.iter().find(|(n, _)| *n == name).map(|(_, size)| (per_second + kind, *size)))
}

/// How many of unit `to` one of unit `from` is; `None` when they are of different kinds.
fn ratio(from: &str, to: &str) -> Option<f64> {
    let ((kind, size), (to_kind, to_size)) = (kind_and_size(from)?, kind_and_size(to)?);
    (kind == to_kind).then_some(size / to_size)
}

/// Reads `12`, `1.5ms` and the like at the beginning of `text`, and what follows.
fn number(text: &str) -> Option<(Number<'_>, &str)> {
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    // `1..8`: the first dot of `..` is no decimal point.
    let digits = text[..digits].find("..").unwrap_or(digits);
    let value: f64 = text[..digits].parse().ok()?;
    let rest = &text[digits..];
    let end = rest.find(|c: char| !(c.is_ascii_alphabetic() || c == '/' || c == '%')).unwrap_or(rest.len());
    // A factor's `x` directly after a unit (`2msx2`) belongs to no unit.
    let end = rest[..end].find('x').unwrap_or(end);
    let (unit, rest) = rest.split_at(end);
    kind_and_size(unit).map(|_| (Number { value, unit }, rest))
}

fn range(entry: &str, span: &Range<usize>) -> Result<Option<Vec<String>>, GridError> {
    let fail = |message: String| GridError { message, span: span.clone(), expected: RANGE };
    let text = entry.trim();
    let Some((lo, rest)) = number(text) else { return Ok(None) };
    let Some(rest) = rest.trim_start().strip_prefix("..") else { return Ok(None) };
    let Some((hi, rest)) = number(rest.trim_start()) else {
        return Err(fail(format!("`{text}` has no number after `..`")));
    };
    let convert = |n: Number<'_>| {
        ratio(n.unit, lo.unit)
            .map(|r| n.value * r)
            .ok_or_else(|| fail(format!("`{}` and `{}` are units of different kinds", lo.unit, n.unit)))
    };
    let (low, high) = (lo.value, convert(hi)?);
    if low > high {
        return Err(fail(format!("reversed range `{text}`")));
    }
    let rest = rest.trim();
    let (step, factor) = match (rest.strip_prefix('+'), rest.strip_prefix('x')) {
        _ if rest.is_empty() => (1.0, 1.0),
        (Some(step), _) => match number(step.trim()) {
            Some((n, "")) if n.value > 0.0 => (convert(n)?, 1.0),
            _ => return Err(fail(format!("`{step}` is not a step above zero"))),
        },
        (_, Some(factor)) => match factor.trim().parse::<f64>() {
            Ok(f) if f > 1.0 && f.is_finite() && low > 0.0 => (0.0, f),
            Ok(f) if f > 1.0 && f.is_finite() => return Err(fail(format!("`{text}` would multiply zero"))),
            _ => return Err(fail(format!("`{factor}` is not a factor above 1"))),
        },
        _ => return Err(fail(format!("`{rest}` after the range `{text}`"))),
    };
    let mut out = Vec::new();
    for i in 0u32.. {
        let value = low * factor.powi(i.try_into().unwrap_or(i32::MAX)) + step * f64::from(i);
        // A little slack, so that 0.1 + 2 * 0.1 still counts as 0.3.
        if value > high * (1.0 + 1e-9) {
            break;
        }
        if out.len() >= MAX_VALUES {
            return Err(too_many(span.clone()));
        }
        out.push(format!("{}{}", tidy(value), lo.unit));
    }
    Ok(Some(out))
}

/// The value without the last bits' noise: 0.3 rather than 0.30000000000000004.
fn tidy(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> String {
        values(text).map(|v| v.join(" ")).unwrap_or_else(|e| format!("error at {:?}: {e}", e.span))
    }

    #[test]
    fn lists_and_ranges() {
        assert_eq!(list("1,2,4..64x2"), "1 2 4 8 16 32 64");
        assert_eq!(list("1..5"), "1 2 3 4 5");
        assert_eq!(list("1..10+4"), "1 5 9");
        assert_eq!(list("0.1..0.5+0.1"), "0.1 0.2 0.3 0.4 0.5");
        assert_eq!(list("1..64x4"), "1 4 16 64");
        assert_eq!(list("8..8"), "8");
        assert_eq!(list("on, off"), "on off");
    }

    #[test]
    fn units() {
        assert_eq!(list("50us..2msx2"), "50us 100us 200us 400us 800us 1600us");
        assert_eq!(list("50us .. 1ms x 4"), "50us 200us 800us");
        assert_eq!(list("1GB..4GB+512MB"), "1GB 1.5GB 2GB 2.5GB 3GB 3.5GB 4GB");
        assert_eq!(list("100/s..300/s+100/s"), "100/s 200/s 300/s");
        assert_eq!(list("500k..2Mx2"), "500k 1000k 2000k");
        assert_eq!(list("100MB/s..400MB/sx2"), "100MB/s 200MB/s 400MB/s");
    }

    #[test]
    fn values_that_are_not_ranges_stand_as_they_are() {
        assert_eq!(values("{open: 0.9, paid: 0.1},[1, 2]").unwrap(), ["{open: 0.9, paid: 0.1}", "[1, 2]"]);
        assert_eq!(values("'a,b',c").unwrap(), ["'a,b'", "c"]);
        assert_eq!(list("../x.sql"), "../x.sql");
        assert_eq!(list("2026-01-31"), "2026-01-31");
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        assert_eq!(list("1,,2"), "error at 2..2: empty entry in a list of values");
        assert_eq!(list("1,9..3"), "error at 2..6: reversed range `9..3`");
        assert!(list("1..8x1").contains("not a factor above 1"));
        assert!(list("0..8x2").contains("multiply zero"));
        assert!(list("1..8+0").contains("not a step above zero"));
        assert!(list("1ms..8kB").contains("different kinds"));
        assert!(list("1..").contains("no number after"));
        assert!(list("1..8y").contains("`..`") || list("1..8y").contains("no number"));
        assert!(list("0..1e9").contains("after the range") || list("0..1e9").contains("no number"));
        assert!(list("1..2000000").contains("more than 1000000 values"));
        assert_eq!(list(""), "error at 0..0: no value");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered(text in "[0-9a-zA-Z.,+x{}'\" é-]{0,24}") {
            if let Err(e) = values(&text) {
                assert!(text.get(e.span.clone()).is_some(), "{text:?}: the span {:?} is of the text", e.span);
            }
        }

        #[test]
        fn a_range_has_its_ends_and_rises(lo in 1u32..1000, more in 0u32..1000, step in 1u32..50) {
            let all: Vec<u32> = values(&format!("{lo}..{}+{step}", lo + more)).unwrap()
                .iter().map(|v| v.parse().unwrap()).collect();
            assert_eq!(all.first(), Some(&lo));
            assert!(all.windows(2).all(|w| w[1] - w[0] == step));
            assert_eq!(all.len() as u32, more / step + 1);
        }
    }
}
