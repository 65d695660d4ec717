//! FROM: tables, subqueries, functions and joins.
//!
//! The library nests chains of joins to the right; they are flattened and nested anew as gram.y does.

use std::iter::Peekable;
use std::vec::IntoIter;

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::node::{Read, Reader, child, has, names};
use super::tree::{Expr, JoinCondition, JoinKind, TableRef};

/// One element of a flattened chain of joins.
enum JoinPart {
    Operand(TableRef),
    /// The kind, and whether a condition must follow the right side.
    Join(JoinKind, Qualified),
    Condition(JoinCondition),
}

/// How a join says what joins its sides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Qualified {
    Condition,
    Cross,
    Natural,
}

/// An alias with its column names.
#[derive(Default)]
struct Alias {
    name: Option<String>,
    columns: Vec<String>,
}

impl Reader {
    /// The entries of FROM or USING.
    pub(super) fn table_items(&mut self, node: &SyntaxNode) -> Read<Vec<TableRef>> {
        node.children().map(|item| self.table_item(&item)).collect()
    }

    pub(super) fn table_item(&mut self, node: &SyntaxNode) -> Read<TableRef> {
        match node.kind() {
            K::JOIN_EXPR => {
                let mut parts = Vec::new();
                self.flatten_joins(node, &mut parts)?;
                let mut parts = parts.into_iter().peekable();
                let joined = self.nest_joins(&mut parts, node)?;
                match parts.next() {
                    None => Ok(joined),
                    Some(_) => Err(self.error("a join condition too many", node)),
                }
            }
            K::RELATION_FROM_ITEM => self.relation(node),
            K::PAREN_FROM_ITEM => self.paren_item(node),
            K::FUNCTION_FROM_ITEM => self.function_item(node),
            _ => Err(self.unsupported(node)),
        }
    }

    fn flatten_joins(&mut self, node: &SyntaxNode, parts: &mut Vec<JoinPart>) -> Read<()> {
        let natural = has(node, K::NATURAL_KW);
        let qualified = if natural { Qualified::Natural } else { Qualified::Condition };
        for part in node.children() {
            match part.kind() {
                K::JOIN_EXPR | K::JOIN => self.flatten_joins(&part, parts)?,
                K::JOIN_INNER => parts.push(JoinPart::Join(JoinKind::Inner, qualified)),
                K::JOIN_LEFT => parts.push(JoinPart::Join(JoinKind::Left, qualified)),
                K::JOIN_RIGHT => parts.push(JoinPart::Join(JoinKind::Right, qualified)),
                K::JOIN_FULL => parts.push(JoinPart::Join(JoinKind::Full, qualified)),
                K::JOIN_CROSS => parts.push(JoinPart::Join(JoinKind::Inner, Qualified::Cross)),
                K::ON_CLAUSE => parts.push(JoinPart::Condition(JoinCondition::On(self.only_expr(&part)?))),
                K::JOIN_USING_CLAUSE => {
                    let columns = child(&part, K::COLUMN_REF_LIST).map(|list| names(&list)).unwrap_or_default();
                    let alias = match child(&part, K::REQUIRED_AS_ALIAS) {
                        Some(named) => self.name_in(&named, K::TABLE_ALIAS)?,
                        None => None,
                    };
                    parts.push(JoinPart::Condition(JoinCondition::Using(columns, alias)));
                }
                _ => {
                    let operand = self.table_item(&part)?;
                    parts.push(JoinPart::Operand(operand));
                }
            }
        }
        Ok(())
    }

