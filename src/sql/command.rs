//! Statements that are neither queries nor writes of rows: LOCK, TRUNCATE, COPY, cursors, EXPLAIN, DDL.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::node::{Read, Reader, child, first_words, has, names, tokens};
use super::tree::{Body, Command, Expr, NamedTable, Select, Statement, TableLockMode};

impl Reader {
    /// Reads a command; what it costs beyond its message is noted where nothing prices it.
    pub(super) fn command(&mut self, node: &SyntaxNode) -> Read<Statement> {
        Ok(match node.kind() {
            K::LOCK => Statement::Command(self.lock_table(node)?),
            K::TRUNCATE => Statement::Command(self.truncate(node)?),
            K::COPY => self.copy(node)?,
            K::DECLARE => {
                let query = node.children().find_map(|n| self.as_subquery(&n).transpose()).transpose()?;
                let query = query.ok_or_else(|| self.error("a query is missing here", node))?;
                let cursor = self.name_in(node, K::CURSOR)?.unwrap_or_default();
                Statement::Command(Command::Declare { cursor, query: Box::new(query) })
            }
            K::FETCH | K::MOVE => Statement::Command(self.fetch(node)?),
            K::PREPARE => {
                let inner = self.inner_statement(node)?;
                let name = self.name_in(node, K::PREPARED_STATEMENT)?.unwrap_or_default();
                Statement::Command(Command::Prepare { name, statement: Box::new(inner) })
            }
            K::EXECUTE => {
                let named = child(node, K::PREPARED_STATEMENT_REF).ok_or_else(|| self.unsupported(node))?;
                let mut args = Vec::new();
                for arg in child(node, K::ARG_LIST).into_iter().flat_map(|list| list.children()) {
                    args.push(self.only_expr(&arg)?);
                }
                Statement::Command(Command::Execute { name: self.name(&named)?, args, span: self.span(&named) })
            }
            K::EXPLAIN => {
                let analyze = tokens(node).take(12).any(|t| t.kind() == K::ANALYZE_KW);
                if analyze {
                    self.note("what EXPLAIN ANALYZE adds to its statement", node);
                    self.inner_statement(node)?
                } else {
                    self.note("the planning that EXPLAIN asks for", node);
                    Statement::Utility { what: first_words(node) }
                }
            }
            K::CREATE_TABLE_AS => {
                self.note("writing the new table", node);
                self.inner_statement(node)?
            }
            _ => {
                let what = first_words(node);
                let verb = what.split(' ').take(if has(node, K::CREATE_KW) { 2 } else { 1 });
                let verb = verb.collect::<Vec<_>>().join(" ").to_uppercase();
                self.note(&format!("what {verb} does beyond its message"), node);
                Statement::Utility { what }
            }
        })
    }

    /// The statement inside EXPLAIN, PREPARE or CREATE TABLE AS.
    fn inner_statement(&mut self, node: &SyntaxNode) -> Read<Statement> {
        let kinds = [K::SELECT, K::PAREN_SELECT, K::TABLE, K::VALUES, K::COMPOUND_SELECT, K::SELECT_INTO];
        let writes = [K::INSERT, K::UPDATE, K::DELETE, K::MERGE, K::EXECUTE, K::DECLARE, K::CREATE_TABLE_AS];
        match node.children().find(|n| kinds.contains(&n.kind()) || writes.contains(&n.kind())) {
            Some(inner) => self.statement(&inner),
            None => Err(self.unsupported(node)),
        }
    }

    /// The table that a node names.
    pub(super) fn table_named(&self, node: &SyntaxNode) -> Read<NamedTable> {
        let named = |k: K| child(node, k);
        let inner = named(K::TABLE_NAME_REF).or_else(|| named(K::RELATION_NAME_REF));
        let inner = inner.ok_or_else(|| self.error("a table is missing here", node))?;
        Ok((self.qualified(&inner)?, self.span(&inner)))
    }

