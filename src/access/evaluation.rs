//! What evaluating an expression takes beyond reaching its row: operators by the type they work on.

use crate::access::clause::Clause;
use crate::access::footprint::Counts;
use crate::access::postgres::ARRAY_ELEMENTS;
use crate::access::relation::TableInfo;
use crate::access::walk;
use crate::schema::TypeFamily;
use crate::sql::tree::Expr;

/// Functions whose value the server asks for anew in each row: the clock and chance.
const ASKED_ANEW: [&str; 8] = [
    "now",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "random",
    "gen_random_uuid",
    "current_timestamp",
    "localtimestamp",
];

/// Operators of one evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evaluation {
    /// On machine types, and functions.
    pub plain: f64,
    /// On text, patterns apart.
    pub text: f64,
    /// LIKE, ILIKE and regular expressions.
    pub pattern: f64,
    /// On numeric.
    pub numeric: f64,
    /// Functions of the clock and of chance, arithmetic on the clock included.
    pub asked: f64,
}

impl Evaluation {
    /// Of an expression whose columns have these families.
    #[must_use]
    pub fn of(expr: &Expr, family: &dyn Fn(&str) -> Option<TypeFamily>) -> Self {
        let mut found = Self::default();
        walk::visit(expr, &mut |e| match e {
            Expr::Binary { op, .. } if op == "and" || op == "or" => {}
            Expr::Binary { op, left, right } => {
                let holds = |wanted: TypeFamily| holds(left, wanted, family) || holds(right, wanted, family);
                let plain = op.trim_start_matches("not ").trim_start_matches('!');
                if matches!(plain, "like" | "ilike" | "~~" | "~~*" | "~" | "~*" | "similar to") {
                    found.pattern += 1.0;
                } else if holds(TypeFamily::Numeric) {
                    found.numeric += 1.0;
                } else if holds(TypeFamily::Text) {
                    found.text += 1.0;
                } else if matches!(op.as_str(), "+" | "-") && (is_asked(left) || is_asked(right)) {
                    found.asked += 1.0;
                } else {
                    found.plain += 1.0;
                }
            }
            _ if is_asked(e) => found.asked += 1.0,
            Expr::Unary { op, .. } if op == "not" => {}
            _ => found.add_own(e, family),
        });
        found
    }

    /// An operator with one operand, a list or a range, or a function.
    fn add_own(&mut self, expr: &Expr, family: &dyn Fn(&str) -> Option<TypeFamily>) {
        let (tested, operators) = match expr {
            Expr::Unary { expr, .. } => (&**expr, 1.0),
            Expr::Between { expr, .. } => (&**expr, 2.0),
            // Half of a list, or of an array, is looked through for a value that is in it.
            Expr::InList { expr, list, .. } => (&**expr, (list.len() as f64 * 0.5).max(1.0)),
            Expr::Quantified { expr, .. } => (&**expr, ARRAY_ELEMENTS * 0.5),
            Expr::Call { .. } | Expr::Access { .. } => return self.plain += 1.0,
            _ => return,
        };
        if holds(tested, TypeFamily::Numeric, family) {
            self.numeric += operators;
        } else if holds(tested, TypeFamily::Text, family) {
            self.text += operators;
        } else {
            self.plain += operators;
        }
    }

    /// Of a condition on a table; one that the planner derived has a comparison at least.
    #[must_use]
    pub fn of_clause(clause: &Clause, info: &TableInfo) -> Self {
        let found = Self::of(&clause.bare, &|name| info.column(name).map(|c| info.columns[c].family));
        if found == Self::default() { Self { plain: clause.operators, ..found } } else { found }
    }

    /// Charges `times` evaluations.
    pub fn charge(&self, times: f64, counts: &mut Counts) {
        counts.row_test += self.plain * times;
        counts.text_test += self.text * times;
        counts.pattern_test += self.pattern * times;
        counts.numeric_operation += self.numeric * times;
        counts.clock_call += self.asked * times;
    }
}

/// Whether a column of that family is in an expression, comparisons apart: those give a boolean.
fn holds(expr: &Expr, wanted: TypeFamily, family: &dyn Fn(&str) -> Option<TypeFamily>) -> bool {
    let mut found = false;
    walk::visit(expr, &mut |e| {
        found |= matches!(e, Expr::Column { name, .. } if family(name) == Some(wanted));
    });
    found
}

fn is_asked(expr: &Expr) -> bool {
    match expr {
        Expr::Call { name, .. } => ASKED_ANEW.contains(&name.name.as_str()),
        Expr::Column { name, .. } => ["current_timestamp", "localtimestamp"].contains(&name.as_str()),
        _ => false,
    }
}

/// What runs of a filter cost: conditions are tested in their order until one fails. `share` is the share of
/// rows that pass one of them.
pub fn filter(clauses: &[&Clause], info: &TableInfo, rows: f64, share: &dyn Fn(&Clause) -> f64, counts: &mut Counts) {
    let mut reached = rows;
    for clause in clauses {
        Evaluation::of_clause(clause, info).charge(reached, counts);
        reached *= share(clause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql;

    fn of(condition: &str) -> Evaluation {
        Evaluation::of(&sql::parse_expr(condition).unwrap(), &|name| {
            Some(match name {
                "n" => TypeFamily::Numeric,
                "t" => TypeFamily::Text,
                _ => TypeFamily::Machine,
            })
        })
    }

    #[test]
    fn operators_go_by_the_type_they_work_on() {
        let none = Evaluation::default();
        assert_eq!(of("a = 1 AND b <> 2"), Evaluation { plain: 2.0, ..none });
        assert_eq!(of("n * 1.5 + 2 < 0"), Evaluation { numeric: 3.0, ..none });
        assert_eq!(of("t = 'x' OR t NOT LIKE '%y%'"), Evaluation { text: 1.0, pattern: 1.0, ..none });
        assert_eq!(of("a IN (1, 2, 3, 4)"), Evaluation { plain: 2.0, ..none });
        assert_eq!(of("n BETWEEN 1 AND 2"), Evaluation { numeric: 2.0, ..none });
        assert_eq!(of("random() < 0.5"), Evaluation { plain: 1.0, asked: 1.0, ..none });
        assert_eq!(of("a > now() - interval '1 day'"), Evaluation { plain: 1.0, asked: 2.0, ..none });
    }
}
