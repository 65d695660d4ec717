//! libpq's keywords, the environment variables that stand for them, and the values they take.

use crate::diagnostic::nearest;
use crate::live::LiveError;

/// Every keyword of libpq 18 with the variable that libpq reads for it, if there is one.
pub const KEYWORDS: [(&str, Option<&str>); 51] = [
    ("service", Some("PGSERVICE")),
    ("servicefile", None),
    ("user", Some("PGUSER")),
    ("password", Some("PGPASSWORD")),
    ("passfile", Some("PGPASSFILE")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("dbname", Some("PGDATABASE")),
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("port", Some("PGPORT")),
    ("client_encoding", Some("PGCLIENTENCODING")),
    ("options", Some("PGOPTIONS")),
    ("application_name", Some("PGAPPNAME")),
    ("fallback_application_name", None),
    ("keepalives", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    ("keepalives_count", None),
    ("tcp_user_timeout", None),
    ("sslmode", Some("PGSSLMODE")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("sslcompression", Some("PGSSLCOMPRESSION")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslcertmode", Some("PGSSLCERTMODE")),
    ("sslpassword", None),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslcrl", Some("PGSSLCRL")),
    ("sslcrldir", Some("PGSSLCRLDIR")),
    ("sslsni", Some("PGSSLSNI")),
    ("sslkeylogfile", None),
    ("requirepeer", Some("PGREQUIREPEER")),
    ("require_auth", Some("PGREQUIREAUTH")),
    ("min_protocol_version", Some("PGMINPROTOCOLVERSION")),
    ("max_protocol_version", Some("PGMAXPROTOCOLVERSION")),
    ("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION")),
    ("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION")),
    ("gssencmode", Some("PGGSSENCMODE")),
    ("krbsrvname", Some("PGKRBSRVNAME")),
    ("gsslib", Some("PGGSSLIB")),
    ("gssdelegation", Some("PGGSSDELEGATION")),
    ("replication", None),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
    ("scram_client_key", None),
    ("scram_server_key", None),
    ("oauth_issuer", None),
    ("oauth_client_id", None),
    ("oauth_client_secret", None),
    ("oauth_scope", None),
];

/// Keywords whose values never appear in a message.
pub const SECRET: [&str; 5] =
    ["password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"];

/// Session settings that libpq takes from the environment.
pub const SESSION_VARIABLES: [(&str, &str); 3] =
    [("PGDATESTYLE", "datestyle"), ("PGTZ", "timezone"), ("PGGEQO", "geqo")];

/// Values of the keywords that take one of a few.
const CHOICES: [(&str, &[&str]); 10] = [
    ("sslmode", &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]),
    ("sslnegotiation", &["postgres", "direct"]),
    ("sslcertmode", &["disable", "allow", "require"]),
    ("channel_binding", &["disable", "prefer", "require"]),
    ("gssencmode", &["disable", "prefer", "require"]),
    ("target_session_attrs", &["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]),
    ("load_balance_hosts", &["disable", "random"]),
    ("ssl_min_protocol_version", &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
    ("ssl_max_protocol_version", &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
    ("sslsni", &["0", "1"]),
];

/// Keywords that take a whole number.
const INTEGERS: [&str; 6] =
    ["connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"];

/// What has been asked for and cannot be had: ignoring it would connect where the user forbade it.
const REFUSED: [(&str, &str); 3] = [
    ("require_auth", "this program cannot restrict the authentication method"),
    ("requirepeer", "this program does not look at the owner of the server process"),
    ("sslcrldir", "this program reads one file of revoked certificates, given by sslcrl"),
];

/// A connection error in libpq's words.
pub(super) fn refuse(message: impl Into<String>) -> LiveError {
    LiveError::Connection { message: message.into() }
}

/// The keyword as it is stored, or libpq's message with the nearest name.
pub(super) fn known(keyword: &str) -> Result<&'static str, LiveError> {
    match KEYWORDS.iter().find(|(k, _)| *k == keyword) {
        Some((k, _)) => Ok(k),
        None => Err(refuse(format!("invalid connection option \"{keyword}\"{}", likely(keyword, names())))),
    }
}

/// All keywords.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().map(|(k, _)| *k)
}

/// "; did you mean ...", when a name is near.
pub(super) fn likely<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map(|n| format!("; did you mean \"{n}\"?")).unwrap_or_default()
}

/// Checks a value, given or by default; an empty one stands for the default.
pub(super) fn check(keyword: &str, value: &str) -> Result<(), LiveError> {
    if value.is_empty() {
        return Ok(());
    }
    if let Some((_, choices)) = CHOICES.iter().find(|(k, _)| *k == keyword)
        && !choices.contains(&value)
    {
        let expected = format!("expected one of {}", choices.join(", "));
        return Err(refuse(format!(
            "invalid {keyword} value: \"{value}\" ({expected}){}",
            likely(value, choices.iter().copied())
        )));
    }
    if INTEGERS.contains(&keyword) && value.trim().parse::<i32>().is_err() {
        return Err(refuse(format!("invalid integer value \"{value}\" for connection option \"{keyword}\"")));
    }
    if let Some((_, why)) = REFUSED.iter().find(|(k, _)| *k == keyword) {
        return Err(refuse(format!("failed to honour the connection option \"{keyword}\": {why}")));
    }
    if keyword == "gssencmode" && value == "require" {
        return Err(refuse("gssencmode value \"require\" invalid when GSSAPI support is not compiled in"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keywords_and_values_are_told_with_the_nearest() {
        assert_eq!(known("dbname").unwrap(), "dbname");
        let text = |e: LiveError| e.to_string();
        assert_eq!(text(known("hots").unwrap_err()), "invalid connection option \"hots\"; did you mean \"host\"?");
        assert_eq!(text(known("xyzzyxyzzy").unwrap_err()), "invalid connection option \"xyzzyxyzzy\"");
        assert!(
            text(check("sslmode", "verify_full").unwrap_err()).starts_with("invalid sslmode value: \"verify_full\"")
        );
        assert!(text(check("sslmode", "verify_full").unwrap_err()).ends_with("did you mean \"verify-full\"?"));
        assert_eq!(
            text(check("connect_timeout", "soon").unwrap_err()),
            "invalid integer value \"soon\" for connection option \"connect_timeout\""
        );
        assert!(check("connect_timeout", "10").is_ok() && check("sslmode", "").is_ok());
        assert!(text(check("require_auth", "scram-sha-256").unwrap_err()).contains("cannot restrict"));
    }
}
