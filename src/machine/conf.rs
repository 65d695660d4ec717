//! Reads postgresql.conf with PostgreSQL's syntax.

use crate::diagnostic::{InputError, Position};

/// One `name = value` of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConfSetting {
    /// As written.
    pub(super) name: String,
    /// Without its quotes.
    pub(super) value: String,
    /// Where the name stands.
    pub(super) position: Position,
    /// Where the value stands.
    pub(super) value_position: Position,
}

/// Reads the settings of a file, in order; `include` directives come out as settings of that name.
///
/// # Errors
/// A line that is not `name = value`.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<ConfSetting>, InputError> {
    let mut settings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let place = |offset: usize| Position {
            file: file.into(),
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
            column: u32::try_from(line[..offset].chars().count() + 1).unwrap_or(u32::MAX),
            path: None,
        };
        let error = |offset: usize, message: String| {
            let mut e = InputError::new(message).at(place(offset)).expected("`name = value`");
            e.source_text = Some(text.into());
            e
        };
        let start = line.len() - line.trim_start().len();
        if line[start..].is_empty() || line[start..].starts_with('#') {
            continue;
        }
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$') || !c.is_ascii();
        let end = line[start..].find(|c| !name(c)).map_or(line.len(), |i| start + i);
        if end == start {
            return Err(error(start, format!("`{}` cannot start a setting", line[start..].trim_end())));
        }
        let mut at = end + line[end..].len() - line[end..].trim_start().len();
        if line[at..].starts_with('=') {
            at += 1;
            at += line[at..].len() - line[at..].trim_start().len();
        }
        let (value, after) =
            value(&line[at..]).ok_or_else(|| error(at, format!("no value for `{}`", &line[start..end])))?;
        let rest = line[at + after..].trim_start();
        if !rest.is_empty() && !rest.starts_with('#') {
            return Err(error(line.len() - rest.len(), format!("`{}` after the value", rest.trim_end())));
        }
        settings.push(ConfSetting {
            name: line[start..end].to_owned(),
            value,
            position: place(start),
            value_position: place(at),
        });
    }
    Ok(settings)
}

/// A value, and how long it is in the file.
fn value(text: &str) -> Option<(String, usize)> {
    let Some(quoted) = text.strip_prefix('\'') else {
        let end = text.find(|c: char| c.is_whitespace() || c == '#').unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), end));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        match c {
            '\'' if chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                chars.next();
                value.push('\'');
            }
            '\'' => return Some((value, i + 2)),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            }),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax() {
        let text = "# comment\n\nshared_buffers = 128MB\t# min 128kB\nwork_mem 4MB\n  datestyle='iso, mdy'\nx.y = 'it''s \\'q'\nlisten_addresses = ''\n";
        let read = read("postgresql.conf", text).unwrap();
        let pairs: Vec<_> = read.iter().map(|s| (s.name.as_str(), s.value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("shared_buffers", "128MB"),
                ("work_mem", "4MB"),
                ("datestyle", "iso, mdy"),
                ("x.y", "it's 'q"),
                ("listen_addresses", "")
            ]
        );
        assert_eq!(read[0].value_position.to_string(), "postgresql.conf:3:18");
        assert_eq!(read[2].position.to_string(), "postgresql.conf:5:3");
    }

    #[test]
    fn errors_have_their_place() {
        for (text, place, message) in [
            ("\n = 5\n", "c:2:2", "`= 5` cannot start a setting"),
            ("fsync\n", "c:1:6", "no value for `fsync`"),
            ("a = 'x\n", "c:1:5", "no value for `a`"),
            ("a = 1 2\n", "c:1:7", "`2` after the value"),
        ] {
            let error = read("c", text).unwrap_err();
            assert_eq!((error.position.unwrap().to_string().as_str(), error.message.as_str()), (place, message));
        }
    }
}
