//! Connections to a real server, over its socket and over TLS. What libpq does is asked of libpq: each case is also
//! run by psql, and psql's answer, whether rows or an error, is the one expected.
#![cfg(feature = "live")]

mod authority;
mod place;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use place::{Place, WHO, outcome};
use predict::live::conninfo::environment::Environment;
use predict::live::conninfo::{Conninfo, Typed};

#[test]
fn strings_and_their_mistakes_mean_what_they_mean_to_psql() {
    let Some(place) = Place::new() else { return };
    let socket = place.cluster.socket().display().to_string();
    let port = place.port.to_string();
    let around = [("PGHOST", socket.as_str()), ("PGPORT", port.as_str()), ("PGUSER", "postgres")];
    for good in ["postgres", "dbname=postgres", "postgresql:///template1", "user='postgres' dbname = template1", ""] {
        let found = place.same(good, &around);
        assert!(found.starts_with("postgres|"), "{found}");
    }
    let encoded =
        format!("postgresql://postgres@{}:{port}/postgres?options=-c%20geqo%3Doff", socket.replace('/', "%2F"));
    assert_eq!(place.same(&encoded, &[("PGTZ", "Asia/Tokyo")]), "postgres|postgres|f|off|Asia/Tokyo");
    for wrong in [
        "hots=x",
        "host",
        "host='x",
        "port=99999",
        "port=1,2",
        "host=a,b hostaddr=127.0.0.1",
        "postgresql://[::1",
        "postgresql://[]",
        "postgresql://h?user",
        "postgresql://h?user=a=b",
        "postgresql://h?zzzzzzzzzz=b",
        "postgresql://%zz",
        "postgresql://h%00",
        "dbname=nothing_here",
        "user=nobody_here",
        "host=/nowhere/at/all",
        "gssencmode=disable host=127.0.0.1 port=1",
        "gssencmode=disable host=localhost hostaddr=127.0.0.1 port=1",
        "gssencmode=disable host=127.0.0.1,/nowhere port=1,2",
        "service=none",
        "host=no-such-host.invalid",
        "hostaddr=localhost",
    ] {
        let (found, expected) = place.both(wrong, &around);
        // The nearest name is ours; the rest is libpq's.
        let found = found.split("; did you mean").next().unwrap();
        assert_eq!(found, expected, "{wrong}");
    }
}

#[test]
fn lists_of_servers() {
    let Some(place) = Place::new() else { return };
    let (socket, port) = (place.cluster.socket().display().to_string(), place.port.to_string());
    let base = format!("dbname=postgres user=postgres gssencmode=disable port=1,{port}");
    for attributes in ["any", "read-write", "primary", "prefer-standby"] {
        place.same(&format!("{base} host=127.0.0.1,{socket} target_session_attrs={attributes}"), &[]);
    }
    for attributes in ["standby", "read-only"] {
        let found = place.same(&format!("{base} host=/nowhere,{socket} target_session_attrs={attributes}"), &[]);
        assert!(found.contains("is not"), "{found}");
    }
    let typed = format!("{base} host=/nowhere,{socket}");
    let list =
        Conninfo::resolve_in(&Typed { dbname: Some(&typed), ..Typed::default() }, &Environment::default()).unwrap();
    let (_, one) = list.connect_to_one().unwrap();
    assert_eq!((one.get("host"), one.get("port")), (Some(socket.as_str()), Some(port.as_str())));
    assert!(one.connect().is_ok());
}

#[test]
fn a_server_that_does_not_answer_is_given_up_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let typed = format!("host=127.0.0.1 port={port} user=x connect_timeout=2");
    let start = std::time::Instant::now();
    let found = outcome(&typed, &Environment::default());
    assert_eq!(found, format!("connection to server at \"127.0.0.1\", port {port} failed: timeout expired"));
    assert!(start.elapsed().as_secs() < 10);
}

