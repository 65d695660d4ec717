//! Fills tables so that they have the statistics that a workload gives.

use std::fmt::Write;
use std::path::Path;

use predict::live::Cluster;
use predict::schema::{Column, Schema, Table};
use predict::sql::tree::Literal;
use predict::workload::{ColumnStats, ElementStats, TableStats, Workload};

use crate::lengths::Lengths;

/// Per cent to which the pages of a table that has been updated for long are filled.
const AGED_FILL: u32 = 95;

/// References of references that are followed.
const MAX_REFERENCES: usize = 4;

/// Steps through a table that meet every row once, unless its rows are a multiple of one.
const STRIDES: [u64; 8] =
    [15_485_863, 32_452_843, 49_979_687, 67_867_967, 86_028_121, 104_395_301, 122_949_823, 141_650_939];

/// Loads the schema and fills all tables that the workload knows, in order of creation.
pub fn load(cluster: &Cluster, database: &str, file: &Path, schema: &Schema, workload: &Workload) {
    cluster.sql_file(database, file).unwrap();
    let mut script = String::from("SET session_replication_role = replica;\n");
    for (place, table) in schema.tables.iter().enumerate() {
        let Some(stats) = workload.tables.get(&table.name) else { continue };
        if table.partition_of.is_some() || stats.rows < 1.0 {
            continue;
        }
        // A table that has been updated and vacuumed for long has some room on every page.
        let full = |t: &&Table| t.fillfactor >= 1.0 && t.partition_by.is_none();
        let stored: Vec<&Table> = std::iter::once(table)
            .chain(schema.tables.iter().filter(|t| t.partition_of.as_ref().is_some_and(|p| p.0 == place)))
            .filter(full)
            .collect();
        let aged = if updated(workload, &table.name.name) { stored } else { Vec::new() };
        for part in &aged {
            let _ = writeln!(script, "ALTER TABLE {} SET (fillfactor = {AGED_FILL})", part.name);
        }
        script.push_str(&fill(schema, workload, place, stats));
        for part in &aged {
            let _ = writeln!(script, "ALTER TABLE {} RESET (fillfactor)", part.name);
        }
    }
    script.push_str("SET session_replication_role = origin;\nVACUUM ANALYZE;\n");
    for table in &schema.tables {
        for column in &table.columns {
            let serial = format!(
                "SELECT setval(pg_get_serial_sequence('{0}', '{1}'), max({1})) FROM {0};\n",
                table.name, column.name
            );
            if matches!(&column.default, Some(predict::sql::tree::Expr::Call { name, .. }) if name.name == "nextval") {
                script.push_str(&serial);
            }
        }
    }
    script.push_str("CREATE EXTENSION IF NOT EXISTS pg_stat_statements;\n");
    for statement in script.lines() {
        cluster.sql(database, statement).unwrap_or_else(|e| panic!("{statement}: {e}"));
    }
}

/// Whether a statement of the workload updates the table.
fn updated(workload: &Workload, table: &str) -> bool {
    let texts = workload.transactions.iter().flat_map(|t| &t.steps).filter_map(|s| match &s.kind {
        predict::workload::StepKind::Statement(text) => Some(text.sql.to_lowercase()),
        _ => None,
    });
    texts.into_iter().any(|sql| {
        sql.contains(&format!("update {table} "))
            || (sql.contains(&format!("insert into {table} ")) && sql.contains("do update"))
    })
}

fn fill(schema: &Schema, workload: &Workload, id: usize, stats: &TableStats) -> String {
    let table = &schema.tables[id];
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for (place, column) in table.columns.iter().enumerate() {
        if column.generated.is_some() {
            continue;
        }
        columns.push(column.name.clone());
        values.push(column_value(schema, workload, (id, place), MAX_REFERENCES));
    }
    let setting = "SET session_replication_role = replica; ";
    format!(
        "{setting}INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM generate_series(1::bigint, {}::bigint) g ORDER BY g\n",
        table.name,
        columns.join(", "),
        values.join(", "),
        stats.rows
    )
}

