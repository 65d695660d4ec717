//! JSON: the forecast as it is; a curve is a list.

use serde::Serialize;

use crate::forecast::Forecast;
use crate::render::{Exporter, RenderError};

/// The JSON format.
#[derive(Debug, Clone, Copy)]
pub struct Json;

impl Exporter for Json {
    fn export(&self, forecasts: &[Forecast]) -> Result<String, RenderError> {
        match forecasts {
            [one] => pretty(one),
            all => pretty(all),
        }
    }
}

/// Indented JSON with a newline at the end.
///
/// # Errors
/// The serializer's.
pub fn pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, RenderError> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}
