//! `predict pgbench` from outside: pgbench's command line is understood as pgbench understands it.

use predict::live::{Cluster, ClusterOptions, LiveError};
use serde_json::Value;

const MACHINE: &str = "workloads/machines/one-cpu.yaml";

fn predict(args: &str) -> assert_cmd::Command {
    let mut command = assert_cmd::Command::cargo_bin("predict").expect("the binary is built with the tests");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("PREDICT_MACHINE");
    command.arg("pgbench").args(args.split_whitespace());
    command
}

fn stdout_of(args: &str) -> String {
    let output = predict(args).assert().code(0).get_output().clone();
    String::from_utf8(output.stdout).expect("output is text")
}

fn stderr_of(args: &str, code: i32) -> String {
    let output = predict(args).assert().code(code).get_output().clone();
    String::from_utf8(output.stderr).expect("messages are text")
}

fn json_of(args: &str) -> Value {
    serde_json::from_str(&stdout_of(&format!("{args} --machine {MACHINE} --format json"))).expect("JSON")
}

fn tps_of(args: &str) -> f64 {
    json_of(args)["tps"]["mean"].as_f64().expect("a number")
}

/// The same run written as a workload file.
#[test]
fn built_in_scripts_are_the_workloads_of_this_repository() {
    for (options, workload) in [("", "tpcb-like"), ("-N", "simple-update"), ("-S", "select-only")] {
        let ours = tps_of(&format!("{options} -s 50 -c 16 -M prepared"));
        let mut command = assert_cmd::Command::cargo_bin("predict").expect("the binary is built with the tests");
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("PREDICT_MACHINE");
        let file = format!("workloads/{workload}/workload.yaml");
        command.args(["forecast", "--workload", &file, "--machine", MACHINE, "--format", "json"]);
        let output = command.assert().code(0).get_output().stdout.clone();
        let theirs: Value = serde_json::from_slice(&output).expect("JSON");
        let theirs = theirs["tps"]["mean"].as_f64().expect("a number");
        // They differ by the client's work of `\set`, which a workload file does not have.
        assert!((ours / theirs - 1.0).abs() < 0.02 && ours < theirs, "{workload}: {ours} {theirs}");
    }
}

/// Every option of pgbench 12 to 18 is taken, in its forms.
#[test]
fn every_option_is_taken() {
    for options in [
        "-c 4 -j 2 -T 60 -P 5 -r -n -v -M prepared -s 10 bench",
        "--client=4 --jobs=2 --time=60 --progress=5 --report-per-command --no-vacuum --vacuum-all --protocol=extended",
        "--report-latencies --scale 10 --transactions 100 --connect --select-only --skip-some-updates",
        "-Sc4 -j2 -T60 -Mprepared -s10",
        "-h /tmp -p 5432 -U me -d bench",
        "-d -h localhost --port 5432 --username=me --debug bench",
        "--dbname=bench --host=/tmp -q --quiet",
        "-b tpcb@3 -b simple-update@1 --builtin=se@0 -D x=1 --define=y=text",
        "-R 50 -L 100 -l --log-prefix=x --sampling-rate=0.1 --rate=60 --latency-limit=50.5",
        "-l --aggregate-interval=5 -T 10 --progress-timestamp -P 1 --random-seed=7",
        "--max-tries=10 --failures-detailed --verbose-errors --exit-on-abort --random-seed=rand",
        "--max-tries=0 -T 5 -T6 --prot=simple",
        "--partitions=4 --partition-method=hash --unlogged-tables --foreign-keys --fillfactor=80",
        "-I dtGvpf -F 90 --tablespace=a --index-tablespace=b --partitions 3 --partition-method=RANGE",
        "-f workloads/one-row-update/script.sql@2 --file=workloads/one-row-update/script.sql \
         --schema workloads/one-row-update/schema.sql --workload workloads/one-row-update/workload.yaml",
    ] {
        let out = stdout_of(&format!("{options} --machine {MACHINE} --color never"));
        assert!(out.trim_end().ends_with("(without initial connection time)"), "{options}:\n{out}");
    }
}

