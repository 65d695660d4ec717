//! Keys that one row has in a GIN index, and their bytes.

use std::collections::BTreeSet;

use crate::access::column::ColumnInfo;
use crate::access::postgres::{ARRAY_HEADER, INDEX_HEADER};
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::values::Value;
use crate::schema::TypeFamily;
use crate::schema::btree::RANDOM_FILL;
use crate::units::PAGE_BYTES;

/// Bytes of the entry that stands for a row without keys: header, nulls and category (GinFormTuple, ginentrypage.c).
const PLACEHOLDER: f64 = 24.0;
/// Bytes of a text with its header that an element is when nothing is known of it.
const ELEMENT_BYTES: f64 = 8.0;
/// Bytes of a lexeme with its position in a tsvector.
const LEXEME_BYTES: f64 = 12.0;
/// Bytes of a key with its value in a jsonb object, their headers included.
const JSON_PAIR_BYTES: f64 = 20.0;
/// Bytes of a hash, which is what jsonb_path_ops keeps of a value and its path.
const PATH_HASH: f64 = 4.0;
/// Pages of the table that a distance of two bytes spans: 14 bits, of which 11 number the rows of a page.
const PAGES_OF_TWO_BYTES: f64 = 8.0;
/// Bytes of rows up to which they stand in the entry itself (GinMaxItemSize, about a third of a page).
const INLINE_BYTES: f64 = 2712.0;
/// Bytes of a row in such a list, and of an entry without it.
const INLINE_ROW_BYTES: f64 = 2.0;
const ENTRY_BYTES: f64 = 24.0;
/// Header of a short text, and the flag in front of a key or value of jsonb_ops (jsonb.h).
const TEXT_HEADER: f64 = 1.0;
const JSON_FLAG: f64 = 1.0;

fn entry(bytes: f64) -> f64 {
    ((INDEX_HEADER + bytes) / 8.0).ceil() * 8.0
}

/// Bytes of the entries that an average row has.
#[must_use]
pub fn average_bytes(info: &TableInfo, index: &IndexInfo) -> f64 {
    columns(info, index)
        .map(|column| {
            let (count, bytes) = keys(column, index.hashes_paths);
            let some = (1.0 - column.null_fraction) * count * entry(bytes);
            some + column.null_fraction * PLACEHOLDER
        })
        .sum()
}

/// Bytes of the entries of a row with these values, one for each column of the index; `None` where a value is not known.
#[must_use]
pub fn bytes_of(info: &TableInfo, index: &IndexInfo, value: &dyn Fn(&str) -> Option<Value>) -> Option<f64> {
    let mut sum = 0.0;
    for column in columns(info, index) {
        let lengths = match value(&column.name)? {
            Value::Null => Vec::new(),
            Value::Text(text) if column.family == TypeFamily::Json => {
                json_keys(&serde_json::from_str(&text).ok()?, index.hashes_paths)
            }
            Value::Text(text) if text.starts_with('{') => array_keys(&text, column),
            _ => return None,
        };
        sum += if lengths.is_empty() { PLACEHOLDER } else { lengths.into_iter().map(entry).sum() };
    }
    Some(sum)
}

/// The pages of a GIN index, as vacuum counts them for the planner (ginUpdateStats).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GinShape {
    /// Pages of the tree of keys, short lists of rows included.
    pub entry_pages: f64,
    /// Pages of posting trees, by key.
    pub data_pages_per_key: f64,
}

/// The shape of an index; where the elements are not known, all is taken to be in the tree of keys.
#[must_use]
pub fn shape(info: &TableInfo, index: &IndexInfo) -> GinShape {
    let mut shape = GinShape { entry_pages: index.pages, data_pages_per_key: 0.0 };
    for column in columns(info, index) {
        let Some(elements) = &column.elements else { continue };
        let (Some(distinct), Some(count)) = (elements.distinct, elements.avg_count) else { continue };
        let common: f64 = elements.most_common.iter().map(|(_, share)| share).sum();
        let rare = (distinct - elements.most_common.len() as f64).max(1.0);
        let present = info.rows * (1.0 - column.null_fraction);
        let each = present * (count - common).max(0.0) / rare;
        let data = rare * posting_pages(each, info.pages).ceil()
            + elements.most_common.iter().map(|(_, f)| posting_pages(present * f, info.pages).ceil()).sum::<f64>();
        let inline = if data < rare { rare * each * INLINE_ROW_BYTES } else { 0.0 };
        shape.entry_pages = ((inline + rare * ENTRY_BYTES) / (PAGE_BYTES * RANDOM_FILL)).max(1.0);
        shape.data_pages_per_key = shape.data_pages_per_key.max(data / distinct.max(1.0));
    }
    shape
}