    /// A join with a condition ends at it, so the joins before the condition nest to the right;
    /// all others associate to the left.
    fn nest_joins(&self, parts: &mut Peekable<IntoIter<JoinPart>>, node: &SyntaxNode) -> Read<TableRef> {
        let operand = |parts: &mut Peekable<IntoIter<JoinPart>>| match parts.next() {
            Some(JoinPart::Operand(operand)) => Ok(operand),
            _ => Err(self.error("a table is missing in this join", node)),
        };
        let mut left = operand(parts)?;
        while let Some(JoinPart::Join(kind, qualified)) = parts.peek() {
            let (kind, qualified) = (*kind, *qualified);
            parts.next();
            let (right, condition) = match qualified {
                Qualified::Cross => (operand(parts)?, JoinCondition::None),
                Qualified::Natural => (operand(parts)?, JoinCondition::Natural),
                Qualified::Condition => {
                    let right = self.nest_joins(parts, node)?;
                    match parts.next() {
                        Some(JoinPart::Condition(condition)) => (right, condition),
                        _ => return Err(self.error("this join needs ON or USING", node)),
                    }
                }
            };
            left = TableRef::Join { kind, left: Box::new(left), right: Box::new(right), condition };
        }
        Ok(left)
    }

    /// A table by name, from a FROM item or from the target of UPDATE, DELETE or TABLE.
    pub(super) fn relation(&mut self, node: &SyntaxNode) -> Read<TableRef> {
        let named = child(node, K::RELATION_NAME_REF).ok_or_else(|| self.unsupported(node))?;
        let mut alias = Alias::default();
        for part in node.children() {
            match part.kind() {
                K::RELATION_NAME_REF => {}
                K::FROM_ALIAS => alias = self.alias(&part)?,
                K::TABLESAMPLE_CLAUSE => self.note("TABLESAMPLE", &part),
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(TableRef::Table {
            name: self.qualified(&named)?,
            alias: alias.name,
            columns: alias.columns,
            only: has(node, K::ONLY_KW),
            span: self.span(&named),
        })
    }

    fn paren_item(&mut self, node: &SyntaxNode) -> Read<TableRef> {
        let mut alias = Alias::default();
        let mut inner = None;
        for part in node.children() {
            match part.kind() {
                K::FROM_ALIAS => alias = self.alias(&part)?,
                _ => inner = Some(part),
            }
        }
        let inner = inner.ok_or_else(|| self.unsupported(node))?;
        if let Some(query) = self.as_subquery(&inner)? {
            return Ok(TableRef::Subquery {
                query: Box::new(query),
                alias: alias.name,
                columns: alias.columns,
                lateral: has(node, K::LATERAL_KW),
            });
        }
        let item = self.first_child(&inner)?;
        let mut item = self.table_item(&item)?;
        match &mut item {
            TableRef::Table { only, .. } if has(node, K::ONLY_KW) => *only = true,
            _ => {}
        }
        match (&mut item, alias.name) {
            (_, None) => Ok(item),
            (TableRef::Table { alias: inner_alias, columns, .. }, name @ Some(_)) => {
                *inner_alias = name;
                *columns = alias.columns;
                Ok(item)
            }
            _ => Err(self.unsupported_as("an alias for a whole join", node)),
        }
    }

    fn function_item(&mut self, node: &SyntaxNode) -> Read<TableRef> {
        let mut alias = Alias::default();
        let mut called = None;
        for part in node.children() {
            match part.kind() {
                K::FROM_ALIAS => alias = self.alias(&part)?,
                // One more column, a counter.
                K::WITH_ORDINALITY => {}
                K::CALL_EXPR => called = Some(self.expr(&part)?),
                _ => return Err(self.unsupported(&part)),
            }
        }
        match called {
            Some(Expr::Call { name, args, .. }) => Ok(TableRef::Function {
                name,
                args,
                alias: alias.name,
                columns: alias.columns,
                lateral: has(node, K::LATERAL_KW),
            }),
            _ => Err(self.unsupported(node)),
        }
    }

    fn alias(&self, node: &SyntaxNode) -> Read<Alias> {
        let mut alias = Alias::default();
        for part in node.children() {
            match part.kind() {
                K::TABLE_ALIAS => alias.name = Some(self.name(&part)?),
                K::COLUMN_LIST => alias.columns = names(&part),
                K::COLUMN_DEF_LIST => {
                    for column in part.children() {
                        alias.columns.extend(self.name_in(&column, K::COLUMN_NAME)?);
                    }
                }
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(alias)
    }
}
