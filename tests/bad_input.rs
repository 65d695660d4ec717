//! Bad input, each kind tried: exit code 2, nothing on stdout, and a message with the place, what was
//! expected and the nearest valid name.

use std::fs;
use std::time::{Duration, Instant};

const SCHEMA: &str = "\
CREATE TABLE accounts (
    id bigint PRIMARY KEY,
    balance numeric NOT NULL,
    filler text
);
CREATE TABLE history (
    account bigint NOT NULL,
    delta integer NOT NULL,
    at timestamp DEFAULT now()
);
";

const WORKLOAD: &str = "\
version: 1
name: transfer
schema: schema.sql
tables:
  accounts:
    rows: 5M
    columns:
      filler: {avg_bytes: 85, null_fraction: 0.1}
  history: {rows: 0}
transactions:
  - name: transfer
    weight: 9
    variables:
      aid: {random: [1, 5000000]}
      hot: {random_zipfian: [1, 50, 1.2]}
      delta: {value: 10}
    statements:
      - sql: UPDATE accounts SET balance = balance + :delta WHERE id = :aid
      - sleep: 2ms
      - sql: INSERT INTO history (account, delta) VALUES (:hot, :delta)
clients: 16
think_time: 0ms
";

const MACHINE: &str = "\
version: 1
name: db-1
cpu: {cores: 16, speed: 1.0}
memory: 64GB
storage:
  fsync: 150us
  read: 90us
  read_iops: 50000
  write_iops: 40000
  write_bandwidth: 500MB/s
network: {rtt: 0.1ms}
client: {location: remote}
postgresql:
  version: 15
  shared_buffers: 16GB
  synchronous_commit: on
";

/// A folder with the three files, good until edited.
struct Case {
    dir: tempfile::TempDir,
    workload: String,
    machine: String,
    schema: String,
    args: Vec<String>,
}

fn case() -> Case {
    Case {
        dir: tempfile::tempdir().expect("a temporary folder"),
        workload: WORKLOAD.into(),
        machine: MACHINE.into(),
        schema: SCHEMA.into(),
        args: Vec::new(),
    }
}

fn edit(text: &mut String, from: &str, to: &str) {
    assert_eq!(text.matches(from).count(), 1, "`{from}` stands once in the file");
    *text = text.replacen(from, to, 1);
}

/// `line:column` of `needle` in `text`, counted here and not by the code under test.
fn place(text: &str, needle: &str) -> String {
    let at = text.find(needle).unwrap_or_else(|| panic!("`{needle}` is in the file"));
    let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    format!("{}:{}", text[..at].matches('\n').count() + 1, text[line_start..at].chars().count() + 1)
}

impl Case {
    fn workload(mut self, from: &str, to: &str) -> Self {
        edit(&mut self.workload, from, to);
        self
    }

    fn machine(mut self, from: &str, to: &str) -> Self {
        edit(&mut self.machine, from, to);
        self
    }

    fn arg(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|a| (*a).to_owned()));
        self
    }

    fn run(&self) -> (i32, String, String) {
        for (name, text) in
            [("workload.yaml", &self.workload), ("machine.yaml", &self.machine), ("schema.sql", &self.schema)]
        {
            if !self.dir.path().join(name).exists() {
                fs::write(self.dir.path().join(name), text).expect("a file");
            }
        }
        let started = Instant::now();
        let mut command = assert_cmd::Command::cargo_bin("predict").expect("the binary is built with the tests");
        let output = command
            .current_dir(self.dir.path())
            .env_remove("PREDICT_MACHINE")
            .args(["forecast", "--workload", "workload.yaml", "--machine", "machine.yaml"])
            .args(&self.args)
            .timeout(Duration::from_secs(60))
            .output()
            .expect("it runs");
        assert!(started.elapsed() < Duration::from_secs(20), "no input takes long to be refused");
        let text = |b: Vec<u8>| String::from_utf8_lossy(&b).into_owned();
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    /// The message of a refused input; it must hold all of `parts`.
    fn refused(&self, parts: &[&str]) -> String {
        let (code, stdout, stderr) = self.run();
        assert_eq!(code, 2, "{stderr}");
        assert_eq!(stdout, "", "nothing on stdout");
        for part in parts {
            assert!(stderr.contains(part), "`{part}` in:\n{stderr}");
        }
        stderr
    }

    fn refused_in_workload(&self, at: &str, parts: &[&str]) {
        let place = format!("workload.yaml:{}", place(&self.workload, at));
        self.refused(&[&[place.as_str()], parts].concat());
    }

    fn refused_in_machine(&self, at: &str, parts: &[&str]) {
        let place = format!("machine.yaml:{}", place(&self.machine, at));
        self.refused(&[&[place.as_str()], parts].concat());
    }

    /// As [`Case::refused`], at the value of `key: value`.
    fn refused_at_value(&self, file: &str, text: &str, pair: &str, key: &str, parts: &[&str]) {
        let at = place(text, pair);
        let (line, column) = at.split_once(':').expect("line:column");
        let column: usize = column.parse::<usize>().expect("a number") + key.len();
        let place = format!("{file}:{line}:{column}");
        self.refused(&[&[place.as_str()], parts].concat());
    }

    fn accepted(&self) -> String {
        let (code, stdout, stderr) = self.run();
        assert_eq!(code, 0, "{stderr}");
        stdout
    }
}

