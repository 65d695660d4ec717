//! All statements of a workload, read and resolved once, with their footprints.

use std::sync::{Arc, Mutex};

use crate::access::advisory;
use crate::access::assumed;
use crate::access::bind::Binder;
use crate::access::catalog::{Catalog, Written};
use crate::access::commands;
use crate::access::footprint::Footprint;
use crate::access::given_plan;
use crate::access::references::{self, Write};
use crate::access::session::Session;
use crate::access::statement::{Held, Statement};
use crate::access::triggers;
use crate::access::values::Draws;
use crate::diagnostic::{InputError, Warning, WarningCode};
use crate::machine::{Machine, Settings};
use crate::schema::Schema;
use crate::sql;
use crate::sql::tree;
use crate::workload::{Protocol, StatementText, StepKind, Workload};

/// Footprints by transaction and step; `None` where a step is not a statement.
pub type Footprints = Vec<Vec<Option<Footprint>>>;

/// The statements of a workload, read and resolved: they depend on schema and workload only, so a
/// sweep over machines or loads reads them once.
#[derive(Debug)]
pub struct Statements {
    /// By transaction and step.
    resolved: Vec<Vec<Option<Statement>>>,
    protocol: Protocol,
    /// The footprints of the settings asked for last, since most sweeps leave those alone.
    latest: Mutex<Option<(Settings, Arc<Footprints>)>>,
}

impl Statements {
    /// Reads and resolves all statements.
    ///
    /// # Errors
    /// When a statement cannot be read, or names a table or column that the schema lacks or a table
    /// without `rows`; with its position in the workload file.
    pub fn parse(schema: &Schema, workload: &Workload) -> Result<Self, InputError> {
        let mut catalog = Catalog::new(schema, workload);
        let mut read = Vec::new();
        for transaction in &workload.transactions {
            let mut steps = Vec::new();
            let mut session = Session::default();
            for step in &transaction.steps {
                let StepKind::Statement(text) = &step.kind else {
                    steps.push(None);
                    continue;
                };
                let (statement, mut warnings) = parse(text)?;
                let (statement, text) = session.expand(statement, text, &mut warnings)?;
                note_writes(&mut catalog, &statement);
                steps.push(Some((statement, text, warnings)));
            }
            read.push(steps);
        }
        let mut resolved = Vec::new();
        for (transaction, statements) in workload.transactions.iter().zip(read) {
            let draws = Arc::new(Draws::of(&transaction.variables));
            let mut steps = Vec::new();
            for statement in statements {
                steps.push(match statement {
                    Some((statement, text, warnings)) => {
                        Some(resolve(&mut catalog, &text, &statement, warnings, &draws)?)
                    }
                    None => None,
                });
            }
            resolved.push(steps);
        }
        Ok(Self { resolved, protocol: workload.protocol, latest: Mutex::new(None) })
    }

    /// The footprint of every statement under a machine's settings; inner vectors are parallel to
    /// `Transaction::steps`.
    #[must_use]
    pub fn footprints(&self, machine: &Machine) -> Arc<Footprints> {
        let latest = || self.latest.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((settings, footprints)) = &*latest()
            && *settings == machine.settings
        {
            return Arc::clone(footprints);
        }
        let footprints = Arc::new(self.compute(&machine.settings));
        *latest() = Some((machine.settings.clone(), Arc::clone(&footprints)));
        footprints
    }

    fn compute(&self, settings: &Settings) -> Footprints {
        let mut footprints: Footprints = self
            .resolved
            .iter()
            .map(|steps| {
                let mut held = Held::new();
                steps.iter().map(|s| s.as_ref().map(|s| s.footprint(settings, self.protocol, &mut held))).collect()
            })
            .collect();
        commands::note_users(&mut footprints);
        footprints
    }
}

