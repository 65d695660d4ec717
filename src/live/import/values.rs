//! Values of columns, as YAML and as what clients draw.

use super::catalog::{Column, Statistics};
use super::text_scalar;

/// Bounds of a histogram that go into the file; PostgreSQL keeps a hundred.
const BOUNDS: usize = 11;
/// Values that are written out one by one.
pub(super) const LISTED: usize = 10;

/// A value as the type's own scalar: numbers and booleans bare, everything else a text.
pub(super) fn scalar(column: &Column, value: &str) -> String {
    match column.category {
        'N' if value.parse::<f64>().is_ok_and(f64::is_finite) => value.to_owned(),
        'B' => if value == "t" { "true" } else { "false" }.to_owned(),
        _ => serde_json::Value::from(value).to_string(),
    }
}

/// Whether bounds mean anything to the model: numbers and times.
pub(super) fn is_ordered(column: &Column) -> bool {
    matches!(column.category, 'N' | 'D')
}

/// Every tenth bound, the first and last included.
pub(super) fn thinned(bounds: &[String]) -> Vec<&String> {
    if bounds.len() <= BOUNDS {
        return bounds.iter().collect();
    }
    (0..BOUNDS).filter_map(|i| bounds.get(i * (bounds.len() - 1) / (BOUNDS - 1))).collect()
}

/// A number short enough to read, which means the same.
pub(super) fn short(x: f64) -> String {
    let rounded = format!("{x:.6}");
    let trimmed = rounded.trim_end_matches('0').trim_end_matches('.');
    if trimmed.is_empty() || trimmed == "-" || trimmed == "-0" { "0".to_owned() } else { trimmed.to_owned() }
}

/// What a parameter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Use {
    /// Equal to the column, or written into it.
    Equal,
    /// A new value of the column.
    New,
    /// Added to it or taken from it.
    Added,
    /// The column is to be above it.
    Above,
    /// The column is to be below it.
    Below,
    /// One of an array's.
    AnyOf,
}

/// How a parameter is drawn, and what is to be said about it.
pub(super) fn distribution(column: &Column, of: Use, rows: f64, values: bool) -> String {
    let statistics = column.statistics.clone().unwrap_or_default();
    let known =
        if values { statistics } else { Statistics { most_common: Vec::new(), bounds: Vec::new(), ..statistics } };
    let integer = matches!(column.ty.as_str(), "integer" | "bigint" | "smallint");
    let distinct = match known.distinct {
        d if d < 0.0 => (-d * rows).round().max(1.0),
        d if d > 0.0 => d,
        _ => rows.max(1.0),
    };
    let (low, high) = range(&known, integer).unwrap_or((1, whole(distinct)));
    match (of, column.ty.as_str()) {
        (_, "uuid") => "{uuid: v4}".to_owned(),
        (_, "boolean") if known.most_common.is_empty() => "{one_of: {true: 0.5, false: 0.5}}".to_owned(),
        (Use::New, _) if column.unique && integer => format!("{{sequence: {}}}", high.saturating_add(1)),
        (Use::New, _) if column.unique => format!("{{sequence: {}}}", whole(rows).saturating_add(1)),
        (Use::Added, _) => "{value: 1}".to_owned(),
        (Use::AnyOf, _) if integer => format!("{{value: \"{{{low},{}}}\"}}", low.midpoint(high)),
        (Use::AnyOf, _) => "{value: \"{a,b}\"}".to_owned(),
        (Use::Above, _) if is_ordered(column) => quantile(column, &known, 9, low, high),
        (Use::Below, _) if is_ordered(column) => quantile(column, &known, 10, low, high),
        (Use::Equal | Use::New, _) if is_listed(&known) => one_of(column, &known.most_common),
        _ if integer => format!("{{random: [{low}, {high}]}}"),
        _ if column.category == 'D' => quantile(column, &known, 5, low, high),
        // So many different values, whatever they look like.
        _ => format!("{{random: [1, {}]}}", whole(distinct)),
    }
}

/// How one draws what no column is known for.
pub(super) fn unknown(cast: Option<&str>) -> String {
    match cast.unwrap_or_default() {
        "uuid" => "{uuid: v4}",
        "bool" | "boolean" => "{value: true}",
        "date" => "{value: '2025-06-30'}",
        t if t.starts_with("timestamp") => "{value: '2025-06-30 12:00'}",
        "interval" => "{value: '1 day'}",
        "text" | "varchar" | "json" | "jsonb" => "{value: a}",
        _ => "{value: 1}",
    }
    .to_owned()
}

