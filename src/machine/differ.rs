//! Settings of a live server beside those of a machine file.

use super::{Settings, settings};

/// Switches of the planner that PostgreSQL itself has off, and that the model has no part for.
const OFF_BY_DEFAULT: [&str; 2] = ["enable_partitionwise_aggregate", "enable_partitionwise_join"];

/// A setting that has another value there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// Its name.
    pub name: String,
    /// On the server.
    pub live: String,
    /// In the file, or by default.
    pub file: String,
}

/// The settings of the model that a server of this version has otherwise than a machine file; `live` is all of them
/// by name, as SHOW prints them.
#[must_use]
pub fn settings_that_differ(file: &Settings, version: u32, live: &[(String, String)]) -> Vec<Differs> {
    let mut out = Vec::new();
    if file.version != version {
        out.push(Differs { name: "version".into(), live: version.to_string(), file: file.version.to_string() });
    }
    for (name, value) in live.iter().filter(|(name, _)| !OFF_BY_DEFAULT.contains(&name.as_str())) {
        // Applied to the file's settings, one that agrees changes nothing.
        let mut changed = file.clone();
        let known = changed.apply(name, value);
        if matches!(known, Ok(settings::Outcome::Modelled)) && changed != *file {
            out.push(Differs { name: name.clone(), live: value.clone(), file: shown(file, name) });
        }
    }
    out
}

/// A setting as postgresql.conf would have it to say what the file does.
fn shown(file: &Settings, name: &str) -> String {
    let size = |b: crate::units::Bytes| {
        let (mb, kb) = (b.get() / 1_048_576.0, b.get() / 1024.0);
        if mb >= 1.0 && mb.fract() == 0.0 { format!("{mb}MB") } else { format!("{kb}kB") }
    };
    let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
    let duration = |s: crate::units::Seconds| {
        if s.get() >= 1.0 { format!("{}s", s.get()) } else { format!("{}ms", s.ms()) }
    };
    match name {
        "shared_buffers" => size(file.shared_buffers),
        "effective_cache_size" => size(file.effective_cache_size),
        "work_mem" => size(file.work_mem),
        "max_wal_size" => size(file.max_wal_size),
        "checkpoint_timeout" => duration(file.checkpoint_timeout),
        "deadlock_timeout" => duration(file.deadlock_timeout),
        "commit_delay" => format!("{}", file.commit_delay.us()),
        "commit_siblings" => file.commit_siblings.to_string(),
        "max_connections" => file.max_connections.to_string(),
        "checkpoint_completion_target" => file.checkpoint_completion_target.to_string(),
        "random_page_cost" => file.random_page_cost.to_string(),
        "seq_page_cost" => file.seq_page_cost.to_string(),
        "cpu_tuple_cost" => file.cpu_tuple_cost.to_string(),
        "cpu_index_tuple_cost" => file.cpu_index_tuple_cost.to_string(),
        "cpu_operator_cost" => file.cpu_operator_cost.to_string(),
        "fsync" => switch(file.fsync),
        "full_page_writes" => switch(file.full_page_writes),
        "wal_compression" => switch(file.wal_compression),
        "data_checksums" => switch(file.data_checksums),
        "autovacuum" => switch(file.autovacuum),
        "synchronous_commit" => file.synchronous_commit.as_str().to_owned(),
        "plan_cache_mode" => file.plan_cache_mode.as_str().to_owned(),
        "default_transaction_isolation" => file.default_isolation.as_str().to_owned(),
        "wal_level" => if file.wal_level_logical { "logical" } else { "replica" }.to_owned(),
        name if name.starts_with("enable_") => switch(!file.disabled_plans.iter().any(|p| p == name)),
        _ => "otherwise".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_differs_only() {
        let file = Settings::defaults(15);
        let live = [
            ("shared_buffers", "1GB"),
            ("work_mem", "4MB"),
            ("fsync", "off"),
            ("enable_seqscan", "off"),
            ("application_name", "x"),
            ("checkpoint_timeout", "5min"),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()));
        let found: Vec<String> = settings_that_differ(&file, 16, &live)
            .into_iter()
            .map(|d| format!("{} {} {}", d.name, d.live, d.file))
            .collect();
        assert_eq!(found, ["version 16 15", "shared_buffers 1GB 128MB", "fsync off on", "enable_seqscan off on"]);
    }
    /// What is shown of a file, applied to it, changes nothing: so it says what is in it, and says it as a server reads it.
    #[test]
    fn what_is_shown_is_what_the_file_says() {
        let mut changed = Settings::defaults(15);
        for (name, value) in [
            ("synchronous_commit", "remote_write"),
            ("plan_cache_mode", "force_custom_plan"),
            ("default_transaction_isolation", "repeatable read"),
            ("wal_level", "logical"),
            ("work_mem", "100kB"),
            ("commit_delay", "20"),
            ("deadlock_timeout", "200ms"),
            ("fsync", "off"),
            ("enable_seqscan", "off"),
        ] {
            changed.apply(name, value).unwrap();
            assert_ne!(shown(&Settings::defaults(15), name), shown(&changed, name), "{name}");
        }
        for file in [Settings::defaults(15), changed] {
            for name in settings::modelled_settings().chain(["enable_seqscan"]) {
                let mut same = file.clone();
                let outcome = same.apply(name, &shown(&file, name));
                assert_eq!((outcome, &same), (Ok(settings::Outcome::Modelled), &file), "{name}");
            }
        }
    }
}
