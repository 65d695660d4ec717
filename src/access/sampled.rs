//! The share of rows that pass a comparison of what is computed from their columns, as in `on_hand - reserved >= 1`.
//!
//! The planner assumes a constant. What is found is counted over draws of the columns between their bounds, evenly
//! and apart from each other, together with the draws of the transaction's variables.

use std::convert::Infallible;

use crate::access::block::place_of;
use crate::access::clause::{Op, Reader};
use crate::access::column::ColumnInfo;
use crate::access::values::DRAWS;
use crate::access::walk;
use crate::sql::tree::{Expr, Literal};

/// Rounds of all draws, each with other values of the columns.
const ROUNDS: usize = 4;

impl Reader<'_> {
    /// The share; `None` where a value does not follow from bounds and variables.
    #[must_use]
    pub fn sampled_share(&self, op: Op, left: &Expr, right: &Expr) -> Option<f64> {
        let mut present = 1.0;
        let mut columns: Vec<&ColumnInfo> = Vec::new();
        for expr in [left, right] {
            for column in self.columns_of(expr)? {
                if !columns.iter().any(|c| std::ptr::eq(*c, column)) {
                    present *= 1.0 - column.null_fraction;
                    columns.push(column);
                }
            }
        }
        if columns.is_empty() {
            return None;
        }
        let mut passing = 0;
        for round in 0..ROUNDS {
            for draw in 0..DRAWS {
                let value = |expr: &Expr| {
                    let known = with_columns(expr, &|name| {
                        let place = columns.iter().position(|c| c.name == *name)?;
                        drawn(columns[place], place, round, draw)
                    });
                    self.draws.evaluate(&known, draw).number()
                };
                passing += usize::from(op.holds(value(left)?, value(right)?));
            }
        }
        Some(present * passing as f64 / (ROUNDS * DRAWS) as f64)
    }

    /// The columns that an expression is computed from, all of one table with bounds known.
    fn columns_of(&self, expr: &Expr) -> Option<Vec<&ColumnInfo>> {
        let mut found = Some(Vec::new());
        walk::visit(expr, &mut |e| {
            let Expr::Column { qualifier, name, .. } = e else { return };
            let rel = place_of(qualifier.as_deref()).and_then(|place| self.rels.get(place));
            let column = rel.and_then(|r| r.info.columns.iter().find(|c| c.name == *name));
            let bounded = column.filter(|c| c.bounds.is_some() && !c.time && c.most_common.is_empty());
            match (&mut found, bounded) {
                (Some(columns), Some(column)) => columns.push(column),
                _ => found = None,
            }
        });
        found
    }
}

/// The value of a column in one draw: slices of its range, in an order of each column's own.
fn drawn(column: &ColumnInfo, place: usize, round: usize, draw: usize) -> Option<f64> {
    let (low, high) = column.bounds?;
    let slices = ROUNDS * DRAWS;
    let slice = ((draw * ROUNDS + round) * (2 * place + 3) + place * 7) % slices;
    let share = (slice as f64 + 0.5) / slices as f64;
    Some(if column.integer { (low + (high - low + 1.0) * share).floor() } else { low + (high - low) * share })
}

fn with_columns(expr: &Expr, value: &dyn Fn(&String) -> Option<f64>) -> Expr {
    let replaced: Result<Expr, Infallible> = walk::rewrite(expr, &mut |e| match e {
        Expr::Column { name, .. } => Ok(value(name).map(|n| Expr::Literal(Literal::Number(n)))),
        _ => Ok(None),
    });
    match replaced {
        Ok(expr) => expr,
        Err(never) => match never {},
    }
}
