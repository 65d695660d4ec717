//! The password file (`~/.pgpass`).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::environment::socket_directory;

/// What a password is looked up by.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// Name, address or socket directory.
    pub host: &'a str,
    /// Port.
    pub port: &'a str,
    /// Database.
    pub dbname: &'a str,
    /// User.
    pub user: &'a str,
}

/// The password of the first line that matches, from a file that only its owner may read.
#[must_use]
pub fn password(file: &Path, key: &Key) -> Option<String> {
    if key.dbname.is_empty() || key.user.is_empty() || complaint(file).is_some() {
        return None;
    }
    let text = fs::read(file).ok()?;
    String::from_utf8_lossy(&text).lines().find_map(|line| matching(line, key))
}

/// Why libpq would ignore the file, in its words; `None` also where there is no file.
#[must_use]
pub fn complaint(file: &Path) -> Option<String> {
    let found = fs::metadata(file).ok()?;
    if !found.is_file() {
        return Some(format!("password file \"{}\" is not a plain file", file.display()));
    }
    (found.mode() & 0o077 != 0).then(|| {
        format!(
            "password file \"{}\" has group or world access; permissions should be u=rw (0600) or less",
            file.display()
        )
    })
}

/// The password in a line `host:port:dbname:user:password`, if the line is about the key. The default socket
/// directory goes by the name `localhost`.
fn matching(line: &str, key: &Key) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let host = if key.host.is_empty() || key.host == socket_directory() { "localhost" } else { key.host };
    let mut rest = line;
    for wanted in [host, key.port, key.dbname, key.user] {
        rest = match rest.strip_prefix("*:") {
            Some(rest) => rest,
            None => {
                let (field, after) = field(rest);
                if field != wanted {
                    return None;
                }
                after?
            }
        };
    }
    Some(field(rest).0)
}

/// The text up to the next colon, and what follows it; a backslash takes the next character as it is.
fn field(text: &str) -> (String, Option<&str>) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            ':' => return (value, Some(&text[at + 1..])),
            c => value.push(c),
        }
    }
    (value, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const KEY: Key = Key { host: "db", port: "5432", dbname: "shop", user: "me" };

    #[test]
    fn lines() {
        let read = |line: &str| matching(line, &KEY);
        assert_eq!(read("db:5432:shop:me:pw").as_deref(), Some("pw"));
        assert_eq!(read("*:*:*:*:p\\:w\\\\").as_deref(), Some("p:w\\"));
        assert_eq!(read("db:5432:*:me:pw:rest").as_deref(), Some("pw"));
        assert_eq!(read("d\\b:5432:shop:me:pw").as_deref(), Some("pw"));
        for other in ["db2:5432:shop:me:pw", "db:5433:shop:me:pw", "#db:5432:shop:me:pw", "db:5432:shop:me", "*", ""] {
            assert_eq!(read(other), None, "{other}");
        }
        let socket = Key { host: socket_directory(), ..KEY };
        assert_eq!(matching("localhost:*:*:*:pw", &socket).as_deref(), Some("pw"));
        assert_eq!(matching("/elsewhere:*:*:*:pw", &Key { host: "/elsewhere", ..KEY }).as_deref(), Some("pw"));
    }

    #[test]
    fn a_file_that_others_may_read_is_ignored() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("pgpass");
        fs::write(&file, "other:*:*:*:no\n*:*:*:*:first\n*:*:*:*:second\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(password(&file, &KEY), None);
        assert!(complaint(&file).unwrap().ends_with("permissions should be u=rw (0600) or less"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(password(&file, &KEY).as_deref(), Some("first"));
        assert_eq!(complaint(&file), None);
        assert!(complaint(root.path()).unwrap().ends_with("is not a plain file"));
        assert_eq!(complaint(Path::new("/nowhere/at/all")), None);
    }
}