#[test]
fn the_files_are_good_before_they_are_spoilt() {
    case().accepted();
}

#[test]
fn missing_files() {
    case().arg(&["--schema", "no.sql"]).refused(&["no.sql"]);
    case().workload("schema.sql", "shema.sql").refused_in_workload("shema.sql", &["expected", "`schema.sql`"]);
    let c = case();
    c.accepted();
    for args in [
        ["--workload", "no.yaml", "--machine", "machine.yaml"],
        ["--workload", "workload.yaml", "--machine", "no.yaml"],
    ] {
        let output = assert_cmd::Command::cargo_bin("predict")
            .expect("the binary is built with the tests")
            .current_dir(c.dir.path())
            .arg("forecast")
            .args(args)
            .assert()
            .code(2)
            .stdout("")
            .get_output()
            .clone();
        assert!(String::from_utf8_lossy(&output.stderr).contains("no.yaml"), "{args:?}");
    }
}

#[test]
fn empty_and_binary_files() {
    for (file, bytes) in [
        ("workload.yaml", &b""[..]),
        ("machine.yaml", b""),
        ("workload.yaml", b"\x7fELF\x02\x01\x01\0\0\0\xff\xfe"),
        ("machine.yaml", b"\x7fELF\x02\x01\x01\0\0\0\xff\xfe"),
        ("schema.sql", b"\x7fELF\x02\x01\x01\0\0\0\xff\xfe"),
        ("workload.yaml", b"name: \xff\xfe\n"),
    ] {
        let c = case();
        fs::write(c.dir.path().join(file), bytes).expect("a file");
        c.refused(&[file]);
    }
    // An empty schema is no error by itself; that the tables are not there is.
    let c = case();
    fs::write(c.dir.path().join("schema.sql"), "").expect("a file");
    c.refused(&["workload.yaml:5:3", "accounts"]);
}

#[test]
fn yaml_of_the_wrong_shape() {
    for text in ["- a\n- b\n", "5\n", "just text\n", "version: 1\ntables: 5\ntransactions: 6\n", "a: b: c\n", "{"] {
        let c = case();
        fs::write(c.dir.path().join("workload.yaml"), text).expect("a file");
        c.refused(&["workload.yaml:"]);
    }
    case().workload("weight: 9", "weight: [9]").refused_in_workload("[9]", &["expected"]);
    case().machine("cpu: {cores: 16, speed: 1.0}", "cpu: 16").refused_in_machine("16\n", &["expected"]);
}

#[test]
fn unknown_keys() {
    case().workload("clients: 16", "clents: 16").refused_in_workload("clents", &["expected", "clients"]);
    case().workload("weight: 9", "wieght: 9").refused_in_workload("wieght", &["expected", "weight"]);
    case().workload("avg_bytes", "avg_byte").refused_in_workload("avg_byte:", &["expected", "avg_bytes"]);
    case().machine("cores: 16", "core: 16").refused_in_machine("core: 16", &["expected", "cores"]);
    case()
        .machine("synchronous_commit", "synchronous_comit")
        .refused_in_machine("synchronous_comit", &["synchronous_commit"]);
}