/// Whether a few values are most of the column.
fn is_listed(known: &Statistics) -> bool {
    let listed: f64 = known.most_common.iter().map(|(_, f)| f).sum();
    known.most_common.len() <= LISTED && listed + known.null_fraction > 0.9 && !known.most_common.is_empty()
}

fn one_of(column: &Column, values: &[(String, f64)]) -> String {
    let item = |(value, frequency): &(String, f64)| format!("{}: {}", scalar(column, value), short(*frequency));
    format!("{{one_of: {{{}}}}}", values.iter().map(item).collect::<Vec<_>>().join(", "))
}

/// Lowest and highest integer that statistics know of.
fn range(known: &Statistics, integer: bool) -> Option<(i64, i64)> {
    let all = known.most_common.iter().map(|(v, _)| v).chain(&known.bounds);
    let numbers: Vec<i64> = all.filter_map(|v| v.parse().ok()).collect();
    if integer { numbers.iter().min().copied().zip(numbers.iter().max().copied()) } else { None }
}

/// The value below which `tenths` of the column lie.
fn quantile(column: &Column, known: &Statistics, tenths: usize, low: i64, high: i64) -> String {
    let last = known.bounds.len().saturating_sub(1);
    match known.bounds.get(last * tenths / 10) {
        Some(bound) => format!("{{value: {}}}", scalar(column, bound)),
        None if column.category == 'D' => unknown(Some("timestamp")),
        None => {
            let at = i128::from(low) + (i128::from(high) - i128::from(low)) * i128::try_from(tenths).unwrap_or(5) / 10;
            format!("{{value: {at}}}")
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rows are far below 2^63")]
fn whole(x: f64) -> i64 {
    x.round().max(1.0) as i64
}

/// A comment's text: one line.
pub(super) fn remark(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as a key of a mapping of values.
pub(super) fn value_key(column: &Column, value: &str) -> String {
    match column.category {
        'B' => scalar(column, value),
        _ => text_scalar(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(ty: &str, category: char, statistics: Statistics) -> Column {
        Column { name: "c".into(), ty: ty.into(), category, unique: false, statistics: Some(statistics) }
    }

    #[test]
    fn what_statistics_know_is_drawn() {
        let numbers = |from: i32, to: i32| (from..=to).map(|i| i.to_string()).collect::<Vec<_>>();
        let id =
            column("integer", 'N', Statistics { distinct: -1.0, bounds: numbers(1, 101), ..Statistics::default() });
        assert_eq!(distribution(&id, Use::Equal, 101.0, true), "{random: [1, 101]}");
        assert_eq!(distribution(&id, Use::Above, 101.0, true), "{value: 91}");
        assert_eq!(distribution(&id, Use::AnyOf, 101.0, true), "{value: \"{1,51}\"}");
        assert_eq!(distribution(&Column { unique: true, ..id.clone() }, Use::New, 101.0, true), "{sequence: 102}");
        assert_eq!(
            distribution(&id, Use::Equal, 500.0, false),
            "{random: [1, 500]}",
            "without values: by their number"
        );
        let listed = Statistics {
            most_common: vec![("o'k".into(), 0.75), ("no".into(), 0.25)],
            distinct: 2.0,
            ..Statistics::default()
        };
        let state = column("text", 'S', listed);
        assert_eq!(distribution(&state, Use::Equal, 1e6, true), "{one_of: {\"o'k\": 0.75, \"no\": 0.25}}");
        assert_eq!(distribution(&state, Use::Equal, 1e6, false), "{random: [1, 2]}");
        let none = Column { ty: "date".into(), category: 'D', ..Column::default() };
        assert_eq!(distribution(&none, Use::Below, 10.0, true), "{value: '2025-06-30 12:00'}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [short(0.5), short(1.0), short(-0.0), short(0.123_456_78), short(120.0)],
            ["0.5", "1", "0", "0.123457", "120"]
        );
    }

    #[test]
    fn bounds_are_thinned_at_equal_steps() {
        let bounds: Vec<String> = (0..=100).map(|i| i.to_string()).collect();
        let kept: Vec<&str> = thinned(&bounds).into_iter().map(String::as_str).collect();
        assert_eq!(kept, ["0", "10", "20", "30", "40", "50", "60", "70", "80", "90", "100"]);
    }
}
