//! Tests of the machine reader as a whole.

use super::coefficients::Origin;
use super::*;
use crate::diagnostic::{InputError, WarningCode};
use crate::units::{Bytes, Rate, Seconds};
use crate::yaml::Document;

const WHOLE: &str = "\
version: 1
name: db-1
cpu: {cores: 16, speed: 1.5}
memory: 64GB
storage:
  fsync: 150us
  read: 90us
  read_iops: 50k
  write_iops: 40000/s
  write_bandwidth: 500MB/s
network: {rtt: 0.1ms}
client: {location: remote, cores: 4}
postgresql:
  version: 15
  shared_buffers: 16GB
  synchronous_commit: off
  full_page_writes: on
  max_wal_size: 16GB
  checkpoint_timeout: 15min
standby: {rtt: 0.5ms}
coefficients:
  message: {value: 5.5, spread: 0.05}
  switch_1: -3
";

fn read(text: &str) -> Result<Machine, InputError> {
    Document::parse("m.yaml", text).and_then(|d| from_document(&d))
}

#[test]
fn every_section() {
    let m = read(WHOLE).unwrap();
    assert_eq!((m.name.as_str(), m.reference, m.calibrated), ("db-1", false, true));
    assert_eq!(m.cpu, Cpu { cores: 16.0, speed: 1.5 });
    assert_eq!(m.memory, Bytes(68_719_476_736.0));
    let storage = Storage {
        fsync: Seconds(150e-6),
        read: Seconds(90e-6),
        read_iops: Rate(50_000.0),
        write_iops: Rate(40_000.0),
        write_bandwidth: Bytes(524_288_000.0),
    };
    assert_eq!(m.storage, storage);
    assert_eq!(m.client, Client { same_host: false, cores: Some(4.0) });
    assert_eq!(m.settings.synchronous_commit, SynchronousCommit::Off);
    assert_eq!(m.settings.checkpoint_timeout, Seconds(900.0));
    assert_eq!(m.settings.version, 15);
    assert_eq!(m.standby.map(|s| s.fsync), Some(m.storage.fsync));
    assert_eq!(m.coefficients.message.value, 5.5);
    assert_eq!(m.coefficients.message.origin, Origin::Calibrated);
    assert_eq!(m.coefficients.switch_1.origin, Origin::Given);
    assert!(m.warnings.is_empty(), "{:?}", m.warnings);
}

#[test]
fn the_reference_machine_is_whole() {
    let m = reference();
    assert!(m.reference && m.warnings.is_empty());
    assert_eq!(m.cpu.cores, 8.0);
    let read = read(REFERENCE_TEXT).unwrap();
    assert!(read.warnings.is_empty(), "nothing of it may be assumed from itself: {:?}", read.warnings);
    let mut document = reference_document();
    document.set("cpu.cores", "2").unwrap();
    let changed = from_document(&document).unwrap();
    assert!(changed.reference && changed.cpu.cores == 2.0);
}

#[test]
fn what_is_not_given_is_said() {
    let m = read("cpu: {cores: 2}\n").unwrap();
    assert_eq!(m.memory, reference().memory);
    assert_eq!(m.warnings.len(), 1);
    assert_eq!(m.warnings[0].code, WarningCode::AssumedMachine);
    assert!(m.warnings[0].message.contains("memory, storage.read_iops"), "{}", m.warnings[0].message);
}

