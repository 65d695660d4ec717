//! How many rows pass a condition: as the planner believes, and as it is.
//!
//! The formulas are those of PostgreSQL's selfuncs.c and clausesel.c on the same statistics; what
//! differs between the views is what is known of the values. Conditions on different columns are
//! taken as independent, as the planner takes them.

use crate::access::clause::{Clause, Key, Op, Test, ValueSet};
use crate::access::column::ColumnInfo;
use crate::access::postgres::{
    ARRAY_ELEMENTS, CONTAIN, FIXED_CHARACTER, INEQUALITY, MATCH, RANGE, STATISTICS_TARGET, TEXT_SEARCH,
};
use crate::access::relation::TableInfo;
use crate::access::values::Value;
use crate::sql::tree::Expr;
use crate::workload::Distribution;

/// Whose view of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The planner without parameter values.
    Generic,
    /// The planner with parameter values.
    Custom,
    /// What is there.
    True,
}

/// What is known of a key of a table; `None` for an expression without statistics.
#[must_use]
pub fn statistics<'a>(key: &Key, info: &'a TableInfo) -> Option<&'a ColumnInfo> {
    match &key.column {
        Some(name) => info.column(name).map(|c| &info.columns[c]),
        None => info.indexes.iter().find_map(|i| {
            let at = i.expressions.iter().position(|e| *e == key.expr)?;
            i.expression_stats[at].as_ref()
        }),
    }
}

/// Whether a null in a column it tests can never pass.
#[must_use]
pub fn is_strict(clause: &Clause) -> bool {
    matches!(
        clause.test,
        Test::Compare(..)
            | Test::Join(..)
            | Test::In(..)
            | Test::Any(..)
            | Test::Like { .. }
            | Test::Contains(..)
            | Test::Truth(_)
    ) || matches!(&clause.test, Test::Not(inner) if matches!(inner.test, Test::Null(_)))
}

/// Share of rows that pass all clauses.
#[must_use]
pub fn all(clauses: &[&Clause], info: &TableInfo, seen: Seen) -> f64 {
    let mut share = 1.0;
    let mut done = vec![false; clauses.len()];
    for (n, clause) in clauses.iter().enumerate() {
        if done[n] {
            continue;
        }
        if seen == Seen::True && is_said_already(clause, clauses) {
            continue;
        }
        if let Test::Compare(key, op, value) = &clause.test
            && (op.is_lower() || op.is_upper())
        {
            // A lower and an upper bound on one key belong together.
            let partner = clauses.iter().enumerate().skip(n + 1).find_map(|(m, other)| match &other.test {
                Test::Compare(k, o, v)
                    if k == key && !done[m] && (o.is_lower() != op.is_lower()) && (o.is_lower() || o.is_upper()) =>
                {
                    Some((m, *o, v))
                }
                _ => None,
            });
            if let Some((m, other, bound)) = partner {
                done[m] = true;
                let (low, high) =
                    if op.is_lower() { ((*op, value), (other, bound)) } else { ((other, bound), (*op, value)) };
                share *= statistics(key, info).map_or(RANGE, |c| range(c, Some(low), Some(high), seen));
                continue;
            }
        }
        share *= one(clause, info, seen);
    }
    share.clamp(0.0, 1.0)
}

/// Whether a clause is IS NOT NULL of a key that another clause compares, which no null passes.
fn is_said_already(clause: &Clause, clauses: &[&Clause]) -> bool {
    let Test::Not(inner) = &clause.test else { return false };
    let Test::Null(key) = &inner.test else { return false };
    clauses.iter().any(|c| {
        matches!(&c.test, Test::Compare(k, ..) | Test::In(k, _) | Test::Any(k, ..) | Test::Like { key: k, .. } if k == key)
    })
}

