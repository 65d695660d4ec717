//! Connection URIs, as libpq's `conninfo_uri_parse` reads them.

use std::collections::BTreeMap;

use super::keywords::{known, likely, names, refuse};
use crate::live::LiveError;

/// What a URI begins with.
const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// Whether the text is meant as a URI.
#[must_use]
pub fn is_uri(text: &str) -> bool {
    SCHEMES.iter().any(|s| text.starts_with(s))
}

/// The keywords of `postgresql://user:password@host:port,host:port/dbname?keyword=value&...`, every part optional,
/// percent-encoding taken away.
///
/// # Errors
/// [`LiveError::Connection`] in libpq's words, the password masked.
pub fn parse(uri: &str) -> Result<BTreeMap<String, String>, LiveError> {
    let rest = SCHEMES.iter().find_map(|s| uri.strip_prefix(s)).unwrap_or(uri);
    let mut found = BTreeMap::new();
    let rest = credentials(rest, &mut found)?;
    let rest = hosts(uri, rest, &mut found)?;
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, query),
        None => (rest, ""),
    };
    store(&mut found, "dbname", path.strip_prefix('/').unwrap_or(path))?;
    parameters(query, &mut found)?;
    Ok(found)
}

/// Takes `user:password@` off; an `@` counts only before the first `/`.
fn credentials<'a>(text: &'a str, found: &mut BTreeMap<String, String>) -> Result<&'a str, LiveError> {
    let Some(at) = text.find(['@', '/']).filter(|at| text.as_bytes().get(*at) == Some(&b'@')) else { return Ok(text) };
    let (user, password) = text[..at].split_once(':').unwrap_or((&text[..at], ""));
    store(found, "user", user)?;
    store(found, "password", password)?;
    Ok(&text[at + 1..])
}

/// Takes `host:port,host:port` off; lists stay lists, between commas.
fn hosts<'a>(uri: &str, text: &'a str, found: &mut BTreeMap<String, String>) -> Result<&'a str, LiveError> {
    let (mut hosts, mut ports) = (String::new(), String::new());
    let mut rest = text;
    loop {
        if let Some(bracketed) = rest.strip_prefix('[') {
            let Some(close) = bracketed.find(']') else {
                return Err(refuse(format!(
                    "end of string reached when looking for matching \"]\" in IPv6 host address in URI: \"{}\"",
                    masked(uri)
                )));
            };
            if close == 0 {
                return Err(refuse(format!("IPv6 host address may not be empty in URI: \"{}\"", masked(uri))));
            }
            hosts.push_str(&bracketed[..close]);
            rest = &bracketed[close + 1..];
            if let Some(c) = rest.chars().next().filter(|c| !":/?,".contains(*c)) {
                let position = uri.len() - rest.len() + 1;
                return Err(refuse(format!(
                    "unexpected character \"{c}\" at position {position} in URI (expected \":\" or \"/\"): \"{}\"",
                    masked(uri)
                )));
            }
        } else {
            let end = rest.find([':', '/', '?', ',']).unwrap_or(rest.len());
            hosts.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        if let Some(port) = rest.strip_prefix(':') {
            let end = port.find(['/', '?', ',']).unwrap_or(port.len());
            ports.push_str(&port[..end]);
            rest = &port[end..];
        }
        let Some(next) = rest.strip_prefix(',') else { break };
        rest = next;
        hosts.push(',');
        ports.push(',');
    }
    store(found, "host", &hosts)?;
    store(found, "port", &ports)?;
    Ok(rest)
}

/// `keyword=value&keyword=value`.
fn parameters(query: &str, found: &mut BTreeMap<String, String>) -> Result<(), LiveError> {
    for parameter in query.split('&').filter(|p| !p.is_empty()) {
        let Some((keyword, value)) = parameter.split_once('=') else {
            return Err(refuse(format!("missing key/value separator \"=\" in URI query parameter: \"{parameter}\"")));
        };
        if value.contains('=') {
            return Err(refuse(format!("extra key/value separator \"=\" in URI query parameter: \"{keyword}\"")));
        }
        let keyword = decode(keyword, "keyword")?;
        if keyword == "ssl" && value == "true" {
            // As JDBC writes it.
            found.insert("sslmode".to_owned(), "require".to_owned());
            continue;
        }
        let Ok(keyword) = known(&keyword) else {
            let hint = likely(&keyword, names());
            return Err(refuse(format!("invalid URI query parameter: \"{keyword}\"{hint}")));
        };
        let value = decode(value, keyword)?;
        found.insert(keyword.to_owned(), value);
    }
    Ok(())
}

/// Keeps a part that is not empty.
fn store(found: &mut BTreeMap<String, String>, keyword: &str, value: &str) -> Result<(), LiveError> {
    if !value.is_empty() {
        let value = decode(value, keyword)?;
        found.insert(keyword.to_owned(), value);
    }
    Ok(())
}

