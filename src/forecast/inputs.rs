//! What a forecast is made from: files read once, and any number of what-ifs from them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::access::Statements;
use crate::diagnostic::{InputError, TextOrigin, Warning};
use crate::forecast::anchor::{Corrections, anchor};
use crate::forecast::pipeline::{plan, unsolvable};
use crate::forecast::result::InputHashes;
use crate::machine::{self, Machine};
use crate::schema::{self, Schema};
use crate::workload::{self, Workload};
use crate::yaml::Document;

/// Where a forecast's inputs come from, and what is changed in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The workload file.
    pub workload: PathBuf,
    /// A schema file that replaces the one named in the workload file.
    pub schema: Option<PathBuf>,
    /// The machine file; `None`: the built-in reference machine.
    pub machine: Option<PathBuf>,
    /// Keys to change, with their new values, in the order given.
    pub set: Vec<(String, String)>,
    /// Clients that replace the load written in the workload file.
    pub clients: Option<u64>,
}

/// Everything a forecast needs, read and checked.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The schema.
    pub schema: Arc<Schema>,
    /// The workload.
    pub workload: Arc<Workload>,
    /// Its statements, read and resolved.
    pub statements: Arc<Statements>,
    /// The machine.
    pub machine: Arc<Machine>,
    /// Hashes of the files, and what was set.
    pub hashes: InputHashes,
    /// By how much demands are corrected, so that measured points are reproduced.
    pub corrections: Corrections,
}

/// Documents read once, from which any number of what-ifs are made.
#[derive(Debug, Clone)]
pub struct Base {
    workload: Arc<Document>,
    machine: Arc<Document>,
    reference: bool,
    schema_path: PathBuf,
    schema: Arc<Schema>,
    hashes: InputHashes,
    corrections: Corrections,
    anchor_warnings: Vec<Warning>,
    /// What the documents say, for what-ifs that leave parts of them alone.
    read: Option<Documents>,
}

/// Documents turned into checked types.
#[derive(Debug, Clone)]
struct Documents {
    workload: Arc<Workload>,
    statements: Arc<Statements>,
    machine: Arc<Machine>,
}

/// Which parts of the documents a setting reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// Nothing.
    Nothing,
    /// Arrivals only: what each statement does stays as it is.
    Load,
    /// The workload.
    Workload,
}

impl Base {
    /// Reads the files and applies what the sources set.
    ///
    /// # Errors
    /// The first mistake in the input, with its place.
    pub fn load(sources: &Sources) -> Result<Self, InputError> {
        Self::of_document(Document::read(&sources.workload)?, None, sources)
    }

    /// The same for a workload that is no file of its own. `schema` is the name and text of the DDL that holds
    /// where neither the sources nor the document name a schema file.
    ///
    /// # Errors
    /// As [`Base::load`].
    pub fn of_document(
        workload_document: Document,
        schema: Option<(&str, &str)>,
        sources: &Sources,
    ) -> Result<Self, InputError> {
        let (machine, reference) = match &sources.machine {
            Some(path) => (Document::read(path)?, false),
            None => (machine::reference_document(), true),
        };
        let mut base = Self {
            hashes: InputHashes {
                schema: String::new(),
                workload: sha256(&workload_document.whole_text()),
                machine: sha256(machine.text()),
                set: BTreeMap::new(),
            },
            workload: Arc::new(workload_document),
            machine: Arc::new(machine),
            reference,
            schema_path: PathBuf::new(),
            schema: Arc::new(Schema::default()),
            corrections: Corrections::default(),
            anchor_warnings: Vec::new(),
            read: None,
        };
        base.anchor_as_written()?;
        for (key, value) in &sources.set {
            base.set(key, value)?;
        }
        if let Some(clients) = sources.clients {
            base.set("workload.clients", &clients.to_string())?;
        }
        let workload = workload::from_document(&base.workload)?;
        match (&sources.schema, &workload.schema, schema) {
            (Some(path), _, _) | (None, Some(path), _) => base.read_schema(path, sources.schema.is_none())?,
            (None, None, Some((name, text))) => base.use_schema(Path::new(name), text),
            (None, None, None) => return Err(base.no_schema()),
        }
        base.read = Some(base.read_documents(Reach::Workload, true)?);
        Ok(base)
    }

