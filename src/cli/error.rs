//! Errors on stderr.

use std::io::Write;

use crate::cli::options::GlobalOptions;
use crate::diagnostic::InputError;
use crate::forecast::ForecastWarning;
use crate::render::paint::Paint;

/// The whole chain of an error as text; an [`InputError`] with its place, what was expected and the
/// nearest name.
#[must_use]
pub fn render(error: &anyhow::Error, paint: Paint) -> String {
    if let Some(input) = error.downcast_ref::<InputError>() {
        return render_input(input, paint);
    }
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    format!("{}: {}\n", paint.bad("error"), chain.join(": "))
}

fn render_input(e: &InputError, paint: Paint) -> String {
    let mut out = format!("{}: {}\n", paint.bad("error"), e.message);
    if let Some(p) = &e.position {
        out += &format!("  --> {p}\n");
        if let Some(path) = &p.path {
            out += &format!("   in {path}\n");
        }
    }
    if let Some(expected) = &e.expected {
        out += &format!("   = expected {expected}\n");
    }
    if let Some(nearest) = &e.nearest {
        out += &format!("   = did you mean `{nearest}`?\n");
    }
    out
}

/// Warnings on stderr, for formats that have no place for them.
pub fn notes(warnings: &[ForecastWarning], global: &GlobalOptions) {
    if global.quiet {
        return;
    }
    let paint = global.color.for_stderr();
    let mut err = std::io::stderr().lock();
    for w in warnings {
        let place = w.location.as_ref().map(|l| format!("{l}: ")).unwrap_or_default();
        // Nowhere is left to report that stderr is closed.
        let _ = writeln!(err, "{}: {place}{} [{}]", paint.warn("warning"), w.message, w.code);
    }
}
