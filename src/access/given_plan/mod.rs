//! A plan given as EXPLAIN (FORMAT JSON), with or without ANALYZE, BUFFERS and WAL, in place of the
//! model's own idea of a statement.

mod node;
mod notes;
mod reading;
#[cfg(test)]
mod tests;
mod text;

use serde_json::Value;

use crate::access::footprint::{Footprint, RelationUse};
use crate::access::wal;
use crate::diagnostic::{InputError, Position, Warning, WarningCode};
use crate::sql::tree::LockMode;
use crate::units::{Bytes, PAGE_BYTES, Pages};
use crate::workload::PlanText;
use node::Node;
use reading::{DESCENT_PAGES, Reading};

/// A plan that was read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The file, as the workload names it.
    file: String,
    /// Usually one; a rule makes several of one statement.
    explained: Vec<Value>,
    /// Where the statement stands, for what is said later.
    position: Position,
}

impl Plan {
    /// Reads the text of a plan.
    ///
    /// # Errors
    /// A text that is no JSON, or JSON that is no plan, at its place in the plan's file.
    pub fn read(plan: &PlanText, position: Position) -> Result<Self, InputError> {
        Ok(Self { file: plan.file.clone(), explained: text::explained(&plan.file, &plan.text)?, position })
    }

    fn roots(&self) -> impl Iterator<Item = (&Value, Node<'_>)> {
        self.explained.iter().filter_map(|e| Some((e, Node(e.get("Plan")?))))
    }

    /// That it was given, and what in it cannot be followed.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let run = self.roots().any(|(_, root)| root.was_run());
        let buffers = self.roots().any(|(_, root)| root.buffers().is_some());
        let rows = if run { "actual rows" } else { "the planner's rows" };
        let pages = if buffers { "measured buffer accesses" } else { "buffer accesses guessed from the rows" };
        let given = format!(
            "the given `plan` ({}) replaces the model's own path of this statement: {rows}, {pages}",
            self.file
        );
        let said = |code, message: String| Warning::new(code, message).at(self.position.clone());
        let mut out = vec![said(WarningCode::Substituted, given)];
        for (explained, root) in self.roots() {
            out.extend(notes::of(explained, root).into_iter().map(|n| said(WarningCode::NotModelled, n)));
        }
        out
    }

    /// Lays what the plan says over the model's own footprint.
    ///
    /// The popularity of pages, locks and the cost of a written row stay the model's, scaled to the plan's rows and
    /// pages where it was run. Foreign-key checks run after the plan and stay as they are.
    pub fn lay_over(&self, footprint: &mut Footprint) {
        let mut reading = Reading::default();
        let (mut buffers, mut wal, mut sent, mut width) = (None, None, 0.0, 0.0);
        let mut returns = false;
        for (_, root) in self.roots() {
            reading.tree(root);
            if let Some(pages) = root.buffers() {
                *buffers.get_or_insert(0.0) += pages;
            }
            if let Some(bytes) = records(root) {
                *wal.get_or_insert(0.0) += bytes;
            }
            // A statement that only writes is believed to return its rows before version 14.
            if root.text("Node Type") != "ModifyTable" || root.was_run() {
                (returns, sent) = (true, sent + root.rows(1.0));
                width = root.number("Plan Width").unwrap_or(0.0);
            }
        }
        let run = self.roots().all(|(_, root)| root.was_run());
        self.relations(&mut reading.relations, footprint);
        self.counts(&reading, footprint);
        let unread = footprint.rows_written == 0.0 && footprint.locks.is_empty() && footprint.touches.is_empty();
        if run && footprint.rows_written > 0.0 {
            scale_writes(footprint, reading.rows_written / footprint.rows_written);
        } else if unread && reading.writes {
            // The statement itself could not be read.
            footprint.rows_written = reading.rows_written;
            footprint.counts.row_written = reading.rows_written;
            footprint.writes = true;
        }
        let checks = footprint.counts.foreign_key_check * (DESCENT_PAGES + 1.0);
        let pages = buffers.unwrap_or_else(|| reading.relations.iter().map(|r| r.pages).sum()) + checks;
        scale_touches(footprint, pages);
        footprint.pages = Pages(pages);
        footprint.relations = reading.relations;
        if let Some(bytes) = wal {
            footprint.wal_bytes = Bytes(bytes + reference_locks(footprint));
        }
        if returns {
            footprint.rows_out = sent;
            footprint.counts.row_sent = sent;
            footprint.counts.kb_sent = sent * width / 1024.0;
        }
    }

    /// Puts the schema to tables that the plan names without one, and says when the plan is of other tables.
    fn relations(&self, found: &mut [RelationUse], footprint: &mut Footprint) {
        let own = &footprint.relations;
        let mut known = own.is_empty() || found.is_empty();
        for relation in found.iter_mut() {
            let same = own.iter().find(|r| r.table.name == relation.table.name);
            known |= same.is_some();
            if relation.table.schema.is_empty() {
                relation.table.schema = same.map_or_else(|| "public".to_owned(), |r| r.table.schema.clone());
            }
        }
        if !known {
            let names: Vec<&str> = found.iter().map(|r| r.table.name.as_str()).collect();
            let message = format!(
                "the given plan ({}) reads {}, which is nothing that this statement reads: is it another statement's?",
                self.file,
                names.join(", ")
            );
            footprint.warnings.push(Warning::new(WarningCode::PartlyUnderstood, message).at(self.position.clone()));
        }
    }

    /// Replaces what the model counted of reads; what it counted of writes stays.
    fn counts(&self, reading: &Reading, footprint: &mut Footprint) {
        let own = footprint.counts;
        // Tables are as large as the model knows them to be, so descents are as deep.
        let depth = if own.index_descent > 0.0 { own.descent_depth / own.index_descent } else { 0.0 };
        let checks = own.foreign_key_check;
        let counts = &mut footprint.counts;
        counts.index_descent = reading.counts.index_descent + checks;
        counts.descent_depth = depth * counts.index_descent;
        counts.buffer_visit = reading.counts.buffer_visit + checks * (DESCENT_PAGES + 1.0);
        counts.index_row = reading.counts.index_row;
        counts.seq_row = reading.counts.seq_row;
        counts.plan_node = reading.counts.plan_node;
        counts.row_test = reading.counts.row_test;
        counts.text_test = reading.counts.text_test;
        counts.pattern_test = reading.counts.pattern_test;
        counts.sort_step = reading.counts.sort_step;
        counts.text_sort_step = reading.counts.text_sort_step;
        counts.group_row = reading.counts.group_row;
        counts.group_made = reading.counts.group_made;
        counts.join_row = reading.counts.join_row;
        counts.hash_row = reading.counts.hash_row;
        counts.aggregate_row = reading.counts.aggregate_row;
        counts.executor_run = own.executor_run.max(1.0);
        counts.message = 1.0;
    }
}

