//! The workload's transactions as pgbench scripts.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::diagnostic::InputError;
use crate::live::pgbench::Script;
use crate::live::validate::prepare::Casts;
use crate::live::validate::variables::{Forms, forms};
use crate::sql::tree::Literal;
use crate::workload::{
    Distribution, Isolation, Load, OnConflict, StatementText, Step, StepKind, Transaction, Workload, for_pgbench,
};

/// Combinations of texts that one statement is written out for.
const MOST_CHOICES: usize = 100;
/// Draws that decide whether a repetition with a fractional part takes place.
const MILLION: f64 = 1e6;

/// Scripts and what pgbench must be told beside them.
#[derive(Debug, Clone, Default)]
pub struct Scripts {
    /// Files with weights, in the order of the transactions.
    pub files: Vec<Script>,
    /// Transactions by file.
    pub names: Vec<String>,
    /// `-D`.
    pub variables: Vec<(String, String)>,
    /// Variables that grow over all clients, with the first value: to be given anew for each run.
    pub sequences: Vec<(String, f64)>,
    /// Settings of the sessions.
    pub settings: Vec<(String, String)>,
    /// Options.
    pub options: Vec<String>,
    /// What is not as in the workload file.
    pub notes: Vec<String>,
}

/// Writes one file per transaction type into `folder`; parameters get the types in `casts`. `default` is the
/// isolation level of transactions that name none, and of the server's sessions unless told otherwise.
///
/// # Errors
/// What pgbench cannot express, at its place in the workload file.
pub fn write(workload: &Workload, default: Isolation, folder: &Path, casts: &Casts) -> Result<Scripts, InputError> {
    let mut scripts = Scripts::default();
    let weighted: Vec<&Transaction> = workload.transactions.iter().filter(|t| t.weight > 0.0).collect();
    let whole = weighted.iter().all(|t| t.weight.fract() == 0.0 && t.weight < 1e6);
    let session = session_isolation(&weighted, default, &mut scripts);
    let think = match workload.load {
        Load::Closed { think_time, .. } => think_time.us(),
        Load::Open { .. } => 0.0,
    };
    for (index, transaction) in weighted.iter().enumerate() {
        let mut text = match &transaction.script {
            Some(script) => from_script(transaction, &script.text, &mut scripts)?,
            None => {
                let forms = forms(transaction, index, workload.protocol, &mut scripts)?;
                Writer { transaction, forms: &forms, default, session, index, casts, drawn: 0 }.script()?
            }
        };
        if think > 0.0 {
            let _ = writeln!(text, "\\sleep {think:.0} us");
        }
        let path: PathBuf = folder.join(format!("{index}.sql"));
        std::fs::write(&path, text).map_err(|e| InputError::new(format!("failed to write {}: {e}", path.display())))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a weight")]
        let weight = if whole { transaction.weight } else { (transaction.weight * 1000.0).round().max(1.0) } as u32;
        scripts.files.push(Script::File(path, weight));
        scripts.names.push(transaction.name.clone());
    }
    options(workload, &weighted, &mut scripts);
    Ok(scripts)
}

/// Options and variables that hold for all scripts.
fn options(workload: &Workload, weighted: &[&Transaction], scripts: &mut Scripts) {
    let retrying = weighted.iter().filter(|t| t.on_conflict == OnConflict::Retry).count();
    if retrying > 0 {
        // As often as it takes, within the run.
        scripts.options.push("--max-tries=0".to_owned());
        if retrying < weighted.len() {
            scripts
                .notes
                .push("pgbench repeats failed transactions of every type, since one has on_conflict: retry".into());
        }
    }
    if workload.connections.reconnect {
        scripts.options.push("--connect".to_owned());
    }
    let branches = workload.tables.iter().find(|(name, _)| name.name == "pgbench_branches").map(|(_, t)| t.rows);
    if let Some(scale) = branches.filter(|_| weighted.iter().any(|t| t.script.is_some())) {
        scripts.variables.push(("scale".to_owned(), format!("{scale:.0}")));
    }
}

/// The isolation level of the sessions: that of the statements that run without BEGIN.
fn session_isolation(transactions: &[&Transaction], default: Isolation, scripts: &mut Scripts) -> Isolation {
    let explicit = |t: &Transaction| t.steps.iter().any(|s| matches!(s.kind, StepKind::Begin));
    let lone = transactions.iter().filter(|t| t.script.is_none() && !explicit(t));
    let mut levels = lone.map(|t| t.isolation.unwrap_or(default));
    let level = levels.next().unwrap_or(default);
    if levels.any(|l| l != level) {
        let told = format!("single statements of different isolation levels all run at {}", level.as_str());
        scripts.notes.push(told);
    }
    if level != default {
        scripts.settings.push(("default_transaction_isolation".to_owned(), level.as_str().to_owned()));
    }
    level
}

/// A script of the user's own, with the constants that the workload file gives it.
fn from_script(transaction: &Transaction, text: &str, scripts: &mut Scripts) -> Result<String, InputError> {
    let used = |name: &str| text.contains(&format!(":{name}"));
    for variable in transaction.variables.iter().filter(|v| used(&v.name)) {
        let own = text.contains(&format!("\\set {} ", variable.name));
        if let (Distribution::Constant(literal), false) = (&variable.distribution, own) {
            let value = match literal {
                Literal::Number(n) => format!("{n}"),
                Literal::Bool(b) => b.to_string(),
                Literal::Text(t) => t.clone(),
                Literal::Null => continue,
            };
            scripts.variables.push((variable.name.clone(), value));
        }
    }
    let mut out = text.trim_end().to_owned();
    let meta = out.lines().last().is_some_and(|l| l.trim_start().starts_with('\\'));
    if !meta && !out.ends_with(';') {
        out.push(';');
    }
    out.push('\n');
    Ok(out)
}

