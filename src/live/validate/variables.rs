//! Variables of a transaction as pgbench draws them.

use crate::diagnostic::InputError;
use crate::live::validate::script::Scripts;
use crate::sql::tree::Literal;
use crate::workload::{Distribution, Protocol, StepKind, Transaction, Variable, for_pgbench};

/// Draws that decide between values: enough for frequencies of a millionth.
const DRAWS: f64 = 1e9;

/// What stands in a script for the variables of a transaction.
#[derive(Debug, Clone, Default)]
pub struct Forms {
    /// `\set` lines.
    pub lines: Vec<String>,
    forms: Vec<Form>,
}

#[derive(Debug, Clone)]
enum Form {
    /// This text.
    Plain(String),
    /// One of several.
    Choice(Choice),
}

/// One of several texts, by a number drawn before.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The variable that holds the number, from 0.
    pub index: String,
    /// What stands for each.
    pub texts: Vec<String>,
}

impl Forms {
    /// What stands for `$n`, unless it is a choice.
    #[must_use]
    pub fn plain(&self, n: usize) -> String {
        match self.forms.get(n.wrapping_sub(1)) {
            Some(Form::Plain(text)) => text.clone(),
            _ => "NULL".to_owned(),
        }
    }

    /// The texts of `$n`, when it is one of several.
    #[must_use]
    pub fn choice(&self, n: usize) -> Option<&Choice> {
        match self.forms.get(n.wrapping_sub(1)) {
            Some(Form::Choice(choice)) => Some(choice),
            _ => None,
        }
    }
}

/// The variables of a transaction, drawn at its start; those no statement uses are left out.
///
/// # Errors
/// A variable that only the result of a statement can give.
pub fn forms(
    transaction: &Transaction,
    index: usize,
    protocol: Protocol,
    scripts: &mut Scripts,
) -> Result<Forms, InputError> {
    let mut used = vec![false; transaction.variables.len()];
    for step in &transaction.steps {
        if let StepKind::Statement(text) = &step.kind {
            // What cannot be written is told when it is written.
            let _ = for_pgbench(&text.sql, |n| {
                if let Some(used) = used.get_mut(n.wrapping_sub(1)) {
                    *used = true;
                }
                String::new()
            });
        }
    }
    let mut out = Forms::default();
    for (variable, used) in transaction.variables.iter().zip(used) {
        let form = if used {
            let name = format!("t{index}_{}", ascii(&variable.name));
            form(variable, name, protocol, &mut out.lines, scripts)?
        } else {
            Form::Plain("NULL".to_owned())
        };
        out.forms.push(form);
    }
    Ok(out)
}

/// What stands for a variable that is called `name` in the script; `lines` draw it.
fn form(
    variable: &Variable,
    name: String,
    protocol: Protocol,
    lines: &mut Vec<String>,
    scripts: &mut Scripts,
) -> Result<Form, InputError> {
    let mut text_form = |literal: &Literal, name: String| match literal {
        Literal::Text(text) if protocol != Protocol::Simple => {
            scripts.variables.push((name.clone(), text.clone()));
            format!(":{name}")
        }
        other => constant(other),
    };
    let drawn = match &variable.distribution {
        Distribution::Constant(text @ Literal::Text(_)) => return Ok(Form::Plain(text_form(text, name))),
        Distribution::Constant(literal) => constant(literal),
        Distribution::Uniform { lo, hi } => format!("random({lo:.0}, {hi:.0})"),
        Distribution::Zipfian { lo, hi, theta } => format!("random_zipfian({lo:.0}, {hi:.0}, {theta:?})"),
        Distribution::Gaussian { lo, hi, parameter } => format!("random_gaussian({lo:.0}, {hi:.0}, {parameter:?})"),
        Distribution::Exponential { lo, hi, parameter } => {
            format!("random_exponential({lo:.0}, {hi:.0}, {parameter:?})")
        }
        Distribution::OneOf(values) => {
            lines.push(format!("\\set {name}_draw random(1, {DRAWS:.0})"));
            let texts = values.iter().any(|(l, _)| matches!(l, Literal::Text(_)));
            let values_of = |n: usize| if texts { n.to_string() } else { constant(&values[n].0) };
            let drawn = cases(&format!("{name}_draw"), values, values_of);
            if texts {
                lines.push(format!("\\set {name} {drawn}"));
                let texts = values.iter().enumerate().map(|(n, (l, _))| text_form(l, format!("{name}_{n}")));
                return Ok(Form::Choice(Choice { texts: texts.collect(), index: name }));
            }
            drawn
        }
        Distribution::Sequence { start } => {
            // A client's variables live as long as the client: each counts by itself, and takes every
            // clients'th number.
            scripts.variables.push((format!("{name}_turn"), "-1".to_owned()));
            scripts.sequences.push((format!("{name}_start"), *start));
            lines.push(format!("\\set {name}_turn :{name}_turn + 1"));
            format!(":{name}_start + :{name}_turn * :clients + :client_id")
        }
        Distribution::Uuid { version } => {
            lines.push(format!("\\set {name} random(1, 9000000000000000000)"));
            return Ok(Form::Plain(uuid(&name, *version)));
        }
        Distribution::Derived(_) | Distribution::FromStatement { .. } => {
            let error = InputError::new(format!("`{}` comes from a script", variable.name));
            return Err(match &variable.position {
                Some(p) => error.at(p.clone()),
                None => error,
            });
        }
    };
    lines.push(format!("\\set {name} {drawn}"));
    Ok(Form::Plain(format!(":{name}")))
}

/// SQL of a uuid made from a variable's number; one of version 7 begins with the time.
fn uuid(name: &str, version: u8) -> String {
    let random = format!("md5((:{name})::bigint::text)");
    match version {
        7 => format!(
            "(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7' || substr({random}, 1, 19))::uuid"
        ),
        _ => format!("({random})::uuid"),
    }
}

/// Names as every version of pgbench takes them.
fn ascii(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// A constant in an expression of pgbench, or in SQL.
fn constant(literal: &Literal) -> String {
    match literal {
        Literal::Number(n) => format!("{n}"),
        Literal::Bool(b) => b.to_string(),
        Literal::Null => "NULL".to_owned(),
        // Quoted as a constant of SQL whose colons pgbench leaves alone.
        Literal::Text(text) => {
            let quoted = format!("'{}'", text.replace('\'', "''"));
            for_pgbench(&quoted, |_| String::new()).unwrap_or(quoted)
        }
    }
}

/// `case when ...` over the cumulated frequencies.
fn cases(draw: &str, values: &[(Literal, f64)], value: impl Fn(usize) -> String) -> String {
    let mut out = String::from("case");
    let mut below = 0.0;
    for (n, (_, share)) in values.iter().enumerate() {
        below += share;
        if n + 1 == values.len() {
            out += &format!(" else {} end", value(n));
        } else {
            out += &format!(" when :{draw} <= {:.0} then {}", below * DRAWS, value(n));
        }
    }
    // `case else x end` is none.
    if values.len() == 1 { value(0) } else { out }
}
