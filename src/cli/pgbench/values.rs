//! Values of pgbench's options, refused in pgbench's own words.

use crate::cli::options::ClientList;
use crate::workload::Protocol;
use crate::workload::pgbench::PartitionMethod;

/// `--max-tries`; 0 is without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries(pub u32);

const MOST: u32 = i32::MAX.unsigned_abs();

fn integer(text: &str, option: &str, least: u32, most: u32) -> Result<u32, String> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("invalid value \"{text}\" for option {option}"));
    }
    let out = || format!("{option} must be in range {least}..{most}");
    let value: i64 = text.parse().map_err(|_| out())?;
    u32::try_from(value).ok().filter(|n| (least..=most).contains(n)).ok_or_else(out)
}

fn number(text: &str, what: &str, fits: impl Fn(f64) -> bool) -> Result<f64, String> {
    let value: Option<f64> = text.trim().parse().ok();
    value.filter(|x| x.is_finite() && fits(*x)).ok_or_else(|| format!("invalid {what}: \"{text}\""))
}

pub fn clients(text: &str) -> Result<ClientList, String> {
    if text.contains([',', '.']) {
        return ClientList::parse(text);
    }
    integer(text, "-c/--clients", 1, MOST).map(|n| ClientList(vec![n.into()]))
}

pub fn jobs(text: &str) -> Result<u32, String> {
    integer(text, "-j/--jobs", 1, MOST)
}

pub fn scale(text: &str) -> Result<u32, String> {
    integer(text, "-s/--scale", 1, MOST)
}

pub fn transactions(text: &str) -> Result<u32, String> {
    integer(text, "-t/--transactions", 1, MOST)
}

pub fn time(text: &str) -> Result<u32, String> {
    integer(text, "-T/--time", 1, MOST)
}

pub fn fillfactor(text: &str) -> Result<u32, String> {
    integer(text, "-F/--fillfactor", 10, 100)
}

pub fn progress(text: &str) -> Result<u32, String> {
    integer(text, "-P/--progress", 1, MOST)
}

pub fn aggregate(text: &str) -> Result<u32, String> {
    integer(text, "--aggregate-interval", 1, MOST)
}

pub fn partitions(text: &str) -> Result<u32, String> {
    integer(text, "--partitions", 0, MOST)
}

pub fn tries(text: &str) -> Result<Tries, String> {
    integer(text, "", 0, MOST).map(Tries).map_err(|_| format!("invalid number of maximum tries: \"{text}\""))
}

pub fn rate(text: &str) -> Result<f64, String> {
    number(text, "rate limit", |x| x > 0.0)
}

pub fn latency(text: &str) -> Result<f64, String> {
    number(text, "latency limit", |x| x > 0.0)
}

pub fn sampling(text: &str) -> Result<f64, String> {
    number(text, "sampling rate", |x| x > 0.0 && x <= 1.0)
}

pub fn protocol(text: &str) -> Result<Protocol, String> {
    let unknown = || format!("invalid query mode (-M): \"{text}\"; expected simple, extended or prepared");
    Protocol::named(text).ok_or_else(unknown)
}

pub fn method(text: &str) -> Result<PartitionMethod, String> {
    match text.to_ascii_lowercase().as_str() {
        "range" => Ok(PartitionMethod::Range),
        "hash" => Ok(PartitionMethod::Hash),
        _ => Err(format!("invalid partition method, expected \"range\" or \"hash\", got: \"{text}\"")),
    }
}

pub fn steps(text: &str) -> Result<String, String> {
    match text.chars().find(|c| !"dtgGvpf ".contains(*c)) {
        None if text.is_empty() => Err("no initialization steps specified".to_owned()),
        None => Ok(text.to_owned()),
        Some(c) => Err(format!("unrecognized initialization step \"{c}\"; Allowed step characters are: \"dtgGvpf\".")),
    }
}

pub fn seed(text: &str) -> Result<String, String> {
    match text {
        "" | "time" | "rand" => Ok(text.to_owned()),
        _ if text.parse::<u64>().is_ok() => Ok(text.to_owned()),
        _ => Err(format!(
            "unrecognized random seed option \"{text}\": Expecting an unsigned integer, \"time\" or \"rand\"; \
             error while setting random seed from --random-seed option"
        )),
    }
}

pub fn define(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("invalid variable definition: \"{text}\"")),
    }
}

/// A script's name and weight, from `name` or `name@weight`.
///
/// # Errors
/// A weight that is no whole number, or out of range.
pub fn weighted(text: &str) -> Result<(&str, u32), String> {
    let Some(at) = text.rfind('@') else { return Ok((text, 1)) };
    let (name, weight) = (&text[..at], &text[at + 1..]);
    let digits = weight.strip_prefix('-').unwrap_or(weight);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("invalid weight specification: {}", &text[at..]));
    }
    match weight.parse::<u32>() {
        Ok(w) if w <= MOST => Ok((name, w)),
        _ => Err(format!("weight specification out of range (0 .. {MOST}): {weight}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words are those of pgbench 15.
    #[test]
    fn refused_as_by_pgbench() {
        assert_eq!(clients("three").unwrap_err(), "invalid value \"three\" for option -c/--clients");
        assert_eq!(clients("0").unwrap_err(), "-c/--clients must be in range 1..2147483647");
        assert_eq!(aggregate("-3").unwrap_err(), "--aggregate-interval must be in range 1..2147483647");
        assert_eq!(scale("99999999999999999999").unwrap_err(), "-s/--scale must be in range 1..2147483647");
        assert_eq!(tries("-10").unwrap_err(), "invalid number of maximum tries: \"-10\"");
        assert_eq!(rate("0.0").unwrap_err(), "invalid rate limit: \"0.0\"");
        assert_eq!(define("foobla").unwrap_err(), "invalid variable definition: \"foobla\"");
        assert_eq!(weighted("select-only@one").unwrap_err(), "invalid weight specification: @one");
        assert!(weighted("a@-1").unwrap_err().ends_with(": -1"));
        assert_eq!(weighted("dir@2/a.sql@3"), Ok(("dir@2/a.sql", 3)));
        assert_eq!(clients("1,4"), Ok(ClientList(vec![1, 4])));
    }
}
