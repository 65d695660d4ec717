//! Settings of the live server that differ from the machine file's.

use postgres::Client;

use crate::live::LiveError;
use crate::machine::{Machine, settings_that_differ};

/// What differs, one sentence each.
///
/// # Errors
/// What the server says.
pub fn differing(client: &mut Client, version: u32, machine: &Machine) -> Result<Vec<String>, LiveError> {
    let rows = client.query("SELECT name::text, current_setting(name, true) FROM pg_settings", &[])?;
    let live: Vec<(String, String)> =
        rows.iter().map(|r| (r.get(0), r.get::<_, Option<String>>(1).unwrap_or_default())).collect();
    let place = if machine.reference { "in the built-in machine" } else { "in the machine file" };
    Ok(settings_that_differ(&machine.settings, version, &live)
        .into_iter()
        .map(|d| format!("{} is {} on the server and {} {place}", d.name, d.live, d.file))
        .collect())
}
