//! Values of each type from a number.

use crate::access::column::{ColumnInfo, likely_width};
use crate::live::fill::checks::Limits;
use crate::live::fill::number::hash;
use crate::live::fill::piecewise::{Piece, is_time, of_histogram, quoted, sql_of, time_type, value};
use crate::schema::sizes::SHORT_VALUE;
use crate::schema::{Column, Schema, TypeFamily};
use crate::sql::tree::Literal;
use crate::workload::{ColumnStats, ElementStats};

/// Text beyond this is made of parts that compression cannot shorten, so that it keeps its size.
const INCOMPRESSIBLE: usize = 400;
/// Characters of one such part.
const PART: usize = 32;
/// Where a number starts that only a check keeps from falling.
const FULL: f64 = 1e6;
/// Largest made-up text.
const LONGEST: usize = 100_000;

/// What is known of a column whose values are made up.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// The schema, for the labels of enums.
    pub schema: &'a Schema,
    /// The column.
    pub column: &'a Column,
    /// Its statistics as given.
    pub given: &'a ColumnStats,
    /// Its statistics as the model takes them.
    pub info: &'a ColumnInfo,
    /// What checks demand of it.
    pub limits: &'a Limits,
    /// Ranges that partitions allow; empty when any value is.
    pub ranges: &'a [Piece],
    /// Distinct values.
    pub distinct: u64,
    /// Tells columns apart.
    pub salt: u64,
}

