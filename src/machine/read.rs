//! From the file's structs to a [`Machine`], checking what the values mean together.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::coefficients::{Coefficients, Origin, TABLE};
use super::conf;
use super::file::{ClientFile, CoefficientsFile, CpuFile, LocationFile, MachineFile, PostgresqlFile, StorageFile};
use super::settings::{self, Outcome, VERSIONS};
use super::{Client, Cpu, Machine, Settings, Standby, Storage};
use crate::diagnostic::{InputError, Position, Warning, WarningCode};
use crate::units::spelling::SpellingError;
use crate::units::{Bytes, Rate, Seconds};
use crate::yaml::{Document, Frequency, Located, NodeId, Scalar};

/// Version of the machine format.
pub const FORMAT_VERSION: u32 = 1;

/// The text of the built-in reference machine.
pub const REFERENCE_TEXT: &str = include_str!("reference.yaml");

/// Levels of `include` in a postgresql.conf, as PostgreSQL has them.
const MAX_INCLUDES: usize = 10;

/// The built-in reference machine, used when no machine file is given and for what a file leaves out.
#[must_use]
pub fn reference() -> Machine {
    base().1.clone()
}

/// The document of the built-in reference machine, so that single keys of it can be set.
#[must_use]
pub fn reference_document() -> Document {
    base().0.clone()
}

fn base() -> &'static (Document, Machine) {
    static BASE: OnceLock<(Document, Machine)> = OnceLock::new();
    BASE.get_or_init(|| {
        let read = Document::parse("reference.yaml", REFERENCE_TEXT).and_then(|document| {
            let blank = Machine {
                name: String::new(),
                reference: true,
                cpu: Cpu { cores: 1.0, speed: 1.0 },
                memory: Bytes::ZERO,
                storage: Storage {
                    fsync: Seconds::ZERO,
                    read: Seconds::ZERO,
                    read_iops: Rate::ZERO,
                    write_iops: Rate::ZERO,
                    write_bandwidth: Bytes::ZERO,
                },
                rtt: Seconds::ZERO,
                client: Client { same_host: false, cores: None },
                settings: Settings::defaults(*VERSIONS.end()),
                standby: None,
                coefficients: Coefficients::default(),
                calibrated: false,
                warnings: Vec::new(),
            };
            let machine = read(&document, &blank)?;
            Ok((document, Machine { reference: true, warnings: Vec::new(), ..machine }))
        });
        // The text is part of the program, and a test reads it.
        read.unwrap_or_else(|e| unreachable!("the built-in machine: {e}"))
    })
}

/// Reads a machine from its document.
///
/// # Errors
/// Anything that is not as the format says, at its line and column: unknown keys, settings or
/// coefficients, bad units, values out of range, a postgresql.conf that does not exist.
pub fn from_document(document: &Document) -> Result<Machine, InputError> {
    let mut machine = read(document, &base().1)?;
    // The reference machine with `--set` on it is still the reference machine.
    machine.reference = document.text().as_ref() == REFERENCE_TEXT;
    Ok(machine)
}

fn read(document: &Document, base: &Machine) -> Result<Machine, InputError> {
    let file: MachineFile = document.deserialize()?;
    document.check_version(file.version.as_ref(), FORMAT_VERSION)?;
    let mut warnings = Vec::new();
    let mut assumed = Assumed(Vec::new());
    let cpu = cpu(document, &file.cpu.unwrap_or_default(), base.cpu, &mut assumed)?;
    let memory = match &file.memory {
        Some(m) => Bytes(document.positive(m.node, m.value.0.get(), "`memory`")?),
        None => assumed.take("memory", base.memory),
    };
    let storage = storage(document, &file.storage.unwrap_or_default(), base.storage, &mut assumed)?;
    let rtt = match file.network.and_then(|n| n.rtt) {
        Some(rtt) => rtt.0,
        None => assumed.take("network.rtt", base.rtt),
    };
    let client = client(document, file.client.as_ref(), base.client, &mut assumed, &mut warnings)?;
    let settings = postgresql(document, &file.postgresql, base, &mut assumed, &mut warnings)?;
    let (coefficients, calibrated) = coefficients(document, &file.coefficients)?;
    if !assumed.0.is_empty() {
        let message = format!("not given, taken from the built-in reference machine: {}", assumed.0.join(", "));
        warnings.push(Warning::new(WarningCode::AssumedMachine, message));
    }
    Ok(Machine {
        name: file.name.map_or_else(|| default_name(document), |n| n.0),
        reference: false,
        cpu,
        memory,
        storage,
        rtt,
        client,
        settings,
        standby: file.standby.map(|s| Standby { rtt: s.rtt.0, fsync: s.fsync.map_or(storage.fsync, |f| f.0) }),
        coefficients,
        calibrated,
        warnings,
    })
}