/// The SQL of a column's value in row `g`; a column of a foreign key over several columns has that of a row of the
/// referenced table, so that together they refer to something.
fn column_value(schema: &Schema, workload: &Workload, (id, place): (usize, usize), depth: usize) -> String {
    let table = &schema.tables[id];
    let column = &table.columns[place];
    let none = (TableStats::default(), ColumnStats::default());
    let stats = workload.tables.get(&table.name).unwrap_or(&none.0);
    let given = stats.columns.get(&column.name).unwrap_or(&none.1);
    let key = table.foreign_keys.iter().find(|k| k.columns.len() > 1 && k.columns.contains(&column.name));
    let parent = key.and_then(|k| workload.tables.get(&schema.tables[k.references].name).map(|parent| (k, parent)));
    let Some((key, parent)) = parent.filter(|(k, _)| depth > 0 && k.references != id) else {
        return value(workload, table, column, given, stats.rows, place, &key_blocks(table, stats));
    };
    let at = key.columns.iter().position(|c| *c == column.name).unwrap();
    let referenced = &key.referenced_columns[at];
    let theirs = schema.tables[key.references].columns.iter().position(|c| c.name == *referenced).unwrap();
    let of_parent = column_value(schema, workload, (key.references, theirs), depth - 1);
    let first = table.primary_key().and_then(|k| k.keys.first()).and_then(|k| k.column());
    let row = if first.is_some_and(|first| key.columns.iter().any(|c| c == first)) {
        format!("1 + div((g - 1)::numeric * {}, {})::bigint", parent.rows, stats.rows)
    } else if stats.rows <= parent.rows {
        format!("1 + (g * {}) % {}", STRIDES[id % STRIDES.len()], parent.rows)
    } else {
        format!("1 + (hashint8extended(g, {id}) & 2147483647) % {}", parent.rows)
    };
    let sql = format!("(SELECT {of_parent} FROM (SELECT {row} AS g) parent)");
    match given.null_fraction {
        Some(share) => format!("CASE WHEN {} < {share} THEN NULL ELSE {sql} END", uniform(id as u64, stats.rows)),
        None => sql,
    }
}

/// The columns of a primary key, each with the rows that share the columns before it: rows are in the
/// order of the key.
fn key_blocks(table: &Table, stats: &TableStats) -> Vec<(String, f64)> {
    let mut blocks = Vec::new();
    let mut rows = stats.rows;
    for key in table.primary_key().iter().flat_map(|k| &k.keys).filter_map(|k| k.column()) {
        blocks.push((key.to_owned(), rows));
        let distinct = stats.columns.get(key).and_then(|c| c.distinct).unwrap_or(rows);
        rows = (rows / if distinct < 0.0 { -distinct * stats.rows } else { distinct }).max(1.0);
    }
    blocks
}

/// Whether a key is a column or an expression of it.
pub fn mentions(key: &predict::sql::tree::Expr, column: &str) -> bool {
    use predict::sql::tree::Expr;
    match key {
        Expr::Column { name, .. } => name == column,
        Expr::Call { args, .. } => args.iter().any(|arg| mentions(arg, column)),
        Expr::Cast { expr, .. } => mentions(expr, column),
        _ => false,
    }
}

/// Distinct values of a column.
fn distinct_of(table: &Table, column: &Column, given: &ColumnStats, rows: f64) -> (f64, bool) {
    let unique = table.indexes.iter().any(|i| i.unique && i.keys.len() == 1 && mentions(&i.keys[0].expr, &column.name));
    let drawn = matches!(&column.default, Some(predict::sql::tree::Expr::Call { name, .. }) if name.name == "nextval");
    let distinct = match given.distinct {
        // As many different values as rows, of which the nulls take theirs away.
        Some(_) if unique && given.null_fraction.is_some() => rows,
        Some(d) if d < 0.0 => -d * rows,
        Some(d) => d,
        None if unique || drawn => rows,
        None => 200.0_f64.min(rows),
    };
    // The number of a row within its parent, drawn from a sequence of its own, comes with each parent anew.
    (distinct, unique || (drawn && distinct >= rows))
}

