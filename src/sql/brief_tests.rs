//! What is read from tokens is what the parser's tree gives.

use super::split::{PieceKind, split};
use super::{brief, ddl};

/// Compares both for every statement of a text; gives how many were read from tokens.
fn compare(text: &str) -> usize {
    let mut read = 0;
    for piece in split(text).into_iter().filter(|p| p.kind == PieceKind::Statement && !p.unterminated) {
        let statement = &text[piece.span.clone()];
        if let Some(found) = brief::statement(text, piece.span.clone()) {
            let tree = ddl::read_tree(text, &piece).unwrap_or_else(|e| panic!("{statement}: {e}"));
            assert_eq!(vec![found], tree.ddl, "{statement}");
            assert!(tree.notes.is_empty(), "{statement}: {:?}", tree.notes);
            read += 1;
        }
    }
    read
}

#[test]
fn dumps_read_the_same_from_tokens() {
    let dump = "
CREATE TABLE public.t (
    id bigint NOT NULL,
    \"Name\" character varying(80) DEFAULT 'x'::character varying NOT NULL,
    code character varying,
    b boolean DEFAULT true NOT NULL, n integer DEFAULT 0, s smallint DEFAULT 1 NOT NULL,
    x double precision, r public.\"Mood\" NOT NULL, p numeric(12,2) DEFAULT 5, q numeric, tags text[] DEFAULT '{}'::text[] NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL, loc timestamp without time zone, meta jsonb DEFAULT '{\"a\": \"it''s\"}'::jsonb,
    u uuid DEFAULT gen_random_uuid() NOT NULL, seq bigint DEFAULT nextval('public.s'::regclass) NOT NULL, g geometry(3), v ext.v(3)[], c \"char\"
);
ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);
ALTER TABLE ONLY public.t
    ADD CONSTRAINT t_pkey PRIMARY KEY (id);
ALTER TABLE t ADD CONSTRAINT \"T U\" UNIQUE (\"Name\", code);
ALTER TABLE ONLY a.t
    ADD CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES b.u(c, d) ON UPDATE CASCADE ON DELETE SET NULL;
ALTER TABLE ONLY a.t ADD CONSTRAINT fk2 FOREIGN KEY (a) REFERENCES u(c) ON DELETE NO ACTION ON UPDATE SET DEFAULT;
CREATE INDEX i ON public.t USING btree (id DESC, \"Name\", code NULLS FIRST, n DESC NULLS LAST, s ASC);
CREATE UNIQUE INDEX j ON ONLY t USING gin (tags);
CREATE INDEX k ON t (id);
CREATE INDEX w ON t (id) WHERE ((a > 1) AND (b = 'x''y'::text));
CREATE TABLE mixed (a int PRIMARY KEY, b varchar(5) NOT NULL PRIMARY KEY, c int DEFAULT 1 + 2, d text DEFAULT 'x' COLLATE \"C\", e text DEFAULT 'x'
    'y', f int[][], CHECK (a > 0), CONSTRAINT m_pk PRIMARY KEY (a, b), g numeric(5,-2), h timestamp(3), LIKE other INCLUDING ALL,
    i decimal(4,2), j real, k boolean, FOREIGN KEY (a) REFERENCES o (b) ON DELETE CASCADE, l int REFERENCES q, l2 bigint NOT NULL REFERENCES s.q(id) ON DELETE CASCADE ON UPDATE NO ACTION UNIQUE DEFAULT 5,
    l3 text UNIQUE NOT NULL DEFAULT 'a', l4 int UNIQUE NULLS NOT DISTINCT, l5 int REFERENCES q (id) DEFERRABLE, l6 int REFERENCES q ON DELETE SET NULL (l6), l7 int UNIQUE WITH (fillfactor = 70), l8 int NULL DEFAULT NULL, m char(3), n bit(4), exclusive int);
";
    assert_eq!(compare(dump), 11);
    // What is of another form is left to the parser.
    for other in [
        "CREATE TABLE t (a int) WITH (fillfactor = 70)",
        "CREATE TABLE IF NOT EXISTS t (a bigint)",
        "CREATE INDEX IF NOT EXISTS i ON t (a)",
        "CREATE INDEX ON t (a)",
        "CREATE INDEX i ON t (a) WHERE a >",
        "CREATE TABLE t (a int, b ?)",
        "CREATE INDEX i ON t (a text_ops)",
        "CREATE INDEX i ON t (lower(a))",
        "ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY USING INDEX i",
        "ALTER TABLE t ADD CONSTRAINT c UNIQUE (a) INCLUDE (b)",
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a, PERIOD b) REFERENCES u(a, PERIOD b)",
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u(a) NOT ENFORCED",
        "ALTER TABLE IF EXISTS t ADD CONSTRAINT c UNIQUE (a)",
        "ALTER TABLE t ADD CONSTRAINT c UNIQUE (a), DROP COLUMN b",
    ] {
        assert!(brief::statement(other, 0..other.len()).is_none(), "{other}");
    }
}

#[test]
fn schemas_of_all_kinds_read_the_same_from_tokens() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut read = 0;
    for folder in [folder.join("dumps"), folder.join("fixtures")] {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|e| e == "sql") {
                read += compare(&std::fs::read_to_string(path).expect("a schema"));
            }
        }
    }
    assert!(read > 100, "{read}");
}