#[test]
fn bad_units() {
    case().machine("16GB", "128mb").refused_in_machine("128mb", &["expected", "128MB"]);
    case().machine("64GB", "64 gb").refused_in_machine("64 gb", &["expected", "GB"]);
    case().workload("sleep: 2ms", "sleep: 5 parsecs").refused_in_workload("5 parsecs", &["expected", "parsecs"]);
    case().workload("rows: 5M", "rows: 5X").refused_in_workload("5X", &["expected"]);
    case().workload("clients: 16", "rate: 5 miles").refused_in_workload("5 miles", &["expected"]);
}

#[test]
fn zeros_where_nothing_can_be_zero() {
    case().workload("clients: 16", "clients: 0").refused_in_workload("0\nthink", &["expected"]);
    case().workload("weight: 9", "weight: 0").refused(&["workload.yaml:", "weight", "expected"]);
    case().machine("cores: 16", "cores: 0").refused_in_machine("0, speed", &["expected"]);
    case().arg(&["-c", "0"]).refused(&["clients", "expected"]);
    case().arg(&["--set", "workload.clients=0"]).refused(&["expected"]);
    case().arg(&["--set", "machine.cpu.cores=0"]).refused(&["expected"]);
}

#[test]
fn negative_nan_and_infinite_numbers() {
    for bad in ["-1", ".nan", "nan", ".inf", "inf", "1e999"] {
        for (key, from) in [
            ("rows: ", "rows: 5M"),
            ("weight: ", "weight: 9"),
            ("clients: ", "clients: 16"),
            ("avg_bytes: ", "avg_bytes: 85"),
        ] {
            let c = case().workload(from, &format!("{key}{bad}"));
            c.refused_at_value("workload.yaml", &c.workload, &format!("{key}{bad}"), key, &["expected"]);
        }
        for (key, from) in [("cores: ", "cores: 16"), ("read_iops: ", "read_iops: 50000"), ("speed: ", "speed: 1.0")] {
            let c = case().machine(from, &format!("{key}{bad}"));
            c.refused_at_value("machine.yaml", &c.machine, &format!("{key}{bad}"), key, &["expected"]);
        }
    }
    case().workload("sleep: 2ms", "sleep: -2ms").refused_in_workload("-2ms", &["expected"]);
    case().machine("fsync: 150us", "fsync: -1us").refused_in_machine("-1us", &["expected"]);
}

#[test]
fn zeros_that_are_valid() {
    case().workload("rows: 5M", "rows: 0").accepted();
    case().workload("avg_bytes: 85", "avg_bytes: 0").accepted();
    case().workload("sleep: 2ms", "sleep: 0").accepted();
    case().workload("think_time: 0ms", "think_time: 0s").accepted();
    case().machine("rtt: 0.1ms", "rtt: 0").accepted();
    case().machine("fsync: 150us", "fsync: 0us").accepted();
}

#[test]
fn tables_that_do_not_fit_the_schema() {
    case().workload("  history: {rows: 0}\n", "").refused(&["workload.yaml:", "history", "rows"]);
    case().workload("  history: {rows: 0}", "  histroy: {rows: 0}").refused_in_workload("histroy", &["history"]);
    case().workload("filler: {avg", "fillr: {avg").refused_in_workload("fillr", &["filler"]);
}

#[test]
fn statements_on_unknown_tables_and_columns() {
    case().workload("UPDATE accounts", "UPDATE acounts").refused_in_workload("acounts SET", &["acounts", "accounts"]);
    case().workload("WHERE id =", "WHERE ident =").refused_in_workload("ident =", &["ident"]);
    case().workload("SET balance =", "SET balanc =").refused_in_workload("balanc =", &["balance"]);
    case().workload("(account, delta)", "(acount, delta)").refused_in_workload("acount, delta", &["account"]);
}

