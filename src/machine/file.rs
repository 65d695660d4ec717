//! The machine file as it is written: one struct per section, whose docs are the descriptions in
//! the JSON Schema. What the values mean together is checked in [`super::read`].

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::coefficients::TABLE;
use super::settings;
use crate::units::spelling;
use crate::yaml::{Bandwidth, Duration, Entries, Frequency, Located, Number, Scalar, Size, Text};

/// A machine with a PostgreSQL on it. What is not given is taken from the reference machine.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `cpu`, `memory`, `storage` ...")]
#[schemars(title = "predict machine file")]
pub(super) struct MachineFile {
    /// Version of the format: 1.
    pub version: Option<Located<Number>>,
    /// Name of the machine, shown in results.
    pub name: Option<Text>,
    /// Processor.
    pub cpu: Option<CpuFile>,
    /// Memory for PostgreSQL and the kernel's page cache together.
    pub memory: Option<Located<Size>>,
    /// Storage of data and WAL.
    pub storage: Option<StorageFile>,
    /// Network between client and server.
    pub network: Option<NetworkFile>,
    /// The load generator.
    pub client: Option<ClientFile>,
    /// Settings of the server.
    #[serde(default)]
    pub postgresql: PostgresqlFile,
    /// A synchronous standby that commits wait for, as synchronous_commit says.
    pub standby: Option<StandbyFile>,
    /// Fitted values with their spread, written by `predict calibrate`.
    #[serde(default)]
    pub coefficients: CoefficientsFile,
}

/// Processor.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{cores: 16}`")]
pub(super) struct CpuFile {
    /// Cores; a fraction is a quota.
    pub cores: Option<Located<Number>>,
    /// Speed relative to the reference core of the coefficients.
    pub speed: Option<Located<Number>>,
}

/// Storage.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{fsync: 150us, read: 90us}`")]
pub(super) struct StorageFile {
    /// One flush of the WAL; a bare number counts milliseconds.
    pub fsync: Option<Duration>,
    /// One random read of 8 kB; a bare number counts milliseconds.
    pub read: Option<Duration>,
    /// Ceiling of reads per second.
    pub read_iops: Option<Located<Frequency>>,
    /// Ceiling of writes per second.
    pub write_iops: Option<Located<Frequency>>,
    /// Ceiling of bytes written per second.
    pub write_bandwidth: Option<Located<Bandwidth>>,
}

/// Network.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{rtt: 0.1ms}`")]
pub(super) struct NetworkFile {
    /// Round trip of the wire alone; a bare number counts milliseconds.
    pub rtt: Option<Duration>,
}

/// The load generator.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{location: remote}`")]
pub(super) struct ClientFile {
    /// Where it runs.
    pub location: Option<LocationFile>,
    /// Its own cores, when remote and limited.
    pub cores: Option<Located<Number>>,
}

/// Where the load generator runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LocationFile {
    /// On a machine of its own.
    Remote,
    /// On the server: it shares the cores.
    SameHost,
}

/// A synchronous standby.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{rtt: 0.5ms, fsync: 150us}`")]
pub(super) struct StandbyFile {
    /// Round trip to it; a bare number counts milliseconds.
    pub rtt: Duration,
    /// Its WAL flush, the server's own when not given; a bare number counts milliseconds.
    pub fsync: Option<Duration>,
}

/// Settings of the server: `version`, `file: postgresql.conf`, and any setting by its name.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct PostgresqlFile(pub Entries<Text, Located<Scalar>>);

impl JsonSchema for PostgresqlFile {
    fn schema_name() -> Cow<'static, str> {
        "Postgresql".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let scalar = serde_json::json!({"type": ["number", "string", "boolean"]});
        let mut properties = serde_json::Map::new();
        properties.insert(
            "version".into(),
            serde_json::json!({"description": "Major version, 12 to 18.", "type": ["number", "string"]}),
        );
        properties.insert(
            "file".into(),
            serde_json::json!({"description": "A postgresql.conf to read, relative to this file.", "type": "string"}),
        );
        for name in settings::names() {
            properties.insert(name.to_owned(), scalar.clone());
        }
        json_schema!({
            "description": "Settings of the server, by their names in postgresql.conf; the rest is PostgreSQL's default.",
            "type": ["object", "null"],
            "properties": properties,
            "additionalProperties": scalar,
        })
    }
}

/// Coefficients by name.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct CoefficientsFile(pub Entries<Text, Located<CoefficientFile>>);

impl JsonSchema for CoefficientsFile {
    fn schema_name() -> Cow<'static, str> {
        "Coefficients".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut properties = serde_json::Map::new();
        for info in TABLE {
            let about = format!("{} Unit: {}; default {}.", info.about.trim(), info.unit, info.default.value);
            properties.insert(
                info.name.to_owned(),
                serde_json::json!({"description": about, "anyOf": [
                    {"type": "number"},
                    {"type": "object", "additionalProperties": false, "required": ["value"], "properties": {
                        "value": {"type": "number", "description": "The value."},
                        "spread": {"type": "number", "minimum": 0, "description": "Relative standard deviation of the value."},
                        "left_out": {"type": "number", "minimum": 0, "description": "Largest relative change of the value when one of the measurements behind it is left out; for information."},
                    }},
                ]}),
            );
        }
        json_schema!({
            "description": "Fitted values with their spread, written by `predict calibrate`.",
            "type": ["object", "null"],
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// A coefficient: `6.3`, or `{value: 6.3, spread: 0.1}`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CoefficientFile {
    pub value: f64,
    /// `None`: a bare number.
    pub spread: Option<f64>,
    /// How much the value hangs on a single measurement.
    pub left_out: Option<f64>,
}

/// The long form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a number, or `{value: 6.3, spread: 0.1}`")]
struct FittedFile {
    value: Number,
    spread: Option<Number>,
    left_out: Option<Number>,
}

impl<'de> Deserialize<'de> for CoefficientFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = CoefficientFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or `{value: 6.3, spread: 0.1}`")
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<CoefficientFile, E> {
                self.visit_str(&value.to_string())
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<CoefficientFile, E> {
                self.visit_str(&value.to_string())
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<CoefficientFile, E> {
                self.visit_str(&value.to_string())
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<CoefficientFile, E> {
                let value =
                    spelling::number(text).map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))?;
                Ok(CoefficientFile { value, spread: None, left_out: None })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CoefficientFile, A::Error> {
                let fitted = FittedFile::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(CoefficientFile {
                    value: fitted.value.0,
                    spread: Some(fitted.spread.map_or(0.0, |s| s.0)),
                    left_out: fitted.left_out.map(|l| l.0),
                })
            }
        }
        deserializer.deserialize_any(Read)
    }
}
