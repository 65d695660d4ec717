use super::prepare::Casts;
use super::script::{Scripts, write};
use crate::live::pgbench::Script;
use crate::workload::{self, Isolation};
use crate::yaml::Document;

/// The scripts of a workload, and their texts.
fn scripts(yaml: &str) -> Result<(Scripts, Vec<String>), crate::diagnostic::InputError> {
    scripts_at(Isolation::ReadCommitted, yaml)
}

/// The same on a server whose default is another isolation level.
fn scripts_at(default: Isolation, yaml: &str) -> Result<(Scripts, Vec<String>), crate::diagnostic::InputError> {
    let text = format!("version: 1\nschema: s.sql\ntables: {{}}\n{yaml}");
    let workload =
        workload::from_document(&Document::parse("w.yaml", &text).unwrap()).unwrap_or_else(|e| panic!("{e}"));
    let folder = tempfile::tempdir().unwrap();
    let scripts = write(&workload, default, folder.path(), &Casts::from([((0, 1), vec![(2, "date".to_owned())])]))?;
    let texts = scripts.files.iter().map(|f| match f {
        Script::File(path, _) => std::fs::read_to_string(path).unwrap(),
        Script::Builtin(name) => name.clone(),
    });
    let texts = texts.collect();
    Ok((scripts, texts))
}

#[test]
fn a_transaction_as_pgbench_takes_it() {
    let yaml = r"
transactions:
  - name: a
    weight: 2.5
    isolation: repeatable read
    on_conflict: retry
    variables:
      id: {random: [1, 100]}
      day: {value: '2025-01-01'}
      hot: {random_zipfian: [1, 50, 1.2]}
      state: {one_of: {open: 0.7, it's: 0.3}}
      size: {one_of: {1: 0.5, 2: 0.5}}
      n: {sequence: 7}
      u: {uuid: v4}
      unused: {random: [1, 2]}
    statements:
      - sql: UPDATE t SET a = a - :id, d = :day WHERE id = :hot
        repeat: 1.5
      - sleep: 2ms
      - sql: INSERT INTO t VALUES (:state, :size, :n, :u)
  - name: b
    statements: [{sql: SELECT 1}]
clients: 3
think_time: 5ms
protocol: prepared
";
    let (s, texts) = scripts(yaml).unwrap();
    assert_eq!(
        texts[0],
        "\\set t0_id random(1, 100)\n\
         \\set t0_hot random_zipfian(1, 50, 1.2)\n\
         \\set t0_state_draw random(1, 1000000000)\n\
         \\set t0_state case when :t0_state_draw <= 700000000 then 0 else 1 end\n\
         \\set t0_size_draw random(1, 1000000000)\n\
         \\set t0_size case when :t0_size_draw <= 500000000 then 1 else 2 end\n\
         \\set t0_n_turn :t0_n_turn + 1\n\
         \\set t0_n :t0_n_start + :t0_n_turn * :clients + :client_id\n\
         \\set t0_u random(1, 9000000000000000000)\n\
         BEGIN ISOLATION LEVEL REPEATABLE READ;\n\
         UPDATE t SET a = a - :t0_id, d = :t0_day::date WHERE id = :t0_hot;\n\
         \\set t0_repeat0 random(1, 1000000)\n\
         \\if :t0_repeat0 <= 500000\n\
         UPDATE t SET a = a - :t0_id, d = :t0_day::date WHERE id = :t0_hot;\n\
         \\endif\n\
         \\sleep 2000 us\n\
         \\if :t0_state = 0\n\
         INSERT INTO t VALUES (:t0_state_0, :t0_size, :t0_n, (md5((:t0_u)::bigint::text))::uuid);\n\
         \\else\n\
         INSERT INTO t VALUES (:t0_state_1, :t0_size, :t0_n, (md5((:t0_u)::bigint::text))::uuid);\n\
         \\endif\n\
         COMMIT;\n\
         \\sleep 5000 us\n"
    );
    assert_eq!(texts[1], "SELECT 1;\n\\sleep 5000 us\n");
    let weights: Vec<u32> = s.files.iter().map(|f| if let Script::File(_, w) = f { *w } else { 0 }).collect();
    assert_eq!(weights, [2500, 1000]);
    assert_eq!(s.options, ["--max-tries=0"]);
    assert_eq!(s.sequences, [("t0_n_start".to_owned(), 7.0)]);
    let given = |name: &str| s.variables.iter().find(|v| v.0 == name).map(|v| v.1.as_str());
    assert_eq!(
        (given("t0_day"), given("t0_state_1"), given("t0_n_turn")),
        (Some("2025-01-01"), Some("it's"), Some("-1"))
    );
    assert_eq!(s.notes.len(), 1, "{:?}", s.notes);
}

/// With the simple protocol pgbench puts values into the text as they are: texts are constants there.
#[test]
fn texts_are_constants_under_the_simple_protocol() {
    let yaml = "
transactions:
  - name: a
    isolation: serializable
    variables: {name: {value: \"it's a:b\"}}
    statements: [{sql: SELECT :name}]
clients: 3
protocol: simple
";
    let (s, texts) = scripts(yaml).unwrap();
    assert_eq!(texts[0], "SELECT E'it''s a\\x3ab';\n");
    assert_eq!(s.settings, [("default_transaction_isolation".to_owned(), "serializable".to_owned())]);
}

/// Only what differs from the server's default is said to it.
#[test]
fn isolation_levels_are_named_where_they_are_not_the_server_s() {
    let of = |default: Isolation, lone: &str, many: &str| {
        let level = |l: &str| if l.is_empty() { String::new() } else { format!("isolation: {l}, ") };
        let yaml = format!(
            "transactions:\n  - {{name: a, {}statements: [{{sql: SELECT 1}}]}}\n  - {{name: b, {}statements: [{{sql: SELECT 1, \
             repeat: 2}}]}}\nclients: 1\n",
            level(lone),
            level(many)
        );
        let (s, texts) = scripts_at(default, &yaml).unwrap();
        let setting = s.settings.first().map_or("", |s| s.1.as_str()).to_owned();
        (setting, texts[1].lines().next().unwrap_or_default().to_owned())
    };
    let expect = |setting: &str, begin: &str| (setting.to_owned(), begin.to_owned());
    assert_eq!(of(Isolation::ReadCommitted, "", ""), expect("", "BEGIN;"));
    assert_eq!(of(Isolation::Serializable, "", ""), expect("", "BEGIN;"));
    assert_eq!(of(Isolation::Serializable, "", "serializable"), expect("", "BEGIN;"));
    let committed = "BEGIN ISOLATION LEVEL READ COMMITTED;";
    assert_eq!(of(Isolation::Serializable, "", "read committed"), expect("", committed));
    assert_eq!(of(Isolation::ReadCommitted, "serializable", ""), expect("serializable", committed));
    let serializable = "BEGIN ISOLATION LEVEL SERIALIZABLE;";
    assert_eq!(of(Isolation::Serializable, "read committed", ""), expect("read committed", serializable));
}

#[test]
fn what_pgbench_cannot_do_is_told_with_its_place() {
    let refused = |sql: &str| {
        let yaml = format!("transactions:\n  - name: a\n    statements:\n      - sql: {sql}\nclients: 1\n");
        let error = scripts(&yaml).unwrap_err();
        format!("{} {error}", error.position.clone().unwrap())
    };
    assert_eq!(refused("SELECT $$a:b$$"), "w.yaml:7:24 pgbench would take what follows this colon for a variable");
    assert!(refused("COPY t FROM STDIN").starts_with("w.yaml:7:14 pgbench cannot send the data of a COPY"));
}