    /// Finds the corrections that reproduce the points measured on the files as written, before
    /// anything is set or another schema takes the place of theirs: what-ifs are then forecast with the
    /// same corrections, so that a change cannot hide in them.
    fn anchor_as_written(&mut self) -> Result<(), InputError> {
        let workload = workload::from_document(&self.workload)?;
        if workload.observed.is_empty() {
            return Ok(());
        }
        let path = workload.schema.clone().ok_or_else(|| self.no_schema())?;
        self.read_schema(&path, true)?;
        let read = self.read_documents(Reach::Workload, true)?;
        let inputs = self.clone().inputs(read);
        let planned = plan(&inputs)?;
        let observed = &inputs.workload.observed;
        (self.corrections, self.anchor_warnings) =
            anchor(&planned.system, &inputs.machine, observed).map_err(unsolvable)?;
        Ok(())
    }

    /// The schema file in use.
    #[must_use]
    pub fn schema_path(&self) -> &Path {
        &self.schema_path
    }

    /// The corrections found for the files as written.
    #[must_use]
    pub fn corrections(&self) -> Corrections {
        self.corrections
    }

    /// Applies corrections found elsewhere: those of the other side of a comparison.
    pub fn set_corrections(&mut self, corrections: Corrections) {
        self.corrections = corrections;
    }

    /// Reads a schema file, unless it is the one already read; `named` says that the workload file
    /// names it, which is then the place of what is wrong with it as a whole.
    fn read_schema(&mut self, path: &Path, named: bool) -> Result<(), InputError> {
        if self.schema_path != path {
            let text = read_text(path).map_err(|mut e| {
                if let (true, None, Some(node)) = (named, &e.position, self.workload.find("schema")) {
                    let place = self.workload.error_at(node, String::new());
                    (e.position, e.source_text) = (place.position, place.source_text);
                }
                e
            })?;
            self.use_schema(path, &text);
        }
        Ok(())
    }

    fn use_schema(&mut self, path: &Path, text: &str) {
        self.hashes.schema = sha256(text);
        self.schema = Arc::new(schema::read(&path.display().to_string(), text));
        self.schema_path = path.to_owned();
    }

    fn no_schema(&self) -> InputError {
        InputError::new(format!("{}: no schema is named", self.workload.name()))
            .expected("`schema: FILE` in the workload file, or --schema FILE")
    }

