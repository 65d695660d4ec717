//! pgbench's tables as DDL, with the rows and statistics that they have after initialization.

use serde_json::{Value, json};

/// Rows of pgbench_accounts per unit of scale.
const ACCOUNTS: u64 = 100_000;
/// Rows of pgbench_tellers per unit of scale.
const TELLERS: u64 = 10;
/// From this scale on, pgbench makes account numbers 64 bits wide.
const WIDE_FROM: u64 = 20_000;

/// How pgbench_accounts is partitioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartitionMethod {
    /// By ranges of aid.
    #[default]
    Range,
    /// By a hash of aid.
    Hash,
}

/// The tables that `pgbench -i` makes with these options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// `-s`.
    pub scale: u64,
    /// `-F`.
    pub fillfactor: u32,
    /// `--partitions`; 0: none.
    pub partitions: u32,
    /// `--partition-method`.
    pub method: PartitionMethod,
    /// `--unlogged-tables`.
    pub unlogged: bool,
    /// `--foreign-keys`, or step `f`.
    pub foreign_keys: bool,
    /// Step `p`.
    pub primary_keys: bool,
    /// Steps `g` or `G`.
    pub filled: bool,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            scale: 1,
            fillfactor: 100,
            partitions: 0,
            method: PartitionMethod::Range,
            unlogged: false,
            foreign_keys: false,
            primary_keys: true,
            filled: true,
        }
    }
}

impl Tables {
    /// The DDL, one statement after another.
    #[must_use]
    pub fn ddl(&self) -> String {
        let wide = if self.scale >= WIDE_FROM { "bigint" } else { "int" };
        let unlogged = if self.unlogged { "unlogged " } else { "" };
        let filled = format!(" with (fillfactor={})", self.fillfactor);
        // Partitions have the fill factor; their parent holds nothing.
        let (parent, by) = match (self.partitions, self.method) {
            (0, _) => (unlogged, filled.clone()),
            (_, PartitionMethod::Range) => ("", " partition by range (aid)".to_owned()),
            (_, PartitionMethod::Hash) => ("", " partition by hash (aid)".to_owned()),
        };
        let mut out = format!(
            "create {unlogged}table pgbench_history(tid int, bid int, aid {wide}, delta int, mtime timestamp, \
             filler char(22));\n\
             create {unlogged}table pgbench_tellers(tid int not null, bid int, tbalance int, filler char(84)){filled};\n\
             create {parent}table pgbench_accounts(aid {wide} not null, bid int, abalance int, filler char(84)){by};\n\
             create {unlogged}table pgbench_branches(bid int not null, bbalance int, filler char(88)){filled};\n"
        );
        for part in 1..=self.partitions {
            let bounds = self.bounds(part);
            out += &format!(
                "create {unlogged}table pgbench_accounts_{part} partition of pgbench_accounts for values \
                 {bounds}{filled};\n"
            );
        }
        if self.primary_keys {
            for (table, key) in [("branches", "bid"), ("tellers", "tid"), ("accounts", "aid")] {
                out += &format!("alter table pgbench_{table} add primary key ({key});\n");
            }
        }
        if self.foreign_keys {
            for (table, column, parent) in [
                ("tellers", "bid", "branches"),
                ("accounts", "bid", "branches"),
                ("history", "bid", "branches"),
                ("history", "tid", "tellers"),
                ("history", "aid", "accounts"),
            ] {
                out += &format!(
                    "alter table pgbench_{table} add constraint pgbench_{table}_{column}_fkey foreign key ({column}) \
                     references pgbench_{parent};\n"
                );
            }
        }
        out
    }

