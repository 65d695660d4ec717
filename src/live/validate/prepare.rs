//! Statements as the server understands them before the load: what it refuses is told at its place in the workload
//! file, and parameters whose type it cannot infer get one, as a driver would give it.

use std::collections::BTreeMap;

use postgres::error::ErrorPosition;
use postgres::types::Type;
use postgres::{Client, Statement};

use crate::diagnostic::InputError;
use crate::live::LiveError;
use crate::live::fill::insert::identifier;
use crate::live::validate::ValidateError;
use crate::sql::tree::Literal;
use crate::workload::{Distribution, Protocol, StatementText, StepKind, Transaction, Workload};

/// Types of parameters, by place of the transaction type and of the step: `$n` and the type.
pub type Casts = BTreeMap<(usize, usize), Vec<(usize, String)>>;

/// Largest whole number of four bytes.
const INTEGER: f64 = 2_147_483_647.0;

/// Prepares every statement of the workload's own; those of scripts are pgbench's affair.
///
/// # Errors
/// The first statement that the server refuses, in its words.
pub fn casts(client: &mut Client, workload: &Workload) -> Result<Casts, ValidateError> {
    let mut casts = Casts::new();
    let weighted = workload.transactions.iter().filter(|t| t.weight > 0.0);
    for (t, transaction) in weighted.enumerate().filter(|(_, t)| t.script.is_none()) {
        for (s, step) in transaction.steps.iter().enumerate() {
            if let StepKind::Statement(text) = &step.kind
                && let Some(types) = types(client, transaction, text, workload.protocol)?
            {
                casts.insert((t, s), types);
            }
        }
    }
    Ok(casts)
}

/// The types that a statement's parameters need; `None` when it needs none.
fn types(
    client: &mut Client,
    transaction: &Transaction,
    text: &StatementText,
    protocol: Protocol,
) -> Result<Option<Vec<(usize, String)>>, ValidateError> {
    let (given, times) = parameters(&text.sql, transaction.variables.len());
    let error = match client.prepare_typed(&text.sql, &given) {
        Ok(statement) => return Ok(Some(repeated(&statement, &times)).filter(|types| !types.is_empty())),
        Err(error) => error,
    };
    let Some(said) = error.as_db_error() else { return Err(LiveError::from(error).into()) };
    let known: Vec<(usize, &'static str)> = transaction
        .variables
        .iter()
        .enumerate()
        .filter_map(|(n, v)| type_of(&v.distribution).map(|ty| (n + 1, ty)))
        .collect();
    // As few as possible: a type where the server infers another may cost an index.
    let single = known.iter().map(|one| vec![*one]);
    for types in single.chain(std::iter::once(known.clone())) {
        if let Ok(statement) = client.prepare_typed(&with_types(&text.sql, &types), &given) {
            let mut all: Vec<(usize, String)> = types.iter().map(|(n, ty)| (*n, (*ty).to_owned())).collect();
            all.extend(repeated(&statement, &times).into_iter().filter(|(n, _)| types.iter().all(|t| t.0 != *n)));
            return Ok(Some(all));
        }
    }
    // With the simple protocol values stand in the text, whose types the server may still find.
    if protocol == Protocol::Simple {
        return Ok(None);
    }
    let at = match said.position() {
        Some(ErrorPosition::Original(n)) => {
            text.sql.char_indices().nth((*n as usize).saturating_sub(1)).map_or(0, |(i, _)| i)
        }
        _ => 0,
    };
    let message = format!("the server refuses the statement: {}", LiveError::from(error));
    Err(InputError::new(message).at(text.origin.locate(&text.sql, at)).into())
}

/// The types that the server inferred for parameters that stand in more than one place: pgbench makes a parameter of
/// each of them, which may say too little by itself.
fn repeated(statement: &Statement, times: &[usize]) -> Vec<(usize, String)> {
    let name = |ty: &Type| match ty.schema() {
        "pg_catalog" => ty.name().to_owned(),
        schema => format!("{}.{}", identifier(schema), identifier(ty.name())),
    };
    let all = statement.params().iter().zip(times).enumerate();
    all.filter(|(_, (_, times))| **times > 1).map(|(n, (ty, _))| (n + 1, name(ty))).collect()
}

/// The types of a statement's parameters: left to the server where they are used; of the others it cannot know any.
/// And how often each is used.
fn parameters(sql: &str, variables: usize) -> (Vec<Type>, Vec<usize>) {
    let mut types = vec![Type::TEXT; variables];
    let mut times = vec![0; variables];
    let mut most = 0;
    // What pgbench cannot take has been told before.
    let _ = crate::workload::for_pgbench(sql, |n| {
        if let Some(ty) = types.get_mut(n.wrapping_sub(1)) {
            *ty = Type::UNKNOWN;
            times[n - 1] += 1;
            most = most.max(n);
        }
        String::new()
    });
    types.truncate(most);
    (types, times)
}

/// The statement with types behind its parameters.
fn with_types(sql: &str, types: &[(usize, &'static str)]) -> String {
    let value = |n: usize| match types.iter().find(|t| t.0 == n) {
        Some((_, ty)) => format!("${n}::{ty}"),
        None => format!("${n}"),
    };
    crate::workload::for_pgbench(sql, value).unwrap_or_else(|_| sql.to_owned())
}

/// The type that a driver would give a value; `None` where it would leave it to the server.
fn type_of(distribution: &Distribution) -> Option<&'static str> {
    let whole = |lo: f64, hi: f64| if lo >= -INTEGER && hi <= INTEGER { "integer" } else { "bigint" };
    match distribution {
        Distribution::Uniform { lo, hi }
        | Distribution::Zipfian { lo, hi, .. }
        | Distribution::Gaussian { lo, hi, .. }
        | Distribution::Exponential { lo, hi, .. } => Some(whole(*lo, *hi)),
        Distribution::Sequence { .. } => Some("bigint"),
        Distribution::Constant(literal) => type_of_literal(literal),
        Distribution::OneOf(values) => {
            let first = type_of_literal(&values.first()?.0)?;
            values.iter().all(|(l, _)| type_of_literal(l) == Some(first)).then_some(first)
        }
        Distribution::Uuid { .. } | Distribution::Derived(_) | Distribution::FromStatement { .. } => None,
    }
}

fn type_of_literal(literal: &Literal) -> Option<&'static str> {
    match literal {
        Literal::Number(n) if n.fract() == 0.0 && n.abs() <= INTEGER => Some("integer"),
        Literal::Number(n) if n.fract() == 0.0 => Some("bigint"),
        Literal::Number(_) => Some("numeric"),
        Literal::Bool(_) => Some("boolean"),
        Literal::Null => None,
        Literal::Text(text) => Some(match crate::access::values::parse_time(text) {
            Some(_) if text.len() <= 10 => "date",
            Some(_) => "timestamp",
            None => "text",
        }),
    }
}