fn columns<'t>(info: &'t TableInfo, index: &'t IndexInfo) -> impl Iterator<Item = &'t ColumnInfo> {
    let columns = index.keys.iter().zip(&index.expression_stats);
    columns.filter_map(|(key, stats)| key.map_or(stats.as_ref(), |k| info.columns.get(k)))
}

/// Pages of the posting trees that hold `rows` rows of a table of `pages` pages: each row as its distance from the one
/// before it (ginpostinglist.c), a page of the table being 2048 apart.
#[must_use]
pub fn posting_pages(rows: f64, pages: f64) -> f64 {
    let apart = pages.max(1.0) / rows.max(1.0);
    // In a byte what is on the same page.
    let bytes = if apart < PAGES_OF_TWO_BYTES { 1.0 + apart.min(1.0) } else { 3.0 };
    let held = rows * bytes;
    if held <= INLINE_BYTES { 0.0 } else { held / (PAGE_BYTES * RANDOM_FILL) }
}

/// Keys of one value and their bytes: elements of an array, keys and values of jsonb, lexemes.
fn keys(column: &ColumnInfo, hashes_paths: bool) -> (f64, f64) {
    let known = column.elements.as_ref().and_then(|e| e.avg_count);
    match column.family {
        TypeFamily::Json => {
            let pairs = known.unwrap_or((column.width.bytes / JSON_PAIR_BYTES).max(1.0));
            if hashes_paths { (pairs, PATH_HASH) } else { (2.0 * pairs, ELEMENT_BYTES) }
        }
        _ => match known {
            Some(count) => (count, ((column.width.bytes - ARRAY_HEADER) / count.max(1.0)).max(4.0)),
            None => ((column.width.bytes / LEXEME_BYTES).max(1.0), ELEMENT_BYTES),
        },
    }
}

/// Bytes of the different elements of an array, written as the server writes one.
fn array_keys(text: &str, column: &ColumnInfo) -> Vec<f64> {
    let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
    let elements: BTreeSet<&str> = inner.split(',').map(str::trim).filter(|e| !e.is_empty()).collect();
    let width = |e: &str| match e.parse::<i64>() {
        Ok(_) if column.family == TypeFamily::Machine => 8.0,
        _ => TEXT_HEADER + e.trim_matches('"').len() as f64,
    };
    elements.into_iter().map(width).collect()
}

/// Bytes of the keys of a JSON document.
fn json_keys(document: &serde_json::Value, hashes_paths: bool) -> Vec<f64> {
    let mut found = BTreeSet::new();
    collect(document, "", hashes_paths, &mut found);
    let width = |key: &String| if hashes_paths { PATH_HASH } else { TEXT_HEADER + JSON_FLAG + key.len() as f64 };
    found.iter().map(width).collect()
}

fn collect(value: &serde_json::Value, path: &str, hashes_paths: bool, found: &mut BTreeSet<String>) {
    use serde_json::Value as Json;
    match value {
        Json::Object(pairs) => {
            for (key, value) in pairs {
                if !hashes_paths {
                    found.insert(key.clone());
                }
                collect(value, &format!("{path}/{key}"), hashes_paths, found);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, path, hashes_paths, found)),
        scalar => {
            let text = scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned);
            found.insert(if hashes_paths { format!("{path}={text}") } else { text });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: buffers of Bitmap Index Scans on PostgreSQL 15, their descents of 3 pages apart: elements of
    /// 59,200 and 1,866 of 300,000 rows on 12,000 pages, inserted row by row.
    #[test]
    fn pages_of_posting_trees() {
        let pages = posting_pages(59_200.0, 12_000.0);
        assert!((pages / 11.0 - 1.0).abs() < 0.2, "{pages}");
        assert!((posting_pages(1_866.0, 12_000.0) - 1.0).abs() < 0.5);
        assert_eq!(posting_pages(300.0, 12_000.0), 0.0);
    }

    /// Reference values: differences of XLOG_GIN_UPDATE_META_PAGE records of PostgreSQL 15.
    #[test]
    fn keys_of_documents() {
        let document = serde_json::from_str(r#"{"a": 1, "b": ["x", "y", "x"]}"#).unwrap();
        assert_eq!(json_keys(&document, false).len(), 5);
        assert_eq!(json_keys(&document, true), [4.0, 4.0, 4.0]);
        assert!(json_keys(&serde_json::json!({}), true).is_empty());
    }
}
