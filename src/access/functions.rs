//! What functions make of known values; of a text that is not known, its length.

use crate::access::values::{Value, binary};
use crate::sql::tree::Expr;
use crate::units::DAY;

/// Letters of a uuid written out.
pub const UUID_LETTERS: f64 = 36.0;
/// Letters of an MD5 digest in hexadecimal.
const MD5_LETTERS: f64 = 32.0;
/// Bytes of a repeated text up to which it is written out; of a longer one only the length is kept.
const LONGEST_TEXT: f64 = 65_536.0;

/// The value of a call.
#[must_use]
pub fn call(name: &str, args: &[Value]) -> Value {
    let number = |n: usize| args.get(n).and_then(Value::number);
    let bytes = |n: usize| args.get(n).and_then(Value::text_bytes);
    let sized = |bytes: Option<f64>| bytes.map_or(Value::Unknown, Value::Sized);
    let numeric = |of: fn(f64) -> f64| number(0).map_or(Value::Unknown, |n| Value::Number(of(n)));
    match (name, args.len()) {
        ("abs", 1) => numeric(f64::abs),
        ("floor", 1) => numeric(f64::floor),
        ("ceil" | "ceiling", 1) => numeric(f64::ceil),
        ("round", 1) => numeric(f64::round),
        ("mod", 2) => binary("%", &args[0], &args[1]),
        ("lower" | "upper", 1) => match args[0].text() {
            Some(text) if name == "lower" => Value::Text(text.to_lowercase()),
            Some(text) => Value::Text(text.to_uppercase()),
            None => sized(bytes(0)),
        },
        ("greatest" | "least", _) => {
            let numbers: Option<Vec<f64>> = args.iter().map(Value::number).collect();
            let pick = if name == "greatest" { f64::max } else { f64::min };
            numbers.and_then(|n| n.into_iter().reduce(pick)).map_or(Value::Unknown, Value::Number)
        }
        ("md5", 1) => Value::Sized(MD5_LETTERS),
        ("gen_random_uuid" | "uuid_generate_v4", 0) => Value::Sized(UUID_LETTERS),
        ("lpad" | "rpad", 2 | 3) => sized(number(1)),
        ("repeat", 2) => match args[0].text().zip(number(1)) {
            Some((text, n)) if text.len() as f64 * n <= LONGEST_TEXT => Value::Text(text.repeat(n.max(0.0) as usize)),
            _ => sized(bytes(0).zip(number(1)).map(|(b, n)| b * n.max(0.0))),
        },
        ("left" | "right", 2) => sized(bytes(0).zip(number(1)).map(|(b, n)| if n < 0.0 { b + n } else { b.min(n) })),
        ("concat", _) => concat(args.iter()),
        // Two letters make a byte.
        ("decode", 2) if args[1].text().as_deref() == Some("hex") => sized(bytes(0).map(|b| b / 2.0)),
        ("encode", 2) if args[1].text().as_deref() == Some("hex") => sized(bytes(0).map(|b| b * 2.0)),
        _ => Value::Unknown,
    }
}

/// Texts one after the other.
#[must_use]
pub fn concat<'v>(values: impl Iterator<Item = &'v Value>) -> Value {
    let mut joined = Some(String::new());
    let mut length = 0.0;
    for value in values {
        let Some(bytes) = value.text_bytes() else { return Value::Unknown };
        length += bytes;
        joined = joined.zip(value.text()).map(|(before, text)| before + &text);
    }
    joined.map_or(Value::Sized(length), Value::Text)
}

/// Whether an expression is a date, to which a whole number adds days.
#[must_use]
pub fn is_date(expr: &Expr) -> bool {
    match expr {
        Expr::Cast { to, .. } => to == "date",
        Expr::Column { qualifier: None, name, .. } => name == "current_date",
        Expr::Call { name, .. } => name.name == "current_date",
        Expr::Binary { op, left, right } if op == "+" || op == "-" => is_date(left) && !is_interval(right),
        _ => false,
    }
}

/// Whether an expression is an interval, or a product of one.
#[must_use]
pub fn is_interval(expr: &Expr) -> bool {
    match expr {
        Expr::Cast { to, .. } => to.starts_with("interval"),
        Expr::Call { name, .. } => name.name == "make_interval",
        Expr::Binary { left, right, .. } => is_interval(left) || is_interval(right),
        Expr::Unary { expr, .. } => is_interval(expr),
        _ => false,
    }
}

/// A number of days in seconds.
#[must_use]
pub fn days(value: Value) -> Value {
    match value {
        Value::Number(n) => Value::Number(n * DAY),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: `octet_length` of the same on PostgreSQL 15.
    #[test]
    fn lengths_as_the_server_makes_them() {
        let text = |t: &str| Value::Text(t.to_owned());
        assert_eq!(call("md5", &[Value::Unknown]).text_bytes(), Some(32.0));
        assert_eq!(call("rpad", &[Value::Unknown, Value::Number(13.0), text("x")]).text_bytes(), Some(13.0));
        assert_eq!(call("repeat", &[text("ab"), Value::Number(40.0)]).text_bytes(), Some(80.0));
        assert_eq!(call("decode", &[text("00112233"), text("hex")]).text_bytes(), Some(4.0));
        assert_eq!(concat([text("INV-"), Value::Sized(7.0)].iter()).text_bytes(), Some(11.0));
        assert_eq!(concat([text("a"), text("b")].iter()), text("ab"));
        assert_eq!(concat([text("a"), Value::Unknown].iter()), Value::Unknown);
    }
}
