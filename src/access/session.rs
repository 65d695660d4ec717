//! What earlier statements of a transaction leave behind for later ones: cursors and prepared statements.

use std::collections::HashMap;

use crate::diagnostic::{InputError, Warning, WarningCode};
use crate::sql::tree::{Command, Query, Statement};
use crate::workload::StatementText;

/// Cursors and prepared statements of one transaction type.
#[derive(Debug, Default)]
pub struct Session {
    cursors: HashMap<String, Cursor>,
    prepared: HashMap<String, (Statement, StatementText)>,
}

#[derive(Debug)]
struct Cursor {
    query: Query,
    text: StatementText,
    fetched: bool,
}

/// A statement with the text that its positions refer to.
pub type Positioned = (Statement, StatementText);

impl Session {
    /// Puts what a cursor or a prepared statement stands for in the place of FETCH and EXECUTE.
    ///
    /// # Errors
    /// A cursor that no earlier statement of the transaction declares.
    pub fn expand(
        &mut self,
        statement: Statement,
        text: &StatementText,
        warnings: &mut Vec<Warning>,
    ) -> Result<Positioned, InputError> {
        let at = |offset: usize| text.origin.locate(&text.sql, offset);
        match statement {
            Statement::Command(Command::Declare { cursor, query }) => {
                let known = Cursor { query: (*query).clone(), text: text.clone(), fetched: false };
                self.cursors.insert(cursor.clone(), known);
                Ok((Statement::Command(Command::Declare { cursor, query }), text.clone()))
            }
            Statement::Command(Command::Fetch { cursor, rows, moved, span }) => {
                let names: Vec<String> = self.cursors.keys().cloned().collect();
                let Some(found) = self.cursors.get_mut(&cursor) else {
                    return Err(InputError::new(format!("unknown cursor `{cursor}`"))
                        .at(at(span.start))
                        .expected("a cursor that an earlier statement of the transaction declares")
                        .nearest_of(&cursor, names.iter().map(String::as_str)));
                };
                if found.fetched {
                    let message = format!(
                        "a second FETCH from `{cursor}` is priced as if the query began anew, not where the first left off"
                    );
                    warnings.push(Warning::new(WarningCode::PartlyUnderstood, message).at(at(span.start)));
                }
                found.fetched = true;
                let mut query = found.query.clone();
                if rows.is_some() && query.limit.is_none() {
                    query.limit = rows;
                }
                if moved {
                    let message = "MOVE is priced as a FETCH, rows sent included".to_owned();
                    warnings.push(Warning::new(WarningCode::PartlyUnderstood, message).at(at(span.start)));
                }
                let text = StatementText { written: text.written.clone(), ..found.text.clone() };
                Ok((Statement::Query(query), text))
            }
            Statement::Command(Command::Prepare { name, statement }) => {
                self.prepared.insert(name.clone(), ((*statement).clone(), text.clone()));
                Ok((Statement::Command(Command::Prepare { name, statement }), text.clone()))
            }
            Statement::Command(Command::Execute { name, args, span }) => match self.prepared.get(&name) {
                Some((prepared, origin)) => {
                    if !args.is_empty() {
                        let message = format!(
                            "the parameters of prepared statement `{name}` are taken as the transaction's variables in their order"
                        );
                        warnings.push(Warning::new(WarningCode::PartlyUnderstood, message).at(at(span.start)));
                    }
                    Ok((prepared.clone(), StatementText { written: text.written.clone(), ..origin.clone() }))
                }
                None => {
                    let message = format!(
                        "prepared statement `{name}` is not prepared in this transaction; only the message of EXECUTE is priced"
                    );
                    warnings.push(Warning::new(WarningCode::PartlyUnderstood, message).at(at(span.start)));
                    Ok((Statement::Utility { what: "execute".to_owned() }, text.clone()))
                }
            },
            other => Ok((other, text.clone())),
        }
    }
}
