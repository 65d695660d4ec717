//! A plan given as EXPLAIN (FORMAT JSON), with or without ANALYZE, BUFFERS and WAL, in place of the
//! model's own idea of a statement.

use serde_json::Value;

use crate::access::footprint::{AccessPath, Footprint, RelationUse};
use crate::schema::TableName;
use crate::units::{Bytes, Pages};

/// Depth of plan trees that are followed; deeper ones are none that PostgreSQL makes.
const MAX_DEPTH: usize = 200;
/// Buffer accesses of a descent, when a plan has no BUFFERS.
const DESCENT_PAGES: f64 = 3.0;

/// What a plan says, laid over the model's own footprint.
///
/// Locks, page popularity and what is written stay the model's. Returns what could not be followed.
///
/// # Errors
/// A lower-case fragment: what the text is not.
pub fn apply(text: &str, footprint: &mut Footprint) -> Result<Vec<String>, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("the plan is not JSON: {e}"))?;
    let explained = value.get(0).unwrap_or(&value);
    let plan = explained.get("Plan").ok_or("the plan is not the output of EXPLAIN (FORMAT JSON): it has no `Plan`")?;
    let mut read = Reading { footprint, relations: Vec::new(), notes: Vec::new() };
    if explained.get("JIT").is_some() {
        read.notes.push("the plan was compiled (JIT), whose cost is not modelled".to_owned());
    }
    read.clear();
    read.node(plan, 0);
    let Reading { footprint, relations, notes } = read;
    footprint.relations = relations;
    if let Some(pages) = buffers(plan) {
        footprint.pages = Pages(pages);
    } else {
        footprint.pages = Pages(footprint.relations.iter().map(|r| r.pages).sum());
    }
    if let Some(bytes) = number(plan, "WAL Bytes") {
        footprint.wal_bytes = Bytes(bytes);
    }
    if !text_of(plan, "Node Type").contains("ModifyTable") {
        footprint.rows_out = rows(plan);
        footprint.counts.row_sent = footprint.rows_out;
        let width = number(plan, "Plan Width").unwrap_or(0.0);
        footprint.counts.kb_sent = footprint.rows_out * width / 1024.0;
    }
    Ok(notes)
}

struct Reading<'f> {
    footprint: &'f mut Footprint,
    relations: Vec<RelationUse>,
    notes: Vec<String>,
}

fn number(node: &Value, key: &str) -> Option<f64> {
    node.get(key).and_then(Value::as_f64)
}

fn text_of<'v>(node: &'v Value, key: &str) -> &'v str {
    node.get(key).and_then(Value::as_str).unwrap_or("")
}

fn loops(node: &Value) -> f64 {
    number(node, "Actual Loops").unwrap_or(1.0)
}

/// Rows over all loops: actual ones when the plan was run.
fn rows(node: &Value) -> f64 {
    number(node, "Actual Rows").map_or_else(|| number(node, "Plan Rows").unwrap_or(0.0), |r| r * loops(node))
}

fn children(node: &Value) -> impl Iterator<Item = &Value> {
    node.get("Plans").and_then(Value::as_array).into_iter().flatten()
}

/// Buffer accesses of a node, its children included.
fn buffers(node: &Value) -> Option<f64> {
    Some(number(node, "Shared Hit Blocks")? + number(node, "Shared Read Blocks")?)
}

