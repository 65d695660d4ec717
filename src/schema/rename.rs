//! Names: those the server makes up, renaming and dropping what has one.

use super::build::Builder;
use super::checks::DROPPED;
use super::types::{Index, IndexKey, TableId, TableName};
use crate::sql::tree::{Expr, Window};

/// Longest name in bytes.
const MAX_NAME_BYTES: usize = 63;

impl Builder {
    /// Adds an index under its name or, without one, the one that the server would make up
    /// (ChooseIndexName in indexcmds.c), where those of UNIQUE constraints differ; gives the name.
    pub(super) fn add_index(&mut self, id: TableId, mut index: Index, name: Option<String>) -> String {
        let table = &self.schema.tables[id];
        let schema = table.name.schema.clone();
        let name = name.unwrap_or_else(|| {
            let columns = index.keys.iter().map(key_name).chain(index.include.iter().cloned());
            let columns = columns.collect::<Vec<_>>().join("_");
            let (columns, label) = match &index {
                Index { primary: true, .. } => (String::new(), "pkey"),
                Index { exclusion: true, unique: false, .. } => (columns, "excl"),
                Index { constraint: true, .. } => (columns, "key"),
                _ => (columns, "idx"),
            };
            let mut label = label.to_owned();
            let bare = label.clone();
            let mut number = 0;
            loop {
                let candidate = object_name(&table.name.name, &columns, &label);
                let full = TableName { schema: schema.clone(), name: candidate };
                if !self.indexes.contains_key(&full) && !self.schema.names.contains_key(&full) {
                    break full.name;
                }
                number += 1;
                label = format!("{bare}{number}");
            }
        });
        index.name.clone_from(&name);
        self.indexes.insert(TableName { schema, name: name.clone() }, id);
        self.schema.tables[id].indexes.push(index);
        name
    }

    pub(super) fn rename_table(&mut self, id: TableId, to: TableName) {
        let table = &mut self.schema.tables[id];
        let from = std::mem::replace(&mut table.name, to.clone());
        self.schema.names.remove(&from);
        if from.schema != to.schema {
            for index in &table.indexes {
                self.indexes.remove(&TableName { schema: from.schema.clone(), name: index.name.clone() });
                self.indexes.insert(TableName { schema: to.schema.clone(), name: index.name.clone() }, id);
            }
        }
        self.schema.names.insert(to, id);
    }

    /// ALTER SCHEMA ... RENAME TO.
    pub(super) fn rename_schema(&mut self, from: &str, to: &str) {
        for id in 0..self.schema.tables.len() {
            let name = &self.schema.tables[id].name;
            if name.schema == from && !self.dropped.contains(&id) {
                self.rename_table(id, TableName { schema: to.to_owned(), name: name.name.clone() });
            }
        }
        let sequences = self.schema.sequences.iter_mut().map(|s| &mut s.name);
        let functions = self.schema.functions.iter_mut().map(|f| &mut f.name);
        let views = self.schema.views.iter_mut().map(|v| &mut v.name);
        for name in sequences.chain(functions).chain(views).filter(|name| name.schema == from) {
            to.clone_into(&mut name.schema);
        }
        for (name, _) in self.schema.enums.iter_mut().filter(|(name, _)| name.schema.as_deref() == Some(from)) {
            name.schema = Some(to.to_owned());
        }
        self.sequences = self.schema.sequences.iter().enumerate().map(|(at, s)| (s.name.clone(), at)).collect();
        self.types.rename_schema(from, to);
    }

    pub(super) fn rename_column(&mut self, id: TableId, from: &str, to: &str) {
        let table = &mut self.schema.tables[id];
        for column in &mut table.columns {
            if column.name == from {
                to.clone_into(&mut column.name);
            }
            if let Some(generated) = &mut column.generated {
                rename_in(generated, from, to);
            }
        }
        for index in &mut table.indexes {
            for key in &mut index.keys {
                rename_in(&mut key.expr, from, to);
            }
            for column in &mut index.include {
                if column == from {
                    to.clone_into(column);
                }
            }
            if let Some(predicate) = &mut index.predicate {
                rename_in(predicate, from, to);
            }
        }
        for check in &mut table.checks {
            rename_in(check, from, to);
        }
        for (owner, column) in self.schema.sequences.iter_mut().filter_map(|s| s.owner.as_mut()) {
            if *owner == id && column == from {
                to.clone_into(column);
            }
        }
        for key in table.partition_by.iter_mut().flat_map(|p| &mut p.keys) {
            rename_in(key, from, to);
        }
        for key in &mut self.keys {
            let rename = |columns: &mut Vec<String>| {
                for column in columns.iter_mut().filter(|c| *c == from) {
                    to.clone_into(column);
                }
            };
            if key.table == id {
                rename(&mut key.definition.columns);
            }
            if key.references == Some(id) {
                rename(&mut key.definition.referenced);
            }
        }
    }

    pub(super) fn rename_constraint(&mut self, id: TableId, from: &str, to: String) {
        let table = &mut self.schema.tables[id];
        if let Some(index) = table.indexes.iter_mut().find(|i| i.name == from) {
            let schema = table.name.schema.clone();
            index.name.clone_from(&to);
            self.indexes.remove(&TableName { schema: schema.clone(), name: from.to_owned() });
            self.indexes.insert(TableName { schema, name: to }, id);
            return;
        }
        if let Some(key) = self.keys.iter_mut().find(|k| k.table == id && k.name == from) {
            key.name = to;
        } else if let Some(check) = self.checks.get_mut(&id).and_then(|c| c.iter_mut().find(|c| c.name == from)) {
            check.name = to;
        }
    }