#[test]
fn unreadable_statements_and_undefined_variables() {
    case().workload("UPDATE accounts SET", "UPDAT accounts SET").refused_in_workload("UPDAT", &[]);
    case().workload("WHERE id = :aid", "WHERE id = = :aid").refused(&["workload.yaml:18:"]);
    case().workload("WHERE id = :aid", "WHERE id = :aidd").refused_in_workload(":aidd", &["aidd", "aid"]);
}

#[test]
fn distributions_that_cannot_be() {
    case().workload("[1, 5000000]", "[5000000, 1]").refused_in_workload("[5000000", &["expected"]);
    for bad in ["1.0", "0.5", "1001", "-2"] {
        let c = case().workload("[1, 50, 1.2]", &format!("[1, 50, {bad}]"));
        c.refused(&["workload.yaml:15:", "expected"]);
    }
    case().workload("[1, 50, 1.2]", "[1, 50]").refused(&["workload.yaml:15:", "expected"]);
    case().workload("random_zipfian", "random_zipf").refused_in_workload("random_zipf", &["random_zipfian"]);
}

#[test]
fn contradictions_and_versions() {
    case().workload("clients: 16", "clients: 16\nrate: 500/s").refused(&["workload.yaml:2", "clients", "rate"]);
    case().workload("version: 1", "version: 2").refused_in_workload("2\nname", &["expected"]);
    case().machine("version: 1\nname", "version: 7\nname").refused_in_machine("7\nname", &["expected"]);
    let c = case().workload("    variables:\n", "    script: no-such.sql\n    variables:\n");
    c.refused(&["workload.yaml:"]);
    let mut script = case();
    let start = script.workload.find("    variables:").expect("the section is there");
    let end = script.workload.find("clients: 16").expect("the section is there");
    script.workload.replace_range(start..end, "    script: no-such.sql\n");
    script.refused_in_workload("no-such.sql", &["no-such.sql"]);
}

#[test]
fn bad_settings_on_the_command_line() {
    for (set, nearest) in [
        ("machine.cpu.cors=8", "cores"),
        ("machin.cpu.cores=8", "machine"),
        ("workload.clents=8", "clients"),
        ("machine.postgresql.shared_bufers=1GB", "shared_buffers"),
    ] {
        case().arg(&["--set", set]).refused(&["expected", nearest]);
    }
    for set in ["machine.cpu.cores", "=8", "machine.cpu.cores=", "machine.cpu.cores=many", "workload.clients=[", "a=b"]
    {
        case().arg(&["--set", set]).refused(&["--set"]);
    }
}

#[test]
fn files_made_to_hurt() {
    let write = |c: &Case, name: &str, text: String| fs::write(c.dir.path().join(name), text).expect("a file");
    for open in ["[", "{a: ", "- "] {
        let c = case();
        write(&c, "workload.yaml", format!("tables: {}", open.repeat(200_000)));
        c.refused(&["workload.yaml:"]);
    }
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for i in 1..30 {
        bomb += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(","));
    }
    let c = case();
    write(&c, "workload.yaml", bomb);
    c.refused(&["workload.yaml:"]);
    for name in ["workload.yaml", "machine.yaml", "schema.sql"] {
        let c = case();
        let file = fs::File::create(c.dir.path().join(name)).expect("a file");
        file.set_len(100 << 20).expect("a sparse file of 100 MB");
        c.refused(&[name]);
    }
    let c = case();
    write(&c, "schema.sql", format!("{SCHEMA}SELECT {}1{};", "(".repeat(200_000), ")".repeat(200_000)));
    c.accepted();
    let deep = format!("WHERE id = {}:aid{}", "(".repeat(100_000), ")".repeat(100_000));
    case().workload("WHERE id = :aid", &deep).refused(&["workload.yaml:18:"]);
}

#[test]
fn a_mistake_in_the_schema_is_a_warning_with_its_line() {
    let mut c = case();
    c.schema = format!("CREATE TABEL broken (id int);\n{SCHEMA}");
    let out = c.arg(&["--format", "json"]).accepted();
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let warnings = json["warnings"].as_array().expect("a list");
    let found = warnings.iter().find(|w| w["code"] == "unreadable_ddl").expect("the warning is there");
    assert!(found["location"].as_str().is_some_and(|l| l.ends_with("schema.sql:1:1")), "{found}");
}
