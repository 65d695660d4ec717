//! What can be read of a statement that the parser refuses as a whole: part by part, so that one odd clause
//! costs no more than itself.
//!
//! The statement is cut at the commas and keywords that stand in no parentheses, and each part is given to
//! the parser inside a statement of its own.

use std::ops::Range;

use squawk_lexer::TokenKind;
use squawk_syntax::SyntaxNode;

use super::ddl::{AlterTable, Constraint, ConstraintKind, Ddl, Facts, LeftOut};
use super::node::{Read, Reader};
use super::tokens::{Tokens, between_commas};
use super::{SqlError, parse};

/// A statement while it is read in parts.
pub(super) struct Salvage<'a> {
    pub(super) script: &'a str,
    pub(super) facts: Facts,
}

/// Reads what can be read of the statement at `span`; `None` when that is nothing.
pub(super) fn statement(script: &str, span: Range<usize>) -> Option<Facts> {
    let mut tokens = Tokens::new(script, span);
    let mut salvage = Salvage { script, facts: Facts::default() };
    let ddl = if tokens.take("alter") { salvage.alter_table(tokens)? } else { salvage.create_table(tokens)? };
    salvage.facts.ddl.push(ddl);
    Some(salvage.facts)
}

impl Salvage<'_> {
    /// Reads a part of the script between `before` and `after`, which make a statement of it.
    pub(super) fn part<T: Send>(
        &mut self,
        before: &str,
        span: Range<usize>,
        after: &str,
        read: impl FnOnce(&mut Reader, &SyntaxNode) -> Read<T> + Send,
    ) -> Result<T, SqlError> {
        let (read, notes) = parse::part(self.script, before, span, after, read)?;
        self.facts.notes.extend(notes);
        Ok(read)
    }

    /// Reads the longest front of a part that can be read, and takes note of the rest; `None` when that is all.
    pub(super) fn front<T: Send>(
        &mut self,
        before: &str,
        span: Range<usize>,
        after: &str,
        read: impl Fn(&mut Reader, &SyntaxNode) -> Read<T> + Send + Sync,
    ) -> Option<T> {
        /// What people leave at the end of a clause is short; and each token more is a text to parse.
        const MOST_TOKENS: usize = 12;
        let whole = match self.part(before, span.clone(), after, &read) {
            Ok(found) => return Some(found),
            Err(error) => error,
        };
        let mut tokens = Tokens::new(self.script, span.clone());
        let mut ends = Vec::new();
        while let Some(token) = tokens.next() {
            ends.push(token.end);
        }
        ends.pop();
        for end in ends.into_iter().rev().take(MOST_TOKENS) {
            if let Ok(found) = self.part(before, span.start..end, after, &read) {
                let rest = Tokens::new(self.script, end..span.end).peek().map_or(end, |token| token.start);
                self.leave_out(rest..span.end, &whole.message);
                return Some(found);
            }
        }
        self.leave_out(span, &whole.message);
        None
    }

    /// Takes note of a part that cannot be read.
    pub(super) fn leave_out(&mut self, span: Range<usize>, message: &str) {
        self.facts.left_out.push(LeftOut { span, message: message.to_owned() });
    }

    /// ALTER TABLE, after its first word: each action by itself.
    fn alter_table(&mut self, mut tokens: Tokens<'_>) -> Option<Ddl> {
        tokens.take("foreign");
        if !tokens.take("table") {
            return None;
        }
        let if_exists = tokens.take_all(&["if", "exists"]);
        let only = tokens.take("only");
        let name = tokens.qualified()?;
        tokens.symbol(TokenKind::Star);
        let first = tokens.peek()?.start;
        while tokens.next().is_some() {}
        let mut actions = Vec::new();
        for span in between_commas(self.script, first..tokens.taken_to()) {
            let action = self.part("ALTER TABLE x ", span.clone(), "", |reader, node| reader.alter_table(node));
            match action {
                Ok(Ddl::AlterTable { actions: read, .. }) => actions.extend(read),
                Ok(_) => {}
                Err(error) => match self.odd_action(span.clone()) {
                    Some(action) => actions.push(action),
                    None => self.leave_out(span, &error.message),
                },
            }
        }
        if actions.is_empty() {
            return None;
        }
        Some(Ddl::AlterTable { name, only, if_exists, actions })
    }

    /// An ALTER TABLE action that the parser refuses: ADD of a column or of an EXCLUDE constraint.
    fn odd_action(&mut self, span: Range<usize>) -> Option<AlterTable> {
        let mut tokens = Tokens::new(self.script, span.clone());
        if !tokens.take("add") {
            return None;
        }
        let rest = tokens.peek()?.start..span.end;
        if let Some(constraint) = self.exclusion(rest) {
            return Some(AlterTable::AddConstraint(constraint));
        }
        tokens.take("column");
        let if_not_exists = tokens.take_all(&["if", "not", "exists"]);
        let rest = tokens.peek()?.start..span.end;
        let column = self.column_by_clause(rest)?;
        Some(AlterTable::AddColumn { column: Box::new(column), if_not_exists })
    }

    /// An EXCLUDE constraint, read as the index that it makes: the parser knows no operator classes in it.
    pub(super) fn exclusion(&mut self, span: Range<usize>) -> Option<Constraint> {
        const BEFORE: &str = "CREATE INDEX ON x ";
        let mut tokens = Tokens::new(self.script, span.clone());
        let name = if tokens.take("constraint") { Some(tokens.name()?) } else { None };
        if !tokens.take("exclude") {
            return None;
        }
        let start = tokens.taken_to();
        let text = format!("{BEFORE}{}", without_operators(self.script, start..span.end));
        let base = start.cast_signed() - BEFORE.len().cast_signed();
        let (index, notes) = parse::fragment(&text, base, |reader, node| reader.create_index(node)).ok()?;
        self.facts.notes.extend(notes);
        let kind = ConstraintKind::Exclude {
            method: index.method,
            keys: index.keys,
            include: index.include,
            predicate: index.predicate,
            parameters: index.parameters,
        };
        Some(Constraint { name, span, kind })
    }
}

/// A range of an EXCLUDE constraint with spaces in the place of `WITH operator` and of what CREATE INDEX does
/// not have, so that all offsets stay.
fn without_operators(script: &str, span: Range<usize>) -> String {
    let mut out = script[span.clone()].as_bytes().to_vec();
    let mut tokens = Tokens::new(script, span.clone());
    let (mut depth, mut elements_done, mut blank) = (0usize, false, false);
    while let Some(token) = tokens.next() {
        if token.kind == TokenKind::CloseParen {
            depth = depth.saturating_sub(1);
            // The last operator ends with the elements.
            blank &= depth > 0 || elements_done;
            elements_done |= depth == 0;
        }
        if elements_done && depth == 0 {
            let constraint_only = tokens.is_any(Some(token), &["deferrable", "initially", "not", "using"]);
            let index_clause = tokens.is_any(Some(token), &["where", "include", "with"]);
            blank = (blank || constraint_only) && !index_clause;
        } else if depth == 1 {
            blank &= token.kind != TokenKind::Comma;
            blank |= !elements_done && tokens.is(Some(token), "with");
        } else if depth == 0 {
            blank = false;
        }
        if blank {
            out[token.start - span.start..token.end - span.start].fill(b' ');
        }
        depth += usize::from(token.kind == TokenKind::OpenParen);
    }
    String::from_utf8_lossy(&out).into_owned()
}
