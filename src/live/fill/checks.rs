//! What simple CHECK constraints demand of a column.

use crate::live::fill::piecewise::constant;
use crate::schema::Table;
use crate::sql::tree::{Expr, Literal};

/// Demands on a column's values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits {
    /// The only values; empty when there is no list.
    pub allowed: Vec<Literal>,
    /// Least value.
    pub low: Option<f64>,
    /// Greatest value.
    pub high: Option<f64>,
}

impl Limits {
    /// What the checks of a table demand of a column: lists, comparisons with constants, BETWEEN, joined by AND. The
    /// others are left to the server.
    #[must_use]
    pub fn of(table: &Table, column: &str) -> Self {
        let mut limits = Self::default();
        for check in &table.checks {
            limits.take(check, column);
        }
        limits
    }

    fn take(&mut self, check: &Expr, column: &str) {
        match check {
            Expr::Binary { op, left, right } if op == "and" => {
                self.take(left, column);
                self.take(right, column);
            }
            Expr::InList { expr, list, negated: false } if is(expr, column) => {
                self.allowed = list.iter().filter_map(constant).collect();
            }
            Expr::Quantified { expr, op, all: false, array } if op == "=" && is(expr, column) => {
                if let Expr::Array(list) = bare(array) {
                    self.allowed = list.iter().filter_map(constant).collect();
                }
            }
            Expr::Between { expr, low, high, negated: false } if is(expr, column) => {
                self.compare(">=", low);
                self.compare("<=", high);
            }
            Expr::Binary { op, left, right } if is(left, column) => self.compare(op, right),
            Expr::Binary { op, left, right } if is(right, column) => {
                let turned = match op.as_str() {
                    "<" => ">",
                    "<=" => ">=",
                    ">" => "<",
                    ">=" => "<=",
                    other => other,
                };
                self.compare(turned, left);
            }
            _ => {}
        }
    }

    fn compare(&mut self, op: &str, with: &Expr) {
        let Some(Literal::Number(n)) = constant(with) else { return };
        let raise = |low: Option<f64>, to: f64| Some(low.map_or(to, |l| l.max(to)));
        let lower = |high: Option<f64>, to: f64| Some(high.map_or(to, |h| h.min(to)));
        match op {
            ">=" => self.low = raise(self.low, n.ceil()),
            ">" => self.low = raise(self.low, n.floor() + 1.0),
            "<=" => self.high = lower(self.high, n.floor()),
            "<" => self.high = lower(self.high, n.ceil() - 1.0),
            _ => {}
        }
    }
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast { expr, .. } => bare(expr),
        other => other,
    }
}

fn is(expr: &Expr, column: &str) -> bool {
    matches!(bare(expr), Expr::Column { name, .. } if name == column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_pg_dump_writes() {
        let ddl = "CREATE TABLE t (a text CHECK (a = ANY (ARRAY['x'::text, 'y'::text])), b int CHECK (b > 0 AND b <= 10), \
                   c int CHECK (c BETWEEN 3 AND 5), d text CHECK (d IN ('u', 'v')), e int CHECK (0 < e));";
        let schema = crate::schema::read("s.sql", ddl);
        let limits = |c: &str| Limits::of(&schema.tables[0], c);
        let text = |t: &str| Literal::Text(t.into());
        assert_eq!(limits("a").allowed, [text("x"), text("y")]);
        assert_eq!((limits("b").low, limits("b").high), (Some(1.0), Some(10.0)));
        assert_eq!((limits("c").low, limits("c").high), (Some(3.0), Some(5.0)));
        assert_eq!(limits("d").allowed, [text("u"), text("v")]);
        assert_eq!(limits("e").low, Some(1.0));
    }
}
