//! The planner's view of one query level: its clauses, classes of equal columns, and row estimates.

use std::collections::BTreeMap;

use crate::access::block::{Block, bit};
use crate::access::clause::{Clause, Key, Op, Test, ValueSet};
use crate::access::column::ColumnInfo;
use crate::access::cost::clamp_rows;
use crate::access::plan::{CLASS, OrderColumn};
use crate::access::relation::TableInfo;
use crate::access::selectivity::{self, Seen};
use crate::machine::Settings;
use crate::sql::tree::Expr;

/// Columns that are equal in every row of the result.
#[derive(Debug, Clone, Default)]
pub struct EqualClass {
    /// The columns.
    pub keys: Vec<Key>,
    /// A value they all equal.
    pub constant: Option<ValueSet>,
}

/// One query level being planned.
pub struct Planner<'a> {
    /// The level.
    pub block: &'a Block,
    /// Server settings.
    pub settings: &'a Settings,
    /// Whether parameter values are seen.
    pub seen: Seen,
    /// All clauses: local ones, and those that a class of equal columns implies.
    pub pool: Vec<Clause>,
    /// By relation: clauses on it alone.
    pub local: Vec<Vec<usize>>,
    /// By relation: equalities with other relations, for parametrised scans: (clause, other relations).
    pub links: Vec<Vec<(usize, u64)>>,
    /// Conditions over several relations that are not such equalities.
    pub crossing: Vec<usize>,
    /// Classes of equal columns.
    pub classes: Vec<EqualClass>,
    /// Pages of all tables.
    pub total_pages: f64,
    /// By relation: rows of subqueries and CTEs as planned: (believed, true).
    pub source_rows: BTreeMap<usize, (f64, f64)>,
    /// By relation: cost of a subquery.
    pub source_costs: BTreeMap<usize, crate::access::cost::Cost>,
    /// The relation that an UPDATE or DELETE changes: its rows are fetched, never index-only.
    pub written: Option<usize>,
    /// Clauses of outer and semi-joins by place in `pool`: those of outer joins first.
    pub special: Vec<Special>,
}

/// An outer, semi- or anti-join as a constraint on join order.
#[derive(Debug, Clone)]
pub struct Special {
    /// The side that joins as a whole: nullable, or inside EXISTS.
    pub inner: u64,
    /// Relations that must be on the other side.
    pub needs: u64,
    /// Kind.
    pub join: crate::access::plan::JoinType,
    /// What joins them.
    pub clauses: Vec<usize>,
}

impl<'a> Planner<'a> {
    /// Sorts out the clauses of a level.
    #[must_use]
    pub fn new(block: &'a Block, settings: &'a Settings, seen: Seen) -> Self {
        let total_pages = block.rels.iter().flat_map(|r| &r.leaves).map(|l| l.info.pages).sum();
        let mut planner = Self {
            block,
            settings,
            seen,
            pool: Vec::new(),
            local: vec![Vec::new(); block.rels.len()],
            links: vec![Vec::new(); block.rels.len()],
            crossing: Vec::new(),
            classes: Vec::new(),
            total_pages,
            source_rows: BTreeMap::new(),
            source_costs: BTreeMap::new(),
            written: None,
            special: Vec::new(),
        };
        planner.classify();
        planner.specials();
        planner
    }

    fn classify(&mut self) {
        // Equalities between different relations, and of columns with values, make classes.
        let mut plain = Vec::new();
        let semi_equalities = self.block.semi_joins.iter().filter(|s| !s.anti).flat_map(|s| &s.clauses);
        for clause in self.block.clauses.iter().chain(semi_equalities) {
            match &clause.test {
                Test::Join(l, Op::Eq, r) if l.rel != r.rel => self.equate(l, r),
                _ => plain.push(clause.clone()),
            }
        }
        for clause in plain {
            if let Test::Compare(key, Op::Eq, value) = &clause.test
                && let Some(class) = self.classes.iter_mut().find(|c| c.keys.contains(key))
            {
                class.constant.get_or_insert_with(|| value.clone());
            }
            self.place(clause);
        }
        for n in 0..self.classes.len() {
            let class = self.classes[n].clone();
            match class.constant {
                // A value that one of them equals, all of them equal.
                Some(value) => {
                    for key in class.keys {
                        let test = Test::Compare(key.clone(), Op::Eq, value.clone());
                        if !self.local[key.rel]
                            .iter()
                            .any(|c| matches!(&self.pool[*c].test, Test::Compare(k, Op::Eq, _) if *k == key))
                        {
                            self.place(Clause {
                                bare: key.expr.clone(),
                                rels: bit(key.rel),
                                operators: 1.0,
                                text_tests: 0.0,
                                test,
                            });
                        }
                    }
                }
                None => {
                    for left in &class.keys {
                        for right in class.keys.iter().filter(|r| r.rel != left.rel) {
                            self.link(left, right);
                        }
                    }
                }
            }
        }
    }