impl Made<'_> {
    /// The value for `number`, SQL of a whole number from 1 to `distinct`; `None` for a type that nothing is known of.
    #[must_use]
    pub fn sql(&self, number: &str, g: &str) -> Option<String> {
        let ty = &self.column.ty;
        if let Some(elements) = &self.given.elements {
            return Some(self.elements(elements, g));
        }
        if !self.limits.allowed.is_empty() && !ty.array {
            let list: Vec<String> = self.limits.allowed.iter().map(sql_of).collect();
            let array = format!("(ARRAY[{}])", list.join(", "));
            return Some(format!("({array}[1 + ({number} - 1) % {}])::{}", list.len(), ty.written()));
        }
        if ty.array {
            let words = ElementStats { distinct: Some(200.0), avg_count: Some(3.0), most_common: Vec::new() };
            return Some(self.elements(&words, g));
        }
        if let Some(labels) = labels(self.schema, &ty.name) {
            let list: Vec<String> = labels.iter().map(|l| quoted(l)).collect();
            return Some(format!(
                "((ARRAY[{}])[1 + ({number} - 1) % {}])::{}",
                list.join(", "),
                list.len().max(1),
                ty.name
            ));
        }
        if is_time(ty) {
            return Some(format!("{}::{}", self.time(number), ty.written()));
        }
        if let Some(scaled) = self.numeric(number) {
            return Some(format!("{scaled}::{}", ty.written()));
        }
        self.other(number, g)
    }

    /// The place of a number among all, 0..1.
    fn place(&self, number: &str) -> String {
        format!("(({number} - 1)::float8 / {})", self.distinct.max(1))
    }

    fn time(&self, number: &str) -> String {
        let (ty, place) = (&self.column.ty, self.place(number));
        let pieces = if self.given.histogram.len() > 1 { of_histogram(&self.given.histogram) } else { Vec::new() };
        if let Some(sql) = value(&pieces, ty, &place) {
            return sql;
        }
        if let (Some(low @ Literal::Text(_)), Some(high @ Literal::Text(_))) = (&self.given.min, &self.given.max) {
            let piece = Piece { low: low.clone(), high: high.clone(), weight: 1.0 };
            // Both ends are values.
            let whole = format!("(({number} - 1)::float8 / {})", (self.distinct.max(2) - 1));
            if let Some(sql) = value(&[piece], ty, &whole) {
                return sql;
            }
        }
        if let Some(sql) = value(self.ranges, ty, &place) {
            return sql;
        }
        if ty.name == "date" && self.distinct > 365 {
            return format!("(current_date - ({} - {number})::integer)", self.distinct);
        }
        let now = if time_type(ty) == "timestamptz" { "now()" } else { "localtimestamp" };
        format!("({now} - interval '365 days' * (1 - {place}))")
    }

    /// A number of the column's type; `None` when it has none.
    fn numeric(&self, number: &str) -> Option<String> {
        let ty = &self.column.ty;
        let whole = matches!(ty.name.as_str(), "smallint" | "integer" | "bigint" | "oid");
        if !whole && !matches!(ty.name.as_str(), "numeric" | "real" | "double precision" | "money") {
            return None;
        }
        if self.given.histogram.len() > 1
            && let Some(sql) = value(&of_histogram(&self.given.histogram), ty, &self.place(number))
        {
            return Some(if whole { sql } else { format!("round(({sql})::numeric, 2)") });
        }
        let given = self.info.bounds.filter(|_| self.info.bounds_given);
        if given.is_none()
            && !self.plain_fits()
            && let Some(sql) = value(self.ranges, ty, &self.place(number))
        {
            return Some(sql);
        }
        let top = match (ty.name.as_str(), ty.modifier.as_slice()) {
            ("smallint", _) => 32_767.0,
            ("integer", _) => 2_147_483_647.0,
            ("numeric", [digits, scale]) => 10f64.powi(i32::try_from(digits - scale).unwrap_or(18)) - 1.0,
            _ => 9e18,
        };
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let distinct = self.distinct as f64;
        let high = given.map(|b| b.1).or(self.limits.high).unwrap_or(top).min(top);
        let low = match (given, self.limits.low) {
            (Some(bounds), _) => bounds.0,
            // A stock that must not fall below zero starts full enough to be taken from for long.
            (None, Some(low)) if self.info.bounds.is_none() && high - low > 2.0 * FULL => low + FULL,
            (None, low) => low.unwrap_or(1.0),
        };
        let span = high - low + 1.0;
        Some(match given {
            // Fractions where whole numbers are fewer than the values wanted.
            Some(_) if distinct > span && !whole => {
                format!("({low} + ({number} - 1)::numeric * {} / {})", high - low, (distinct - 1.0).max(1.0))
            }
            Some(_) if distinct < span => format!("({low} + ({number} - 1) * {span}::numeric / {distinct})").replacen(
                '(',
                if whole { "floor(" } else { "(" },
                1,
            ),
            // A key that needs more values than were declared runs on beyond them.
            Some(_) if whole && distinct > self.info.distinct.ceil() => format!("({low} + ({number} - 1))"),
            _ if distinct <= span.max(1.0) && low == 1.0 => number.to_owned(),
            _ if distinct <= span.max(1.0) => format!("({low} + ({number} - 1))"),
            _ if whole || span > 1.0 => format!("({low} + ({number} - 1) % {})", span.floor().max(1.0)),
            _ => format!("(({number} - 1)::numeric / {distinct})"),
        })
    }

    /// Whether the numbers from 1 on are all within what partitions allow.
    fn plain_fits(&self) -> bool {
        let number = |l: &Literal| if let Literal::Number(n) = l { Some(*n) } else { None };
        let low = self.ranges.iter().filter_map(|p| number(&p.low)).fold(f64::INFINITY, f64::min);
        let high = self.ranges.iter().filter_map(|p| number(&p.high)).fold(f64::NEG_INFINITY, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let distinct = self.distinct as f64;
        self.ranges.is_empty() || (low <= 1.0 && high > distinct)
    }

    fn other(&self, number: &str, g: &str) -> Option<String> {
        let ty = &self.column.ty;
        let bytes = self.given.avg_bytes.unwrap_or_else(|| likely_width(self.column));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size")]
        let body = ((if bytes < SHORT_VALUE { bytes - 1.0 } else { bytes - 4.0 }).max(0.0) as usize).min(LONGEST);
        let modifier = ty.modifier.first().copied().and_then(|n| usize::try_from(n).ok());
        Some(match ty.name.as_str() {
            "boolean" => format!("({number} % 2 = 0)"),
            "uuid" => format!("md5({number}::text)::uuid"),
            "jsonb" | "json" => {
                let text = text(number, body.saturating_sub(18).max(1));
                format!("jsonb_build_object('k', {text})::{}", ty.name)
            }
            "bytea" => format!("decode({}, 'hex')", hexadecimal(number, 2 * body.max(1))),
            "interval" => format!("(interval '1 minute' * {number})"),
            "inet" => format!("('10.0.0.0'::inet + ({number})::bigint)"),
            "cidr" => format!("set_masklen('10.0.0.0'::inet + ({number})::bigint, 32)::cidr"),
            "macaddr" => format!("(lpad(to_hex(({number})::bigint), 12, '0'))::macaddr"),
            "macaddr8" => format!("(lpad(to_hex(({number})::bigint), 16, '0'))::macaddr8"),
            "bit" => format!("(({number})::bigint)::bit(64)::bit({})", modifier.unwrap_or(1)),
            "bit varying" => format!("(({number})::bigint)::bit(64)::{}", ty.written()),
            "character" => {
                let n = modifier.unwrap_or(1);
                format!("{}::character({n})", fitting(number, n))
            }
            "\"char\"" => format!("chr((97 + ({number} - 1) % 26)::integer)::\"char\""),
            "name" => format!("(({number})::text)::name"),
            "xml" => format!("('<v>' || {} || '</v>')::xml", text(number, body.saturating_sub(7).max(1))),
            "pg_lsn" => format!("('0/0'::pg_lsn + ({number})::numeric)"),
            "tsquery" => format!("('t' || ({number}))::tsquery"),
            "hstore" => format!("hstore('k', ({number})::text)"),
            "ltree" => format!("('t' || ({number} / 100) || '.' || ({number}))::ltree"),
            "point" => format!("point(({number} % 1000)::float8, ({number} / 1000)::float8)"),
            "box" => format!("box(point({number}::float8, 0), point({number}::float8 + 1, 1))"),
            "circle" => format!("circle(point({number}::float8, 0), 1)"),
            "line" => format!("line(point(0, {number}::float8), point(1, 0))"),
            "lseg" => format!("lseg(point({number}::float8, 0), point({number}::float8 + 1, 1))"),
            "path" | "polygon" => {
                format!("polygon(box(point({number}::float8, 0), point({number}::float8 + 1, 1)))::{}", ty.name)
            }
            "int4range" | "int8range" | "numrange" => {
                let subtype = if ty.name == "int4range" { "integer" } else { "bigint" };
                let subtype = if ty.name == "numrange" { "numeric" } else { subtype };
                format!("{}(({number} * 10)::{subtype}, ({number} * 10 + 5)::{subtype})", ty.name)
            }
            "daterange" => format!(
                "daterange(date '2020-01-01' + ({number} * 2)::integer, date '2020-01-01' + ({number} * 2 + 1)::integer)"
            ),
            "tsrange" | "tstzrange" => {
                let base = if ty.name == "tsrange" { "timestamp" } else { "timestamptz" };
                let from = format!("{base} '2020-01-01' + interval '1 hour' * {number}");
                format!("{}({from}, {from} + interval '30 minutes')", ty.name)
            }
            "tsvector" => {
                let words = ElementStats { distinct: Some(1000.0), avg_count: Some(5.0), most_common: Vec::new() };
                self.elements(&words, g)
            }
            name if name.starts_with("time ") => {
                format!("(time '00:00' + interval '1 second' * ({number} % 86400))::{}", ty.written())
            }
            "text" | "character varying" | "citext" => {
                let most = modifier.filter(|_| ty.name == "character varying").unwrap_or(usize::MAX);
                match most <= body || most < 20 {
                    true => format!("left({}, {most})", fitting(number, body.max(1).min(most))),
                    false => self.sorted(number).unwrap_or_else(|| text(number, body)),
                }
            }
            _ if self.column.ty.family == TypeFamily::Text => text(number, body),
            _ => return None,
        })
    }

    /// Text between the bounds of a histogram, in the order of the numbers.
    fn sorted(&self, number: &str) -> Option<String> {
        let bounds: Vec<String> = self.given.histogram.iter().map(sql_of).collect();
        if bounds.len() < 2 {
            return None;
        }
        let place = format!("(1 + floor({} * {})::integer)", self.place(number), bounds.len() - 1);
        Some(format!("((ARRAY[{}])[{place}] || lpad(({number})::text, 9, '0'))", bounds.join(", ")))
    }

    /// An array, a tsvector or a jsonb object of elements drawn independently.
    fn elements(&self, elements: &ElementStats, g: &str) -> String {
        let ty = &self.column.ty;
        let uniform = |n: usize| format!("(({} & 1048575) / 1048576.0)", hash(g, self.salt + 100 + n as u64));
        #[expect(clippy::cast_precision_loss, reason = "a count")]
        let distinct = (elements.distinct.unwrap_or(200.0) - elements.most_common.len() as f64).max(1.0);
        let listed: f64 = elements.most_common.iter().map(|(_, f)| f).sum();
        let rare = (elements.avg_count.unwrap_or(1.0) - listed).max(0.0);
        let words = ty.name == "tsvector";
        let numeric = !words && !matches!(ty.family, TypeFamily::Text | TypeFamily::Json);
        let labels = labels(self.schema, &ty.name);
        let mut items: Vec<String> = Vec::new();
        for (n, (text, share)) in elements.most_common.iter().enumerate() {
            items.push(format!("CASE WHEN {} < {share} THEN {} END", uniform(n), quoted(text)));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of elements")]
        let slots = rare.ceil().min(500.0) as usize;
        for n in 0..slots {
            #[expect(clippy::cast_precision_loss, reason = "a count of elements")]
            let share = (rare - n as f64).min(1.0);
            let drawn = format!("(1 + floor({} * {distinct}))::integer", uniform(51 + 2 * n));
            if let Some(labels) = labels {
                let list: Vec<String> = labels.iter().map(|l| quoted(l)).collect();
                let label = format!("(ARRAY[{}])[1 + {drawn} % {}]", list.join(", "), list.len().max(1));
                items.push(format!("CASE WHEN {} < {share} THEN {label} END", uniform(50 + 2 * n)));
                continue;
            }
            let drawn = match (numeric, ty.name.as_str()) {
                (false, _) => format!("'t' || {drawn}"),
                (true, "uuid") => format!("md5({drawn}::text)"),
                (true, "date") => format!("(date '2020-01-01' + {drawn})::text"),
                (true, name) if name.starts_with("timestamp") => {
                    format!("(timestamp '2020-01-01' + interval '1 hour' * {drawn})::text")
                }
                (true, "boolean") => format!("({drawn} % 2 = 0)::text"),
                (true, _) => format!("({drawn})::text"),
            };
            items.push(format!("CASE WHEN {} < {share} THEN {drawn} END", uniform(50 + 2 * n)));
        }
        let array = format!("array_remove(ARRAY[{}]::text[], NULL)", items.join(", "));
        match () {
            () if ty.array => format!("{array}::{}", ty.written()),
            () if words => format!("array_to_tsvector({array})"),
            () => format!("(SELECT coalesce(jsonb_object_agg(e, 1), '{{}}') FROM unnest({array}) e)::{}", ty.name),
        }
    }
}

/// The labels of an enum, by its name as a column's type has it.
#[must_use]
pub fn labels<'a>(schema: &'a Schema, ty: &str) -> Option<&'a [String]> {
    let named = schema.enums.iter().find(|(name, _)| match name.schema.as_deref().filter(|s| *s != "public") {
        Some(schema) => ty.strip_prefix(schema).and_then(|t| t.strip_prefix('.')) == Some(name.name.as_str()),
        None => name.name == ty,
    });
    named.map(|(_, labels)| labels.as_slice())
}

