//! Transactions as the workload file lists them: variables, statements, sleeps.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::file::{DistributionFile, IsolationFile, OnConflictFile, ProtocolFile};
use super::file::{StatementFile, TransactionFile, UuidFile, WorkloadFile};
use super::placeholder::{Names, Piece, Scanner, rewrite};
use super::{
    Distribution, Isolation, Load, OnConflict, PlanText, ScriptText, StatementText, Step, StepKind, TableStats,
    Transaction, Variable,
};
use super::{control, script};
use crate::diagnostic::{InputError, Warning};
use crate::schema::TableName;
use crate::yaml::{Document, Entries, Located, NodeId, Number, Text};

/// More variables than this are no transaction that a client sends.
const MAX_VARIABLES: usize = 1000;

/// The variables of a transaction by name.
struct Listed<'a>(&'a [Variable]);

impl Names for Listed<'_> {
    fn number(&mut self, name: &str) -> Option<usize> {
        self.0.iter().position(|v| v.name == name).map(|i| i + 1)
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn all(&self) -> Vec<String> {
        self.0.iter().map(|v| v.name.clone()).collect()
    }
    fn foreign(&self) -> bool {
        true
    }
}

/// Reads the section `transactions`.
pub(super) fn transactions(
    document: &Document,
    file: &WorkloadFile,
    tables: &BTreeMap<TableName, TableStats>,
    load: &Load,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Transaction>, InputError> {
    let listed = &file.transactions;
    let simple = matches!(file.protocol, Some(ProtocolFile::Simple));
    let context = script::Context { tables, load, simple };
    if listed.value.is_empty() {
        return Err(document.error_at(listed.node, "no transactions").expected("at least one transaction"));
    }
    let mut names = HashSet::new();
    let mut transactions = Vec::with_capacity(listed.value.len());
    for transaction in &listed.value {
        let read = transaction_type(document, transaction, &context, warnings)?;
        if !names.insert(read.name.clone()) {
            let node = transaction.value.name.as_ref().map_or(transaction.node, |n| n.node);
            return Err(document
                .error_at(node, format!("a second transaction of the name `{}`", read.name))
                .expected("a name of its own for each transaction"));
        }
        transactions.push(read);
    }
    if transactions.iter().map(|t| t.weight).sum::<f64>() <= 0.0 {
        return Err(document
            .error_at(listed.node, "the weights of the transactions add up to 0")
            .expected("a `weight` above 0 for at least one of them"));
    }
    Ok(transactions)
}

fn transaction_type(
    document: &Document,
    located: &Located<TransactionFile>,
    context: &script::Context<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Transaction, InputError> {
    let file = &located.value;
    let mut transaction = Transaction {
        name: String::new(),
        position: Some(document.position(located.node)),
        weight: file.weight.as_ref().map_or(1.0, |w| w.0),
        isolation: file.isolation.map(isolation),
        variables: variables(document, &file.variables)?,
        steps: Vec::new(),
        on_conflict: match file.on_conflict {
            Some(OnConflictFile::Retry) => OnConflict::Retry,
            Some(OnConflictFile::Fail) | None => OnConflict::Fail,
        },
        client_commands: 0.0,
        script: None,
    };
    let given = file.name.as_ref().map(|n| n.value.0.clone()).filter(|n| !n.is_empty());
    match (&file.statements, &file.script) {
        (Some(statements), None) => {
            transaction.name = given.ok_or_else(|| {
                document.error_at(located.node, "a transaction without a name").expected("a key `name`")
            })?;
            steps(document, statements, &mut transaction)?;
        }
        (None, Some(path)) => {
            let stem = Path::new(&path.value.0).file_stem().map(|s| s.to_string_lossy().into_owned());
            transaction.name = given.or(stem).unwrap_or_default();
            let (name, text) = match document.attached(&path.value.0) {
                Some(text) => (path.value.0.clone(), text),
                None => {
                    let file = document.resolve(&path.value.0);
                    (file.to_string_lossy().into_owned(), document.read_beside(path.node, &file)?)
                }
            };
            script::read(&name, &text, context, &mut transaction, warnings)?;
            transaction.script = Some(ScriptText { file: name, text });
        }
        (Some(_), Some(script)) => {
            return Err(document
                .error_at(script.node, "both `statements` and `script` are given")
                .expected("one of the two"));
        }
        (None, None) => {
            return Err(document
                .error_at(located.node, "a transaction without statements")
                .expected("a key `statements`, or `script`"));
        }
    }
    Ok(transaction)
}

fn isolation(file: IsolationFile) -> Isolation {
    match file {
        IsolationFile::ReadUncommitted | IsolationFile::ReadCommitted => Isolation::ReadCommitted,
        IsolationFile::RepeatableRead => Isolation::RepeatableRead,
        IsolationFile::Serializable => Isolation::Serializable,
    }
}

fn variables(
    document: &Document,
    file: &Entries<Text, Located<DistributionFile>>,
) -> Result<Vec<Variable>, InputError> {
    if let Some((key, _)) = file.0.get(MAX_VARIABLES) {
        return Err(document
            .error_at(key.node, format!("more than {MAX_VARIABLES} variables"))
            .expected("fewer; pgbench itself takes 256 per statement"));
    }
    file.0
        .iter()
        .map(|(key, d)| {
            let name = key.value.0.clone();
            if super::placeholder::name_length(&name) != name.len() || name.is_empty() {
                return Err(document
                    .error_at(key.node, format!("`{name}` cannot be the name of a variable"))
                    .expected("letters, digits and underscores, not starting with a digit"));
            }
            let position = Some(document.position(key.node));
            Ok(Variable { name, position, distribution: distribution(document, d)? })
        })
        .collect()
}

/// Both ends of a range of integers.
fn range(document: &Document, node: NodeId, lo: &Number, hi: &Number) -> Result<(f64, f64), InputError> {
    let (lo, hi) = (lo.0, hi.0);
    if lo.fract() != 0.0 || hi.fract() != 0.0 {
        return Err(document
            .error_at(node, format!("the range from {lo} to {hi} is not of whole numbers"))
            .expected("whole numbers"));
    }
    if hi < lo {
        return Err(document
            .error_at(node, format!("the range is reversed: {lo} is above {hi}"))
            .expected(format!("the lower end first: [{hi}, {lo}]")));
    }
    Ok((lo, hi))
}

fn distribution(document: &Document, located: &Located<DistributionFile>) -> Result<Distribution, InputError> {
    let parameter = |p: &Located<Number>, kind: script::Shape| {
        script::check_parameter(kind, p.value.0)
            .map_err(|(message, expected)| document.error_at(p.node, message).expected(expected))
    };
    Ok(match &located.value {
        DistributionFile::Random(r) => {
            let (lo, hi) = range(document, r.node, &r.value.0, &r.value.1)?;
            Distribution::Uniform { lo, hi }
        }
        DistributionFile::RandomZipfian(r) => {
            let (lo, hi) = range(document, r.node, &r.value.0, &r.value.1)?;
            Distribution::Zipfian { lo, hi, theta: parameter(&r.value.2, script::Shape::Zipfian)? }
        }
        DistributionFile::RandomGaussian(r) => {
            let (lo, hi) = range(document, r.node, &r.value.0, &r.value.1)?;
            Distribution::Gaussian { lo, hi, parameter: parameter(&r.value.2, script::Shape::Gaussian)? }
        }
        DistributionFile::RandomExponential(r) => {
            let (lo, hi) = range(document, r.node, &r.value.0, &r.value.1)?;
            Distribution::Exponential { lo, hi, parameter: parameter(&r.value.2, script::Shape::Exponential)? }
        }
        DistributionFile::Value(value) => Distribution::Constant(value.0.clone()),
        DistributionFile::OneOf(list) => {
            let total: f64 = list.value.0.iter().map(|(_, w)| w.value.0).sum();
            if total <= 0.0 {
                return Err(document
                    .error_at(list.node, "values whose frequencies add up to 0")
                    .expected("at least one value with a frequency above 0, such as `{open: 0.7, paid: 0.3}`"));
            }
            Distribution::OneOf(list.value.0.iter().map(|(v, w)| (v.value.0.clone(), w.value.0 / total)).collect())
        }
        DistributionFile::Sequence(start) => Distribution::Sequence { start: start.0 },
        DistributionFile::Uuid(UuidFile::V4) => Distribution::Uuid { version: 4 },
        DistributionFile::Uuid(UuidFile::V7) => Distribution::Uuid { version: 7 },
    })
}

/// Reads the statements, and puts BEGIN and COMMIT around them where they run as one transaction.
fn steps(
    document: &Document,
    statements: &Located<Vec<Located<StatementFile>>>,
    transaction: &mut Transaction,
) -> Result<(), InputError> {
    if statements.value.is_empty() {
        return Err(document.error_at(statements.node, "no statements").expected("at least one `sql`"));
    }
    let mut steps = Vec::with_capacity(statements.value.len() + 2);
    let (mut executions, mut explicit) = (0.0, false);
    for located in &statements.value {
        let file = &located.value;
        let kind = match (&file.sql, &file.sleep) {
            (Some(sql), None) => statement(document, sql, file, transaction)?,
            (None, Some(sleep)) => {
                if let Some(node) =
                    [file.cpu.as_ref().map(|c| c.node), file.plan.as_ref().map(|p| p.node)].into_iter().flatten().next()
                {
                    return Err(document
                        .error_at(node, "a sleep costs no server CPU")
                        .expected("`sleep`, with or without `repeat`"));
                }
                StepKind::Sleep(sleep.value.0)
            }
            (Some(_), Some(sleep)) => {
                return Err(document
                    .error_at(sleep.node, "both `sql` and `sleep` in one step")
                    .expected("an item of its own: `- sleep: 2ms`"));
            }
            (None, None) => {
                return Err(document.error_at(located.node, "a step without `sql`").expected("`sql` or `sleep`"));
            }
        };
        let repeat = file.repeat.as_ref().map_or(1.0, |r| r.value.0);
        match kind {
            StepKind::Statement(_) => executions += repeat,
            StepKind::Sleep(_) => {}
            StepKind::Begin | StepKind::Commit | StepKind::Rollback => explicit = true,
        }
        steps.push(Step { kind, repeat, pipelined: false });
    }
    if executions > 1.0 && !explicit {
        let step = |kind| Step { kind, repeat: 1.0, pipelined: false };
        steps.insert(0, step(StepKind::Begin));
        steps.push(step(StepKind::Commit));
    }
    transaction.steps = steps;
    Ok(())
}

fn statement(
    document: &Document,
    sql: &Located<Text>,
    file: &StatementFile,
    transaction: &mut Transaction,
) -> Result<StepKind, InputError> {
    let text = sql.value.0.as_str();
    let origin = document.origin(sql.node);
    if text.trim().is_empty() {
        return Err(document.error_at(sql.node, "an empty statement").expected("one SQL statement"));
    }
    if let Some(kind) = control::control(text, &mut transaction.isolation) {
        return Ok(kind);
    }
    let with_text = |mut e: InputError| {
        e.source_text = document.error_at(sql.node, "").source_text;
        e
    };
    if let Some(at) = second_statement(text) {
        let error = InputError::new("more than one statement in one `sql`");
        return Err(with_text(error.at(origin.locate(text, at)).expected("an item of its own for each statement")));
    }
    let rewritten = rewrite(text, &origin, &mut Listed(&transaction.variables)).map_err(with_text)?;
    let plan = match &file.plan {
        Some(plan) => {
            let path = document.resolve(&plan.value.0);
            let text = document.read_beside(plan.node, &path)?;
            Some(PlanText { file: path.to_string_lossy().into_owned(), text })
        }
        None => None,
    };
    Ok(StepKind::Statement(StatementText {
        sql: rewritten.sql,
        written: text.trim().to_owned(),
        origin: rewritten.origin,
        cpu: file.cpu.as_ref().map(|c| c.value.0),
        plan,
        rows: file.rows.as_ref().map(|r| r.value.0),
    }))
}

/// Where a second statement starts, if there is one.
fn second_statement(text: &str) -> Option<usize> {
    let mut ended = false;
    for (piece, start, end) in Scanner::new(text, 0) {
        let written = &text[start..end];
        let blank = written.trim().is_empty() || written.starts_with("--") || written.starts_with("/*");
        match piece {
            Piece::Semicolon => ended = true,
            _ if ended && !blank => return Some(start),
            _ => {}
        }
    }
    None
}
