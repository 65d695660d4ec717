//! TLS as `sslmode` and its relatives ask for it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use postgres::config::SslMode;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Conninfo;
use super::hosts::Endpoint;
use super::keywords::refuse;
use super::verifier::{Trusted, Verifier};
use crate::live::LiveError;

/// What the driver takes.
pub(super) type Connector = MakeRustlsConnect;

/// Where systems keep the authorities that everybody trusts.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// TLS for one server. Without any (a socket, `sslmode=disable`) no file is read, so that none can be missing.
pub(super) fn connector(
    info: &Conninfo,
    endpoint: &Endpoint,
    mode: SslMode,
    handshake: &Arc<AtomicBool>,
) -> Result<Connector, LiveError> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let asked = info.get("sslmode").unwrap_or("prefer");
    let used = mode != SslMode::Disable;
    let trusted = if used { trusted(info, asked)? } else { None };
    let name = (asked == "verify-full" && used).then(|| endpoint.host.clone());
    if name.as_ref().is_some_and(String::is_empty) {
        return Err(refuse("host name must be specified for a verified SSL connection"));
    }
    let verifier = Verifier { algorithms, trusted, name, handshake: Arc::clone(handshake) };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(info)?)
        .map_err(|e| refuse(format!("SSL error: {e}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match if used { identity(info)? } else { None } {
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|e| refuse(format!("could not load private key file: {e}")))?,
        None => builder.with_no_client_auth(),
    };
    config.enable_sni = info.get("sslsni") != Some("0");
    if info.get("sslnegotiation") == Some("direct") {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}

/// The authorities. As in libpq, a file that is there is used even where `sslmode` does not ask for it.
fn trusted(info: &Conninfo, asked: &str) -> Result<Option<Trusted>, LiveError> {
    let system = info.get("sslrootcert") == Some("system");
    let given = info.get("sslrootcert").map(PathBuf::from);
    let file = match given {
        Some(_) if system => SYSTEM_ROOTS.iter().map(PathBuf::from).find(|f| f.exists()),
        Some(file) => Some(file),
        None => info.of_home("root.crt"),
    };
    let Some(file) = file.filter(|f| f.exists()) else {
        if !asked.starts_with("verify") {
            return Ok(None);
        }
        let looked_for = match info.get("sslrootcert").map(PathBuf::from).or_else(|| info.of_home("root.crt")) {
            Some(_) if system => {
                return Err(refuse("could not load system root certificate paths: no file of them is here"));
            }
            Some(file) => file.display().to_string(),
            None => return Err(refuse("could not get home directory to locate root certificate file")),
        };
        return Err(refuse(format!(
            "root certificate file \"{looked_for}\" does not exist\nEither provide the file, use the system's trusted \
             roots with sslrootcert=system, or change sslmode to disable server certificate verification."
        )));
    };
    let unreadable =
        |why: String| refuse(format!("could not read root certificate file \"{}\": {why}", file.display()));
    let roots = certificates(&file).map_err(unreadable)?;
    let mut store = RootCertStore::empty();
    if store.add_parsable_certificates(roots.iter().cloned()).0 == 0 {
        return Err(unreadable("no certificate in it can be read".to_owned()));
    }
    let revoked = revoked(info)?;
    let revocations = !revoked.is_empty();
    let provider = Arc::new(ring::default_provider());
    let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
        .with_crls(revoked)
        .build()
        .map_err(|e| unreadable(e.to_string()))?;
    Ok(Some(Trusted { chains, roots, revocations }))
}

/// Lists of revoked certificates: `sslcrl`, or the user's own file. As in libpq, one that is missing is no error.
fn revoked(info: &Conninfo) -> Result<Vec<CertificateRevocationListDer<'static>>, LiveError> {
    let file = info.get("sslcrl").map(PathBuf::from).or_else(|| info.of_home("root.crl"));
    let Some(file) = file.filter(|f| f.exists()) else { return Ok(Vec::new()) };
    let unreadable =
        |why: String| refuse(format!("could not read certificate revocation list \"{}\": {why}", file.display()));
    let all = CertificateRevocationListDer::pem_file_iter(&file).map_err(|e| unreadable(e.to_string()))?;
    all.collect::<Result<_, _>>().map_err(|e| unreadable(e.to_string()))
}

/// The client's own certificate and key, where there is one.
fn identity(info: &Conninfo) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, LiveError> {
    if info.get("sslcertmode") == Some("disable") {
        return Ok(None);
    }
    let file = info.get("sslcert").map(PathBuf::from).or_else(|| info.of_home("postgresql.crt"));
    let Some(file) = file.filter(|f| f.exists()) else { return Ok(None) };
    let chain = certificates(&file)
        .map_err(|why| refuse(format!("could not read certificate file \"{}\": {why}", file.display())))?;
    let key = info.get("sslkey").map(PathBuf::from).or_else(|| info.of_home("postgresql.key")).unwrap_or_default();
    private_key(&key).map(|key| Some((chain, key)))
}

/// The key in a file that nobody else may read.
fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, LiveError> {
    let shown = file.display();
    let Ok(found) = fs::metadata(file) else {
        return Err(refuse(format!("certificate present, but not private key file \"{shown}\"")));
    };
    if !found.is_file() {
        return Err(refuse(format!("private key file \"{shown}\" is not a regular file")));
    }
    let forbidden = if found.uid() == 0 { 0o037 } else { 0o077 };
    if found.mode() & forbidden != 0 {
        return Err(refuse(format!(
            "private key file \"{shown}\" has group or world access; file must have permissions u=rw (0600) or less if \
             owned by the current user, or permissions u=rw,g=r (0640) or less if owned by root"
        )));
    }
    let unreadable = |why: String| refuse(format!("could not load private key file \"{shown}\": {why}"));
    let pem = fs::read(file).map_err(|e| unreadable(e.to_string()))?;
    if String::from_utf8_lossy(&pem).contains("ENCRYPTED") {
        return Err(unreadable(
            "it is encrypted, which this program cannot read; `openssl pkey -in FILE -out PLAIN` takes the password off"
                .to_owned(),
        ));
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|e| unreadable(e.to_string()))
}

/// All certificates of a PEM file; at least one.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_file_iter(file).map_err(|e| e.to_string())?;
    let all: Vec<_> = all.collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    if all.is_empty() { Err("no certificate in it".to_owned()) } else { Ok(all) }
}

/// The versions of TLS that the parameters leave, of those that rustls speaks.
fn versions(info: &Conninfo) -> Result<Vec<&'static SupportedProtocolVersion>, LiveError> {
    let order = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    let place = |name: &str| order.iter().position(|o| *o == name);
    let lowest = info.get("ssl_min_protocol_version").and_then(place).unwrap_or(2);
    let highest = info.get("ssl_max_protocol_version").and_then(place).unwrap_or(3);
    let spoken = [(2, &version::TLS12), (3, &version::TLS13)];
    let left: Vec<_> = spoken.into_iter().filter(|(v, _)| (lowest..=highest).contains(v)).map(|(_, v)| v).collect();
    if left.is_empty() {
        return Err(refuse(
            "invalid SSL protocol version range: of the versions allowed this program speaks none (it speaks TLSv1.2 and TLSv1.3)",
        ));
    }
    Ok(left)
}
