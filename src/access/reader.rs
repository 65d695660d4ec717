//! Conditions as written to clauses.

use crate::access::block::{Rel, bit, place_of};
use crate::access::clause::{Clause, Key, Op, Test, ValueSet};
use crate::access::postgres::{ARRAY_ELEMENTS, BOOLEAN, EQUALITY, INEQUALITY};
use crate::access::values::{Draws, Value};
use crate::access::walk;
use crate::sql::tree::{Expr, Literal};

/// What conditions are read against.
pub struct Reader<'a> {
    /// The relations.
    pub rels: &'a [Rel],
    /// The transaction's variables.
    pub draws: &'a Draws,
}

impl Reader<'_> {
    /// Reads one conjunct whose columns are resolved.
    #[must_use]
    pub fn clause(&self, expr: &Expr) -> Clause {
        let mut rels = 0;
        walk::visit(expr, &mut |e| {
            if let Expr::Column { qualifier, .. } = e {
                rels |= place_of(qualifier.as_deref()).map_or(0, bit);
            }
        });
        let test = self.test(expr);
        Clause { test, bare: walk::bare(expr), rels, operators: walk::operator_count(expr) }
    }

    /// Reads an AND of conjuncts.
    #[must_use]
    pub fn clauses(&self, expr: &Expr) -> Vec<Clause> {
        let mut found = Vec::new();
        for part in walk::conjuncts(expr) {
            match part {
                Expr::Between { expr, low, high, negated: false } => {
                    for (op, bound) in [(">=", low), ("<=", high)] {
                        found.push(self.clause(&Expr::Binary {
                            op: op.into(),
                            left: expr.clone(),
                            right: bound.clone(),
                        }));
                    }
                }
                // (a, b) = (x, y) is a = x AND b = y.
                Expr::Binary { op, left, right } if op == "=" => match (&**left, &**right) {
                    (Expr::Row(l), Expr::Row(r)) if l.len() == r.len() => {
                        found.extend(l.iter().zip(r).map(|(l, r)| {
                            self.clause(&Expr::Binary {
                                op: "=".into(),
                                left: Box::new(l.clone()),
                                right: Box::new(r.clone()),
                            })
                        }));
                    }
                    _ => found.push(self.clause(part)),
                },
                _ => found.push(self.clause(part)),
            }
        }
        found
    }

    fn test(&self, expr: &Expr) -> Test {
        match expr {
            Expr::Binary { op, .. } if op == "or" => {
                Test::Either(walk::disjuncts(expr).into_iter().map(|arm| self.clauses(arm)).collect())
            }
            Expr::Unary { op, expr } if op == "not" => Test::Not(Box::new(self.clause(expr))),
            Expr::Binary { op, left, right } => self.binary(op, left, right),
            Expr::Between { expr, low, high, negated } => {
                let range = Expr::Between { expr: expr.clone(), low: low.clone(), high: high.clone(), negated: false };
                let arms = Test::Either(vec![self.clauses(&range)]);
                if *negated {
                    Test::Not(Box::new(Clause { test: arms, ..self.clause_of_nothing(&range) }))
                } else {
                    arms
                }
            }
            Expr::InList { expr: tested, list, negated } => match self.key(tested) {
                Some(key) => {
                    let inside = Test::In(key, list.iter().map(|v| self.value(v)).collect());
                    if *negated { self.negated(inside, expr) } else { inside }
                }
                None => Test::Fixed((EQUALITY * list.len() as f64).min(1.0)),
            },
            Expr::Quantified { expr: tested, op, all: false, array } if op == "=" => match self.key(tested) {
                Some(key) => match &**array {
                    Expr::Array(items) => Test::In(key, items.iter().map(|v| self.value(v)).collect()),
                    other => {
                        let (count, known) = self.element_count(other);
                        Test::Any(key, count, known)
                    }
                },
                None => Test::Fixed(EQUALITY * ARRAY_ELEMENTS),
            },
            Expr::Quantified { expr: tested, op, all: true, array } if op == "<>" => match self.key(tested) {
                Some(key) => {
                    let (count, known) = self.element_count(array);
                    self.negated(Test::Any(key, count, known), expr)
                }
                None => Test::Fixed(1.0),
            },
            Expr::IsNull { expr: tested, negated } => match self.key(tested) {
                Some(key) if *negated => self.negated(Test::Null(key), expr),
                Some(key) => Test::Null(key),
                None => Test::Fixed(if *negated { 1.0 - EQUALITY } else { EQUALITY }),
            },
            Expr::Is { expr: tested, test } => match (self.key(tested), test.as_str()) {
                (Some(key), "true" | "not false") => Test::Truth(key),
                (Some(key), "false" | "not true") => self.negated(Test::Truth(key), expr),
                _ => Test::Fixed(BOOLEAN),
            },
            Expr::Column { .. } => self.key(expr).map_or(Test::Fixed(BOOLEAN), Test::Truth),
            Expr::Literal(Literal::Bool(b)) => Test::Fixed(f64::from(u8::from(*b))),
            Expr::Literal(Literal::Null) => Test::Fixed(0.0),
            Expr::Cast { expr, .. } => self.test(expr),
            Expr::Exists(_) | Expr::InSubquery { .. } => Test::Fixed(BOOLEAN),
            _ => Test::Fixed(INEQUALITY),
        }
    }

    /// A comparison of what is computed from columns: the planner assumes a constant.
    fn computed(&self, op: Op, left: &Expr, right: &Expr) -> Test {
        let found = self.sampled_share(op, left, right);
        Test::Computed { assumed: INEQUALITY, found: found.unwrap_or(INEQUALITY) }
    }

    fn clause_of_nothing(&self, expr: &Expr) -> Clause {
        Clause { test: Test::Fixed(1.0), bare: walk::bare(expr), rels: 0, operators: walk::operator_count(expr) }
    }

    fn negated(&self, test: Test, expr: &Expr) -> Test {
        Test::Not(Box::new(Clause { test, ..self.clause_of_nothing(expr) }))
    }

    fn binary(&self, op: &str, left: &Expr, right: &Expr) -> Test {
        if let Some(op) = Op::parse(op) {
            let equal = matches!(op, Op::Eq | Op::Ne);
            return match (self.key(left), self.key(right)) {
                (Some(l), Some(r)) if l.rel == r.rel && !equal => self.computed(op, left, right),
                (Some(l), Some(r)) => Test::Join(l, op, r),
                (Some(l), None) if self.is_value(right) => Test::Compare(l, op, self.value(right)),
                (None, Some(r)) if self.is_value(left) => Test::Compare(r, op.flipped(), self.value(left)),
                _ if op == Op::Eq => Test::Fixed(EQUALITY),
                _ if op == Op::Ne => Test::Fixed(1.0 - EQUALITY),
                _ => self.computed(op, left, right),
            };
        }
        let negated = op.starts_with("not ") || op.starts_with("!~");
        let plain = op.trim_start_matches("not ").trim_start_matches('!');
        let test = match (plain, self.key(left)) {
            ("like" | "ilike" | "~~" | "~~*", Some(key)) => {
                let value = self.value(right);
                let pattern = match &value.values[..] {
                    [] => None,
                    values => values.first().and_then(Value::text),
                };
                let (prefix, fixed) = pattern.as_deref().map_or((None, 0.0), |p| {
                    let (prefix, fixed) = pattern_parts(p);
                    (Some(prefix), fixed)
                });
                Test::Like {
                    key,
                    prefix,
                    fixed,
                    ignores_case: plain == "ilike" || plain.ends_with('*'),
                    parameter: value.parameter,
                }
            }
            ("@>" | "&&" | "?" | "?|" | "?&" | "@@" | "<@" | "@?", Some(key)) => {
                let value = self.value(right);
                let values = self.elements(plain, right, &value);
                Test::Contains(key, plain.into(), values, value.parameter)
            }
            ("is distinct from", Some(key)) => self.negated(Test::Compare(key, Op::Eq, self.value(right)), left),
            _ => Test::Fixed(INEQUALITY),
        };
        if negated { self.negated(test, left) } else { test }
    }

    /// The key that an expression is: a column, or an expression that some index of its table holds.
    #[must_use]
    pub fn key(&self, expr: &Expr) -> Option<Key> {
        match expr {
            Expr::Column { qualifier, name, .. } => {
                let rel = place_of(qualifier.as_deref())?;
                Some(Key { rel, column: Some(name.clone()), expr: walk::bare(expr) })
            }
            Expr::Cast { expr: inner, to } if is_binary_cast(to) && matches!(**inner, Expr::Column { .. }) => {
                self.key(inner)
            }
            Expr::Literal(_) | Expr::Parameter { .. } => None,
            _ => {
                let mut rel = None;
                walk::visit(expr, &mut |e| {
                    if let Expr::Column { qualifier, .. } = e {
                        rel = rel.or_else(|| place_of(qualifier.as_deref()));
                    }
                });
                let rel = rel?;
                let bare = walk::bare(expr);
                let held = self
                    .rels
                    .get(rel)?
                    .info
                    .indexes
                    .iter()
                    .any(|i| i.keys.iter().zip(&i.expressions).any(|(k, e)| k.is_none() && *e == bare));
                held.then_some(Key { rel, column: None, expr: bare })
            }
        }
    }

    /// Whether an expression is constant within one execution: it has no column of this level.
    fn is_value(&self, expr: &Expr) -> bool {
        let mut constant = true;
        walk::visit(expr, &mut |e| {
            if let Expr::Column { qualifier, .. } = e {
                constant &= place_of(qualifier.as_deref()).is_none();
            }
        });
        constant
    }

    /// What an expression can be.
    #[must_use]
    pub fn value(&self, expr: &Expr) -> ValueSet {
        let mut hidden = false;
        walk::visit(expr, &mut |e| {
            hidden |= matches!(e, Expr::Subquery(_))
                || matches!(e, Expr::Column { qualifier: Some(q), .. } if q == super::block::OUTER)
                || matches!(e, Expr::Call { name, .. } if ["random", "nextval", "clock_timestamp"].contains(&name.name.as_str()));
        });
        let mut inner = expr;
        while let Expr::Cast { expr, .. } = inner {
            inner = expr;
        }
        let distribution = match inner {
            Expr::Parameter { number, .. } => self.draws.distribution(*number).cloned(),
            _ => None,
        };
        let mut values = self.draws.evaluate_all(expr);
        if hidden {
            values.retain(|v| matches!(v, Value::Sized(_)));
            values.truncate(1);
            if values.is_empty() {
                values.push(Value::Unknown);
            }
        }
        ValueSet { values, domain: self.domain(expr), distribution, parameter: walk::has_parameter(expr), hidden }
    }

    /// How many different values the variables of an expression can give it, if it keeps them apart.
    fn domain(&self, expr: &Expr) -> f64 {
        let mut domain = 1.0;
        let mut met = Vec::new();
        walk::visit(expr, &mut |e| match e {
            Expr::Parameter { number, .. } if !met.contains(number) => {
                met.push(*number);
                domain *= self.draws.distribution(*number).map_or(1.0, crate::access::popularity::drawable);
            }
            Expr::Binary { op, .. } if op == "%" || op == "/" => domain = f64::NAN,
            Expr::Call { name, .. } if name.name == "mod" => domain = f64::NAN,
            Expr::Call { name, .. } if name.name.contains("random") || name.name == "nextval" => domain = f64::INFINITY,
            _ => {}
        });
        if domain.is_nan() { 1.0 } else { domain }
    }

    fn element_count(&self, array: &Expr) -> (f64, bool) {
        match array {
            Expr::Array(items) => (items.len() as f64, true),
            Expr::Cast { expr, .. } => self.element_count(expr),
            other => {
                let counts: Vec<f64> = self
                    .value(other)
                    .values
                    .iter()
                    .filter_map(|v| match v {
                        Value::Text(t) if t.starts_with('{') => Some(array_elements(t).len() as f64),
                        _ => None,
                    })
                    .collect();
                if counts.is_empty() {
                    (ARRAY_ELEMENTS, false)
                } else {
                    (counts.iter().sum::<f64>() / counts.len() as f64, true)
                }
            }
        }
    }

    fn elements(&self, op: &str, expr: &Expr, value: &ValueSet) -> Vec<Value> {
        match expr {
            Expr::Call { name, args, .. } if name.name.ends_with("tsquery") => {
                args.last().map_or_else(Vec::new, |words| super::text_search::words(&self.value(words)))
            }
            Expr::Array(items) => items.iter().flat_map(|i| self.value(i).values.into_iter().take(1)).collect(),
            Expr::Cast { expr, .. } if matches!(**expr, Expr::Array(_)) => self.elements(op, expr, value),
            _ => match value.values.first() {
                Some(Value::Text(t)) if t.starts_with('{') && op != "?" => {
                    array_elements(t).into_iter().map(Value::Text).collect()
                }
                Some(v) => vec![v.clone()],
                None => vec![Value::Unknown],
            },
        }
    }
}