#[test]
fn bad_files_are_answered_with_place_and_expectation() {
    for (text, answer) in [
        ("cpu: {cores: 0}\n", "1:14 `cores` cannot be 0 | a value above 0 | "),
        ("cpu: {cores: -2}\n", "1:14 `cores` cannot be -2 | a value above 0 | "),
        ("cpu: {core: 2}\n", "1:7 unknown key `core` | one of `cores`, `speed` | cores"),
        ("cpu: 4\n", "1:6 number `4` where it cannot be | a mapping, such as `{cores: 16}` | "),
        ("memory: 128mb\n", "1:9 unknown unit `mb` in `128mb` | a size, such as `8kB`, `128MB` or `2GB` | 128MB"),
        ("memory: 0\n", "1:9 `memory` cannot be 0 | a value above 0 | "),
        (
            "storage: {fsync: 5 parsecs}\n",
            "1:18 unknown unit `parsecs` in `5 parsecs` | a duration, such as `150us`, `2ms`, `1.5s` or `5min` | ",
        ),
        ("storage: {read_iops: 0}\n", "1:22 `storage.read_iops` cannot be 0 | a value above 0 | "),
        (
            "storage: {write_bandwidth: 5Gb/s}\n",
            "1:28 unknown unit `Gb` in `5Gb` | a bandwidth, such as `500MB/s` | 5GB/s",
        ),
        ("client: {location: local}\n", "1:20 unknown value `local` | one of `remote`, `same-host` | "),
        ("version: 2\n", "1:10 version 2 is not supported | `version: 1` | "),
        (
            "postgresql: {shared_bufers: 1GB}\n",
            "1:14 unknown setting `shared_bufers` | a setting of PostgreSQL | shared_buffers",
        ),
        (
            "postgresql: {shared_buffers: 128mb}\n",
            "1:30 unknown unit `mb` in `128mb` for `shared_buffers` | a size, such as `8kB`, `128MB` or `2GB` | 128MB",
        ),
        (
            "postgresql: {checkpoint_timeout: 10s}\n",
            "1:34 `10s` is out of range for `checkpoint_timeout` | a duration from 30s to 1d | ",
        ),
        (
            "postgresql: {version: 9.6}\n",
            "1:23 PostgreSQL version `9.6` is not supported | a major version from 12 to 18 | ",
        ),
        (
            "postgresql: {file: none.conf}\n",
            "1:20 failed to read `none.conf`: No such file or directory (os error 2) |  | ",
        ),
        ("standby: {fsync: 1ms}\n", "1:10 missing key `rtt` |  | "),
        (
            "coefficients: {mesage: 5}\n",
            "1:16 unknown coefficient `mesage` | a name as `predict calibrate` writes it | message",
        ),
        (
            "coefficients: {message: x}\n",
            "1:25 text `x` is not valid here | a number, or `{value: 6.3, spread: 0.1}` | ",
        ),
        ("coefficients: {message: -1}\n", "1:25 `message` cannot be -1 | a value of at least 0 | "),
        (
            "coefficients: {message: .nan}\n",
            "1:25 text `NaN` is not valid here | a number, or `{value: 6.3, spread: 0.1}` | ",
        ),
        (
            "coefficients: {message: {value: 1, spred: 1}}\n",
            "1:36 unknown key `spred` | one of `value`, `spread`, `left_out` | spread",
        ),
        ("coefficients: {message: {value: 1, spread: -1}}\n", "1:25 a spread cannot be -1 | a spread of at least 0 | "),
    ] {
        let e = read(text).unwrap_err();
        let p = e.position.unwrap_or_else(|| panic!("no position: {}", e.message));
        let near = e.nearest.unwrap_or_default();
        let got = format!("{}:{} {} | {} | {near}", p.line, p.column, e.message, e.expected.unwrap_or_default());
        assert_eq!(got, answer, "{text}");
    }
    // Durations of nothing are valid.
    assert!(read("storage: {fsync: 0, read: 0ms}\nnetwork: {rtt: 0}\n").is_ok());
}

