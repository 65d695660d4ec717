//! What the catalog knows of tables and columns.

use std::collections::HashMap;

use postgres::Client;

use crate::live::LiveError;
use crate::schema::TableName;

/// The database as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    /// Its name.
    pub database: String,
    /// Major version of the server.
    pub version: u32,
    /// Collation.
    pub collation: String,
    /// Encoding.
    pub encoding: String,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub name: TableName,
    /// Live rows; `None`: never analysed.
    pub rows: Option<f64>,
    pub pages: f64,
    pub dead_rows: f64,
    /// Share of the pages that are all-visible.
    pub all_visible: f64,
    /// Whether it is part of a partitioned table, whose statistics stand there.
    pub partition: bool,
    /// Whether it is partitioned: its pages are those of its parts.
    pub partitioned: bool,
    pub columns: Vec<Column>,
    /// Statistics of index expressions.
    pub expressions: Vec<Column>,
}

/// A column, or an expression of an index.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Column {
    /// Its name, or the expression's text.
    pub name: String,
    /// Its type, without modifier.
    pub ty: String,
    /// pg_type.typcategory of it.
    pub category: char,
    /// Whether a unique index has it as its only column.
    pub unique: bool,
    /// What ANALYZE found.
    pub statistics: Option<Statistics>,
}

/// A row of pg_stats.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Statistics {
    pub null_fraction: f64,
    pub avg_bytes: i32,
    pub distinct: f64,
    pub correlation: Option<f64>,
    pub most_common: Vec<(String, f64)>,
    pub bounds: Vec<String>,
    pub elements: Vec<(String, f64)>,
    pub elements_per_value: Option<f64>,
}

/// Tables of users: no system schema, nothing that an extension brought.
const USERS: &str = "c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' \
    AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d \
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')";

/// The columns of pg_stats, as the driver can read them.
const STATISTICS: &str = "s.null_frac, s.avg_width, s.n_distinct, s.correlation, s.most_common_vals::text::text[], \
    s.most_common_freqs, s.histogram_bounds::text::text[], s.most_common_elems::text::text[], \
    s.most_common_elem_freqs, s.elem_count_histogram";

/// Name, version and locale.
pub(super) fn about(client: &mut Client) -> Result<About, LiveError> {
    let sql = "SELECT d.datname::text, current_setting('server_version_num')::int / 10000, d.datcollate::text, \
               pg_catalog.pg_encoding_to_char(d.encoding)::text FROM pg_catalog.pg_database d \
               WHERE d.datname = pg_catalog.current_database()";
    let row = client.query_one(sql, &[])?;
    let version: i32 = row.get(1);
    Ok(About {
        database: row.get(0),
        version: u32::try_from(version).unwrap_or_default(),
        collation: row.get(2),
        encoding: row.get(3),
    })
}

/// All tables with their columns, by name.
pub(super) fn tables(client: &mut Client) -> Result<Vec<Table>, LiveError> {
    let sql = format!(
        "SELECT n.nspname::text, c.relname::text, c.reltuples::float8, c.relpages::float8, c.relallvisible::float8, \
         coalesce(pg_catalog.pg_stat_get_dead_tuples(c.oid), 0)::float8, c.relispartition, c.relkind = 'p', \
         coalesce(pg_catalog.pg_stat_get_live_tuples(c.oid), 0)::float8, \
         (SELECT sum(greatest(leaf.reltuples, 0))::float8 FROM pg_catalog.pg_partition_tree(c.oid) t \
          JOIN pg_catalog.pg_class leaf ON leaf.oid = t.relid WHERE t.isleaf) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {USERS} \
         ORDER BY 1, 2"
    );
    let mut columns = columns(client)?;
    let mut expressions = expressions(client)?;
    let rows = client.query(&sql, &[])?;
    let table = |row: &postgres::Row| {
        let name = TableName { schema: row.get(0), name: row.get(1) };
        let (tuples, pages, visible): (f64, f64, f64) = (row.get(2), row.get(3), row.get(4));
        let (partitioned, live): (bool, f64) = (row.get(7), row.get(8));
        let parts: Option<f64> = row.get(9);
        // Before version 14 a table never analysed has 0 and 0 for both.
        let analysed = tuples > 0.0 || (tuples >= 0.0 && pages > 0.0);
        let rows = match (partitioned, analysed) {
            (true, _) => parts.filter(|p| *p > 0.0).or(analysed.then_some(tuples)),
            (false, true) => Some(tuples),
            (false, false) => (live > 0.0).then_some(live),
        };
        Table {
            columns: columns.remove(&name).unwrap_or_default(),
            expressions: expressions.remove(&name).unwrap_or_default(),
            name,
            rows,
            pages,
            dead_rows: row.get(5),
            all_visible: if pages > 0.0 { (visible / pages).clamp(0.0, 1.0) } else { 0.0 },
            partition: row.get(6),
            partitioned,
        }
    };
    Ok(rows.iter().map(table).collect())
}

