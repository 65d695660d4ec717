//! The columns that a query gives, for materialized views and CREATE TABLE AS.
//!
//! Only their widths matter, so the types of functions that are not well known are taken to be text,
//! and the caller is told.

use super::datatype::Types;
use super::types::{Column, DataType, Schema, TypeFamily};
use crate::sql::ddl::TypeRef;
use crate::sql::tree::{Body, Expr, Literal, QualifiedName, Query, Select, SelectItem, Statement, TableRef};

/// What a query gives.
pub(super) struct Described {
    pub(super) columns: Vec<Column>,
    /// A column whose type is a guess.
    pub(super) guessed: Option<String>,
}

/// Describes the columns of a query.
pub(super) fn columns(schema: &Schema, types: &Types, query: &Query, path: &str) -> Described {
    let mut scope = Scope { schema, types, path, guessed: None, ctes: Vec::new(), views: 0 };
    let columns = scope.query(query);
    Described { columns, guessed: scope.guessed }
}

struct Scope<'a> {
    schema: &'a Schema,
    types: &'a Types,
    path: &'a str,
    guessed: Option<String>,
    ctes: Vec<(String, Vec<Column>)>,
    /// Views entered; a view that names itself must end.
    views: usize,
}

/// The columns of one FROM item under its name.
type Relation = (Option<String>, Vec<Column>);

