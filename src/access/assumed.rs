//! Says which statistics a statement's footprint leans on without having them.

use std::collections::BTreeSet;

use crate::access::block::{Action, Block, Bound, Node, Rel, SortKey, Source};
use crate::access::clause::{Clause, Key, Op, Test, ValueSet};
use crate::access::selectivity;

/// One sentence for each assumption that mattered, in the order of first use.
#[must_use]
pub fn messages(bound: &Bound) -> Vec<String> {
    let mut found = Found::default();
    found.bound(bound);
    found.messages
}

#[derive(Default)]
struct Found {
    seen: BTreeSet<String>,
    messages: Vec<String>,
}

impl Found {
    fn say(&mut self, message: String) {
        if self.seen.insert(message.clone()) {
            self.messages.push(message);
        }
    }

    fn bound(&mut self, bound: &Bound) {
        for cte in &bound.ctes {
            self.bound(&cte.bound);
        }
        match &bound.action {
            Action::Query(node) => self.node(node),
            Action::Insert(insert) => {
                if let Some(source) = &insert.source {
                    self.node(source);
                }
            }
            Action::Update(update) => self.block(&update.block),
            Action::Delete(delete) => self.block(&delete.block),
            Action::Merge(merge) => self.block(&merge.block),
            Action::Utility | Action::Tables(_) => {}
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Block(block) => self.block(block),
            Node::SetOperation { sides, .. } => {
                self.node(&sides.0);
                self.node(&sides.1);
            }
            Node::Values { subplans, .. } => subplans.iter().for_each(|s| self.node(&s.node)),
        }
    }

    fn block(&mut self, block: &Block) {
        let joined = block.outer_joins.iter().map(|j| &j.clauses).chain(block.semi_joins.iter().map(|j| &j.clauses));
        for clause in block.clauses.iter().chain(joined.flatten()) {
            self.clause(clause, &block.rels);
        }
        for key in block.group_by.iter().chain(&block.distinct) {
            self.group(key, &block.rels);
        }
        for rel in &block.rels {
            if let Source::Derived(node) = &rel.source {
                self.node(node);
            }
        }
        block.subplans.iter().for_each(|s| self.node(&s.node));
    }

    fn group(&mut self, key: &SortKey, rels: &[Rel]) {
        if let Some((rel, column)) = key.column
            && let Some(relation) = rels.get(rel).filter(|r| matches!(r.source, Source::Table))
            && let Some(info) = relation.info.columns.get(column).filter(|c| !c.distinct_known)
        {
            let name = &relation.info.name;
            self.say(distinct_message(&name.to_string(), &info.name, info.distinct));
        }
    }

    fn clause(&mut self, clause: &Clause, rels: &[Rel]) {
        match &clause.test {
            Test::Compare(key, Op::Eq | Op::Ne, value) => self.equality(key, Some(value), rels),
            Test::Compare(key, _, value) => self.range(key, value, rels),
            Test::In(key, values) => values.iter().for_each(|v| self.equality(key, Some(v), rels)),
            Test::Any(key, count, known) => {
                self.equality(key, None, rels);
                if !known {
                    self.say(format!(
                        "the number of elements of an array is not known; {count} were assumed, as PostgreSQL does"
                    ));
                }
            }
            Test::Join(left, Op::Eq, right) => {
                self.equality(left, None, rels);
                self.equality(right, None, rels);
            }
            Test::Like { key, prefix: Some(prefix), .. } => {
                let name = self.name(key, rels);
                self.say(format!("how many values of {name} match '{prefix}...' is a guess by the pattern's length"));
            }
            Test::Either(arms) => arms.iter().flatten().for_each(|c| self.clause(c, rels)),
            Test::Not(inner) => self.clause(inner, rels),
            _ => {}
        }
    }

    fn name(&self, key: &Key, rels: &[Rel]) -> String {
        let table = rels.get(key.rel).map_or_else(String::new, |r| r.info.name.to_string());
        match &key.column {
            Some(column) => format!("`{table}.{column}`"),
            None => format!("`{}` of `{table}`", super::walk::text_of(&key.expr)),
        }
    }

    fn equality(&mut self, key: &Key, value: Option<&ValueSet>, rels: &[Rel]) {
        let Some(rel) = rels.get(key.rel).filter(|r| matches!(r.source, Source::Table)) else { return };
        let Some(column) = selectivity::statistics(key, &rel.info) else { return };
        let listed = value.is_some_and(|v| !v.unknown() && v.values.iter().all(|v| column.common(v).is_some()));
        if column.distinct_known || listed {
            return;
        }
        let written = key.column.clone().unwrap_or_else(|| super::walk::text_of(&key.expr));
        self.say(distinct_message(&rel.info.name.to_string(), &written, column.distinct));
    }

    fn range(&mut self, key: &Key, value: &ValueSet, rels: &[Rel]) {
        let Some(rel) = rels.get(key.rel).filter(|r| matches!(r.source, Source::Table)) else { return };
        let known = selectivity::statistics(key, &rel.info).is_some_and(|c| c.bounds.is_some());
        let name = self.name(key, rels);
        if !known {
            self.say(format!("the bounds of {name} are not known; a third of the rows was assumed on one side, as PostgreSQL does; give its `min` and `max`"));
        } else if value.unknown() && !value.hidden {
            self.say(format!(
                "a value that {name} is compared with is not known; a third of the rows was assumed on one side"
            ));
        }
    }
}

fn distinct_message(table: &str, column: &str, assumed: f64) -> String {
    format!(
        "the distinct values of `{table}.{column}` are not known; {assumed} were assumed, as PostgreSQL does; give `distinct`"
    )
}