    /// The bounds of one partition, from 1.
    fn bounds(&self, part: u32) -> String {
        let (part, parts) = (u64::from(part), u64::from(self.partitions));
        if self.method == PartitionMethod::Hash {
            return format!("with (modulus {parts}, remainder {})", part - 1);
        }
        let size = (ACCOUNTS * self.scale).div_ceil(parts);
        let from = if part == 1 { "minvalue".to_owned() } else { ((part - 1) * size + 1).to_string() };
        let to = if part == parts { "maxvalue".to_owned() } else { (part * size + 1).to_string() };
        format!("from ({from}) to ({to})")
    }

    /// Rows by table, after initialization.
    #[must_use]
    pub fn rows(&self) -> [(&'static str, u64); 4] {
        let scale = if self.filled { self.scale } else { 0 };
        [
            ("pgbench_accounts", scale * ACCOUNTS),
            ("pgbench_branches", scale),
            ("pgbench_history", 0),
            ("pgbench_tellers", scale * TELLERS),
        ]
    }

    /// What the section `tables` of a workload file says of each: rows and statistics. Rows are loaded in
    /// the order of their keys; of the fillers, only those of the accounts are not null.
    #[must_use]
    pub fn statistics(&self) -> Vec<(&'static str, Value)> {
        let key = |rows: u64| json!({"distinct": -1, "correlation": 1, "min": 1, "max": rows.max(1)});
        let branch = json!({"distinct": self.scale, "correlation": 1, "min": 1, "max": self.scale});
        let empty = json!({"null_fraction": 1});
        self.rows()
            .into_iter()
            .map(|(table, rows)| {
                let columns = match table {
                    _ if rows == 0 => json!({}),
                    // 84 blanks and a header of one byte.
                    "pgbench_accounts" => json!({"aid": key(rows), "bid": branch, "filler": {"avg_bytes": 85}}),
                    "pgbench_tellers" => json!({"tid": key(rows), "bid": branch, "filler": empty}),
                    _ => json!({"bid": key(rows), "filler": empty}),
                };
                let columns = if table == "pgbench_history" { json!({"filler": empty}) } else { columns };
                (table, json!({"rows": rows, "columns": columns}))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tables: &Tables) -> crate::schema::Schema {
        let schema = crate::schema::read("pgbench", &tables.ddl());
        assert!(schema.warnings.is_empty(), "{:?}", schema.warnings);
        schema
    }

    #[test]
    fn the_schema_follows_the_options() {
        let schema = read(&Tables { unlogged: true, foreign_keys: true, fillfactor: 70, ..Tables::default() });
        assert_eq!(schema.tables.len(), 4);
        assert!(schema.tables.iter().all(|t| t.unlogged));
        let keys: usize = schema.tables.iter().map(|t| t.foreign_keys.len()).sum();
        assert_eq!((keys, schema.tables.iter().filter(|t| t.primary_key().is_some()).count()), (5, 3));
        assert_eq!(schema.tables.iter().filter(|t| t.fillfactor == 0.7).count(), 3);
        let bare = read(&Tables { primary_keys: false, scale: 20_000, ..Tables::default() });
        assert!(bare.tables.iter().all(|t| t.indexes.is_empty()));
        assert!(bare.tables.iter().any(|t| t.column("aid").is_some_and(|c| c.ty.fixed_bytes == Some(8))));
    }

    /// Bounds as `pgbench -i -s 1 --partitions 3` of version 15 makes them.
    #[test]
    fn partitions_cover_the_accounts() {
        let ranges = Tables { partitions: 3, ..Tables::default() };
        let ddl = ranges.ddl();
        for bounds in ["from (minvalue) to (33335)", "from (33335) to (66669)", "from (66669) to (maxvalue)"] {
            assert!(ddl.contains(bounds), "{bounds} in {ddl}");
        }
        assert_eq!(read(&ranges).tables.iter().filter(|t| t.partition_of.is_some()).count(), 3);
        let hashed = Tables { partitions: 2, method: PartitionMethod::Hash, ..Tables::default() };
        assert!(hashed.ddl().contains("with (modulus 2, remainder 1)"));
        assert_eq!(read(&hashed).tables.len(), 6);
    }
}