/// Takes percent-encoding away.
fn decode(text: &str, keyword: &str) -> Result<String, LiveError> {
    let shown = if super::keywords::SECRET.contains(&keyword) { "..." } else { text };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        if b != b'%' {
            bytes.push(b);
            continue;
        }
        let mut digit = || rest.next().and_then(|d| char::from(d).to_digit(16));
        let Some(code) = digit().zip(digit()).and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) else {
            return Err(refuse(format!("invalid percent-encoded token: \"{shown}\"")));
        };
        if code == 0 {
            return Err(refuse(format!("forbidden value %00 in percent-encoded value: \"{shown}\"")));
        }
        bytes.push(code);
    }
    String::from_utf8(bytes).map_err(|_| refuse(format!("percent-encoded value is not UTF-8: \"{shown}\"")))
}

/// The URI without its password.
fn masked(uri: &str) -> String {
    let start = SCHEMES.iter().find(|s| uri.starts_with(**s)).map_or(0, |s| s.len());
    let end = uri[start..].find('@').map(|at| start + at);
    let colon = end.and_then(|end| uri[start..end].find(':').map(|at| (start + at + 1, end)));
    let text = match colon {
        Some((from, to)) => format!("{}***{}", &uri[..from], &uri[to..]),
        None => uri.to_owned(),
    };
    // A query may hold secrets too, and no message is about where in it.
    text.split('?').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> String {
        parse(uri).unwrap().iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
    }

    /// The examples of PostgreSQL's documentation (libpq, "Connection URIs"), and the traps of its tests
    /// (src/interfaces/libpq/t/001_uri.pl).
    #[test]
    fn forms() {
        for (uri, expected) in [
            ("postgresql://", ""),
            ("postgresql://localhost", "host=localhost"),
            ("postgresql://localhost:5433", "host=localhost port=5433"),
            ("postgresql://localhost/mydb", "dbname=mydb host=localhost"),
            ("postgresql://user@localhost", "host=localhost user=user"),
            ("postgres://user:secret@localhost", "host=localhost password=secret user=user"),
            (
                "postgresql://other@localhost/otherdb?connect_timeout=10&application_name=myapp",
                "application_name=myapp connect_timeout=10 dbname=otherdb host=localhost user=other",
            ),
            (
                "postgresql://host1:123,host2:456/somedb?target_session_attrs=any&application_name=myapp",
                "application_name=myapp dbname=somedb host=host1,host2 port=123,456 target_session_attrs=any",
            ),
            (
                "postgresql://user@localhost:5433/mydb?options=-c%20synchronous_commit%3Doff",
                "dbname=mydb host=localhost options=-c synchronous_commit=off port=5433 user=user",
            ),
            ("postgresql:///mydb?host=localhost&port=5433", "dbname=mydb host=localhost port=5433"),
            ("postgresql://[2001:db8::1234]/database", "dbname=database host=2001:db8::1234"),
            ("postgresql://[::1]:5433", "host=::1 port=5433"),
            ("postgresql://%2Fvar%2Flib%2Fpostgresql/dbname", "dbname=dbname host=/var/lib/postgresql"),
            ("postgresql:///dbname?host=/var/lib/postgresql", "dbname=dbname host=/var/lib/postgresql"),
            ("postgresql://uri-user:secret@?host=/path", "host=/path password=secret user=uri-user"),
            ("postgresql://us%40er:p%3A%2Fw@h", "host=h password=p:/w user=us@er"),
            ("postgresql://a:b:c@h", "host=h password=b:c user=a"),
            ("postgresql://host?user=u", "host=host user=u"),
            ("postgresql://:12345/", "port=12345"),
            ("postgresql://h/?ssl=true", "host=h sslmode=require"),
            ("postgresql://h/a/b@c", "dbname=a/b@c host=h"),
            ("postgresql://a,b", "host=a,b port=,"),
        ] {
            assert_eq!(read(uri), expected, "{uri}");
        }
    }

    #[test]
    fn mistakes_in_libpq_s_words_without_the_password() {
        let message = |t| parse(t).unwrap_err().to_string();
        for (uri, expected) in [
            ("postgresql://%", "invalid percent-encoded token: \"%\""),
            ("postgresql://host%zz", "invalid percent-encoded token: \"host%zz\""),
            ("postgresql://host%00", "forbidden value %00 in percent-encoded value: \"host%00\""),
            ("postgresql://h/?zzzzzzzz=1", "invalid URI query parameter: \"zzzzzzzz\""),
            ("postgresql://h/?hst=1", "invalid URI query parameter: \"hst\"; did you mean \"host\"?"),
            ("postgresql://h?user", "missing key/value separator \"=\" in URI query parameter: \"user\""),
            ("postgresql://h?user=a=b", "extra key/value separator \"=\" in URI query parameter: \"user\""),
            ("postgres://[]", "IPv6 host address may not be empty in URI: \"postgres://[]\""),
            (
                "postgres://u:p@[::1",
                "end of string reached when looking for matching \"]\" in IPv6 host address in URI: \"postgres://u:***@[::1\"",
            ),
            (
                "postgres://[::1]z",
                "unexpected character \"z\" at position 17 in URI (expected \":\" or \"/\"): \"postgres://[::1]z\"",
            ),
            ("postgres://u:top%zz@h", "invalid percent-encoded token: \"...\""),
        ] {
            assert_eq!(message(uri), expected, "{uri}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in "(postgres(ql)?://)?[a-z@:/?&=%,'\\\\\\[\\] é0-9]{0,24}") {
            let _ = parse(&text);
            let _ = super::super::keyvalue::parse(&text);
        }
    }
}
