//! Walks over a plan tree and counts what the price list multiplies.

use super::node::{MAX_DEPTH, Node};
use crate::access::footprint::{AccessPath, Counts, RelationUse};
use crate::schema::TableName;

/// Buffer accesses of a descent, when a plan has no BUFFERS.
pub(super) const DESCENT_PAGES: f64 = 3.0;
/// Nodes whose price is in that of the node above them, or of the statement.
const PART_OF_ANOTHER: [&str; 7] =
    ["Result", "ModifyTable", "Hash", "Bitmap Index Scan", "BitmapAnd", "BitmapOr", "Materialize"];
/// Bytes of a text, as far as a sort's keys show that they are texts: PostgreSQL writes their casts and collations.
const TEXT_MARKS: &[&str] = &["::text", "COLLATE", "lower(", "upper("];

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) counts: Counts,
    pub(super) relations: Vec<RelationUse>,
    /// Rows inserted, updated or deleted.
    pub(super) rows_written: f64,
    /// Whether anything is written at all.
    pub(super) writes: bool,
}

/// How a node is run: how often, and by how many processes that share or repeat its work.
#[derive(Debug, Clone, Copy)]
struct Runs {
    loops: f64,
    workers: f64,
}

impl Reading {
    /// Counts a tree.
    pub(super) fn tree(&mut self, root: Node<'_>) {
        self.node(root, Runs { loops: 1.0, workers: 0.0 }, 0);
    }

    fn node(&mut self, node: Node<'_>, above: Runs, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let kind = node.text("Node Type");
        // Actual numbers are those of all processes together; estimates are for one of them.
        let loops = match (node.was_run(), above.workers > 0.0) {
            (true, _) | (_, false) => node.loops(above.loops),
            (false, true) if is_shared(node) => above.loops * Node::parallel_divisor(above.workers),
            (false, true) => above.loops * (above.workers + 1.0),
        };
        let rows = node.rows(loops);
        self.count(node, kind, loops, rows, depth);
        let workers = match kind {
            "Gather" | "Gather Merge" => {
                node.number("Workers Launched").or_else(|| node.number("Workers Planned")).unwrap_or(0.0)
            }
            _ => above.workers,
        };
        self.below(node, kind, Runs { loops: if above.workers > 0.0 { above.loops } else { loops }, workers }, depth);
    }

    /// The children, each as often as it runs.
    fn below(&mut self, node: Node<'_>, kind: &str, runs: Runs, depth: usize) {
        let outer = node.children().find(|c| c.role() == "Outer").map_or(1.0, |c| c.number("Plan Rows").unwrap_or(1.0));
        for child in node.children() {
            let loops = match child.role() {
                // Once for each row of the other side; rows that come again are answered by Memoize.
                "Inner" if kind == "Nested Loop" => runs.loops * outer.max(1.0),
                "InitPlan" => 1.0,
                // Once for each row that the node looks at.
                "SubPlan" => runs.loops * node.number("Plan Rows").unwrap_or(1.0).max(1.0),
                _ => runs.loops,
            };
            self.node(child, Runs { loops, workers: runs.workers }, depth + 1);
        }
    }

    fn count(&mut self, node: Node<'_>, kind: &str, loops: f64, rows: f64, depth: usize) {
        let input = |this: f64| {
            let children = node.children().filter(|c| matches!(c.role(), "Outer" | "Inner" | "Member" | "Subquery"));
            let rows: f64 = children.map(|c| c.rows(loops)).sum();
            if rows > 0.0 { rows } else { this }
        };
        self.filter(node, loops, rows);
        if !PART_OF_ANOTHER.contains(&kind) {
            self.counts.plan_node += 1.0;
        }
        match kind {
            "Seq Scan" | "Sample Scan" => {
                self.counts.seq_row += rows + node.removed(loops);
                self.relation(node, AccessPath::SeqScan, None, (loops, 0.0));
            }
            "Index Scan" => self.index(node, AccessPath::IndexScan, loops),
            "Index Only Scan" => self.index(node, AccessPath::IndexOnlyScan, loops),
            "Tid Scan" | "Tid Range Scan" => {
                self.counts.index_row += rows;
                self.relation(node, AccessPath::IndexScan, None, (loops, 1.0));
            }
            "Bitmap Heap Scan" => self.bitmap(node, loops, rows, depth),
            // Rows that are handed on without a table.
            "Function Scan"
            | "Table Function Scan"
            | "Values Scan"
            | "CTE Scan"
            | "WorkTable Scan"
            | "Named Tuplestore Scan"
            | "Foreign Scan"
            | "Custom Scan"
            | "ProjectSet" => {
                self.counts.seq_row += rows + node.removed(loops);
            }
            "Sort" | "Incremental Sort" => self.sort(node, loops, rows),
            "Aggregate" | "Group" | "WindowAgg" | "Unique" | "SetOp" | "Memoize" => {
                let rows_in = input(rows);
                if node.text("Strategy") != "Plain" {
                    self.counts.group_row += rows_in;
                    self.counts.group_made += rows;
                }
                if kind == "Aggregate" {
                    // The plan does not say how many aggregates there are.
                    self.counts.aggregate_row += rows_in;
                }
            }
            "Merge Join" => self.counts.join_row += input(rows),
            "Hash" => {
                self.counts.join_row += input(rows);
                self.counts.hash_row += input(rows);
            }
            "Hash Join" => {
                let probed = node.children().find(|c| c.role() == "Outer").map_or(0.0, |c| c.rows(loops));
                self.counts.join_row += probed;
            }
            // The model reads its inner rows again and again as it would scan a table.
            "Nested Loop" => self.counts.seq_row += node.removed(loops),
            "Materialize" => self.counts.seq_row += rows,
            "ModifyTable" => self.modify(node, loops),
            "LockRows" => self.writes = true,
            // Append, Merge Append, Limit, Result, Gather, Recursive Union, Subquery Scan, BitmapAnd ... hand rows
            // through; what they hand is counted where it comes from.
            _ => {}
        }
    }

