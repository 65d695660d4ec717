//! The planner's view of one query level: its clauses, classes of equal columns, and row estimates.

use std::collections::BTreeMap;

use crate::access::block::{Block, bit};
use crate::access::clause::{Clause, Key, Op, Test, ValueSet};
use crate::access::column::ColumnInfo;
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
    /// The orders that the level asks for, once they are needed.
    pub asked: std::sync::OnceLock<crate::access::useful_order::Asked>,
    /// Cost of the subqueries that are computed for each row returned, per row.
    pub output_cost: f64,
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
    /// Whether a condition above a left join keeps only rows without a match.
    pub unmatched: bool,
}

/// Whether a condition that a null cannot pass makes a plain join of a left one (reduce_outer_joins).
fn is_reduced(block: &Block, join: &crate::access::block::OuterJoin) -> bool {
    let strict = |c: &Clause| c.rels & join.nullable != 0 && selectivity::is_strict(c);
    !join.full && block.clauses.iter().any(strict)
}

/// Whether a key belongs to the side of a left join that may be null.
fn is_left_of(join: &crate::access::block::OuterJoin, key: &Key) -> bool {
    !join.full && join.nullable & bit(key.rel) != 0
}

/// Whether `key IS NULL` leaves only rows of a left join that have no match, since a matching row's key
/// equals something (reduce_outer_joins, prepjointree.c).
fn leaves_unmatched(join: &crate::access::block::OuterJoin, key: &Key) -> bool {
    is_left_of(join, key)
        && join.clauses.iter().any(|c| match &c.test {
            Test::Join(l, _, r) => l == key || r == key,
            Test::Compare(k, ..) | Test::In(k, _) => k == key,
            _ => false,
        })
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
            asked: std::sync::OnceLock::new(),
            output_cost: 0.0,
            special: Vec::new(),
        };
        planner.classify();
        planner.specials();
        planner
    }

    fn classify(&mut self) {
        // Equalities between different relations, and of columns with values, make classes.
        let mut plain = Vec::new();
        let block = self.block;
        let semi_equalities = block.semi_joins.iter().filter(|s| !s.anti).flat_map(|s| &s.clauses);
        // A left join whose nullable side has to pass a strict condition is a plain join.
        let reduced = block.outer_joins.iter().filter(|o| is_reduced(block, o)).flat_map(|o| &o.clauses);
        for clause in block.clauses.iter().chain(semi_equalities).chain(reduced) {
            match &clause.test {
                Test::Null(key) if block.outer_joins.iter().any(|o| is_left_of(o, key)) => {}
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
                            self.place(Clause { bare: key.expr.clone(), rels: bit(key.rel), operators: 1.0, test });
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
        let block = self.block;
        for outer in block.outer_joins.iter().filter(|o| !is_reduced(block, o)) {
            let tested = |wanted: &dyn Fn(&Key) -> bool| {
                block.clauses.iter().any(|c| matches!(&c.test, Test::Null(key) if wanted(key)))
            };
            let join = match outer.full {
                true => JoinType::Full,
                false if tested(&|key| leaves_unmatched(outer, key)) => JoinType::Anti,
                false => JoinType::Left,
            };
            let unmatched = join == JoinType::Left && tested(&|key| is_left_of(outer, key));
            self.special_join(outer.nullable, outer.kept, join, &outer.clauses);
            if let Some(special) = self.special.last_mut() {
                special.unmatched = unmatched;
            }
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
        self.special.push(Special { inner, needs, join, clauses: places, unmatched: false });
    }

    /// What is known of a key.
    #[must_use]
    pub fn column(&self, key: &Key) -> Option<&ColumnInfo> {
        selectivity::statistics(key, &self.block.rels[key.rel].info)
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

    /// Adds a plan to those worth keeping.
    pub fn keep(&self, plans: &mut Vec<std::rc::Rc<crate::access::plan::Plan>>, plan: crate::access::plan::Plan) {
        use crate::access::plan::JoinType;
        // A sooner start counts under LIMIT, and inside a semi-join, which stops at the first match.
        let startup = if plan.requires == 0 {
            self.block.limit.is_some()
        } else {
            let stops = |s: &Special| matches!(s.join, JoinType::Semi | JoinType::Anti) && s.inner == plan.rels;
            plan.rels.count_ones() == 1 && self.special.iter().any(stops)
        };
        crate::access::plan::add(plans, plan, startup);
    }

    /// The leaf's clauses by place.
    #[must_use]
    pub fn clauses(&self, places: &[usize]) -> Vec<&Clause> {
        places.iter().map(|c| &self.pool[*c]).collect()
    }

    /// The tables of a relation.
    #[must_use]
    pub fn leaf(&self, rel: usize, leaf: usize) -> &TableInfo {
        &self.block.rels[rel].leaves[leaf].info
    }
}