#[test]
fn passwords() {
    let Some(place) = Place::new() else { return };
    let at = format!("host=localhost hostaddr=127.0.0.1 port={} dbname=postgres gssencmode=disable", place.port);
    let missing = place.same(&format!("{at} user=slow"), &[]);
    assert!(missing.ends_with("fe_sendauth: no password supplied"), "{missing}");
    for mode in ["disable", "allow", "prefer", "require"] {
        let wrong = place.same(&format!("{at} user=slow password=wrong sslmode={mode}"), &[]);
        assert!(wrong.contains("FATAL:  password authentication failed for user \"slow\""), "{wrong}");
        place.same(&format!(r"{at} user=slow password='sc\'ram' sslmode={mode}"), &[]);
        place.same(&format!("{at} user=md5 sslmode={mode}"), &[("PGPASSWORD", "five")]);
    }
    place.home_file(".pgpass", format!("# ours\nlocalhost:{}:*:tls_only:pa\\:ss\n*:*:*:slow:wrong\n", place.port));
    assert_eq!(
        place.same(&format!("{at} user=tls_only"), &[]),
        "tls_only|postgres|t|on|GMT".replace("GMT", &zone(&place))
    );
    let wrong = place.same(&format!("{at} user=slow"), &[]);
    assert!(wrong.contains("password retrieved from file"), "{wrong}");

    let open = place.home.path().join(".pgpass");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let (found, expected) = place.both(&format!("{at} user=tls_only"), &[]);
    let ignored = "has group or world access; permissions should be u=rw (0600) or less";
    assert!(expected.contains(ignored), "{expected}");
    assert!(expected.ends_with(&found), "{found}\n{expected}");
    let around = Environment { home: Some(place.home.path().to_owned()), ..Environment::default() };
    let typed = Typed { dbname: Some("user=tls_only"), ..Typed::default() };
    let warnings = Conninfo::resolve_in(&typed, &around).unwrap().warnings();
    assert!(warnings.len() == 1 && warnings[0].ends_with(ignored), "{warnings:?}");
}

fn zone(place: &Place) -> String {
    place.cluster.sql("postgres", "SHOW TimeZone").unwrap().trim().to_owned()
}

#[test]
fn tls_as_sslmode_asks() {
    let Some(place) = Place::new() else { return };
    let ca = |name: &str| place.authority.file(name).display().to_string();
    let at = |host: &str, more: &str| {
        format!("host={host} hostaddr=127.0.0.1 port={} dbname=postgres gssencmode=disable {more}", place.port)
    };
    // Which of the modes end up with TLS, and which are refused, is the server's rules' to say, and psql's.
    for user in ["open", "plain_only"] {
        for mode in ["disable", "allow", "prefer", "require"] {
            place.same(&at("localhost", &format!("user={user} sslmode={mode}")), &[]);
        }
    }
    let missing = place.both(&at("localhost", "user=open sslmode=verify-ca"), &[]);
    let first = |s: &str| s.lines().next().unwrap_or_default().to_owned();
    assert_eq!(first(&missing.0), first(&missing.1));

    let verify = |host: &str, mode: &str, root: &str| {
        place.both(&at(host, &format!("user=open sslmode={mode} sslrootcert={}", ca(root))), &[])
    };
    for certificate in ["server", "alone"] {
        place.show(certificate);
        let root = if certificate == "alone" { "alone.crt" } else { "root.crt" };
        for (host, mode) in [("localhost", "verify-ca"), ("elsewhere", "verify-ca"), ("localhost", "verify-full")] {
            let (found, expected) = verify(host, mode, root);
            assert!(found.starts_with("open|postgres|t|"), "{certificate} {mode}: {found}");
            assert_eq!(found, expected);
        }
        let (found, expected) = verify("elsewhere", "verify-full", root);
        assert!(
            found.contains("server certificate for \"localhost\" does not match host name \"elsewhere\""),
            "{found}"
        );
        assert_eq!(found, expected);
        for mode in ["require", "verify-ca", "verify-full"] {
            let (found, expected) = verify("localhost", mode, "other.crt");
            assert!(found.contains("SSL error: certificate verify failed"), "{mode}: {found}");
            assert!(found.starts_with(&expected), "{found} {expected}");
        }
    }
    place.show("named");
    for (host, mode) in [
        ("localhost", "verify-full"),
        ("a.wild.test", "verify-full"),
        ("127.0.0.1", "verify-full"),
        ("elsewhere", "verify-ca"),
        ("elsewhere", "verify-full"),
        ("a.b.wild.test", "verify-full"),
    ] {
        let (found, expected) = verify(host, mode, "root.crt");
        assert_eq!(found, expected, "{host} {mode}");
    }
    place.authority.revoke("named");
    let revoked = format!("user=open sslmode=verify-ca sslrootcert={} sslcrl={}", ca("root.crt"), ca("revoked.crl"));
    let (found, expected) = place.both(&at("localhost", &revoked), &[]);
    assert!(found.ends_with("certificate verify failed (certificate revoked)"), "{found}");
    assert!(found.starts_with(&expected), "{expected}");

    place.show("server");
    place.home_file(".postgresql/root.crt", fs::read(ca("other.crt")).unwrap());
    let (found, expected) = place.both(&at("localhost", "user=open sslmode=require"), &[]);
    assert!(found.contains("certificate verify failed") && expected.contains("certificate verify failed"), "{found}");
    place.home_file(".postgresql/root.crt", fs::read(ca("root.crt")).unwrap());
    assert!(place.same(&at("localhost", "user=open sslmode=verify-full"), &[]).starts_with("open|"));
}

