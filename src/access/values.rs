//! What the values in a statement can be: every variable of a transaction drawn a few times together,
//! and expressions over them evaluated draw by draw.
//!
//! Averages over the draws stand for averages over executions. The draws are stratified: each
//! variable takes [`DRAWS`] values in the middle of slices of equal probability, and the slices of
//! different variables are combined in scrambled order, so that means of single variables are
//! exact to the slice and those of differences such as `:a + 99` against `:a` hold draw by draw.

use crate::access::functions;
use crate::sql::tree::{Expr, Literal};
use crate::units::DAY;
use crate::workload::{Distribution, Variable};

/// How many joint draws stand for the distribution.
pub const DRAWS: usize = 16;

/// One value of one draw.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number; dates and times are seconds since 2000-01-01, intervals seconds.
    Number(f64),
    /// A text, or anything that has no number.
    Text(String),
    /// TRUE or FALSE.
    Bool(bool),
    /// NULL.
    Null,
    /// Seconds from the present moment, which the files do not know.
    Now(f64),
    /// A text or bytes not known, but for their length in bytes.
    Sized(f64),
    /// Not known: made by a function, an earlier statement or another table.
    Unknown,
}

impl Value {
    /// The number, when it is one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(*n),
            Self::Text(t) => t.trim().parse().ok(),
            _ => None,
        }
    }

    /// The text that `most_common` would list for it.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Number(n) => Some(format!("{n}")),
            Self::Text(t) => Some(t.clone()),
            Self::Bool(b) => Some(b.to_string()),
            _ => None,
        }
    }

    /// Bytes of the value as a text.
    #[must_use]
    pub fn text_bytes(&self) -> Option<f64> {
        match self {
            Self::Sized(bytes) => Some(*bytes),
            other => other.text().map(|t| t.len() as f64),
        }
    }
}

impl From<&Literal> for Value {
    fn from(literal: &Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Bool(b) => Self::Bool(*b),
            Literal::Number(n) => Self::Number(*n),
            Literal::Text(t) => Self::Text(t.clone()),
        }
    }
}

/// The joint draws of a transaction's variables.
#[derive(Debug, Clone, Default)]
pub struct Draws {
    /// By variable, then by draw.
    values: Vec<Vec<Value>>,
    names: Vec<String>,
    distributions: Vec<Distribution>,
}

impl Draws {
    /// Draws the variables of a transaction.
    #[must_use]
    pub fn of(variables: &[Variable]) -> Self {
        let mut draws = Self::default();
        for (place, variable) in variables.iter().enumerate() {
            let values = (0..DRAWS).map(|draw| draws.draw(&variable.distribution, place, draw)).collect();
            draws.values.push(values);
            draws.names.push(variable.name.clone());
            draws.distributions.push(variable.distribution.clone());
        }
        draws
    }

    fn draw(&self, distribution: &Distribution, place: usize, draw: usize) -> Value {
        // Odd strides permute the slices modulo a power of two.
        let slice = (draw * (2 * place + 1) + place * 5) % DRAWS;
        let u = (slice as f64 + 0.5) / DRAWS as f64;
        match distribution {
            Distribution::Constant(literal) => literal.into(),
            Distribution::OneOf(values) => {
                let mut below = 0.0;
                for (literal, p) in values {
                    below += p;
                    if u < below {
                        return literal.into();
                    }
                }
                values.last().map_or(Value::Unknown, |v| (&v.0).into())
            }
            Distribution::Derived(expr) => self.evaluate(expr, draw),
            Distribution::Sequence { start } => Value::Sized(format!("{start}").len() as f64),
            Distribution::Uuid { .. } => Value::Sized(functions::UUID_LETTERS),
            Distribution::FromStatement { .. } => Value::Unknown,
            _ => super::popularity::quantile(distribution, u).map_or(Value::Unknown, Value::Number),
        }
    }

    /// The distribution of `$number`, when there is such a variable.
    #[must_use]
    pub fn distribution(&self, number: usize) -> Option<&Distribution> {
        self.distributions.get(number.checked_sub(1)?)
    }

