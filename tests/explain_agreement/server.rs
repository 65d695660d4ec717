//! What a server does with a prepared statement once the plan cache has settled.

use std::fmt::Write;

use predict::live::Cluster;
use predict::workload::Transaction;
use serde_json::Value;

use crate::draws::{Random, draw};

/// Executions after each VACUUM that are counted.
const COUNTED: usize = 400;
/// Rounds of them for a statement that writes, so that page splits, which are rare and large, average out.
const ROUNDS: usize = 3;
/// Executions that are explained. Of a statement that only reads these are all: it leaves nothing behind that would have to
/// average out, and EXPLAIN counts its pages.
const EXPLAINED: usize = 40;
/// Executions after which the plan cache has settled: it chooses after five.
const SETTLING: usize = 8;

/// Averages per execution.
#[derive(Debug, Default)]
pub struct Observed {
    /// `table path index`, sorted.
    pub paths: Vec<String>,
    /// Rows of all scans.
    pub rows: f64,
    /// Buffer accesses, checks and cascades included.
    pub pages: f64,
    /// WAL bytes.
    pub wal: f64,
    /// Share of HOT updates.
    pub hot: Option<f64>,
}

/// The records of WAL since `:start`, by kind.
const RECORDS: &str = "BEGIN;
SET LOCAL synchronous_commit = on;
SELECT pg_logical_emit_message(true, 'flush', '');
COMMIT;
SELECT pg_current_wal_flush_lsn() AS stop \\gset
\\o
SELECT 'records', \"resource_manager/record_type\", count, round(record_size / greatest(count, 1)) FROM pg_get_wal_stats(:'start', :'stop', true) WHERE count > 0;
\\o /dev/null
";

/// Whether a statement writes, locks included.
pub fn writes(sql: &str) -> bool {
    let sql = sql.to_uppercase();
    ["INSERT ", "UPDATE ", "DELETE ", " FOR UPDATE", " FOR NO KEY", " FOR SHARE", " FOR KEY", "MERGE "]
        .iter()
        .any(|word| sql.contains(word))
}

fn deletes(sql: &str) -> bool {
    sql.to_uppercase().contains("DELETE FROM")
}

/// When a statement's turn comes: what reads, before data changes; what updates, before new rows take the
/// room on its pages; what deletes, last.
pub fn turn(sql: &str) -> usize {
    match sql {
        _ if deletes(sql) => 3,
        _ if sql.to_uppercase().contains("INSERT INTO") => 2,
        _ => usize::from(writes(sql)),
    }
}

/// Prepares the statement, runs it until its plan has settled, then counts and explains.
pub fn observe(cluster: &Cluster, database: &str, transaction: &Transaction, sql: &str) -> Observed {
    let hot = "SELECT 'hot', sum(n_tup_upd), sum(n_tup_hot_upd) FROM pg_stat_user_tables;";
    let before = cluster.sql(database, hot).unwrap();
    let path = cluster.scratch().join("observe.sql");
    std::fs::write(&path, script(transaction, sql)).unwrap();
    let text = cluster.sql_file(database, &path).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let after = cluster.sql(database, hot).unwrap();
    read(&text, (&before, &after), sql)
}

/// The session that observes a statement.
fn script(transaction: &Transaction, sql: &str) -> String {
    let mut random = Random::of(&transaction.name);
    let mut serial = 0;
    let mut call = || {
        let values = transaction.variables.iter().map(|v| draw(&v.distribution, &mut random, &mut serial));
        match transaction.variables.len() {
            0 => "EXECUTE s".to_owned(),
            _ => format!("EXECUTE s({})", values.collect::<Vec<_>>().join(", ")),
        }
    };
    let mut script = format!("\\o /dev/null\n\\set ON_ERROR_STOP on\nVACUUM;\nPREPARE s AS {sql};\n");
    for _ in 0..SETTLING {
        let _ = writeln!(script, "{};", call());
    }
    let records = writes(sql) && std::env::var_os("AGREEMENT_RECORDS").is_some();
    script.push_str("SELECT pg_stat_statements_reset();\n");
    if records {
        script.push_str("CREATE EXTENSION IF NOT EXISTS pg_walinspect;\n");
    }
    let (rounds, executions) = match turn(sql) {
        0 => (0, 0),
        // A statement that deletes is not repeated until nothing is left.
        3 => (1, COUNTED),
        _ => (ROUNDS, COUNTED),
    };
    for _ in 0..rounds {
        script.push_str("VACUUM;\nSELECT pg_current_wal_insert_lsn() AS start \\gset\n");
        for _ in 0..executions {
            let _ = writeln!(script, "{};", call());
        }
        if records {
            script.push_str(RECORDS);
        }
    }
    script.push_str("\\o\n");
    script.push_str(
        "SELECT 'counted', calls, shared_blks_hit + shared_blks_read, wal_bytes FROM pg_stat_statements WHERE query LIKE 'PREPARE s %';\n",
    );
    let explain = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON)";
    for _ in 0..EXPLAINED {
        let _ = writeln!(script, "BEGIN;\n{explain} {};\nROLLBACK;", call());
    }
    script
}

