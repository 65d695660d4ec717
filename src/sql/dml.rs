//! INSERT, UPDATE and DELETE.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::node::{Read, Reader};
use super::tree::{Assignment, Delete, Expr, Insert, OnConflict, QualifiedName, SelectItem, Span, TableRef, Update};

/// The target of a statement that writes, with its alias.
struct Target {
    table: QualifiedName,
    only: bool,
    span: Span,
}

impl Reader {
    /// Reads an INSERT.
    pub(super) fn insert(&mut self, node: &SyntaxNode) -> Read<Insert> {
        let mut insert = Insert {
            with: Vec::new(),
            table: QualifiedName { schema: None, name: String::new() },
            alias: None,
            span: self.span(node),
            columns: Vec::new(),
            source: None,
            on_conflict: None,
            returning: Vec::new(),
        };
        for part in node.children() {
            match part.kind() {
                K::WITH_CLAUSE => insert.with = self.with(&part)?,
                K::RELATION_NAME_REF => {
                    insert.table = self.qualified(&part)?;
                    insert.span = self.span(&part);
                }
                K::REQUIRED_AS_ALIAS => insert.alias = self.name_in(&part, K::TABLE_ALIAS)?,
                K::COLUMN_TARGET_LIST => insert.columns = self.column_targets(&part)?,
                // Which of two values an identity column takes does not change what is written.
                K::OVERRIDING_SYSTEM_VALUE | K::OVERRIDING_USER_VALUE | K::DEFAULT_VALUES => {}
                K::ON_CONFLICT_CLAUSE => insert.on_conflict = Some(self.on_conflict(&part)?),
                K::RETURNING_CLAUSE => insert.returning = self.returning(&part)?,
                _ => insert.source = Some(self.query(&part)?),
            }
        }
        Ok(insert)
    }

    pub(super) fn column_targets(&self, node: &SyntaxNode) -> Read<Vec<(String, Span)>> {
        node.children().map(|column| self.column_target(&column)).collect()
    }

    /// A column that is assigned; of `a[1]` and `a.b` the column is `a`.
    fn column_target(&self, node: &SyntaxNode) -> Read<(String, Span)> {
        let named = self.first_child(node)?;
        Ok((self.name(&named)?, self.span(&named)))
    }

