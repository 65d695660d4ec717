//! The tables that probes run on: their DDL, how they are filled, and the statistics that follow from that.
//!
//! The same DDL goes to the server and to the model, so that what is counted is what is run.

use serde_json::{Value, json};

/// One table.
#[derive(Debug, Clone, Copy)]
pub struct ProbeTable {
    /// Its name.
    pub name: &'static str,
    /// Columns, keys and storage parameters, as between the parentheses of CREATE TABLE and after them; `LOCALE` stands
    /// for the collation under which text compares by a language's rules.
    columns: &'static str,
    /// Indexes made after it has been filled: name and columns.
    indexes: &'static [(&'static str, &'static str)],
    /// The key, made after it has been filled.
    key: &'static str,
    /// Rows, numbered `g` from 1, or 0 for a table that only grows.
    rows: u32,
    /// What each row holds, in the order of the columns.
    values: &'static str,
    /// Statistics of its columns, as a workload file gives them.
    statistics: fn() -> Value,
}

/// Rows that a table which only grows has on average while it is probed.
const GROWING_ROWS: u32 = 20_000;

fn none() -> Value {
    json!({})
}

fn scanned(rows: u32) -> Value {
    json!({
        "i": {"distinct": rows, "correlation": 0, "min": 1, "max": rows},
        "g": {"distinct": 50, "correlation": 0.02, "min": 0, "max": 49},
        "r": {"distinct": 1000, "correlation": 0, "min": 1, "max": 1000},
        "n": {"distinct": rows, "correlation": 0, "min": 0.01, "max": 1000, "avg_bytes": 6},
        "t": {"distinct": rows, "correlation": 0, "avg_bytes": 33},
        "s": {"distinct": 50, "correlation": 0.02, "avg_bytes": 10},
        "l": {"distinct": rows, "correlation": 0, "avg_bytes": 33},
        "ts": {"distinct": rows, "correlation": -1},
    })
}

const SCANNED: &str = r#"id integer NOT NULL, i integer NOT NULL, g integer NOT NULL, r integer NOT NULL, n numeric(10,2) NOT NULL, ts timestamp with time zone NOT NULL, t text COLLATE "C" NOT NULL, s text COLLATE "C" NOT NULL, l text COLLATE LOCALE NOT NULL"#;

