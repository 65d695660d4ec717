//! Dotted paths into a document: `tables."crm.contacts".rows`, `transactions[0].weight`.

use crate::diagnostic::InputError;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// A key of a mapping, or the `name` of a list's item.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// A step with the byte offset in the path where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathSegment {
    pub(super) what: Segment,
    pub(super) offset: usize,
}

/// Paths beyond this many steps name nothing.
const MAX_SEGMENTS: usize = 64;

/// A key as it stands in a path: in double quotes when it would be read as something else.
#[must_use]
pub fn quote_key(key: &str) -> String {
    let plain = !key.is_empty() && !key.contains(['.', '[', ']', '"', '=', ' ']);
    if plain { key.to_owned() } else { format!("\"{}\"", key.replace('"', "\"\"")) }
}

/// Appends a key to a path.
pub(super) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(&quote_key(key));
}

/// Splits `path=value` at the first `=` outside double quotes.
///
/// # Errors
/// No `=`, or nothing before it.
pub fn split_assignment(text: &str) -> Result<(&str, &str), InputError> {
    let mut quoted = false;
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '=' if !quoted && i > 0 => return Ok((&text[..i], &text[i + 1..])),
            '=' if !quoted => break,
            _ => {}
        }
    }
    Err(InputError::new(format!("`{text}` is not an assignment"))
        .expected("KEY=VALUE, such as `machine.cpu.cores=8` or `workload.tables.\"crm.contacts\".rows=5M`"))
}

/// Reads a path.
pub(super) fn parse_path(path: &str) -> Result<Vec<PathSegment>, InputError> {
    let malformed = |at: usize, why: &str| {
        InputError::new(format!("malformed path `{path}`: {why} at character {}", path[..at].chars().count() + 1))
            .expected(
                "keys joined by dots, such as `cpu.cores`, `tables.\"crm.contacts\".rows` or `transactions[0].weight`",
            )
    };
    let mut segments = Vec::new();
    let mut at = 0;
    loop {
        let offset = at;
        let rest = &path[at..];
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut key = String::new();
            let mut chars = quoted.char_indices().peekable();
            let mut end = None;
            while let Some((i, c)) = chars.next() {
                if c != '"' {
                    key.push(c);
                } else if chars.peek().is_some_and(|(_, c)| *c == '"') {
                    key.push('"');
                    chars.next();
                } else {
                    end = Some(i + 1);
                    break;
                }
            }
            let Some(end) = end else { return Err(malformed(at, "a quote that is not closed")) };
            segments.push(PathSegment { what: Segment::Key(key), offset });
            at += 1 + end;
        } else {
            let end = rest.find(['.', '[', ']', '"']).unwrap_or(rest.len());
            // An index may come first, since the root may be a list.
            let index_first = end == 0 && rest.starts_with('[') && segments.is_empty();
            if end == 0 && !index_first {
                return Err(malformed(at, "a key is missing"));
            }
            if !index_first {
                segments.push(PathSegment { what: Segment::Key(rest[..end].to_owned()), offset });
            }
            at += end;
        }
        while path[at..].starts_with('[') {
            let close = path[at..].find(']').ok_or_else(|| malformed(at, "a bracket that is not closed"))?;
            let index = path[at + 1..at + close].trim();
            let index = index.parse().map_err(|_| malformed(at, "an index that is not a number"))?;
            segments.push(PathSegment { what: Segment::Index(index), offset: at });
            at += close + 1;
        }
        if segments.len() > MAX_SEGMENTS {
            return Err(malformed(at, "too many keys"));
        }
        match path[at..].chars().next() {
            None => return Ok(segments),
            Some('.') => at += 1,
            Some(_) => return Err(malformed(at, "a dot is missing")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Vec<Segment> {
        parse_path(path).unwrap().into_iter().map(|s| s.what).collect()
    }

    #[test]
    fn paths() {
        let key = |s: &str| Segment::Key(s.into());
        assert_eq!(read("cpu.cores"), [key("cpu"), key("cores")]);
        assert_eq!(read("tables.\"crm.con\"\"tacts\".rows"), [key("tables"), key("crm.con\"tacts"), key("rows")]);
        assert_eq!(read("transactions[10].weight"), [key("transactions"), Segment::Index(10), key("weight")]);
        assert_eq!(read("a[0][1]"), [key("a"), Segment::Index(0), Segment::Index(1)]);
        for bad in ["", ".", "a.", "a..b", "a[", "a[x]", "a[0]b", "\"a", "a\"b\"", "a]"] {
            assert!(parse_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn quoting_is_undone_by_reading() {
        for key in ["rows", "crm.contacts", "lower(email)", "a \"b\" [c]", "", "=", "é"] {
            assert_eq!(read(&format!("t.{}.x", quote_key(key)))[1], Segment::Key(key.into()), "{key}");
        }
    }

    #[test]
    fn assignments() {
        assert_eq!(split_assignment("cpu.cores=8").unwrap(), ("cpu.cores", "8"));
        assert_eq!(split_assignment("a.\"b=c\".d=e=f").unwrap(), ("a.\"b=c\".d", "e=f"));
        assert_eq!(split_assignment("a=").unwrap(), ("a", ""));
        assert!(split_assignment("=5").is_err());
        assert!(split_assignment("cores").is_err());
    }
}