    fn lock_table(&self, node: &SyntaxNode) -> Read<Command> {
        let list = child(node, K::RELATION_LIST).ok_or_else(|| self.unsupported(node))?;
        let tables = list.children().map(|n| self.table_named(&n)).collect::<Read<_>>()?;
        let written = child(node, K::LOCK_MODE_CLAUSE).and_then(|clause| clause.first_child());
        let mode = match written.map(|m| m.kind()) {
            None | Some(K::ACCESS_EXCLUSIVE) => TableLockMode::AccessExclusive,
            Some(K::ACCESS_SHARE) => TableLockMode::AccessShare,
            Some(K::ROW_SHARE) => TableLockMode::RowShare,
            Some(K::ROW_EXCLUSIVE) => TableLockMode::RowExclusive,
            Some(K::SHARE_UPDATE_EXCLUSIVE) => TableLockMode::ShareUpdateExclusive,
            Some(K::SHARE) => TableLockMode::Share,
            Some(K::SHARE_ROW_EXCLUSIVE) => TableLockMode::ShareRowExclusive,
            Some(K::EXCLUSIVE) => TableLockMode::Exclusive,
            Some(_) => return Err(self.unsupported(node)),
        };
        Ok(Command::LockTable { tables, mode, nowait: has(node, K::NOWAIT) })
    }

    fn truncate(&self, node: &SyntaxNode) -> Read<Command> {
        let list = child(node, K::TABLE_LIST).ok_or_else(|| self.unsupported(node))?;
        let tables = list.children().map(|n| self.table_named(&n)).collect::<Read<_>>()?;
        Ok(Command::Truncate { tables, cascade: has(node, K::CASCADE) })
    }

    /// COPY TO is a query whose rows are sent; COPY FROM writes rows that no statement tells.
    fn copy(&mut self, node: &SyntaxNode) -> Read<Statement> {
        if let Some(query) = child(node, K::COPY_QUERY) {
            return self.inner_statement(&query);
        }
        let named = child(node, K::COPY_TABLE).ok_or_else(|| self.unsupported(node))?;
        let (table, span) = self.table_named(&named)?;
        let listed = child(&named, K::COLUMN_REF_LIST);
        let columns: Vec<_> = listed
            .iter()
            .flat_map(SyntaxNode::children)
            .map(|c| Ok((self.name(&c)?, self.span(&c))))
            .collect::<Read<_>>()?;
        if has(node, K::COPY_FROM) {
            return Ok(Statement::Command(Command::CopyFrom { table: (table, span), columns }));
        }
        let from = super::tree::TableRef::Table { name: table, alias: None, columns: Vec::new(), only: true, span };
        let mut select: Select = super::query::star_from(from);
        if !columns.is_empty() {
            select.items = columns
                .into_iter()
                .map(|(name, span)| super::tree::SelectItem::Expr {
                    expr: Expr::Column { qualifier: None, name, span },
                    alias: None,
                })
                .collect();
        }
        Ok(Statement::Query(super::query::empty_query(Body::Select(Box::new(select)))))
    }

    fn fetch(&mut self, node: &SyntaxNode) -> Read<Command> {
        let named = child(node, K::CURSOR_REF).ok_or_else(|| self.unsupported(node))?;
        let one = || Expr::Literal(super::tree::Literal::Number(1.0));
        let mut rows = Some(one());
        for part in node.children() {
            match part.kind() {
                K::CURSOR_REF => {}
                K::ALL => rows = None,
                K::NEXT | K::PRIOR | K::FIRST | K::LAST | K::ABSOLUTE | K::RELATIVE => {}
                K::FORWARD | K::BACKWARD => {
                    if has(&part, K::ALL) || has(&part, K::ALL_KW) {
                        rows = None;
                    } else if let Some(count) = part.first_child() {
                        rows = Some(self.expr(&count)?);
                    }
                }
                _ => rows = Some(self.expr(&part)?),
            }
        }
        let cursor = names(&named).pop().unwrap_or_default();
        Ok(Command::Fetch { cursor, rows, moved: node.kind() == K::MOVE, span: self.span(&named) })
    }
}
