//! Expressions without parentheses, read as the server reads them.
//!
//! The server's reading is `pg_get_viewdef` of a view over the expression, which puts every parenthesis in.
//! `fixtures/expressions.tsv` holds readings of PostgreSQL 15; with a server at hand new random
//! expressions are compared too. `RECORD_EXPRESSIONS=1 cargo test --test expressions` writes the file anew.

mod support;

use std::fmt::Write;

use predict::live::{Cluster, ClusterOptions};
use predict::sql::parse_expr;
use predict::sql::tree::{Expr, Literal};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/expressions.tsv");
/// What the fixture holds when the server refuses the text as a syntax error.
const REFUSED: &str = "syntax error";

/// An expression with every parenthesis, in the words of the server's own deparser: LIKE is `~~`, IN is
/// `= ANY`, BETWEEN two comparisons; casts, which the server adds at will, left out.
fn canonical(expr: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(canonical).collect::<Vec<_>>().join(", ");
    let binary = |op: &str, left: &str, right: &str| format!("({left} {op} {right})");
    match expr {
        Expr::Column { name, .. } => name.clone(),
        Expr::Parameter { number, .. } => format!("${number}"),
        Expr::Literal(Literal::Null) => "null".into(),
        Expr::Literal(Literal::Bool(b)) => b.to_string(),
        Expr::Literal(Literal::Number(n)) => n.to_string(),
        Expr::Literal(Literal::Text(t)) => t.clone(),
        Expr::Cast { expr, .. } => canonical(expr),
        Expr::Unary { op, expr } => format!("({op} {})", canonical(expr)),
        Expr::Binary { op, left, right } => {
            let (left, right) = (canonical(left), canonical(right));
            let op = match op.as_str() {
                "like" => "~~",
                "not like" => "!~~",
                "ilike" => "~~*",
                "not ilike" => "!~~*",
                "similar to" => "~",
                "not similar to" => "!~",
                "is not distinct from" => return format!("(not {})", binary("is distinct from", &left, &right)),
                other => other,
            };
            binary(op, &left, &right)
        }
        Expr::Between { expr, low, high, negated } => {
            let (expr, low, high) = (canonical(expr), canonical(low), canonical(high));
            let (below, above, joined) = if *negated { ("<", ">", "or") } else { (">=", "<=", "and") };
            binary(joined, &binary(below, &expr, &low), &binary(above, &expr, &high))
        }
        Expr::InList { expr, list: items, negated } => {
            let quantifier = if *negated { "<> all" } else { "= any" };
            format!("({} {quantifier} array[{}])", canonical(expr), list(items))
        }
        Expr::Quantified { expr, op, all, array } => {
            format!("({} {op} {} {})", canonical(expr), if *all { "all" } else { "any" }, canonical(array))
        }
        Expr::IsNull { expr, negated } => {
            format!("({} is {}null)", canonical(expr), if *negated { "not " } else { "" })
        }
        Expr::Is { expr, test } => format!("({} is {test})", canonical(expr)),
        Expr::Call { name, args, .. } => format!("{}({})", name.name, list(args)),
        Expr::Collate { expr, collation } => format!("({} collate {})", canonical(expr), collation.name),
        Expr::Case { operand, arms, otherwise } => {
            let mut out = "case".to_owned();
            if let Some(operand) = operand {
                let _ = write!(out, " {}", canonical(operand));
            }
            for (when, then) in arms {
                let _ = write!(out, " when {} then {}", canonical(when), canonical(then));
            }
            let otherwise = otherwise.as_deref().map_or_else(|| "null".into(), canonical);
            format!("{out} else {otherwise} end")
        }
        Expr::Array(items) => format!("array[{}]", list(items)),
        Expr::Row(items) => format!("row({})", list(items)),
        Expr::Access { base, index } => format!("{}[{}]", canonical(base), list(index)),
        Expr::InSubquery { .. } | Expr::Exists(_) | Expr::Subquery(_) | Expr::Default => {
            panic!("not made here: {expr:?}")
        }
    }
}

