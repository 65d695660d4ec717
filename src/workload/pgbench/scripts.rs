//! pgbench's built-in scripts, the same in every version from 12 to 18.

/// A built-in script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// Its name, as `-b` takes it.
    pub name: &'static str,
    /// What pgbench calls it in its report.
    pub description: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// All of them, in pgbench's order.
pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "tpcb-like",
        description: "<builtin: TPC-B (sort of)>",
        text: "\\set aid random(1, 100000 * :scale)
\\set bid random(1, 1 * :scale)
\\set tid random(1, 10 * :scale)
\\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
",
    },
    Builtin {
        name: "simple-update",
        description: "<builtin: simple update>",
        text: "\\set aid random(1, 100000 * :scale)
\\set bid random(1, 1 * :scale)
\\set tid random(1, 10 * :scale)
\\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
",
    },
    Builtin {
        name: "select-only",
        description: "<builtin: select only>",
        text: "\\set aid random(1, 100000 * :scale)
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
",
    },
];

impl Builtin {
    /// The script of a name, or of the beginning of one, when only one begins so.
    ///
    /// # Errors
    /// pgbench's own message, when none does or several do.
    pub fn find(name: &str) -> Result<Self, String> {
        let found: Vec<&Self> = BUILTINS.iter().filter(|b| b.name.starts_with(name)).collect();
        match found.as_slice() {
            [one] => Ok(**one),
            [] => Err(format!("no builtin script found for name \"{name}\"")),
            many => Err(format!("ambiguous builtin name: {} builtin scripts found for prefix \"{name}\"", many.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_shortened() {
        let find = |name| Builtin::find(name).map(|b| b.name);
        assert_eq!(find("tpcb"), Ok("tpcb-like"));
        assert_eq!(find("select-only"), Ok("select-only"));
        assert_eq!(find("s").unwrap_err(), "ambiguous builtin name: 2 builtin scripts found for prefix \"s\"");
        assert_eq!(find("x").unwrap_err(), "no builtin script found for name \"x\"");
    }
}