/// Text of `length` characters that differs from number to number.
fn text(number: &str, length: usize) -> String {
    if length > INCOMPRESSIBLE {
        return format!("left(({number})::text || '-' || {}, {length})", parts(number, length.div_ceil(PART)));
    }
    format!("rpad(({number})::text || '-', greatest({length}, length(({number})::text)), md5(({number})::text))")
}

/// `count` hexadecimal parts.
fn parts(number: &str, count: usize) -> String {
    if count <= 8 {
        let list: Vec<String> = (0..count.max(1)).map(|n| format!("md5(({number})::text || '.{n}')")).collect();
        return list.join(" || ");
    }
    format!("(SELECT string_agg(md5(({number})::text || '.' || i), '') FROM generate_series(1, {count}) i)")
}

/// Hexadecimal digits.
fn hexadecimal(number: &str, digits: usize) -> String {
    if digits <= 2 * PART {
        return format!("rpad(md5(({number})::text), {digits}, md5(({number})::text || 'b'))");
    }
    format!("left({}, {digits})", parts(number, digits.div_ceil(PART)))
}

/// A number as text of at most `length` characters, padded with blanks' kin: digits first, so that numbers that fit
/// stay apart.
fn fitting(number: &str, length: usize) -> String {
    if length < 12 {
        return format!("rpad(({number})::text, {}, 'x')", length.max(1));
    }
    format!("rpad(({number})::text || '-', {length}, md5(({number})::text))")
}
