//! How many rows relations and their joins have: believed and true.

use crate::access::block::bit;
use crate::access::clause::{Clause, Key, Op, Test};
use crate::access::column::ColumnInfo;
use crate::access::cost::clamp_rows;
use crate::access::planner::{EqualClass, Planner, Special};
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::selectivity::{self, Seen};

impl Planner<'_> {
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
            if seen == Seen::True {
                rows *= self.same_range(class, set);
            }
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
    pub(super) fn class_share(&self, class: &EqualClass, set: u64) -> f64 {
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

    /// What a range of one of a class's columns adds to the rows of their join: all of them lie in it, so that the
    /// other sides' rows outside it were never to be met.
    fn same_range(&self, class: &EqualClass, set: u64) -> f64 {
        let mut bounds: Vec<(usize, &Clause)> = Vec::new();
        for key in class.keys.iter().filter(|k| set & bit(k.rel) != 0) {
            for clause in self.local[key.rel].iter().map(|c| &self.pool[*c]) {
                if matches!(&clause.test, Test::Compare(k, op, _) if k == key && (op.is_lower() || op.is_upper())) {
                    bounds.push((key.rel, clause));
                }
            }
        }
        if bounds.is_empty() {
            return 1.0;
        }
        let (mut rows, mut distinct) = (1.0, Vec::new());
        for key in class.keys.iter().filter(|k| set & bit(k.rel) != 0) {
            let Some(column) = self.column(key).filter(|c| c.bounds.is_some()) else { return 1.0 };
            let on_key = |clause: &Clause| match &clause.test {
                Test::Compare(_, op, value) => {
                    Clause { test: Test::Compare(key.clone(), *op, value.clone()), ..clause.clone() }
                }
                _ => clause.clone(),
            };
            let of = |clauses: Vec<Clause>| {
                let info = &self.block.rels[key.rel].info;
                selectivity::all(&clauses.iter().collect::<Vec<_>>(), info, Seen::True).max(1e-9)
            };
            let all = of(bounds.iter().map(|(_, c)| on_key(c)).collect());
            let own = of(bounds.iter().filter(|(rel, _)| *rel == key.rel).map(|(_, c)| on_key(c)).collect());
            rows *= all / own;
            distinct.push((column.distinct, (column.distinct * all).max(1.0)));
        }
        if distinct.len() < 2 {
            return 1.0;
        }
        let others = |d: &mut Vec<f64>| {
            d.sort_by(f64::total_cmp);
            d[1..].iter().product::<f64>()
        };
        let whole = others(&mut distinct.iter().map(|d| d.0).collect());
        let inside = others(&mut distinct.iter().map(|d| d.1).collect());
        rows * whole / inside
    }

    /// Joins on all columns of a unique key find one row, not the product of independent equalities.
    pub(super) fn whole_key_correction(&self, set: u64) -> f64 {
        let mut factor = 1.0;
        for rel in (0..self.block.rels.len()).filter(|r| set & bit(*r) != 0) {
            let info = &self.block.rels[rel].info;
            for index in info.indexes.iter().filter(|i| i.unique && i.keys.len() > 1 && i.predicate.is_empty()) {
                let matched: Option<Vec<&ColumnInfo>> = index
                    .keys
                    .iter()
                    .map(|k| {
                        let name = &info.columns[(*k)?].name;
                        self.classes.iter().find(|c| {
                            c.constant.is_none()
                                && c.keys.iter().any(|k| k.rel == rel && k.column.as_ref() == Some(name))
                                && c.keys.iter().any(|k| k.rel != rel && set & bit(k.rel) != 0)
                        })?;
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

    pub(super) fn across(&self, clause: &Clause, seen: Seen) -> f64 {
        match &clause.test {
            Test::Join(l, op, r) => selectivity::join(self.column(l), *op, self.column(r)),
            _ => {
                let rel = clause.rels.trailing_zeros() as usize;
                self.block.rels.get(rel).map_or(1.0, |r| selectivity::one(clause, &r.info, seen))
            }
        }
    }

    pub(super) fn special_rows(&self, joined: f64, special: &Special, set: u64, seen: Seen) -> f64 {
        use crate::access::plan::JoinType;
        let outside = set & !special.inner;
        let outer = self.join_rows(outside, seen);
        let mut pairs = joined;
        for place in &special.clauses {
            let clause = &self.pool[*place];
            if clause.rels & !set == 0 {
                pairs *= self.across(clause, seen);
            }
        }
        match special.join {
            JoinType::Inner => pairs,
            JoinType::Left if special.unmatched && seen == Seen::True => {
                outer * (1.0 - matched_share(pairs / outer.max(1e-9)))
            }
            // The planner takes the share of nulls in the column, which has none.
            JoinType::Left if special.unmatched => 1.0,
            JoinType::Left | JoinType::Full => pairs.max(outer),
            JoinType::Semi => outer * self.matched(special, set, pairs / outer.max(1e-9), seen),
            JoinType::Anti => outer * (1.0 - self.matched(special, set, pairs / outer.max(1e-9), seen)),
        }
    }

    /// Share of the rows outside a semi- or anti-join that have a match inside, when they have `matches` on average.
    fn matched(&self, special: &Special, set: u64, matches: f64, seen: Seen) -> f64 {
        let (inner, outer) = (special.inner, set & !special.inner);
        if seen != Seen::True {
            return self.believed_match(inner, outer).map_or(matched_share(matches), |share| {
                let further = special.clauses.iter().map(|c| &self.pool[*c]).filter(|c| c.rels & !set == 0);
                let further = further.filter(|c| !matches!(c.test, Test::Join(_, Op::Eq, _)));
                share * further.map(|c| self.across(c, seen)).product::<f64>()
            });
        }
        if inner.count_ones() != 1 {
            return matched_share(matches);
        }
        // Of `each` rows with the same key any one may pass the other conditions.
        let rel = inner.trailing_zeros() as usize;
        let rows = self.block.rels[rel].info.rows;
        let distinct: f64 =
            self.key_pairs(inner, outer).iter().filter_map(|(i, _)| self.column(i)).map(|c| c.distinct).product();
        let each = (rows / distinct.max(1.0)).max(1.0);
        let passing = (self.base_rows(rel, seen) / rows.max(1.0)).min(1.0);
        let found = matched_share(matches / (each * passing).max(1e-12));
        found * (1.0 - (1.0 - passing).powf(each))
    }

    /// The equalities between two sides, one for each key of the inner one: (inner, outer).
    fn key_pairs(&self, inner: u64, outer: u64) -> Vec<(&Key, &Key)> {
        let mut pairs: Vec<(&Key, &Key)> = Vec::new();
        for r in (0..self.links.len()).filter(|r| inner & bit(*r) != 0) {
            for (place, others) in &self.links[r] {
                if others & outer != 0
                    && let Test::Join(inside, Op::Eq, outside) = &self.pool[*place].test
                    && !pairs.iter().any(|(i, _)| *i == inside)
                {
                    pairs.push((inside, outside));
                }
            }
        }
        pairs
    }

    /// What the planner takes for the share of outer rows that an EXISTS finds a match for (eqjoinsel_semi): values
    /// inside, no more than rows are left there, over values outside.
    pub(super) fn believed_match(&self, inner: u64, outer: u64) -> Option<f64> {
        let pairs = self.key_pairs(inner, outer);
        if pairs.is_empty() {
            return None;
        }
        let share = |(inside, outside): &(&Key, &Key)| {
            let rows = self.base_rows(inside.rel, self.seen);
            let inside = self.column(inside).map_or(rows, |c| c.distinct).min(rows);
            let (outside, nulls) = self.column(outside).map_or((inside, 0.0), |c| (c.distinct, c.null_fraction));
            let outside = outside.max(1.0);
            (inside / outside).min(1.0) * (1.0 - nulls)
        };
        Some(pairs.iter().map(share).product())
    }

    /// Share of a leaf's rows that pass the clauses, equalities with other relations included.
    #[must_use]
    pub fn share(&self, info: &TableInfo, places: &[usize], seen: Seen) -> f64 {
        let (links, plain): (Vec<usize>, Vec<usize>) =
            places.iter().partition(|p| matches!(&self.pool[**p].test, Test::Join(l, _, r) if l.rel != r.rel));
        let mut linked = 1.0;
        for place in &links {
            if let Test::Join(left, op, right) = &self.pool[*place].test {
                let own = selectivity::statistics(left, info);
                linked *= match own {
                    // A scan that other rows drive is planned as if their values were among its own.
                    Some(column) if *op == Op::Eq && seen != Seen::True => selectivity::average(column),
                    _ => selectivity::join(own, *op, self.column(right)),
                };
                if seen == Seen::True
                    && let Some(class) = self.classes.iter().find(|c| c.constant.is_none() && c.keys.contains(left))
                {
                    linked *= self.same_range(class, bit(left.rel) | bit(right.rel));
                }
            }
        }
        if !links.is_empty()
            && seen == Seen::True
            && let Some(index) = self.fixed_key(info, places)
        {
            // The columns of a key are not independent: together they find one row, which the rest then tests.
            let of_key = |name: &String| index.keys.iter().any(|k| k.is_some_and(|c| info.columns[c].name == *name));
            let (equal, rest): (Vec<usize>, Vec<usize>) = plain.iter().partition(
                |p| matches!(&self.pool[**p].test, Test::Compare(k, Op::Eq, _) if k.column.as_ref().is_some_and(of_key)),
            );
            // With a value of its own for one of them, the row need not be there.
            let least = if equal.is_empty() { 1.0 / info.rows.max(1.0) } else { 0.0 };
            let found = (linked * selectivity::all(&self.clauses(&equal), info, seen)).max(least);
            return (found * selectivity::all(&self.clauses(&rest), info, seen)).clamp(0.0, 1.0);
        }
        (linked * selectivity::all(&self.clauses(&plain), info, seen)).clamp(0.0, 1.0)
    }

    /// Share of outer rows whose join keys are not null, for a plan that other relations' rows drive.
    #[must_use]
    pub fn known_keys(&self, inner: &super::plan::Plan) -> f64 {
        let mut share: f64 = 1.0;
        for rel in (0..self.links.len()).filter(|r| inner.rels & bit(*r) != 0) {
            for (place, others) in &self.links[rel] {
                if others & inner.requires != 0
                    && let Test::Join(_, Op::Eq, key) = &self.pool[*place].test
                {
                    share = share.min(self.column(key).map_or(1.0, |c| 1.0 - c.null_fraction));
                }
            }
        }
        share
    }

    /// A unique key all of whose columns equalities fix.
    pub(super) fn fixed_key<'t>(&self, info: &'t TableInfo, places: &[usize]) -> Option<&'t IndexInfo> {
        let fixed = |name: &str| {
            places.iter().any(|p| match &self.pool[*p].test {
                Test::Join(k, Op::Eq, _) | Test::Compare(k, Op::Eq, _) => k.column.as_deref() == Some(name),
                _ => false,
            })
        };
        info.indexes.iter().find(|i| {
            i.unique && i.predicate.is_empty() && i.keys.iter().all(|k| k.is_some_and(|c| fixed(&info.columns[c].name)))
        })
    }
}

/// Share of outer rows with at least one match when they have `matches` on average.
///
/// Below one match on average the matches are taken as spread one by one (a key), above as certain.
#[must_use]
pub fn matched_share(matches: f64) -> f64 {
    matches.clamp(0.0, 1.0)
}