    fn link(&mut self, left: &Key, right: &Key) {
        let place = self.pool.len();
        self.pool.push(Clause {
            test: Test::Join(left.clone(), Op::Eq, right.clone()),
            bare: left.expr.clone(),
            rels: bit(left.rel) | bit(right.rel),
            operators: 1.0,
            text_tests: 0.0,
        });
        self.links[left.rel].push((place, bit(right.rel)));
    }

    fn equate(&mut self, left: &Key, right: &Key) {
        let find = |classes: &[EqualClass], key: &Key| classes.iter().position(|c| c.keys.contains(key));
        match (find(&self.classes, left), find(&self.classes, right)) {
            (Some(l), Some(r)) if l != r => {
                let other = self.classes.remove(r.max(l));
                self.classes[r.min(l)].keys.extend(other.keys);
            }
            (Some(_), Some(_)) => {}
            (Some(l), None) => self.classes[l].keys.push(right.clone()),
            (None, Some(r)) => self.classes[r].keys.push(left.clone()),
            (None, None) => {
                self.classes.push(EqualClass { keys: vec![left.clone(), right.clone()], constant: None });
            }
        }
    }

    /// Puts a clause where it is used: at its one relation, or across.
    fn place(&mut self, clause: Clause) {
        let place = self.pool.len();
        let rels = clause.rels;
        self.pool.push(clause);
        if rels.count_ones() == 1 {
            self.local[rels.trailing_zeros() as usize].push(place);
        } else if rels != 0 {
            self.crossing.push(place);
        }
    }

    fn specials(&mut self) {
        use crate::access::plan::JoinType;
        for outer in &self.block.outer_joins {
            let join = if outer.full { JoinType::Full } else { JoinType::Left };
            self.special_join(outer.nullable, outer.kept, join, &outer.clauses);
        }
        for semi in &self.block.semi_joins {
            let join = if semi.anti { JoinType::Anti } else { JoinType::Semi };
            // The equalities of a semi-join stand in the classes already.
            let clauses: Vec<Clause> = if semi.anti { semi.clauses.clone() } else { Vec::new() };
            let mut needs = 0;
            for clause in &semi.clauses {
                needs |= clause.rels & !semi.inner;
            }
            self.special_join(semi.inner, needs, join, &clauses);
        }
    }

    fn special_join(&mut self, inner: u64, needs: u64, join: crate::access::plan::JoinType, clauses: &[Clause]) {
        let mut places = Vec::new();
        let mut wanted = 0;
        for clause in clauses {
            let outside = clause.rels & !inner;
            wanted |= outside;
            if outside == 0 && clause.rels.count_ones() == 1 {
                // A condition on the inner side alone is checked where it is scanned.
                self.place(clause.clone());
                continue;
            }
            match &clause.test {
                Test::Join(l, Op::Eq, r) if l.rel != r.rel => {
                    let first = self.pool.len();
                    self.link(l, r);
                    self.link(r, l);
                    places.push(first);
                }
                _ => {
                    places.push(self.pool.len());
                    self.pool.push(clause.clone());
                }
            }
        }
        let needs = if wanted == 0 { needs } else { wanted };
        self.special.push(Special { inner, needs, join, clauses: places });
    }

    /// What is known of a key.
    #[must_use]
    pub fn column(&self, key: &Key) -> Option<&ColumnInfo> {
        selectivity::statistics(key, &self.block.rels[key.rel].info)
    }

