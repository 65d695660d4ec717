//! DROP of what has a name of its own.

use super::build::Builder;
use super::types::{TableId, TableName};
use crate::sql::ddl::Kind;
use crate::sql::tree::QualifiedName;

impl Builder {
    pub(super) fn drop(&mut self, kind: Kind, name: &QualifiedName) {
        let resolved = self.resolve(name);
        match kind {
            Kind::Table => {
                if let Some(id) = self.table(name) {
                    self.drop_table(id);
                }
            }
            Kind::View => {
                self.schema.views.retain(|v| v.name != resolved);
                if let Some(id) = self.table(name) {
                    self.drop_table(id);
                }
            }
            Kind::Index => {
                if let Some(id) = self.indexes.remove(&resolved) {
                    self.schema.tables[id].indexes.retain(|i| i.name != resolved.name);
                }
            }
            Kind::Type => {
                self.types.remove(&resolved);
                let qualified = QualifiedName { schema: Some(resolved.schema), name: resolved.name };
                self.schema.enums.retain(|e| e.0 != qualified);
            }
            Kind::Sequence => self.drop_sequence(&resolved),
            Kind::Schema => {
                let gone: Vec<_> = self.schema.names.iter().filter(|(n, _)| n.schema == name.name).collect();
                let gone: Vec<_> = gone.into_iter().map(|(_, id)| *id).collect();
                for id in gone {
                    self.drop_table(id);
                }
                self.schema.views.retain(|v| v.name.schema != name.name);
            }
        }
    }

    /// Drops a table with its partitions and children; ids stay as they are until the end.
    pub(super) fn drop_table(&mut self, id: TableId) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if !self.dropped.insert(id) {
                continue;
            }
            open.extend(self.children.remove(&id).unwrap_or_default());
            let table = &self.schema.tables[id];
            self.schema.names.remove(&table.name);
            for index in &table.indexes {
                let name = TableName { schema: table.name.schema.clone(), name: index.name.clone() };
                self.indexes.remove(&name);
            }
        }
    }
}
