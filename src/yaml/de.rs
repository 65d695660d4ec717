//! Reads nodes into types by serde, keeping the place of whatever does not fit.

use std::fmt;

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::document::{Document, Kind, NodeId, ScalarNode};
use super::located::LOCATED;
use super::scalar::{Plain, resolve};
use crate::diagnostic::{InputError, nearest};

/// The name by which a scalar asks for its text as written: a plain one comes by `visit_str`, a
/// quoted one by `visit_string`.
pub(super) const SCALAR: &str = "$scalar";

/// What does not fit, and where once that is known.
#[derive(Debug)]
pub(super) struct ReadError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    message: String,
    expected: Option<String>,
    nearest: Option<String>,
    node: Option<NodeId>,
}

/// Separates the parts of an error made by [`misfit`]; no sane text holds it.
const PART: char = '\u{1f}';

/// An error of a value, with what was expected and the nearest right one. Serde carries errors as
/// one text; the parts are joined here and split again by [`ReadError`].
pub(super) fn misfit<E: serde::de::Error>(message: &str, expected: &str, nearest: Option<&str>) -> E {
    E::custom(format_args!("{message}{PART}{expected}{PART}{}", nearest.unwrap_or("")))
}

impl ReadError {
    fn new(message: String, expected: Option<String>, nearest: Option<String>) -> Self {
        Self(Box::new(Inner { message, expected, nearest, node: None }))
    }

    fn at(mut self, node: NodeId) -> Self {
        self.0.node.get_or_insert(node);
        self
    }

    pub(super) fn into_input_error(self, document: &Document) -> InputError {
        let Inner { message, expected, nearest, node } = *self.0;
        let mut error = document.error_at(node.unwrap_or(document.root), message);
        error.expected = expected;
        error.nearest = nearest;
        error
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for ReadError {}

/// "one of `a`, `b`".
fn one_of(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.len() {
        0 => "nothing here".to_owned(),
        1 => quoted.concat(),
        _ => format!("one of {}", quoted.join(", ")),
    }
}

/// Characters of a text that are shown when it stands where it cannot be; a file of another kind is one text as a whole.
const SHOWN: usize = 60;

fn found(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(b) => format!("`{b}`"),
        Unexpected::Unsigned(n) => format!("number `{n}`"),
        Unexpected::Signed(n) => format!("number `{n}`"),
        Unexpected::Float(x) => format!("number `{x}`"),
        Unexpected::Str(s) => match s.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("text `{}...`", &s[..end]),
            None => format!("text `{s}`"),
        },
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

impl serde::de::Error for ReadError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        let text = text.to_string();
        let mut parts = text.split(PART).map(str::to_owned);
        let message = parts.next().unwrap_or_default();
        let mut part = || parts.next().filter(|p| !p.is_empty());
        Self::new(message, part(), part())
    }
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("{} where it cannot be", found(unexpected)), Some(expected.to_string()), None)
    }
    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("{} is not valid here", found(unexpected)), Some(expected.to_string()), None)
    }
    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        let s = if length == 1 { "" } else { "s" };
        Self::new(format!("a list of {length} value{s}"), Some(expected.to_string()), None)
    }
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let near = nearest(field, expected.iter().copied()).map(str::to_owned);
        Self::new(format!("unknown key `{field}`"), Some(one_of(expected)), near)
    }
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let near = nearest(variant, expected.iter().copied()).map(str::to_owned);
        Self::new(format!("unknown value `{variant}`"), Some(one_of(expected)), near)
    }
    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("missing key `{field}`"), None, None)
    }
    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("key `{field}` stands here twice"), None, None)
    }
}

/// A node on its way into a type.
#[derive(Clone, Copy)]
pub(super) struct NodeReader<'d> {
    pub(super) document: &'d Document,
    pub(super) node: NodeId,
}

impl<'d> NodeReader<'d> {
    fn at(self, node: NodeId) -> Self {
        Self { node, ..self }
    }

    fn kind(self) -> &'d Kind {
        &self.document.node(self.node).kind
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.kind() {
            Kind::Sequence(items) => {
                let mut access = Items { reader: self, items: items.iter() };
                let value = visitor.visit_seq(&mut access)?;
                match access.items.len() {
                    0 => Ok(value),
                    _ => Err(ReadError::invalid_length(items.len(), &"fewer values")),
                }
            }
            Kind::Mapping(entries) => visitor.visit_map(Pairs { reader: self, entries: entries.iter(), value: None }),
            Kind::Scalar(scalar) => match resolve(scalar) {
                Plain::Null => visitor.visit_unit(),
                Plain::Bool(b) => visitor.visit_bool(b),
                Plain::Unsigned(n) => visitor.visit_u64(n),
                Plain::Signed(n) => visitor.visit_i64(n),
                Plain::Float(x) => visitor.visit_f64(x),
                Plain::Text => visitor.visit_str(&scalar.text),
            },
        }
    }

    fn unit_variant(self) -> Option<&'d ScalarNode> {
        match self.kind() {
            Kind::Scalar(s) => Some(s),
            _ => None,
        }
    }
}