fn columns(client: &mut Client) -> Result<HashMap<TableName, Vec<Column>>, LiveError> {
    let sql = format!(
        "SELECT n.nspname::text, c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, NULL), \
         t.typcategory::text, EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique \
         AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum), {STATISTICS} \
         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname \
         AND s.attname = a.attname AND s.inherited = (c.relkind = 'p') \
         WHERE {USERS} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2, a.attnum"
    );
    collected(client, &sql)
}

/// Statistics of index expressions, which stand under the index's name; the text is the index's own.
fn expressions(client: &mut Client) -> Result<HashMap<TableName, Vec<Column>>, LiveError> {
    let sql = format!(
        "SELECT n.nspname::text, c.relname::text, pg_catalog.pg_get_indexdef(x.oid, a.attnum::int, true), \
         pg_catalog.format_type(a.atttypid, NULL), t.typcategory::text, false, {STATISTICS} \
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
         JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = x.oid AND a.attnum <= i.indnkeyatts \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = x.relname AND s.attname = a.attname \
         WHERE {USERS} AND i.indkey[a.attnum - 1] = 0 ORDER BY 1, 2, 3"
    );
    let mut found = collected(client, &sql)?;
    for all in found.values_mut() {
        // Two indexes may have the same expression.
        all.dedup_by(|a, b| a.name == b.name);
    }
    Ok(found)
}

fn collected(client: &mut Client, sql: &str) -> Result<HashMap<TableName, Vec<Column>>, LiveError> {
    let mut found: HashMap<TableName, Vec<Column>> = HashMap::new();
    for row in client.query(sql, &[])? {
        let category: String = row.get(4);
        let column = Column {
            name: row.get(2),
            ty: row.get(3),
            category: category.chars().next().unwrap_or('X'),
            unique: row.get(5),
            statistics: statistics(&row),
        };
        found.entry(TableName { schema: row.get(0), name: row.get(1) }).or_default().push(column);
    }
    Ok(found)
}

/// The columns of [`STATISTICS`], which come after six others.
fn statistics(row: &postgres::Row) -> Option<Statistics> {
    let null_fraction: Option<f32> = row.get(6);
    let pairs = |values: usize, frequencies: usize| -> Vec<(String, f64)> {
        let values: Option<Vec<String>> = row.get(values);
        let frequencies: Option<Vec<f32>> = row.get(frequencies);
        values.unwrap_or_default().into_iter().zip(frequencies.unwrap_or_default().into_iter().map(f64::from)).collect()
    };
    let counts: Option<Vec<f32>> = row.get(15);
    Some(Statistics {
        null_fraction: f64::from(null_fraction?),
        avg_bytes: row.get::<_, Option<i32>>(7).unwrap_or_default(),
        distinct: row.get::<_, Option<f32>>(8).map(f64::from).unwrap_or_default(),
        correlation: row.get::<_, Option<f32>>(9).map(f64::from),
        most_common: pairs(10, 11),
        bounds: row.get::<_, Option<Vec<String>>>(12).unwrap_or_default(),
        elements: pairs(13, 14),
        // The last entry of the histogram is the average.
        elements_per_value: counts.and_then(|c| c.last().copied()).map(f64::from),
    })
}
