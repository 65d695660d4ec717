//! ALTER TABLE and ALTER INDEX.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::ddl::{AlterIndex, AlterTable, Ddl};
use super::ddl_table::{is_type, part_name, storage};
use super::node::{Read, Reader, child, has};

impl Reader {
    /// ALTER TABLE, of what kind of table ever.
    pub(super) fn alter_table(&mut self, node: &SyntaxNode) -> Read<Ddl> {
        let named = node
            .children()
            .find(|n| matches!(n.kind(), K::TABLE_RELATION_NAME | K::TABLE_NAME_REF | K::VIEW_REF | K::RELATION_NAME));
        // ALTER TABLE ALL IN TABLESPACE moves files.
        let Some(named) = named else { return Ok(Ddl::Harmless) };
        let mut actions = Vec::new();
        for part in node.children() {
            if part.text_range() != named.text_range() && part.kind() != K::IF_EXISTS {
                actions.extend(self.alter_table_action(&part)?);
            }
        }
        if actions.is_empty() {
            return Ok(Ddl::Harmless);
        }
        Ok(Ddl::AlterTable {
            name: self.qualified(&named)?,
            only: has(&named, K::ONLY_KW),
            if_exists: has(node, K::IF_EXISTS),
            actions,
        })
    }

    fn alter_table_action(&mut self, node: &SyntaxNode) -> Read<Option<AlterTable>> {
        Ok(Some(match node.kind() {
            K::ADD_COLUMN => AlterTable::AddColumn {
                column: Box::new(self.column_def(node)?),
                if_not_exists: has(node, K::IF_NOT_EXISTS),
            },
            K::DROP_COLUMN => AlterTable::DropColumn(self.required(node, K::COLUMN_NAME_REF)?),
            K::ADD_CONSTRAINT => {
                let inner = self.first_child(node)?;
                match self.constraint(&inner, None)? {
                    Some(constraint) => AlterTable::AddConstraint(constraint),
                    None => return Ok(None),
                }
            }
            K::DROP_CONSTRAINT => AlterTable::DropConstraint(self.required(node, K::CONSTRAINT_NAME_REF)?),
            K::ALTER_COLUMN => return self.alter_column(node),
            K::ATTACH_PARTITION => {
                let table = self.first_child(node)?;
                let bound = node.children().nth(1).ok_or_else(|| self.error("a partition needs bounds", node))?;
                AlterTable::AttachPartition { table: self.qualified(&table)?, bound: self.bound(&bound)? }
            }
            K::DETACH_PARTITION => {
                let table = self.first_child(node)?;
                AlterTable::DetachPartition(self.qualified(&table)?)
            }
            K::INHERIT_TABLE | K::NO_INHERIT_TABLE => {
                let table = self.first_child(node)?;
                let table = self.qualified(&table)?;
                if node.kind() == K::INHERIT_TABLE { AlterTable::Inherit(table) } else { AlterTable::NoInherit(table) }
            }
            K::SET_OPTIONS => AlterTable::SetParameters(self.parameters(node)?),
            K::RESET_OPTIONS => AlterTable::ResetParameters(self.parameters(node)?.into_iter().map(|p| p.0).collect()),
            // Only the replication of changes fires what is enabled for replicas.
            K::ENABLE_TRIGGER | K::ENABLE_ALWAYS_TRIGGER => self.trigger(node, true)?,
            K::DISABLE_TRIGGER | K::ENABLE_REPLICA_TRIGGER => self.trigger(node, false)?,
            K::OF_TYPE => {
                let ty = self.first_child(node)?;
                AlterTable::OfType(self.type_ref(&ty)?.name)
            }
            K::SET_LOGGED => AlterTable::Unlogged(false),
            K::SET_UNLOGGED => AlterTable::Unlogged(true),
            K::TABLE_RENAME_TO | K::VIEW_RENAME_TO => {
                let to = self.first_child(node)?;
                AlterTable::Rename(self.name(&to)?)
            }
            K::RENAME_COLUMN => AlterTable::RenameColumn {
                from: self.required(node, K::COLUMN_NAME_REF)?,
                to: self.required(node, K::COLUMN_NAME)?,
            },
            K::RENAME_CONSTRAINT => AlterTable::RenameConstraint {
                from: self.required(node, K::CONSTRAINT_NAME_REF)?,
                to: self.required(node, K::CONSTRAINT_NAME)?,
            },
            K::SET_SCHEMA => AlterTable::SetSchema(self.required(node, K::SCHEMA_REF)?),
            K::ENABLE_RLS => AlterTable::RowSecurity,
            K::OWNER_TO
            | K::VALIDATE_CONSTRAINT
            | K::REPLICA_IDENTITY
            | K::NOT_OF
            | K::FORCE_RLS
            | K::NO_FORCE_RLS
            | K::DISABLE_RLS
            | K::ENABLE_REPLICA_RULE
            | K::ENABLE_ALWAYS_RULE
            | K::ENABLE_RULE
            | K::DISABLE_RULE
            | K::CLUSTER_ON
            | K::SET_TABLESPACE
            | K::SET_WITHOUT_CLUSTER
            | K::SET_WITHOUT_OIDS
            | K::SET_ACCESS_METHOD
            | K::ALTER_CONSTRAINT
            | K::ALTER_OPTION_LIST
            | K::DEPENDS_ON_EXTENSION
            | K::NO_DEPENDS_ON_EXTENSION => return Ok(None),
            // What the constraint before is checked for, as a node of its own.
            K::NOT_VALID
            | K::DEFERRABLE_CONSTRAINT_OPTION
            | K::NOT_DEFERRABLE_CONSTRAINT_OPTION
            | K::INITIALLY_DEFERRED_CONSTRAINT_OPTION
            | K::INITIALLY_IMMEDIATE_CONSTRAINT_OPTION => return Ok(None),
            _ => return Err(self.unsupported(node)),
        }))
    }