impl<'de> Deserializer<'de> for NodeReader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.any(visitor).map_err(|e| e.at(self.node))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.kind() {
            Kind::Scalar(s) if resolve(s) == Plain::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
        .map_err(|e| e.at(self.node))
    }

    /// A text is its characters as written, whether or not they look like a number.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.kind() {
            Kind::Scalar(s) if resolve(s) != Plain::Null => {
                visitor.visit_str(&s.text).map_err(|e: ReadError| e.at(self.node))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_str(self.document.scalar_text(self.node)).map_err(|e: ReadError| e.at(self.node))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match (name, self.kind()) {
            (LOCATED, _) => visitor.visit_seq(Pair { reader: self, given: 0 }),
            (SCALAR, Kind::Scalar(s)) if s.plain => visitor.visit_str(&s.text),
            (SCALAR, Kind::Scalar(s)) => visitor.visit_string(s.text.as_ref().to_owned()),
            (SCALAR, _) => self.any(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
        .map_err(|e| e.at(self.node))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.kind() {
            Kind::Scalar(s) if resolve(s) != Plain::Null => visitor.visit_enum(Variant { reader: self, of: None }),
            Kind::Mapping(entries) if entries.len() == 1 => {
                visitor.visit_enum(Variant { reader: self.at(entries[0].0), of: Some(entries[0].1) })
            }
            Kind::Mapping(entries) => {
                let message = if entries.is_empty() { "an empty mapping" } else { "more than one key" };
                let at = entries.get(1).map_or(self.node, |e| e.0);
                Err(ReadError::new(message.to_owned(), Some(format!("one key: {}", one_of(variants))), None).at(at))
            }
            Kind::Sequence(_) => Err(ReadError::invalid_type(Unexpected::Seq, &one_of(variants).as_str())),
            Kind::Scalar(_) => Err(ReadError::invalid_type(Unexpected::Unit, &one_of(variants).as_str())),
        }
        .map_err(|e| e.at(self.node))
    }

    /// Only a mapping is a struct; serde's own code would take a list of values in order as well.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.kind() {
            Kind::Sequence(_) => Err(ReadError::invalid_type(Unexpected::Seq, &visitor).at(self.node)),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map ignored_any
    }
}

struct Items<'d> {
    reader: NodeReader<'d>,
    items: std::slice::Iter<'d, NodeId>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ReadError;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        self.items.next().map(|item| seed.deserialize(self.reader.at(*item)).map_err(|e| e.at(*item))).transpose()
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// A node's number, then the node itself: what [`super::Located`] reads.
struct Pair<'d> {
    reader: NodeReader<'d>,
    given: u8,
}

impl<'de> SeqAccess<'de> for Pair<'_> {
    type Error = ReadError;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        self.given += 1;
        match self.given {
            1 => {
                let number: U32Deserializer<ReadError> = self.reader.node.0.into_deserializer();
                seed.deserialize(number).map(Some)
            }
            2 => seed.deserialize(self.reader).map(Some),
            _ => Ok(None),
        }
    }
}

struct Pairs<'d> {
    reader: NodeReader<'d>,
    entries: std::slice::Iter<'d, (NodeId, NodeId)>,
    value: Option<NodeId>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = ReadError;
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(*value);
        seed.deserialize(self.reader.at(*key)).map(Some).map_err(|e| e.at(*key))
    }
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        match self.value.take() {
            Some(value) => seed.deserialize(self.reader.at(value)).map_err(|e| e.at(value)),
            None => Err(ReadError::custom("a value without a key")),
        }
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// An enum: a text, or a mapping of one key.
struct Variant<'d> {
    reader: NodeReader<'d>,
    of: Option<NodeId>,
}

impl<'de, 'd> EnumAccess<'de> for Variant<'d> {
    type Error = ReadError;
    type Variant = Content<'d>;
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content<'d>), ReadError> {
        let name = self.reader.unit_variant().map_or("", |s| &s.text);
        let name: serde::de::value::StrDeserializer<'_, ReadError> = name.into_deserializer();
        let variant = seed.deserialize(name).map_err(|e| e.at(self.reader.node))?;
        Ok((variant, Content { reader: self.reader, of: self.of }))
    }
}

struct Content<'d> {
    reader: NodeReader<'d>,
    of: Option<NodeId>,
}

impl<'d> Content<'d> {
    fn value(&self) -> Result<NodeReader<'d>, ReadError> {
        let name = self.reader.unit_variant().map_or("", |s| &s.text);
        self.of.map(|of| self.reader.at(of)).ok_or_else(|| {
            misfit::<ReadError>(&format!("`{name}` without its value"), &format!("`{{{name}: ...}}`"), None)
                .at(self.reader.node)
        })
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = ReadError;
    fn unit_variant(self) -> Result<(), ReadError> {
        match self.of {
            None => Ok(()),
            Some(of) => Err(ReadError::custom("a value where only a name can be").at(of)),
        }
    }
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, ReadError> {
        let value = self.value()?;
        seed.deserialize(value).map_err(|e| e.at(value.node))
    }
    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.value()?.deserialize_any(visitor)
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.value()?.deserialize_any(visitor)
    }
}
