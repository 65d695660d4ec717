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
