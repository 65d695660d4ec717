//! YAML as the tool reads it: a tree in which every node knows its file, line, column and path.
//!
//! A typed reader alone would lose the place of a value as soon as it is read, and the errors that
//! matter most ("no such column", "undefined variable") come later than that. So a file becomes a
//! [`Document`], an arena of nodes; [`Document::deserialize`] reads it into types by serde, and
//! [`Located`] keeps the node beside a value, from which [`Document::position`] gives the place at
//! any later time.

mod anchors;
mod build;
mod check;
mod de;
mod document;
mod located;
#[cfg(test)]
pub(crate) mod mutate;
mod path;
mod scalar;
mod set;
#[cfg(test)]
mod tests;

pub(crate) use document::read_text;
pub use document::{Document, MAX_FILE_BYTES, NodeId};
pub use located::{Entries, Located};
pub use path::{quote_key, split_assignment};
pub use scalar::{Bandwidth, Count, Duration, Fraction, Frequency, Number, Scalar, Size, Switch, Text, Time, Value};
