//! Output: one small file per format. Nothing here computes; it chooses digits and words.

pub mod advice;
#[cfg(feature = "live")]
pub mod calibration;
pub mod check;
pub mod csv;
pub mod curve;
pub mod explain;
pub mod explain_locks;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod number;
pub mod paint;
pub mod plot;
pub mod simulate;
pub mod solve;
pub mod svg;
pub mod sweep;
pub mod table;
pub mod text;
pub mod usl;
#[cfg(feature = "live")]
pub mod validate;

use crate::forecast::Forecast;

/// Columns of text output; fixed, so that the same input gives the same bytes everywhere.
pub const WIDTH: usize = 80;

/// A result that could not be written out.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// As JSON.
    #[error("failed to write JSON")]
    Json(#[from] serde_json::Error),
    /// As CSV.
    #[error("failed to write CSV")]
    Csv(#[from] ::csv::Error),
    /// From a template.
    #[error("failed to fill a template")]
    Template(#[from] minijinja::Error),
}

/// A format for forecasts.
pub trait Exporter {
    /// One forecast, or several as a curve over clients; ends in a newline.
    ///
    /// # Errors
    /// The serializer's; not on account of the forecasts' content.
    fn export(&self, forecasts: &[Forecast]) -> Result<String, RenderError>;
}