#[test]
fn client_certificates_and_channel_binding() {
    let Some(place) = Place::new() else { return };
    let file = |name: &str| place.authority.file(name).display().to_string();
    let at = format!("host=localhost hostaddr=127.0.0.1 port={} dbname=postgres gssencmode=disable", place.port);
    let refused = place.same(&format!("{at} user=tls_user sslmode=require"), &[]);
    assert!(refused.contains("connection requires a valid client certificate"), "{refused}");
    let (cert, key) = (file("client.crt"), file("client.key"));
    let with = format!("{at} user=tls_user sslmode=require sslcert={cert} sslkey={key}");
    assert!(place.same(&with, &[]).starts_with("tls_user|postgres|t|"));
    let by_environment = [("PGSSLCERT", cert.as_str()), ("PGSSLKEY", key.as_str())];
    assert!(place.same(&format!("{at} user=tls_user"), &by_environment).starts_with("tls_user|"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let (found, expected) = place.both(&with, &[]);
    let start =
        |s: &str| s.split("; file must").next().unwrap_or_default().split('\n').next().unwrap_or_default().to_owned();
    assert_eq!(start(&found), start(&expected));

    let scram = format!("{at} user=slow password='sc\\'ram'");
    assert!(place.same(&format!("{scram} sslmode=require channel_binding=require"), &[]).starts_with("slow|"));
    assert!(place.same(&format!("{scram} sslmode=require channel_binding=disable"), &[]).starts_with("slow|"));
    let (found, expected) = place.both(&format!("{scram} sslmode=disable channel_binding=require"), &[]);
    assert!(found.contains("channel binding") && expected.contains("channel binding"), "{found} {expected}");
}

#[test]
fn a_child_connects_to_the_same_place() {
    let Some(place) = Place::new() else { return };
    let root = place.authority.file("root.crt").display().to_string();
    place.home_file(".pgpass", "*:*:*:tls_only:pa\\:ss\n");
    place.home_file(
        "services",
        format!("[s]\nhost=localhost\nhostaddr=127.0.0.1\nport={}\nuser=tls_only\nsslmode=verify-full\nsslrootcert={root}\n", place.port),
    );
    let services = place.home.path().join("services").display().to_string();
    let variables = [("PGSERVICEFILE", services.as_str()), ("PGOPTIONS", "-c geqo=off")];
    let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let around = Environment { variables, home: Some(place.home.path().to_owned()), user: Some("me".into()) };
    let typed = Typed { dbname: Some("service=s dbname=postgres"), ..Typed::default() };
    let conninfo = Conninfo::resolve_in(&typed, &around).unwrap();
    let mut psql = conninfo.command(Path::new(&place.cluster.binaries().psql));
    let output = psql.env("HOME", place.home.path()).args(["-X", "-A", "-t", "-c", WHO]).output().unwrap();
    let child = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(child.starts_with("tls_only|postgres|t|off|"), "{child} {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(outcome("service=s dbname=postgres", &around), child);
}
