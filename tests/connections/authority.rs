//! Keys and certificates, made by openssl.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// Keys and certificates, made for one test.
pub struct Authority(tempfile::TempDir);

const RSA: &str = "rsa:2048";
const EC: &str = "ec -pkeyopt ec_paramgen_curve:P-256";

impl Authority {
    /// As PostgreSQL's manual has them made (Server Setup, "Creating Certificates").
    pub fn new() -> Self {
        let a = Self(tempfile::tempdir().unwrap());
        a.self_signed("root", "authority", RSA);
        a.self_signed("other", "another-authority", EC);
        a.self_signed("alone", "localhost", EC);
        a.signed("server", "localhost", RSA, "");
        a.signed("client", "tls_user", EC, "");
        fs::write(a.file("names"), "subjectAltName=DNS:localhost,DNS:*.wild.test,IP:127.0.0.1\n").unwrap();
        a.signed("named", "elsewhere", EC, " -extfile names");
        a
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A list that revokes a certificate.
    pub fn revoke(&self, name: &str) {
        let configuration = "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncertificate=root.crt\nprivate_key=root.key\n\
                             default_md=sha256\ndefault_crl_days=2\ncrlnumber=number\ncrl_extensions=e\n[e]\n\
                             authorityKeyIdentifier=keyid\n";
        fs::write(self.file("number"), "01\n").unwrap();
        fs::write(self.file("ca.conf"), configuration).unwrap();
        fs::write(self.file("index"), "").unwrap();
        self.openssl(&format!("ca -config ca.conf -revoke {name}.crt"));
        self.openssl("ca -config ca.conf -gencrl -out revoked.crl");
    }

    fn openssl(&self, arguments: &str) {
        let run = Command::new("openssl").args(arguments.split(' ')).current_dir(self.0.path()).output();
        let run = run
            .unwrap_or_else(|e| panic!("these tests need the program openssl (Debian: apt-get install openssl): {e}"));
        assert!(run.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&run.stderr));
    }

    fn self_signed(&self, name: &str, common: &str, key: &str) {
        let files = format!("-keyout {name}.key -out {name}.crt");
        self.openssl(&format!("req -new -x509 -days 2 -nodes -newkey {key} {files} -subj /CN={common}"));
    }

    /// Without extensions OpenSSL up to 3.1 makes a certificate of version 1.
    fn signed(&self, name: &str, common: &str, key: &str, extensions: &str) {
        let files = format!("-keyout {name}.key -out {name}.csr");
        self.openssl(&format!("req -new -nodes -newkey {key} {files} -subj /CN={common}"));
        let by = "-CA root.crt -CAkey root.key -CAcreateserial";
        self.openssl(&format!("x509 -req -in {name}.csr -days 2 {by} -out {name}.crt{extensions}"));
        fs::set_permissions(self.file(&format!("{name}.key")), fs::Permissions::from_mode(0o600)).unwrap();
    }
}
