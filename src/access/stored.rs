//! Bytes that a value of a statement takes in a row, where the value is known.

use crate::access::clause::ValueSet;
use crate::access::column::ColumnInfo;
use crate::access::compression;
use crate::access::values::Value;
use crate::schema::TypeFamily;
use crate::schema::sizes::{ColumnWidth, TOAST_THRESHOLD};

/// Longest value with a one-byte header, without it.
const SHORT_VALUE: f64 = 126.0;
/// Bytes of a value that makes its row one that the server compresses, whatever else is in it.
const WIDE_VALUE: f64 = TOAST_THRESHOLD - 24.0;
/// Bytes of a one-byte and of a full header.
const HEADERS: (f64, f64) = (1.0, 4.0);
/// Header of a numeric in its short form, without the varlena header (NumericShort, numeric.c).
const NUMERIC_HEADER: f64 = 2.0;
/// Bytes of a JEntry, and of a container's header (jsonb.h).
const JSON_WORD: f64 = 4.0;

/// The width of a column once `value` is stored in it, with the share of executions that store a null;
/// what is not known of the value is as the column's statistics say.
#[must_use]
pub fn width(column: &ColumnInfo, value: &ValueSet) -> ColumnWidth {
    let mut stored = column.width;
    if value.values.iter().all(|v| *v == Value::Unknown) {
        return stored;
    }
    let nulls = value.values.iter().filter(|v| **v == Value::Null).count();
    stored.null_fraction = nulls as f64 / value.values.len() as f64;
    if column.width.varlena && column.fixed_text.is_none() {
        let known: Vec<f64> = value.values.iter().filter_map(|v| bytes(column.family, v)).collect();
        if !known.is_empty() {
            stored.bytes = known.iter().sum::<f64>() / known.len() as f64;
            stored.spread = 0.0;
        }
    }
    stored
}

/// Bytes that a value grows by when this one is added to its end.
#[must_use]
pub fn added_bytes(family: TypeFamily, value: &Value) -> Option<f64> {
    let headers = if family == TypeFamily::Json { HEADERS.0 + JSON_WORD } else { HEADERS.0 };
    bytes(family, value).map(|bytes| (bytes - headers).max(0.0))
}

/// Bytes of one value, its header included; `None` when they do not follow from it.
pub(super) fn bytes(family: TypeFamily, value: &Value) -> Option<f64> {
    let mut data = match family {
        TypeFamily::Text => value.text_bytes()?,
        TypeFamily::Bytes => match value {
            Value::Sized(bytes) => *bytes,
            other => other.text()?.strip_prefix("\\x")?.len() as f64 / 2.0,
        },
        TypeFamily::Json => {
            let text = value.text()?;
            let document = serde_json::from_str(&text).ok()?;
            // A json column keeps the text, which is about as long.
            JSON_WORD.max(json(&document, 0.0))
        }
        TypeFamily::Numeric => NUMERIC_HEADER + 2.0 * numeric_digits(&value.text()?)?,
        _ => return None,
    };
    if data > WIDE_VALUE
        && let Some(text) = value.text()
        && let Some(shorter) = compression::compressed(text.as_bytes())
    {
        // A document compresses about as its text does.
        data *= shorter / text.len() as f64;
    }
    Some(data + if data <= SHORT_VALUE { HEADERS.0 } else { HEADERS.1 })
}

/// Digits to the base of 10,000 of a decimal number, zeros at its ends apart.
fn numeric_digits(text: &str) -> Option<f64> {
    let unsigned = text.trim_start_matches(['-', '+']);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if !whole.chars().chain(fraction.chars()).all(|c| c.is_ascii_digit()) {
        return None;
    }
    let groups = |digits: usize| digits.div_ceil(4);
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    if fraction.is_empty() {
        // Trailing groups of zeros are not stored.
        let zeros = (whole.len() - whole.trim_end_matches('0').len()) / 4;
        return Some((groups(whole.len()) - zeros.min(groups(whole.len()))) as f64);
    }
    Some((groups(whole.len()) + groups(fraction.len())) as f64)
}

/// Bytes of a jsonb value that starts at `offset` of its document (convertJsonbValue, jsonb_util.c).
fn json(value: &serde_json::Value, offset: f64) -> f64 {
    use serde_json::Value;
    let padding = (offset / 4.0).ceil() * 4.0 - offset;
    match value {
        Value::Null | Value::Bool(_) => 0.0,
        Value::String(text) => text.len() as f64,
        Value::Number(number) => {
            let digits = numeric_digits(&number.to_string()).unwrap_or(2.0);
            padding + HEADERS.1 + NUMERIC_HEADER + 2.0 * digits
        }
        Value::Array(items) => {
            let start = offset + padding;
            let mut end = start + JSON_WORD * (1.0 + items.len() as f64);
            for item in items {
                end += json(item, end);
            }
            padding + end - start
        }
        Value::Object(pairs) => {
            let start = offset + padding;
            let mut end = start + JSON_WORD * (1.0 + 2.0 * pairs.len() as f64);
            end += pairs.keys().map(|k| k.len() as f64).sum::<f64>();
            for item in pairs.values() {
                end += json(item, end);
            }
            padding + end - start
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: pg_column_size() of values stored in a table of PostgreSQL 15.
    #[test]
    fn sizes_as_the_server_stores_them() {
        let size = |family, text: &str| bytes(family, &Value::Text(text.to_owned()));
        assert_eq!(size(TypeFamily::Text, "twelve bytes"), Some(13.0));
        for (text, expected) in [("0", 3.0), ("10", 5.0), ("45.50", 7.0), ("10000", 5.0), ("12345.6789", 9.0)] {
            assert_eq!(size(TypeFamily::Numeric, text), Some(expected), "{text}");
        }
        let login = r#"{"action": "login", "host": "10.0.0.1", "result": "ok"}"#;
        for (text, expected) in [("{}", 5.0), (login, 60.0), (r#"{"k1": 1, "k2": 1}"#, 41.0)] {
            assert_eq!(size(TypeFamily::Json, text), Some(expected), "{text}");
        }
    }
}