/// Keys that were not given.
struct Assumed(Vec<&'static str>);

impl Assumed {
    fn take<T>(&mut self, key: &'static str, value: T) -> T {
        self.0.push(key);
        value
    }
}

fn default_name(document: &Document) -> String {
    Path::new(document.name()).file_stem().map_or_else(|| "machine".to_owned(), |s| s.to_string_lossy().into_owned())
}

fn cpu(document: &Document, file: &CpuFile, base: Cpu, assumed: &mut Assumed) -> Result<Cpu, InputError> {
    Ok(Cpu {
        cores: match &file.cores {
            Some(n) => document.positive(n.node, n.value.0, "`cores`")?,
            None => assumed.take("cpu.cores", base.cores),
        },
        // A speed that is not given is that of the coefficients, which is no assumption about the machine
        // when they were fitted on it.
        speed: file.speed.as_ref().map_or(Ok(1.0), |n| document.positive(n.node, n.value.0, "`speed`"))?,
    })
}

fn storage(
    document: &Document,
    file: &StorageFile,
    base: Storage,
    assumed: &mut Assumed,
) -> Result<Storage, InputError> {
    let mut ceiling = |given: &Option<Located<Frequency>>, key: &'static str, base: Rate| match given {
        Some(rate) => document.positive(rate.node, rate.value.0.get(), &format!("`{key}`")).map(Rate),
        None => Ok(assumed.take(key, base)),
    };
    let read_iops = ceiling(&file.read_iops, "storage.read_iops", base.read_iops)?;
    let write_iops = ceiling(&file.write_iops, "storage.write_iops", base.write_iops)?;
    Ok(Storage {
        fsync: file.fsync.as_ref().map_or_else(|| assumed.take("storage.fsync", base.fsync), |d| d.0),
        read: file.read.as_ref().map_or_else(|| assumed.take("storage.read", base.read), |d| d.0),
        read_iops,
        write_iops,
        write_bandwidth: match &file.write_bandwidth {
            Some(b) => Bytes(document.positive(b.node, b.value.0.get(), "`write_bandwidth`")?),
            None => assumed.take("storage.write_bandwidth", base.write_bandwidth),
        },
    })
}

fn client(
    document: &Document,
    file: Option<&ClientFile>,
    base: Client,
    assumed: &mut Assumed,
    warnings: &mut Vec<Warning>,
) -> Result<Client, InputError> {
    let same_host = match file.and_then(|f| f.location) {
        Some(location) => location == LocationFile::SameHost,
        None => assumed.take("client.location", base.same_host),
    };
    let cores = match file.and_then(|f| f.cores.as_ref()) {
        Some(cores) => Some((cores.node, document.positive(cores.node, cores.value.0, "`cores`")?)),
        None => None,
    };
    if let (true, Some((node, _))) = (same_host, cores) {
        let message = "`client.cores` has no part when the client shares the server's cores, and is left out";
        warnings.push(Warning::new(WarningCode::NotModelled, message).at(document.position(node)));
    }
    Ok(Client { same_host, cores: cores.map(|(_, n)| n).filter(|_| !same_host) })
}

/// Where a setting was given.
enum Place<'a> {
    Yaml(&'a Document, NodeId, NodeId),
    Conf(&'a conf::ConfSetting, &'a str),
}

impl Place<'_> {
    fn error(&self, message: String, at_value: bool) -> InputError {
        match self {
            Place::Yaml(document, name, value) => document.error_at(if at_value { *value } else { *name }, message),
            Place::Conf(setting, text) => {
                let position = if at_value { &setting.value_position } else { &setting.position };
                let mut error = InputError::new(message).at(position.clone());
                error.source_text = Some((*text).into());
                error
            }
        }
    }

    fn position(&self) -> Position {
        match self {
            Place::Yaml(document, name, _) => document.position(*name),
            Place::Conf(setting, _) => setting.position.clone(),
        }
    }
}

fn postgresql(
    document: &Document,
    file: &PostgresqlFile,
    base: &Machine,
    assumed: &mut Assumed,
    warnings: &mut Vec<Warning>,
) -> Result<Settings, InputError> {
    let given = |wanted: &str| file.0.0.iter().find(|(key, _)| key.value.0 == wanted).map(|(_, value)| value);
    let version = match given("version") {
        Some(version) => version_number(document, version, warnings)?,
        None => assumed.take("postgresql.version", base.settings.version),
    };
    let mut settings = Settings::defaults(version);
    if let Some(path) = given("file") {
        conf_file(document, path.node, &document.resolve(&path.value.text), 0, &mut settings, warnings)?;
    }
    for (key, value) in file.0.0.iter().filter(|(k, _)| !matches!(k.value.0.as_str(), "version" | "file")) {
        let place = Place::Yaml(document, key.node, value.node);
        setting(&mut settings, &key.value.0, &value.value.text, &place, warnings)?;
    }
    Ok(settings)
}