/// Tables whose autovacuum is off, so that no worker's time is taken for a probe's.
pub const TABLES: &[ProbeTable] = &[
    ProbeTable {
        name: "tiny",
        columns: "id integer NOT NULL, v integer NOT NULL",
        indexes: &[],
        key: "id",
        rows: 2_000,
        values: "g, g % 1000",
        statistics: || json!({"v": {"distinct": 1000, "correlation": 0, "min": 0, "max": 999}}),
    },
    ProbeTable {
        name: "middle",
        columns: r#"id integer NOT NULL, k integer NOT NULL, a integer NOT NULL, v integer NOT NULL, filler text COLLATE "C" NOT NULL"#,
        indexes: &[("middle_k", "k"), ("middle_a", "a")],
        key: "id",
        rows: 200_000,
        values: "g, (g::bigint * 7919 % 200000)::integer + 1, (g::bigint * 7919 % 2000)::integer + 1, g % 1000, repeat('x', 60)",
        statistics: || {
            json!({
                "k": {"distinct": -1, "correlation": 0, "min": 1, "max": 200_000},
                "a": {"distinct": 2000, "correlation": 0, "min": 1, "max": 2000},
                "v": {"distinct": 1000, "correlation": 0},
                "filler": {"distinct": 1, "avg_bytes": 61},
            })
        },
    },
    ProbeTable {
        name: "large",
        columns: "id integer NOT NULL, v integer NOT NULL",
        indexes: &[],
        key: "id",
        rows: 2_000_000,
        values: "g, g % 1000",
        statistics: none,
    },
    ProbeTable {
        name: "multi",
        columns: "a integer NOT NULL, b integer NOT NULL, c integer NOT NULL, v integer NOT NULL",
        indexes: &[],
        key: "a, b, c",
        rows: 200_000,
        values: "g % 20, g / 20 % 100, g / 2000 % 100, g % 1000",
        statistics: || {
            json!({
                "a": {"distinct": 20, "correlation": 0.05, "min": 0, "max": 19},
                "b": {"distinct": 100, "correlation": 0.02, "min": 0, "max": 99},
                "c": {"distinct": 100, "correlation": 0.99, "min": 0, "max": 99},
            })
        },
    },
    ProbeTable {
        name: "by_text",
        columns: "code text COLLATE LOCALE NOT NULL, v integer NOT NULL",
        indexes: &[],
        key: "code",
        rows: 200_000,
        values: "'user-' || g, g % 1000",
        statistics: || json!({"code": {"avg_bytes": 12, "correlation": 0.8}}),
    },
    ProbeTable {
        name: "thousand",
        columns: SCANNED,
        indexes: &[],
        key: "id",
        rows: 1_000,
        values: "g, g * 791 % 1000 + 1, g % 50, g % 1000 + 1, (g * 37 % 1000 + 1) / 10.0, now() - g * interval '1 minute', md5(g::text), 'status-' || g % 50, md5((g + 7)::text)",
        statistics: || scanned(1_000),
    },
    ProbeTable {
        name: "scanned",
        columns: SCANNED,
        indexes: &[],
        key: "id",
        rows: 10_000,
        values: "g, (g * 7919::bigint % 10000)::integer + 1, g % 50, g % 1000 + 1, (g * 37 % 10000 + 1) / 10.0, now() - g * interval '1 minute', md5(g::text), 'status-' || g % 50, md5((g + 7)::text)",
        statistics: || scanned(10_000),
    },
    ProbeTable {
        name: "columns20",
        columns: "id integer NOT NULL, a1 integer, a2 integer, a3 integer, a4 integer, a5 integer, a6 integer, a7 integer, a8 integer, a9 integer, b1 bigint, b2 bigint, b3 bigint, b4 bigint, b5 bigint, b6 bigint, b7 bigint, b8 bigint, b9 bigint, b10 bigint",
        indexes: &[],
        key: "id",
        rows: 2_000,
        values: "g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g, g",
        statistics: none,
    },
    ProbeTable {
        name: "wide",
        columns: r#"id integer NOT NULL, a text COLLATE "C" NOT NULL, b text COLLATE "C" NOT NULL, c text COLLATE "C" NOT NULL, d text COLLATE "C" NOT NULL"#,
        indexes: &[],
        key: "id",
        rows: 2_000,
        values: "g, repeat('a', 450), repeat('b', 450), repeat('c', 450), repeat('d', 450)",
        statistics: wide_texts,
    },
    ProbeTable {
        name: "wide_copy",
        columns: r#"id integer NOT NULL, a text COLLATE "C" NOT NULL, b text COLLATE "C" NOT NULL, c text COLLATE "C" NOT NULL, d text COLLATE "C" NOT NULL"#,
        indexes: &[],
        key: "",
        rows: 0,
        values: "",
        statistics: wide_texts,
    },
    ProbeTable {
        name: "log0",
        columns: r#"a integer, b integer, t text COLLATE "C""#,
        indexes: &[],
        key: "",
        rows: 0,
        values: "",
        statistics: || json!({"t": {"avg_bytes": 21}}),
    },
    ProbeTable {
        name: "serial1",
        columns: "id integer GENERATED BY DEFAULT AS IDENTITY, a integer, b integer",
        indexes: &[],
        key: "id",
        rows: 0,
        values: "",
        statistics: none,
    },
    ProbeTable {
        name: "few3",
        columns: "a integer, b integer, c integer",
        indexes: &[("few3_a", "a"), ("few3_b", "b"), ("few3_c", "c")],
        key: "",
        rows: 0,
        values: "",
        statistics: many_values,
    },
    ProbeTable {
        name: "big1",
        columns: "a integer, b integer, c integer",
        indexes: &[("big1_a", "a")],
        key: "",
        rows: 200_000,
        values: "(g::bigint * 7919 % 200000)::integer, (g::bigint * 7907 % 200000)::integer, (g::bigint * 7901 % 200000)::integer",
        statistics: many_values,
    },
    ProbeTable {
        name: "big3",
        columns: "a integer, b integer, c integer",
        indexes: &[("big3_a", "a"), ("big3_b", "b"), ("big3_c", "c")],
        key: "",
        rows: 200_000,
        values: "(g::bigint * 7919 % 200000)::integer, (g::bigint * 7907 % 200000)::integer, (g::bigint * 7901 % 200000)::integer",
        statistics: many_values,
    },
    ProbeTable {
        name: "big5",
        columns: "a integer, b integer, c integer, d integer, e integer",
        indexes: &[("big5_a", "a"), ("big5_b", "b"), ("big5_c", "c"), ("big5_d", "d"), ("big5_e", "e")],
        key: "",
        rows: 200_000,
        values: "(g::bigint * 7919 % 200000)::integer, (g::bigint * 7907 % 200000)::integer, (g::bigint * 7901 % 200000)::integer, (g::bigint * 7883 % 200000)::integer, (g::bigint * 7879 % 200000)::integer",
        statistics: many_values,
    },
    ProbeTable {
        name: "changed",
        columns: r#"id integer NOT NULL, k integer NOT NULL, v integer NOT NULL, t text COLLATE "C" NOT NULL) WITH (fillfactor = 60"#,
        indexes: &[("changed_k", "k")],
        key: "id",
        rows: 50_000,
        values: "g, (g::bigint * 7919 % 50000)::integer, 0, repeat('t', 40)",
        statistics: || json!({"k": {"distinct": 50_000, "correlation": 0}, "t": {"distinct": 1, "avg_bytes": 41}}),
    },
    ProbeTable {
        name: "changed_wide",
        columns: r#"id integer NOT NULL, v integer NOT NULL, t text COLLATE "C" NOT NULL) WITH (fillfactor = 50"#,
        indexes: &[],
        key: "id",
        rows: 20_000,
        values: "g, 0, repeat('t', 800)",
        statistics: || json!({"t": {"distinct": 1, "avg_bytes": 804}}),
    },
    ProbeTable {
        name: "counter",
        columns: "id integer NOT NULL, v integer NOT NULL) WITH (fillfactor = 50",
        indexes: &[],
        key: "id",
        rows: 20_000,
        values: "g, 0",
        statistics: none,
    },
    ProbeTable {
        name: "replaced",
        columns: "id integer NOT NULL, v integer NOT NULL) WITH (fillfactor = 50",
        indexes: &[],
        key: "id",
        rows: 200_000,
        values: "g, 0",
        statistics: none,
    },
    ProbeTable {
        name: "indexed3",
        columns: "id integer NOT NULL, a integer NOT NULL, b integer NOT NULL) WITH (fillfactor = 60",
        indexes: &[("indexed3_a", "a"), ("indexed3_b", "b")],
        key: "id",
        rows: 200_000,
        values: "g, (g::bigint * 7919 % 200000)::integer, (g::bigint * 7907 % 200000)::integer",
        statistics: || json!({"a": {"distinct": 200_000, "correlation": 0}, "b": {"distinct": 200_000, "correlation": 0}}),
    },
    ProbeTable {
        name: "parent",
        columns: "id integer NOT NULL, v integer NOT NULL",
        indexes: &[],
        key: "id",
        rows: 50_000,
        values: "g, 0",
        statistics: none,
    },
    ProbeTable {
        name: "child1",
        columns: "p integer REFERENCES parent (id), v integer",
        indexes: &[],
        key: "",
        rows: 0,
        values: "",
        statistics: none,
    },
    ProbeTable {
        name: "child3",
        columns: "p integer REFERENCES parent (id), q integer REFERENCES parent (id), r integer REFERENCES parent (id), v integer",
        indexes: &[],
        key: "",
        rows: 0,
        values: "",
        statistics: none,
    },
];

