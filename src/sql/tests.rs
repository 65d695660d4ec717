//! Statements as applications write them, checked through their whole trees.

use super::tree::*;
use super::{parse_expr, parse_statement, parse_statement_noted};

/// An expression with all its parentheses, so that a test can say how it nests.
fn shown(expr: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(shown).collect::<Vec<_>>().join(", ");
    match expr {
        Expr::Column { qualifier: Some(q), name, .. } => format!("{q}.{name}"),
        Expr::Column { name, .. } => name.clone(),
        Expr::Parameter { number, .. } => format!("${number}"),
        Expr::Literal(Literal::Null) => "null".into(),
        Expr::Literal(Literal::Bool(b)) => b.to_string(),
        Expr::Literal(Literal::Number(n)) => n.to_string(),
        Expr::Literal(Literal::Text(t)) => format!("'{t}'"),
        Expr::Unary { op, expr } => format!("({op} {})", shown(expr)),
        Expr::Binary { op, left, right } => format!("({} {op} {})", shown(left), shown(right)),
        Expr::Between { expr, low, high, negated } => {
            let not = if *negated { "not " } else { "" };
            format!("({} {not}between {} and {})", shown(expr), shown(low), shown(high))
        }
        Expr::InList { expr, list: items, negated } => {
            format!("({} {}in [{}])", shown(expr), if *negated { "not " } else { "" }, list(items))
        }
        Expr::InSubquery { expr, negated, .. } => {
            format!("({} {}in subquery)", shown(expr), if *negated { "not " } else { "" })
        }
        Expr::Quantified { expr, op, all, array } => {
            format!("({} {op} {} {})", shown(expr), if *all { "all" } else { "any" }, shown(array))
        }
        Expr::IsNull { expr, negated } => format!("({} is {}null)", shown(expr), if *negated { "not " } else { "" }),
        Expr::Is { expr, test } => format!("({} is {test})", shown(expr)),
        Expr::Exists(_) => "exists".into(),
        Expr::Subquery(_) => "subquery".into(),
        Expr::Call { name, args, .. } => format!("{}({})", name.name, list(args)),
        Expr::Cast { expr, to } => format!("({}::{to})", shown(expr)),
        Expr::Collate { expr, collation } => format!("({} collate {})", shown(expr), collation.name),
        Expr::Case { .. } => "case".into(),
        Expr::Array(items) => format!("array[{}]", list(items)),
        Expr::Row(items) => format!("row({})", list(items)),
        Expr::Access { base, index } => format!("{}[{}]", shown(base), list(index)),
        Expr::Default => "default".into(),
    }
}

