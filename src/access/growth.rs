//! How long a new value is that is made of the old one: with text, elements or keys added to it.

use crate::access::clause::Reader;
use crate::access::column::ColumnInfo;
use crate::access::postgres::ARRAY_HEADER;
use crate::access::stored;
use crate::access::values::Value;
use crate::schema::TypeFamily;
use crate::schema::sizes::ColumnWidth;
use crate::sql::tree::Expr;

/// To what the elements of an array of text or integer are aligned, bytes.
const ARRAY_ALIGN: f64 = 4.0;
/// Full header of an element of variable length.
const ELEMENT_HEADER: f64 = 4.0;

/// What an expression adds to the old value.
#[derive(Debug, Clone, Copy, Default)]
struct Added {
    bytes: f64,
    /// Bytes of what stands for a null (`coalesce`); without it a null stays null.
    instead_of_null: Option<f64>,
}

/// The width of the new value; `None` where it is not the old one with something added.
#[must_use]
pub fn width(column: &ColumnInfo, value: &Expr, reader: &Reader<'_>) -> Option<ColumnWidth> {
    if !column.width.varlena || matches!(value, Expr::Column { .. }) {
        return None;
    }
    let added = added(column, value, reader)?;
    let old = column.width;
    let (bytes, null_fraction) = match added.instead_of_null {
        Some(default) => (old.bytes * (1.0 - old.null_fraction) + default * old.null_fraction, 0.0),
        None => (old.bytes, old.null_fraction),
    };
    Some(ColumnWidth { bytes: bytes + added.bytes, null_fraction, ..old })
}

fn added(column: &ColumnInfo, value: &Expr, reader: &Reader<'_>) -> Option<Added> {
    let more = |old: Added, expr: &Expr| {
        let bytes = reader.value(expr).values.first().and_then(|v| stored::added_bytes(column.family, v));
        Added { bytes: old.bytes + bytes.unwrap_or(0.0), ..old }
    };
    match value {
        Expr::Column { name, .. } if *name == column.name => Some(Added::default()),
        Expr::Cast { expr, .. } => added(column, expr, reader),
        Expr::Binary { op, left, right } if op == "||" => match added(column, left, reader) {
            Some(old) => Some(more(old, right)),
            None => added(column, right, reader).map(|old| more(old, left)),
        },
        Expr::Call { name, args, .. } => match (name.name.as_str(), &args[..]) {
            ("coalesce", [old, default]) => {
                let old = added(column, old, reader)?;
                let default = reader.value(default).values.first().and_then(|v| default_bytes(column, v))?;
                Some(Added { instead_of_null: Some(default), ..old })
            }
            ("array_append", [old, element]) | ("array_prepend", [element, old]) => {
                let old = added(column, old, reader)?;
                let bytes = reader.value(element).values.first().map_or(0.0, element_bytes);
                // An array of nothing is made of a null.
                let instead_of_null = Some(old.instead_of_null.unwrap_or(ARRAY_HEADER));
                Some(Added { bytes: old.bytes + bytes, instead_of_null })
            }
            // Nulls count as nothing.
            ("concat", parts) => {
                let at = parts.iter().position(|p| added(column, p, reader).is_some())?;
                let old = added(column, &parts[at], reader)?;
                let others = parts.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, p)| p);
                let sum = others.fold(old, more);
                Some(Added { instead_of_null: Some(old.instead_of_null.unwrap_or(1.0)), ..sum })
            }
            _ => None,
        },
        _ => None,
    }
}

/// Bytes of what stands for a null, its header included; an empty array is its header.
fn default_bytes(column: &ColumnInfo, value: &Value) -> Option<f64> {
    if column.elements.is_some() || value.text().as_deref() == Some("{}") && column.family != TypeFamily::Json {
        return Some(1.0 + ARRAY_HEADER);
    }
    stored::bytes(column.family, value)
}

fn element_bytes(value: &Value) -> f64 {
    let text = value.text_bytes().filter(|_| matches!(value, Value::Text(_) | Value::Sized(_)));
    let bytes = text.map_or(ARRAY_ALIGN, |bytes| ELEMENT_HEADER + bytes);
    (bytes / ARRAY_ALIGN).ceil() * ARRAY_ALIGN
}
