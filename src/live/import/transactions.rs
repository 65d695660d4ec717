//! Transactions from counted statements.
//!
//! pg_stat_statements does not say which statements ran together. Where transactions were begun by BEGIN, statements
//! that were called equally often are taken for one transaction; every other statement is one of its own.

use std::collections::HashMap;

use super::catalog::{Column, Table};
use super::counted::{Counted, Statements};
use super::parameters::{Reading, Role};
use super::tokens::{Token, tokens};
use super::values::{Use, distribution, remark, short, unknown};
use crate::workload::starter::names;

/// Before the transactions.
pub(super) const HEAD: &str = "\
# What clients do. Weights are calls. EVERY DISTRIBUTION IS A GUESS, made from the statistics of the column that a
# constant is compared with: nobody recorded which values were asked for. Statements stand together where they were
# called equally often inside of BEGIN; their order is a guess too.
transactions:
";

/// After them.
pub(super) const LOAD: &str = "
# How many clients there are is a guess: `clients`, or `rate: 500/s` for transactions that arrive by themselves.
clients: 16
protocol: prepared
";

/// Calls that differ by less than this share are equal.
const EQUAL_CALLS: f64 = 0.005;
/// Fewer calls than this are equal by chance.
const FEWEST_CALLS: f64 = 20.0;

/// A statement with what was found out about it.
struct Read<'a> {
    counted: &'a Counted,
    tokens: Vec<Token>,
}

/// Texts of transactions, as items of the list, most frequent first.
pub(super) fn drafts(statements: &Statements, tables: &[Table], values: bool) -> Vec<String> {
    let read: Vec<Read> = statements.all.iter().map(|c| Read { counted: c, tokens: tokens(&c.sql) }).collect();
    let ours: Vec<&Read> = read.iter().filter(|r| Reading::new(&r.tokens, tables).table().is_some()).collect();
    let mut names: HashMap<String, usize> = HashMap::new();
    groups(&ours, statements.begun, tables).iter().map(|group| text(group, tables, values, &mut names)).collect()
}

/// Statements that ran together: those called equally often, as long as there are as many BEGINs.
fn groups<'r, 'a>(read: &[&'r Read<'a>], begun: f64, tables: &[Table]) -> Vec<Vec<&'r Read<'a>>> {
    let equal = |a: &&Read, b: &&Read| (a.counted.calls - b.counted.calls).abs() <= EQUAL_CALLS * a.counted.calls;
    let (mut groups, mut left): (Vec<Vec<&Read>>, f64) = (Vec::new(), begun);
    for alike in read.chunk_by(equal) {
        let calls = alike.first().map_or(0.0, |r| r.counted.calls);
        if alike.len() > 1 && calls >= FEWEST_CALLS && calls <= left * (1.0 + EQUAL_CALLS) {
            left -= calls;
            let mut group = alike.to_vec();
            group.sort_by(|a, b| order(a, tables).total_cmp(&order(b, tables)));
            groups.push(group);
        } else {
            groups.extend(alike.iter().map(|r| vec![*r]));
        }
    }
    groups
}

/// Where a statement likely stands in its transaction: large tables before the small ones whose rows are fought over,
/// reading a table after changing it, new rows last.
fn order(read: &Read, tables: &[Table]) -> f64 {
    let rows = Reading::new(&read.tokens, tables).table().and_then(|t| t.rows).unwrap_or(0.0);
    match read.tokens.first().and_then(Token::word) {
        Some("insert") => f64::MAX,
        Some("update" | "delete" | "merge") => -rows - 0.5,
        _ => -rows,
    }
}

