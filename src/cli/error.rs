//! Errors on stderr.

use std::io::Write;

use crate::cli::options::GlobalOptions;
use crate::diagnostic::{InputError, render_error};
use crate::forecast::ForecastWarning;
use crate::render::paint::Paint;

/// The whole chain of an error as text; an [`InputError`] with its place, what was expected and the
/// nearest name.
#[must_use]
pub fn render(error: &anyhow::Error, paint: Paint) -> String {
    if let Some(input) = error.downcast_ref::<InputError>() {
        return render_error(input, paint.on);
    }
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    format!("{}: {}\n", paint.bad("error"), chain.join(": "))
}

/// Warnings on stderr, for formats that have no place for them.
pub fn notes(warnings: &[ForecastWarning], global: &GlobalOptions) {
    if global.quiet {
        return;
    }
    let paint = global.color.for_stderr();
    let mut err = std::io::stderr().lock();
    for w in warnings {
        // Nowhere is left to report that stderr is closed.
        let _ = writeln!(err, "{}: {w}", paint.warn("warning"));
    }
}
