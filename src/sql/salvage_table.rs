//! CREATE TABLE in parts: its elements, and the clauses behind them.

use std::ops::Range;

use squawk_lexer::TokenKind;

use super::ddl::{Bound, ColumnDef, CreateTable, Ddl, TypeRef};
use super::salvage::Salvage;
use super::tokens::{Tokens, between_commas};
use super::tree::QualifiedName;

/// Words that start a clause behind the elements of a table.
const TABLE_CLAUSES: &[&str] = &[
    "inherits",
    "partition",
    "using",
    "with",
    "without",
    "on",
    "tablespace",
    "for",
    "default",
    "server",
    "options",
    "as",
];
/// Words that start a clause of a column.
const COLUMN_CLAUSES: &[&str] = &[
    "constraint",
    "not",
    "null",
    "default",
    "check",
    "unique",
    "primary",
    "references",
    "generated",
    "collate",
    "storage",
    "compression",
    "options",
    "with",
];
/// Words that start a constraint of a table.
const CONSTRAINTS: &[&str] = &["constraint", "primary", "unique", "check", "foreign", "exclude"];

impl Salvage<'_> {
    /// CREATE TABLE, FOREIGN TABLE or MATERIALIZED VIEW, from its first word.
    pub(super) fn create_table(&mut self, mut tokens: Tokens<'_>) -> Option<Ddl> {
        if !tokens.take("create") {
            return None;
        }
        let (mut unlogged, mut foreign) = (false, false);
        while tokens.is_any(tokens.peek(), &["global", "local", "temp", "temporary", "unlogged", "foreign"]) {
            let word = tokens.next();
            foreign |= tokens.is(word, "foreign");
            unlogged |= tokens.is_any(word, &["temp", "temporary", "unlogged"]);
        }
        let materialized = tokens.take_all(&["materialized", "view"]);
        if !materialized && !tokens.take("table") {
            return None;
        }
        let if_not_exists = tokens.take_all(&["if", "not", "exists"]);
        let mut table = CreateTable::new(tokens.qualified()?);
        (table.if_not_exists, table.unlogged, table.foreign) = (if_not_exists, unlogged, foreign);
        table.materialized = materialized;
        if tokens.take("of") {
            table.of_type = Some(tokens.qualified()?);
        } else if tokens.take_all(&["partition", "of"]) {
            table.partition_of = Some((tokens.qualified()?, Bound::Default));
        }
        let open = tokens.peek();
        if let Some(body) = tokens.parentheses() {
            if body.end == tokens.taken_to() {
                let start = open.map_or(body.start, |t| t.start);
                self.leave_out(start..body.end, "its parenthesis is never closed");
            }
            for element in between_commas(self.script, body) {
                self.element(element, &mut table);
            }
        }
        for clause in table_clauses(tokens) {
            self.table_clause(clause, &mut table);
        }
        Some(Ddl::CreateTable(table))
    }

    fn element(&mut self, span: Range<usize>, table: &mut CreateTable) {
        if span.is_empty() {
            return self.leave_out(span, "a column or constraint is missing before this");
        }
        // Columns of typed tables and partitions have no type.
        let inherited = table.of_type.is_some() || table.partition_of.is_some();
        let (before, after) =
            if inherited { ("CREATE TABLE x PARTITION OF y (", ") DEFAULT") } else { ("CREATE TABLE x (", ")") };
        match self.part(before, span.clone(), after, |reader, node| reader.create_table(node)) {
            Ok(read) => {
                let columns = table.columns.len();
                table.likes.extend(read.likes.into_iter().map(|(_, like)| (columns, like)));
                table.columns.extend(read.columns);
                table.constraints.extend(read.constraints);
            }
            Err(error) => {
                let mut tokens = Tokens::new(self.script, span.clone());
                if tokens.is(tokens.peek(), "exclude")
                    && let Some(column) = self.column_named_exclude(span.clone())
                {
                    table.columns.push(column);
                } else if let Some(constraint) = self.exclusion(span.clone()) {
                    table.constraints.push(constraint);
                } else if tokens.is_any(tokens.peek(), CONSTRAINTS) || tokens.take("like") {
                    self.leave_out(span, &error.message);
                } else {
                    match self.column_by_clause(span.clone()) {
                        Some(column) => table.columns.push(column),
                        None => self.leave_out(span, &error.message),
                    }
                }
            }
        }
    }

    /// A column that is named `exclude`, a word that the server does not reserve, and the parser does.
    pub(super) fn column_named_exclude(&mut self, span: Range<usize>) -> Option<ColumnDef> {
        let rest = span.start + "exclude".len()..span.end;
        let read =
            self.part("CREATE TABLE x (\"exclude\"", rest, ")", |reader, node| reader.create_table(node)).ok()?;
        read.columns.into_iter().next()
    }

    /// A column whose definition the parser refuses: its name and type, then each clause by itself.
    pub(super) fn column_by_clause(&mut self, span: Range<usize>) -> Option<ColumnDef> {
        let mut tokens = Tokens::new(self.script, span);
        let first = tokens.peek()?;
        let name = tokens.name()?;
        let written = first.start..first.end;
        if self.part("CREATE TABLE x (", written.clone(), " int)", |reader, node| reader.create_table(node)).is_err() {
            self.leave_out(written, "the server would not take this as a name unless it is quoted");
        }
        let (ty, clauses) = column_clauses(tokens);
        let mut column = ColumnDef::new(name);
        if let Some(span) = ty {
            column.ty = Some(self.column_type(span));
        }
        for span in clauses {
            let clause = Tokens::new(self.script, span.clone());
            // What a foreign server calls the column is its own matter.
            if clause.is(clause.peek(), "options") {
                continue;
            }
            let read = self.front("CREATE TABLE x (y int ", span, ")", |reader, node| reader.create_table(node));
            if let Some(read) = read.and_then(|table| table.columns.into_iter().next()) {
                column.merge(read);
            }
        }
        Some(column)
    }

    fn column_type(&mut self, span: Range<usize>) -> TypeRef {
        let read = self.front("CREATE TABLE x (y ", span.clone(), ")", |reader, node| reader.create_table(node));
        let found = read.and_then(|table| table.columns.into_iter().next()).and_then(|column| column.ty);
        found.unwrap_or_else(|| named(&self.script[span].to_lowercase()))
    }

    fn table_clause(&mut self, span: Range<usize>, table: &mut CreateTable) {
        let tokens = Tokens::new(self.script, span.clone());
        let first = tokens.peek();
        // Where the table lies and how long a temporary one lives is none of the model's business.
        if tokens.is_any(first, &["server", "options", "tablespace", "using", "without", "on"]) {
            return;
        }
        if tokens.is(first, "as") {
            for column in &mut table.columns {
                column.ty.get_or_insert_with(|| named("text"));
            }
            return self.leave_out(span, "its columns are not known, as its query cannot be read");
        }
        let bound = tokens.is_any(first, &["for", "default"]);
        let before = if bound { "CREATE TABLE x PARTITION OF y " } else { "CREATE TABLE x () " };
        let Some(read) = self.front(before, span, "", |reader, node| reader.create_table(node)) else { return };
        if bound {
            if let (Some(partition), Some((_, bound))) = (&mut table.partition_of, read.partition_of) {
                partition.1 = bound;
            }
            return;
        }
        table.inherits.extend(read.inherits);
        table.partition_by = table.partition_by.take().or(read.partition_by);
        table.parameters.extend(read.parameters);
    }
}

