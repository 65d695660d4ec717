//! One node of a plan, and what its numbers mean.

use serde_json::Value;

/// Nodes that are followed below each other; deeper ones are none that PostgreSQL makes.
pub(super) const MAX_DEPTH: usize = 200;

/// A node of a plan tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'v>(pub(super) &'v Value);

impl<'v> Node<'v> {
    /// A number; negative ones mean nothing in a plan.
    pub(super) fn number(self, key: &str) -> Option<f64> {
        self.0.get(key).and_then(Value::as_f64).filter(|x| x.is_finite() && *x >= 0.0)
    }

    /// A text; empty where there is none.
    pub(super) fn text(self, key: &str) -> &'v str {
        self.0.get(key).and_then(Value::as_str).unwrap_or("")
    }

    /// The nodes below.
    pub(super) fn children(self) -> impl Iterator<Item = Node<'v>> {
        self.0.get("Plans").and_then(Value::as_array).into_iter().flatten().map(Node)
    }

    /// `Outer`, `Inner`, `InitPlan`, `SubPlan`, `Member`, `Subquery`.
    pub(super) fn role(self) -> &'v str {
        self.text("Parent Relationship")
    }

    /// Whether the plan was run (ANALYZE).
    pub(super) fn was_run(self) -> bool {
        self.number("Actual Rows").is_some()
    }

    /// How often it ran; `believed` where the plan was not run.
    pub(super) fn loops(self, believed: f64) -> f64 {
        if self.was_run() { self.number("Actual Loops").unwrap_or(1.0) } else { believed }
    }

    /// Rows over all loops: actual ones when the plan was run.
    pub(super) fn rows(self, believed_loops: f64) -> f64 {
        let each = self.number("Actual Rows").or_else(|| self.number("Plan Rows")).unwrap_or(0.0);
        each * self.loops(believed_loops)
    }

    /// Rows that filters and rechecks threw away, over all loops.
    pub(super) fn removed(self, loops: f64) -> f64 {
        let keys = ["Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter"];
        keys.iter().filter_map(|k| self.number(k)).sum::<f64>() * loops
    }

    /// Buffer accesses of a node, its children included, over all loops.
    pub(super) fn buffers(self) -> Option<f64> {
        let (hit, read) = (self.number("Shared Hit Blocks"), self.number("Shared Read Blocks"));
        (hit.is_some() || read.is_some()).then(|| hit.unwrap_or(0.0) + read.unwrap_or(0.0))
    }

    /// The same without its children. An InitPlan's buffers are in the node it hangs below.
    pub(super) fn own_buffers(self) -> Option<f64> {
        let inside: f64 = self.children().filter_map(Node::buffers).sum();
        Some((self.buffers()? - inside).max(0.0))
    }

    /// Processes that share its work, by the planner's count: workers, and what the leader adds.
    pub(super) fn parallel_divisor(workers: f64) -> f64 {
        workers + (1.0 - 0.3 * workers).max(0.0)
    }

    /// Visits the node and all below it.
    pub(super) fn visit(self, depth: usize, see: &mut dyn FnMut(Node<'v>)) {
        see(self);
        if depth < MAX_DEPTH {
            self.children().for_each(|c| c.visit(depth + 1, see));
        }
    }
}
