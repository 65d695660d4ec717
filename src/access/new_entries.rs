//! The index entries of inserted rows: where they go and how large they are.

use crate::access::block::Insert;
use crate::access::column::ColumnInfo;
use crate::access::entries::Place;
use crate::access::gin;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::statement::Statement;
use crate::access::values::Value;
use crate::access::walk;
use crate::machine::coefficients::state::ORDERED;
use crate::schema::sizes::{ColumnWidth, index_tuple};
use crate::sql::tree::Expr;
use crate::workload::Distribution;

/// How the values of a column come, insert after insert.
enum Growth {
    Same,
    Grows,
    Random,
}

/// Bytes of the entry of a row of such columns in a B-tree.
pub(super) fn btree_entry(index: &IndexInfo, columns: &[ColumnWidth]) -> Option<f64> {
    if index.method != "btree" {
        return None;
    }
    let keys = index.keys.iter().zip(&index.expression_stats);
    let keys = keys.map(|(key, stats)| match (key, stats) {
        (Some(column), _) => columns.get(*column).copied(),
        (None, stats) => stats.as_ref().map(|s| s.width),
    });
    let stored: Option<Vec<ColumnWidth>> = keys.chain(index.include.iter().map(|c| columns.get(*c).copied())).collect();
    stored.map(|s| index_tuple(&s).bytes)
}

impl Statement {
    /// Where an inserted row's entry goes: to one place that grows, such as the right edge, when its first key that
    /// is not the same each time grows with time.
    pub(super) fn entry_place(&self, insert: &Insert, info: &TableInfo, index: &IndexInfo) -> Place {
        if index.method != "btree" {
            return Place::Anywhere;
        }
        for (key, expr) in index.keys.iter().zip(&index.expressions) {
            let column = match (key, &walk::column_names(expr)[..]) {
                (Some(column), _) => *column,
                // An expression of one column that grows is taken to grow with it.
                (None, [name]) => match info.column(name) {
                    Some(column) => column,
                    None => return Place::Anywhere,
                },
                _ => return Place::Anywhere,
            };
            match self.column_growth(insert, &info.columns[column]) {
                Growth::Same => {}
                Growth::Grows => return Place::Edge,
                Growth::Random => return Place::Anywhere,
            }
        }
        // Equal keys stand in the order of their rows, which grows.
        Place::Edge
    }

    fn column_growth(&self, insert: &Insert, column: &ColumnInfo) -> Growth {
        let given = insert.table.column(&column.name).is_some_and(|c| insert.columns.contains(&c));
        let grows = match self.inserted_value(insert, &column.name) {
            _ if !given && column.from_sequence => true,
            Some(set) if set.values.iter().all(|v| matches!(v, Value::Now(_))) => true,
            Some(set) if self.grows_with_sequence(insert, &column.name) => set.unknown(),
            Some(set) => match &set.distribution {
                Some(Distribution::Sequence { .. } | Distribution::Uuid { version: 7 }) => true,
                Some(Distribution::Uuid { .. }) => false,
                None | Some(Distribution::Constant(_)) if !set.unknown() && !set.hidden && set.domain == 1.0 => {
                    return Growth::Same;
                }
                // Made by an earlier statement, or by a query: as the column's order suggests.
                _ => set.unknown() && column.correlation > ORDERED,
            },
            None => column.correlation > ORDERED,
        };
        if grows { Growth::Grows } else { Growth::Random }
    }

    /// Whether a value is put together from a variable that counts up and from what stays the same.
    fn grows_with_sequence(&self, insert: &Insert, name: &str) -> bool {
        let at = insert.table.column(name).and_then(|c| insert.columns.iter().position(|x| *x == c));
        let Some(expr) = at.and_then(|at| insert.values.get(at)) else { return false };
        let (mut counts, mut keeps_order) = (false, true);
        walk::visit(expr, &mut |e| match e {
            Expr::Parameter { number, .. } => match self.draws.distribution(*number) {
                Some(Distribution::Sequence { .. }) => counts = true,
                Some(Distribution::Constant(_)) => {}
                _ => keeps_order = false,
            },
            Expr::Literal(_) | Expr::Cast { .. } => {}
            Expr::Binary { op, .. } if ["||", "+", "*"].contains(&op.as_str()) => {}
            Expr::Call { name, .. } if ["lpad", "concat", "format", "to_char"].contains(&name.name.as_str()) => {}
            _ => keeps_order = false,
        });
        counts && keeps_order
    }

    /// Bytes of an inserted row's entry in an index, where the row's own values say.
    pub(super) fn entry_bytes(
        &self,
        insert: &Insert,
        info: &TableInfo,
        index: &IndexInfo,
        columns: &[ColumnWidth],
    ) -> Option<f64> {
        match index.method.as_str() {
            "gin" => gin::bytes_of(info, index, &|name| self.inserted_document(insert, name)),
            _ => btree_entry(index, columns),
        }
    }

    /// An inserted array or document as the server writes it, if it is a constant.
    fn inserted_document(&self, insert: &Insert, name: &str) -> Option<Value> {
        let at = insert.table.column(name).and_then(|c| insert.columns.iter().position(|x| *x == c));
        let mut expr = at.and_then(|at| insert.values.get(at));
        while let Some(Expr::Cast { expr: inner, .. }) = expr {
            expr = Some(inner);
        }
        if let Some(Expr::Array(items)) = expr {
            let items: Option<Vec<String>> = items.iter().map(|i| self.draws.evaluate(i, 0).text()).collect();
            return items.map(|i| Value::Text(format!("{{{}}}", i.join(","))));
        }
        self.inserted_value(insert, name)?.values.into_iter().next()
    }
}