fn wide_texts() -> Value {
    let text = json!({"distinct": 1, "avg_bytes": 454});
    json!({"a": text, "b": text, "c": text, "d": text})
}

fn many_values() -> Value {
    json!({
        "a": {"distinct": 200_000, "correlation": 0},
        "b": {"distinct": 200_000, "correlation": 0},
        "c": {"distinct": 200_000, "correlation": 0},
    })
}

impl ProbeTable {
    /// CREATE TABLE alone, then filling, then keys and indexes, as statements.
    fn parts(&self, locale: &str) -> (String, Option<String>, Vec<String>) {
        let name = self.name;
        let columns = self.columns.replace("LOCALE", locale);
        let create = format!("CREATE TABLE {name} ({columns})");
        let fill = (self.rows > 0)
            .then(|| format!("INSERT INTO {name} SELECT {} FROM generate_series(1, {}) AS g", self.values, self.rows));
        let mut after = Vec::new();
        if !self.key.is_empty() {
            after.push(format!("ALTER TABLE {name} ADD PRIMARY KEY ({})", self.key));
        }
        after.extend(self.indexes.iter().map(|(index, on)| format!("CREATE INDEX {index} ON {name} ({on})")));
        (create, fill, after)
    }

    /// Its DDL, as the model reads it.
    #[must_use]
    pub fn ddl(&self, locale: &str) -> String {
        let (create, _, after) = self.parts(locale);
        std::iter::once(create).chain(after).map(|s| s + ";\n").collect()
    }

    /// Makes and fills it, statement by statement, since VACUUM cannot run among others.
    #[must_use]
    pub fn build(&self, locale: &str) -> Vec<String> {
        let (create, fill, after) = self.parts(locale);
        let quiet = format!("ALTER TABLE {} SET (autovacuum_enabled = off)", self.name);
        let vacuum = format!("VACUUM ANALYZE {}", self.name);
        [create, quiet].into_iter().chain(fill).chain(after).chain([vacuum]).collect()
    }

    /// Its entry under `tables:` of a workload file.
    #[must_use]
    pub fn statistics(&self) -> Value {
        let rows = if self.rows > 0 { self.rows } else { GROWING_ROWS };
        json!({"rows": rows, "columns": (self.statistics)()})
    }
}

/// DDL of all of them and of the sequence that probes draw from.
#[must_use]
pub fn ddl(locale: &str) -> String {
    TABLES.iter().map(|t| t.ddl(locale)).chain([format!("{SEQUENCE};\n")]).collect()
}

/// The sequence that probes draw from.
pub const SEQUENCE: &str = "CREATE SEQUENCE drawn CACHE 1";
