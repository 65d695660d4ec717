//! Whether a server's certificate is for the host that was meant: libpq's rules, which let a certificate without
//! alternative names be known by its common name.

use std::net::IpAddr;

use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::oid::db::rfc4519::CN;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// The names in a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    dns: Vec<String>,
    addresses: Vec<IpAddr>,
    common: Option<String>,
}

impl Names {
    /// Of a certificate in DER.
    pub fn of(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?.tbs_certificate;
        let mut names = Self::default();
        if let Ok(Some((_, SubjectAltName(all)))) = certificate.get::<SubjectAltName>() {
            for name in all {
                match name {
                    GeneralName::DnsName(n) => names.dns.push(n.as_str().to_owned()),
                    GeneralName::IpAddress(octets) => names.addresses.extend(address(octets.as_bytes())),
                    _ => {}
                }
            }
        }
        let attributes = certificate.subject.0.iter().flat_map(|r| r.0.iter());
        let common = attributes.into_iter().find(|a| a.oid == CN);
        names.common = common.and_then(|a| String::from_utf8(a.value.value().to_vec()).ok());
        Some(names)
    }

    /// Why the certificate is not for `host`, in libpq's words.
    pub fn mismatch(&self, host: &str) -> Option<String> {
        let address: Option<IpAddr> = host.parse().ok();
        let by_address = address.is_some_and(|a| self.addresses.contains(&a));
        let by_name = |name: &String| matches(name, host);
        // The common name counts only where there is no alternative name of the host's own kind.
        let alternatives = if address.is_some() { !self.addresses.is_empty() } else { !self.dns.is_empty() };
        let by_common = !alternatives && self.common.as_ref().is_some_and(by_name);
        if by_address || by_common || self.dns.iter().any(by_name) {
            return None;
        }
        let addresses = self.addresses.iter().map(ToString::to_string);
        let mut names = self.dns.iter().cloned().chain(addresses).chain(self.common.clone().filter(|_| !alternatives));
        let Some(first) = names.next() else {
            return Some("could not get server's host name from server certificate".to_owned());
        };
        let others = match names.count() {
            0 => String::new(),
            1 => " (and 1 other name)".to_owned(),
            n => format!(" (and {n} other names)"),
        };
        Some(format!("server certificate for \"{first}\"{others} does not match host name \"{host}\""))
    }
}

/// An address as a certificate holds it.
fn address(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).ok().map(IpAddr::from);
    four.or_else(|| <[u8; 16]>::try_from(octets).ok().map(IpAddr::from))
}

/// A name, or a name whose first label is `*`: that stands for one label.
fn matches(name: &str, host: &str) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    match (name.strip_prefix("*."), host.split_once('.')) {
        (Some(domain), Some((label, rest))) => {
            !domain.is_empty() && !label.is_empty() && domain.eq_ignore_ascii_case(rest)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dns: &[&str], addresses: &[&str], common: Option<&str>) -> Names {
        Names {
            dns: dns.iter().map(|n| (*n).to_owned()).collect(),
            addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
            common: common.map(str::to_owned),
        }
    }

    /// The cases of PostgreSQL's own tests (src/test/ssl/t/001_ssltests.pl).
    #[test]
    fn alternative_names_come_before_the_common_one() {
        let ok = |n: &Names, host: &str| n.mismatch(host).is_none();
        let multi = names(&["dns1.alt-name.pg-ssltest.test", "*.wildcard.pg-ssltest.test"], &[], Some("common.test"));
        assert!(ok(&multi, "dns1.alt-name.pg-ssltest.test"));
        assert!(ok(&multi, "DNS1.Alt-Name.pg-ssltest.test"));
        assert!(ok(&multi, "foo.wildcard.pg-ssltest.test"));
        assert!(!ok(&multi, "deep.subdomain.wildcard.pg-ssltest.test"));
        assert!(!ok(&multi, ".wildcard.pg-ssltest.test"));
        assert!(!ok(&multi, "common.test"));
        assert!(ok(&names(&[], &[], Some("common.test")), "common.test"));
        assert!(ok(&names(&[], &["192.0.2.1"], None), "192.0.2.1"));
        assert!(ok(&names(&["x"], &[], Some("192.0.2.1")), "192.0.2.1"));
        assert!(!ok(&names(&[], &["192.0.2.2"], Some("192.0.2.1")), "192.0.2.1"));
        assert!(ok(&names(&[], &["2001:DB8::1"], None), "2001:db8::1"));
    }

    #[test]
    fn mismatches_in_libpq_s_words() {
        let text = |n: Names| n.mismatch("wronghost.test").unwrap();
        assert_eq!(
            text(names(&["a.test", "b.test", "c.test"], &[], None)),
            "server certificate for \"a.test\" (and 2 other names) does not match host name \"wronghost.test\""
        );
        assert_eq!(
            text(names(&[], &[], Some("common.test"))),
            "server certificate for \"common.test\" does not match host name \"wronghost.test\""
        );
        assert_eq!(text(names(&[], &[], None)), "could not get server's host name from server certificate");
    }
}