    /// The conditions of a node, each on every row that it looks at.
    fn filter(&mut self, node: Node<'_>, loops: f64, rows: f64) {
        let looked_at = rows + node.removed(loops);
        for condition in node.text("Filter").split(" AND ").filter(|c| !c.is_empty()) {
            let count = if condition.contains("~~") {
                &mut self.counts.pattern_test
            } else if TEXT_MARKS.iter().any(|m| condition.contains(m)) {
                &mut self.counts.text_test
            } else {
                &mut self.counts.row_test
            };
            *count += looked_at;
        }
    }

    fn index(&mut self, node: Node<'_>, path: AccessPath, loops: f64) {
        // Version 18 counts descents, of which a skip scan or a list of values makes several.
        let searches = node.number("Index Searches").filter(|_| node.was_run()).unwrap_or(loops);
        self.counts.index_descent += searches;
        self.counts.index_row += node.rows(loops) + node.removed(loops);
        self.relation(node, path, Some(node.text("Index Name").to_owned()), (loops, 1.0));
    }

    fn bitmap(&mut self, node: Node<'_>, loops: f64, rows: f64, depth: usize) {
        let mut indexes: Vec<(&str, f64)> = Vec::new();
        node.visit(depth, &mut |n| {
            if n.text("Node Type") == "Bitmap Index Scan" {
                indexes.push((n.text("Index Name"), n.rows(loops)));
                self.counts.index_descent += n.number("Index Searches").unwrap_or_else(|| n.loops(loops));
            }
        });
        let entries: f64 = indexes.iter().map(|i| i.1).sum();
        self.counts.index_row += entries + rows + node.removed(loops);
        for (place, (index, _)) in indexes.into_iter().enumerate() {
            let weight = if place == 0 { 1.0 } else { 0.0 };
            self.relation(node, AccessPath::BitmapScan, Some(index.to_owned()), (loops, weight));
        }
    }

    fn sort(&mut self, node: Node<'_>, loops: f64, rows: f64) {
        // A sort under a limit keeps few of the rows that it is given.
        let given = node.children().next().map_or(rows, |c| c.rows(loops));
        let runs = loops.max(1.0);
        let kept = match node.text("Sort Method") {
            "top-N heapsort" => 2.0 * rows / runs,
            _ => given / runs,
        };
        let steps = given * kept.clamp(2.0, f64::MAX).log2();
        self.counts.sort_step += steps;
        let keys = node.0.get("Sort Key").map(ToString::to_string).unwrap_or_default();
        if TEXT_MARKS.iter().any(|m| keys.contains(m)) {
            self.counts.text_sort_step += steps;
        }
    }

    fn modify(&mut self, node: Node<'_>, loops: f64) {
        let given: f64 =
            node.children().filter(|c| c.role() != "InitPlan" && c.role() != "SubPlan").map(|c| c.rows(loops)).sum();
        let skipped = node.number("Conflicting Tuples").filter(|_| node.text("Conflict Resolution") == "NOTHING");
        let merged = ["Tuples Inserted", "Tuples Updated", "Tuples Deleted"];
        let merged: Vec<f64> = merged.iter().filter_map(|k| node.number(k)).collect();
        self.rows_written += match node.number("Tuples Inserted") {
            Some(inserted) if node.text("Operation") == "Insert" => {
                inserted + node.number("Conflicting Tuples").unwrap_or(0.0)
            }
            _ if !merged.is_empty() => merged.iter().sum(),
            _ => given,
        } - skipped.unwrap_or(0.0);
        self.writes = true;
        if node.text("Operation") == "Insert" {
            let table = table_of(node);
            let pages = node.own_buffers().unwrap_or(0.0);
            self.relations.push(RelationUse {
                table,
                path: AccessPath::Insert,
                index: None,
                rows: self.rows_written,
                pages,
            });
        }
    }

    /// One scan; `weight` is the share of its buffer accesses that are priced as visits.
    fn relation(&mut self, node: Node<'_>, path: AccessPath, index: Option<String>, (loops, weight): (f64, f64)) {
        let rows = node.rows(loops);
        let guess = if path == AccessPath::SeqScan { 0.0 } else { DESCENT_PAGES * loops + rows };
        // The indexes of a bitmap are its children and belong to it.
        let own = if path == AccessPath::BitmapScan { node.buffers() } else { node.own_buffers() };
        let pages = own.unwrap_or(guess);
        self.counts.buffer_visit += pages * weight;
        self.relations.push(RelationUse { table: table_of(node), path, index, rows, pages });
    }
}

/// Whether workers divide a node's rows among them; what is not shared, each of them does by itself.
fn is_shared(node: Node<'_>) -> bool {
    let mut aware = false;
    node.visit(0, &mut |n| aware |= n.0.get("Parallel Aware").and_then(serde_json::Value::as_bool) == Some(true));
    aware
}

fn table_of(node: Node<'_>) -> TableName {
    let schema = node.0.get("Schema").and_then(serde_json::Value::as_str).unwrap_or("").to_owned();
    TableName { schema, name: node.text("Relation Name").to_owned() }
}
