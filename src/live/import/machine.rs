//! The machine file: settings as they are, and of the machine what can be seen from here.

use std::fs;
use std::thread::available_parallelism;

use postgres::Client;

use super::catalog::About;
use super::text_scalar;
use crate::live::{Conninfo, LiveError};
use crate::machine::setting_as_yaml;

/// Settings that the model knows and that matter even at their defaults, because the machine's defaults differ.
const ALWAYS: &str = "shared_buffers, effective_cache_size, work_mem, max_wal_size, checkpoint_timeout, \
    synchronous_commit, full_page_writes, fsync, wal_level, wal_compression, data_checksums, max_connections, \
    random_page_cost, default_transaction_isolation";

/// The file.
pub(super) fn file(client: &mut Client, conninfo: &Conninfo, about: &About) -> Result<String, LiveError> {
    let always: Vec<&str> = ALWAYS.split(", ").collect();
    // What a session or a role sets for itself is part of what is asked for; so is what the configuration says.
    let sql = "SELECT name::text, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings \
               WHERE name = ANY ($1) OR (name ~ '^enable_|_cost$|^commit_|^checkpoint_|^deadlock_timeout$|^autovacuum$\
               |^plan_cache_mode$' AND setting IS DISTINCT FROM boot_val) ORDER BY name";
    let rows = client.query(sql, &[&always])?;
    let mut out = format!(
        "# The machine of `{}`, as far as a connection shows it: what is not here is taken from the reference machine.\n\
         # `predict calibrate` measures the rest.\nversion: 1\nname: {}\n",
        about.database.replace('\n', " "),
        text_scalar(&about.database)
    );
    if conninfo.is_local() {
        let cores = available_parallelism().map_or(1, usize::from);
        out += &format!("cpu: {{cores: {cores}}}\n");
        if let Some(memory) = memory_kb() {
            out += &format!("memory: {memory}kB\n");
        }
        // No wire lies between; waking each other up is among the model's prices.
        out += "network: {rtt: 0ms}\nclient: {location: same-host}\n";
    } else {
        out += "# The server is elsewhere; put its own in here:\n# cpu: {cores: 8}\n# memory: 32GB\n";
    }
    out += "# storage: {fsync: 150us, read: 90us}\n";
    out += &format!("postgresql:\n  version: {}\n", about.version);
    for row in rows {
        let (name, value): (String, String) = (row.get(0), row.get(1));
        out += &format!("  {name}: {}\n", setting_as_yaml(&value));
    }
    Ok(out)
}

/// Memory of this machine, in PostgreSQL's kB.
fn memory_kb() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    line.split_whitespace().next()?.parse().ok()
}
