//! Whatever the bytes: splitter, statements, expressions and schemas neither panic nor hang.

use proptest::prelude::*;

use super::{PieceKind, parse_expr, parse_statement_noted, split};
use crate::schema;

/// Texts that the mutations start from: all forms of statement that the readers know.
const SEEDS: &[&str] = &[
    include_str!("../../tests/fixtures/forms.sql"),
    include_str!("../../tests/fixtures/orders.sql"),
    include_str!("../../tests/fixtures/queue.sql"),
    include_str!("../../tests/fixtures/pg12.sql"),
    include_str!("../../tests/fixtures/pg18.sql"),
    include_str!("../../tests/dumps/ticketing.sql"),
    include_str!("../../tests/dumps/constraints.sql"),
    include_str!("../../tests/dumps/typed_tables.sql"),
    include_str!("../../tests/dumps/events_deep.sql"),
    include_str!("../../tests/dumps/sequences.sql"),
    include_str!("../../tests/dumps/legacy.sql"),
    include_str!("../../tests/dumps/quoted.sql"),
    "WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT a + 1 FROM x) SELECT DISTINCT ON (a) *, count(*) FILTER (WHERE b) \
     OVER (PARTITION BY c ORDER BY d) FROM t JOIN u USING (k), LATERAL f($1) AS g (h) WHERE a BETWEEN 1 AND 2 OR NOT b \
     GROUP BY 1 HAVING sum(x) > ANY ('{1}') ORDER BY 1 LIMIT 5 FOR UPDATE SKIP LOCKED",
    "INSERT INTO t (a) VALUES ($1, DEFAULT) ON CONFLICT (a) DO UPDATE SET (b, c) = (1, 2) WHERE t.a > 0 RETURNING *",
    "UPDATE t SET a = CASE WHEN b IS NOT DISTINCT FROM c THEN ARRAY[1]::int[] END[1] FROM u WHERE EXISTS (SELECT 1)",
    "DELETE FROM ONLY t USING u WHERE j->'a'->>'b' LIKE 'x' ESCAPE '!' AND (a, b) IN (SELECT 1, 2)",
];

/// Pieces of text that break readers more often than letters do.
const SHARDS: &[&str] = &[
    "'",
    "\"",
    "$$",
    "$a$",
    "/*",
    "*/",
    "--",
    ";",
    "(",
    ")",
    "[",
    "]",
    ",",
    "::",
    "\\",
    "\n",
    "E'",
    "U&'",
    "\u{0}",
    "é",
    " BETWEEN ",
    " AND ",
    " NOT ",
    " IN ",
    " ANY ",
    " CASE ",
    " END ",
    " JOIN ",
    " ON ",
    " UNION ",
    " SELECT ",
    "@#@",
    " PARTITION OF ",
    " INHERITS (t) ",
    " DEFAULT ",
    " LIKE ",
    "COPY t FROM stdin;\n",
    "BEGIN ATOMIC ",
    "1e",
    "$1",
    "..",
];

/// A part of a seed with shards put in and parts taken out.
fn mutated() -> impl Strategy<Value = String> {
    let edits = prop::collection::vec((any::<u16>(), 0..SHARDS.len(), 0..12usize), 0..8);
    (0..SEEDS.len(), any::<u16>(), 1..1500usize, edits).prop_map(|(seed, from, length, edits)| {
        let mut text: Vec<char> = SEEDS[seed].chars().collect();
        let from = usize::from(from) % text.len();
        text = text[from..].iter().copied().take(length).collect();
        for (at, shard, cut) in edits {
            let at = usize::from(at) % (text.len() + 1);
            let end = (at + cut).min(text.len());
            text.splice(at..end, SHARDS[shard].chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn mutated_texts_do_no_harm(text in mutated()) {
        let pieces = split(&text);
        let mut end = 0;
        for piece in &pieces {
            // Pieces are in order, do not overlap and can be cut out.
            prop_assert!(piece.span.start >= end && text.get(piece.span.clone()).is_some());
            end = piece.span.end;
        }
        for piece in pieces.iter().filter(|p| p.kind == PieceKind::Statement).take(4) {
            let statement = &text[piece.span.clone()];
            if let Err(error) = parse_statement_noted(statement) {
                prop_assert!(error.span.start <= error.span.end && error.span.end <= statement.len(), "{:?}", error);
            }
            let _ = parse_expr(statement);
        }
        let schema = schema::read("x.sql", &text);
        for table in &schema.tables {
            for key in &table.foreign_keys {
                prop_assert!(key.references < schema.tables.len());
            }
            prop_assert!(table.inherits.iter().all(|p| *p < schema.tables.len()));
            prop_assert!(schema.find_table(&table.name).is_some());
        }
    }

    #[test]
    fn bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = split(&text);
        let _ = parse_statement_noted(&text);
        let _ = schema::read("x.sql", &text);
    }
}
