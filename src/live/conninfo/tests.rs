//! The order of precedence, and what a child process gets.

use super::*;

fn around(variables: &[(&str, &str)]) -> Environment {
    let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Environment { variables, home: None, user: Some("me".into()) }
}

fn resolved(dbname: &str, variables: &[(&str, &str)]) -> Conninfo {
    Conninfo::resolve_in(&Typed { dbname: Some(dbname), ..Typed::default() }, &around(variables)).unwrap()
}

#[test]
fn defaults_are_libpq_s() {
    let c = resolved("", &[]);
    assert_eq!((c.get("user"), c.get("dbname"), c.get("port")), (Some("me"), Some("me"), Some("5432")));
    assert_eq!(c.get("host"), Some(socket_directory()));
    let c = resolved("user=you host=,b", &[]);
    assert_eq!(c.get("dbname"), Some("you"));
    assert_eq!(c.get("host"), Some(format!("{},b", socket_directory()).as_str()));
    assert_eq!(resolved("hostaddr=127.0.0.1", &[]).get("host"), None);
}

#[test]
fn string_then_option_then_service_then_environment() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("services");
    std::fs::write(&file, "[s]\nhost=of-service\nport=3\nuser=of-service\nsslmode=disable\n").unwrap();
    let file = file.display().to_string();
    let around = around(&[
        ("PGSERVICEFILE", &file),
        ("PGSERVICE", "s"),
        ("PGHOST", "of-environment"),
        ("PGSSLMODE", "require"),
        ("PGCONNECT_TIMEOUT", "4"),
    ]);
    let typed = Typed { dbname: Some("host=of-string"), host: Some("of-option"), port: Some("2"), ..Typed::default() };
    let c = Conninfo::resolve_in(&typed, &around).unwrap();
    assert_eq!(c.get("host"), Some("of-string"), "as in psql");
    assert_eq!((c.get("port"), c.get("user")), (Some("2"), Some("of-service")));
    assert_eq!((c.get("sslmode"), c.get("connect_timeout")), (Some("disable"), Some("4")));
    assert_eq!(c.get("service"), None, "its values are here already");
}

#[test]
fn an_empty_value_keeps_the_environment_away() {
    let c = resolved("host='' sslmode=''", &[("PGHOST", "elsewhere"), ("PGSSLMODE", "require")]);
    assert_eq!((c.get("host"), c.get("sslmode")), (Some(socket_directory()), None));
    assert_eq!(resolved("postgresql:///x", &[("PGHOST", "db")]).get("host"), Some("db"));
}

#[test]
fn weak_combinations_are_refused() {
    let message = |dbname: &str, variables: &[(&str, &str)]| {
        let typed = Typed { dbname: Some(dbname), ..Typed::default() };
        Conninfo::resolve_in(&typed, &around(variables)).unwrap_err().to_string()
    };
    assert_eq!(
        message("sslrootcert=system sslmode=require", &[]),
        "weak sslmode \"require\" may not be used with sslrootcert=system (use \"verify-full\")"
    );
    assert_eq!(resolved("sslrootcert=system", &[]).get("sslmode"), Some("verify-full"));
    assert!(message("sslnegotiation=direct", &[]).starts_with("weak sslmode \"prefer\" may not be used"));
    assert!(message("x=1", &[("PGSSLMODE", "no")]).starts_with("invalid connection option \"x\""));
    assert!(message("", &[("PGSSLMODE", "no")]).starts_with("invalid sslmode value: \"no\""));
    assert_eq!(message("port=1,2", &[]), "could not match 2 port numbers to 1 hosts");
}

#[test]
fn a_child_gets_the_same_place_and_nothing_else() {
    let uri = "postgresql://u:pw@a:1,b:2/d?sslmode=verify-ca&sslrootcert=/r&target_session_attrs=primary&load_balance_hosts=random";
    let c = resolved(uri, &[("PGOPTIONS", "-c geqo=off"), ("PGSERVICEFILE", "/f")]).with_database("other");
    let command = c.command("pgbench");
    let of = |name: &str| {
        command.get_envs().find(|(k, _)| *k == name).map(|(_, v)| v.map(|v| v.to_str().unwrap().to_owned()))
    };
    for (variable, value) in [
        ("PGHOST", "a,b"),
        ("PGPORT", "1,2"),
        ("PGUSER", "u"),
        ("PGPASSWORD", "pw"),
        ("PGDATABASE", "other"),
        ("PGSSLMODE", "verify-ca"),
        ("PGSSLROOTCERT", "/r"),
        ("PGOPTIONS", "-c geqo=off"),
        ("PGTARGETSESSIONATTRS", "primary"),
    ] {
        assert_eq!(of(variable), Some(Some(value.to_owned())), "{variable}");
    }
    for removed in ["PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGPASSFILE", "PGSSLCERT", "PGLOADBALANCEHOSTS"] {
        assert_eq!(of(removed), Some(None), "{removed}");
    }
    assert_eq!(command.get_args().count(), 0);
}

#[test]
fn a_socket_and_the_loopback_are_this_host() {
    let local = |text: &str| resolved(text, &[]).is_local();
    for here in ["", "host=/run/x", "host=localhost", "host=127.0.0.2", "host=::1", "host=db hostaddr=127.0.0.1"] {
        assert!(local(here), "{here}");
    }
    for elsewhere in ["host=db", "host=10.0.0.1", "host=localhost hostaddr=10.0.0.1", "host=localhost.example.org"] {
        assert!(!local(elsewhere), "{elsewhere}");
    }
}

#[test]
fn nothing_shows_a_password() {
    let c = resolved("host=h password=topsecret sslpassword=topsecret", &[]);
    let shown = format!("{c:?}");
    assert!(shown.contains("\"h\"") && !shown.contains("topsecret"), "{shown}");
}

#[test]
fn session_settings_of_the_environment() {
    let c = resolved("", &[("PGTZ", "Europe/Kyiv"), ("PGDATESTYLE", "ISO, DMY"), ("PGGEQO", "default")]);
    assert_eq!(c.session, "-c datestyle=ISO,\\ DMY -c timezone=Europe/Kyiv");
}