fn text(group: &[&Read], tables: &[Table], values: bool, taken: &mut HashMap<String, usize>) -> String {
    let mut variables: Vec<(String, String, String)> = Vec::new();
    let mut steps = String::new();
    for read in group {
        let reading = Reading::new(&read.tokens, tables);
        let roles = reading.roles();
        let mut spelled: HashMap<usize, String> = HashMap::new();
        for (number, role) in &roles {
            let drawn = drawn(role, tables, values);
            let named = role.column.map_or_else(|| format!("p{number}"), |(_, c)| names::variable(&c.name));
            spelled.insert(*number, variable(&mut variables, &named, drawn));
        }
        let c = read.counted;
        let figures = format!("{} calls, {} ms and {} rows each", short(c.calls), rounded(c.mean_ms), rounded(c.rows));
        steps +=
            &format!("      # {figures}\n      - sql: {}\n", names::yaml_sql(&with_names(c, &read.tokens, &spelled)));
    }
    let name = unique(&name(group, tables), taken);
    let weight = group.first().map_or(1.0, |r| r.counted.calls);
    let mut out = format!("  - name: {}\n    weight: {}\n", names::yaml(&name), short(weight));
    if !variables.is_empty() {
        out += "    variables:\n";
        for (name, distribution, remark) in &variables {
            out += &format!("      {}: {distribution}    # {remark}\n", names::yaml(name));
        }
    }
    out + "    statements:\n" + &steps
}

/// How a parameter is drawn, and why so.
fn drawn(role: &Role, tables: &[Table], values: bool) -> (String, String) {
    if let Some(counts) = role.counts {
        let value = if counts == "limit" { 10 } else { 0 };
        return (format!("{{value: {value}}}"), format!("{}: a guess", counts.to_uppercase()));
    }
    match role.column.map(|(table, column)| key_of(role, table, column, tables)) {
        Some((table, column)) => {
            let about = remark(&format!("{}.{}", table.name, column.name));
            let of = if role.column.is_some_and(|(_, c)| c == column) { role.of } else { Use::Equal };
            (distribution(column, of, table.rows.unwrap_or(1000.0), values), format!("{about}: a guess"))
        }
        None => (unknown(role.cast), "compared with no column that could be found: a guess".to_owned()),
    }
}

/// The column itself, or, where nothing is known of it or it is written as a reference, the key that has its name.
fn key_of<'a>(role: &Role, table: &'a Table, column: &'a Column, tables: &'a [Table]) -> (&'a Table, &'a Column) {
    let refers = role.of == Use::New && matches!(column.category, 'N' | 'U');
    if column.unique || (column.statistics.is_some() && !refers) {
        return (table, column);
    }
    let keys = tables.iter().flat_map(|t| t.columns.iter().map(move |c| (t, c)));
    keys.into_iter()
        .find(|(_, c)| c.unique && c.name == column.name && c.ty == column.ty && c.statistics.is_some())
        .unwrap_or((table, column))
}

/// The name of a variable that is drawn so; one that is the same column drawn the same way is the same.
fn variable(all: &mut Vec<(String, String, String)>, base: &str, (drawn, why): (String, String)) -> String {
    let mut name = base.to_owned();
    let mut number = 1;
    while let Some((_, known, reason)) = all.iter().find(|(n, _, _)| *n == name) {
        if *known == drawn && *reason == why {
            return name;
        }
        number += 1;
        name = format!("{base}{number}");
    }
    all.push((name.clone(), drawn, why));
    name
}

/// The statement with `:name` in place of `$n`, on one line where no comment forbids it.
fn with_names(counted: &Counted, tokens: &[Token], spelled: &HashMap<usize, String>) -> String {
    let mut out = String::new();
    let mut done = 0;
    for token in tokens {
        let Token::Parameter(number, span) = token else { continue };
        let Some(name) = spelled.get(number) else { continue };
        out += &counted.sql[done..span.start];
        out += &format!(":{name}");
        done = span.end;
    }
    out += &counted.sql[done..];
    let out = out.trim().trim_end_matches(';').trim_end();
    if out.contains("--") || out.contains('\'') || out.contains('"') { out.to_owned() } else { remark(out) }
}

/// Three figures.
fn rounded(x: f64) -> String {
    let text = format!("{x:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn name(group: &[&Read], tables: &[Table]) -> String {
    let Some(first) = group.first() else { return "nothing".to_owned() };
    let verb =
        if group.len() > 1 { "transaction" } else { first.tokens.first().and_then(Token::word).unwrap_or("run") };
    let table = Reading::new(&first.tokens, tables).table().map(|t| t.name.name.clone()).unwrap_or_default();
    names::variable(&format!("{verb}_{table}"))
}

fn unique(name: &str, taken: &mut HashMap<String, usize>) -> String {
    let number = taken.entry(name.to_owned()).or_insert(0);
    *number += 1;
    if *number == 1 { name.to_owned() } else { format!("{name}_{number}") }
}
