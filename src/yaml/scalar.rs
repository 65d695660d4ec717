//! Scalars with a meaning: counts, durations, sizes, rates, switches, values.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::de::{SCALAR, misfit};
use super::document::ScalarNode;
use crate::sql::tree::Literal;
use crate::units::spelling::{self, SpellingError, forms};
use crate::units::{Bytes, Rate, Seconds};

/// What a scalar is by the core schema of YAML 1.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text,
}

/// What a scalar is by the core schema of YAML 1.2.
pub(super) fn resolve(scalar: &ScalarNode) -> Plain {
    if scalar.plain { resolve_plain(&scalar.text) } else { Plain::Text }
}

fn resolve_plain(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "true" | "True" | "TRUE" => return Plain::Bool(true),
        "false" | "False" | "FALSE" => return Plain::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Plain::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" => return Plain::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Plain::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Plain::Text;
    }
    let radix = |digits: &str, base| u64::from_str_radix(digits, base).ok().filter(|_| !digits.starts_with('+'));
    if let Some(n) = text.strip_prefix("0x").and_then(|d| radix(d, 16)) {
        return Plain::Unsigned(n);
    }
    if let Some(n) = text.strip_prefix("0o").and_then(|d| radix(d, 8)) {
        return Plain::Unsigned(n);
    }
    if let Ok(n) = text.parse::<u64>() {
        return Plain::Unsigned(n);
    }
    if let Ok(n) = text.parse::<i64>() {
        return Plain::Signed(n);
    }
    match text.parse::<f64>() {
        // Rust reads `+inf` and `-nan`, YAML does not.
        Ok(x) if text.contains(|c: char| c.is_ascii_digit()) => Plain::Float(x),
        _ => Plain::Text,
    }
}

/// Reads a scalar's text, with whether it was plain.
struct ScalarVisitor<T>(fn(&str, bool) -> Result<T, SpellingError>, &'static str);

impl<T> ScalarVisitor<T> {
    fn read<E: Error>(&self, text: &str, plain: bool) -> Result<T, E> {
        if plain && resolve_plain(text) == Plain::Null {
            return Err(misfit("nothing where a value must be", self.1, None));
        }
        (self.0)(text, plain).map_err(|e| misfit(&e.message, e.expected, e.nearest.as_deref()))
    }
}

impl<T> Visitor<'_> for ScalarVisitor<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        self.read(text, true)
    }
    fn visit_string<E: Error>(self, text: String) -> Result<T, E> {
        self.read(&text, false)
    }
}

