//! Columns in expressions: whose they are, and what is near a name that is nobody's.

use crate::access::bind::{Binder, Level, Name, SYSTEM_COLUMNS, Target};
use crate::access::block::{OUTER, SubPlan, place_of, qualifier};
use crate::access::walk;
use crate::diagnostic::InputError;
use crate::sql::tree::{Expr, Query, Span};

impl Binder<'_, '_> {
    /// Resolves the columns of an expression; subqueries in it become subplans.
    pub fn resolve(&mut self, level: &mut Level, outers: &[&Level], expr: &Expr) -> Result<Expr, InputError> {
        walk::rewrite(expr, &mut |e| match e {
            Expr::Column { qualifier: written, name, span } => {
                self.column(level, outers, written.as_deref(), name, span).map(Some)
            }
            Expr::Subquery(query) => {
                self.subplan(level, outers, query, false, false)?;
                Ok(Some(e.clone()))
            }
            Expr::Exists(query) => {
                self.subplan(level, outers, query, true, false)?;
                Ok(Some(e.clone()))
            }
            Expr::InSubquery { expr: tested, query, negated } => {
                self.subplan(level, outers, query, false, true)?;
                let tested = self.resolve(level, outers, tested)?;
                Ok(Some(Expr::InSubquery { expr: Box::new(tested), query: query.clone(), negated: *negated }))
            }
            _ => Ok(None),
        })
    }

    pub(super) fn subplan(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        query: &Query,
        exists: bool,
        hashed: bool,
    ) -> Result<(), InputError> {
        let reach = std::mem::take(&mut self.reach);
        let node = {
            let mut around: Vec<&Level> = vec![&*level];
            around.extend(outers);
            self.query(query, &around)?
        };
        let correlated = self.reach > 0;
        self.reach = reach.max(self.reach.saturating_sub(1));
        let in_filter = level.in_filter;
        level.subplans.push(SubPlan { node, correlated, exists, hashed: hashed && !correlated, in_filter });
        Ok(())
    }

    pub(super) fn column(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        written: Option<&str>,
        name: &str,
        span: &Span,
    ) -> Result<Expr, InputError> {
        if let Some(found) = find_column(level, level.inner_from, written, name) {
            if let Expr::Column { qualifier, name, .. } = &found
                && let Some(place) = place_of(qualifier.as_deref())
                && let Some(column) = level.rels[place].info.column(name)
                && let Some(used) = level.rels[place].used.get_mut(column)
            {
                *used = true;
            }
            return Ok(found);
        }
        if let Some(level) = outers.iter().position(|o| find_column(o, 0, written, name).is_some()) {
            self.reach = self.reach.max(level + 1);
            return Ok(Expr::Column { qualifier: Some(OUTER.to_owned()), name: name.to_owned(), span: span.clone() });
        }
        self.unknown_column(level, outers, written, name, span)
    }

    pub(super) fn unknown_column(
        &self,
        level: &Level,
        outers: &[&Level],
        written: Option<&str>,
        name: &str,
        span: &Span,
    ) -> Result<Expr, InputError> {
        let levels = || std::iter::once(level).chain(outers.iter().copied());
        if let Some(alias) = written
            && !levels().any(|l| l.names.iter().any(|n| n.alias == alias))
        {
            let known: Vec<&str> = levels().flat_map(|l| l.names.iter().map(|n| n.alias.as_str())).collect();
            return Err(self
                .error(span, format!("unknown table or alias `{alias}`"))
                .expected("a table or alias of the FROM list")
                .nearest_of(alias, known));
        }
        let known: Vec<String> = levels()
            .flat_map(|l| &l.names)
            .filter(|n| written.is_none_or(|w| w == n.alias))
            .flat_map(|n| column_names(level, n))
            .collect();
        Err(self
            .error(span, format!("unknown column `{name}`"))
            .expected("a column of the tables in the statement")
            .nearest_of(name, known.iter().map(String::as_str)))
    }
}

/// The columns of a visible name.
pub(super) fn columns_of(level: &Level, name: usize) -> Vec<(String, Expr)> {
    match &level.names[name].target {
        Target::Merged(columns) => columns.clone(),
        Target::Rel(place) => level.rels[*place]
            .info
            .columns
            .iter()
            .map(|c| {
                let expr = Expr::Column { qualifier: Some(qualifier(*place)), name: c.name.clone(), span: 0..0 };
                (c.name.clone(), expr)
            })
            .collect(),
    }
}

pub(super) fn column_names(level: &Level, name: &Name) -> Vec<String> {
    match &name.target {
        Target::Merged(columns) => columns.iter().map(|c| c.0.clone()).collect(),
        Target::Rel(place) => {
            level.rels.get(*place).map_or_else(Vec::new, |r| r.info.columns.iter().map(|c| c.name.clone()).collect())
        }
    }
}

/// Looks a column up among the names from `from` on, then among those before.
pub(super) fn find_column(level: &Level, from: usize, written: Option<&str>, name: &str) -> Option<Expr> {
    let search = |names: &[Name]| {
        let mut open = None;
        for entry in names.iter().filter(|n| written.is_none_or(|w| w == n.alias)) {
            match &entry.target {
                Target::Merged(columns) => {
                    if let Some((_, expr)) = columns.iter().find(|c| c.0 == name) {
                        return Some(expr.clone());
                    }
                }
                Target::Rel(place) => {
                    let found =
                        || Expr::Column { qualifier: Some(qualifier(*place)), name: name.to_owned(), span: 0..0 };
                    let known = level.rels[*place].info.column(name).is_some() || SYSTEM_COLUMNS.contains(&name);
                    // The column of a function is named as the function, or its alias.
                    if known || (entry.open && (written.is_some() || entry.alias == name)) {
                        return Some(found());
                    }
                    if entry.open {
                        open.get_or_insert_with(found);
                    }
                }
            }
            // A whole row: `count(t)`, `row_to_json(t)`, `t.*`.
            if (written.is_none() && entry.alias == name) || name == "*" {
                return Some(Expr::Literal(crate::sql::tree::Literal::Text(name.to_owned())));
            }
        }
        open
    };
    search(&level.names[from.min(level.names.len())..]).or_else(|| search(&level.names[..from.min(level.names.len())]))
}