/// Options that pgbench 15 refuses, with its words (its own test 002_pgbench_no_server has the same list).
#[test]
fn refused_options_are_refused() {
    for (options, words) in [
        ("-h home -p 5432 -U calvin -d --bad-option", "--help"),
        ("-f no-such-file", "could not open file \"no-such-file\":"),
        ("-b no-such-builtin", "no builtin script found for name \"no-such-builtin\""),
        ("--builtin=select-only@one", "invalid weight specification: @one"),
        ("-b select-only@-1", "weight specification out of range (0 .. 2147483647): -1"),
        (&"-S ".repeat(129), "at most 128 SQL scripts are allowed"),
        ("-c three", "invalid value \"three\" for option -c/--clients"),
        ("-c -1", "-c/--clients must be in range 1..2147483647"),
        ("-j eleven", "invalid value \"eleven\" for option -j/--jobs"),
        ("-i -s two", "invalid value \"two\" for option -s/--scale"),
        ("-t zil", "invalid value \"zil\" for option -t/--transactions"),
        ("-T ten", "invalid value \"ten\" for option -T/--time"),
        ("-N -l --aggregate-interval=5 --log-prefix=notused -t 1000 -T 1", "specify either"),
        ("-P 1 --progress-timestamp -l --sampling-rate=0.001 -T 10 -t 1000", "specify either"),
        ("--define foobla", "invalid variable definition"),
        ("-F 1", "-F/--fillfactor must be in range"),
        ("-M no-such-mode", "invalid query mode"),
        ("--progress=0", "-P/--progress must be in range"),
        ("--rate=0.0", "invalid rate limit"),
        ("--latency-limit=0.0", "invalid latency limit"),
        ("--sampling-rate=0", "invalid sampling rate"),
        ("--aggregate-interval=-3", "--aggregate-interval must be in range"),
        ("-b se@0 -b si@0 -b tpcb@0", "weight must not be zero"),
        ("-i -S", "cannot be used in initialization"),
        ("-b s", "ambiguous"),
        ("--progress-timestamp", "allowed only under"),
        ("-i -I dta", "unrecognized initialization step"),
        ("--random-seed=one", "unrecognized random seed option \"one\""),
        ("-i --partition-method=BAD", "expected \"range\" or \"hash\", got: \"BAD\""),
        ("-i --partitions -1", "--partitions must be in range"),
        ("-i --partition-method=hash", "partition-method requires greater than zero --partitions"),
        ("--max-tries -10", "invalid number of maximum tries: \"-10\""),
        (
            "--max-tries 0",
            "an unlimited number of transaction tries can only be used with --latency-limit or a duration",
        ),
        ("--sampling-rate=0.01", "allowed only when logging"),
        ("-l --sampling-rate=0.1 --aggregate-interval=3", "cannot be used at the same time"),
        ("--aggregate-interval=3", "allowed only when"),
        ("--log-prefix=x", "allowed only when"),
        ("-l -T 1 --aggregate-interval=3", "must not be higher than"),
        ("-l -T 5 --aggregate-interval=3", "must be a multiple"),
        ("-c 1,4 -R 5", "cannot go with a rate"),
        ("one two", "two"),
    ] {
        let output = predict(options).assert().code(2).get_output().clone();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(words) && output.stdout.is_empty(), "{options}: {said}");
    }
}