    /// The value of an expression in one draw; columns are variables (inside derived variables).
    #[must_use]
    pub fn evaluate(&self, expr: &Expr, draw: usize) -> Value {
        match expr {
            Expr::Literal(literal) => literal.into(),
            Expr::Parameter { number, .. } => number
                .checked_sub(1)
                .and_then(|n| self.values.get(n))
                .and_then(|v| v.get(draw))
                .cloned()
                .unwrap_or(Value::Unknown),
            Expr::Column { qualifier: None, name, .. } => match self.names.iter().position(|n| n == name) {
                Some(place) => self.values.get(place).and_then(|v| v.get(draw)).cloned().unwrap_or(Value::Unknown),
                None => moment(name).unwrap_or(Value::Unknown),
            },
            Expr::Unary { op, expr } => match (op.as_str(), self.evaluate(expr, draw)) {
                ("-", v) => v.number().map_or(Value::Unknown, |n| Value::Number(-n)),
                ("+", v) => v,
                ("not", Value::Bool(b)) => Value::Bool(!b),
                _ => Value::Unknown,
            },
            Expr::Binary { op, left, right } => {
                let (mut l, mut r) = (self.evaluate(left, draw), self.evaluate(right, draw));
                // A whole number beside a date counts days.
                match (functions::is_date(left), functions::is_date(right)) {
                    (true, false) if !functions::is_interval(right) => r = functions::days(r),
                    (false, true) if !functions::is_interval(left) => l = functions::days(l),
                    _ => {}
                }
                binary(op, &l, &r)
            }
            Expr::Cast { expr, to } => cast(self.evaluate(expr, draw), to),
            Expr::Call { name, args, .. } => {
                if let Some(now) = moment(&name.name) {
                    return now;
                }
                let args: Vec<Value> = args.iter().map(|a| self.evaluate(a, draw)).collect();
                functions::call(&name.name, &args)
            }
            _ => Value::Unknown,
        }
    }

    /// All draws of an expression.
    #[must_use]
    pub fn evaluate_all(&self, expr: &Expr) -> Vec<Value> {
        if is_constant(expr) {
            return vec![self.evaluate(expr, 0)];
        }
        (0..DRAWS).map(|draw| self.evaluate(expr, draw)).collect()
    }
}

/// Whether an expression has neither parameters nor columns.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) => true,
        Expr::Unary { expr, .. } | Expr::Cast { expr, .. } => is_constant(expr),
        Expr::Binary { left, right, .. } => is_constant(left) && is_constant(right),
        _ => false,
    }
}

fn moment(name: &str) -> Option<Value> {
    ["now", "current_timestamp", "localtimestamp", "statement_timestamp", "clock_timestamp", "transaction_timestamp"]
        .contains(&name)
        .then_some(Value::Now(0.0))
        .or_else(|| (name == "current_date").then_some(Value::Now(-43_200.0)))
}

pub(super) fn binary(op: &str, left: &Value, right: &Value) -> Value {
    if let (Value::Now(offset), "+" | "-") = (left, op) {
        let sign = if op == "+" { 1.0 } else { -1.0 };
        return right.number().or_else(|| interval(right)).map_or(Value::Unknown, |s| Value::Now(offset + sign * s));
    }
    if op == "||" {
        return functions::concat([left, right].into_iter());
    }
    let (Some(l), Some(r)) = (left.number(), right.number()) else { return Value::Unknown };
    match op {
        "+" => Value::Number(l + r),
        "-" => Value::Number(l - r),
        "*" => Value::Number(l * r),
        "/" if r != 0.0 => Value::Number(l / r),
        "%" if r != 0.0 => Value::Number(l % r),
        _ => Value::Unknown,
    }
}

fn cast(value: Value, to: &str) -> Value {
    if to.starts_with("interval") {
        return interval(&value).map_or(Value::Unknown, Value::Number);
    }
    if to.starts_with("timestamp") || to == "date" {
        return match &value {
            Value::Text(t) => parse_time(t).map_or(value, Value::Number),
            _ => value,
        };
    }
    match to {
        "int" | "integer" | "bigint" | "smallint" | "int4" | "int8" | "int2" => {
            value.number().map_or(value, |n| Value::Number(n.round()))
        }
        "numeric" | "double precision" | "float8" | "real" => value.number().map_or(value, Value::Number),
        "text" => value.text().map_or(value, Value::Text),
        _ => value,
    }
}