#[test]
fn settings_that_are_not_modelled_are_said() {
    let m = read("postgresql:\n  jit: off\n  port: 5433\n  pg_stat_statements.track: all\n  version: 18.1\n").unwrap();
    let places: Vec<_> = m
        .warnings
        .iter()
        .filter(|w| w.code == WarningCode::NotModelled)
        .map(|w| w.position.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(places, ["m.yaml:2:3", "m.yaml:4:3"]);
    assert!(m.settings.data_checksums, "on by default since 18");
    assert_eq!(m.settings.version, 18);
    let newer = read("postgresql: {version: 19}\n").unwrap();
    assert!(newer.warnings.iter().any(|w| w.code == WarningCode::Extrapolated));
}

#[test]
fn a_postgresql_conf_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("machine.yaml", "postgresql:\n  version: 15\n  file: postgresql.conf\n  work_mem: 64MB\n");
    write(
        "postgresql.conf",
        "shared_buffers = 2GB\nwork_mem = 8MB\ninclude 'more.conf'\ninclude_if_exists 'none.conf'\njit = off\n",
    );
    write("more.conf", "fsync = off # dangerous\nTimeZone = 'UTC'\n");
    let read = || Document::read(&folder.path().join("machine.yaml")).and_then(|d| from_document(&d));
    let m = read().unwrap();
    assert_eq!(m.settings.shared_buffers, Bytes(2_147_483_648.0));
    assert_eq!(m.settings.work_mem, Bytes(67_108_864.0), "the machine file wins");
    assert!(!m.settings.fsync);
    let jit = m.warnings.iter().find(|w| w.message.contains("`jit`")).unwrap();
    assert!(jit.position.as_ref().unwrap().to_string().ends_with("postgresql.conf:5:1"));
    write("more.conf", "a = 1\nfsink = off\n");
    let e = read().unwrap_err();
    assert_eq!(e.message, "unknown setting `a`");
    write("more.conf", "\nfsink = off\n");
    let e = read().unwrap_err();
    assert!(e.position.unwrap().to_string().ends_with("more.conf:2:1"));
    assert_eq!(e.nearest.as_deref(), Some("fsync"));
    write("more.conf", "include 'more.conf'\n");
    assert!(read().unwrap_err().message.ends_with("is included too deep"));
}

/// The Debian default file of PostgreSQL 15, comments left out.
#[test]
fn a_conf_as_initdb_writes_it_brings_no_warning() {
    let folder = tempfile::tempdir().unwrap();
    let conf = "max_connections = 100\t\t\t# (change requires restart)\nshared_buffers = 128MB\t\t\t# min 128kB\n\
        dynamic_shared_memory_type = posix\nmax_wal_size = 1GB\nmin_wal_size = 80MB\nlog_timezone = 'Etc/UTC'\n\
        datestyle = 'iso, mdy'\ntimezone = 'Etc/UTC'\nlc_messages = 'C.UTF-8'\nlc_monetary = 'C.UTF-8'\n\
        lc_numeric = 'C.UTF-8'\nlc_time = 'C.UTF-8'\ndefault_text_search_config = 'pg_catalog.english'\n";
    std::fs::write(folder.path().join("p.conf"), conf).unwrap();
    std::fs::write(folder.path().join("m.yaml"), REFERENCE_TEXT.replace("version: 17", "version: 15\n  file: p.conf"))
        .unwrap();
    let m = Document::read(&folder.path().join("m.yaml")).and_then(|d| from_document(&d)).unwrap();
    assert!(m.warnings.is_empty(), "{:?}", m.warnings);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_the_bytes_the_reader_answers(edits in crate::yaml::mutate::edits()) {
        let text = crate::yaml::mutate::mutate(WHOLE, &edits);
        if let Err(e) = read(&text) {
            crate::yaml::mutate::check(&e, &text);
        }
        let conf = crate::yaml::mutate::mutate("shared_buffers = '2GB' # c\nwork_mem 8MB\nx.y='it\'\'s'\n", &edits);
        if let Err(e) = super::conf::read("p.conf", &conf) {
            crate::yaml::mutate::check(&e, &conf);
        }
    }
}

#[test]
fn the_json_schema_names_every_key() {
    let schema = json_schema();
    let text = schema.to_string();
    for key in [
        "version",
        "name",
        "cpu",
        "cores",
        "speed",
        "memory",
        "storage",
        "fsync",
        "read",
        "read_iops",
        "write_iops",
        "write_bandwidth",
        "network",
        "rtt",
        "client",
        "location",
        "postgresql",
        "file",
        "shared_buffers",
        "standby",
        "coefficients",
        "message",
        "spread",
    ] {
        assert!(text.contains(&format!("\"{key}\":")), "{key}");
    }
    assert_eq!(schema["additionalProperties"], false);
    assert!(text.contains("\"same-host\""));
}
