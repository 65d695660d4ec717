//! The loads whose throughput over clients shows contention: a few transactions, each at several numbers of clients.

use std::fs;
use std::path::{Path, PathBuf};

use postgres::Client;

use crate::forecast::pipeline::plan;
use crate::forecast::{Base, Sources};
use crate::live::pgbench::{Run, Script};
use crate::live::{LiveError, Server, Target};
use crate::model::System;
use crate::yaml::Document;

/// Tables of the loads. Room on the pages lets updates be heap-only from the first one on.
const DDL: &str = "\
CREATE TABLE curve_accounts (aid integer PRIMARY KEY, balance integer NOT NULL, filler character(84)) WITH (fillfactor = 70);
CREATE TABLE curve_tellers (tid integer PRIMARY KEY, balance integer NOT NULL, filler character(84)) WITH (fillfactor = 50);
CREATE TABLE curve_history (aid integer, tid integer, delta integer, at timestamp);
CREATE TABLE curve_hot (id integer PRIMARY KEY, n integer NOT NULL) WITH (fillfactor = 20);
";

/// Their rows.
const FILL: &str = "\
INSERT INTO curve_accounts SELECT g, 0, '' FROM generate_series(1, 100000) g;
INSERT INTO curve_tellers SELECT g, 0, '' FROM generate_series(1, 1000) g;
INSERT INTO curve_hot SELECT g, 0 FROM generate_series(1, 4) g;
";

/// What a workload file says of them.
const TABLES: &str = "\
tables:
  curve_accounts: {rows: 100k, columns: {filler: {avg_bytes: 85}}}
  curve_tellers: {rows: 1k, columns: {filler: {avg_bytes: 85}}}
  curve_history: {rows: 10k}
  curve_hot: {rows: 4}
";

const LOOKUP: &str = "\\set aid random(1, 100000)\nSELECT balance FROM curve_accounts WHERE aid = :aid;\n";
const UPDATE: &str = "\\set aid random(1, 100000)\nUPDATE curve_accounts SET balance = balance + 1 WHERE aid = :aid;\n";
const MANY: &str = "\\set aid random(1, 99995)\nBEGIN;\n\
    SELECT balance FROM curve_accounts WHERE aid = :aid;\n\
    SELECT balance FROM curve_accounts WHERE aid = :aid + 1;\n\
    SELECT balance FROM curve_accounts WHERE aid = :aid + 2;\n\
    SELECT balance FROM curve_accounts WHERE aid = :aid + 3;\n\
    SELECT balance FROM curve_accounts WHERE aid = :aid + 4;\nEND;\n";
const TRANSFER: &str = "\\set aid random(1, 100000)\n\\set tid random(1, 1000)\n\\set delta random(-5000, 5000)\nBEGIN;\n\
    UPDATE curve_accounts SET balance = balance + :delta WHERE aid = :aid;\n\
    SELECT balance FROM curve_accounts WHERE aid = :aid;\n\
    UPDATE curve_tellers SET balance = balance + :delta WHERE tid = :tid;\n\
    INSERT INTO curve_history (aid, tid, delta, at) VALUES (:aid, :tid, :delta, CURRENT_TIMESTAMP);\nEND;\n";
// The row is held over further messages: a lone statement often ends within one time slice, so that nobody ever waits.
const HOT: &str = "\\set aid random(1, 100000)\n\\set id random(1, 4)\nBEGIN;\n\
    UPDATE curve_hot SET n = n + 1 WHERE id = :id;\n\
    SELECT balance FROM curve_accounts WHERE aid = :aid;\nEND;\n";
const SLEEP: &str = "\\set aid random(1, 100000)\nSELECT balance FROM curve_accounts WHERE aid = :aid;\n\\sleep 2 ms\n";