fn version_number(
    document: &Document,
    version: &Located<Scalar>,
    warnings: &mut Vec<Warning>,
) -> Result<u32, InputError> {
    let text = version.value.text.trim();
    let major = text
        .split(['.', ' '])
        .next()
        .and_then(|m| m.parse::<u32>().ok())
        .filter(|m| *m >= *VERSIONS.start() && *m < 100);
    let Some(major) = major else {
        return Err(document
            .error_at(version.node, format!("PostgreSQL version `{text}` is not supported"))
            .expected(format!("a major version from {} to {}", VERSIONS.start(), VERSIONS.end())));
    };
    if !VERSIONS.contains(&major) {
        let message =
            format!("PostgreSQL {major} is newer than this program, which takes it for version {}", VERSIONS.end());
        warnings.push(Warning::new(WarningCode::Extrapolated, message).at(document.position(version.node)));
    }
    Ok(major)
}

fn setting(
    settings: &mut Settings,
    name: &str,
    value: &str,
    place: &Place<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<(), InputError> {
    match settings.apply(name, value) {
        Ok(Outcome::Modelled | Outcome::Harmless) => Ok(()),
        Ok(Outcome::NotModelled) => {
            let message = format!("setting `{name}` is read, but has no part in the model yet");
            warnings.push(Warning::new(WarningCode::NotModelled, message).at(place.position()));
            Ok(())
        }
        Ok(Outcome::Unknown) => Err(place
            .error(format!("unknown setting `{name}`"), false)
            .expected("a setting of PostgreSQL")
            .nearest_of(name, settings::names().chain(["version", "file"]))),
        Err(SpellingError { message, expected, nearest }) => {
            let mut error = place.error(format!("{message} for `{name}`"), true).expected(expected);
            error.nearest = nearest;
            Err(error)
        }
    }
}

/// Applies a postgresql.conf, with what it includes; `node` is the place in the machine file that names it.
fn conf_file(
    document: &Document,
    node: NodeId,
    path: &Path,
    depth: usize,
    settings: &mut Settings,
    warnings: &mut Vec<Warning>,
) -> Result<(), InputError> {
    if depth > MAX_INCLUDES {
        return Err(document.error_at(node, format!("`{}` is included too deep", path.display())));
    }
    let text = document.read_beside(node, path)?;
    for given in conf::read(&path.to_string_lossy(), &text)? {
        let beside = || path.parent().unwrap_or(Path::new("")).join(&given.value);
        let place = Place::Conf(&given, &text);
        match given.name.to_ascii_lowercase().as_str() {
            "include" => conf_file(document, node, &beside(), depth + 1, settings, warnings)?,
            "include_if_exists" => {
                if beside().exists() {
                    conf_file(document, node, &beside(), depth + 1, settings, warnings)?;
                }
            }
            "include_dir" => {
                for file in conf_files(&beside())
                    .map_err(|e| place.error(format!("failed to read `{}`: {e}", given.value), true))?
                {
                    conf_file(document, node, &file, depth + 1, settings, warnings)?;
                }
            }
            name => setting(settings, name, &given.value, &place, warnings)?,
        }
    }
    Ok(())
}

/// The *.conf files of a folder, by name.
fn conf_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|f| {
        f.extension().is_some_and(|e| e == "conf")
            && !f.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'))
    });
    files.sort();
    Ok(files)
}

fn coefficients(document: &Document, file: &CoefficientsFile) -> Result<(Coefficients, bool), InputError> {
    let mut coefficients = Coefficients::default();
    let mut calibrated = false;
    for (key, given) in &file.0.0 {
        let name = key.value.0.as_str();
        let Some(coefficient) = coefficients.get_mut(name) else {
            return Err(document
                .error_at(key.node, format!("unknown coefficient `{name}`"))
                .expected("a name as `predict calibrate` writes it")
                .nearest_of(name, TABLE.iter().map(|i| i.name)));
        };
        let value = given.value.value;
        // Only the cost of switching is relative to another load, and may be below it.
        if value < 0.0 && !name.starts_with("switch_") {
            return Err(document
                .error_at(given.node, format!("`{name}` cannot be {value}"))
                .expected("a value of at least 0"));
        }
        if let Some(left_out) = given.value.left_out.filter(|l| *l < 0.0) {
            return Err(document
                .error_at(given.node, format!("`left_out` cannot be {left_out}"))
                .expected("a relative change of at least 0"));
        }
        coefficient.value = value;
        match given.value.spread {
            Some(spread) if spread < 0.0 => {
                return Err(document
                    .error_at(given.node, format!("a spread cannot be {spread}"))
                    .expected("a spread of at least 0"));
            }
            Some(spread) => {
                coefficient.spread = spread;
                coefficient.origin = Origin::Calibrated;
                calibrated = true;
            }
            None => coefficient.origin = Origin::Given,
        }
    }
    Ok((coefficients, calibrated))
}

/// The JSON Schema of the machine file.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(MachineFile).to_value()
}
