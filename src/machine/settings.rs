//! Server settings: PostgreSQL's defaults, names and value forms.

use super::harmless::HARMLESS;
use crate::machine::{PlanCacheMode, Settings, SynchronousCommit};
use crate::units::spelling::{self, SpellingError, forms};
use crate::units::{Bytes, PAGE_BYTES, Seconds};
use crate::workload::Isolation;

/// Every setting of PostgreSQL 12 to 18, one a line, in lower case: `SELECT name FROM pg_settings` of
/// version 15, and what the release notes of the others add.
const NAMES: &str = include_str!("setting_names.txt");

/// The settings that the model uses, besides the `enable_` switches.
const MODELLED: &[&str] = &[
    "autovacuum",
    "checkpoint_completion_target",
    "checkpoint_timeout",
    "commit_delay",
    "commit_siblings",
    "cpu_index_tuple_cost",
    "cpu_operator_cost",
    "cpu_tuple_cost",
    "data_checksums",
    "deadlock_timeout",
    "default_transaction_isolation",
    "effective_cache_size",
    "fsync",
    "full_page_writes",
    "max_connections",
    "max_wal_size",
    "plan_cache_mode",
    "random_page_cost",
    "seq_page_cost",
    "shared_buffers",
    "synchronous_commit",
    "wal_compression",
    "wal_level",
    "work_mem",
];

/// Versions that are known.
pub(super) const VERSIONS: std::ops::RangeInclusive<u32> = 12..=18;

/// Every setting's name, in alphabetical order.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.lines()
}

/// The settings that the model uses, by name, besides the planner's `enable_` switches.
pub fn modelled_settings() -> impl Iterator<Item = &'static str> {
    MODELLED.iter().copied()
}

/// A setting's value as a machine file writes it: plain where nothing but letters, digits and the like are in it.
#[must_use]
pub fn setting_as_yaml(value: &str) -> String {
    let plain =
        !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    if plain { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) }
}

/// What became of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is in [`Settings`] now.
    Modelled,
    /// It does not matter.
    Harmless,
    /// PostgreSQL knows it, the model does not.
    NotModelled,
    /// PostgreSQL does not know it.
    Unknown,
}

impl Settings {
    /// PostgreSQL's own defaults in a major version.
    #[must_use]
    pub fn defaults(version: u32) -> Self {
        Self {
            version,
            shared_buffers: Bytes(128.0 * 1_048_576.0),
            effective_cache_size: Bytes(4.0 * 1_073_741_824.0),
            work_mem: Bytes(4.0 * 1_048_576.0),
            synchronous_commit: SynchronousCommit::On,
            fsync: true,
            full_page_writes: true,
            wal_compression: false,
            // initdb turns checksums on since version 18.
            data_checksums: version >= 18,
            wal_level_logical: false,
            max_wal_size: Bytes(1_073_741_824.0),
            checkpoint_timeout: Seconds(300.0),
            checkpoint_completion_target: if version >= 14 { 0.9 } else { 0.5 },
            commit_delay: Seconds::ZERO,
            commit_siblings: 5,
            deadlock_timeout: Seconds(1.0),
            max_connections: 100,
            random_page_cost: 4.0,
            seq_page_cost: 1.0,
            cpu_tuple_cost: 0.01,
            cpu_index_tuple_cost: 0.005,
            cpu_operator_cost: 0.0025,
            autovacuum: true,
            plan_cache_mode: PlanCacheMode::Auto,
            disabled_plans: Vec::new(),
            default_isolation: Isolation::ReadCommitted,
        }
    }

