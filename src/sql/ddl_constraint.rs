//! Constraints, of tables and of columns.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::ddl::{Action, Constraint, ConstraintKind, ForeignKeyDef};
use super::node::{Read, Reader, child};

impl Reader {
    /// A constraint of a table, or of `column`; `None` for those that say nothing about cost.
    pub(super) fn constraint(&mut self, node: &SyntaxNode, column: Option<&str>) -> Read<Option<Constraint>> {
        let name = match child(node, K::CONSTRAINT_NAME_CLAUSE) {
            Some(clause) => self.name_in(&clause, K::CONSTRAINT_NAME)?,
            None => None,
        };
        let kind = match node.kind() {
            K::NOT_NULL_CONSTRAINT => {
                let named = self.name_in(node, K::COLUMN_NAME_REF)?;
                let Some(column) = named.or_else(|| column.map(str::to_owned)) else { return Ok(None) };
                ConstraintKind::NotNull { column }
            }
            K::CHECK_CONSTRAINT => {
                let expr = node.children().find(|n| n.kind() != K::CONSTRAINT_NAME_CLAUSE);
                match expr.map(|e| self.expr(&e)) {
                    Some(Ok(expr)) => {
                        let inherited = child(node, K::NO_INHERIT).is_none();
                        ConstraintKind::Check { expr, inherited }
                    }
                    Some(Err(error)) => {
                        self.note(&format!("a CHECK constraint ({error})"), node);
                        return Ok(None);
                    }
                    None => return Ok(None),
                }
            }
            K::PRIMARY_KEY_CONSTRAINT | K::UNIQUE_CONSTRAINT => self.unique(node, column)?,
            K::REFERENCES_CONSTRAINT | K::FOREIGN_KEY_CONSTRAINT => self.foreign_key(node, column)?,
            K::EXCLUDE_CONSTRAINT => self.exclude(node)?,
            K::NULL_CONSTRAINT | K::DEFAULT_CONSTRAINT => return Ok(None),
            // Options of the constraint before: when it is checked, not what it checks.
            K::DEFERRABLE_CONSTRAINT_OPTION
            | K::NOT_DEFERRABLE_CONSTRAINT_OPTION
            | K::INITIALLY_DEFERRED_CONSTRAINT_OPTION
            | K::INITIALLY_IMMEDIATE_CONSTRAINT_OPTION
            | K::NOT_VALID
            | K::NO_INHERIT
            | K::NOT_ENFORCED
            | K::ENFORCED => return Ok(None),
            _ => return Err(self.unsupported(node)),
        };
        // What is not enforced (PostgreSQL 18) is not checked either.
        if node.children().any(|n| n.kind() == K::NOT_ENFORCED) {
            return Ok(None);
        }
        Ok(Some(Constraint { name, span: self.bare_span(node), kind }))
    }

    fn unique(&mut self, node: &SyntaxNode, column: Option<&str>) -> Read<ConstraintKind> {
        let primary = node.kind() == K::PRIMARY_KEY_CONSTRAINT;
        if let Some(using) = child(node, K::USING_INDEX_NAME) {
            let index = self.first_child(&using)?;
            return Ok(ConstraintKind::UsingIndex { primary, index: self.qualified(&index)? });
        }
        let (mut columns, mut include, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
        let mut without_overlaps = false;
        if let Some(list) = child(node, K::INDEX_PARAMETERS) {
            for part in list.children() {
                match part.kind() {
                    K::CONSTRAINT_COLUMN_REF_LIST => {
                        columns = self.column_names(&part)?;
                        without_overlaps = child(&part, K::WITHOUT_OVERLAPS).is_some();
                    }
                    K::CONSTRAINT_INCLUDE_CLAUSE => {
                        let list = self.first_child(&part)?;
                        include = self.column_names(&list)?;
                    }
                    K::WITH_PARAMS => parameters = self.parameters(&part)?,
                    _ => {}
                }
            }
        }
        if columns.is_empty() {
            columns.extend(column.map(str::to_owned));
        }
        let nulls_not_distinct = node.descendants().any(|n| n.kind() == K::NULLS_NOT_DISTINCT);
        Ok(ConstraintKind::Unique { primary, columns, include, parameters, without_overlaps, nulls_not_distinct })
    }

    /// The columns named in a list.
    pub(super) fn column_names(&self, node: &SyntaxNode) -> Read<Vec<String>> {
        let mut names = Vec::new();
        for column in node.children() {
            match column.kind() {
                K::COLUMN_NAME_REF | K::COLUMN_NAME => names.push(self.name(&column)?),
                K::PERIOD_COLUMN => names.extend(self.name_in(&column, K::COLUMN_NAME_REF)?),
                _ => {}
            }
        }
        Ok(names)
    }

    fn foreign_key(&self, node: &SyntaxNode, column: Option<&str>) -> Read<ConstraintKind> {
        let table = child(node, K::TABLE_NAME_REF).ok_or_else(|| self.error("REFERENCES needs a table", node))?;
        let mut key = ForeignKeyDef {
            columns: column.map(str::to_owned).into_iter().collect(),
            table: self.qualified(&table)?,
            referenced: Vec::new(),
            on_delete: Action::Check,
            on_update: Action::Check,
        };
        let mut lists = node.children().filter(|n| n.kind() == K::FOREIGN_KEY_COLUMN_LIST);
        if node.kind() == K::FOREIGN_KEY_CONSTRAINT {
            key.columns = lists.next().map(|l| self.column_names(&l)).transpose()?.unwrap_or_default();
            key.referenced = lists.next().map(|l| self.column_names(&l)).transpose()?.unwrap_or_default();
        } else {
            key.referenced = self.column_names(node)?;
        }
        for part in node.children() {
            let action = match part.first_child().map(|n| n.kind()) {
                Some(K::CASCADE) => Action::Cascade,
                Some(K::SET_NULL_COLUMNS | K::SET_DEFAULT_COLUMNS) => Action::Set,
                _ => Action::Check,
            };
            match part.kind() {
                K::ON_DELETE_ACTION => key.on_delete = action,
                K::ON_UPDATE_ACTION => key.on_update = action,
                _ => {}
            }
        }
        Ok(ConstraintKind::ForeignKey(key))
    }

    fn exclude(&mut self, node: &SyntaxNode) -> Read<ConstraintKind> {
        let (mut method, mut keys, mut include, mut predicate) = ("btree".to_owned(), Vec::new(), Vec::new(), None);
        let mut parameters = Vec::new();
        for part in node.children() {
            match part.kind() {
                K::CONSTRAINT_INDEX_METHOD => method = self.name_in(&part, K::ACCESS_METHOD_REF)?.unwrap_or(method),
                K::CONSTRAINT_EXCLUSION_LIST => {
                    for item in part.children() {
                        keys.push(self.index_key(&item)?);
                    }
                }
                K::CONSTRAINT_INCLUDE_CLAUSE => {
                    let list = self.first_child(&part)?;
                    include = self.column_names(&list)?;
                }
                K::WITH_PARAMS => parameters = self.parameters(&part)?,
                K::WHERE_CONDITION_CLAUSE => predicate = Some(self.only_expr(&part)?),
                _ => {}
            }
        }
        Ok(ConstraintKind::Exclude { method, keys, include, predicate, parameters })
    }
}
