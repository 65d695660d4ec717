//! Advisory locks: numbers that the application chose, locked by functions in the select list.

use crate::access::block::{Bound, Output};
use crate::access::condition;
use crate::access::footprint::{LockUse, Lockable, Popularity};
use crate::access::popularity;
use crate::access::values::Draws;
use crate::access::walk;
use crate::schema::TableId;
use crate::sql::tree::{Expr, LockMode, LockWait};

/// The advisory locks that a statement takes once, and whether one of them outlives the transaction.
#[must_use]
pub fn locks(bound: &Bound, draws: &Draws) -> (Vec<LockUse>, bool) {
    let mut found = Vec::new();
    let mut session = false;
    for Output { expr, .. } in &bound.returning {
        walk::visit(expr, &mut |e| {
            let Expr::Call { name, args, .. } = e else { return };
            let Some(kind) = name.name.strip_prefix("pg_") else { return };
            let tried = kind.starts_with("try_advisory_");
            if !(tried || kind.starts_with("advisory_")) || kind.contains("unlock") {
                return;
            }
            session |= !kind.contains("xact");
            found.push(LockUse {
                table: TableId::MAX,
                of: Lockable::Advisory,
                rows: 1.0,
                mode: if kind.ends_with("_shared") { LockMode::Share } else { LockMode::Update },
                wait: if tried { LockWait::NoWait } else { LockWait::Block },
                popularity: numbers(args, draws),
                which: which(args),
            });
        });
    }
    (found, session)
}

/// Which numbers are locked how often: as the last variable among the arguments is drawn, one number without any.
fn numbers(args: &[Expr], draws: &Draws) -> Popularity {
    let mut last = None;
    for arg in args {
        walk::visit(arg, &mut |e| {
            if let Expr::Parameter { number, .. } = e {
                last = draws.distribution(*number).and_then(popularity::of_values).or_else(|| last.take());
            }
        });
    }
    last.unwrap_or_else(|| Popularity::uniform(1.0))
}

fn which(args: &[Expr]) -> Option<String> {
    let texts: Vec<String> = args.iter().map(condition::text).collect();
    let all = texts.join(", ");
    (!all.contains('…')).then(|| format!("key = {all}"))
}