    /// Takes one setting, with its value as postgresql.conf would have it; names are not case-sensitive.
    ///
    /// # Errors
    /// A value that PostgreSQL would refuse.
    pub(super) fn apply(&mut self, name: &str, value: &str) -> Result<Outcome, SpellingError> {
        let name = name.to_ascii_lowercase();
        let cost = || at_least(real(value)?, 0.0, value, "a cost of at least 0");
        match name.as_str() {
            "shared_buffers" => {
                let expected = "a size of at least 128kB, such as `8GB`";
                self.shared_buffers = Bytes(at_least(pages(value)?, 16.0 * PAGE_BYTES, value, expected)?);
            }
            "effective_cache_size" => {
                let expected = "a size of at least 8kB";
                self.effective_cache_size = Bytes(at_least(pages(value)?, PAGE_BYTES, value, expected)?);
            }
            "work_mem" => {
                let size = spelling::size(value, Bytes(1024.0))?.get();
                self.work_mem = Bytes(at_least(size, 65_536.0, value, "a size of at least 64kB")?);
            }
            "max_wal_size" => {
                let size = spelling::size(value, Bytes(1_048_576.0))?.get();
                self.max_wal_size = Bytes(at_least(size, 2.0 * 1_048_576.0, value, "a size of at least 2MB")?);
            }
            "checkpoint_timeout" => {
                let seconds = spelling::duration(value, Seconds(1.0))?.get();
                self.checkpoint_timeout =
                    Seconds(between(seconds, 30.0, 86_400.0, value, "a duration from 30s to 1d")?);
            }
            "deadlock_timeout" => {
                let seconds = spelling::duration(value, Seconds::from_ms(1.0))?.get();
                self.deadlock_timeout = Seconds(at_least(seconds, 1e-3, value, "a duration of at least 1ms")?);
            }
            "commit_delay" => {
                let seconds = spelling::duration(value, Seconds::from_us(1.0))?.get();
                self.commit_delay = Seconds(between(seconds, 0.0, 0.1, value, "microseconds from 0 to 100000")?);
            }
            "commit_siblings" => self.commit_siblings = integer(value, 0, 1000)?,
            "max_connections" => self.max_connections = integer(value, 1, 262_143)?,
            "checkpoint_completion_target" => {
                self.checkpoint_completion_target = between(real(value)?, 0.0, 1.0, value, "a share from 0 to 1")?;
            }
            "random_page_cost" => self.random_page_cost = cost()?,
            "seq_page_cost" => self.seq_page_cost = cost()?,
            "cpu_tuple_cost" => self.cpu_tuple_cost = cost()?,
            "cpu_index_tuple_cost" => self.cpu_index_tuple_cost = cost()?,
            "cpu_operator_cost" => self.cpu_operator_cost = cost()?,
            "fsync" => self.fsync = spelling::switch(value)?,
            "full_page_writes" => self.full_page_writes = spelling::switch(value)?,
            "data_checksums" => self.data_checksums = spelling::switch(value)?,
            "autovacuum" => self.autovacuum = spelling::switch(value)?,
            "synchronous_commit" => self.synchronous_commit = synchronous_commit(value)?,
            "wal_compression" => {
                self.wal_compression = match value.to_ascii_lowercase().as_str() {
                    "pglz" | "lz4" | "zstd" => true,
                    other => {
                        spelling::switch(other).map_err(|_| not_one_of(value, &["off", "on", "pglz", "lz4", "zstd"]))?
                    }
                };
            }
            "wal_level" => {
                self.wal_level_logical = one_of(value, &[("minimal", false), ("replica", false), ("logical", true)])?;
            }
            "plan_cache_mode" => {
                self.plan_cache_mode = one_of(
                    value,
                    &[
                        ("auto", PlanCacheMode::Auto),
                        ("force_generic_plan", PlanCacheMode::ForceGeneric),
                        ("force_custom_plan", PlanCacheMode::ForceCustom),
                    ],
                )?;
            }
            "default_transaction_isolation" => {
                self.default_isolation = one_of(
                    value,
                    &[
                        ("read committed", Isolation::ReadCommitted),
                        ("read uncommitted", Isolation::ReadCommitted),
                        ("repeatable read", Isolation::RepeatableRead),
                        ("serializable", Isolation::Serializable),
                    ],
                )?;
            }
            switch if switch.starts_with("enable_") && known(switch) => {
                self.disabled_plans.retain(|n| n != switch);
                if !spelling::switch(value)? {
                    self.disabled_plans.push(switch.to_owned());
                }
            }
            other if HARMLESS.contains(&other) => return Ok(Outcome::Harmless),
            // A setting of an extension.
            other if known(other) || other.contains('.') => return Ok(Outcome::NotModelled),
            _ => return Ok(Outcome::Unknown),
        }
        Ok(Outcome::Modelled)
    }
}

fn known(name: &str) -> bool {
    names().any(|n| n == name)
}

/// A size in blocks of 8 kB, in bytes.
fn pages(value: &str) -> Result<f64, SpellingError> {
    spelling::size(value, Bytes(PAGE_BYTES)).map(Bytes::get)
}

fn real(value: &str) -> Result<f64, SpellingError> {
    spelling::number(value)
}

fn out_of_range(value: &str, expected: &'static str) -> SpellingError {
    SpellingError { message: format!("`{value}` is out of range"), expected, nearest: None }
}

fn at_least(x: f64, least: f64, value: &str, expected: &'static str) -> Result<f64, SpellingError> {
    if x >= least { Ok(x) } else { Err(out_of_range(value, expected)) }
}

fn between(x: f64, least: f64, most: f64, value: &str, expected: &'static str) -> Result<f64, SpellingError> {
    if (least..=most).contains(&x) { Ok(x) } else { Err(out_of_range(value, expected)) }
}

fn integer(value: &str, least: u32, most: u32) -> Result<u32, SpellingError> {
    let x = spelling::count(value)?;
    // The cast is exact: the value is whole and within the range of the type.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    if x.fract() == 0.0 && (f64::from(least)..=f64::from(most)).contains(&x) {
        Ok(x as u32)
    } else {
        Err(SpellingError { message: format!("`{value}` is out of range"), expected: forms::COUNT, nearest: None })
    }
}