/// Compares one text with the server's reading; says what differs.
fn compare(text: &str, reading: &str) -> Result<(), String> {
    let ours = parse_expr(text);
    if reading == REFUSED {
        return match ours {
            Err(_) => Ok(()),
            Ok(expr) => Err(format!("{text}\n  read as {}\n  refused by the server", canonical(&expr))),
        };
    }
    let theirs = parse_expr(reading).map_err(|e| format!("{text}\n  reading {reading}: {e}"))?;
    let ours = ours.map_err(|e| format!("{text}\n  {e}\n  read by the server as {reading}"))?;
    let (ours, theirs) = (canonical(&ours), canonical(&theirs));
    if ours == theirs { Ok(()) } else { Err(format!("{text}\n  read as   {ours}\n  by server {theirs}")) }
}

/// A small random generator (xorshift64*), so that a seed gives the same texts everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    /// An integer expression without parentheses around operators.
    fn integer(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.pick(&["i", "k", "m", "2", "7", "arr[1]", "length(s)"]).into();
        }
        let d = depth - 1;
        match self.below(9) {
            0 => format!("- {}", self.integer(d)),
            1 => format!("{} {}", self.pick(&["@", "~"]), self.integer(d)),
            2 => format!("case when {} then {} else {} end", self.boolean(d), self.integer(d), self.integer(d)),
            3..=6 => format!("{} {} {}", self.integer(d), self.pick(&["+", "-", "*", "/", "%"]), self.integer(d)),
            7 => format!("{} {} {}", self.integer(d), self.pick(&["&", "|", "#", "<<", ">>"]), self.integer(d)),
            _ => format!("{} ^ {}", self.integer(d), self.integer(d)),
        }
    }

    fn text(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.pick(&["s", "u", "'a%'", "j ->> 'a'", "j #>> '{a,b}'"]).into();
        }
        let d = depth - 1;
        match self.below(4) {
            0 => format!("{} collate \"C\"", self.text(d)),
            1 => format!("{} ->> 'b'", self.json(d)),
            _ => format!("{} || {}", self.text(d), self.text(d)),
        }
    }

    fn json(&mut self, depth: u32) -> String {
        if depth == 0 {
            return "j".into();
        }
        let d = depth - 1;
        match self.below(3) {
            0 => format!("{} -> 'a'", self.json(d)),
            1 => format!("{} || {}", self.json(d), self.json(d)),
            _ => format!("{} - 'c'", self.json(d)),
        }
    }

    fn boolean(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.pick(&["p", "q", "true", "i > 3", "j ? 'a'"]).into();
        }
        let d = depth - 1;
        let not = if self.below(3) == 0 { "not " } else { "" };
        match self.below(17) {
            0 => format!("not {}", self.boolean(d)),
            1..=3 => format!("{} and {}", self.boolean(d), self.boolean(d)),
            4..=6 => format!("{} or {}", self.boolean(d), self.boolean(d)),
            7 => {
                let op = self.pick(&["=", "<", ">", "<=", ">=", "<>", "!="]);
                format!("{} {op} {}", self.integer(d), self.integer(d))
            }
            8 => {
                let symmetric = self.pick(&["", "", "symmetric "]);
                format!("{} {not}between {symmetric}{} and {}", self.integer(d), self.integer(d), self.integer(d))
            }
            9 => format!("{} {not}in (1, 2, 3)", self.integer(d)),
            10 => format!("{} {not}{} {}", self.text(d), self.pick(&["like", "ilike"]), self.text(d)),
            11 => format!("{} {not}like {} escape '!'", self.text(d), self.text(d)),
            12 => format!("{} is {not}{}", self.boolean(d), self.pick(&["null", "true", "false", "unknown"])),
            13 => format!("{} is {not}distinct from {}", self.integer(d), self.integer(d)),
            14 => format!("{} {} any (arr)", self.integer(d), self.pick(&["=", "<", "<>"])),
            15 => format!("{} {} '{{\"a\": 1}}'", self.json(d), self.pick(&["@>", "<@", "="])),
            _ => format!("{} {} {}", self.boolean(d), self.pick(&["=", "<>", "is distinct from"]), self.boolean(d)),
        }
    }
}