macro_rules! scalar {
    ($(#[$doc:meta])* $name:ident($inner:ty), $expected:expr, $read:expr, $schema:tt) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name(pub $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let visitor = ScalarVisitor::<$inner>($read, $expected);
                deserializer.deserialize_newtype_struct(SCALAR, visitor).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

scalar!(
    /// A count, not negative: `5000000`, `5M`, `20k` (1000-based).
    Count(f64), forms::COUNT, |text, _| spelling::count(text),
    {"description": "A count: 5000000, 5M, 20k (1000-based).", "type": ["number", "string"], "minimum": 0,
     "pattern": r"^\+?[0-9.]+([eE][0-9]+)? ?[kMG]?$"}
);
scalar!(
    /// A finite number; `k`, `M`, `G` are allowed as in counts.
    Number(f64), forms::NUMBER, |text, _| spelling::number(text),
    {"description": "A number; 5M and 20k are allowed as in counts.", "type": ["number", "string"],
     "pattern": r"^[+-]?[0-9.]+([eE][+-]?[0-9]+)? ?[kMG]?$"}
);
scalar!(
    /// A share between 0 and 1.
    Fraction(f64), "a share between 0 and 1", |text, _| match spelling::number(text) {
        Ok(x) if (0.0..=1.0).contains(&x) => Ok(x),
        Ok(_) => Err(SpellingError {
            message: format!("`{text}` is not between 0 and 1"),
            expected: "a share between 0 and 1",
            nearest: None,
        }),
        Err(e) => Err(SpellingError { expected: "a share between 0 and 1", ..e }),
    },
    {"description": "A share between 0 and 1.", "type": "number", "minimum": 0, "maximum": 1}
);
scalar!(
    /// A duration; a bare number counts milliseconds.
    Duration(Seconds), forms::DURATION, |text, _| spelling::duration(text, Seconds::from_ms(1.0)),
    {"description": "A duration as PostgreSQL writes it: 150us, 2ms, 1.5s, 5min; a bare number counts milliseconds.",
     "type": ["number", "string"], "minimum": 0, "pattern": r"^\+?[0-9.]+([eE][+-]?[0-9]+)? ?(us|ms|s|min|h|d)?$"}
);
scalar!(
    /// A time; a bare number counts seconds.
    Time(Seconds), forms::DURATION, |text, _| spelling::duration(text, Seconds(1.0)),
    {"description": "A duration as PostgreSQL writes it: 150us, 2ms, 1.5s, 5min; a bare number counts seconds.",
     "type": ["number", "string"], "minimum": 0, "pattern": r"^\+?[0-9.]+([eE][+-]?[0-9]+)? ?(us|ms|s|min|h|d)?$"}
);
scalar!(
    /// A size; a bare number counts bytes.
    Size(Bytes), forms::SIZE, |text, _| spelling::size(text, Bytes(1.0)),
    {"description": "A size as PostgreSQL writes it: 8kB, 128MB, 2GB (1024-based, case-sensitive); a bare number counts bytes.",
     "type": ["number", "string"], "minimum": 0, "pattern": r"^\+?[0-9.]+([eE][+-]?[0-9]+)? ?(B|kB|MB|GB|TB)?$"}
);
scalar!(
    /// A rate; a bare number counts per second.
    Frequency(Rate), forms::RATE, |text, _| spelling::rate(text),
    {"description": "A rate: 500/s, 30/min; a bare number counts per second.",
     "type": ["number", "string"], "minimum": 0, "pattern": r"^\+?[0-9.]+([eE][+-]?[0-9]+)? ?[kMG]? ?(/ ?(s|min))?$"}
);
scalar!(
    /// Bytes per second.
    Bandwidth(Bytes), forms::BANDWIDTH, |text, _| spelling::bandwidth(text),
    {"description": "Bytes per second: 500MB/s; a bare number counts bytes per second.",
     "type": ["number", "string"], "minimum": 0, "pattern": r"^\+?[0-9.]+([eE][+-]?[0-9]+)? ?(B|kB|MB|GB|TB)? ?(/s)?$"}
);
scalar!(
    /// A switch.
    Switch(bool), forms::SWITCH, |text, _| spelling::switch(text),
    {"description": "A switch: on, off, true, false.", "enum": [true, false, "on", "off", "true", "false"]}
);
scalar!(
    /// A text, as written.
    Text(String), "a text", |text, _| Ok(text.to_owned()),
    {"description": "A text.", "type": ["string", "number", "boolean"]}
);

/// A scalar's text, to be read by whoever knows what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text.
    pub text: String,
    /// Neither quoted nor a block.
    pub plain: bool,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn read(text: &str, plain: bool) -> Result<Scalar, SpellingError> {
            Ok(Scalar { text: text.to_owned(), plain })
        }
        deserializer.deserialize_newtype_struct(SCALAR, ScalarVisitor(read, "a value"))
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["number", "string", "boolean"]})
    }
}

/// A value as SQL would have it: plain numbers and booleans are such, all else is text.
#[derive(Debug, Clone, PartialEq)]
pub struct Value(pub Literal);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn read(text: &str, plain: bool) -> Result<Literal, SpellingError> {
            let not_finite = || SpellingError {
                message: format!("`{text}` is not a finite number"),
                expected: "a number, a text or a boolean",
                nearest: None,
            };
            Ok(match resolve_plain(text) {
                _ if !plain => Literal::Text(text.to_owned()),
                Plain::Bool(b) => Literal::Bool(b),
                Plain::Unsigned(_) | Plain::Signed(_) | Plain::Float(_) => {
                    Literal::Number(spelling::number(text).map_err(|_| not_finite())?)
                }
                _ => spelling::count(text).map_or_else(|_| Literal::Text(text.to_owned()), Literal::Number),
            })
        }
        let visitor = ScalarVisitor(read, "a number, a text or a boolean");
        deserializer.deserialize_newtype_struct(SCALAR, visitor).map(Self)
    }
}

impl JsonSchema for Value {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"description": "A number, a text or a boolean.", "type": ["number", "string", "boolean"]})
    }
}
