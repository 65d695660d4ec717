//! What the rows that a statement returns cost: expressions evaluated, values written as text.

use crate::access::block::{Action, Bound, Node};
use crate::access::evaluation::Evaluation;
use crate::access::footprint::Counts;
use crate::access::pull_up::aggregates_in;
use crate::schema::TypeFamily;

/// Charges `rows` rows that go to the client.
pub fn charge(bound: &Bound, rows: f64, counts: &mut Counts) {
    if rows <= 0.0 {
        return;
    }
    let column = |name: &str| match &bound.action {
        Action::Query(Node::Block(block)) => {
            block.rels.iter().find_map(|r| r.info.column(name).map(|c| r.info.columns[c].family))
        }
        _ => None,
    };
    for output in &bound.returning {
        counts.value_sent += rows;
        if output.info.time || output.info.family == TypeFamily::Numeric {
            counts.value_formatted += rows;
        }
        // What goes into aggregates is charged with them.
        if aggregates_in(&output.expr) == 0 {
            Evaluation::of(&output.expr, &column).charge(rows, counts);
        }
        if is_sequence(&output.expr) {
            counts.sequence_value += rows;
        }
    }
}

fn is_sequence(expr: &crate::sql::tree::Expr) -> bool {
    matches!(expr, crate::sql::tree::Expr::Call { name, .. } if name.name == "nextval")
}
