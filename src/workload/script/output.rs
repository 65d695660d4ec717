//! The columns that a statement returns, by name: what `\gset` makes variables of.

use crate::sql::tree::{Body, Expr, Query, SelectItem, Statement};

/// The names of the columns, in order; `None` for one without a name of its own, and no list at all
/// where `*` or an unread statement hides them.
pub(super) fn columns(sql: &str) -> Option<Vec<Option<String>>> {
    let items = match crate::sql::parse_statement_noted(sql).ok()?.0 {
        Statement::Query(query) => select_list(query)?,
        Statement::Insert(insert) => insert.returning,
        Statement::Update(update) => update.returning,
        Statement::Delete(delete) => delete.returning,
        Statement::Merge(merge) => merge.returning,
        _ => return None,
    };
    items
        .into_iter()
        .map(|item| match item {
            SelectItem::Star { .. } => None,
            SelectItem::Expr { alias: Some(alias), .. } => Some(Some(alias)),
            SelectItem::Expr { expr, alias: None } => Some(name(&expr)),
        })
        .collect()
}

fn select_list(query: Query) -> Option<Vec<SelectItem>> {
    match query.body {
        Body::Select(select) => Some(select.items),
        Body::SetOperation { left, .. } => select_list(*left),
        Body::Values(_) => None,
    }
}

/// The name that PostgreSQL gives to an expression without an alias.
fn name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Column { name, .. } => Some(name.clone()),
        Expr::Call { name, .. } => Some(name.name.clone()),
        Expr::Cast { expr, to } => name(expr).or_else(|| Some(to.clone())),
        Expr::Case { .. } => Some("case".to_owned()),
        _ => None,
    }
}