#[test]
fn the_load_is_that_of_the_options() {
    let closed = json_of("-c 7 -S");
    assert_eq!((closed["clients"].as_u64(), closed["rate"].as_f64()), (Some(7), None));
    let open = json_of("-c 7 -R 200 -S");
    assert_eq!((open["clients"].as_u64(), open["rate"].as_f64()), (None, Some(200.0)));
    let curve = json_of("-c 1,4,16 -S");
    assert_eq!(curve.as_array().expect("a list").len(), 3);
    // Parsing each time costs more than preparing once, and connecting each time more than either.
    let (simple, prepared) = (tps_of("-S -c 4"), tps_of("-S -c 4 -M prepared"));
    assert!(tps_of("-S -c 4 -C") < 0.5 * simple && simple < 0.9 * prepared, "{simple} {prepared}");
}

#[test]
fn weights_and_names() {
    let mixed = json_of("-b select-only@9 -b simple-update@1 -S -c 2");
    let tps: Vec<(&str, f64)> = mixed["transactions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|t| (t["name"].as_str().expect("a name"), t["tps"].as_f64().expect("a number")))
        .collect();
    assert_eq!(tps.iter().map(|t| t.0).collect::<Vec<_>>(), ["select-only", "simple-update", "select-only#2"]);
    assert!((tps[0].1 / tps[1].1 - 9.0).abs() < 1e-6 && (tps[1].1 - tps[2].1).abs() < 1e-6, "{tps:?}");
}

/// The tables are those that the options of initialization make.
#[test]
fn initialization_options_shape_the_tables() {
    let writes = |options: &str| json_of(options)["per_transaction"]["wal_bytes"].as_f64().expect("a number");
    let plain = writes("-s 5 -c 2");
    assert!(writes("-s 5 -c 2 --foreign-keys") > plain, "keys of the history are share-locked");
    assert!(writes("-s 5 -c 2 --unlogged-tables") < 0.1 * plain);
    assert!(tps_of("-S -s 5 -I dtg") < 0.05 * tps_of("-S -s 5"), "without its key, an account is searched for");
    let out = stdout_of("-i -s 3 --partitions=2 --foreign-keys --unlogged-tables -F 90");
    assert!(out.starts_with("-- Nothing is run") && out.contains("300000 rows"), "{out}");
    assert!(out.contains("from (150001) to (maxvalue) with (fillfactor=90)"), "{out}");
    assert_eq!(json_of("-i -s 3")["rows"]["pgbench_tellers"], 30);
}

#[test]
fn threads_limit_what_a_client_host_sends() {
    let remote = "--set machine.client.location=remote -S -c 64 -M prepared --set machine.cpu.cores=64";
    let (one, many) = (tps_of(&format!("{remote} -j 1")), tps_of(&format!("{remote} -j 64")));
    assert!(one < 0.7 * many, "{one} {many}");
    let shared = json_of("-S -c 64 -M prepared --set machine.cpu.cores=64 -j 1");
    let said = shared["warnings"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|w| w["message"].as_str().is_some_and(|m| m.contains("raise -j")));
    assert!(said, "{}", shared["warnings"]);
}

#[test]
fn scripts_of_ones_own_need_tables() {
    let said = stderr_of("-f workloads/orders/restock.sql", 2);
    assert!(said.contains("products") && said.contains("--schema FILE"), "{said}");
    let own = "-f workloads/orders/restock.sql --workload workloads/orders/workload.yaml";
    assert_eq!(json_of(own)["transactions"][0]["name"], "restock");
    let rows =
        "-f workloads/orders/restock.sql --schema workloads/orders/schema.sql --set workload.tables.products.rows=10k";
    assert_eq!(json_of(rows)["transactions"][0]["name"], "restock");
    // The standard input is a script, with variables as -D gives them.
    let mut command = predict("-f - -D id=7 --format json");
    let output = command.write_stdin("SELECT abalance FROM pgbench_accounts WHERE aid = :id;\n").assert().code(0);
    let json: Value = serde_json::from_slice(&output.get_output().stdout).expect("JSON");
    assert_eq!(json["transactions"][0]["name"], "stdin");
    let mut command = predict("-f -");
    let said = command.write_stdin("\\sett x 1\n").assert().code(2).get_output().stderr.clone();
    assert!(String::from_utf8_lossy(&said).contains("<stdin>:1:1"));
}

#[test]
fn pipelines_need_more_than_the_simple_protocol() {
    let script = "\\startpipeline\nSELECT 1;\nSELECT 2;\n\\endpipeline\n";
    let said = predict("-f -").write_stdin(script).assert().code(2).get_output().stderr.clone();
    assert!(String::from_utf8_lossy(&said).contains("simple query protocol"));
    predict("-f - -M extended").write_stdin(script).assert().code(0);
}

#[test]
fn lists_help_and_notes() {
    assert!(stdout_of("-b list").contains("simple-update"));
    let script = stdout_of("--show-script se");
    assert!(script.contains("SELECT abalance FROM pgbench_accounts") && !script.contains("UPDATE"), "{script}");
    let help = stdout_of("--help");
    for words in ["Initialization options", "Common options", "--max-tries", "-h, --host", "Usage: predict pgbench"] {
        assert!(help.contains(words), "{words} in {help}");
    }
    assert_eq!(stdout_of("-?").lines().last(), help.lines().last());
    assert!(stdout_of("-V").starts_with("predict"));
    let said = stderr_of("-T 10 -P 1 -L 5 -S", 0);
    assert!(said.contains("no influence") && said.contains("-T") && said.contains("of the transactions are late"));
    assert_eq!(stderr_of("-T 10 -P 1 -L 5 -S --quiet", 0), "");
}

/// What a database holds of pgbench's tables: partitions, storage, keys, and rows.
const CATALOG: &str = "SELECT relname, pg_get_expr(relpartbound, oid), reloptions FROM pg_class \
     WHERE relname LIKE 'pgbench%' ORDER BY 1; \
     SELECT relname FROM pg_class WHERE relname LIKE 'pgbench%' AND relkind = 'r' AND relpersistence = 'u' ORDER BY 1; \
     SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint \
     WHERE conrelid::regclass::text LIKE 'pgbench%' ORDER BY 1, 2, 3; \
     SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute \
     WHERE attrelid::regclass::text LIKE 'pgbench%' AND attnum > 0 ORDER BY 1, attnum";

/// The DDL of `-i` makes the tables that pgbench itself makes.
#[test]
fn initialization_is_that_of_pgbench() {
    let cluster = match Cluster::start(&ClusterOptions::default()) {
        Ok(cluster) => cluster,
        Err(LiveError::NoBinary { program }) if std::env::var_os("CI").is_none() => {
            return eprintln!("NOT RUN: no {program} here, so nothing was compared");
        }
        Err(error) => panic!("{error}"),
    };
    for (place, options) in
        ["", "--partitions=3 --foreign-keys -F 70", "--partitions=2 --partition-method=hash --unlogged-tables"]
            .into_iter()
            .enumerate()
    {
        let (theirs, ours) = (format!("theirs{place}"), format!("ours{place}"));
        cluster.create_database(&theirs).expect("a database");
        cluster.create_database(&ours).expect("a database");
        let mut pgbench = cluster.client(&cluster.binaries().pgbench);
        pgbench.args(["-i", "-q"]).args(options.split_whitespace()).arg(&theirs);
        assert!(pgbench.output().expect("pgbench runs").status.success(), "{options}");
        cluster.sql(&ours, &stdout_of(&format!("-i {options}"))).expect("the DDL is SQL");
        let catalog = |database: &str| cluster.sql(database, CATALOG).expect("the catalog");
        assert_eq!(catalog(&ours), catalog(&theirs), "{options}");
        let rows = json_of(&format!("-i {options}"));
        for table in ["accounts", "branches", "tellers", "history"] {
            let count = cluster.sql(&theirs, &format!("SELECT count(*) FROM pgbench_{table}")).expect("a count");
            assert_eq!(rows["rows"][format!("pgbench_{table}")].to_string(), count.trim());
        }
    }
}
