//! Connection strings of the form `keyword = value`, as libpq's `conninfo_parse` reads them.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use super::keywords::{SECRET, known, refuse};
use crate::live::LiveError;

/// The keywords of a string; the last of a repeated one counts.
///
/// Spaces around `=` are allowed. A value that is empty or holds spaces stands between single quotes; in a value,
/// quoted or not, a backslash takes the next character as it is.
///
/// # Errors
/// [`LiveError::Connection`] in libpq's words.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, LiveError> {
    let mut found = BTreeMap::new();
    let mut rest = text.chars().peekable();
    let mut before: Option<&str> = None;
    while skip_spaces(&mut rest) {
        let mut name = String::new();
        while let Some(c) = rest.next_if(|c| *c != '=' && !is_space(*c)) {
            name.push(c);
        }
        skip_spaces(&mut rest);
        if rest.next_if_eq(&'=').is_none() {
            return Err(match before {
                // What follows may be the end of a password with a space in it.
                Some(secret) if SECRET.contains(&secret) => refuse(format!(
                    "missing \"=\" after the value of \"{secret}\" in connection info string; quote a value with spaces"
                )),
                _ => refuse(format!("missing \"=\" after \"{name}\" in connection info string")),
            });
        }
        skip_spaces(&mut rest);
        let value = value(&mut rest)?;
        let keyword = known(&name)?;
        found.insert(keyword.to_owned(), value);
        before = Some(keyword);
    }
    Ok(found)
}

fn value(rest: &mut Peekable<Chars>) -> Result<String, LiveError> {
    let quoted = rest.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    loop {
        match rest.next() {
            Some('\\') => value.extend(rest.next()),
            Some('\'') if quoted => return Ok(value),
            Some(c) if !quoted && is_space(c) => return Ok(value),
            Some(c) => value.push(c),
            None if quoted => return Err(refuse("unterminated quoted string in connection info string")),
            None => return Ok(value),
        }
    }
}

/// Whether anything is left.
fn skip_spaces(rest: &mut Peekable<Chars>) -> bool {
    while rest.next_if(|c| is_space(*c)).is_some() {}
    rest.peek().is_some()
}

/// C's `isspace`.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().into_iter().collect()
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn quotes_escapes_and_spaces() {
        assert_eq!(read("host=a port = 5433"), pairs(&[("host", "a"), ("port", "5433")]));
        assert_eq!(
            read(r"password='it\'s a \\ secret' user=x"),
            pairs(&[("password", r"it's a \ secret"), ("user", "x")])
        );
        assert_eq!(read(r"user=two\ words dbname=''"), pairs(&[("dbname", ""), ("user", "two words")]));
        assert_eq!(read("host=a host=b"), pairs(&[("host", "b")]));
        assert_eq!(read("options='-c geqo=off'"), pairs(&[("options", "-c geqo=off")]));
        assert_eq!(read("user=a'b'c"), pairs(&[("user", "a'b'c")]));
        assert_eq!(read("  "), pairs(&[]));
    }

    #[test]
    fn mistakes_in_libpq_s_words() {
        let message = |t| parse(t).unwrap_err().to_string();
        assert_eq!(message("host"), "missing \"=\" after \"host\" in connection info string");
        assert_eq!(message("host=a nothing"), "missing \"=\" after \"nothing\" in connection info string");
        assert_eq!(message("host='a"), "unterminated quoted string in connection info string");
        assert_eq!(message("prot=1"), "invalid connection option \"prot\"; did you mean \"port\"?");
        assert!(!message("password=my secret").contains("secret"));
    }
}
