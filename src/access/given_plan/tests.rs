//! Plans as PostgreSQL 15 printed them; the numbers expected are those in the files.

use super::*;
use crate::access::footprint::AccessPath;

/// EXPLAIN (ANALYZE, BUFFERS, WAL) of a join of 11 rows with two each.
const JOIN: &str = include_str!("../../../tests/fixtures/plans/join-aligned.txt");
/// The same without ANALYZE.
const ESTIMATED: &str = include_str!("../../../tests/fixtures/plans/join-estimated.txt");
const PARALLEL: &str = include_str!("../../../tests/fixtures/plans/parallel-jit.txt");
const PARALLEL_ESTIMATED: &str = include_str!("../../../tests/fixtures/plans/parallel-estimated.txt");
const UPDATE: &str = include_str!("../../../tests/fixtures/plans/update-trigger.txt");
const INSERT: &str = include_str!("../../../tests/fixtures/plans/insert-reference.txt");

fn place() -> Position {
    Position { file: "w.yaml".into(), line: 1, column: 1, path: None }
}

fn read(text: &str) -> Result<Plan, InputError> {
    Plan::read(&PlanText { file: "plan.json".into(), text: text.into() }, place())
}

fn laid_over(text: &str, mut own: Footprint) -> Footprint {
    read(text).unwrap_or_else(|e| panic!("{e} at {:?}", e.position)).lay_over(&mut own);
    own
}

fn said(text: &str) -> String {
    read(text).unwrap().warnings().iter().map(|w| w.message.clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_form_of_one_plan_reads_alike() {
    let tree = r#"{"Node Type": "Index Scan", "Relation Name": "par", "Index Name": "par_pkey", "Plan Rows": 1, "Plan Width": 20}"#;
    let object = format!("{{\"Plan\": {tree}}}");
    let text = serde_json::Value::from(format!("[{object}]"));
    for form in [
        format!("[{object}]"),
        object.clone(),
        tree.to_owned(),
        format!("\u{feff}[[{object}]]"),
        format!("[{{\"QUERY PLAN\": [{object}]}}]"),
        format!("{{\"QUERY PLAN\": {text}}}"),
        format!("{{\"rows\": [{{\"QUERY PLAN\": [{object}]}}]}}"),
        format!("2026-01-01 12:00:00 UTC [7] LOG:  duration: 0.1 ms  plan:\n\t{}", object.replace(", ", ",\n\t")),
        include_str!("../../../tests/fixtures/plans/lookup-expanded.txt").to_owned(),
        include_str!("../../../tests/fixtures/plans/lookup-bordered.txt").to_owned(),
        include_str!("../../../tests/fixtures/plans/lookup-csv.txt").to_owned(),
        include_str!("../../../tests/fixtures/plans/lookup-unicode.txt").to_owned(),
    ] {
        let f = laid_over(&form, Footprint::default());
        let [r] = &f.relations[..] else { panic!("{form}: {:?}", f.relations) };
        assert_eq!(
            (r.path, r.index.as_deref(), r.table.name.as_str()),
            (AccessPath::IndexScan, Some("par_pkey"), "par")
        );
        assert_eq!((f.rows_out, f.pages.get()), (1.0, 4.0), "{form}");
    }
}

#[test]
fn actual_rows_and_buffers() {
    let f = laid_over(JOIN, Footprint::default());
    assert_eq!((f.pages.get(), f.rows_out, f.counts.index_descent), (59.0, 22.0, 12.0));
    let [par, kids] = &f.relations[..] else { panic!("{:?}", f.relations) };
    assert_eq!((par.rows, par.pages, kids.rows, kids.pages), (11.0, 4.0, 22.0, 55.0));
    assert_eq!(f.counts.index_row, 33.0);
    assert!(said(JOIN).contains("actual rows, measured buffer accesses"));
}

/// The inner side is believed to run once for each row of the outer side.
#[test]
fn estimates_are_multiplied_by_their_loops() {
    let f = laid_over(ESTIMATED, Footprint::default());
    assert_eq!((f.rows_out, f.relations[1].rows, f.counts.index_descent), (22.0, 22.0, 12.0));
    assert!(said(ESTIMATED).contains("the planner's rows, buffer accesses guessed"));
}

#[test]
fn parallel_workers_and_compilation_are_said() {
    // Three processes read 66,667 rows each, as ANALYZE rounds them.
    let run = laid_over(PARALLEL, Footprint::default());
    assert_eq!((run.counts.seq_row, run.pages.get(), run.rows_out), (200_001.0, 1288.0, 100.0));
    // Two workers and four tenths of the leader share what is believed to be 83,333 rows for each.
    let believed = laid_over(PARALLEL_ESTIMATED, Footprint::default());
    assert!((believed.counts.seq_row - 200_000.0).abs() < 1.0, "{}", believed.counts.seq_row);
    let messages = said(PARALLEL);
    assert!(
        messages.contains("2 parallel workers") && messages.contains("(JIT): the compilation, 36.276 ms"),
        "{messages}"
    );
    assert!(said(PARALLEL_ESTIMATED).contains("2 parallel workers"));
    let codes: Vec<WarningCode> = read(PARALLEL).unwrap().warnings().iter().map(|w| w.code).collect();
    assert_eq!(codes, [WarningCode::Substituted, WarningCode::NotModelled, WarningCode::NotModelled]);
}

#[test]
fn writes_are_as_many_as_the_plan_s() {
    let own = Footprint {
        rows_written: 1.0,
        index_entries: 2.0,
        wal_bytes: Bytes(150.0),
        writes: true,
        counts: crate::access::Counts { row_written: 1.0, foreign_key_check: 1.0, ..Default::default() },
        ..Footprint::default()
    };
    let insert = laid_over(INSERT, own.clone());
    assert_eq!((insert.rows_written, insert.index_entries, insert.counts.foreign_key_check), (2.0, 4.0, 2.0));
    assert_eq!((insert.wal_bytes.get(), insert.rows_out), (390.0, 0.0));
    // What the plan touched, and two look-ups of a parent that run after it.
    assert_eq!(insert.pages.get(), 12.0 + 2.0 * (DESCENT_PAGES + 1.0));
    assert!(said(INSERT).contains("kids_p_fkey (0.066 ms in 2 calls); foreign keys are priced by the model"));
    let update = laid_over(UPDATE, own);
    assert_eq!((update.rows_written, update.wal_bytes.get()), (1.0, 207.0));
    assert!(said(UPDATE).contains("mytrg (") && said(UPDATE).contains("give `cpu`"), "{}", said(UPDATE));
    // A statement that could not be read has the plan alone.
    let unread = laid_over(INSERT, Footprint::default());
    assert!(unread.writes && unread.rows_written == 2.0);
}

#[test]
fn a_plan_of_another_statement_is_noticed() {
    let other = RelationUse {
        table: crate::schema::TableName { schema: "public".into(), name: "orders".into() },
        path: AccessPath::SeqScan,
        index: None,
        rows: 1.0,
        pages: 1.0,
    };
    let f = laid_over(JOIN, Footprint { relations: vec![other], ..Footprint::default() });
    assert!(f.warnings[0].message.contains("reads par, kids"), "{:?}", f.warnings);
}

/// Every node that versions 12 to 18 print is walked through to the scans below it.
#[test]
fn every_node_leads_to_what_it_reads() {
    for kind in [
        "Result",
        "ProjectSet",
        "ModifyTable",
        "Append",
        "Merge Append",
        "Recursive Union",
        "Nested Loop",
        "Merge Join",
        "Hash Join",
        "Gather",
        "Gather Merge",
        "Subquery Scan",
        "Materialize",
        "Memoize",
        "Sort",
        "Incremental Sort",
        "Group",
        "Aggregate",
        "WindowAgg",
        "Unique",
        "SetOp",
        "LockRows",
        "Limit",
        "Hash",
        "Custom Scan",
        "Foreign Scan",
        "Function Scan",
        "CTE Scan",
        "Something New",
    ] {
        let text = format!(
            "{{\"Plan\": {{\"Node Type\": \"{kind}\", \"Plan Rows\": 7, \"Plans\": [{{\"Node Type\": \"Seq Scan\", \
             \"Parent Relationship\": \"Outer\", \"Relation Name\": \"t\", \"Plan Rows\": 7}}]}}}}"
        );
        let f = laid_over(&text, Footprint::default());
        assert_eq!((f.relations.len(), f.relations[0].rows), (1, 7.0), "{kind}");
        assert!(f.counts.seq_row >= 7.0, "{kind}");
    }
    let bitmaps = r#"{"Node Type": "Bitmap Heap Scan", "Relation Name": "t", "Plan Rows": 3, "Plans": [{"Node Type": "BitmapOr",
        "Plans": [{"Node Type": "Bitmap Index Scan", "Index Name": "a", "Plan Rows": 2},
                  {"Node Type": "Bitmap Index Scan", "Index Name": "b", "Plan Rows": 4}]}]}"#;
    let f = laid_over(bitmaps, Footprint::default());
    assert_eq!((f.relations.len(), f.counts.index_descent, f.counts.index_row), (2, 2.0, 9.0));
}