    /// Rows of a relation after its own conditions.
    #[must_use]
    pub fn base_rows(&self, rel: usize, seen: Seen) -> f64 {
        let clauses: Vec<&Clause> = self.local[rel].iter().map(|c| &self.pool[*c]).collect();
        let relation = &self.block.rels[rel];
        if let Some((believed, real)) = self.source_rows.get(&rel) {
            let rows = if seen == Seen::True { *real } else { *believed };
            return rows * selectivity::all(&clauses, &relation.info, seen);
        }
        let mut rows = 0.0;
        for leaf in &relation.leaves {
            let found = leaf.info.rows * selectivity::all(&clauses, &leaf.info, seen);
            if seen == Seen::True {
                rows += found;
                continue;
            }
            let visit = leaf.bound.as_ref().map(|b| super::partitions::visit(&relation.info, b, &clauses));
            match visit {
                Some(v) if self.seen == Seen::Generic && !v.in_generic_plan => {}
                Some(v) if self.seen == Seen::Custom => {
                    // Only executions that visit the leaf plan it.
                    rows += if v.probability > 0.0 { clamp_rows(found / v.probability) * v.probability } else { 0.0 };
                }
                _ => rows += clamp_rows(found),
            }
        }
        if seen == Seen::True { rows } else { clamp_rows(rows) }
    }

    /// Rows of the join of a set of relations, semi-joins done.
    #[must_use]
    pub fn join_rows(&self, set: u64, seen: Seen) -> f64 {
        let members: Vec<usize> = (0..self.block.rels.len()).filter(|r| set & bit(*r) != 0).collect();
        let mut rows: f64 = members.iter().map(|r| self.base_rows(*r, seen)).product();
        for class in self.classes.iter().filter(|c| c.constant.is_none()) {
            rows *= self.class_share(class, set);
        }
        rows *= self.whole_key_correction(set);
        for place in &self.crossing {
            if self.pool[*place].rels & !set == 0 {
                rows *= self.across(&self.pool[*place], seen);
            }
        }
        for special in &self.special {
            if special.inner & !set == 0 && set & !special.inner != 0 {
                rows = self.special_rows(rows, special, set, seen);
            }
        }
        if seen == Seen::True { rows } else { clamp_rows(rows) }
    }

    /// What a class of equal columns leaves of the product of its relations in `set`.
    fn class_share(&self, class: &EqualClass, set: u64) -> f64 {
        let mut seen_rels = 0;
        let mut distinct: Vec<f64> = Vec::new();
        let mut nulls = 1.0;
        for key in &class.keys {
            if set & bit(key.rel) == 0 || seen_rels & bit(key.rel) != 0 {
                continue;
            }
            seen_rels |= bit(key.rel);
            let column = self.column(key);
            distinct.push(column.map_or(200.0, |c| c.distinct));
            nulls *= column.map_or(1.0, |c| 1.0 - c.null_fraction);
        }
        if distinct.len() < 2 {
            return 1.0;
        }
        distinct.sort_by(f64::total_cmp);
        nulls * distinct[1..].iter().map(|d| 1.0 / d).product::<f64>()
    }

    /// Joins on all columns of a unique key find one row, not the product of independent equalities.
    fn whole_key_correction(&self, set: u64) -> f64 {
        let mut factor = 1.0;
        for rel in (0..self.block.rels.len()).filter(|r| set & bit(*r) != 0) {
            let info = &self.block.rels[rel].info;
            for index in info.indexes.iter().filter(|i| i.unique && i.keys.len() > 1 && i.predicate.is_empty()) {
                let matched: Option<Vec<&ColumnInfo>> = index
                    .keys
                    .iter()
                    .map(|k| {
                        let name = &info.columns[(*k)?].name;
                        let class = self.classes.iter().find(|c| {
                            c.constant.is_none()
                                && c.keys.iter().any(|k| k.rel == rel && k.column.as_ref() == Some(name))
                                && c.keys.iter().any(|k| k.rel != rel && set & bit(k.rel) != 0)
                        })?;
                        let _ = class;
                        Some(&info.columns[(*k)?])
                    })
                    .collect();
                if let Some(columns) = matched {
                    let independent: f64 = columns.iter().map(|c| c.distinct).product();
                    factor *= independent / info.rows.max(1.0);
                    break;
                }
            }
        }
        factor
    }

    fn across(&self, clause: &Clause, seen: Seen) -> f64 {
        match &clause.test {
            Test::Join(l, op, r) => selectivity::join(self.column(l), *op, self.column(r)),
            _ => {
                let rel = clause.rels.trailing_zeros() as usize;
                self.block.rels.get(rel).map_or(1.0, |r| selectivity::one(clause, &r.info, seen))
            }
        }
    }

