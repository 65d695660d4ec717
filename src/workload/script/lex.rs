//! Splits a script into SQL and meta commands, as pgbench's scanner does.

use crate::workload::placeholder::{Piece, Scanner};

/// A place in the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// Byte offset.
    pub(super) offset: usize,
    /// From 1.
    pub(super) line: u32,
    /// From 1, in characters.
    pub(super) column: u32,
}

/// One command of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command<'a> {
    /// Statements sent in one message: several only where `\;` joins them.
    Sql(Vec<(&'a str, Spot)>),
    /// A meta command: its name without the backslash, and what follows on its line.
    Meta {
        /// `set`, `if`, ...
        name: &'a str,
        /// The rest of the line; a backslash at a line's end continues it.
        arguments: &'a str,
        /// Where the backslash stands.
        spot: Spot,
        /// Where the arguments start.
        arguments_spot: Spot,
    },
}

/// Walks forward through the text and knows the place it is at.
struct Walker<'a> {
    text: &'a str,
    at: Spot,
}

impl<'a> Walker<'a> {
    fn to(&mut self, offset: usize) -> Spot {
        for c in self.text[self.at.offset..offset].chars() {
            (self.at.line, self.at.column) =
                if c == '\n' { (self.at.line + 1, 1) } else { (self.at.line, self.at.column + 1) };
        }
        self.at.offset = offset;
        self.at
    }

    /// Adds the statement that stands from one byte to another, if one does.
    fn statement(&mut self, parts: &mut Vec<(&'a str, Spot)>, from: usize, to: usize) {
        let from = from + leading_blank(&self.text[from..to]);
        let sql = self.text[from..to].trim_end();
        if !sql.is_empty() {
            let spot = self.to(from);
            parts.push((sql, spot));
        }
    }
}

/// The commands of a script, in order.
pub(super) fn commands(text: &str) -> Vec<Command<'_>> {
    let mut walker = Walker { text, at: Spot { offset: 0, line: 1, column: 1 } };
    let mut commands = Vec::new();
    let mut parts: Vec<(&str, Spot)> = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some((piece, from, to)) = Scanner::new(text, at).next() {
        at = to;
        match piece {
            Piece::Semicolon => {
                walker.statement(&mut parts, start, from);
                start = to;
                if !parts.is_empty() {
                    commands.push(Command::Sql(std::mem::take(&mut parts)));
                }
            }
            Piece::Other if text[from..].starts_with("\\;") => {
                walker.statement(&mut parts, start, from);
                at = from + 2;
                start = at;
            }
            Piece::Other if text[from..].starts_with("\\:") => at = from + 2,
            Piece::Other if text[from..to] == *"\\" => {
                walker.statement(&mut parts, start, from);
                if !parts.is_empty() {
                    commands.push(Command::Sql(std::mem::take(&mut parts)));
                }
                let spot = walker.to(from);
                let end = line_end(text, to);
                let line = &text[to..end];
                let name_length = line.find(char::is_whitespace).unwrap_or(line.len());
                let rest = &line[name_length..];
                let skipped = name_length + rest.len() - rest.trim_start_matches([' ', '\t']).len();
                let arguments_spot = walker.to(to + skipped);
                commands.push(Command::Meta {
                    name: &line[..name_length],
                    arguments: line[skipped..].trim_end(),
                    spot,
                    arguments_spot,
                });
                at = end;
                start = end;
            }
            _ => {}
        }
    }
    walker.statement(&mut parts, start, text.len());
    if !parts.is_empty() {
        commands.push(Command::Sql(parts));
    }
    commands
}

/// White space and `--` comments before a statement, which pgbench leaves out.
fn leading_blank(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.starts_with("--") {
            at += trimmed.find('\n').unwrap_or(trimmed.len());
        } else if trimmed.starts_with("/*") {
            match Scanner::new(trimmed, 0).next() {
                Some((_, _, end)) => at += end,
                None => return at,
            }
        } else {
            return at;
        }
    }
}

/// Where the line ends that holds `from`; a backslash before a line end continues the line.
fn line_end(text: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        match text[at..].find('\n') {
            None => return text.len(),
            Some(n) if text[from..at + n].trim_end_matches('\r').ends_with('\\') => at += n + 1,
            Some(n) => return at + n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Vec<String> {
        commands(text)
            .into_iter()
            .map(|c| match c {
                Command::Sql(parts) => {
                    let parts: Vec<_> = parts.iter().map(|(s, at)| format!("{}:{} {s}", at.line, at.column)).collect();
                    parts.join(" \\; ")
                }
                Command::Meta { name, arguments, spot, arguments_spot: a } => {
                    format!("{}:{} \\{name} {}:{} {arguments}", spot.line, spot.column, a.line, a.column)
                }
            })
            .collect()
    }

    #[test]
    fn commands_are_those_of_pgbench() {
        let text = "-- comment; here\n\\set aid random(1, 10)\nBEGIN;\n  SELECT ';', \"\\\",\n E'\\';' -- x;\n FROM t; END\n\\sleep 1 ms\nSELECT 1 AS one \\gset p_\n\\set x 1 \\\n + 2\nSELECT 1\\; SELECT 2;";
        assert_eq!(
            shape(text),
            [
                "2:1 \\set 2:6 aid random(1, 10)",
                "3:1 BEGIN",
                "4:3 SELECT ';', \"\\\",\n E'\\';' -- x;\n FROM t",
                "6:10 END",
                "7:1 \\sleep 7:8 1 ms",
                "8:1 SELECT 1 AS one",
                "8:17 \\gset 8:23 p_",
                "9:1 \\set 9:6 x 1 \\\n + 2",
                "11:1 SELECT 1 \\; 11:12 SELECT 2",
            ]
        );
        assert_eq!(shape(" ;; -- nothing\n /* nor here */ ;"), [""; 0]);
        assert_eq!(shape("\\"), ["1:1 \\ 1:2 "]);
        assert_eq!(shape("é \\if"), ["1:1 é", "1:3 \\if 1:6 "]);
    }
}
