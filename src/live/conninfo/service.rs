//! Service files (`pg_service.conf`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::keywords::{KEYWORDS, refuse};
use crate::live::LiveError;

/// Debian's directory for the file that all users share; elsewhere PGSYSCONFDIR says where it is.
const SYSTEM_DIRECTORY: &str = "/etc/postgresql-common";

/// The parameters of a service: from the file named, or from the user's own file, or from the system's.
///
/// # Errors
/// [`LiveError::Connection`] in libpq's words: no such file, no such service, a line that cannot be read.
pub fn parameters(
    service: &str,
    file: Option<&str>,
    environment: &Environment,
) -> Result<BTreeMap<String, String>, LiveError> {
    let named = file.or_else(|| environment.get("PGSERVICEFILE")).filter(|f| !f.is_empty()).map(PathBuf::from);
    let users = match (&named, &environment.home) {
        (Some(file), _) => Some(file.clone()),
        (None, Some(home)) => Some(home.join(".pg_service.conf")).filter(|f| f.exists()),
        (None, None) => None,
    };
    let system = Path::new(environment.get("PGSYSCONFDIR").unwrap_or(SYSTEM_DIRECTORY)).join("pg_service.conf");
    for file in users.into_iter().chain(Some(system).filter(|f| f.exists())) {
        let text =
            fs::read_to_string(&file).map_err(|_| refuse(format!("service file \"{}\" not found", file.display())))?;
        if let Some(found) = section(&text, service, &file)? {
            return Ok(found);
        }
    }
    Err(refuse(format!("definition of service \"{service}\" not found")))
}

/// The section `[service]` of a file; the first of a repeated keyword counts.
fn section(text: &str, service: &str, file: &Path) -> Result<Option<BTreeMap<String, String>>, LiveError> {
    let mut found: Option<BTreeMap<String, String>> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if header.strip_prefix(service).is_some_and(|rest| rest.starts_with(']')) {
                found = Some(BTreeMap::new());
            }
            continue;
        }
        let Some(parameters) = &mut found else { continue };
        let place = format!("service file \"{}\", line {number}", file.display());
        let Some((keyword, value)) = line.split_once('=') else {
            return Err(refuse(format!("syntax error in {place}")));
        };
        if matches!(keyword, "service" | "servicefile") {
            return Err(refuse(format!("nested \"{keyword}\" specifications not supported in {place}")));
        }
        if !KEYWORDS.iter().any(|(k, _)| *k == keyword) {
            let hint = super::keywords::likely(keyword, super::keywords::names());
            return Err(refuse(format!("syntax error in {place}: invalid connection option \"{keyword}\"{hint}")));
        }
        parameters.entry(keyword.to_owned()).or_insert_with(|| value.to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# all\nhost=nowhere\n[one]\nhost=a\nhost=b\nport=5433 \n\n[two]\n  dbname=x=y\n[bad]\nhots=1\n";

    #[test]
    fn sections() {
        let read = |name: &str| section(FILE, name, Path::new("f"));
        let one = read("one").unwrap().unwrap();
        assert_eq!((one["host"].as_str(), one["port"].as_str(), one.len()), ("a", "5433", 2));
        assert_eq!(read("two").unwrap().unwrap()["dbname"], "x=y");
        assert!(read("on").unwrap().is_none());
        assert_eq!(
            read("bad").unwrap_err().to_string(),
            "syntax error in service file \"f\", line 11: invalid connection option \"hots\"; did you mean \"host\"?"
        );
        let nested = section("[a]\nservice=b\n", "a", Path::new("f")).unwrap_err().to_string();
        assert_eq!(nested, "nested \"service\" specifications not supported in service file \"f\", line 2");
    }

    #[test]
    fn files_in_libpq_s_order() {
        let home = tempfile::tempdir().unwrap();
        let system = tempfile::tempdir().unwrap();
        fs::write(home.path().join(".pg_service.conf"), "[mine]\nhost=user\n").unwrap();
        fs::write(system.path().join("pg_service.conf"), "[mine]\nhost=system\n[all]\nhost=system\n").unwrap();
        let mut around = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
        around.variables.insert("PGSYSCONFDIR".into(), system.path().display().to_string());
        assert_eq!(parameters("mine", None, &around).unwrap()["host"], "user");
        assert_eq!(parameters("all", None, &around).unwrap()["host"], "system");
        let missing = parameters("none", None, &around).unwrap_err().to_string();
        assert_eq!(missing, "definition of service \"none\" not found");
        around.variables.insert("PGSERVICEFILE".into(), "/nowhere/f".into());
        let missing = parameters("mine", None, &around).unwrap_err().to_string();
        assert_eq!(missing, "service file \"/nowhere/f\" not found");
    }
}