/// A transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Family {
    /// Five lookups between BEGIN and END: seven messages.
    Many,
    /// One lookup.
    Lookup,
    /// One update without waiting for its flush.
    Update,
    /// The same, waiting.
    Flush,
    /// Two updates, a lookup and an insert, waiting for the flush.
    Transfer,
    /// All update one of four rows and go on for a while, without waiting for the flush.
    Hot,
    /// A lookup and a sleep of 2 ms.
    Sleep,
    /// A lookup on a connection of its own.
    Connect,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Many, Self::Lookup, Self::Update, Self::Flush, Self::Transfer, Self::Hot, Self::Sleep, Self::Connect];

    /// Its name, in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Many => "five lookups",
            Self::Lookup => "lookup",
            Self::Update => "update, no flush",
            Self::Flush => "update",
            Self::Transfer => "transfer",
            Self::Hot => "hot rows, no flush",
            Self::Sleep => "lookup and sleep",
            Self::Connect => "lookup, reconnecting",
        }
    }

    /// What pgbench runs.
    fn script(self) -> &'static str {
        match self {
            Self::Many => MANY,
            Self::Lookup | Self::Connect => LOOKUP,
            Self::Update | Self::Flush => UPDATE,
            Self::Transfer => TRANSFER,
            Self::Hot => HOT,
            Self::Sleep => SLEEP,
        }
    }

    /// Whether commits wait for the local flush; a standby is never waited for.
    #[must_use]
    pub fn flushes(self) -> bool {
        matches!(self, Self::Flush | Self::Transfer)
    }

    /// The value of `synchronous_commit` in its sessions.
    fn synchronous_commit(self) -> &'static str {
        if self.flushes() { "local" } else { "off" }
    }

    fn file(self, folder: &Path) -> PathBuf {
        folder.join(format!("{self:?}.sql").to_lowercase())
    }
}

/// A load at a number of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cell {
    /// The transaction.
    pub family: Family,
    /// Clients.
    pub clients: u32,
}

/// All cells, those first that say most: a short budget ends before the last of them.
pub const CELLS: [Cell; 24] = [
    cell(Family::Many, 4),
    cell(Family::Flush, 1),
    cell(Family::Flush, 16),
    cell(Family::Many, 1),
    cell(Family::Many, 64),
    cell(Family::Hot, 64),
    cell(Family::Transfer, 16),
    cell(Family::Many, 16),
    cell(Family::Flush, 4),
    cell(Family::Sleep, 1),
    cell(Family::Transfer, 4),
    cell(Family::Flush, 64),
    cell(Family::Transfer, 64),
    cell(Family::Hot, 4),
    cell(Family::Update, 4),
    cell(Family::Connect, 4),
    cell(Family::Lookup, 4),
    cell(Family::Lookup, 64),
    cell(Family::Lookup, 1),
    cell(Family::Transfer, 1),
    cell(Family::Update, 64),
    cell(Family::Flush, 2),
    cell(Family::Hot, 16),
    cell(Family::Update, 1),
];

const fn cell(family: Family, clients: u32) -> Cell {
    Cell { family, clients }
}

/// Makes and fills the tables in the scratch schema, and writes the scripts to a folder.
///
/// # Errors
/// [`LiveError::Sql`] when the server refuses; [`LiveError::File`] when the folder does.
pub fn prepare(client: &mut Client, schema: &str, folder: &Path) -> Result<(), LiveError> {
    client.batch_execute(&format!("SET search_path = {schema}; {DDL} {FILL}"))?;
    client.batch_execute("VACUUM ANALYZE curve_accounts, curve_tellers, curve_hot")?;
    client.batch_execute("RESET search_path")?;
    write_scripts(folder)
}

/// Writes what pgbench runs, and the model reads, to a folder.
///
/// # Errors
/// [`LiveError::File`] when it cannot be written.
pub fn write_scripts(folder: &Path) -> Result<(), LiveError> {
    for family in Family::ALL {
        let file = family.file(folder);
        fs::write(&file, family.script()).map_err(LiveError::file("write", file))?;
    }
    Ok(())
}

