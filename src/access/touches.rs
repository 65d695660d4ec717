//! Which rows a scan reaches, from the distribution of the variable that leads it there.

use crate::access::clause::{Clause, Key, Op, Test, ValueSet};
use crate::access::condition;
use crate::access::footprint::Popularity;
use crate::access::plan::Scan;
use crate::access::planner::Planner;
use crate::access::popularity;
use crate::access::relation::TableInfo;
use crate::access::selectivity;
use crate::access::tally::Reach;
use crate::access::values::Value;

/// Rows that a scan reaches.
#[must_use]
pub fn of_scan(planner: &Planner<'_>, scan: &Scan, info: &TableInfo) -> Reach {
    of_clauses(&planner.clauses(&scan.clauses), info)
}

/// Rows that conditions lead to; all alike when no variable does.
#[must_use]
pub fn of_clauses(clauses: &[&Clause], info: &TableInfo) -> Reach {
    let compared = |wanted: fn(Op) -> bool| {
        clauses.iter().find_map(|c| match &c.test {
            Test::Compare(key, op, value) if wanted(*op) && value.distribution.is_some() => Some((key, value)),
            _ => None,
        })
    };
    let reach = match compared(|op| op == Op::Eq).or_else(|| compared(Op::is_lower)) {
        Some((key, value)) => of_key(key, value, info),
        None => everything(info),
    };
    // What meets all conditions lies together where the rows of any one value do.
    let equal = clauses.iter().filter_map(|c| match &c.test {
        Test::Compare(key, Op::Eq, _) => selectivity::statistics(key, info),
        _ => None,
    });
    let together = equal.map(|column| column.together).fold(reach.together, f64::max);
    Reach { which: condition::text_of_all(clauses), together, ..reach }
}

/// Rows that are changed where they meet conditions: of the variable that leads to them, or of a constant that leaves
/// fewer of them.
#[must_use]
pub fn of_changed(clauses: &[&Clause], info: &TableInfo) -> Reach {
    let reach = of_clauses(clauses, info);
    let constants = clauses.iter().filter_map(|c| match &c.test {
        Test::Compare(key, Op::Eq, value) => of_constant(key, value, info),
        _ => None,
    });
    let narrowed = constants.fold(reach.clone(), narrower);
    Reach { which: reach.which, ..narrowed }
}

/// Rows with one value of a key that is always the same.
#[must_use]
pub fn of_constant(key: &Key, value: &ValueSet, info: &TableInfo) -> Option<Reach> {
    let column = selectivity::statistics(key, info)?;
    let constant = value.distribution.is_none() && !value.hidden && value.domain == 1.0 && value.values.len() == 1;
    let share = match value.values.first()? {
        _ if !constant => return None,
        Value::Now(_) => 1.0 / column.distinct,
        Value::Unknown | Value::Sized(_) | Value::Null => return None,
        _ => selectivity::equality(column, value, selectivity::Seen::True),
    };
    let rows = Popularity::uniform((info.rows * share).max(1.0));
    Some(Reach { rows, correlation: column.correlation, together: column.together, sweeps: false, which: None })
}

/// The one of two that leads to fewer rows; one with favourites stays. The rows that meet both lie together where
/// those of either do.
#[must_use]
pub fn narrower(a: Reach, b: Reach) -> Reach {
    let items = |r: &Reach| r.rows.classes.iter().map(|c| c.items).sum::<f64>();
    let together = a.together.max(b.together);
    let narrower = if a.rows.classes.len() <= 1 && items(&b) < items(&a) { b } else { a };
    Reach { together, ..narrower }
}

/// All rows alike.
#[must_use]
pub fn everything(info: &TableInfo) -> Reach {
    Reach { rows: Popularity::uniform(info.rows), correlation: 0.0, together: 0.0, sweeps: false, which: None }
}

/// Rows that one value of a key leads to.
#[must_use]
pub fn of_key(key: &Key, value: &ValueSet, info: &TableInfo) -> Reach {
    let values = value.distribution.as_ref().and_then(popularity::of_values);
    match (values, selectivity::statistics(key, info)) {
        (Some(values), Some(column)) => {
            let hit = (selectivity::equality(column, value, selectivity::Seen::True) / column.rare_share().max(1e-12))
                .clamp(0.0, 1.0);
            let hit = if hit > 0.0 { hit } else { 1.0 };
            Reach {
                rows: popularity::of_rows(&values, column.distinct, info.rows, hit),
                correlation: column.correlation,
                together: column.together,
                sweeps: false,
                which: None,
            }
        }
        _ => everything(info),
    }
}

/// Rows at the newest end.
#[must_use]
pub fn newest() -> Reach {
    Reach { rows: Popularity::uniform(1.0), correlation: 1.0, together: 1.0, sweeps: false, which: None }
}
