//! Mutated texts for property tests: whatever the bytes, a reader must answer.

use proptest::prelude::*;

/// Bits of syntax that readers stumble over.
const TOKENS: &[&str] = &[
    "\n",
    "\n  ",
    "\t",
    " ",
    ":",
    ": ",
    "::",
    "-",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "'",
    "\"",
    "#",
    "&a ",
    "*a",
    "!",
    "|",
    ">",
    "?",
    "%",
    "\\",
    "\\\n",
    "$",
    "$1",
    "$$",
    "@",
    "`",
    "\u{0}",
    "\u{feff}",
    "é",
    "😀",
    "0",
    "-1",
    "1e999",
    ".nan",
    ".inf",
    "~",
    "null",
    "99999999999999999999",
    "rows",
    "sql",
    "clients",
    ";",
    "--",
    "/*",
    "*/",
    ":x",
    ":aid",
    "\\set x ",
    "\\if ",
    "\\endif\n",
    "\\elif ",
    "\\else\n",
    "\\gset",
    "\\;",
    "random(",
    ")",
    "1 + ",
    "BEGIN;",
    "..",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "<<: ",
    "\r\n",
    "\u{85}",
    "\u{2028}",
];

/// One change: where (as a share of the text), what kind, how much, which token.
type Edit = (f64, u8, usize, usize);

/// Changes to a text.
pub(crate) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    prop::collection::vec((0.0..1.0f64, 0u8..4, 0usize..40, 0..TOKENS.len()), 1..6)
}

/// The text with the changes made.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
pub(crate) fn mutate(text: &str, edits: &[Edit]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (place, kind, amount, token) in edits {
        let at = (place * (chars.len() + 1) as f64) as usize;
        let end = (at + amount).min(chars.len());
        match kind {
            0 => drop(chars.drain(at..end)),
            1 => drop(chars.splice(at..at, TOKENS[*token].chars())),
            2 => {
                let copy: Vec<char> = chars[at..end].to_vec();
                drop(chars.splice(at..at, copy.into_iter().cycle().take(amount * 3)));
            }
            _ => drop(chars.splice(at..end, TOKENS[*token].chars())),
        }
    }
    chars.into_iter().collect()
}

/// An error's place must be one that an editor can jump to, and must be showable.
pub(crate) fn check(error: &crate::diagnostic::InputError, text: &str) {
    if let Some(position) = &error.position {
        let lines = text.split('\n').count().max(1) + 1;
        assert!(position.line >= 1 && position.column >= 1, "{position} {}", error.message);
        let file = position.file.as_ref();
        assert!(file == "--set" || position.line as usize <= lines, "{position} of {lines} lines: {}", error.message);
    }
    assert!(crate::diagnostic::render_error(error, false).starts_with("error: "));
}
