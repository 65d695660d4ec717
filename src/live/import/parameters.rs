//! What the parameters of a statement are compared with or written into: a guess from the words around them, good
//! enough to draw values from the right column's statistics.

use std::collections::BTreeMap;

use super::catalog::{Column, Table};
use super::tokens::Token;
use super::values::Use;

/// What is known of one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Role<'a> {
    /// Its column, with the table's rows.
    pub column: Option<(&'a Table, &'a Column)>,
    pub of: Use,
    /// The type it is cast to.
    pub cast: Option<&'a str>,
    /// LIMIT or OFFSET.
    pub counts: Option<&'static str>,
}

/// Words that cannot be an alias.
const NO_ALIAS: [&str; 31] = [
    "where",
    "set",
    "on",
    "join",
    "left",
    "right",
    "inner",
    "outer",
    "full",
    "cross",
    "natural",
    "group",
    "order",
    "limit",
    "offset",
    "for",
    "returning",
    "values",
    "default",
    "select",
    "using",
    "having",
    "union",
    "except",
    "intersect",
    "window",
    "fetch",
    "overriding",
    "when",
    "tablesample",
    "with",
];

/// Operators that compare, with what they ask of the column at their left.
fn comparison(token: &Token) -> Option<Use> {
    let Token::Symbol(symbol) = token else {
        return token.word().filter(|w| matches!(*w, "like" | "ilike")).map(|_| Use::Equal);
    };
    match symbol.as_str() {
        "=" | "<>" | "!=" | "~~" | "~~*" => Some(Use::Equal),
        ">" | ">=" => Some(Use::Above),
        "<" | "<=" => Some(Use::Below),
        _ => None,
    }
}

/// A statement's words with the tables it names.
pub(super) struct Reading<'a> {
    tokens: &'a [Token],
    /// Alias or name, and table.
    scope: Vec<(String, &'a Table)>,
}

