//! What aggregates cost per row that goes into them.

use crate::access::block::{Block, Compared, place_of};
use crate::access::column::ColumnInfo;
use crate::access::evaluation::Evaluation;
use crate::access::pull_up::is_aggregate;
use crate::access::tally::Tally;
use crate::access::walk;
use crate::schema::TypeFamily;
use crate::sql::tree::Expr;

/// Charges the aggregates of a level for `rows` rows: their arguments, their transitions, and the sort of DISTINCT.
pub fn charge(block: &Block, rows: f64, tally: &mut Tally) {
    let mut found = 0.0_f64;
    for output in &block.outputs {
        walk::visit(&output.expr, &mut |e| {
            if let (true, Expr::Call { args, distinct, .. }) = (is_aggregate(e), e) {
                found += 1.0;
                for argument in args {
                    one(block, argument, *distinct, rows, tally);
                }
            }
        });
    }
    // Those of HAVING are known by their number.
    tally.counts.aggregate_row += rows * found.max(block.aggregates);
}

fn one(block: &Block, argument: &Expr, distinct: bool, rows: f64, tally: &mut Tally) {
    let column = |name: &str| block.rels.iter().find_map(|r| r.info.column(name).map(|c| &r.info.columns[c]));
    Evaluation::of(argument, &|name| column(name).map(|c| c.family)).charge(rows, &mut tally.counts);
    let mut used: Vec<&ColumnInfo> = Vec::new();
    walk::visit(argument, &mut |e| {
        if let Expr::Column { qualifier, name, .. } = e {
            let rel = place_of(qualifier.as_deref()).and_then(|place| block.rels.get(place));
            used.extend(rel.and_then(|r| r.info.column(name).map(|c| &r.info.columns[c])));
        }
    });
    // Adding up numerics is one more operation on them.
    if used.iter().any(|c| c.family == TypeFamily::Numeric) {
        tally.counts.numeric_operation += rows;
    }
    if distinct {
        let compared = used.iter().map(|c| Compared::of(c)).max().unwrap_or_default();
        tally.sort(rows, 1.0, compared, None);
    }
}