impl Reading<'_> {
    /// Forgets the model's own reads; what it counted of writes stays.
    fn clear(&mut self) {
        let counts = &mut self.footprint.counts;
        for count in [
            &mut counts.index_descent,
            &mut counts.descent_depth,
            &mut counts.buffer_visit,
            &mut counts.index_row,
            &mut counts.seq_row,
            &mut counts.sort_step,
            &mut counts.text_sort_step,
            &mut counts.group_row,
        ] {
            *count = 0.0;
        }
        counts.executor_run = counts.executor_run.max(1.0);
        counts.message = 1.0;
    }

    fn node(&mut self, node: &Value, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if number(node, "Workers Planned").is_some_and(|w| w > 0.0) {
            self.notes.push(
                "the plan uses parallel workers; their work is counted, their parallelism is not modelled".to_owned(),
            );
        }
        let rows = rows(node);
        match text_of(node, "Node Type") {
            "Seq Scan" => {
                let removed = number(node, "Rows Removed by Filter").unwrap_or(0.0) * loops(node);
                self.footprint.counts.seq_row += rows + removed;
                self.relation(node, AccessPath::SeqScan, None, 0.0);
            }
            "Index Scan" => self.index(node, AccessPath::IndexScan),
            "Index Only Scan" => self.index(node, AccessPath::IndexOnlyScan),
            "Bitmap Heap Scan" => {
                let mut indexes = Vec::new();
                bitmap_indexes(node, depth, &mut indexes);
                self.footprint.counts.index_descent += loops(node) * indexes.len() as f64;
                self.footprint.counts.index_row += 2.0 * rows;
                for (place, index) in indexes.into_iter().enumerate() {
                    self.relation(node, AccessPath::BitmapScan, Some(index), if place == 0 { 1.0 } else { 0.0 });
                }
            }
            "Sort" | "Incremental Sort" => self.footprint.counts.sort_step += rows * rows.max(2.0).log2(),
            "Hash" | "Aggregate" | "WindowAgg" | "Unique" | "Merge Join" => {
                self.footprint.counts.group_row += children(node).map(self::rows).sum::<f64>();
            }
            _ => {}
        }
        for child in children(node) {
            self.node(child, depth + 1);
        }
    }

    fn index(&mut self, node: &Value, path: AccessPath) {
        let removed = number(node, "Rows Removed by Filter").unwrap_or(0.0) * loops(node);
        self.footprint.counts.index_descent += loops(node);
        self.footprint.counts.index_row += rows(node) + removed;
        self.relation(node, path, Some(text_of(node, "Index Name").to_owned()), 1.0);
    }

    /// One scan; `weight` is the share of its buffer accesses that are priced as visits.
    fn relation(&mut self, node: &Value, path: AccessPath, index: Option<String>, weight: f64) {
        let inside: f64 = match path {
            // The indexes of a bitmap are its children and belong to it.
            AccessPath::BitmapScan => 0.0,
            _ => children(node).filter_map(buffers).sum(),
        };
        let guess = if path == AccessPath::SeqScan { 0.0 } else { DESCENT_PAGES * loops(node) + rows(node) };
        let pages = buffers(node).map_or(guess, |b| (b - inside).max(0.0));
        self.footprint.counts.buffer_visit += pages * weight;
        let schema = node.get("Schema").and_then(Value::as_str).unwrap_or("public").to_owned();
        let table = TableName { schema, name: text_of(node, "Relation Name").to_owned() };
        self.relations.push(RelationUse { table, path, index, rows: rows(node), pages });
    }
}

fn bitmap_indexes(node: &Value, depth: usize, found: &mut Vec<String>) {
    if text_of(node, "Node Type") == "Bitmap Index Scan" {
        found.push(text_of(node, "Index Name").to_owned());
    }
    if depth < MAX_DEPTH {
        for child in children(node) {
            bitmap_indexes(child, depth + 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Output of EXPLAIN (ANALYZE, BUFFERS, WAL, FORMAT JSON) of PostgreSQL 15, shortened.
    const PLAN: &str = r#"[{"Plan": {"Node Type": "Nested Loop", "Plan Rows": 3, "Plan Width": 20, "Actual Rows": 3,
        "Actual Loops": 1, "Shared Hit Blocks": 16, "Shared Read Blocks": 1, "WAL Bytes": 0, "Plans": [
        {"Node Type": "Bitmap Heap Scan", "Relation Name": "items", "Plan Rows": 3, "Actual Rows": 3, "Actual Loops": 1,
         "Shared Hit Blocks": 5, "Shared Read Blocks": 0, "Plans": [
           {"Node Type": "Bitmap Index Scan", "Index Name": "items_parent", "Actual Rows": 3, "Actual Loops": 1,
            "Shared Hit Blocks": 2, "Shared Read Blocks": 0}]},
        {"Node Type": "Index Scan", "Index Name": "products_pkey", "Relation Name": "products", "Plan Rows": 1,
         "Actual Rows": 1, "Actual Loops": 3, "Shared Hit Blocks": 11, "Shared Read Blocks": 1}]}}]"#;

    #[test]
    fn scans_rows_and_buffers() {
        let mut footprint = Footprint::default();
        assert_eq!(apply(PLAN, &mut footprint).unwrap(), Vec::<String>::new());
        assert_eq!((footprint.pages.get(), footprint.rows_out), (17.0, 3.0));
        let [items, products] = &footprint.relations[..] else { panic!("{:?}", footprint.relations) };
        assert_eq!(
            (items.path, items.index.as_deref(), items.pages),
            (AccessPath::BitmapScan, Some("items_parent"), 5.0)
        );
        assert_eq!((products.rows, products.pages), (3.0, 12.0));
        assert_eq!(footprint.counts.index_descent, 4.0);
    }

    #[test]
    fn what_is_no_plan() {
        for text in ["", "{}", "[]", "nonsense", "[{\"Plan\": 3"] {
            assert!(apply(text, &mut Footprint::default()).is_err(), "{text}");
        }
        // A plan without numbers is read as far as it goes.
        assert!(apply("[{\"Plan\": {}}]", &mut Footprint::default()).is_ok());
    }
}