/// The SQL of one column's value in row `g`.
fn value(
    workload: &Workload,
    table: &Table,
    column: &Column,
    given: &ColumnStats,
    rows: f64,
    place: usize,
    keys: &[(String, f64)],
) -> String {
    let (distinct, unique) = distinct_of(table, column, given, rows);
    let salt = place as u64 * 7919 + 13;
    let hash = format!("(hashint8extended(g, {salt}) & 2147483647)");
    let in_key = keys.iter().position(|(name, _)| *name == column.name);
    let ordered = given.correlation.map_or(unique, |c| c > 0.9) || in_key == Some(0);
    let number = if distinct >= rows && given.correlation != Some(0.0) && (unique || ordered) {
        "g".to_owned()
    } else if distinct >= rows && !ordered {
        // Each value once, in scrambled order.
        format!("(1 + (g * {}) % {rows})", STRIDES[place % STRIDES.len()])
    } else if ordered {
        format!("(div((g - 1)::numeric * {distinct}, {rows}) + 1)")
    } else {
        match in_key.map(|at| (at, keys[at].1.ceil())) {
            // The last column of a key tells rows apart; one before it has blocks of its own.
            Some((at, block)) if block > 1.0 && distinct <= block * 1.5 && at + 1 == keys.len() => {
                format!("(1 + (g - 1) % {block})")
            }
            Some((_, block)) if block > 1.0 && distinct <= block * 1.5 => {
                format!("(1 + div(((g - 1) % {block})::numeric * {distinct}, {block}))")
            }
            Some(_) => format!("(1 + (g * 7919) % {distinct})"),
            // Few rows per value: drawn at random, some values would never come.
            None if rows / distinct < 8.0 => {
                format!("(1 + ((g * {}) % {rows}) % {distinct})", STRIDES[place % STRIDES.len()])
            }
            None => format!("(1 + {hash} % {distinct})"),
        }
    };
    if let Some(elements) = &given.elements {
        return elements_of(column, elements, salt);
    }
    let lengths = Lengths::of_column(workload, table, &column.name, distinct, salt + 3);
    let mut sql = typed(column, given, distinct, &number, lengths);
    if !given.most_common.is_empty() {
        let draw = uniform(salt + 1, rows);
        let mut cases = String::new();
        let mut below = 0.0;
        for (text, share) in &given.most_common {
            below += share;
            let _ = write!(cases, " WHEN {draw} < {below} THEN '{text}'::{}", column.ty.written());
        }
        let other = if below > 0.999 { format!("'{}'::{}", given.most_common[0].0, column.ty.written()) } else { sql };
        sql = format!("CASE{cases} ELSE {other} END");
    }
    if let Some(share) = given.null_fraction {
        let draw = uniform(salt + 2, rows);
        sql = format!("CASE WHEN {draw} < {share} THEN NULL ELSE {sql} END");
    }
    sql
}

/// An array, or a jsonb object, of elements drawn independently.
fn elements_of(column: &Column, elements: &ElementStats, salt: u64) -> String {
    let uniform = |n: usize| format!("((hashint8extended(g, {}) & 1048575) / 1048576.0)", salt + 100 + n as u64);
    let distinct = elements.distinct.unwrap_or(200.0) - elements.most_common.len() as f64;
    let listed: f64 = elements.most_common.iter().map(|(_, f)| f).sum();
    let rare = (elements.avg_count.unwrap_or(1.0) - listed).max(0.0);
    let words = column.ty.name == "tsvector";
    let numeric =
        !words && !matches!(column.ty.family, predict::schema::TypeFamily::Text | predict::schema::TypeFamily::Json);
    let mut items = Vec::new();
    for (n, (text, share)) in elements.most_common.iter().enumerate() {
        items.push(format!("CASE WHEN {} < {share} THEN '{text}' END", uniform(n)));
    }
    for n in 0..rare.ceil() as usize {
        let share = (rare - n as f64).min(1.0);
        let name = if numeric { "" } else { "t" };
        let place = 50 + 2 * n;
        items.push(format!(
            "CASE WHEN {} < {share} THEN '{name}' || (1 + floor({} * {distinct}))::integer END",
            uniform(place),
            uniform(place + 1)
        ));
    }
    let array = format!("array_remove(ARRAY[{}], NULL)", items.join(", "));
    if column.ty.array {
        return format!("{array}::{}", column.ty.written());
    }
    if words {
        return format!("array_to_tsvector({array}::text[])");
    }
    format!("(SELECT coalesce(jsonb_object_agg(e, 1), '{{}}') FROM unnest({array}) e)")
}

/// A histogram's value at the place of a number among `distinct`.
fn histogram_of(given: &ColumnStats, number: &str, distinct: f64) -> Option<String> {
    let bounds: Option<Vec<f64>> =
        given.histogram.iter().map(|l| if let Literal::Number(n) = l { Some(*n) } else { None }).collect();
    let bounds = bounds.filter(|b| b.len() > 1)?;
    let mut sql = String::from("CASE");
    let bins = (bounds.len() - 1) as f64;
    let at = format!("(({number} - 1)::float8 * {bins} / {})", (distinct - 1.0).max(1.0));
    for (n, pair) in bounds.windows(2).enumerate() {
        let last = if n + 2 == bounds.len() { "true".to_owned() } else { format!("{at} < {}", n + 1) };
        let _ = write!(sql, " WHEN {last} THEN {} + ({at} - {n}) * {}", pair[0], pair[1] - pair[0]);
    }
    Some(format!("round(({sql} END)::numeric)"))
}