/// The nesting of gram.y by hand; tests/expressions.rs compares random texts with a server.
#[test]
fn operators_nest_by_the_grammar() {
    for (text, expected) in [
        ("k BETWEEN 1 AND 2 OR c = 3", "((k between 1 and 2) or (c = 3))"),
        ("j->'a'->>'b' = 'x'", "(((j -> 'a') ->> 'b') = 'x')"),
        ("NOT a = b AND c", "((not (a = b)) and c)"),
        ("a = b IS NULL", "((a = b) is null)"),
        ("a + b * c ^ 2 - d", "((a + (b * (c ^ 2))) - d)"),
        ("a - b - c", "((a - b) - c)"),
        ("-a ^ 2", "((- a) ^ 2)"),
        ("-5::int", "(- (5::int))"),
        ("- 5", "-5"),
        ("a || b || c LIKE 'x' || d ESCAPE '!'", "(((a || b) || c) like like_escape(('x' || d), '!'))"),
        ("a NOT BETWEEN b + 1 AND c + 2 AND d", "((a not between (b + 1) and (c + 2)) and d)"),
        ("a BETWEEN SYMMETRIC 1 AND 2", "((a between 1 and 2) or (a between 2 and 1))"),
        ("a NOT IN (1, 2) = b", "((a not in [1, 2]) = b)"),
        ("a IN (SELECT 1) OR b IN ((SELECT 2))", "((a in subquery) or (b in subquery))"),
        ("a = ANY($1) AND b <> ALL (ARRAY[1,2])", "((a = any $1) and (b <> all array[1, 2]))"),
        ("a IS DISTINCT FROM b + 1 OR c IS NOT TRUE", "((a is distinct from (b + 1)) or (c is not true))"),
        ("@ a * b || c", "((@ (a * b)) || c)"),
        ("a::text COLLATE \"C\" < b", "(((a::text) collate C) < b)"),
        ("ts AT TIME ZONE 'utc' + interval '1 day'", "(timezone('utc', ts) + ('1 day'::interval))"),
        ("a[1] + (r).f", "(a[1] + r['f'])"),
        ("x OPERATOR(pg_catalog.+) y * z", "(x + (y * z))"),
        ("x + y OPERATOR(pg_catalog.*) z", "((x + y) * z)"),
        ("a OR b IS NULL = c", "(a or ((b is null) = c))"),
        ("tags @> '{\"a\": 1}'::jsonb AND tags ? 'k'", "((tags @> ('{\"a\": 1}'::jsonb)) and (tags ? 'k'))"),
        ("NOT a IS NULL", "(not (a is null))"),
        ("(a, b) = (1, 2)", "(row(a, b) = row(1, 2))"),
        ("a != b", "(a <> b)"),
        ("substring(a for 2) || trim(leading 'x' from b)", "(substring(a, 1, 2) || ltrim(b, 'x'))"),
        ("extract(year from ts) = 2026", "(extract('year', ts) = 2026)"),
        ("position('a' in b)", "position(b, 'a')"),
        ("a ->> -1", "(a ->> -1)"),
        ("a*-1", "(a * -1)"),
    ] {
        let read = parse_expr(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(shown(&read), expected, "{text}");
    }
}

#[test]
fn what_the_server_refuses_is_refused() {
    for text in ["a < b < c", "a = b = c", "a BETWEEN 1 AND 2 IN (3)", "a +", "(a", "a b", "a; b", "", "1 FROM t"] {
        assert!(parse_expr(text).is_err(), "{text}");
    }
}

fn select(text: &str) -> Query {
    match parse_statement(text) {
        Ok(Statement::Query(query)) => query,
        other => panic!("{text}: {other:?}"),
    }
}

fn body(query: &Query) -> &Select {
    match &query.body {
        Body::Select(select) => select,
        other => panic!("{other:?}"),
    }
}

#[test]
fn statements_of_pgbench() {
    let Ok(Statement::Update(update)) =
        parse_statement("UPDATE pgbench_accounts SET abalance = abalance + $2 WHERE aid = $1;")
    else {
        panic!()
    };
    assert_eq!(update.table.name, "pgbench_accounts");
    assert_eq!(update.span, 7..23);
    assert_eq!(update.assignments[0].column, "abalance");
    assert_eq!(shown(&update.assignments[0].value), "(abalance + $2)");
    assert_eq!(update.filter.as_ref().map(shown).as_deref(), Some("(aid = $1)"));

    let Ok(Statement::Insert(insert)) = parse_statement(
        "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)",
    ) else {
        panic!()
    };
    assert_eq!(insert.columns.len(), 5);
    let Some(Query { body: Body::Values(rows), .. }) = insert.source else { panic!() };
    assert_eq!(rows[0].iter().map(shown).collect::<Vec<_>>(), ["$1", "$2", "$3", "$4", "current_timestamp()"]);

    assert_eq!(parse_statement("BEGIN"), Ok(Statement::Begin));
    assert_eq!(parse_statement("start transaction isolation level serializable"), Ok(Statement::Begin));
    assert_eq!(parse_statement("END;"), Ok(Statement::Commit));
    assert_eq!(parse_statement("abort"), Ok(Statement::Rollback));
    assert!(matches!(parse_statement("set local work_mem = '1MB'"), Ok(Statement::Utility { .. })));
}

#[test]
fn joins_associate_as_in_the_grammar() {
    let query = select(
        "SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN c USING (y) CROSS JOIN d NATURAL JOIN e, f g (h), \
         p JOIN q JOIN r ON q.x = r.x ON p.x = q.x",
    );
    fn nesting(item: &TableRef) -> String {
        match item {
            TableRef::Table { name, alias, .. } => alias.clone().unwrap_or_else(|| name.name.clone()),
            TableRef::Join { kind, left, right, condition } => {
                let on = match condition {
                    JoinCondition::None => String::new(),
                    JoinCondition::On(e) => format!(" on {}", shown(e)),
                    JoinCondition::Using(c, _) => format!(" using {}", c.join(",")),
                    JoinCondition::Natural => " natural".into(),
                };
                format!("({} {kind:?} {}{on})", nesting(left), nesting(right))
            }
            other => panic!("{other:?}"),
        }
    }
    let from: Vec<_> = body(&query).from.iter().map(nesting).collect();
    assert_eq!(
        from,
        [
            "((((a Inner b on (a.x = b.x)) Left c using y) Inner d) Inner e natural)",
            "g",
            "(p Inner (q Inner r on (q.x = r.x)) on (p.x = q.x))"
        ]
    );
}

#[test]
fn set_operations_associate_as_in_the_grammar() {
    fn nesting(query: &Query) -> String {
        match &query.body {
            Body::Select(select) => match &select.items[0] {
                SelectItem::Expr { expr, .. } => shown(expr),
                SelectItem::Star { .. } => "*".into(),
            },
            Body::SetOperation { op, all, left, right } => {
                format!("({} {op:?}{} {})", nesting(left), if *all { " all" } else { "" }, nesting(right))
            }
            Body::Values(_) => "values".into(),
        }
    }
    let query = select("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4 ORDER BY 1 LIMIT 5");
    assert_eq!(nesting(&query), "((1 Union (2 Intersect 3)) Except all 4)");
    assert_eq!(query.limit, Some(Expr::Literal(Literal::Number(5.0))));
    let query = select("WITH q AS (SELECT 1) SELECT 1 UNION (SELECT 2 LIMIT 1) UNION VALUES (3) LIMIT 7");
    assert_eq!(nesting(&query), "((1 Union 2) Union values)");
    assert_eq!((query.with.len(), query.limit), (1, Some(Expr::Literal(Literal::Number(7.0)))));
}

#[test]
fn a_job_queue() {
    let text = "UPDATE jobs SET state = 'running', started_at = now(), attempts = attempts + 1 \
                WHERE id = (SELECT id FROM jobs WHERE state = 'queued' AND run_at <= now() \
                ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, payload";
    let Ok(Statement::Update(update)) = parse_statement(text) else { panic!() };
    assert_eq!(update.returning.len(), 2);
    let Some(Expr::Binary { right, .. }) = &update.filter else { panic!() };
    let Expr::Subquery(query) = &**right else { panic!() };
    assert_eq!(query.locks, [LockClause { mode: LockMode::Update, of: vec![], wait: LockWait::SkipLocked }]);
    assert!(query.order_by[0].descending && !query.order_by[1].descending);
}

#[test]
fn upserts() {
    let text = "INSERT INTO s.t AS x (a, b) VALUES ($1, DEFAULT), ($2, 3) ON CONFLICT (lower(a), b) WHERE b > 0 \
                DO UPDATE SET b = excluded.b, (c, d) = ($3, x.d + 1), (e, f) = (SELECT 1, 2) WHERE x.b < 5 \
                RETURNING *, x.*, a AS z";
    let Ok(Statement::Insert(insert)) = parse_statement(text) else { panic!() };
    let conflict = insert.on_conflict.expect("a conflict clause");
    assert_eq!(conflict.target.iter().map(shown).collect::<Vec<_>>(), ["lower(a)", "b"]);
    let set: Vec<_> = conflict.update.iter().flatten().map(|a| format!("{}={}", a.column, shown(&a.value))).collect();
    assert_eq!(set, ["b=excluded.b", "c=$3", "d=(x.d + 1)", "e=subquery", "f=subquery"]);
    assert_eq!(insert.returning.len(), 3);
    assert_eq!(insert.table, QualifiedName { schema: Some("s".into()), name: "t".into() });
}

#[test]
fn clauses_of_a_report() {
    let text = "WITH RECURSIVE tree (id) AS MATERIALIZED (SELECT 1 UNION ALL SELECT t.id FROM t JOIN tree USING (id)), \
                gone AS (DELETE FROM ONLY old USING u WHERE old.id = u.id RETURNING old.*) \
                SELECT DISTINCT ON (a) a, t.*, count(DISTINCT b) FILTER (WHERE b > 1) AS n, \
                sum(c) OVER (w ROWS UNBOUNDED PRECEDING), string_agg(d, ',' ORDER BY d DESC), \
                CASE a WHEN 1 THEN 'x' ELSE 'y' END \
                FROM t, LATERAL (SELECT 1) AS l (one), generate_series(1, $1) AS g (i) \
                WHERE EXISTS (SELECT FROM u WHERE u.id = t.id) GROUP BY a, 2 HAVING count(*) > 1 \
                WINDOW w AS (PARTITION BY a ORDER BY b) ORDER BY a DESC NULLS LAST OFFSET 5 FETCH FIRST 10 ROWS ONLY \
                FOR NO KEY UPDATE OF t NOWAIT";
    let query = select(text);
    assert!(query.with[0].recursive && query.with[0].materialized == Some(true));
    assert!(matches!(&*query.with[1].statement, Statement::Delete(d) if d.only && d.using.len() == 1));
    let select = body(&query);
    assert!(matches!(&select.distinct, Distinct::On(keys) if keys.len() == 1));
    assert!(matches!(&select.items[1], SelectItem::Star { qualifier: Some(t) } if t == "t"));
    let SelectItem::Expr { expr: Expr::Call { distinct, filter, .. }, alias } = &select.items[2] else { panic!() };
    assert!(*distinct && filter.is_some() && alias.as_deref() == Some("n"));
    let SelectItem::Expr { expr: Expr::Call { over: Some(window), .. }, .. } = &select.items[3] else { panic!() };
    assert_eq!((window.partition_by.len(), window.order_by.len()), (1, 1));
    let SelectItem::Expr { expr: Expr::Call { order_by, .. }, .. } = &select.items[4] else { panic!() };
    assert!(order_by[0].descending);
    assert!(matches!(&select.from[1], TableRef::Subquery { lateral: true, columns, .. } if columns == &["one"]));
    assert!(matches!(&select.from[2], TableRef::Function { name, .. } if name.name == "generate_series"));
    assert_eq!((select.group_by.len(), select.having.is_some()), (2, true));
    assert_eq!(query.limit, Some(Expr::Literal(Literal::Number(10.0))));
    assert_eq!(query.locks[0].wait, LockWait::NoWait);
}

#[test]
fn what_has_no_place_is_said() {
    for (text, message) in [
        ("CREATE TABLE t (a int)", "what CREATE TABLE does beyond its message is not supported yet"),
        ("VACUUM t", "what VACUUM does beyond its message is not supported yet"),
        ("SELECT a FROM t TABLESAMPLE system (1)", "TABLESAMPLE is not supported yet"),
        ("SELECT 1; SELECT 2", "more than one statement here"),
        ("SELECT 'a", "a quote, dollar quote or comment is never closed"),
        (" -- nothing", "no statement here"),
    ] {
        assert_eq!(parse_statement(text).map_err(|e| e.message), Err(message.to_owned()), "{text}");
    }
    let (_, notes) = parse_statement_noted("SELECT a FROM t TABLESAMPLE system (1)").expect("read in part");
    assert_eq!((notes.len(), notes[0].span.clone()), (1, 16..38));
}

#[test]
fn errors_have_places() {
    let error = parse_statement("  SELECT a FRM t WHERE").expect_err("not SQL");
    assert!(error.span.start >= 11, "{error:?}");
    assert_eq!(parse_statement("UPDATE t SET a = 1 WHERE CURRENT OF c").map_err(|e| e.span), Err(19..37));
}

#[test]
fn deep_and_long_texts_are_refused_or_read_without_harm() {
    let nested = |n: usize| format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n));
    assert!(parse_statement(&nested(190)).is_ok());
    assert!(parse_statement(&nested(100_000)).is_err());
    for unit in ["NOT ", "- ", "a = ", "a || ", "CASE WHEN ", "SELECT (", "x[", "1 UNION SELECT ", "a JOIN "] {
        let text = format!("SELECT {}1", unit.repeat(50_000));
        assert!(parse_statement(&text).is_err(), "{unit}");
    }
    let chain = format!("SELECT {} FROM t", vec!["a"; 400].join(" || "));
    assert!(parse_statement(&chain).is_ok());
    let list = format!("SELECT 1 FROM t WHERE a IN ({})", vec!["-1"; 20_000].join(", "));
    assert!(parse_statement(&list).is_ok());
}