/// A type by its name alone.
fn named(name: &str) -> TypeRef {
    TypeRef { name: QualifiedName { schema: None, name: name.to_owned() }, modifier: Vec::new(), array: false }
}

/// The clauses behind a table's elements.
fn table_clauses(mut tokens: Tokens<'_>) -> Vec<Range<usize>> {
    let mut clauses: Vec<Range<usize>> = Vec::new();
    let (mut depth, mut last) = (0usize, None);
    while let Some(token) = tokens.next() {
        if token.kind == TokenKind::CloseParen {
            depth = depth.saturating_sub(1);
        }
        // FOR VALUES WITH (...) is one clause.
        let starts = depth == 0 && tokens.is_any(Some(token), TABLE_CLAUSES) && !tokens.is(last, "values");
        match clauses.last_mut() {
            Some(clause) if !starts => clause.end = token.end,
            _ => clauses.push(token.start..token.end),
        }
        if tokens.is(Some(token), "as") && depth == 0 {
            while tokens.next().is_some() {}
            if let Some(query) = clauses.last_mut() {
                query.end = tokens.taken_to();
            }
        }
        depth += usize::from(token.kind == TokenKind::OpenParen);
        last = Some(token);
    }
    clauses
}

/// The type of a column and the clauses behind it.
fn column_clauses(mut tokens: Tokens<'_>) -> (Option<Range<usize>>, Vec<Range<usize>>) {
    let (mut ty, mut clauses): (Option<Range<usize>>, Vec<Range<usize>>) = (None, Vec::new());
    let (mut depth, mut last) = (0usize, None);
    while let Some(token) = tokens.next() {
        if token.kind == TokenKind::CloseParen {
            depth = depth.saturating_sub(1);
        }
        let word = Some(token);
        // NOT NULL and NOT VALID, SET NULL and SET DEFAULT, GENERATED BY DEFAULT, DEFAULT NULL; WITH TIME ZONE.
        let starts = depth == 0
            && tokens.is_any(word, COLUMN_CLAUSES)
            && !tokens.is_any(last, &["not", "set", "by", "default", "is"])
            && (!tokens.is(word, "not") || tokens.is(tokens.peek(), "null"))
            && (!tokens.is(word, "with") || tokens.is(tokens.peek(), "options"));
        match clauses.last_mut() {
            _ if starts => clauses.push(token.start..token.end),
            Some(clause) => clause.end = token.end,
            None => ty = Some(ty.map_or(token.start, |t| t.start)..token.end),
        }
        depth += usize::from(token.kind == TokenKind::OpenParen);
        last = word;
        if starts && tokens.is(word, "constraint") {
            // The name, and the word that says which constraint it is.
            for _ in 0..2 {
                if let (Some(token), Some(clause)) = (tokens.next(), clauses.last_mut()) {
                    clause.end = token.end;
                    last = Some(token);
                    depth += usize::from(token.kind == TokenKind::OpenParen);
                }
            }
        }
    }
    (ty, clauses)
}