/// Share of rows that pass one clause.
#[must_use]
pub fn one(clause: &Clause, info: &TableInfo, seen: Seen) -> f64 {
    match &clause.test {
        Test::Compare(key, op, value) => {
            let Some(column) = statistics(key, info) else {
                return if *op == Op::Eq { RANGE } else { INEQUALITY };
            };
            match op {
                Op::Eq => equality(column, value, seen),
                Op::Ne => (1.0 - column.null_fraction - equality(column, value, seen)).max(0.0),
                _ if op.is_lower() => range(column, Some((*op, value)), None, seen),
                _ => range(column, None, Some((*op, value)), seen),
            }
        }
        // With a value from the other side, as in a nested loop.
        Test::Join(left, Op::Eq, right) => {
            let known = |k: &Key| if info.id == usize::MAX && k.column.is_none() { None } else { statistics(k, info) };
            let key = if known(left).is_some() { left } else { right };
            known(key).map_or(RANGE, |c| (1.0 - c.null_fraction) / c.distinct)
        }
        Test::Join(_, Op::Ne, _) => 1.0 - RANGE,
        Test::Join(..) => INEQUALITY,
        Test::In(key, values) => statistics(key, info)
            .map_or(RANGE * values.len() as f64, |c| values.iter().map(|v| equality(c, v, seen)).sum::<f64>())
            .min(1.0),
        Test::Any(key, count, _) => {
            let count = if seen == Seen::Generic { ARRAY_ELEMENTS } else { *count };
            statistics(key, info).map_or(RANGE * count, |c| count * (1.0 - c.null_fraction) / c.distinct).min(1.0)
        }
        Test::Null(key) => statistics(key, info).map_or(RANGE, |c| c.null_fraction),
        Test::Like { key, prefix, fixed, parameter, .. } => {
            if (*parameter && seen == Seen::Generic) || prefix.is_none() {
                return MATCH;
            }
            let column = statistics(key, info);
            let characters = prefix.as_ref().map_or(0.0, |p| p.chars().count() as f64);
            let guess = FIXED_CHARACTER.powf(characters.min(10.0)) * FIXED_CHARACTER.powf(fixed.min(5.0)).max(1e-4);
            column.map_or(guess, |c| {
                let common: f64 = c
                    .most_common
                    .iter()
                    .filter(|(v, _)| v.starts_with(prefix.as_deref().unwrap_or("")))
                    .map(|(_, f)| f)
                    .sum();
                let rest = (1.0 - c.null_fraction - c.common_share()).max(0.0);
                common + rest * guess.max(1.0 / c.distinct)
            })
        }
        Test::Contains(key, op, values, parameter) => contains(statistics(key, info), op, values, *parameter, seen),
        Test::Truth(key) => statistics(key, info).map_or(0.5, |c| {
            c.common(&Value::Bool(true)).unwrap_or_else(|| {
                let false_share = c.common(&Value::Bool(false));
                false_share.map_or((1.0 - c.null_fraction) * 0.5, |f| (1.0 - c.null_fraction - f).max(0.0))
            })
        }),
        Test::Either(arms) => arms.iter().fold(0.0, |s, arm| {
            let arm = all(&arm.iter().collect::<Vec<_>>(), info, seen);
            s + arm - s * arm
        }),
        Test::Not(inner) => {
            // A null passes neither a test nor its negation.
            let nulls = match &inner.test {
                Test::In(k, _) | Test::Any(k, ..) | Test::Truth(k) | Test::Like { key: k, .. } => {
                    statistics(k, info).map_or(0.0, |c| c.null_fraction)
                }
                _ => 0.0,
            };
            (1.0 - nulls - one(inner, info, seen)).max(0.0)
        }
        Test::Computed { assumed, found } => match seen {
            Seen::True => *found,
            _ => *assumed,
        },
        Test::Fixed(share) => *share,
    }
}

/// What the planner believes of an equality with a value it cannot see: no more than the most common value
/// (var_eq_non_const).
#[must_use]
pub fn average(column: &ColumnInfo) -> f64 {
    let most = column.most_common.iter().map(|(_, f)| *f).fold(f64::NAN, f64::max);
    ((1.0 - column.null_fraction) / column.distinct).min(most)
}

