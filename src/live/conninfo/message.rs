//! What went wrong while connecting, in libpq's words.

use std::error::Error;
use std::io::{self, ErrorKind};

use postgres::error::{DbError, SqlState};
use rustls::CertificateError;

/// What libpq says when the server hangs up.
const CLOSED: &str = "server closed the connection unexpectedly
\tThis probably means the server terminated abnormally
\tbefore or while processing the request.";

/// The text of an error, without the server's identity before it.
pub(super) fn words(error: &postgres::Error, by_socket: bool) -> String {
    if let Some(said) = error.as_db_error() {
        return server_words(said);
    }
    if error.is_closed() {
        return CLOSED.to_owned();
    }
    let io = io_error(error);
    if is_unreachable(error) {
        let hint = if by_socket {
            "Is the server running locally and accepting connections on that socket?"
        } else {
            "Is the server running on that host and accepting TCP/IP connections?"
        };
        return format!("{}\n\t{hint}", io.map(system_words).unwrap_or_default());
    }
    if let Some(tls) = rustls_error(error) {
        return tls_words(tls);
    }
    if let Some(io) = io {
        let hung_up = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
        return if hung_up.contains(&io.kind()) { CLOSED.to_owned() } else { system_words(io) };
    }
    match error.source().map(ToString::to_string).as_deref() {
        Some("password missing") => "fe_sendauth: no password supplied".to_owned(),
        Some("server does not support TLS") => "server does not support SSL, but SSL was required".to_owned(),
        Some("server did not use channel binding") => {
            "channel binding required, but server authenticated client without channel binding".to_owned()
        }
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Severity, message, detail and hint, as psql prints them.
fn server_words(said: &DbError) -> String {
    let mut text = format!("{}:  {}", said.severity(), said.message());
    if let Some(detail) = said.detail() {
        text.push_str(&format!("\nDETAIL:  {detail}"));
    }
    if let Some(hint) = said.hint() {
        text.push_str(&format!("\nHINT:  {hint}"));
    }
    text
}

/// Whether there is nobody at the address, so that the next one is to be tried.
pub(super) fn is_unreachable(error: &postgres::Error) -> bool {
    // The driver keeps the kind to itself; its text is all there is.
    error.to_string() == "error connecting to server" || error.code() == Some(&SqlState::CANNOT_CONNECT_NOW)
}

/// Whether the server refused this user by this kind of connection: with TLS, or without, it may be another matter.
pub(super) fn is_refusal(error: &postgres::Error) -> bool {
    let unknown_role = |e: &DbError| e.routine() == Some("InitializeSessionUserId");
    error.as_db_error().is_some_and(|e| e.code().code().starts_with("28") && !unknown_role(e))
}

/// Whether the password was wrong.
pub(super) fn is_wrong_password(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::INVALID_PASSWORD)
}

/// Whether TLS itself failed.
pub(super) fn is_tls(error: &postgres::Error) -> bool {
    error.to_string() == "error performing TLS handshake" || rustls_error(error).is_some()
}

fn io_error(error: &postgres::Error) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

fn rustls_error(error: &postgres::Error) -> Option<&rustls::Error> {
    io_error(error)?.get_ref()?.downcast_ref()
}

/// `strerror`: what the system said, without Rust's number after it.
fn system_words(error: &io::Error) -> String {
    let text = error.to_string();
    match (error.raw_os_error(), text.rfind(" (os error ")) {
        (Some(_), Some(at)) => text[..at].to_owned(),
        _ => text,
    }
}

fn tls_words(error: &rustls::Error) -> String {
    match error {
        // From the verifier, in libpq's words already.
        rustls::Error::General(words) => words.clone(),
        rustls::Error::InvalidCertificate(why) => {
            format!("SSL error: certificate verify failed ({})", certificate_words(why))
        }
        other => format!("SSL error: {other}"),
    }
}

/// OpenSSL's words for what is wrong with a certificate.
fn certificate_words(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => "unable to get local issuer certificate".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "certificate is not yet valid".to_owned()
        }
        CertificateError::Revoked => "certificate revoked".to_owned(),
        CertificateError::UnknownRevocationStatus => "unable to get certificate CRL".to_owned(),
        other => other.to_string(),
    }
}