impl<'a> Reading<'a> {
    pub fn new(tokens: &'a [Token], tables: &'a [Table]) -> Self {
        let mut scope = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let opens = matches!(token.word(), Some("from" | "join" | "into" | "update" | "using")) || token.is(",");
            let mut next = at + 1;
            while tokens.get(next).is_some_and(|t| t.is("only") || t.is("lateral")) {
                next += 1;
            }
            let Some(Token::Name(parts)) = tokens.get(next).filter(|_| opens) else { continue };
            let Some(table) = find(tables, parts) else { continue };
            let mut alias = next + 1;
            if tokens.get(alias).is_some_and(|t| t.is("as")) {
                alias += 1;
            }
            let alias = tokens.get(alias).and_then(Token::word).filter(|w| !NO_ALIAS.contains(w));
            scope.push((alias.unwrap_or(&table.name.name).to_owned(), table));
        }
        Self { tokens, scope }
    }

    /// The first table it names.
    pub fn table(&self) -> Option<&'a Table> {
        self.scope.first().map(|(_, t)| *t)
    }

    /// Every parameter's role, by number.
    pub fn roles(&self) -> BTreeMap<usize, Role<'a>> {
        let inserted = self.inserted();
        let mut roles = BTreeMap::new();
        for (at, token) in self.tokens.iter().enumerate() {
            let Token::Parameter(number, _) = token else { continue };
            let cast = match (self.tokens.get(at + 1), self.tokens.get(at + 2)) {
                (Some(symbol), Some(Token::Name(ty))) if symbol.is("::") => ty.last().map(String::as_str),
                _ => None,
            };
            let counts = at.checked_sub(1).and_then(|b| match self.tokens[b].word() {
                Some("limit") => Some("limit"),
                Some("offset") => Some("offset"),
                _ => None,
            });
            let found = inserted.get(&at).copied().map(|c| (c, Use::New)).or_else(|| self.around(at));
            let (column, of) = found.map_or((None, Use::Equal), |(c, of)| (Some(c), of));
            roles.entry(*number).or_insert(Role { column, of, cast, counts });
        }
        roles
    }

    /// The column that the words around a parameter speak of.
    fn around(&self, at: usize) -> Option<((&'a Table, &'a Column), Use)> {
        let mut before = at.checked_sub(1)?;
        // Other items of the same list, and the parenthesis that opens it.
        while matches!(&self.tokens[before], Token::Parameter(..) | Token::Constant)
            || self.tokens[before].is(",")
            || self.tokens[before].is("(")
        {
            before = before.checked_sub(1)?;
        }
        let token = &self.tokens[before];
        let left = |steps: usize| before.checked_sub(steps).and_then(|at| self.column_before(at));
        if let Some(of) = comparison(token) {
            return Some((left(1)?, of));
        }
        match token.word() {
            Some("any" | "all" | "some") => return Some((left(2)?, Use::AnyOf)),
            Some("in") => return Some((left(1).or_else(|| left(2))?, Use::Equal)),
            Some("between") => return Some((left(1)?, Use::Above)),
            Some("and") => {
                let between = (before.saturating_sub(5)..before).rev().find(|i| self.tokens[*i].is("between"));
                if let Some(start) = between.and_then(|b| b.checked_sub(1)) {
                    return Some((self.column_before(start)?, Use::Below));
                }
            }
            _ => {}
        }
        if token.is("+") || token.is("-") {
            return Some((left(1)?, Use::Added));
        }
        // `$1 = column`.
        let of = comparison(self.tokens.get(at + 1)?)?;
        let turned = match of {
            Use::Above => Use::Below,
            Use::Below => Use::Above,
            other => other,
        };
        match self.tokens.get(at + 2)? {
            Token::Name(parts) => Some((self.column(parts)?, turned)),
            _ => None,
        }
    }

    /// The column that ends at a place; of a call its last argument.
    fn column_before(&self, at: usize) -> Option<(&'a Table, &'a Column)> {
        let mut at = at;
        while self.tokens[at].is(")") || matches!(self.tokens[at], Token::Constant) {
            at = at.checked_sub(1)?;
        }
        match &self.tokens[at] {
            Token::Name(parts) => self.column(parts),
            _ => None,
        }
    }

    fn column(&self, parts: &[String]) -> Option<(&'a Table, &'a Column)> {
        let (name, qualifiers) = parts.split_last()?;
        let qualifier = qualifiers.last();
        let fits =
            |(alias, table): &&(String, &'a Table)| qualifier.is_none_or(|q| alias == q || table.name.name == *q);
        let columns = self.scope.iter().filter(fits);
        columns.filter_map(|(_, t)| t.columns.iter().find(|c| c.name == *name).map(|c| (*t, c))).next()
    }

    /// For each token in a list of VALUES of an INSERT, its column.
    fn inserted(&self) -> BTreeMap<usize, (&'a Table, &'a Column)> {
        let mut found = BTreeMap::new();
        let position = |word: &str, from: usize| (from..self.tokens.len()).find(|i| self.tokens[*i].is(word));
        let Some(into) = position("insert", 0).and_then(|at| position("into", at)) else { return found };
        // The table comes between them, whatever its name.
        let Some(values) = position("values", into + 2) else { return found };
        let Some((_, table)) = self.scope.first() else { return found };
        let named: Vec<&str> = self.tokens[into + 2..values].iter().filter_map(Token::word).collect();
        let list = self.tokens[into + 2..values].iter().any(|t| t.is("("));
        let column = |place: usize| {
            if list {
                table.columns.iter().find(|c| Some(&c.name.as_str()) == named.get(place))
            } else {
                table.columns.get(place)
            }
        };
        let (mut depth, mut place) = (0, 0);
        for at in values + 1..self.tokens.len() {
            let token = &self.tokens[at];
            if token.is("(") {
                depth += 1;
                place = if depth == 1 { 0 } else { place };
            } else if token.is(")") {
                depth -= 1;
            } else if token.is(",") && depth == 1 {
                place += 1;
            } else if depth == 0 && !token.is(",") {
                break;
            } else if let Some(column) = column(place) {
                found.insert(at, (*table, column));
            }
        }
        found
    }
}