/// A number in 0..1 for each row; in a small table each of an even spread once, so that shares are exact.
fn uniform(salt: u64, rows: f64) -> String {
    let hash = format!("hashint8extended(g, {salt})");
    if rows <= 20_000.0 {
        return format!("((row_number() OVER (ORDER BY {hash}) - 0.5) / {rows})");
    }
    format!("(({hash} & 1048575) / 1048576.0)")
}

fn typed(column: &Column, given: &ColumnStats, distinct: f64, number: &str, lengths: Lengths) -> String {
    let bound = |l: &Option<Literal>| match l {
        Some(Literal::Number(n)) => Some(*n),
        _ => None,
    };
    let name = column.ty.name.as_str();
    if column.ty.array || name == "tsvector" {
        let elements = given.elements.as_ref();
        let of = elements.and_then(|e| e.distinct).unwrap_or(10.0);
        let count = elements.and_then(|e| e.avg_count).unwrap_or(3.0);
        let drawn = format!("'t' || (hashint8extended(g, i) & 2147483647) % {of}");
        let list = format!("(SELECT array_agg(DISTINCT {drawn}) FROM generate_series(1, {count}) i)");
        return if column.ty.array { list } else { format!("array_to_tsvector({list})") };
    }
    if name.starts_with("timestamp") || name == "date" {
        let text = |l: &Option<Literal>, or: &str| match l {
            Some(Literal::Text(t)) => t.clone(),
            _ => or.to_owned(),
        };
        let (min, max) = (text(&given.min, "2025-01-01"), text(&given.max, "2025-12-31"));
        let step = format!(
            "(timestamp '{max}' - timestamp '{min}') * (({number} - 1)::float8 / {})",
            (distinct - 1.0).max(1.0)
        );
        return format!("(timestamp '{min}' + {step})::{}", column.ty.written());
    }
    if column.ty.family == predict::schema::TypeFamily::Machine && name.starts_with("time ") {
        return format!("(time '00:00' + interval '1 second' * (({number} - 1) % 86400)::integer)");
    }
    let scaled = match (bound(&given.min), bound(&given.max)) {
        _ if !given.histogram.is_empty() => histogram_of(given, number, distinct).unwrap_or_else(|| number.to_owned()),
        // Fractions where whole numbers are fewer than the values wanted.
        (Some(min), Some(max)) if distinct > max - min + 1.0 => {
            format!("({min} + ({number} - 1)::numeric * {} / {})", max - min, (distinct - 1.0).max(1.0))
        }
        (Some(min), Some(max)) => {
            format!("({min} + div(({number} - 1)::numeric * {}, {}))", max - min + 1.0, distinct.max(1.0))
        }
        _ => number.to_owned(),
    };
    match name {
        "smallint" | "integer" | "bigint" => format!("{scaled}::{name}"),
        "numeric" | "real" | "double precision" => format!("{scaled}::{}", column.ty.written()),
        "boolean" => format!("({number} % 2 = 0)"),
        "uuid" => format!("md5({number}::text)::uuid"),
        "jsonb" | "json" => {
            let bytes = given.avg_bytes.unwrap_or(40.0) as usize;
            let length = lengths.of(bytes.saturating_sub(18).max(1), number);
            format!("jsonb_build_object('k', rpad(md5({number}::text), {length}, 'x'))::{name}")
        }
        "bytea" => {
            let bytes = given.avg_bytes.unwrap_or(33.0);
            let length = (if bytes < 128.0 { bytes - 1.0 } else { bytes - 4.0 }) as usize;
            format!("decode(rpad(md5({number}::text), {}, md5({number}::text || 'b')), 'hex')", 2 * length)
        }
        "interval" => format!("(interval '1 minute' * ({number})::integer)"),
        "inet" | "cidr" => format!("('10.0.0.0'::inet + ({number})::bigint)"),
        "character" => format!("rpad({number}::text, {}, ' ')", column.ty.modifier.first().copied().unwrap_or(1)),
        _ => {
            let bytes = given.avg_bytes.unwrap_or(33.0);
            let letters = (if bytes < 128.0 { bytes - 1.0 } else { bytes - 4.0 }) as usize;
            let letters = if name == "text" { lengths.of(letters, number) } else { letters.to_string() };
            format!("rpad({number}::text || '-', greatest({letters}, length({number}::text)), md5({number}::text))")
        }
    }
}
