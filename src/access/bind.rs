//! Names to relations: FROM lists, views, CTEs, and columns in expressions.

use crate::access::names::columns_of;
use std::sync::Arc;

use crate::access::block::{Bound, Cte, Leaf, Output, Rel, Source, SubPlan, place_of};
use crate::access::catalog::Catalog;
use crate::access::clause::Reader;
use crate::access::column::ColumnInfo;
use crate::access::pull_up::{mergeable, single_row};
use crate::access::relation::TableInfo;
use crate::access::values::Draws;
use crate::access::walk;
use crate::diagnostic::{InputError, Warning, WarningCode};
use crate::schema::{TableName, TypeFamily, View};
use crate::sql::tree::{Expr, QualifiedName, Query, SelectItem, Span};
use crate::workload::StatementText;

/// Most relations of one query level; the planner itself gives up exhaustive search far below.
pub(super) const MAX_RELATIONS: usize = 60;
/// Depth to which views and subqueries are followed.
const MAX_DEPTH: usize = 32;
/// Rows that PostgreSQL assumes of a function that says nothing else.
const FUNCTION_ROWS: f64 = 1.0;
/// System columns.
pub(super) const SYSTEM_COLUMNS: [&str; 6] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

/// What a name in FROM stands for.
pub(super) enum Target {
    /// A relation.
    Rel(usize),
    /// A subquery that was merged into this level: its columns are these expressions.
    Merged(Vec<(String, Expr)>),
}

/// A name visible in a query level.
pub(super) struct Name {
    pub alias: String,
    pub target: Target,
    /// Any column name is accepted (functions).
    pub open: bool,
}

/// One query level under construction.
#[derive(Default)]
pub(super) struct Level {
    pub rels: Vec<Rel>,
    pub names: Vec<Name>,
    pub subplans: Vec<SubPlan>,
    /// Names before this place belong to the query around a merged EXISTS or IN.
    pub inner_from: usize,
    pub in_filter: bool,
    pub outer_joins: Vec<(u64, u64, bool, Vec<Expr>)>,
    pub semi_joins: Vec<(u64, bool, Vec<Expr>)>,
}

/// A CTE in sight.
pub(super) enum CteName {
    /// Computed once; its columns.
    Computed(usize, Vec<Output>, f64),
    /// Put in the place of each reference.
    Inline(Box<Query>, Vec<String>),
}

/// Resolves one statement.
pub(super) struct Binder<'a, 'c> {
    pub catalog: &'c mut Catalog<'a>,
    pub draws: &'c Draws,
    pub statement: &'c StatementText,
    pub warnings: Vec<Warning>,
    pub ctes: Vec<(String, CteName)>,
    pub computed: Vec<Cte>,
    pub depth: usize,
    /// How many query levels outwards the latest columns reached.
    pub reach: usize,
}

impl Binder<'_, '_> {
    /// An error at a place in the statement.
    pub fn error(&self, span: &Span, message: String) -> InputError {
        InputError::new(message).at(self.statement.origin.locate(&self.statement.sql, span.start))
    }

    /// A warning that something was understood in part.
    pub fn partly(&mut self, span: &Span, message: impl Into<String>) {
        let position = self.statement.origin.locate(&self.statement.sql, span.start);
        self.warnings.push(Warning::new(WarningCode::PartlyUnderstood, message).at(position));
    }

    pub fn reader<'r>(&'r self, level: &'r Level) -> Reader<'r> {
        Reader { rels: &level.rels, draws: self.draws }
    }

    /// The table of that name with its statistics.
    pub fn table(&mut self, name: &QualifiedName, span: &Span) -> Result<Arc<TableInfo>, InputError> {
        let Some(id) = self.catalog.find(name) else {
            let known: Vec<String> = self.catalog.schema.tables.iter().map(|t| t.name.to_string()).collect();
            let written = name.schema.as_ref().map_or(name.name.clone(), |s| format!("{s}.{}", name.name));
            return Err(self
                .error(span, format!("unknown table `{written}`"))
                .expected("a table of the schema file")
                .nearest_of(&written, known.iter().map(String::as_str)));
        };
        match self.catalog.get(id) {
            Some(info) => Ok(info),
            None => {
                let name = self.catalog.schema.tables[id].name.to_string();
                Err(self
                    .error(span, format!("table `{name}` has no row count"))
                    .expected(format!("`tables: {{{name}: {{rows: ...}}}}` in the workload file")))
            }
        }
    }

    /// Adds a relation; its place.
    pub fn add(&mut self, level: &mut Level, rel: Rel, open: bool) -> Result<usize, InputError> {
        let place = level.rels.len();
        if place >= MAX_RELATIONS {
            return Err(self.error(&(0..0), format!("a query of more than {MAX_RELATIONS} relations")));
        }
        level.names.push(Name { alias: rel.alias.clone(), target: Target::Rel(place), open });
        level.rels.push(rel);
        Ok(place)
    }

