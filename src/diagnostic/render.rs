//! Errors as text, in rustc's own look: message, place, source line, what was expected.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{InputError, Position};

/// Characters of the source line shown left and right of the place; a file may be one endless line.
const BEFORE: usize = 100;
const AFTER: usize = 100;

/// The error with its place, its line, what was expected and the nearest valid name; ends in a line end.
#[must_use]
pub fn render_error(error: &InputError, color: bool) -> String {
    let title = Level::ERROR.primary_title(sanitize(&error.message));
    let mut group = Group::with_title(title);
    let line = error.position.as_ref().and_then(|p| source_line(error, p));
    if let Some(position) = &error.position {
        group = match &line {
            Some(line) => group.element(
                Snippet::source(line.text.as_str())
                    .path(position.file.to_string())
                    .line_start(position.line as usize)
                    .annotation(AnnotationKind::Primary.span(line.start..line.end)),
            ),
            None => group.element(
                Origin::path(position.file.to_string())
                    .line(position.line as usize)
                    .char_column(position.column as usize),
            ),
        };
    }
    if let Some(path) = error.position.as_ref().and_then(|p| p.path.as_deref()).filter(|p| !p.is_empty()) {
        group = group.element(Level::NOTE.message(format!("in `{}`", sanitize(path))));
    }
    if let Some(expected) = &error.expected {
        group = group.element(Level::NOTE.message(format!("expected {}", sanitize(expected))));
    }
    if let Some(nearest) = &error.nearest {
        group = group.element(Level::HELP.message(format!("did you mean `{}`?", sanitize(nearest))));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.render(&[group]);
    // A line cut on its left would show its place shifted.
    if let (Some(position), Some(line)) = (&error.position, &line)
        && line.cut > 0
    {
        let shown = format!("{}:{}:{}", position.file, position.line, position.column as usize - line.cut);
        text = text.replacen(&shown, &position.to_string(), 1);
    }
    text.push('\n');
    text
}

/// Line ends and control characters would break the frame.
fn sanitize(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A part of the source line, with the bytes to underline.
struct SourceLine {
    text: String,
    start: usize,
    end: usize,
    /// Characters left out on the left.
    cut: usize,
}

fn source_line(error: &InputError, position: &Position) -> Option<SourceLine> {
    let text = error.source_text.as_ref()?;
    let line = text.split('\n').nth((position.line as usize).checked_sub(1)?)?.trim_end_matches('\r');
    let column = (position.column as usize).checked_sub(1)?;
    let cut = column.saturating_sub(BEFORE);
    let shown: Vec<char> =
        line.chars().skip(cut).take(BEFORE + AFTER).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let at = column - cut;
    if at > shown.len() {
        return None;
    }
    let token = shown[at..].iter().take_while(|c| !c.is_whitespace() && !",:[]{}();".contains(**c)).count();
    let bytes = |n: usize| shown[..n].iter().map(|c| c.len_utf8()).sum::<usize>();
    let end = (at + token.max(1)).min(shown.len());
    Some(SourceLine { start: bytes(at), end: bytes(end).max(bytes(at)), text: shown.into_iter().collect(), cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(source: &str, line: u32, column: u32) -> InputError {
        let position = Position { file: "w.yaml".into(), line, column, path: Some("transactions[0]".into()) };
        let mut error = InputError::new("unknown key `clents`").at(position).expected("one of `clients`, `rate`");
        error.nearest = Some("clients".into());
        error.source_text = Some(source.into());
        error
    }

    #[test]
    fn the_look_of_rustc() {
        let text = render_error(&error("version: 1\n  clents: 16\n", 2, 3), false);
        assert_eq!(
            text,
            "\
error: unknown key `clents`
 --> w.yaml:2:3
  |
2 |   clents: 16
  |   ^^^^^^
  |
  = note: in `transactions[0]`
  = note: expected one of `clients`, `rate`
  = help: did you mean `clients`?
"
        );
        assert!(render_error(&error("version: 1\n  clents: 16\n", 2, 3), true).contains("\u{1b}["));
    }

    #[test]
    fn places_that_are_hard_to_show() {
        // Without the text, past the end of a line, past the end of the file, in the middle of an endless line.
        let mut bare = error("", 1, 1);
        bare.source_text = None;
        assert!(render_error(&bare, false).contains("--> w.yaml:1:1\n"));
        assert!(render_error(&error("ab\r\n", 1, 3), false).contains("w.yaml:1:3"));
        assert!(render_error(&error("ab\n", 9, 9), false).contains("w.yaml:9:9"));
        assert!(render_error(&error("", 0, 0), false).contains("w.yaml:0:0"));
        let long = format!("{}é x{}", "é".repeat(1000), " y".repeat(100_000));
        let text = render_error(&error(&long, 1, 1003), false);
        assert!(text.contains("w.yaml:1:1003"), "{text}");
        assert!(text.len() < 2000);
        assert!(render_error(&InputError::new("a\nb"), false).starts_with("error: a b\n"));
    }
}