    pub(super) fn drop_constraint(&mut self, id: TableId, name: &str) {
        let table = &mut self.schema.tables[id];
        if table.indexes.iter().any(|i| i.name == name) {
            table.indexes.retain(|i| i.name != name);
            self.indexes.remove(&TableName { schema: table.name.schema.clone(), name: name.to_owned() });
            return;
        }
        for key in self.keys.iter_mut().filter(|k| k.table == id && k.name == name) {
            key.dropped = true;
        }
        for table in std::iter::once(id).chain(self.below(id)).collect::<Vec<_>>() {
            self.drop_check(table, name);
        }
    }

    /// Drops a column with the indexes, constraints and keys that use it, as the server does.
    pub(super) fn drop_column(&mut self, id: TableId, column: &str) {
        let table = &mut self.schema.tables[id];
        table.columns.retain(|c| c.name != column);
        let schema = table.name.schema.clone();
        let indexes = &mut self.indexes;
        table.indexes.retain(|index| {
            let used = index.include.iter().any(|c| c == column)
                || index.keys.iter().any(|k| uses(&k.expr, column))
                || index.predicate.as_ref().is_some_and(|p| uses(p, column));
            if used {
                indexes.remove(&TableName { schema: schema.clone(), name: index.name.clone() });
            }
            !used
        });
        for check in &mut table.checks {
            if uses(check, column) {
                *check = DROPPED;
            }
        }
        let owned = |s: &super::types::Sequence| s.owner.as_ref().is_some_and(|o| o.0 == id && o.1 == column);
        let gone: Vec<_> = self.schema.sequences.iter().filter(|s| owned(s)).map(|s| s.name.clone()).collect();
        gone.iter().for_each(|name| self.drop_sequence(name));
        for key in &mut self.keys {
            let own = key.table == id && key.definition.columns.iter().any(|c| c == column);
            let other = key.references == Some(id) && key.definition.referenced.iter().any(|c| c == column);
            key.dropped |= own || other;
        }
    }
}

/// The part of an index's made-up name that stands for a key (FigureIndexColname in parse_target.c).
fn key_name(key: &IndexKey) -> String {
    fn of(expr: &Expr) -> Option<&str> {
        match expr {
            Expr::Column { name, .. } => Some(name),
            Expr::Call { name, .. } => Some(&name.name),
            Expr::Cast { expr, to } => of(expr).or(Some(to)),
            Expr::Collate { expr, .. } => of(expr),
            Expr::Case { .. } => Some("case"),
            _ => None,
        }
    }
    of(&key.expr).unwrap_or("expr").to_owned()
}

/// `name1_name2_label`, cut to the length of a name (makeObjectName in indexcmds.c).
pub(super) fn object_name(first: &str, second: &str, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(!second.is_empty());
    let room = MAX_NAME_BYTES.saturating_sub(overhead);
    let (mut one, mut two) = (first.len(), second.len());
    while one + two > room {
        if one > two {
            one -= 1;
        } else {
            two -= 1;
        }
    }
    let cut = |text: &str, mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text[..at].to_owned()
    };
    let (first, second) = (cut(first, one), cut(second, two));
    if second.is_empty() { format!("{first}_{label}") } else { format!("{first}_{second}_{label}") }
}

/// Whether an expression uses a column of its table.
pub(super) fn uses(expr: &Expr, column: &str) -> bool {
    let mut found = false;
    let mut copy = expr.clone();
    visit(&mut copy, &mut |e| {
        found |= matches!(e, Expr::Column { name, .. } if name == column);
    });
    found
}

fn rename_in(expr: &mut Expr, from: &str, to: &str) {
    visit(expr, &mut |e| {
        if let Expr::Column { name, .. } = e
            && name == from
        {
            to.clone_into(name);
        }
    });
}

/// Calls `f` on an expression and all below it; expressions of a table have no subqueries.
fn visit(expr: &mut Expr, f: &mut impl FnMut(&mut Expr)) {
    f(expr);
    match expr {
        Expr::Unary { expr, .. }
        | Expr::IsNull { expr, .. }
        | Expr::Is { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::InSubquery { expr, .. } => visit(expr, f),
        Expr::Binary { left, right, .. } => {
            visit(left, f);
            visit(right, f);
        }
        Expr::Between { expr, low, high, .. } => {
            visit(expr, f);
            visit(low, f);
            visit(high, f);
        }
        Expr::InList { expr, list, .. } => {
            visit(expr, f);
            list.iter_mut().for_each(|e| visit(e, f));
        }
        Expr::Quantified { expr, array, .. } => {
            visit(expr, f);
            visit(array, f);
        }
        Expr::Call { args, order_by, filter, over, .. } => {
            args.iter_mut().for_each(|e| visit(e, f));
            order_by.iter_mut().for_each(|o| visit(&mut o.expr, f));
            if let Some(filter) = filter {
                visit(filter, f);
            }
            if let Some(Window { partition_by, order_by }) = over {
                partition_by.iter_mut().for_each(|e| visit(e, f));
                order_by.iter_mut().for_each(|o| visit(&mut o.expr, f));
            }
        }
        Expr::Case { operand, arms, otherwise } => {
            for expr in operand.iter_mut().chain(otherwise) {
                visit(expr, f);
            }
            for (condition, result) in arms {
                visit(condition, f);
                visit(result, f);
            }
        }
        Expr::Array(items) | Expr::Row(items) => items.iter_mut().for_each(|e| visit(e, f)),
        Expr::Access { base, index } => {
            visit(base, f);
            index.iter_mut().for_each(|e| visit(e, f));
        }
        Expr::Column { .. }
        | Expr::Parameter { .. }
        | Expr::Literal(_)
        | Expr::Exists(_)
        | Expr::Subquery(_)
        | Expr::Default => {}
    }
}