/// Writes one transaction.
struct Writer<'a> {
    transaction: &'a Transaction,
    forms: &'a Forms,
    /// The isolation level where none is named.
    default: Isolation,
    /// That of the sessions.
    session: Isolation,
    index: usize,
    casts: &'a Casts,
    /// Draws for repetitions so far.
    drawn: usize,
}

impl Writer<'_> {
    fn script(&mut self) -> Result<String, InputError> {
        let mut out = String::new();
        for line in &self.forms.lines {
            let _ = writeln!(out, "{line}");
        }
        for (place, step) in self.transaction.steps.iter().enumerate() {
            let once = self.step(step, place)?;
            let whole = step.repeat.floor();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a repeat count")]
            for _ in 0..whole as usize {
                out.push_str(&once);
            }
            let part = step.repeat - whole;
            if part > 1e-9 {
                let name = format!("t{}_repeat{}", self.index, self.drawn);
                self.drawn += 1;
                let _ = writeln!(out, "\\set {name} random(1, {MILLION:.0})");
                let _ = writeln!(out, "\\if :{name} <= {:.0}\n{once}\\endif", part * MILLION);
            }
        }
        Ok(out)
    }

    fn step(&self, step: &Step, place: usize) -> Result<String, InputError> {
        let level = self.transaction.isolation.unwrap_or(self.default);
        Ok(match &step.kind {
            StepKind::Begin if level == self.session => "BEGIN;\n".to_owned(),
            StepKind::Begin => format!("BEGIN ISOLATION LEVEL {};\n", level.as_str().to_uppercase()),
            StepKind::Commit => "COMMIT;\n".to_owned(),
            StepKind::Rollback => "ROLLBACK;\n".to_owned(),
            StepKind::Sleep(time) => format!("\\sleep {:.0} us\n", time.us()),
            StepKind::Statement(text) => self.statement(text, place)?,
        })
    }

    /// A statement; one with variables that are one of several texts, once for each of them, since pgbench's
    /// expressions have no texts.
    fn statement(&self, text: &StatementText, place: usize) -> Result<String, InputError> {
        let error = |at: usize, message: &str| InputError::new(message).at(text.origin.locate(&text.sql, at));
        let lower = text.sql.to_lowercase();
        if lower.trim_start().starts_with("copy") && lower.contains("stdin") {
            return Err(error(0, "pgbench cannot send the data of a COPY").expected("INSERT, or a workload without it"));
        }
        let mut used = Vec::new();
        for_pgbench(&text.sql, |n| {
            if self.forms.choice(n).is_some() && !used.contains(&n) {
                used.push(n);
            }
            String::new()
        })
        .map_err(|at| {
            error(at, "pgbench would take what follows this colon for a variable")
                .expected("a constant in single quotes, or a name without a colon")
        })?;
        let combinations: usize = used.iter().filter_map(|n| self.forms.choice(*n)).map(|c| c.texts.len()).product();
        if combinations > MOST_CHOICES {
            let message = format!("{combinations} combinations of texts: pgbench's variables hold only numbers");
            return Err(error(0, &message).expected(format!("at most {MOST_CHOICES} in one statement")));
        }
        let mut out = String::new();
        let types = self.casts.get(&(self.index, place)).map(Vec::as_slice).unwrap_or_default();
        self.choose((text, types), &used, &mut Vec::new(), &mut out)?;
        Ok(out)
    }

    fn choose(
        &self,
        (text, types): (&StatementText, &[(usize, String)]),
        left: &[usize],
        chosen: &mut Vec<(usize, String)>,
        out: &mut String,
    ) -> Result<(), InputError> {
        let Some((first, rest)) = left.split_first() else {
            let value = |n: usize| {
                let chosen = chosen.iter().find(|c| c.0 == n).map(|c| c.1.clone());
                let value = chosen.unwrap_or_else(|| self.forms.plain(n));
                match types.iter().find(|t| t.0 == n) {
                    Some((_, ty)) => format!("{value}::{ty}"),
                    None => value,
                }
            };
            let sql = for_pgbench(&text.sql, value)
                .map_err(|at| InputError::new("a colon").at(text.origin.locate(&text.sql, at)))?;
            let _ = writeln!(out, "{};", sql.trim());
            return Ok(());
        };
        let Some(choice) = self.forms.choice(*first) else { return Ok(()) };
        for (n, text_of) in choice.texts.iter().enumerate() {
            match n {
                0 => drop(writeln!(out, "\\if :{} = 0", choice.index)),
                n if n + 1 == choice.texts.len() => out.push_str("\\else\n"),
                n => drop(writeln!(out, "\\elif :{} = {n}", choice.index)),
            }
            chosen.push((*first, text_of.clone()));
            self.choose((text, types), rest, chosen, out)?;
            chosen.pop();
        }
        out.push_str("\\endif\n");
        Ok(())
    }
}
