//! How long texts are: a mean is one of many lengths, but where values are looked for as they are made.

use predict::schema::Table;
use predict::workload::{StepKind, Workload};

use crate::fill::mentions;

/// Letters from which the lengths of texts spread, and values of a column from which they keep their mean.
const LONG_TEXT: usize = 20;
const FEW_VALUES: f64 = 100.0;

/// How long the values of a text are.
#[derive(Clone, Copy)]
pub enum Lengths {
    /// All as long as their average.
    Equal,
    /// From half to one and a half times that, drawn with this salt.
    Spread(u64),
}

impl Lengths {
    /// Those of a column of so many values; nothing may depend on how a value is written.
    pub fn of_column(workload: &Workload, table: &Table, column: &str, distinct: f64, salt: u64) -> Self {
        let free = distinct >= FEW_VALUES && !is_keyed(table, column) && !looked_for(workload, column);
        if free { Self::Spread(salt) } else { Self::Equal }
    }

    /// The SQL of the length of a value whose number is given.
    pub fn of(self, letters: usize, number: &str) -> String {
        match self {
            Self::Spread(salt) if letters >= LONG_TEXT => {
                let draw = format!("((hashint8extended(({number})::bigint, {salt}) & 1023) / 1023.0)");
                format!("({letters} * (0.5 + {draw}))::integer")
            }
            _ => letters.to_string(),
        }
    }
}

/// Whether a statement looks for values of a column of that name as the filling makes them.
fn looked_for(workload: &Workload, column: &str) -> bool {
    let steps = workload.transactions.iter().flat_map(|t| &t.steps);
    steps.into_iter().any(|s| match &s.kind {
        StepKind::Statement(text) => text.sql.contains(&format!("{column} = rpad(")),
        _ => false,
    })
}

/// Whether a column is in an index or refers to another table, so that statements may look for its values.
fn is_keyed(table: &Table, column: &str) -> bool {
    let indexed = table
        .indexes
        .iter()
        .any(|i| i.keys.iter().any(|k| mentions(&k.expr, column)) || i.include.iter().any(|c| c == column));
    indexed || table.foreign_keys.iter().any(|k| k.columns.iter().any(|c| c == column))
}
