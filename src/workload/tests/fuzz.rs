//! Whatever the bytes, the readers answer.

use proptest::prelude::*;

use super::*;
use crate::yaml::mutate::{check, edits, mutate};

const RICH: &str = "\
version: 1
name: transfer
tables:
  accounts:
    rows: 5M
    columns:
      status: {distinct: 5, most_common: {open: 0.9}, histogram: [1, 2]}
    expressions: {lower(email): {distinct: 5M}}
  crm.contacts: {rows: 2M}
transactions:
  - name: transfer
    variables:
      aid: {random_zipfian: [1, 500, 1.2]}
      s: {one_of: {open: 0.6, 5: 0.4}}
    statements:
      - sql: >-
          UPDATE accounts SET s = ':x' || :s
          WHERE id = :aid AND a[1:2] = $1::int[] -- c
      - sleep: 2ms
      - sql: 'SELECT ''it'' WHERE :aid > 0'
        repeat: 3
  - {name: b, weight: 2, statements: [{sql: SELECT 1}]}
clients: 16
observed: [{clients: 16, tps: 850}]
";

const SCRIPT: &str = "\
\\set aid random(1, 100 * :scale) + 3
\\set x case when :aid > 5 then 1 else -(2 % 3) end
\\if :x = 1 and not :aid is null
SELECT 'a;''b' AS one, $q$ ; $q$ FROM t WHERE id = :aid \\gset p_
\\elif :aid > 3
\\sleep :aid ms
\\else
BEGIN; UPDATE t SET x = :x /* c */; -- d
END;
\\endif
\\startpipeline
SELECT 1 \\; SELECT 2;
\\endpipeline
";

fn script(text: &str) -> Result<(), InputError> {
    let workload = read("clients: 4\ntransactions: [{name: a, statements: [{sql: SELECT 1}]}]\n").unwrap();
    let mut transaction = workload.transactions[0].clone();
    let context = super::super::script::Context { tables: &workload.tables, load: &workload.load, simple: false };
    super::super::script::read("s.sql", text, &context, &mut transaction, &mut Vec::new())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn workload_files(edits in edits()) {
        let text = mutate(RICH, &edits);
        if let Err(e) = read(&text) {
            check(&e, &text);
        }
    }

    #[test]
    fn scripts(edits in edits()) {
        let text = mutate(SCRIPT, &edits);
        if let Err(e) = script(&text) {
            check(&e, &text);
        }
    }

    #[test]
    fn any_text(text in "\\PC{0,80}", lines in prop::collection::vec("[\\-{}\\[\\]:'\" a-c0-9|>&*\\\\;$]{0,20}", 0..6)) {
        for text in [text, lines.join("\n")] {
            if let Err(e) = read(&text) {
                check(&e, &text);
            }
            if let Err(e) = script(&text) {
                check(&e, &text);
            }
        }
    }

    #[test]
    fn set_paths(path in "[a-c.\\[\\]\"0-2= ]{0,12}|(tables|transactions|clients)[a-z.\\[\\]\"0-9]{0,20}", value in "\\PC{0,20}", edits in edits()) {
        let mut document = Document::parse("w.yaml", RICH).unwrap();
        for (path, value) in [(path, value), (mutate("transactions.transfer.variables.aid", &edits), mutate("{random: [1, 5]}", &edits))] {
            let outcome = document.set(&path, &value).and_then(|()| from_document(&document).map(|_| ()));
            if let Err(e) = outcome {
                check(&e, RICH);
            }
        }
    }
}

#[test]
fn the_samples_are_valid() {
    read(RICH).unwrap();
    script(SCRIPT).unwrap_or_else(|e| panic!("{e}: {:?}", e.position));
}