fn read(text: &str, (before, after): (&str, &str), sql: &str) -> Observed {
    let mut observed = Observed::default();
    for record in text.lines().filter(|l| l.starts_with("records")) {
        println!("    {record}");
    }
    let (mut plans, mut pages) = (0.0, 0.0);
    let mut rest = text;
    while let Some(start) = rest.find("[\n") {
        let mut stream = serde_json::Deserializer::from_str(&rest[start..]).into_iter::<Value>();
        let Some(Ok(plan)) = stream.next() else { break };
        let consumed = stream.byte_offset();
        if std::env::var_os("AGREEMENT_PLANS").is_some() && plans == 0.0 {
            println!("{}", &rest[start..start + consumed]);
        }
        rest = &rest[start + consumed..];
        plans += 1.0;
        let plan = &plan[0]["Plan"];
        pages += ["Shared Hit Blocks", "Shared Read Blocks"].iter().filter_map(|k| plan[*k].as_f64()).sum::<f64>();
        walk(plan, &mut observed);
    }
    observed.rows /= plans;
    match text.lines().find(|l| l.starts_with("counted")) {
        Some(counted) => {
            let numbers: Vec<f64> = counted.split('|').skip(1).map(|n| n.trim().parse().unwrap()).collect();
            observed.pages = numbers[1] / numbers[0];
            observed.wal = numbers[2] / numbers[0];
        }
        None if turn(sql) == 0 => observed.pages = pages / plans,
        None => panic!("{sql}: {text}"),
    }
    observed.paths.sort();
    observed.paths.dedup();
    let updates = |t: &str| -> (f64, f64) {
        let n: Vec<f64> = t.trim().split('|').skip(1).map(|n| n.parse().unwrap_or(0.0)).collect();
        (n.first().copied().unwrap_or(0.0), n.get(1).copied().unwrap_or(0.0))
    };
    let (b, a) = (updates(before), updates(after));
    if a.0 > b.0 {
        observed.hot = Some((a.1 - b.1) / (a.0 - b.0));
    }
    observed
}

fn walk(node: &Value, observed: &mut Observed) {
    let kind = node["Node Type"].as_str().unwrap_or("");
    let loops = node["Actual Loops"].as_f64().unwrap_or(0.0);
    let rows = node["Actual Rows"].as_f64().unwrap_or(0.0) * loops;
    let path = match kind {
        "Seq Scan" => "seq_scan",
        "Index Scan" => "index_scan",
        "Index Only Scan" => "index_only_scan",
        "Bitmap Heap Scan" => "bitmap_scan",
        _ => "",
    };
    if !path.is_empty() && loops > 0.0 {
        let table = node["Relation Name"].as_str().unwrap_or("");
        let indexes = match node["Index Name"].as_str() {
            Some(index) => vec![index.to_owned()],
            None => {
                let mut found = Vec::new();
                bitmap_indexes(node, &mut found);
                found
            }
        };
        observed.rows += rows * indexes.len().max(1) as f64;
        if indexes.is_empty() {
            observed.paths.push(format!("{table} {path} "));
        }
        for index in indexes {
            observed.paths.push(format!("{table} {path} {index}"));
        }
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        walk(child, observed);
    }
}

fn bitmap_indexes(node: &Value, found: &mut Vec<String>) {
    if node["Node Type"] == "Bitmap Index Scan" {
        found.push(node["Index Name"].as_str().unwrap_or("").to_owned());
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        bitmap_indexes(child, found);
    }
}