    fn special_rows(&self, joined: f64, special: &Special, set: u64, seen: Seen) -> f64 {
        use crate::access::plan::JoinType;
        let outside = set & !special.inner;
        let outer = self.join_rows_without(outside, special.inner, seen);
        let mut pairs = joined;
        for place in &special.clauses {
            let clause = &self.pool[*place];
            if clause.rels & !set == 0 {
                pairs *= self.across(clause, seen);
            }
        }
        match special.join {
            JoinType::Inner => pairs,
            JoinType::Left | JoinType::Full => pairs.max(outer),
            JoinType::Semi => outer * matched_share(pairs / outer.max(1e-9)),
            JoinType::Anti => outer * (1.0 - matched_share(pairs / outer.max(1e-9))),
        }
    }

    fn join_rows_without(&self, set: u64, inner: u64, seen: Seen) -> f64 {
        let _ = inner;
        self.join_rows(set, seen)
    }

    /// The canonical form of an order by a key.
    #[must_use]
    pub fn order_column(&self, key: &Key, descending: bool) -> Option<OrderColumn> {
        if let Some(class) = self.classes.iter().position(|c| c.keys.contains(key)) {
            return Some(OrderColumn { rel: CLASS, column: class, descending });
        }
        let info = &self.block.rels[key.rel].info;
        let column = match &key.column {
            Some(name) => info.column(name)?,
            None => {
                let all = info.indexes.iter().flat_map(|i| &i.expressions);
                info.columns.len() + all.clone().position(|e| *e == key.expr)?
            }
        };
        Some(OrderColumn { rel: key.rel, column, descending })
    }

    /// The canonical form of an order by an expression; `None` when no index could give it.
    #[must_use]
    pub fn order_of(&self, expr: &Expr, descending: bool) -> Option<OrderColumn> {
        let draws = crate::access::values::Draws::default();
        let reader = crate::access::clause::Reader { rels: &self.block.rels, draws: &draws };
        self.order_column(&reader.key(expr)?, descending)
    }

    /// Whether a key has one value only, so that an order by it is no order.
    #[must_use]
    pub fn is_constant(&self, key: &Key) -> bool {
        self.local[key.rel].iter().any(|c| matches!(&self.pool[*c].test, Test::Compare(k, Op::Eq, _) if k == key))
    }

    /// The leaf's clauses by place.
    #[must_use]
    pub fn clauses(&self, places: &[usize]) -> Vec<&Clause> {
        places.iter().map(|c| &self.pool[*c]).collect()
    }

    /// Share of a leaf's rows that pass the clauses, equalities with other relations included.
    #[must_use]
    pub fn share(&self, info: &TableInfo, places: &[usize], seen: Seen) -> f64 {
        let (links, plain): (Vec<usize>, Vec<usize>) =
            places.iter().partition(|p| matches!(&self.pool[**p].test, Test::Join(l, _, r) if l.rel != r.rel));
        let mut share = selectivity::all(&self.clauses(&plain), info, seen);
        for place in &links {
            if let Test::Join(left, op, right) = &self.pool[*place].test {
                share *= selectivity::join(selectivity::statistics(left, info), *op, self.column(right));
            }
        }
        if !links.is_empty() && seen == Seen::True && self.fixes_unique_key(info, places) {
            share = share.max(1.0 / info.rows.max(1.0));
        }
        share.clamp(0.0, 1.0)
    }

    /// Whether equalities fix all columns of some unique key.
    fn fixes_unique_key(&self, info: &TableInfo, places: &[usize]) -> bool {
        let fixed = |name: &str| {
            places.iter().any(|p| match &self.pool[*p].test {
                Test::Join(k, Op::Eq, _) | Test::Compare(k, Op::Eq, _) => k.column.as_deref() == Some(name),
                _ => false,
            })
        };
        info.indexes.iter().any(|i| {
            i.unique && i.predicate.is_empty() && i.keys.iter().all(|k| k.is_some_and(|c| fixed(&info.columns[c].name)))
        })
    }

    /// The tables of a relation.
    #[must_use]
    pub fn leaf(&self, rel: usize, leaf: usize) -> &TableInfo {
        &self.block.rels[rel].leaves[leaf].info
    }
}

/// Share of outer rows with at least one match when they have `matches` on average.
///
/// Below one match on average the matches are taken as spread one by one (a key), above as certain.
#[must_use]
pub fn matched_share(matches: f64) -> f64 {
    matches.clamp(0.0, 1.0)
}