impl Scope<'_> {
    fn query(&mut self, query: &Query) -> Vec<Column> {
        let outer = self.ctes.len();
        for cte in &query.with {
            let mut columns = match &*cte.statement {
                // The recursive part of a query has the columns of the other one.
                Statement::Query(Query { body: Body::SetOperation { left, .. }, .. }) if cte.recursive => {
                    self.query(left)
                }
                Statement::Query(inner) => self.query(inner),
                _ => Vec::new(),
            };
            rename(&mut columns, &cte.columns);
            self.ctes.push((cte.name.clone(), columns));
        }
        let columns = match &query.body {
            Body::Select(select) => self.select(select),
            Body::SetOperation { left, right, .. } => {
                let mut columns = self.query(left);
                for (column, other) in columns.iter_mut().zip(self.query(right)) {
                    keep_common_modifier(&mut column.ty, Some(&other.ty));
                }
                columns
            }
            Body::Values(rows) => {
                let row = rows.first().map(Vec::as_slice).unwrap_or_default();
                row.iter().enumerate().map(|(n, e)| self.column(format!("column{}", n + 1), e, &[])).collect()
            }
        };
        self.ctes.truncate(outer);
        columns
    }

    fn select(&mut self, select: &Select) -> Vec<Column> {
        let mut relations = Vec::new();
        for item in &select.from {
            self.relations(item, &mut relations);
        }
        let mut out = Vec::new();
        for item in &select.items {
            match item {
                SelectItem::Star { qualifier } => {
                    for (name, columns) in &relations {
                        if qualifier.is_none() || qualifier == name {
                            out.extend(columns.iter().cloned());
                        }
                    }
                }
                SelectItem::Expr { expr, alias } => {
                    let name = alias.clone().unwrap_or_else(|| output_name(expr));
                    let column = self.column(name, expr, &relations);
                    out.push(column);
                }
            }
        }
        out
    }

    fn relations(&mut self, item: &TableRef, out: &mut Vec<Relation>) {
        match item {
            TableRef::Table { name, alias, columns, .. } => {
                let mut found = self.table(name);
                rename(&mut found, columns);
                out.push((Some(alias.clone().unwrap_or_else(|| name.name.clone())), found));
            }
            TableRef::Subquery { query, alias, columns, .. } => {
                let mut found = self.query(query);
                rename(&mut found, columns);
                out.push((alias.clone(), found));
            }
            TableRef::Function { name, args, alias, columns, .. } => {
                let call = crate::sql::tree::Expr::call(name.clone(), args.clone(), 0..0);
                let label = alias.clone().unwrap_or_else(|| name.name.clone());
                let mut found = vec![self.column(label.clone(), &call, &[])];
                rename(&mut found, columns);
                out.push((Some(label), found));
            }
            TableRef::Join { left, right, .. } => {
                self.relations(left, out);
                self.relations(right, out);
            }
        }
    }

    fn table(&mut self, name: &QualifiedName) -> Vec<Column> {
        if name.schema.is_none()
            && let Some((_, columns)) = self.ctes.iter().rev().find(|c| c.0 == name.name)
        {
            return columns.clone();
        }
        let here = QualifiedName {
            schema: Some(name.schema.clone().unwrap_or_else(|| self.path.into())),
            name: name.name.clone(),
        };
        if let Some(id) = self.schema.find(&here).or_else(|| self.schema.find(name)) {
            return self.schema.tables[id].columns.clone();
        }
        let Some(view) = self.schema.find_view(&here).or_else(|| self.schema.find_view(name)) else {
            return Vec::new();
        };
        if self.views >= 32 {
            return Vec::new();
        }
        self.views += 1;
        let mut columns = self.query(&view.query);
        self.views -= 1;
        rename(&mut columns, &view.columns);
        columns
    }

    fn column(&mut self, name: String, expr: &Expr, from: &[Relation]) -> Column {
        let (ty, collation) = match expr {
            Expr::Column { .. } => match find(expr, from) {
                Some(column) => (Some(column.ty.clone()), column.collation.clone()),
                None => (None, None),
            },
            _ => (self.data_type(expr, from), None),
        };
        let ty = ty.unwrap_or_else(|| {
            self.guessed.get_or_insert_with(|| name.clone());
            self.named("text")
        });
        Column {
            name,
            ty,
            not_null: false,
            default: None,
            identity: false,
            generated: None,
            computed: false,
            collation,
            storage: None,
            n_distinct: None,
        }
    }

    fn named(&self, name: &str) -> DataType {
        let name = QualifiedName { schema: None, name: name.to_owned() };
        self.types.resolve(&TypeRef { name, modifier: Vec::new(), array: false }, self.path).0
    }

    /// The type of an expression; `None` when it is not known.
    fn data_type(&mut self, expr: &Expr, from: &[Relation]) -> Option<DataType> {
        Some(match expr {
            Expr::Column { .. } => find(expr, from)?.ty.clone(),
            Expr::Literal(Literal::Bool(_)) => self.named("boolean"),
            Expr::Literal(Literal::Number(n)) if n.fract() == 0.0 && n.abs() < 2_147_483_648.0 => self.named("integer"),
            Expr::Literal(Literal::Number(_)) => self.named("numeric"),
            Expr::Literal(_) => self.named("text"),
            Expr::Cast { to, .. } => {
                let parsed = crate::sql::parse_type(to)?;
                self.types.resolve(&parsed, self.path).0
            }
            Expr::Collate { expr, .. } => self.data_type(expr, from)?,
            Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Quantified { .. }
            | Expr::IsNull { .. }
            | Expr::Is { .. }
            | Expr::Exists(_) => self.named("boolean"),
            Expr::Unary { op, expr } => {
                if op == "not" {
                    self.named("boolean")
                } else {
                    self.data_type(expr, from)?
                }
            }
            Expr::Binary { op, left, right } => match op.as_str() {
                "+" | "-" | "*" | "/" | "%" => {
                    let (left, right) = (self.data_type(left, from)?, self.data_type(right, from)?);
                    wider(left, right)
                }
                "||" => {
                    let left = self.data_type(left, from)?;
                    if left.array || left.family == TypeFamily::Json { left } else { self.named("text") }
                }
                "->" => self.data_type(left, from)?,
                "->>" | "#>>" => self.named("text"),
                _ => self.named("boolean"),
            },
            Expr::Case { arms, otherwise, .. } => {
                let results = arms.iter().map(|a| &a.1).chain(otherwise.as_deref());
                let results: Vec<_> = results.collect();
                self.common(&results, from)?
            }
            Expr::Subquery(query) => self.query(query).into_iter().next()?.ty,
            Expr::Array(items) => {
                let element = self.data_type(items.first()?, from)?;
                DataType { array: true, fixed_bytes: None, align: element.align.max(4), ..element }
            }
            Expr::Access { base, .. } => {
                let base = self.data_type(base, from)?;
                if !base.array {
                    return None;
                }
                self.named(&base.name)
            }
            Expr::Call { name, args, .. } => {
                let mut ty = self.call(&name.name, args, from)?;
                // Of functions only these keep a length or precision.
                match name.name.as_str() {
                    "coalesce" | "greatest" | "least" => return self.common(&args.iter().collect::<Vec<_>>(), from),
                    "nullif" => {}
                    _ => ty.modifier.clear(),
                }
                ty
            }
            Expr::Row(_) | Expr::Parameter { .. } | Expr::Default => return None,
        })
    }

    /// The type that values of several expressions have in common: that of the first that is no bare constant
    /// (select_common_type in parse_coerce.c); the modifier only where all have it (select_common_typmod).
    fn common(&mut self, of: &[&Expr], from: &[Relation]) -> Option<DataType> {
        let untyped = |e: &&&Expr| matches!(e, Expr::Literal(Literal::Null | Literal::Text(_)));
        let first = of.iter().find(|e| !untyped(e)).or_else(|| of.first())?;
        let mut ty = self.data_type(first, from)?;
        for other in of {
            let other = if untyped(&other) { None } else { self.data_type(other, from) };
            keep_common_modifier(&mut ty, other.as_ref());
        }
        Some(ty)
    }

    /// The results of the functions that reports use most (pg_proc).
    fn call(&mut self, name: &str, args: &[Expr], from: &[Relation]) -> Option<DataType> {
        let first = |scope: &mut Self| args.first().and_then(|e| scope.data_type(e, from));
        Some(match name {
            "count" | "row_number" | "rank" | "dense_rank" | "nextval" => self.named("bigint"),
            "length" | "char_length" | "position" | "date_part_int" | "ntile" | "array_length" => self.named("integer"),
            "sum" => {
                let of = first(self)?;
                match of.name.as_str() {
                    "smallint" | "integer" => self.named("bigint"),
                    "bigint" | "numeric" => self.named("numeric"),
                    _ => of,
                }
            }
            "avg" => match first(self)?.name.as_str() {
                "real" | "double precision" => self.named("double precision"),
                "interval" => self.named("interval"),
                _ => self.named("numeric"),
            },
            // There is no max(varchar), only max(text).
            "min" | "max" => match first(self)? {
                of if of.name == "character varying" && !of.array => self.named("text"),
                of => of,
            },
            "coalesce" | "nullif" | "greatest" | "least" | "abs" | "round" | "first_value" | "last_value" | "lag"
            | "lead" | "mod" | "floor" | "ceil" | "ceiling" | "trunc" => first(self)?,
            "bool_and" | "bool_or" | "every" => self.named("boolean"),
            "now" | "current_timestamp" | "clock_timestamp" | "to_timestamp" => self.named("timestamptz"),
            "current_date" | "to_date" => self.named("date"),
            "date_trunc" | "timezone" => args.last().and_then(|e| self.data_type(e, from))?,
            "extract" | "to_number" => self.named("numeric"),
            "date_part" | "random" => self.named("double precision"),
            "lower" | "upper" | "btrim" | "ltrim" | "rtrim" | "substring" | "substr" | "concat" | "concat_ws"
            | "string_agg" | "to_char" | "replace" | "left" | "right" | "md5" | "format" => self.named("text"),
            "gen_random_uuid" | "uuid_generate_v4" | "uuidv7" => self.named("uuid"),
            "jsonb_build_object" | "jsonb_agg" | "to_jsonb" | "jsonb_object_agg" => self.named("jsonb"),
            "json_build_object" | "json_agg" | "to_json" | "row_to_json" | "json_object_agg" => self.named("json"),
            "to_tsvector" | "setweight" => self.named("tsvector"),
            "generate_series" | "unnest" => {
                let of = first(self)?;
                if of.array { self.named(&of.name) } else { of }
            }
            "array_agg" => {
                let element = first(self)?;
                DataType { array: true, fixed_bytes: None, align: element.align.max(4), ..element }
            }
            _ => return None,
        })
    }
}

