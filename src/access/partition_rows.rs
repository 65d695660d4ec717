//! How a partitioned table's rows and statistics fall on its partitions.

use std::collections::HashMap;

use crate::access::column::{ColumnInfo, is_sequence, literal_number};
use crate::access::partitions::{self, Limit};
use crate::access::selectivity;
use crate::access::values::Value;
use crate::schema::{PartitionBound, Schema, Table, TableId};
use crate::sql::tree::Literal;
use crate::workload::{ColumnStats, TableStats};

/// Physical order from which a column is taken to grow with the partition key.
const GROWS_TOGETHER: f64 = 0.9;

/// Whether a column holds moments.
#[must_use]
pub fn is_time(type_name: &str) -> bool {
    type_name.starts_with("timestamp") || type_name == "date"
}

/// The bound of a partition inside its parent.
#[must_use]
pub fn limit_of(schema: &Schema, parent: TableId, child: TableId) -> Limit {
    let table = &schema.tables[parent];
    let times = |name: &str| table.columns.iter().any(|c| c.name == name && is_time(&c.ty.name));
    match &schema.tables[child].partition_of {
        Some((_, bound)) => partitions::limit(table, bound, times),
        None => Limit::Any,
    }
}

/// The bounds of a table's children, the default partition's by those of the others.
#[must_use]
pub fn limits(schema: &Schema, parent: TableId, children: &[TableId]) -> Vec<Limit> {
    let mut limits: Vec<Limit> = children.iter().map(|c| limit_of(schema, parent, *c)).collect();
    let is_default = |c: &TableId| matches!(schema.tables[*c].partition_of, Some((_, PartitionBound::Default)));
    let readable = limits.iter().zip(children).all(|(l, c)| !matches!(l, Limit::Any) || is_default(c));
    if let Some(place) = children.iter().position(is_default).filter(|_| readable)
        && let Some(Limit::Range(name, ..) | Limit::List(name, _)) = limits.iter().find(|l| !matches!(l, Limit::Any))
    {
        let siblings = limits.iter().filter(|l| !matches!(l, Limit::Any)).cloned().collect();
        limits[place] = Limit::Rest(name.clone(), siblings);
    }
    limits
}

/// Share of the parent's rows in each of its children, by the statistics of the partition key; `None` where these
/// do not say, so that an even split is as good as any.
#[must_use]
pub fn weights(schema: &Schema, parent: TableId, children: &[TableId], stats: &TableStats) -> Option<Vec<f64>> {
    let table = &schema.tables[parent];
    let key = table.partition_by.as_ref()?.keys.first()?;
    let crate::sql::tree::Expr::Column { name, .. } = key else { return None };
    let place = table.columns.iter().position(|c| c.name == *name)?;
    let column = ColumnInfo::new(schema, table, Some(stats), place, stats.rows, &HashMap::new());
    let limits: Vec<Limit> = children.iter().map(|c| limit_of(schema, parent, *c)).collect();
    let mut weights = Vec::with_capacity(limits.len());
    for limit in &limits {
        weights.push(match limit {
            Limit::Any | Limit::Hash(..) | Limit::Rest(..) => None,
            limit => Some(share_of(&column, limit)?),
        });
    }
    let known: f64 = weights.iter().flatten().sum();
    let open = weights.iter().filter(|w| w.is_none()).count();
    if known <= 0.0 || open == weights.len() {
        return None;
    }
    // A default partition has what the others leave.
    let rest = (1.0 - known).max(0.0) / open.max(1) as f64;
    let total = known + rest * open as f64;
    Some(weights.into_iter().map(|w| w.unwrap_or(rest) / total).collect())
}