/// WAL of the plan's records, without full-page images; `None` where it does not say, or where images that left out
/// their holes hide it.
fn records(root: Node<'_>) -> Option<f64> {
    let bytes = root.number("WAL Bytes")?;
    let images = root.number("WAL FPI").unwrap_or(0.0);
    // An image is a page at most; what is left of a plan's WAL is its records.
    if images == 0.0 { Some(bytes) } else { Some(bytes - images * PAGE_BYTES).filter(|rest| *rest > 0.0) }
}

/// WAL of the locks on rows that foreign keys point at, which are taken after the plan.
fn reference_locks(footprint: &Footprint) -> f64 {
    if footprint.counts.foreign_key_check <= 0.0 || footprint.rows_written <= 0.0 {
        return 0.0;
    }
    let locks = footprint.locks.iter().filter(|l| l.mode == LockMode::KeyShare);
    locks.map(|l| l.rows * wal::heap_lock()).sum()
}

/// As many rows written as the plan wrote.
fn scale_writes(footprint: &mut Footprint, factor: f64) {
    if !factor.is_finite() {
        return;
    }
    footprint.rows_written *= factor;
    footprint.index_entries *= factor;
    footprint.wal_bytes = Bytes(footprint.wal_bytes.get() * factor);
    let counts = &mut footprint.counts;
    for count in [&mut counts.row_written, &mut counts.index_entry, &mut counts.foreign_key_check] {
        *count *= factor;
    }
    footprint.locks.iter_mut().for_each(|l| l.rows *= factor);
    footprint.touches.iter_mut().for_each(|t| t.modified *= factor);
}

/// As many page visits as the plan made, spread as the model spreads them.
fn scale_touches(footprint: &mut Footprint, pages: f64) {
    let own = footprint.pages.get();
    if own > 0.0 && pages > 0.0 {
        footprint.touches.iter_mut().for_each(|t| t.visits *= pages / own);
    }
}