/// The table of a name; unqualified ones are in `public`, or wherever the only one of that name is.
fn find<'a>(tables: &'a [Table], parts: &[String]) -> Option<&'a Table> {
    let (name, schema) = parts.split_last()?;
    let mut named = tables.iter().filter(|t| t.name.name == *name);
    match schema.last() {
        Some(schema) => named.find(|t| t.name.schema == *schema),
        None => {
            let all: Vec<&Table> = named.collect();
            all.iter().find(|t| t.name.schema == "public").or(all.first()).copied()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;
    use crate::schema::TableName;

    fn table(name: &str, columns: &[&str]) -> Table {
        Table {
            name: TableName { schema: "public".into(), name: name.into() },
            rows: Some(10.0),
            pages: 1.0,
            dead_rows: 0.0,
            all_visible: 0.0,
            partition: false,
            partitioned: false,
            columns: columns.iter().map(|c| Column { name: (*c).into(), ..Column::default() }).collect(),
            expressions: Vec::new(),
        }
    }

    fn read(sql: &str) -> String {
        let tables = [table("a", &["id", "x", "t"]), table("b", &["id", "y"])];
        let tokens = tokens(sql);
        let roles = Reading::new(&tokens, &tables).roles();
        let one = |(n, r): (&usize, &Role)| {
            let column = r.column.map_or("?".to_owned(), |(t, c)| format!("{}.{}", t.name.name, c.name));
            format!("{n} {column} {:?}{}", r.of, r.counts.map(|c| format!(" {c}")).unwrap_or_default())
        };
        roles.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn odd_statements_are_taken() {
        for sql in [
            "INSERT INTO \"values\" VALUES ($1)",
            "insert into",
            "$1",
            "AND $1",
            "IN ($1",
            ") = $1",
            "$1 =",
            "= ANY ($1)",
        ] {
            let _ = read(sql);
        }
        assert_eq!(
            read("WITH w AS (SELECT 1) SELECT * FROM a JOIN b USING (id) WHERE b.y BETWEEN $1 AND $2"),
            "1 b.y Above; 2 b.y Below"
        );
    }

    #[test]
    fn places_of_parameters() {
        for (sql, expected) in [
            ("SELECT x FROM a WHERE id = $1 AND t > $2 LIMIT $3", "1 a.id Equal; 2 a.t Above; 3 ? Equal limit"),
            ("UPDATE a SET x = x + $1 WHERE id = $2", "1 a.x Added; 2 a.id Equal"),
            ("INSERT INTO a (x, id) VALUES ($1, now() - $2), ($3, $4)", "1 a.x New; 2 a.id New; 3 a.x New; 4 a.id New"),
            ("INSERT INTO b VALUES ($1, $2)", "1 b.id New; 2 b.y New"),
            (
                "SELECT * FROM a p, b AS q WHERE q.id IN ($1, $2) AND p.id = $3",
                "1 b.id Equal; 2 b.id Equal; 3 a.id Equal",
            ),
            ("DELETE FROM a WHERE t BETWEEN $1 AND $2 AND lower(x) = $3", "1 a.t Above; 2 a.t Below; 3 a.x Equal"),
            ("SELECT 1 FROM b WHERE id = ANY($1) AND $2 < y", "1 b.id AnyOf; 2 b.y Above"),
            ("SELECT $1 + $2 FROM elsewhere WHERE z = $3", "1 ? Equal; 2 ? Equal; 3 ? Equal"),
            ("INSERT INTO b (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET y = $2", "1 b.id New; 2 b.y Equal"),
        ] {
            assert_eq!(read(sql), expected, "{sql}");
        }
    }
}