impl Cell {
    /// The run of pgbench that measures it.
    #[must_use]
    pub fn run(self, server: &Server, database: &str, schema: &str, seconds: u32) -> Run {
        let script = Script::File(self.family.file(server.scratch()), 1);
        Run {
            settings: vec![
                ("search_path".to_owned(), schema.to_owned()),
                ("synchronous_commit".to_owned(), self.family.synchronous_commit().to_owned()),
            ],
            reconnect: self.family == Family::Connect,
            sampling: 0.0,
            warmup: self.warm_up(),
            ..Run::new(database, script, self.clients, seconds)
        }
    }

    /// Seconds until new sessions have planned their statements and filled their caches: with many of them that is
    /// most of what they do in the first seconds.
    #[must_use]
    pub fn warm_up(self) -> u32 {
        match (self.family, self.clients) {
            // A session that ends with its transaction never gets that far.
            (Family::Connect, _) | (_, 0..=4) => 0,
            (_, 5..=31) => 1,
            _ => 3,
        }
    }

    /// The model's network for it, on the machine of a file; `folder` is where the scripts are.
    ///
    /// # Errors
    /// [`LiveError::Unsuitable`] when the model refuses, in its words.
    pub fn system(self, machine: &Path, folder: &Path) -> Result<System, LiveError> {
        let family = self.family;
        let name = family.file(folder).with_extension("yaml");
        let text = format!(
            "version: 1\nname: {family:?}\n{TABLES}transactions:\n  - {{name: all, weight: 1, script: {}}}\nclients: {}\nconnections: {{reconnect: {}}}\nprotocol: prepared\n",
            family.file(Path::new("")).display(),
            self.clients,
            family == Family::Connect,
        );
        let set = vec![("machine.postgresql.synchronous_commit".to_owned(), family.synchronous_commit().to_owned())];
        let sources = Sources { machine: Some(machine.to_path_buf()), set, ..Sources::default() };
        let forecast = || {
            let document = Document::parse(&name.display().to_string(), &text)?;
            plan(&Base::of_document(document, Some(("curves", DDL)), &sources)?.with(&[])?)
        };
        match forecast() {
            Ok(planned) => Ok(planned.system),
            Err(e) => Err(LiveError::Unsuitable { message: format!("the model refuses a load of its own: {e}") }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What pgbench would run is what the model understands: messages, flushes, sleeps and rows.
    #[test]
    fn the_model_reads_every_load() {
        let folder = tempfile::tempdir().unwrap();
        write_scripts(folder.path()).unwrap();
        let machine = folder.path().join("machine.yaml");
        fs::write(&machine, crate::machine::REFERENCE_TEXT).unwrap();
        for (family, messages, flushes) in [
            (Family::Many, 7.0, 0.0),
            (Family::Lookup, 1.0, 0.0),
            (Family::Update, 1.0, 0.0),
            (Family::Flush, 1.0, 1.0),
            (Family::Transfer, 6.0, 1.0),
            (Family::Hot, 4.0, 0.0),
            (Family::Sleep, 1.0, 0.0),
            (Family::Connect, 1.0, 0.0),
        ] {
            let system = Cell { family, clients: 4 }.system(&machine, folder.path()).unwrap();
            assert_eq!((system.work.messages, system.work.flushes), (messages, flushes), "{family:?}");
            assert_eq!(system.work.sleep > 0.002, family == Family::Sleep, "{family:?}");
            let connecting = system.work.round_trips - messages;
            assert_eq!(connecting > 0.0, family == Family::Connect, "{family:?}");
        }
    }

    #[test]
    fn no_cell_comes_twice() {
        for (k, a) in CELLS.iter().enumerate() {
            assert!(CELLS[..k].iter().all(|b| a != b), "{a:?}");
        }
    }
}
