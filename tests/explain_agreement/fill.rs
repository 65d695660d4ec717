//! Fills tables so that they have the statistics that a workload gives.

use std::fmt::Write;
use std::path::Path;

use predict::live::Cluster;
use predict::schema::{Column, Schema, Table};
use predict::sql::tree::Literal;
use predict::workload::{ColumnStats, TableStats, Workload};

/// Per cent to which the pages of a table that has been updated for long are filled.
const AGED_FILL: u32 = 95;

/// Loads the schema and fills all tables that the workload knows, in order of creation.
pub fn load(cluster: &Cluster, database: &str, file: &Path, schema: &Schema, workload: &Workload) {
    cluster.sql_file(database, file).unwrap();
    let mut script = String::from("SET session_replication_role = replica;\n");
    for table in &schema.tables {
        let Some(stats) = workload.tables.get(&table.name) else { continue };
        if table.partition_of.is_some() || stats.rows < 1.0 {
            continue;
        }
        // A table that has been updated and vacuumed for long has some room on every page.
        let aged = table.fillfactor >= 1.0 && updated(workload, &table.name.name);
        if aged {
            let _ = writeln!(script, "ALTER TABLE {} SET (fillfactor = {AGED_FILL})", table.name);
        }
        script.push_str(&fill(table, stats));
        if aged {
            let _ = writeln!(script, "ALTER TABLE {} RESET (fillfactor)", table.name);
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

fn fill(table: &Table, stats: &TableStats) -> String {
    let mut columns = Vec::new();
    let mut values = Vec::new();
    let none = ColumnStats::default();
    let mut repeats = 1.0;
    for (place, column) in table.columns.iter().enumerate() {
        if column.generated.is_some() {
            continue;
        }
        let given = stats.columns.get(&column.name).unwrap_or(&none);
        columns.push(column.name.clone());
        values.push(value(table, column, given, stats.rows, place, &mut repeats));
    }
    let setting = "SET session_replication_role = replica; ";
    format!(
        "{setting}INSERT INTO {} ({}) SELECT {} FROM generate_series(1::bigint, {}::bigint) g\n",
        table.name,
        columns.join(", "),
        values.join(", "),
        stats.rows
    )
}

/// The SQL of one column's value in row `g`.
fn value(table: &Table, column: &Column, given: &ColumnStats, rows: f64, place: usize, repeats: &mut f64) -> String {
    let primary =
        table.primary_key().map(|k| k.keys.iter().filter_map(|c| c.column()).collect::<Vec<_>>()).unwrap_or_default();
    let unique =
        table.indexes.iter().any(|i| i.unique && i.keys.len() == 1 && i.keys[0].column() == Some(&column.name));
    let distinct = match given.distinct {
        Some(d) if d < 0.0 => -d * rows,
        Some(d) => d,
        None if unique => rows,
        None => 200.0_f64.min(rows),
    };
    let salt = place as u64 * 7919 + 13;
    let hash = format!("(hashint8extended(g, {salt}) & 2147483647)");
    let ordered = given.correlation.map_or(unique, |c| c > 0.9) || (primary.first() == Some(&column.name.as_str()));
    let number = if distinct >= rows && given.correlation != Some(0.0) && (unique || ordered) {
        "g".to_owned()
    } else if distinct >= rows && !ordered {
        // Each value once, in scrambled order.
        format!("(1 + (g * 7919) % {rows})")
    } else if ordered {
        *repeats = (rows / distinct).max(1.0);
        format!("(div((g - 1)::numeric * {distinct}, {rows}) + 1)")
    } else if primary.get(1) == Some(&column.name.as_str()) && *repeats > 1.0 && distinct <= *repeats * 1.5 {
        format!("(1 + (g - 1) % {})", repeats.ceil())
    } else if primary.get(1) == Some(&column.name.as_str()) {
        format!("(1 + (g * 7919) % {distinct})")
    } else {
        format!("(1 + {hash} % {distinct})")
    };
    let mut sql = typed(column, given, distinct, &number);
    if !given.most_common.is_empty() {
        let mut cases = String::new();
        let mut below = 0.0;
        for (text, share) in &given.most_common {
            below += share;
            let _ = write!(cases, " WHEN u.u < {below} THEN '{text}'::{}", column.ty.written());
        }
        let other = if below > 0.999 { format!("'{}'::{}", given.most_common[0].0, column.ty.written()) } else { sql };
        let draw = format!("(hashint8extended(g, {}) & 1048575) / 1048576.0", salt + 1);
        sql = format!("(SELECT CASE{cases} ELSE {other} END FROM (SELECT {draw} AS u) u)");
    }
    if let Some(share) = given.null_fraction {
        let draw = format!("(hashint8extended(g, {}) & 1048575) / 1048576.0", salt + 2);
        sql = format!("CASE WHEN {draw} < {share} THEN NULL ELSE {sql} END");
    }
    sql
}

fn typed(column: &Column, given: &ColumnStats, distinct: f64, number: &str) -> String {
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
    let scaled = match (bound(&given.min), bound(&given.max)) {
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
            format!(
                "jsonb_build_object('k', rpad(md5({number}::text), {}, 'x'))::{name}",
                bytes.saturating_sub(18).max(1)
            )
        }
        "character" => format!("rpad({number}::text, {}, ' ')", column.ty.modifier.first().copied().unwrap_or(1)),
        _ => {
            let bytes = given.avg_bytes.unwrap_or(33.0);
            let letters = (if bytes < 128.0 { bytes - 1.0 } else { bytes - 4.0 }) as usize;
            format!("rpad({number}::text || '-', greatest({letters}, length({number}::text)), md5({number}::text))")
        }
    }
}
