//! Names and string constants as the server understands them.

/// Longest name in bytes (NAMEDATALEN - 1); the server cuts longer ones.
const MAX_NAME_BYTES: usize = 63;

/// An identifier's name: unquoted ones folded to lower case, quoted ones without their quotes.
pub(super) fn fold(written: &str) -> String {
    let mut name = if let Some(inner) = strip_quotes(written, "\"") {
        inner.replace("\"\"", "\"")
    } else if let Some(inner) = strip_unicode_prefix(written, "\"") {
        unescape_unicode(&inner.replace("\"\"", "\""))
    } else {
        written.to_ascii_lowercase()
    };
    if name.len() > MAX_NAME_BYTES {
        let mut end = MAX_NAME_BYTES;
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name.truncate(end);
    }
    name
}

/// The value of a string constant in any of its spellings; other text as it stands.
pub(super) fn unquote(written: &str) -> String {
    if let Some(inner) = strip_quotes(written, "'") {
        return inner.replace("''", "'");
    }
    if let Some(inner) = strip_unicode_prefix(written, "'") {
        return unescape_unicode(&inner.replace("''", "'"));
    }
    if let Some(inner) = written.strip_prefix('$') {
        if let Some(end) = inner.find('$') {
            let tag = end + 2;
            return written.get(tag..written.len().saturating_sub(tag)).unwrap_or("").to_owned();
        }
        return written.to_owned();
    }
    let mut chars = written.chars();
    let prefix = chars.next();
    match (prefix, strip_quotes(chars.as_str(), "'")) {
        (Some('e' | 'E'), Some(inner)) => unescape_c(&inner.replace("''", "'")),
        (Some('n' | 'N' | 'b' | 'B' | 'x' | 'X'), Some(inner)) => inner.replace("''", "'"),
        _ => written.to_owned(),
    }
}

fn strip_quotes<'a>(written: &'a str, quote: &str) -> Option<&'a str> {
    written.strip_prefix(quote)?.strip_suffix(quote)
}

fn strip_unicode_prefix<'a>(written: &'a str, quote: &str) -> Option<&'a str> {
    let rest = written.strip_prefix(['u', 'U'])?.strip_prefix('&')?;
    strip_quotes(rest, quote)
}

/// `\XXXX` and `\+XXXXXX`; anything else stays as it is (the server would refuse it).
fn unescape_unicode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('\\') {
            out.push('\\');
            rest = after;
            continue;
        }
        let (digits, skip) = if rest.starts_with('+') { (6, 1) } else { (4, 0) };
        let code = rest.get(skip..skip + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match code.and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = &rest[skip + digits..];
            }
            None => out.push('\\'),
        }
    }
    out.push_str(rest);
    out
}

/// Backslash escapes of E'' strings.
fn unescape_c(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let (radix, most) = match chars.next() {
            Some('n') => {
                out.push('\n');
                continue;
            }
            Some('t') => {
                out.push('\t');
                continue;
            }
            Some('r') => {
                out.push('\r');
                continue;
            }
            Some('b') => {
                out.push('\u{8}');
                continue;
            }
            Some('f') => {
                out.push('\u{c}');
                continue;
            }
            Some('x') => (16, 2),
            Some('u') => (16, 4),
            Some('U') => (16, 8),
            Some(digit @ '0'..='7') => {
                let mut code = digit.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    if let Some(next) = chars.peek().and_then(|d| d.to_digit(8)) {
                        code = code * 8 + next;
                        chars.next();
                    }
                }
                out.extend(char::from_u32(code));
                continue;
            }
            Some(other) => {
                out.push(other);
                continue;
            }
            None => break,
        };
        let mut code = 0u32;
        for _ in 0..most {
            if let Some(next) = chars.peek().and_then(|d| d.to_digit(radix)) {
                code = code.wrapping_mul(radix).wrapping_add(next);
                chars.next();
            }
        }
        out.extend(char::from_u32(code));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(fold("Abc_É"), "abc_É");
        assert_eq!(fold("\"A\"\"b\""), "A\"b");
        assert_eq!(fold("U&\"d\\0061t\\+000061\""), "data");
        // 31 two-byte characters fill 62 bytes; the 32nd would end at 64.
        assert_eq!(fold(&"é".repeat(40)), "é".repeat(31));
    }

    #[test]
    fn strings() {
        assert_eq!(unquote("'it''s \\n'"), "it's \\n");
        assert_eq!(unquote(r"E'a\'b\n\x41\101\u0042'"), "a'b\nAAB");
        assert_eq!(unquote("$a$x$$y$a$"), "x$$y");
        assert_eq!(unquote("$$$$"), "");
        assert_eq!(unquote("N'x'"), "x");
        assert_eq!(unquote("U&'\\0041'"), "A");
    }
}