fn random_texts(seed: u64, count: usize) -> Vec<String> {
    let mut random = Random(seed);
    let mut texts: Vec<String> = Vec::new();
    while texts.len() < count {
        let depth = 1 + random.below(4) as u32;
        let text = match random.below(5) {
            0 => random.integer(depth),
            1 => random.text(depth),
            _ => random.boolean(depth),
        };
        if text.len() <= 160 {
            texts.push(text);
        }
    }
    texts
}

/// What the server makes of each text: its reading, or that it is a syntax error. Texts that it refuses
/// for their types are left out.
fn readings(server: &Cluster, texts: &[String]) -> Vec<(String, String)> {
    let mut sql = String::from(
        "CREATE TABLE t (i int, k int, m int, p bool, q bool, s text, u text, j jsonb, arr int[]);
         CREATE FUNCTION reading(e text) RETURNS text LANGUAGE plpgsql AS $f$
         DECLARE r text;
         BEGIN
             EXECUTE 'CREATE VIEW v AS SELECT ' || e || ' AS x FROM t';
             r := pg_get_viewdef('v'::regclass);
             EXECUTE 'DROP VIEW v';
             RETURN regexp_replace(regexp_replace(r, '\\s+', ' ', 'g'), '^ SELECT (.*) AS x FROM t;$', '\\1');
         EXCEPTION WHEN syntax_error THEN RETURN 'syntax error';
                   WHEN OTHERS THEN RETURN 'other error';
         END $f$;\n",
    );
    for (n, text) in texts.iter().enumerate() {
        let _ = writeln!(sql, "SELECT {n}, reading($e${text}$e$);");
    }
    let file = server.scratch().join("expressions.sql");
    std::fs::write(&file, sql).expect("a file");
    server.create_database("expressions").expect("a database");
    let output = server.sql_file("expressions", &file).unwrap_or_else(|e| panic!("{e}"));
    let rows = output.lines().filter_map(|line| line.split_once('|'));
    let read = rows.map(|(n, reading)| (texts[n.parse::<usize>().expect("a number")].clone(), reading.to_owned()));
    read.filter(|(_, reading)| reading != "other error").collect()
}

fn check(pairs: impl IntoIterator<Item = (String, String)>) -> usize {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for (text, reading) in pairs {
        checked += 1;
        wrong.extend(compare(&text, &reading).err());
    }
    assert!(wrong.is_empty(), "{} of {checked} differ:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
    checked
}

#[test]
fn recorded_readings() {
    let file = std::fs::read_to_string(FIXTURE).unwrap_or_else(|e| panic!("{FIXTURE}: {e}"));
    let lines = file.lines().filter_map(|line| line.split_once('\t'));
    let checked = check(lines.map(|(text, reading)| (text.to_owned(), reading.to_owned())));
    assert!(checked >= 500, "only {checked} readings");
}

#[test]
fn fresh_readings_of_a_server() {
    let Some(server) = support::server(&ClusterOptions::default()) else { return };
    let record = std::env::var_os("RECORD_EXPRESSIONS").is_some();
    let pairs = readings(&server, &random_texts(if record { 0x5EED } else { 0xF4E5 }, 1000));
    if record {
        let lines: Vec<_> = pairs.iter().map(|(text, reading)| format!("{text}\t{reading}\n")).collect();
        std::fs::write(FIXTURE, lines.concat()).expect("the fixture");
    }
    let checked = check(pairs);
    assert!(checked >= 500, "only {checked} readings");
}
