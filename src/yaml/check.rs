//! Checks that several formats share.

use super::{Document, Located, NodeId, Number};
use crate::diagnostic::InputError;

impl Document {
    /// Checks a `version:` key.
    ///
    /// # Errors
    /// A version other than the supported one.
    pub fn check_version(&self, version: Option<&Located<Number>>, supported: u32) -> Result<(), InputError> {
        match version {
            Some(v) if v.value.0 != f64::from(supported) => Err(self
                .error_at(v.node, format!("version {} is not supported", v.value.0))
                .expected(format!("`version: {supported}`"))),
            _ => Ok(()),
        }
    }

    /// A whole number from `least` to `most`; `what` names it in messages.
    ///
    /// # Errors
    /// A fraction, or a number out of that range.
    pub fn whole(&self, number: &Located<Number>, what: &str, least: u32, most: u32) -> Result<u32, InputError> {
        let x = number.value.0;
        // The cast is exact: the value is whole and within the range of the type.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        if x.fract() == 0.0 && x >= f64::from(least) && x <= f64::from(most) {
            Ok(x as u32)
        } else {
            Err(self
                .error_at(number.node, format!("{what} cannot be {x}"))
                .expected(format!("a whole number from {least} to {most}")))
        }
    }

    /// A number above zero; `what` names it in messages.
    ///
    /// # Errors
    /// Zero or less.
    pub fn positive(&self, node: NodeId, x: f64, what: &str) -> Result<f64, InputError> {
        if x > 0.0 {
            Ok(x)
        } else {
            Err(self.error_at(node, format!("{what} cannot be {x}")).expected("a value above 0"))
        }
    }
}
