//! SELECT, VALUES, TABLE, set operations and the clauses around them.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::node::{Read, Reader, child, has, names};
use super::tree::{
    Body, Cte, Distinct, Expr, Literal, LockClause, LockMode, LockWait, OrderBy, Query, Select, SelectItem,
    SetOperator, TableRef,
};

/// One element of a flattened chain of set operations.
enum SetPart {
    Operand(Box<Query>),
    Operator(SetOperator, bool),
}

impl Reader {
    /// The node as a query when it is one, in parentheses or not.
    pub(super) fn as_subquery(&mut self, node: &SyntaxNode) -> Read<Option<Query>> {
        match node.kind() {
            K::SELECT | K::PAREN_SELECT | K::TABLE | K::VALUES | K::COMPOUND_SELECT => self.query(node).map(Some),
            K::SELECT_INTO => Err(self.unsupported_as("SELECT INTO", node)),
            K::PAREN_EXPR => match node.first_child() {
                Some(inner) if node.children().count() == 1 => self.as_subquery(&inner),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// Reads a query.
    pub(super) fn query(&mut self, node: &SyntaxNode) -> Read<Query> {
        match node.kind() {
            K::COMPOUND_SELECT => {
                let mut outer = empty_query(Body::Values(Vec::new()));
                let mut parts = Vec::new();
                self.flatten_sets(node, &mut parts, &mut outer)?;
                let mut parts = parts.into_iter().peekable();
                outer.body = self.climb_sets(&mut parts, 0, node)?.body;
                Ok(outer)
            }
            K::PAREN_SELECT | K::PAREN_EXPR => self.paren_select(node),
            K::SELECT | K::VALUES | K::TABLE | K::SELECT_INTO => {
                self.windows.push(Vec::new());
                let mut query = empty_query(Body::Values(Vec::new()));
                query.body = match node.kind() {
                    K::SELECT | K::SELECT_INTO => Body::Select(Box::new(self.select(node, &mut query)?)),
                    K::TABLE => Body::Select(Box::new(self.table(node, &mut query)?)),
                    _ => Body::Values(self.values(node, &mut query)?),
                };
                self.windows.pop();
                Ok(query)
            }
            _ => Err(self.unsupported(node)),
        }
    }

    /// Puts the operands and operators of a chain of set operations in a row. The library may give
    /// the clauses of the whole chain to one operand; unless that is in parentheses they are the whole's.
    fn flatten_sets(&mut self, node: &SyntaxNode, parts: &mut Vec<SetPart>, outer: &mut Query) -> Read<()> {
        for part in node.children() {
            match part.kind() {
                K::COMPOUND_SELECT => self.flatten_sets(&part, parts, outer)?,
                K::UNION => parts.push(SetPart::Operator(SetOperator::Union, has(&part, K::ALL))),
                K::INTERSECT => parts.push(SetPart::Operator(SetOperator::Intersect, has(&part, K::ALL))),
                K::EXCEPT => parts.push(SetPart::Operator(SetOperator::Except, has(&part, K::ALL))),
                K::PAREN_SELECT | K::PAREN_EXPR => parts.push(SetPart::Operand(Box::new(self.query(&part)?))),
                K::SELECT | K::VALUES | K::TABLE => {
                    let mut query = self.query(&part)?;
                    outer.with.append(&mut query.with);
                    outer.order_by.append(&mut query.order_by);
                    outer.locks.append(&mut query.locks);
                    outer.limit = query.limit.take().or(outer.limit.take());
                    outer.offset = query.offset.take().or(outer.offset.take());
                    parts.push(SetPart::Operand(Box::new(query)));
                }
                _ => self.modifier(&part, outer)?,
            }
        }
        Ok(())
    }

    /// INTERSECT binds more strongly than UNION and EXCEPT; all associate to the left (gram.y).
    fn climb_sets(
        &self,
        parts: &mut std::iter::Peekable<std::vec::IntoIter<SetPart>>,
        weakest: u8,
        node: &SyntaxNode,
    ) -> Read<Box<Query>> {
        let Some(SetPart::Operand(mut left)) = parts.next() else {
            return Err(self.error("a query is missing here", node));
        };
        while let Some(SetPart::Operator(op, all)) = parts.peek() {
            let (op, all) = (*op, *all);
            let level = if op == SetOperator::Intersect { 2 } else { 1 };
            if level < weakest {
                break;
            }
            parts.next();
            let right = self.climb_sets(parts, level + 1, node)?;
            left = Box::new(empty_query(Body::SetOperation { op, all, left, right }));
        }
        Ok(left)
    }

    /// `(query) ORDER BY ... LIMIT ...`: the clauses outside apply to what is inside.
    fn paren_select(&mut self, node: &SyntaxNode) -> Read<Query> {
        let mut inner = None;
        let mut outer = empty_query(Body::Values(Vec::new()));
        for part in node.children() {
            match part.kind() {
                K::SELECT | K::PAREN_SELECT | K::TABLE | K::VALUES | K::COMPOUND_SELECT | K::PAREN_EXPR => {
                    inner = Some(self.query(&part)?);
                }
                _ => self.modifier(&part, &mut outer)?,
            }
        }
        let mut inner = inner.ok_or_else(|| self.error("a query is missing here", node))?;
        let bare = outer.with.is_empty()
            && outer.order_by.is_empty()
            && outer.locks.is_empty()
            && outer.limit.is_none()
            && outer.offset.is_none();
        if bare {
            return Ok(inner);
        }
        let plain = inner.limit.is_none() && inner.offset.is_none() && inner.order_by.is_empty();
        if plain {
            outer.with.append(&mut inner.with);
            outer.locks.append(&mut inner.locks);
            outer.body = inner.body;
            return Ok(outer);
        }
        let from = TableRef::Subquery { query: Box::new(inner), alias: None, columns: Vec::new(), lateral: false };
        outer.body = Body::Select(Box::new(star_from(from)));
        Ok(outer)
    }

    fn select(&mut self, node: &SyntaxNode, query: &mut Query) -> Read<Select> {
        let mut select = empty_select();
        // Windows are defined after the calls that use them.
        if let Some(clause) = child(node, K::WINDOW_CLAUSE) {
            for definition in clause.children() {
                let name = self.name_in(&definition, K::WINDOW)?.unwrap_or_default();
                if let Some(spec) = child(&definition, K::WINDOW_SPEC) {
                    let window = self.window(&spec)?;
                    if let Some(innermost) = self.windows.last_mut() {
                        innermost.push((name, window));
                    }
                }
            }
        }
        for part in node.children() {
            match part.kind() {
                K::SELECT_CLAUSE => self.select_clause(&part, &mut select)?,
                K::FROM_CLAUSE => select.from = self.table_items(&part)?,
                K::WHERE_CLAUSE => select.filter = Some(self.only_expr(&part)?),
                K::GROUP_BY_CLAUSE => select.group_by = self.group_by(&part)?,
                K::HAVING_CLAUSE => select.having = Some(self.only_expr(&part)?),
                K::WINDOW_CLAUSE => {}
                K::INTO_CLAUSE => self.note("writing the new table of SELECT INTO", &part),
                _ => self.modifier(&part, query)?,
            }
        }
        Ok(select)
    }

    fn select_clause(&mut self, node: &SyntaxNode, select: &mut Select) -> Read<()> {
        for part in node.children() {
            match part.kind() {
                K::ALL => {}
                K::DISTINCT_CLAUSE => {
                    select.distinct = match child(&part, K::DISTINCT_ON) {
                        Some(on) => Distinct::On(self.exprs(&on)?),
                        None => Distinct::All,
                    };
                }
                K::TARGET_LIST => select.items = self.targets(&part)?,
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(())
    }

    /// The entries of a select or RETURNING list.
    pub(super) fn targets(&mut self, node: &SyntaxNode) -> Read<Vec<SelectItem>> {
        let mut items = Vec::new();
        for target in node.children() {
            if target.kind() != K::TARGET {
                return Err(self.unsupported(&target));
            }
            if has(&target, K::STAR) {
                items.push(SelectItem::Star { qualifier: None });
                continue;
            }
            let inner = self.first_child(&target)?;
            let named = inner.first_child().is_some_and(|b| matches!(b.kind(), K::NAME_REF | K::FIELD_EXPR));
            if inner.kind() == K::FIELD_EXPR && has(&inner, K::STAR) && named {
                items.push(SelectItem::Star { qualifier: names(&inner).pop() });
                continue;
            }
            let expr = self.expr(&inner)?;
            items.push(SelectItem::Expr { expr, alias: self.name_in(&target, K::AS_NAME)? });
        }
        Ok(items)
    }

    fn group_by(&mut self, node: &SyntaxNode) -> Read<Vec<Expr>> {
        let mut keys = Vec::new();
        for part in node.children() {
            match part.kind() {
                K::GROUP_BY_LIST => keys.extend(self.group_by(&part)?),
                K::GROUPING_EXPR => match self.only_expr(&part)? {
                    Expr::Row(row) => keys.extend(row),
                    key => keys.push(key),
                },
                K::GROUPING_SETS | K::GROUPING_ROLLUP | K::GROUPING_CUBE => {
                    self.note("grouping by several sets at once", &part);
                    for inner in part.children() {
                        keys.extend(match self.expr(&inner)? {
                            Expr::Row(row) => row,
                            key => vec![key],
                        });
                    }
                }
                K::ALL | K::DISTINCT => {}
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(keys)
    }

    fn values(&mut self, node: &SyntaxNode, query: &mut Query) -> Read<Vec<Vec<Expr>>> {
        let mut rows = Vec::new();
        for part in node.children() {
            match part.kind() {
                K::ROW_LIST => {
                    for row in part.children() {
                        rows.push(self.exprs(&row)?);
                    }
                }
                _ => self.modifier(&part, query)?,
            }
        }
        Ok(rows)
    }

    /// `TABLE t` is `SELECT * FROM t`.
    fn table(&mut self, node: &SyntaxNode, query: &mut Query) -> Read<Select> {
        let mut select = empty_select();
        for part in node.children() {
            match part.kind() {
                K::RELATION_NAME => select = star_from(self.relation(&part)?),
                _ => self.modifier(&part, query)?,
            }
        }
        Ok(select)
    }

    /// WITH, ORDER BY, LIMIT, OFFSET, FETCH and FOR UPDATE, which any query may have.
    fn modifier(&mut self, part: &SyntaxNode, query: &mut Query) -> Read<()> {
        match part.kind() {
            K::WITH_CLAUSE => query.with = self.with(part)?,
            K::ORDER_BY_CLAUSE => query.order_by = self.order_by(part)?,
            K::LIMIT_CLAUSE if has(part, K::ALL) => {}
            K::LIMIT_CLAUSE => query.limit = Some(self.only_expr(part)?),
            K::OFFSET_CLAUSE => query.offset = Some(self.only_expr(part)?),
            K::FETCH_CLAUSE => {
                query.limit = Some(Expr::Literal(Literal::Number(1.0)));
                for inner in part.children() {
                    match inner.kind() {
                        K::FETCH_ONLY => {}
                        K::WITH_TIES => self.note("WITH TIES", &inner),
                        _ => query.limit = Some(self.expr(&inner)?),
                    }
                }
            }
            K::LOCKING_CLAUSE => query.locks.push(self.locking(part)?),
            _ => return Err(self.unsupported(part)),
        }
        Ok(())
    }

    /// The entries of ORDER BY.
    pub(super) fn order_by(&mut self, node: &SyntaxNode) -> Read<Vec<OrderBy>> {
        let mut out = Vec::new();
        for sort in node.children().flat_map(|list| list.children()) {
            let mut entry = OrderBy { expr: Expr::Default, descending: false, nulls_first: None };
            for part in sort.children() {
                match part.kind() {
                    K::SORT_ASC => {}
                    K::SORT_DESC => entry.descending = true,
                    K::NULLS_FIRST => entry.nulls_first = Some(true),
                    K::NULLS_LAST => entry.nulls_first = Some(false),
                    K::SORT_USING => entry.descending = has(&part, K::R_ANGLE),
                    _ => entry.expr = self.expr(&part)?,
                }
            }
            out.push(entry);
        }
        Ok(out)
    }

    fn locking(&self, node: &SyntaxNode) -> Read<LockClause> {
        let mut clause = LockClause { mode: LockMode::Update, of: Vec::new(), wait: LockWait::Block };
        for part in node.children() {
            match part.kind() {
                K::FOR_UPDATE => clause.mode = LockMode::Update,
                K::FOR_NO_KEY_UPDATE => clause.mode = LockMode::NoKeyUpdate,
                K::FOR_SHARE => clause.mode = LockMode::Share,
                K::FOR_KEY_SHARE => clause.mode = LockMode::KeyShare,
                K::LOCKING_OF => clause.of = part.children().map(|n| self.name(&n)).collect::<Read<_>>()?,
                K::SKIP_LOCKED => clause.wait = LockWait::SkipLocked,
                K::NOWAIT => clause.wait = LockWait::NoWait,
                _ => return Err(self.unsupported(&part)),
            }
        }
        Ok(clause)
    }

    /// A WITH list.
    pub(super) fn with(&mut self, node: &SyntaxNode) -> Read<Vec<Cte>> {
        let recursive = has(node, K::RECURSIVE_KW);
        let mut ctes = Vec::new();
        for table in node.children() {
            let (mut name, mut columns, mut materialized, mut statement) = (None, Vec::new(), None, None);
            for part in table.children() {
                match part.kind() {
                    K::CTE_NAME => name = Some(self.name(&part)?),
                    K::COLUMN_LIST => columns = names(&part),
                    K::MATERIALIZED => materialized = Some(true),
                    K::NOT_MATERIALIZED => materialized = Some(false),
                    K::SEARCH_CLAUSE | K::CYCLE_CLAUSE => self.note("SEARCH and CYCLE", &part),
                    _ => statement = Some(Box::new(self.statement(&part)?)),
                }
            }
            let (Some(name), Some(statement)) = (name, statement) else {
                return Err(self.error("WITH needs a name and a statement", &table));
            };
            ctes.push(Cte { name, columns, recursive, materialized, statement });
        }
        Ok(ctes)
    }
}

pub(super) const fn empty_query(body: Body) -> Query {
    Query { with: Vec::new(), body, order_by: Vec::new(), limit: None, offset: None, locks: Vec::new() }
}

const fn empty_select() -> Select {
    Select {
        distinct: Distinct::No,
        items: Vec::new(),
        from: Vec::new(),
        filter: None,
        group_by: Vec::new(),
        having: None,
    }
}

pub(super) fn star_from(from: TableRef) -> Select {
    Select { items: vec![SelectItem::Star { qualifier: None }], from: vec![from], ..empty_select() }
}