/// Casts between types whose values an index on the column can still find.
fn is_binary_cast(to: &str) -> bool {
    matches!(to, "text" | "varchar" | "character varying" | "bigint" | "int8" | "integer" | "int" | "int4")
        || to.starts_with("character varying")
}

/// The elements of an array or the members of a JSON object, as text; nesting is not followed.
fn array_elements(text: &str) -> Vec<String> {
    let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
    if inner.trim().is_empty() {
        return Vec::new();
    }
    inner.split(',').map(|e| e.trim().trim_matches('"').to_owned()).collect()
}

/// The constant prefix of a LIKE pattern, and how many constant characters follow it.
fn pattern_parts(pattern: &str) -> (String, f64) {
    let mut prefix = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' | '_' => break,
            '\\' => prefix.extend(chars.next()),
            _ => prefix.push(c),
        }
    }
    (prefix, chars.filter(|c| !matches!(c, '%' | '_')).count() as f64)
}

/// Reads a condition on one table alone, such as an index predicate; its columns have no qualifier.
#[must_use]
pub fn of_table(info: &crate::access::relation::TableInfo, expr: &Expr) -> Vec<Clause> {
    let qualified: Result<Expr, std::convert::Infallible> = walk::rewrite(expr, &mut |e| {
        Ok(match e {
            Expr::Column { name, .. } => {
                Some(Expr::Column { qualifier: Some(super::block::qualifier(0)), name: name.clone(), span: 0..0 })
            }
            _ => None,
        })
    });
    let Ok(qualified) = qualified;
    let rel = Rel {
        source: super::block::Source::Table,
        alias: String::new(),
        info: std::sync::Arc::new(info.clone()),
        leaves: Vec::new(),
        lateral: 0,
        used: Vec::new(),
    };
    let draws = Draws::default();
    Reader { rels: &[rel], draws: &draws }.clauses(&qualified)
}