/// Seconds of an interval written as PostgreSQL writes one: `2 days`, `01:30:00`, `1 mon`.
#[must_use]
pub fn interval(value: &Value) -> Option<f64> {
    let Value::Text(text) = value else { return value.number() };
    let mut seconds = 0.0;
    let mut pending: Option<f64> = None;
    for word in text.split_whitespace() {
        let digits = word.find(|c: char| c.is_alphabetic()).unwrap_or(word.len());
        let (number, unit) = word.split_at(digits);
        if number.contains(':') {
            let parts: Option<Vec<f64>> = number.split(':').map(|p| p.parse().ok()).collect();
            seconds += parts?.iter().fold(0.0, |t, p| t * 60.0 + p)
                * if number.matches(':').count() == 1 { 60.0 } else { 1.0 };
            continue;
        }
        if !number.is_empty() {
            pending = Some(number.parse().ok()?);
        }
        if unit.is_empty() {
            continue;
        }
        let scale = match unit.trim_end_matches('s') {
            "u" | "microsecond" => 1e-6,
            "m" if unit == "ms" => 1e-3,
            "millisecond" => 1e-3,
            "" | "second" | "sec" => 1.0,
            "minute" | "min" | "m" => 60.0,
            "hour" | "h" => 3600.0,
            "day" | "d" => DAY,
            "week" | "w" => 604_800.0,
            "month" | "mon" => 2_592_000.0,
            "year" | "y" => 31_557_600.0,
            _ => return None,
        };
        seconds += pending.take().unwrap_or(1.0) * scale;
    }
    Some(seconds + pending.unwrap_or(0.0))
}

/// Seconds since 2000-01-01 of a date or timestamp in ISO form; a zone offset is applied.
#[must_use]
pub fn parse_time(text: &str) -> Option<f64> {
    let text = text.trim();
    let (date, time) = text.split_at(text.find([' ', 'T']).unwrap_or(text.len()));
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..=300_000).contains(&year) {
        return None;
    }
    // Days from civil (Howard Hinnant's algorithm), counted from 2000-01-01.
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 730_425;
    let mut seconds = days as f64 * DAY;
    let time = time.trim_start_matches([' ', 'T']).trim_end_matches('Z');
    let (clock, zone) = time.split_at(time.find(['+', '-']).unwrap_or(time.len()));
    if !clock.trim().is_empty() {
        for (part, scale) in clock.trim().split(':').zip([3600.0, 60.0, 1.0]) {
            seconds += part.parse::<f64>().ok()? * scale;
        }
    }
    if let Some(hours) = zone.get(..3).and_then(|z| z.parse::<f64>().ok()) {
        seconds -= hours * 3600.0;
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform(name: &str, lo: f64, hi: f64) -> Variable {
        Variable { name: name.into(), position: None, distribution: Distribution::Uniform { lo, hi } }
    }

    fn parameter(number: usize) -> Expr {
        Expr::Parameter { number, span: 0..0 }
    }

    #[test]
    fn differences_hold_draw_by_draw() {
        let draws = Draws::of(&[uniform("a", 1.0, 1000.0), uniform("b", 1.0, 1000.0)]);
        let shifted = Expr::Binary {
            op: "+".into(),
            left: Box::new(parameter(1)),
            right: Box::new(Expr::Literal(Literal::Number(99.0))),
        };
        let mean: f64 = (0..DRAWS)
            .map(|d| draws.evaluate(&shifted, d).number().unwrap() - draws.evaluate(&parameter(1), d).number().unwrap())
            .sum::<f64>()
            / DRAWS as f64;
        assert_eq!(mean, 99.0);
        let a: Vec<f64> = draws.evaluate_all(&parameter(1)).iter().map(|v| v.number().unwrap()).collect();
        let b: Vec<f64> = draws.evaluate_all(&parameter(2)).iter().map(|v| v.number().unwrap()).collect();
        assert_ne!(a, b);
        assert!((a.iter().sum::<f64>() / DRAWS as f64 - 500.5).abs() < 1.0);
    }

    /// Reference values: `select extract(epoch from timestamp - timestamp '2000-01-01')` on PostgreSQL 15.
    #[test]
    fn times_as_the_server_reads_them() {
        assert_eq!(parse_time("2000-01-01"), Some(0.0));
        assert_eq!(parse_time("2026-01-31 12:00"), Some(823_176_000.0));
        assert_eq!(parse_time("2024-02-29 23:59:59"), Some(762_566_399.0));
        assert_eq!(parse_time("1999-12-31"), Some(-86_400.0));
        assert_eq!(parse_time("yesterday"), None);
        assert_eq!(interval(&Value::Text("1 day 02:00:00".into())), Some(93_600.0));
        assert_eq!(interval(&Value::Text("90 minutes".into())), Some(5400.0));
    }
}