    /// Adds a table, view or CTE by its name.
    pub fn add_named(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        (name, alias, columns, only, span): (&QualifiedName, Option<&str>, &[String], bool, &Span),
    ) -> Result<Vec<Expr>, InputError> {
        let alias = alias.unwrap_or(&name.name).to_owned();
        if name.schema.is_none()
            && let Some(at) = self.ctes.iter().rposition(|(n, _)| *n == name.name)
        {
            return self.add_cte(level, outers, at, &alias, columns);
        }
        if self.catalog.find(name).is_none()
            && let Some(view) = self.view(name)
        {
            let columns = if columns.is_empty() { view.columns } else { columns.to_vec() };
            return self.add_subquery(level, outers, (&view.query, &alias, &columns, false));
        }
        let info = self.table(name, span)?;
        let leaves = self.catalog.leaves(info.id, only);
        let used = vec![false; info.columns.len()];
        let rel = Rel { source: Source::Table, alias, info, leaves, lateral: 0, used };
        self.add(level, rel, false)?;
        Ok(Vec::new())
    }

    fn view(&self, name: &QualifiedName) -> Option<View> {
        let wanted =
            TableName { schema: name.schema.clone().unwrap_or_else(|| "public".to_owned()), name: name.name.clone() };
        self.catalog.schema.views.iter().find(|v| v.name == wanted).cloned()
    }

    fn add_cte(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        at: usize,
        alias: &str,
        columns: &[String],
    ) -> Result<Vec<Expr>, InputError> {
        match &self.ctes[at].1 {
            CteName::Inline(query, own) => {
                let (query, own) = (query.clone(), own.clone());
                let names = if columns.is_empty() { own } else { columns.to_vec() };
                self.add_subquery(level, outers, (&query, alias, &names, false))
            }
            CteName::Computed(place, outputs, rows) => {
                let (place, rows, outputs) = (*place, *rows, outputs.clone());
                let info = derived_info(alias, &outputs, columns, rows);
                let used = vec![false; info.columns.len()];
                let leaf = Leaf { info: Arc::clone(&info), bound: None };
                let rel = Rel {
                    source: Source::Cte(place),
                    alias: alias.to_owned(),
                    info,
                    leaves: vec![leaf],
                    lateral: 0,
                    used,
                };
                self.add(level, rel, false)?;
                Ok(Vec::new())
            }
        }
    }

