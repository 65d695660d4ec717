//! WHERE with its EXISTS and IN, which are joined rather than computed per row.

use crate::access::bind::{Binder, Level};
use crate::access::block::qualifier;
use crate::access::pull_up::{aggregates_in, item_exprs, mergeable};
use crate::access::select::mask;
use crate::access::walk;
use crate::diagnostic::InputError;
use crate::sql::tree::{Body, Distinct, Expr, Literal, Query, SelectItem};

impl Binder<'_, '_> {
    /// A condition: its EXISTS and IN become semi-joins, the rest is returned resolved.
    pub fn filter(&mut self, level: &mut Level, outers: &[&Level], expr: &Expr) -> Result<Vec<Expr>, InputError> {
        let mut conditions = Vec::new();
        for part in walk::conjuncts(expr) {
            let (inner, negated) = match part {
                Expr::Unary { op, expr } if op == "not" => (&**expr, true),
                other => (other, false),
            };
            let pulled = match inner {
                Expr::Exists(query) => self.semi_join(level, outers, query, None, negated)?,
                Expr::InSubquery { expr, query, negated: false } if !negated => {
                    self.semi_join(level, outers, query, Some(expr), false)?
                }
                Expr::Quantified { expr, op, all: false, array } if op == "=" && !negated => match &**array {
                    Expr::Subquery(query) => self.semi_join(level, outers, query, Some(expr), false)?,
                    _ => false,
                },
                _ => false,
            };
            if pulled {
                continue;
            }
            let in_filter = std::mem::replace(&mut level.in_filter, true);
            let resolved = self.resolve(level, outers, part);
            level.in_filter = in_filter;
            conditions.push(resolved?);
        }
        Ok(conditions)
    }

    /// Joins the relations of an EXISTS or IN; false when it has to stay a subplan.
    pub(super) fn semi_join(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        query: &Query,
        tested: Option<&Expr>,
        anti: bool,
    ) -> Result<bool, InputError> {
        let mut simple = query.clone();
        if tested.is_none() {
            // What EXISTS selects, and in which order, does not matter.
            simple.order_by.clear();
            simple.limit = None;
            if let Body::Select(select) = &mut simple.body {
                select.distinct = Distinct::No;
                if item_exprs(&select.items).all(|e| aggregates_in(e) == 0) {
                    select.items = vec![SelectItem::Expr { expr: Expr::Literal(Literal::Number(1.0)), alias: None }];
                }
            }
        }
        let before = level.rels.len();
        let names_before = level.names.len();
        let outer_from = level.inner_from;
        let mut conditions = Vec::new();
        let tested = match tested {
            Some(expr) => Some(self.resolve(level, outers, expr)?),
            None => None,
        };
        if let Some(select) = mergeable(&simple) {
            level.inner_from = names_before;
            for item in &select.from {
                let (_, mut more) = self.table_ref(level, outers, item)?;
                conditions.append(&mut more);
            }
            if let Some(filter) = &select.filter {
                conditions.extend(self.filter(level, outers, filter)?);
            }
            if let Some(tested) = tested {
                let output = self.outputs(level, outers, &select.items)?.into_iter().next();
                let right = output.map_or(Expr::Literal(Literal::Null), |o| o.expr);
                conditions.push(Expr::Binary { op: "=".into(), left: Box::new(tested), right: Box::new(right) });
            }
            level.names.truncate(names_before);
            level.inner_from = outer_from;
        } else if let Some(tested) = tested {
            let names = level.names.len();
            self.add_subquery(level, outers, (&simple, " in", &[], false))?;
            level.names.truncate(names);
            let place = before;
            let column = level.rels[place].info.columns.first().map(|c| c.name.clone()).unwrap_or_default();
            let right = Expr::Column { qualifier: Some(qualifier(place)), name: column, span: 0..0 };
            conditions.push(Expr::Binary { op: "=".into(), left: Box::new(tested), right: Box::new(right) });
        } else {
            return Ok(false);
        }
        level.semi_joins.push((mask(before, level.rels.len()), anti, conditions));
        Ok(true)
    }
}