/// Share of rows whose key lies within a limit; `None` when the statistics do not say.
fn share_of(column: &ColumnInfo, limit: &Limit) -> Option<f64> {
    match limit {
        Limit::Range(_, lo, hi) if column.bounds_given => {
            let below = |x: f64| match x {
                _ if x == f64::INFINITY => Some(1.0),
                _ if x == f64::NEG_INFINITY => Some(0.0),
                _ => selectivity::share_below(column, x, false),
            };
            Some((below(*hi)? - below(*lo)?).max(0.0))
        }
        Limit::List(_, listed) if column.distinct_known || !column.most_common.is_empty() => {
            let share = |text: &String| column.common(&Value::Text(text.clone())).unwrap_or(column.rare_share());
            Some(listed.iter().map(share).sum())
        }
        _ => None,
    }
}

/// A parent's statistics as they are within one of its partitions, which has `share` of its rows.
#[must_use]
pub fn within(stats: &TableStats, limit: &Limit, parent: &Table, share: f64) -> TableStats {
    let mut inside = stats.clone();
    for column in parent.columns.iter().filter(|c| is_sequence(c.default.as_ref())) {
        // A partition does not inherit the identity of a column, whose values are still all different.
        let given = inside.columns.entry(column.name.clone()).or_default();
        given.distinct.get_or_insert(stats.rows);
        given.correlation.get_or_insert(1.0);
    }
    let name = match limit {
        Limit::Any | Limit::Rest(..) => None,
        Limit::Range(name, ..) | Limit::List(name, _) | Limit::Hash(name, _) => Some(name.as_str()),
    };
    let ordered = |c: &ColumnStats| c.correlation.is_some_and(|c| c.abs() > GROWS_TOGETHER);
    let key_ordered = name.and_then(|n| stats.columns.get(n)).is_some_and(ordered);
    for (column, given) in &mut inside.columns {
        let Some(distinct) = given.distinct.filter(|d| *d > 0.0) else { continue };
        let together = name == Some(column.as_str()) || (key_ordered && ordered(given));
        given.distinct = Some(match together {
            true => (distinct * share).max(1.0),
            // A value stays out when none of its rows comes here.
            false => distinct * (1.0 - (1.0 - share).powf((stats.rows / distinct).max(1.0))),
        });
    }
    if let Some(given) = name.and_then(|n| inside.columns.get_mut(n)) {
        let time = parent.columns.iter().any(|c| Some(c.name.as_str()) == name && is_time(&c.ty.name));
        narrow(given, limit, time);
    }
    inside
}

/// The statistics of a partition key inside a partition.
fn narrow(key: &mut ColumnStats, limit: &Limit, time: bool) {
    match limit {
        Limit::Range(_, lo, hi) => {
            let number =
                |text: &String| literal_number(&Literal::Text(text.clone()), time).or_else(|| text.parse().ok());
            key.most_common.retain(|(text, _)| number(text).is_none_or(|x| x >= *lo && x < *hi));
            key.histogram.retain(|l| literal_number(l, time).is_some_and(|x| x >= *lo && x < *hi));
        }
        Limit::List(_, listed) => {
            let known: HashMap<String, f64> = key.most_common.drain(..).collect();
            let others = listed.iter().filter(|l| !known.contains_key(*l)).count() as f64;
            let all: f64 = known.values().sum();
            let rare =
                (1.0 - all).max(0.0) / (key.distinct.unwrap_or(others) - known.len() as f64).max(others).max(1.0);
            let share = |text: &String| known.get(text).copied().unwrap_or(rare);
            let total: f64 = listed.iter().map(share).sum::<f64>().max(1e-12);
            key.most_common = listed.iter().map(|text| (text.clone(), share(text) / total)).collect();
            key.distinct = Some(listed.len().max(1) as f64);
            (key.min, key.max) = (None, None);
        }
        Limit::Any | Limit::Hash(..) | Limit::Rest(..) => return,
    }
    let total: f64 = key.most_common.iter().map(|(_, f)| f).sum();
    if total > 1.0 {
        key.most_common.iter_mut().for_each(|(_, f)| *f /= total);
    }
}