    fn required(&self, node: &SyntaxNode, kind: K) -> Read<String> {
        self.name_in(node, kind)?.ok_or_else(|| self.error("a name is missing here", node))
    }

    /// ENABLE or DISABLE TRIGGER; ALL and USER name none.
    fn trigger(&self, node: &SyntaxNode, fires: bool) -> Read<AlterTable> {
        let last = super::node::tokens(node).last();
        let all = last.as_ref().is_some_and(|t| matches!(t.kind(), K::ALL_KW | K::USER_KW));
        let name = last.filter(|_| !all).map(|t| super::text::fold(t.text()));
        Ok(AlterTable::Trigger { name, fires })
    }

    fn alter_column(&mut self, node: &SyntaxNode) -> Read<Option<AlterTable>> {
        let column = self.required(node, K::COLUMN_NAME_REF)?;
        let Some(option) = node.children().find(|n| n.kind() != K::COLUMN_NAME_REF) else { return Ok(None) };
        Ok(Some(match option.kind() {
            K::SET_TYPE => {
                let ty = option.children().find(|n| is_type(n.kind()));
                let ty = ty.ok_or_else(|| self.error("a type is missing here", &option))?;
                let collation = child(&option, K::COLLATE).map(|n| self.qualified(&part_name(&n))).transpose()?;
                AlterTable::SetType { column, ty: self.type_ref(&ty)?, collation: collation.map(|c| c.name) }
            }
            K::SET_DEFAULT => AlterTable::SetDefault { column, default: self.lenient_expr(&option) },
            K::DROP_IDENTITY => AlterTable::DropIdentity { column },
            K::DROP_DEFAULT => AlterTable::SetDefault { column, default: None },
            K::SET_NOT_NULL => AlterTable::NotNull { column, not_null: true },
            K::DROP_NOT_NULL => AlterTable::NotNull { column, not_null: false },
            K::ADD_GENERATED => {
                let sequence = super::sequence::options(&option.text().to_string());
                AlterTable::Identity { column, sequence }
            }
            K::SET_STORAGE => AlterTable::Storage { column, storage: storage(&option) },
            K::SET_OPTIONS | K::RESET_OPTIONS => {
                let parameters = self.parameters(&option)?;
                let Some((_, value)) = parameters.into_iter().find(|p| p.0 == "n_distinct") else { return Ok(None) };
                let distinct = if option.kind() == K::SET_OPTIONS { value.parse().ok() } else { None };
                AlterTable::Distinct { column, distinct }
            }
            // Statistics targets, compression and options of sequences change no count.
            _ => return Ok(None),
        }))
    }

    /// ALTER INDEX.
    pub(super) fn alter_index(&self, node: &SyntaxNode) -> Read<Ddl> {
        let Some(named) = child(node, K::INDEX_REF) else { return Ok(Ddl::Harmless) };
        let name = self.qualified(&named)?;
        for part in node.children() {
            let action = match part.kind() {
                K::ATTACH_INDEX_PARTITION => {
                    let index = self.first_child(&part)?;
                    AlterIndex::Attach(self.qualified(&index)?)
                }
                K::SET_OPTIONS => AlterIndex::SetParameters(self.parameters(&part)?),
                K::RESET_OPTIONS => {
                    AlterIndex::ResetParameters(self.parameters(&part)?.into_iter().map(|p| p.0).collect())
                }
                K::INDEX_RENAME_TO => {
                    let to = self.first_child(&part)?;
                    AlterIndex::Rename(self.name(&to)?)
                }
                _ => continue,
            };
            return Ok(Ddl::AlterIndex { name, action });
        }
        Ok(Ddl::Harmless)
    }
}