    /// Adds a subquery: merged into this level when it is simple, as PostgreSQL does. Returns the
    /// conditions that a merged one brings along.
    pub fn add_subquery(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        (query, alias, columns, lateral): (&Query, &str, &[String], bool),
    ) -> Result<Vec<Expr>, InputError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(&(0..0), "views and subqueries nest too deeply".to_owned()));
        }
        let added = self.add_subquery_inside(level, outers, (query, alias, columns, lateral));
        self.depth -= 1;
        added
    }

    fn add_subquery_inside(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        (query, alias, columns, lateral): (&Query, &str, &[String], bool),
    ) -> Result<Vec<Expr>, InputError> {
        if let Some(row) = single_row(query) {
            return self.add_row(level, outers, (query, row), (alias, columns, lateral));
        }
        if let Some(select) = mergeable(query) {
            let hidden_before = level.names.len();
            let outer_start = std::mem::replace(&mut level.inner_from, hidden_before);
            let mut conditions = Vec::new();
            for item in &select.from {
                let (_, mut more) = self.table_ref(level, outers, item)?;
                conditions.append(&mut more);
            }
            if let Some(filter) = &select.filter {
                conditions.extend(self.filter(level, outers, filter)?);
            }
            let outputs = self.outputs(level, outers, &select.items)?;
            // The names inside are out of sight from here on, their relations stay.
            level.names.truncate(hidden_before);
            level.inner_from = outer_start;
            let merged = outputs
                .into_iter()
                .enumerate()
                .map(|(n, o)| (columns.get(n).cloned().unwrap_or(o.name), o.expr))
                .collect();
            level.names.push(Name { alias: alias.to_owned(), target: Target::Merged(merged), open: false });
            return Ok(conditions);
        }
        let reach = std::mem::take(&mut self.reach);
        let node = {
            let mut around: Vec<&Level> = if lateral { vec![&*level] } else { Vec::new() };
            around.extend(outers);
            self.query(query, &around)?
        };
        let before = super::select::mask(0, level.rels.len());
        let depends = if lateral && self.reach > 0 { before } else { 0 };
        self.reach = reach.max(self.reach.saturating_sub(usize::from(lateral)));
        let info = derived_info(alias, node.outputs(), columns, 1.0);
        let used = vec![false; info.columns.len()];
        let leaf = Leaf { info: Arc::clone(&info), bound: None };
        let rel = Rel {
            source: Source::Derived(Box::new(node)),
            alias: alias.to_owned(),
            info,
            leaves: vec![leaf],
            lateral: depends,
            used,
        };
        self.add(level, rel, false)?;
        Ok(Vec::new())
    }

    /// Adds a function in FROM.
    pub fn add_function(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        (name, args, alias): (&QualifiedName, &[Expr], Option<&str>),
    ) -> Result<(), InputError> {
        let args: Vec<Expr> = args.iter().map(|a| self.resolve(level, outers, a)).collect::<Result<_, _>>()?;
        let rows = self.function_rows(level, &name.name, &args);
        let alias = alias.unwrap_or(&name.name).to_owned();
        let info = Arc::new(TableInfo::bare(&alias, rows, Vec::new()));
        let leaf = Leaf { info: Arc::clone(&info), bound: None };
        let mut depends = 0;
        for arg in &args {
            walk::visit(arg, &mut |e| {
                if let Expr::Column { qualifier, .. } = e
                    && let Some(place) = place_of(qualifier.as_deref())
                {
                    depends |= super::block::bit(place);
                }
            });
        }
        let source = Source::Rows(rows);
        let rel = Rel { source, alias, info, leaves: vec![leaf], lateral: depends, used: Vec::new() };
        self.add(level, rel, true)?;
        Ok(())
    }

    fn function_rows(&self, level: &Level, name: &str, args: &[Expr]) -> f64 {
        let reader = self.reader(level);
        let number = |n: usize| args.get(n).and_then(|a| reader.value(a).values.first().and_then(|v| v.number()));
        match (name, number(0), number(1)) {
            ("generate_series", Some(from), Some(to)) => {
                ((to - from) / number(2).unwrap_or(1.0)).floor().max(0.0) + 1.0
            }
            ("generate_series", ..) => 1000.0,
            ("unnest", ..) => match args.first() {
                Some(Expr::Array(items)) => items.len() as f64,
                _ => 10.0,
            },
            _ => FUNCTION_ROWS,
        }
    }

    /// The select list with stars spelt out.
    pub fn outputs(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        items: &[SelectItem],
    ) -> Result<Vec<Output>, InputError> {
        let mut outputs = Vec::new();
        for item in items {
            match item {
                SelectItem::Star { qualifier: wanted } => {
                    for n in level.inner_from..level.names.len() {
                        if wanted.as_ref().is_some_and(|w| *w != level.names[n].alias) {
                            continue;
                        }
                        for (name, expr) in columns_of(level, n) {
                            if let Expr::Column { qualifier, name, .. } = &expr
                                && let Some(place) = place_of(qualifier.as_deref())
                                && let Some(column) = level.rels[place].info.column(name)
                                && let Some(used) = level.rels[place].used.get_mut(column)
                            {
                                *used = true;
                            }
                            let info = output_info(level, &expr);
                            outputs.push(Output { name, expr, info });
                        }
                    }
                }
                SelectItem::Expr { expr, alias } => {
                    let name = alias.clone().unwrap_or_else(|| output_name(expr));
                    let expr = self.resolve(level, outers, expr)?;
                    let info = output_info(level, &expr);
                    outputs.push(Output { name, expr, info });
                }
            }
        }
        Ok(outputs)
    }

    /// A query that stands alone, for a CTE.
    pub fn bound_query(&mut self, query: &Query, outers: &[&Level]) -> Result<Bound, InputError> {
        let node = self.query(query, outers)?;
        let returning = node.outputs().to_vec();
        Ok(Bound { ctes: Vec::new(), action: super::block::Action::Query(node), returning })
    }
}

pub(super) fn output_name(expr: &Expr) -> String {
    match expr {
        Expr::Column { name, .. } => name.clone(),
        Expr::Call { name, .. } => name.name.clone(),
        Expr::Cast { expr, .. } => output_name(expr),
        _ => "?column?".to_owned(),
    }
}

/// What is known of an output's values.
pub(super) fn output_info(level: &Level, expr: &Expr) -> ColumnInfo {
    match expr {
        Expr::Column { qualifier, name, .. } => place_of(qualifier.as_deref())
            .and_then(|place| {
                let info = &level.rels[place].info;
                info.column(name).map(|c| info.columns[c].clone())
            })
            .unwrap_or_else(|| ColumnInfo::unknown(name)),
        Expr::Cast { expr, .. } => output_info(level, expr),
        Expr::Literal(crate::sql::tree::Literal::Text(t)) => {
            let mut info = ColumnInfo { family: TypeFamily::Text, ..ColumnInfo::unknown("") };
            info.width.bytes = t.len() as f64 + 1.0;
            info
        }
        // An aggregate or function of one column is about as wide as the column.
        Expr::Call { args, name, .. } if args.len() == 1 && name.name != "count" => {
            ColumnInfo { distinct_known: false, most_common: Vec::new(), bounds: None, ..output_info(level, &args[0]) }
        }
        _ => ColumnInfo::unknown(""),
    }
}

/// What stands for the table of a subquery or CTE.
pub(super) fn derived_info(alias: &str, outputs: &[Output], columns: &[String], rows: f64) -> Arc<TableInfo> {
    let columns = outputs
        .iter()
        .enumerate()
        .map(|(n, o)| ColumnInfo {
            name: columns.get(n).cloned().unwrap_or_else(|| o.name.clone()),
            correlation: 0.0,
            ..o.info.clone()
        })
        .collect();
    Arc::new(TableInfo::bare(alias, rows, columns))
}