/// Share of rows whose column equals the value.
#[must_use]
pub fn equality(column: &ColumnInfo, value: &ValueSet, seen: Seen) -> f64 {
    if value.hidden || value.unknown() || (seen == Seen::Generic && value.parameter) {
        return match seen {
            Seen::True => found(column, value) * (1.0 - column.null_fraction) / column.distinct,
            _ => average(column),
        };
    }
    let of = |value: &Value| {
        if *value == Value::Null {
            return 0.0;
        }
        if let Some(share) = column.common(value) {
            return share;
        }
        // Of a column of few values the planner has them all in its list, and knows what is not among them.
        if (seen == Seen::True || column.distinct <= STATISTICS_TARGET)
            && let (Some((lo, hi)), true, Some(x)) = (column.bounds, column.bounds_given, column.number(value))
        {
            return if x < lo || x > hi { 0.0 } else { column.rare_share() };
        }
        column.rare_share()
    };
    match &value.distribution {
        Some(Distribution::OneOf(values)) => values.iter().map(|(v, p)| p * of(&Value::from(v))).sum(),
        Some(
            d @ (Distribution::Uniform { lo, hi }
            | Distribution::Zipfian { lo, hi, .. }
            | Distribution::Gaussian { lo, hi, .. }
            | Distribution::Exponential { lo, hi, .. }),
        ) => {
            let drawn = hi - lo + 1.0;
            let mut share = 0.0;
            let mut listed = 0.0;
            for (text, frequency) in &column.most_common {
                if let Some(x) = text.parse::<f64>().ok().filter(|x| x >= lo && x <= hi) {
                    let p = draw_probability(d, x);
                    share += p * frequency;
                    listed += p;
                }
            }
            let hit = if seen == Seen::True { hit_probability(column, value, drawn) } else { 1.0 };
            share + (1.0 - listed).max(0.0) * hit * column.rare_share()
        }
        _ => {
            let listed = value.values.iter().any(|v| column.common(v).is_some());
            let found = if seen == Seen::True && !listed { found(column, value) } else { 1.0 };
            found * value.values.iter().map(of).sum::<f64>() / value.values.len().max(1) as f64
        }
    }
}

/// Probability that a text made of variables is one of the column's values: there are no more of these than of
/// those.
fn found(column: &ColumnInfo, value: &ValueSet) -> f64 {
    let compared = column.bounds.is_some() || value.hidden || value.distribution.is_some();
    match value.domain {
        domain if compared || !domain.is_finite() => 1.0,
        domain => (column.distinct / domain.max(1.0)).min(1.0),
    }
}

/// Probability that a variable draws `x`.
fn draw_probability(distribution: &Distribution, x: f64) -> f64 {
    match distribution {
        Distribution::Zipfian { lo, hi, theta } => {
            (x - lo + 1.0).powf(-theta) / super::popularity::harmonic(hi - lo + 1.0, *theta)
        }
        Distribution::Uniform { lo, hi }
        | Distribution::Gaussian { lo, hi, .. }
        | Distribution::Exponential { lo, hi, .. } => 1.0 / (hi - lo + 1.0),
        _ => 0.0,
    }
}

/// Probability that a drawn number is one of the column's values.
fn hit_probability(column: &ColumnInfo, value: &ValueSet, drawn: f64) -> f64 {
    match (column.bounds, column.bounds_given) {
        (Some((lo, hi)), true) => {
            let within = value.values.iter().filter_map(|v| column.number(v)).filter(|x| *x >= lo && *x <= hi).count();
            let density = if column.integer { (column.distinct / (hi - lo + 1.0)).min(1.0) } else { 1.0 };
            within as f64 / value.values.len().max(1) as f64 * density
        }
        _ => (column.distinct / drawn.max(1.0)).min(1.0),
    }
}

/// Share of rows between two bounds; either may be missing.
#[must_use]
pub fn range(column: &ColumnInfo, low: Option<(Op, &ValueSet)>, high: Option<(Op, &ValueSet)>, seen: Seen) -> f64 {
    let blind = |b: &Option<(Op, &ValueSet)>| {
        b.is_some_and(|(_, v)| v.hidden || v.unknown() || (seen == Seen::Generic && v.parameter))
    };
    let default = if low.is_some() && high.is_some() { RANGE } else { INEQUALITY };
    if blind(&low) || blind(&high) {
        return default;
    }
    let draws = [&low, &high].iter().filter_map(|b| b.map(|(_, v)| v.values.len())).max().unwrap_or(1);
    let at = |value: &ValueSet, draw: usize| column.number(&value.values[draw.min(value.values.len() - 1)]);
    let mut total = 0.0;
    for draw in 0..draws {
        let below_high = match &high {
            Some((op, value)) => match at(value, draw) {
                Some(x) => share_below(column, x, *op == Op::Le),
                None => return default,
            },
            None => Some(1.0),
        };
        let below_low = match &low {
            Some((op, value)) => match at(value, draw) {
                Some(x) => share_below(column, x, *op == Op::Gt),
                None => return default,
            },
            None => Some(0.0),
        };
        let (Some(above), Some(below)) = (below_high, below_low) else { return default };
        total += (above - below).max(0.0);
    }
    let share = total / draws as f64 * (1.0 - column.null_fraction);
    // The planner never believes in fewer than one row of its histogram.
    if seen == Seen::True { share } else { share.max(1e-10) }
}