    /// Changes one key: `workload.<path>` or `machine.<path>`. Setting clients takes a rate away and
    /// the other way round, since a load is one or the other.
    ///
    /// # Errors
    /// A path that cannot be reached, or a value that is no YAML.
    fn set(&mut self, key: &str, value: &str) -> Result<(), InputError> {
        match key.split_once('.') {
            Some(("workload", path)) => {
                workload::set(Arc::make_mut(&mut self.workload), path, value)?;
            }
            Some(("machine", path)) => Arc::make_mut(&mut self.machine).set(path, value)?,
            _ => {
                return Err(InputError::new(format!("--set {key}={value}: the key names neither file"))
                    .expected("a key that starts with `workload.` or `machine.`, such as machine.cpu.cores=8")
                    .nearest_of(key.split('.').next().unwrap_or(key), ["workload", "machine"]));
            }
        }
        self.hashes.set.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    /// The inputs with further keys set.
    ///
    /// # Errors
    /// The first mistake in the input, with its place.
    pub fn with(&self, set: &[(String, String)]) -> Result<Inputs, InputError> {
        let mut changed = self.clone();
        let (mut reach, mut machine) = (Reach::Nothing, false);
        for (key, value) in set {
            changed.set(key, value)?;
            match key.strip_prefix("workload.") {
                Some("clients" | "rate" | "think_time" | "connections.pool" | "connections.reconnect") => {
                    reach = reach.max(Reach::Load)
                }
                Some(_) => reach = Reach::Workload,
                None => machine = true,
            }
        }
        let read = changed.read_documents(reach, machine)?;
        Ok(changed.inputs(read))
    }

    /// Turns the documents into checked types, as far as a change reaches.
    fn read_documents(&self, reach: Reach, machine_changed: bool) -> Result<Documents, InputError> {
        let workload = match &self.read {
            Some(read) if reach == Reach::Nothing => Arc::clone(&read.workload),
            Some(read) if reach == Reach::Load => Arc::new(workload::with_load(&self.workload, &read.workload)?),
            _ => {
                let mut workload = workload::from_document(&self.workload)?;
                workload.warnings.extend(workload::check_against(&workload, &self.schema)?);
                workload.warnings.extend(self.anchor_warnings.iter().cloned());
                Arc::new(workload)
            }
        };
        let machine = match &self.read {
            Some(read) if !machine_changed => Arc::clone(&read.machine),
            _ => {
                let mut machine = machine::from_document(&self.machine)?;
                machine.reference = self.reference;
                Arc::new(machine)
            }
        };
        let statements = match &self.read {
            Some(read) if reach < Reach::Workload => Arc::clone(&read.statements),
            _ => Arc::new(Statements::parse(&self.schema, &workload)?),
        };
        Ok(Documents { workload, statements, machine })
    }

    /// The inputs as they are.
    fn inputs(self, read: Documents) -> Inputs {
        Inputs {
            schema: self.schema,
            workload: read.workload,
            statements: read.statements,
            machine: read.machine,
            hashes: self.hashes,
            corrections: self.corrections,
        }
    }
}

/// Reads and checks the inputs of one forecast.
///
/// # Errors
/// The first mistake in the input, with its place.
pub fn load(sources: &Sources) -> Result<Inputs, InputError> {
    Base::load(sources)?.with(&[])
}

/// The schema of a file of DDL.
///
/// # Errors
/// A file that cannot be read as text; what cannot be read in it is a warning of the schema.
pub fn schema_of(path: &Path) -> Result<Schema, InputError> {
    Ok(schema::read(&path.display().to_string(), &read_text(path)?))
}

/// Schema files above this size are refused: a dump of 10,000 tables takes some 20 MB.
const MAX_SCHEMA_BYTES: u64 = 64 << 20;

/// A file of DDL, as UTF-8; bytes that are none are replaced, so that one of them never loses a schema.
///
/// # Errors
/// A file that cannot be read as text.
pub fn read_text(path: &Path) -> Result<String, InputError> {
    let name = path.display().to_string();
    let failed = |e: std::io::Error| {
        InputError::new(format!("failed to read the schema file `{name}`: {e}"))
            .expected("a file of DDL")
            .nearest_file(path)
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_SCHEMA_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_SCHEMA_BYTES {
        let message = format!("the schema file `{name}` is larger than {} MB", MAX_SCHEMA_BYTES >> 20);
        return Err(InputError::new(message).expected("DDL without data"));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match text.find('\0') {
        Some(at) => Err(InputError::new(format!("`{name}` is not a text file: it holds a NUL character"))
            .at(TextOrigin::file(&name).locate(&text, at))
            .expected("DDL as text")),
        None => Ok(text),
    }
}

/// `sha256:` and the digest in hexadecimal.
fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().fold(String::from("sha256:"), |out, byte| out + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::run;

    fn sources(workload: &str) -> Sources {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        Sources {
            workload: root.join("workloads").join(workload).join("workload.yaml"),
            machine: Some(root.join("workloads/machines/one-cpu.yaml")),
            ..Sources::default()
        }
    }

    /// A what-if reuses what it leaves alone; the answer is that of a fresh start.
    #[test]
    fn a_what_if_equals_a_forecast_from_scratch() {
        for set in [
            vec![("workload.clients", "7")],
            vec![("workload.rate", "100/s"), ("workload.connections.pool", "5")],
            vec![("machine.cpu.cores", "3"), ("workload.think_time", "5ms")],
            vec![("workload.protocol", "simple")],
            vec![("machine.postgresql.shared_buffers", "16MB"), ("machine.memory", "64MB")],
        ] {
            let set: Vec<(String, String)> = set.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            for workload in ["tpcb-like", "orders", "job-queue"] {
                let base = Base::load(&sources(workload)).unwrap();
                let reused = run(&base.with(&set).unwrap()).unwrap();
                let fresh = run(&load(&Sources { set: set.clone(), ..sources(workload) }).unwrap()).unwrap();
                assert_eq!(reused, fresh, "{workload} {set:?}");
            }
        }
    }
}
