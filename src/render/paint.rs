//! Colour, or none.

use anstyle::{AnsiColor, Style};

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paint {
    /// On.
    pub on: bool,
}

impl Paint {
    /// Headings and the answer.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.apply(Style::new().bold(), text)
    }

    /// What is good.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.apply(AnsiColor::Green.on_default(), text)
    }

    /// What limits or fails.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.apply(AnsiColor::Red.on_default().bold(), text)
    }

    /// What to look at.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.apply(AnsiColor::Yellow.on_default(), text)
    }

    fn apply(self, style: Style, text: &str) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Breaks `text` at spaces into lines of at most `width` characters; the first line begins with
/// `first`, the others with spaces of the same length.
#[must_use]
pub fn wrap(first: &str, text: &str, width: usize) -> String {
    let indent = first.chars().count();
    let (mut out, mut column, mut fresh) = (first.to_owned(), indent, true);
    for word in text.split_whitespace() {
        let len = word.chars().count();
        if !fresh && column + 1 + len > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            (column, fresh) = (indent, true);
        }
        if !fresh {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += len;
        fresh = false;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_the_indent() {
        assert_eq!(wrap("- ", "aa bb cc", 7), "- aa bb\n  cc\n");
        assert_eq!(wrap("", "averylongword b", 5), "averylongword\nb\n");
    }

    #[test]
    fn no_escape_without_colour() {
        assert_eq!(Paint { on: false }.bad("x"), "x");
        assert!(Paint { on: true }.bad("x").contains("\u{1b}["));
    }
}
