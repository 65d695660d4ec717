//! What the tool says about its input: where, what, what was expected, and the nearest valid name.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

mod code;
mod render;

pub use code::WarningCode;
pub use render::render_error;

/// A place in a file that a person can jump to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column, in characters, from 1.
    pub column: u32,
    /// The path of the key inside a YAML file, such as `transactions[0].weight`.
    pub path: Option<String>,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Where a piece of text was written, so that an offset in it can be shown as file, line and column.
///
/// A statement inside a YAML file is not a slice of that file (folding, escapes, indentation), so
/// the origin keeps anchors: offsets in the text whose place in the file is known. Between two
/// anchors, characters and line ends count as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOrigin {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// The path of the key inside a YAML file.
    pub path: Option<String>,
    /// `(offset in the text, line, column)`, by increasing offset; never empty.
    pub anchors: Vec<(usize, u32, u32)>,
}

impl TextOrigin {
    /// The origin of a whole file.
    #[must_use]
    pub fn file(name: &str) -> Self {
        Self { file: name.into(), path: None, anchors: vec![(0, 1, 1)] }
    }

    /// The place in the file of byte `offset` of `text`; offsets past the end mean the end.
    #[must_use]
    pub fn locate(&self, text: &str, offset: usize) -> Position {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let at = self.anchors.partition_point(|a| a.0 <= end).saturating_sub(1);
        let (start, mut line, mut column) = self.anchors.get(at).copied().unwrap_or((0, 1, 1));
        for c in text.get(start..end).unwrap_or("").chars() {
            if c == '\n' {
                line += 1;
                column = 1;
            } else {
                column += 1;
            }
        }
        Position { file: Arc::clone(&self.file), line, column, path: self.path.clone() }
    }
}

/// Something the user should know about a result that was produced all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub code: WarningCode,
    /// One or two sentences that say what happened and what to do.
    pub message: String,
    /// Where in the input, if it is about the input.
    pub position: Option<Position>,
}

impl Warning {
    /// A warning without a place.
    pub fn new(code: WarningCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), position: None }
    }
    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }
}

/// An error of the user's input, with everything needed to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    /// What is wrong, in a lower-case fragment: "unknown key `clents`".
    pub message: String,
    /// Where.
    pub position: Option<Position>,
    /// What would have been right: "one of `clients`, `rate`".
    pub expected: Option<String>,
    /// The nearest valid name, when one is near.
    pub nearest: Option<String>,
    /// The text of the file, for a snippet.
    pub source_text: Option<Arc<str>>,
}

impl InputError {
    /// An error without a place yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), position: None, expected: None, nearest: None, source_text: None }
    }
    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }
    /// The same, saying what was expected.
    #[must_use]
    pub fn expected(mut self, what: impl Into<String>) -> Self {
        self.expected = Some(what.into());
        self
    }
    /// The same, suggesting the candidate nearest to `name`, if any is near.
    #[must_use]
    pub fn nearest_of<'a>(mut self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        self.nearest = nearest(name, candidates).map(str::to_owned);
        self
    }
    /// The same, suggesting the file in its folder that has the nearest name to one that cannot be read.
    #[must_use]
    pub fn nearest_file(self, path: &Path) -> Self {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names: Vec<String> = files.map(|f| f.file_name().to_string_lossy().into_owned()).collect();
        let file = path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
        self.nearest_of(&file, names.iter().map(String::as_str).filter(|n| *n != file))
    }
}

/// The candidate nearest to `name` by edit distance, when it is near enough to be a likely slip.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1) + 1;
    candidates
        .into_iter()
        .map(|c| (edit_distance(&name.to_lowercase(), &c.to_lowercase()), c))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// Levenshtein distance with transpositions of neighbours counted once (optimal string alignment).
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 {
                j
            } else if j == 0 {
                i
            } else {
                let substitute = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = substitute.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names() {
        assert_eq!(nearest("clents", ["clients", "rate"]), Some("clients"));
        assert_eq!(nearest("zzzz", ["clients", "rate"]), None);
        assert_eq!(nearest("rtae", ["clients", "rate"]), Some("rate"));
    }

    #[test]
    fn locate_counts_lines_and_characters() {
        let text = "select 1\n  from é t";
        let origin = TextOrigin { file: "w.yaml".into(), path: None, anchors: vec![(0, 10, 12), (9, 11, 5)] };
        assert_eq!(origin.locate(text, 7).to_string(), "w.yaml:10:19");
        assert_eq!(origin.locate(text, text.find('t').unwrap()).line, 10);
        assert_eq!(origin.locate(text, text.len()).to_string(), "w.yaml:11:15");
    }
}
