//! Whom a server's certificate must be from: nobody in particular, an authority of the user's, and with its name or
//! without.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use super::names::Names;

/// The certificates a chain must end at.
#[derive(Debug)]
pub(super) struct Trusted {
    /// Checks chains, and lists of what was revoked.
    pub chains: Arc<WebPkiServerVerifier>,
    /// The certificates themselves.
    pub roots: Vec<CertificateDer<'static>>,
    /// Whether anything may have been revoked.
    pub revocations: bool,
}

/// What of a certificate is verified.
#[derive(Debug)]
pub(super) struct Verifier {
    pub algorithms: WebPkiSupportedAlgorithms,
    /// Without it any certificate will do; the handshake's signature must be by its key all the same, or channel
    /// binding would bind to nothing.
    pub trusted: Option<Trusted>,
    /// The name that must be in it.
    pub name: Option<String>,
    /// Set when the server has come to show a certificate.
    pub handshake: Arc<AtomicBool>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.handshake.store(true, Ordering::Relaxed);
        if let Some(trusted) = &self.trusted {
            match trusted.chains.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                Ok(_) => {}
                // The chain is good: names come last, and are judged below.
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => {}
                Err(error) => trusted.directly(end_entity, now, error, &self.algorithms)?,
            }
        }
        if let Some(host) = &self.name {
            let names = Names::of(end_entity).ok_or(CertificateError::BadEncoding)?;
            if let Some(why) = names.mismatch(host) {
                return Err(Error::General(why));
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // By the key alone, because the certificate may be of a version that rustls does not read.
        let key = parsed(cert)?
            .tbs_certificate
            .subject_public_key_info
            .to_der()
            .map_err(|_| CertificateError::BadEncoding)?;
        verify_tls13_signature_with_raw_key(message, &SubjectPublicKeyInfoDer::from(key), dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl Trusted {
    /// Certificates as PostgreSQL's manual has them made, which rustls does not take and OpenSSL does: one that signed
    /// itself and is its own authority, and one of version 1. Accepted when it is in the list or signed directly by
    /// one that is; all other failures stay what they were.
    fn directly(
        &self,
        leaf: &CertificateDer<'_>,
        now: UnixTime,
        error: Error,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<(), Error> {
        let form =
            matches!(error, Error::InvalidCertificate(CertificateError::Other(_) | CertificateError::BadEncoding));
        if !form || self.revocations {
            return Err(error);
        }
        let certificate = parsed(leaf)?;
        let validity = &certificate.tbs_certificate.validity;
        if now.as_secs() < validity.not_before.to_unix_duration().as_secs() {
            return Err(CertificateError::NotValidYet.into());
        }
        if now.as_secs() > validity.not_after.to_unix_duration().as_secs() {
            return Err(CertificateError::Expired.into());
        }
        let signed = |root: &CertificateDer| {
            root.as_ref() == leaf.as_ref()
                || Certificate::from_der(root).is_ok_and(|root| is_signed_by(&certificate, &root, algorithms))
        };
        if self.roots.iter().any(signed) { Ok(()) } else { Err(error) }
    }
}

/// Whether `root` issued and signed `leaf`.
fn is_signed_by(leaf: &Certificate, root: &Certificate, algorithms: &WebPkiSupportedAlgorithms) -> bool {
    if leaf.tbs_certificate.issuer != root.tbs_certificate.subject {
        return false;
    }
    let key = &root.tbs_certificate.subject_public_key_info;
    let parts = (|| {
        let message = leaf.tbs_certificate.to_der().ok()?;
        Some((message, contents(&leaf.signature_algorithm)?, contents(&key.algorithm)?))
    })();
    let Some((message, signed_by, key_of)) = parts else { return false };
    algorithms.all.iter().any(|algorithm| {
        algorithm.signature_alg_id().as_ref() == signed_by
            && algorithm.public_key_alg_id().as_ref() == key_of
            && algorithm
                .verify_signature(key.subject_public_key.raw_bytes(), &message, leaf.signature.raw_bytes())
                .is_ok()
    })
}

/// What an algorithm's SEQUENCE holds, as rustls compares it; all of them are shorter than 128 bytes.
fn contents(algorithm: &impl Encode) -> Option<Vec<u8>> {
    let der = algorithm.to_der().ok()?;
    (der.len() < 128).then(|| der.get(2..).map(<[u8]>::to_vec)).flatten()
}

fn parsed(der: &CertificateDer<'_>) -> Result<Certificate, Error> {
    Certificate::from_der(der).map_err(|_| CertificateError::BadEncoding.into())
}