/// The footprint of every statement: outer by transaction, inner parallel to `Transaction::steps`.
///
/// # Errors
/// As [`Statements::parse`].
pub fn footprints(schema: &Schema, workload: &Workload, machine: &Machine) -> Result<Footprints, InputError> {
    Ok(Statements::parse(schema, workload)?.compute(&machine.settings))
}

fn parse(text: &StatementText) -> Result<(tree::Statement, Vec<Warning>), InputError> {
    match sql::parse_statement_noted(&text.sql) {
        Ok((statement, notes)) => {
            let warnings = notes
                .into_iter()
                .map(|n| {
                    let message = format!("{} is not modelled; the rest of the statement is", n.message);
                    Warning::new(WarningCode::PartlyUnderstood, message).at(text.origin.locate(&text.sql, n.span.start))
                })
                .collect();
            Ok((statement, warnings))
        }
        // Measured CPU or a plan stands in for what cannot be read.
        Err(error) if text.cpu.is_some() || text.plan.is_some() => {
            let message =
                format!("the statement cannot be read ({}); only what stands in for it is used", error.message);
            let warning = Warning::new(WarningCode::PartlyUnderstood, message)
                .at(text.origin.locate(&text.sql, error.span.start));
            Ok((tree::Statement::Utility { what: "unread".to_owned() }, vec![warning]))
        }
        Err(error) => Err(InputError::new(format!("cannot read the statement: {}", error.message))
            .at(text.origin.locate(&text.sql, error.span.start))
            .expected("a statement of PostgreSQL, or `cpu` or `plan` in its place")),
    }
}

fn note_writes(catalog: &mut Catalog<'_>, statement: &tree::Statement) {
    for (name, write) in references::writes(statement) {
        let Some(id) = catalog.find(name) else { continue };
        catalog.note_written(id, &|written: &mut Written| match &write {
            Write::Insert(updated) => {
                written.inserted = true;
                written.updated.extend(updated.iter().map(|c| (*c).to_owned()));
            }
            Write::Update(columns) => written.updated.extend(columns.iter().map(|c| (*c).to_owned())),
            Write::Delete => written.deleted = true,
        });
    }
}

fn resolve(
    catalog: &mut Catalog<'_>,
    text: &StatementText,
    statement: &tree::Statement,
    warnings: Vec<Warning>,
    draws: &Arc<Draws>,
) -> Result<Statement, InputError> {
    let mut binder = Binder {
        catalog,
        draws,
        statement: text,
        warnings,
        ctes: Vec::new(),
        computed: Vec::new(),
        depth: 0,
        reach: 0,
    };
    let bound = binder.statement(statement)?;
    let mut warnings = binder.warnings;
    let start = text.origin.locate(&text.sql, 0);
    for message in assumed::messages(&bound) {
        warnings.push(Warning::new(WarningCode::AssumedStatistics, message).at(start.clone()));
    }
    if text.cpu.is_some() {
        let message = "the measured `cpu` replaces the model's own price of this statement";
        warnings.push(Warning::new(WarningCode::Substituted, message).at(start.clone()));
    } else {
        warnings.extend(triggers::warnings(catalog.schema, &bound));
    }
    let (advisory, session) = advisory::locks(&bound, draws);
    if session {
        let message = "a session's advisory lock is taken as held to the end of the transaction";
        warnings.push(Warning::new(WarningCode::PartlyUnderstood, message).at(start.clone()));
    }
    let plan = text.plan.as_ref().map(|p| given_plan::Plan::read(p, start)).transpose()?;
    warnings.extend(plan.iter().flat_map(given_plan::Plan::warnings));
    Ok(Statement {
        advisory,
        start: text.origin.locate(&text.sql, 0),
        plan: plan.map(Arc::new),
        bound,
        draws: Arc::clone(draws),
        parameters: has_parameters(&text.sql),
        warnings,
    })
}

/// Whether the text holds a placeholder; one inside a string constant does no harm beyond a second look.
fn has_parameters(sql: &str) -> bool {
    sql.as_bytes().windows(2).any(|w| w[0] == b'$' && w[1].is_ascii_digit())
}
