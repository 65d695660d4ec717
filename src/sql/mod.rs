//! SQL text to a small tree of what a statement touches, with byte offsets.
//!
//! The parser is a library and stays behind this module: nothing outside sees its types. Its
//! nesting of operators is not trusted; see [`expr`].

pub mod ddl;
pub mod tree;
