//! Subqueries that the server puts in the place where they stand: simple ones, and single rows of constants.

use crate::access::bind::{Binder, Level, Name, Target, output_name};
use crate::access::walk;
use crate::diagnostic::InputError;
use crate::sql::tree::{Body, Distinct, Expr, Query, Select, SelectItem};

/// Aggregates of PostgreSQL; whatever is not listed counts as a function.
const AGGREGATES: [&str; 28] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "array_agg",
    "string_agg",
    "json_agg",
    "jsonb_agg",
    "json_object_agg",
    "jsonb_object_agg",
    "bool_and",
    "bool_or",
    "every",
    "bit_and",
    "bit_or",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "variance",
    "var_pop",
    "var_samp",
    "corr",
    "percentile_cont",
    "percentile_disc",
    "mode",
    "xmlagg",
    "range_agg",
];
/// Functions that return many rows in a select list, with the rows assumed.
pub(super) const SET_RETURNING: [(&str, f64); 5] = [
    ("generate_series", 1000.0),
    ("unnest", 10.0),
    ("jsonb_array_elements", 100.0),
    ("regexp_split_to_table", 1000.0),
    ("jsonb_each", 100.0),
];

pub(super) fn is_aggregate(expr: &Expr) -> bool {
    matches!(expr, Expr::Call { name, over: None, .. } if AGGREGATES.contains(&name.name.as_str()))
}

pub(super) fn aggregates_in(expr: &Expr) -> usize {
    let mut count = 0;
    walk::visit(expr, &mut |e| count += usize::from(is_aggregate(e)));
    count
}

pub(super) fn item_exprs(items: &[SelectItem]) -> impl Iterator<Item = &Expr> {
    items.iter().filter_map(|i| match i {
        SelectItem::Expr { expr, .. } => Some(expr),
        SelectItem::Star { .. } => None,
    })
}

/// The select of a query that PostgreSQL merges into the query around it (is_simple_subquery).
pub(super) fn mergeable(query: &Query) -> Option<&Select> {
    let Body::Select(select) = &query.body else { return None };
    let plain = query.with.is_empty()
        && query.order_by.is_empty()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.locks.is_empty()
        && select.group_by.is_empty()
        && select.having.is_none()
        && select.distinct == Distinct::No
        && !select.from.is_empty()
        && item_exprs(&select.items).all(|e| {
            let mut simple = true;
            walk::visit(e, &mut |e| {
                simple &= !is_aggregate(e)
                    && !matches!(e, Expr::Call { over: Some(_), .. } | Expr::Subquery(_) | Expr::Exists(_))
                    && !matches!(e, Expr::Call { name, .. } if SET_RETURNING.iter().any(|s| s.0 == name.name));
            });
            simple
        });
    plain.then_some(select)
}

/// The one row of constants that a subquery is, which the server puts in the place of its columns (pull_up_simple_values).
pub(super) fn single_row(query: &Query) -> Option<Vec<SelectItem>> {
    let plain = query.with.is_empty()
        && query.order_by.is_empty()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.locks.is_empty();
    let simple = |expr: &Expr| {
        let mut simple = true;
        walk::visit(expr, &mut |e| {
            simple &= !matches!(e, Expr::Subquery(_) | Expr::Exists(_) | Expr::InSubquery { .. } | Expr::Default)
                && !matches!(e, Expr::Call { name, over, .. } if over.is_some()
                    || AGGREGATES.contains(&name.name.as_str())
                    || SET_RETURNING.iter().any(|s| s.0 == name.name)
                    || ["random", "nextval", "clock_timestamp", "gen_random_uuid"].contains(&name.name.as_str()));
        });
        simple
    };
    let items: Vec<SelectItem> = match &query.body {
        Body::Values(rows) if rows.len() == 1 => {
            rows[0].iter().map(|e| SelectItem::Expr { expr: e.clone(), alias: None }).collect()
        }
        Body::Select(select)
            if select.from.is_empty()
                && select.filter.is_none()
                && select.group_by.is_empty()
                && select.having.is_none()
                && select.distinct == Distinct::No =>
        {
            select.items.clone()
        }
        _ => return None,
    };
    (plain && !items.is_empty() && items.iter().all(|i| matches!(i, SelectItem::Expr { expr, .. } if simple(expr))))
        .then_some(items)
}

impl Binder<'_, '_> {
    /// Puts a row of constants in sight: its columns are the expressions themselves.
    pub(super) fn add_row(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        (query, row): (&Query, Vec<SelectItem>),
        (alias, columns, lateral): (&str, &[String], bool),
    ) -> Result<Vec<Expr>, InputError> {
        let mut merged = Vec::new();
        for (n, item) in row.iter().enumerate() {
            let SelectItem::Expr { expr, alias } = item else { continue };
            let name = match (alias, &query.body) {
                (Some(alias), _) => alias.clone(),
                (None, Body::Values(_)) => format!("column{}", n + 1),
                (None, _) => output_name(expr),
            };
            let hidden = std::mem::replace(&mut level.inner_from, if lateral { 0 } else { level.names.len() });
            let resolved = self.resolve(level, outers, expr);
            level.inner_from = hidden;
            merged.push((columns.get(n).cloned().unwrap_or(name), resolved?));
        }
        level.names.push(Name { alias: alias.to_owned(), target: Target::Merged(merged), open: false });
        Ok(Vec::new())
    }
}