fn find<'a>(expr: &Expr, from: &'a [Relation]) -> Option<&'a Column> {
    let Expr::Column { qualifier, name, .. } = expr else { return None };
    let relations = from.iter().filter(|(alias, _)| qualifier.is_none() || qualifier == alias);
    relations.flat_map(|(_, columns)| columns).find(|c| c.name == *name)
}

/// Takes the modifier from a type that another one does not share.
fn keep_common_modifier(ty: &mut DataType, other: Option<&DataType>) {
    if other.is_none_or(|other| other.name != ty.name || other.modifier != ty.modifier) {
        ty.modifier.clear();
    }
}

fn rename(columns: &mut [Column], names: &[String]) {
    for (column, name) in columns.iter_mut().zip(names) {
        column.name.clone_from(name);
    }
}

/// The name of a column without an alias (FigureColname in parse_target.c).
fn output_name(expr: &Expr) -> String {
    match expr {
        Expr::Column { name, .. } => name.clone(),
        Expr::Call { name, .. } => name.name.clone(),
        Expr::Cast { expr, to } => match &**expr {
            Expr::Column { .. } | Expr::Call { .. } => output_name(expr),
            _ => to.clone(),
        },
        Expr::Collate { expr, .. } => output_name(expr),
        Expr::Case { .. } => "case".into(),
        Expr::Array(_) => "array".into(),
        Expr::Exists(_) => "exists".into(),
        _ => "?column?".into(),
    }
}

/// The type of arithmetic on two: the one that is preferred or ranks higher.
fn wider(left: DataType, right: DataType) -> DataType {
    const RANKS: &[&str] = &["smallint", "integer", "bigint", "numeric", "real", "double precision"];
    let rank = |ty: &DataType| RANKS.iter().position(|n| *n == ty.name);
    let ty = match (rank(&left), rank(&right)) {
        (Some(a), Some(b)) if b > a => right,
        _ => left,
    };
    DataType { modifier: Vec::new(), ..ty }
}