    fn on_conflict(&mut self, node: &SyntaxNode) -> Read<OnConflict> {
        let mut conflict =
            OnConflict { target: Vec::new(), target_filter: None, constraint: None, update: None, filter: None };
        for part in node.children() {
            match part.kind() {
                K::CONFLICT_ON_CONSTRAINT => {
                    let named = self.first_child(&part)?;
                    conflict.constraint = Some(self.name(&named)?);
                }
                K::CONFLICT_ON_INDEX => {
                    for inner in part.children() {
                        match inner.kind() {
                            K::WHERE_CLAUSE => conflict.target_filter = Some(self.only_expr(&inner)?),
                            K::CONFLICT_INDEX_ITEM_LIST => {
                                for item in inner.children() {
                                    // Operator class and collation only pick among indexes on the same keys.
                                    let key = self.first_child(&item)?;
                                    conflict.target.push(self.expr(&key)?);
                                }
                            }
                            _ => return Err(self.unsupported(&inner)),
                        }
                    }
                }
                K::CONFLICT_DO_NOTHING => {}
                K::CONFLICT_DO_UPDATE_SET => {
                    for inner in part.children() {
                        match inner.kind() {
                            K::SET_CLAUSE => conflict.update = Some(self.assignments(&inner)?),
                            K::WHERE_CLAUSE => conflict.filter = Some(self.only_expr(&inner)?),
                            _ => return Err(self.unsupported(&inner)),
                        }
                    }
                }
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(conflict)
    }

    pub(super) fn assignments(&mut self, node: &SyntaxNode) -> Read<Vec<Assignment>> {
        let mut out = Vec::new();
        for part in node.children().flat_map(|list| list.children()) {
            let mut children = part.children();
            let (Some(target), Some(value)) = (children.next(), children.next()) else {
                return Err(self.error("SET needs a column and a value", &part));
            };
            match part.kind() {
                K::SET_SINGLE_COLUMN => {
                    let (column, span) = self.column_target(&target)?;
                    out.push(Assignment { column, span, value: self.atom(&value)? });
                }
                K::SET_MULTIPLE_COLUMNS => {
                    let columns = self.column_targets(&target)?;
                    let values = if let Some(query) = self.as_subquery(&value)? {
                        vec![Expr::Subquery(Box::new(query)); columns.len()]
                    } else {
                        value.children().map(|v| self.atom(&v)).collect::<Read<_>>()?
                    };
                    if values.len() != columns.len() {
                        return Err(self.error("SET has not as many values as columns", &part));
                    }
                    for ((column, span), value) in columns.into_iter().zip(values) {
                        out.push(Assignment { column, span, value });
                    }
                }
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(out)
    }

    pub(super) fn returning(&mut self, node: &SyntaxNode) -> Read<Vec<SelectItem>> {
        let mut items = Vec::new();
        for part in node.children() {
            match part.kind() {
                K::TARGET_LIST => items = self.targets(&part)?,
                // WITH (OLD AS o) names what RETURNING already can see.
                K::RETURNING_OPTION_LIST => {}
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(items)
    }

    fn target(&mut self, node: &SyntaxNode) -> Read<Target> {
        match self.relation(node)? {
            TableRef::Table { name, only, span, .. } => Ok(Target { table: name, only, span }),
            _ => Err(self.unsupported(node)),
        }
    }

    /// Reads an UPDATE.
    pub(super) fn update(&mut self, node: &SyntaxNode) -> Read<Update> {
        let mut update = Update {
            with: Vec::new(),
            table: QualifiedName { schema: None, name: String::new() },
            alias: None,
            only: false,
            span: self.span(node),
            assignments: Vec::new(),
            from: Vec::new(),
            filter: None,
            returning: Vec::new(),
        };
        for part in node.children() {
            match part.kind() {
                K::WITH_CLAUSE => update.with = self.with(&part)?,
                K::RELATION_NAME => {
                    let target = self.target(&part)?;
                    (update.table, update.only, update.span) = (target.table, target.only, target.span);
                }
                K::OPTIONAL_AS_ALIAS => update.alias = self.name_in(&part, K::TABLE_ALIAS)?,
                K::SET_CLAUSE => update.assignments = self.assignments(&part)?,
                K::FROM_CLAUSE => update.from = self.table_items(&part)?,
                K::WHERE_CLAUSE => update.filter = Some(self.only_expr(&part)?),
                K::RETURNING_CLAUSE => update.returning = self.returning(&part)?,
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(update)
    }

    /// Reads a DELETE.
    pub(super) fn delete(&mut self, node: &SyntaxNode) -> Read<Delete> {
        let mut delete = Delete {
            with: Vec::new(),
            table: QualifiedName { schema: None, name: String::new() },
            alias: None,
            only: false,
            span: self.span(node),
            using: Vec::new(),
            filter: None,
            returning: Vec::new(),
        };
        for part in node.children() {
            match part.kind() {
                K::WITH_CLAUSE => delete.with = self.with(&part)?,
                K::RELATION_NAME => {
                    let target = self.target(&part)?;
                    (delete.table, delete.only, delete.span) = (target.table, target.only, target.span);
                }
                K::OPTIONAL_AS_ALIAS => delete.alias = self.name_in(&part, K::TABLE_ALIAS)?,
                K::USING_CLAUSE => delete.using = self.table_items(&part)?,
                K::WHERE_CLAUSE => delete.filter = Some(self.only_expr(&part)?),
                K::RETURNING_CLAUSE => delete.returning = self.returning(&part)?,
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(delete)
    }
}
