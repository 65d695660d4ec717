//! How a probe's statements are executed: by the model, and by the server's generic plan cache.

use std::fmt::Write;

use predict::access::{AccessPath, Footprint};
use predict::live::Cluster;
use predict::live::calibrate::prices::probe::Probe;
use predict::workload::Protocol;
use serde_json::Value;

/// The model's scans, as `table path index`.
pub fn believed(footprint: &Footprint) -> Vec<String> {
    let name = |path| match path {
        AccessPath::IndexScan => "index_scan",
        AccessPath::IndexOnlyScan => "index_only_scan",
        AccessPath::BitmapScan => "bitmap_scan",
        AccessPath::SeqScan => "seq_scan",
        AccessPath::Insert => "insert",
        AccessPath::None => "none",
    };
    let scans = footprint.relations.iter().filter(|r| !matches!(r.path, AccessPath::Insert | AccessPath::None));
    let mut paths: Vec<String> =
        scans.map(|r| format!("{} {} {}", r.table.name, name(r.path), r.index.as_deref().unwrap_or(""))).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The server's scans by EXPLAIN, after as many executions as the plan cache needs to settle.
pub fn found(cluster: &Cluster, settings: &[(String, String)], probe: &Probe, statement: &str) -> Vec<String> {
    let mut script = String::new();
    for (name, value) in settings {
        let _ = writeln!(script, "SET {name} = '{}';", value.replace('\\', ""));
    }
    // Variables by number, in the order in which they are listed; values from the middle of their ranges.
    let mut text = statement.to_owned();
    let mut values = Vec::new();
    for (n, (name, lo, hi)) in probe.variables.iter().enumerate() {
        text = text.replace(&format!(":{name}"), &format!("${}", n + 1));
        values.push(u32::midpoint(*lo, *hi).to_string());
    }
    let used = |n: usize| text.contains(&format!("${n}"));
    let last = (1..=values.len()).rev().find(|n| used(*n)).unwrap_or(0);
    script.push_str("\\o /dev/null\n");
    if probe.protocol == Protocol::Prepared {
        // A type for every parameter, in case a statement leaves one out; text where a number would not do.
        let types = vec![if text.contains("|| $1") { "text" } else { "integer" }; last];
        let types = if last == 0 { String::new() } else { format!(" ({})", types.join(", ")) };
        let call = if last == 0 { "EXECUTE s".to_owned() } else { format!("EXECUTE s({})", values[..last].join(", ")) };
        let _ = writeln!(script, "PREPARE s{types} AS {text};\nBEGIN;");
        for _ in 0..6 {
            let _ = writeln!(script, "SAVEPOINT a;\n{call};\nROLLBACK TO a;");
        }
        let _ = writeln!(script, "\\o\nEXPLAIN (FORMAT JSON) {call};\nROLLBACK;");
    } else {
        for (n, value) in values.iter().enumerate() {
            text = text.replace(&format!("${}", n + 1), value);
        }
        let _ = writeln!(script, "\\o\nEXPLAIN (FORMAT JSON) {text};");
    }
    let path = cluster.scratch().join("plan.sql");
    std::fs::write(&path, script).unwrap();
    let answer = cluster.sql_file("postgres", &path).unwrap_or_else(|e| panic!("{}: {e}", probe.name));
    let plan: Value = serde_json::from_str(answer.trim()).unwrap_or_else(|e| panic!("{}: {e}: {answer}", probe.name));
    let mut scans = Vec::new();
    walk(&plan[0]["Plan"], "", &mut scans);
    scans.sort();
    scans.dedup();
    scans
}

fn walk(node: &Value, table: &str, scans: &mut Vec<String>) {
    let text = |key: &str| node[key].as_str().unwrap_or("");
    let table = if text("Relation Name").is_empty() { table } else { text("Relation Name") };
    let path = match text("Node Type") {
        "Seq Scan" => Some("seq_scan"),
        "Index Scan" => Some("index_scan"),
        "Index Only Scan" => Some("index_only_scan"),
        "Bitmap Index Scan" => Some("bitmap_scan"),
        _ => None,
    };
    if let Some(path) = path {
        scans.push(format!("{table} {path} {}", text("Index Name")));
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        walk(child, table, scans);
    }
}