#[test]
fn mistakes_have_a_place_in_the_plan_s_file() {
    for (text, answer) in [
        ("", "1:1 the plan is empty"),
        ("{}", "1:1 the plan is not the output of EXPLAIN"),
        ("\n  [1]", "2:3 the plan is not the output of EXPLAIN"),
        ("[{\"Plan\": {}}]", "1:1 the plan is not the output of EXPLAIN"),
        ("nonsense", "1:1 the plan is not JSON: no line"),
        ("[{\"Plan\": 3", "1:11 the plan is not JSON: EOF"),
        ("[{\"Plan\":\n {\"Node Type\" \"Sort\"}}]", "2:15 the plan is not JSON: expected `:`"),
        ("[{\"Plan\": {\"Node Type\": \"Sort\"}}]\nhello", "2:1 text after the plan"),
    ] {
        let e = read(text).map(|_| ()).unwrap_err();
        let p = e.position.clone().unwrap();
        let got = format!("{}:{} {}", p.line, p.column, e.message);
        assert!(got.starts_with(answer) && &*p.file == "plan.json" && e.source_text.is_some(), "{text}: {got}");
    }
    let broken = JOIN.replacen("\"Node Type\": \"Index Scan\",", "\"Node Type\": Index Scan,", 1);
    let e = read(&broken).map(|_| ()).unwrap_err();
    let line = broken.lines().position(|l| l.contains(": Index Scan")).unwrap() + 1;
    assert_eq!(e.position.unwrap().line as usize, line);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(&deep).unwrap_err().message.contains("recursion"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Whatever the text, it is a plan or a mistake with a place in the file.
    #[test]
    fn mutated_plans_do_no_harm(which in 0..4usize, edits in crate::yaml::mutate::edits()) {
        let seed = [JOIN, PARALLEL, UPDATE, include_str!("../../../tests/fixtures/plans/lookup-csv.txt")][which];
        let text = crate::yaml::mutate::mutate(seed, &edits);
        match read(&text) {
            Ok(plan) => {
                let mut footprint = Footprint::default();
                plan.lay_over(&mut footprint);
                proptest::prop_assert!(footprint.pages.get() >= 0.0 && footprint.rows_out >= 0.0);
            }
            Err(e) => crate::yaml::mutate::check(&e, &text),
        }
    }
}