/// Share of the values that are not null below `x`, or up to it; `None` when nothing is known.
pub(super) fn share_below(column: &ColumnInfo, x: f64, included: bool) -> Option<f64> {
    let (lo, hi) = column.bounds?;
    let common: f64 = column
        .most_common
        .iter()
        .filter(|(text, _)| column.number(&Value::Text(text.clone())).is_some_and(|v| v < x || (included && v == x)))
        .map(|(_, f)| f)
        .sum::<f64>()
        / (1.0 - column.null_fraction).max(1e-12);
    let rest = 1.0 - column.common_share() / (1.0 - column.null_fraction).max(1e-12);
    let spread = if column.histogram.len() > 1 {
        let bins = (column.histogram.len() - 1) as f64;
        let at = column.histogram.partition_point(|b| *b < x);
        if at == 0 {
            0.0
        } else if at >= column.histogram.len() {
            1.0
        } else {
            let (from, to) = (column.histogram[at - 1], column.histogram[at]);
            ((at - 1) as f64 + ((x - from) / (to - from).max(1e-300)).clamp(0.0, 1.0)) / bins
        }
    } else if column.step > 0.0 {
        // Whole numbers and dates: up to x, or up to the one before.
        let step = column.step;
        let steps = if included { (x / step).floor() } else { (x / step).ceil() - 1.0 };
        ((steps * step - lo + step) / (hi - lo + step)).clamp(0.0, 1.0)
    } else {
        ((x - lo) / (hi - lo).max(1e-300)).clamp(0.0, 1.0)
    };
    Some((common + rest.max(0.0) * spread).clamp(0.0, 1.0))
}

fn contains(column: Option<&ColumnInfo>, op: &str, values: &[Value], parameter: bool, seen: Seen) -> f64 {
    let default = match op {
        "@@" => TEXT_SEARCH,
        "@>" | "?" | "?&" | "?|" | "&&" | "<@" => CONTAIN,
        _ => MATCH,
    };
    let Some(elements) = column.and_then(|c| c.elements.as_ref()) else { return default };
    let (distinct, average, common) = (elements.distinct, elements.avg_count, &elements.most_common);
    if parameter && seen == Seen::Generic {
        return default;
    }
    let listed: f64 = common.iter().map(|(_, f)| f).sum();
    let rare = (average.unwrap_or(1.0) - listed).max(0.0) / (distinct.unwrap_or(200.0) - common.len() as f64).max(1.0);
    let share =
        |v: &Value| v.text().and_then(|t| common.iter().find(|(e, _)| *e == t)).map_or(rare.min(1.0), |(_, f)| *f);
    match op {
        "&&" | "?|" => 1.0 - values.iter().map(|v| 1.0 - share(v)).product::<f64>(),
        _ => values.iter().map(share).product(),
    }
}

/// Share of a table's rows that an index predicate keeps.
#[must_use]
pub fn predicate_share(info: &TableInfo, predicate: &[Expr]) -> f64 {
    if predicate.is_empty() {
        return 1.0;
    }
    let clauses: Vec<Clause> = predicate.iter().flat_map(|e| super::clause::of_table(info, e)).collect();
    all(&clauses.iter().collect::<Vec<_>>(), info, Seen::True)
}

/// Share of pairs of rows that an equality of two keys keeps (eqjoinsel): 1 / the larger number of values.
#[must_use]
pub fn join(left: Option<&ColumnInfo>, op: Op, right: Option<&ColumnInfo>) -> f64 {
    match op {
        Op::Eq => {
            let nulls = left.map_or(1.0, |c| 1.0 - c.null_fraction) * right.map_or(1.0, |c| 1.0 - c.null_fraction);
            let distinct = left.map_or(200.0, |c| c.distinct).max(right.map_or(200.0, |c| c.distinct));
            nulls / distinct
        }
        Op::Ne => 1.0 - RANGE,
        _ => INEQUALITY,
    }
}