fn not_one_of(value: &str, names: &[&'static str]) -> SpellingError {
    let nearest = crate::diagnostic::nearest(value, names.iter().copied()).map(str::to_owned);
    SpellingError {
        message: format!("unknown value `{value}`: one of {} can be", names.join(", ")),
        expected: "one of the setting's values",
        nearest,
    }
}

fn one_of<T: Copy>(value: &str, values: &[(&'static str, T)]) -> Result<T, SpellingError> {
    let found = values.iter().find(|(name, _)| name.eq_ignore_ascii_case(value.trim()));
    found.map(|(_, v)| *v).ok_or_else(|| not_one_of(value, &values.iter().map(|(n, _)| *n).collect::<Vec<_>>()))
}

fn synchronous_commit(value: &str) -> Result<SynchronousCommit, SpellingError> {
    match value.to_ascii_lowercase().as_str() {
        "local" => Ok(SynchronousCommit::Local),
        "remote_write" => Ok(SynchronousCommit::RemoteWrite),
        "remote_apply" => Ok(SynchronousCommit::RemoteApply),
        other => match spelling::switch(other) {
            Ok(true) => Ok(SynchronousCommit::On),
            Ok(false) => Ok(SynchronousCommit::Off),
            Err(_) => Err(not_one_of(value, &["on", "off", "local", "remote_write", "remote_apply"])),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_agree() {
        for name in MODELLED.iter().chain(HARMLESS) {
            assert!(known(name), "{name} is no setting");
        }
        let sorted: Vec<_> = names().collect();
        assert!(sorted.windows(2).all(|w| w[0] < w[1]), "setting_names.txt must be sorted");
        assert!(sorted.len() > 380);
        for name in MODELLED {
            assert!(!HARMLESS.contains(name), "{name}");
            assert_ne!(Settings::defaults(17).apply(name, "on"), Ok(Outcome::NotModelled), "{name}");
        }
    }

    #[test]
    fn values_that_are_no_plain_words_are_quoted() {
        let written = ["16GB", "read committed", "", "it's", "-1"].map(setting_as_yaml);
        assert_eq!(written, ["16GB", "'read committed'", "''", "'it''s'", "-1"]);
    }

    /// The ranges, units and defaults of `pg_settings` of PostgreSQL 15.
    #[test]
    fn values_are_read_as_postgresql_reads_them() {
        let mut s = Settings::defaults(15);
        let mut set = |name: &str, value: &str| s.apply(name, value).map(|_| ()).map_err(|e| e.message);
        set("shared_buffers", "16384").unwrap();
        set("work_mem", "4096").unwrap();
        set("max_wal_size", "1024").unwrap();
        set("checkpoint_timeout", "300").unwrap();
        set("deadlock_timeout", "1000").unwrap();
        set("commit_delay", "0").unwrap();
        set("effective_cache_size", "524288").unwrap();
        assert!(set("shared_buffers", "64kB").is_err());
        assert!(set("shared_buffers", "128mb").is_err());
        assert!(set("checkpoint_timeout", "29s").is_err());
        assert!(set("checkpoint_timeout", "1d").is_ok());
        assert!(set("checkpoint_timeout", "5min").is_ok());
        assert!(set("checkpoint_completion_target", "1.1").is_err());
        assert!(set("commit_siblings", "1001").is_err());
        assert!(set("max_connections", "0").is_err());
        assert!(set("random_page_cost", "-1").is_err());
        assert!(set("wal_level", "hot").is_err());
        assert_eq!(s, Settings::defaults(15));
    }

    #[test]
    fn switches_and_names() {
        let mut s = Settings::defaults(15);
        assert_eq!(s.apply("Synchronous_Commit", "off"), Ok(Outcome::Modelled));
        assert_eq!(s.synchronous_commit, SynchronousCommit::Off);
        assert_eq!(s.apply("enable_seqscan", "off"), Ok(Outcome::Modelled));
        assert_eq!(s.disabled_plans, ["enable_seqscan"]);
        assert_eq!(s.apply("enable_seqscan", "on"), Ok(Outcome::Modelled));
        assert!(s.disabled_plans.is_empty());
        assert_eq!(s.apply("TimeZone", "UTC"), Ok(Outcome::Harmless));
        assert_eq!(s.apply("jit", "off"), Ok(Outcome::NotModelled));
        assert_eq!(s.apply("pg_stat_statements.track", "all"), Ok(Outcome::NotModelled));
        assert_eq!(s.apply("shared_bufers", "1GB"), Ok(Outcome::Unknown));
        assert_eq!(s.apply("enable_seqscam", "off"), Ok(Outcome::Unknown));
        let error = s.apply("synchronous_commit", "remote_wirte").unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("remote_write"));
        assert!(Settings::defaults(18).data_checksums && !Settings::defaults(17).data_checksums);
    }
}
