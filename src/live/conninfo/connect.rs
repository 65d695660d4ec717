//! Connecting: which servers are tried, with and without TLS, and when the next one is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use postgres::config::{ChannelBinding, SslMode, SslNegotiation};
use postgres::{Client, Config};

use super::hosts::Endpoint;
use super::keywords::refuse;
use super::passfile::{Key, password};
use super::{Conninfo, message, tls};
use crate::live::LiveError;

/// Why a server was not the one.
enum Failure {
    /// The next address or server may do better.
    Next(String),
    /// libpq tries no other after this: the server is there and said no.
    Stop(String),
}

/// Tries one server of the list after the other.
pub(super) fn connect(info: &Conninfo) -> Result<(Client, Endpoint), LiveError> {
    let wanted = info.get("target_session_attrs").unwrap_or("any");
    // A standby where there is one, and else whatever there is.
    let rounds: &[&str] = if wanted == "prefer-standby" { &["standby", "any"] } else { &[wanted] };
    let mut failures: Vec<String> = Vec::new();
    for session in rounds {
        for named in Endpoint::list(&info.parameters)? {
            let addresses = match named.looked_up() {
                Ok(addresses) => addresses,
                Err(error) => {
                    failures.push(error.to_string());
                    continue;
                }
            };
            for endpoint in addresses {
                match attempt(info, &endpoint, session, &mut failures) {
                    Ok(client) => return Ok((client, endpoint)),
                    Err(Failure::Next(text)) => failures.push(text),
                    Err(Failure::Stop(text)) => {
                        failures.push(text);
                        return Err(refuse(failures.join("\n")));
                    }
                }
            }
        }
    }
    Err(refuse(failures.join("\n")))
}

/// One server by one address: with or without TLS first, as `sslmode` says.
fn attempt(info: &Conninfo, endpoint: &Endpoint, session: &str, failures: &mut Vec<String>) -> Result<Client, Failure> {
    let identity = endpoint.identity();
    let prefixed = |e: LiveError| Failure::Stop(format!("{identity}{e}"));
    let by_socket = endpoint.socket().is_some();
    // Over a socket there is no TLS, whatever is asked for.
    let (first, second) = match info.get("sslmode").unwrap_or("prefer") {
        _ if by_socket => (SslMode::Disable, None),
        "disable" => (SslMode::Disable, None),
        "allow" => (SslMode::Disable, Some(SslMode::Prefer)),
        "prefer" => (SslMode::Prefer, Some(SslMode::Disable)),
        _ => (SslMode::Require, None),
    };
    let (config, from_file) = config(info, endpoint);
    for mode in std::iter::once(first).chain(second) {
        let handshake = Arc::new(AtomicBool::new(false));
        let connector = tls::connector(info, endpoint, mode, &handshake).map_err(prefixed)?;
        let mut config = config.clone();
        config.ssl_mode(mode);
        let error = match within(info, config, connector) {
            Some(Ok(mut client)) => {
                return match mismatch(&mut client, session) {
                    None => Ok(client),
                    Some(why) => Err(Failure::Next(format!("{identity}{why}"))),
                };
            }
            Some(Err(error)) => error,
            None => return Err(Failure::Next(format!("{identity}timeout expired"))),
        };
        let mut text = format!("{identity}{}", message::words(&error, by_socket));
        if let Some(file) = from_file.as_ref().filter(|_| message::is_wrong_password(&error)) {
            text.push_str(&format!("\npassword retrieved from file \"{file}\""));
        }
        let otherwise = Some(mode) != second && second.is_some();
        let refused = message::is_refusal(&error);
        let tls_failed = message::is_tls(&error);
        let refused_over_tls = refused && handshake.load(Ordering::Relaxed);
        let worth_it = if mode == SslMode::Disable { refused } else { tls_failed || refused_over_tls };
        if otherwise && worth_it {
            failures.push(text);
            continue;
        }
        return Err(if message::is_unreachable(&error) { Failure::Next(text) } else { Failure::Stop(text) });
    }
    Err(Failure::Stop(identity))
}

/// Connects, for at most `connect_timeout` where that is given; `None` when the time is over.
///
/// The driver's own timeout ends with the socket's connection; libpq's covers the server's answers too. An attempt
/// given up is left to its thread.
fn within(info: &Conninfo, config: Config, connector: tls::Connector) -> Option<Result<Client, postgres::Error>> {
    let seconds = info.get("connect_timeout").and_then(|t| t.trim().parse::<u64>().ok()).filter(|s| *s > 0);
    let Some(seconds) = seconds else { return Some(config.connect(connector)) };
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Nobody listens any more after the time is over; the connection is then closed here.
        let _ = sender.send(config.connect(connector));
    });
    receiver.recv_timeout(Duration::from_secs(seconds)).ok()
}

/// The driver's parameters, and the password file when the password is from there.
fn config(info: &Conninfo, endpoint: &Endpoint) -> (Config, Option<String>) {
    let mut config = Config::new();
    if endpoint.host.is_empty() {
        config.host(&endpoint.address.map(|a| a.to_string()).unwrap_or_default());
    } else {
        config.host(&endpoint.host);
    }
    if let Some(address) = endpoint.address {
        config.hostaddr(address);
    }
    config.port(endpoint.port);
    let (user, dbname) = (info.get("user").unwrap_or_default(), info.get("dbname").unwrap_or_default());
    config.user(user).dbname(dbname);
    let name = info.get("application_name").or(info.get("fallback_application_name")).unwrap_or("predict");
    config.application_name(name);
    let options = [info.session.as_str(), info.get("options").unwrap_or_default()];
    let options = options.into_iter().filter(|o| !o.is_empty()).collect::<Vec<_>>().join(" ");
    if !options.is_empty() {
        config.options(&options);
    }
    config.channel_binding(match info.get("channel_binding") {
        Some("disable") => ChannelBinding::Disable,
        Some("require") => ChannelBinding::Require,
        _ => ChannelBinding::Prefer,
    });
    if info.get("sslnegotiation") == Some("direct") {
        config.ssl_negotiation(SslNegotiation::Direct);
    }
    keep_alive(info, &mut config);
    let mut from_file = None;
    if let Some(given) = info.get("password") {
        config.password(given);
    } else if let Some(file) = info.passfile() {
        let address = endpoint.address.map(|a| a.to_string()).unwrap_or_default();
        let host = if endpoint.host.is_empty() { &address } else { &endpoint.host };
        if let Some(found) = password(&file, &Key { host, port: &endpoint.port.to_string(), dbname, user }) {
            config.password(found);
            from_file = Some(file.display().to_string());
        }
    }
    (config, from_file)
}

fn keep_alive(info: &Conninfo, config: &mut Config) {
    let number = |keyword: &str| info.get(keyword).and_then(|v| v.trim().parse::<u32>().ok()).filter(|n| *n > 0);
    let seconds = |keyword: &str| number(keyword).map(|s| Duration::from_secs(s.into()));
    config.keepalives(info.get("keepalives") != Some("0"));
    if let Some(idle) = seconds("keepalives_idle") {
        config.keepalives_idle(idle);
    }
    if let Some(interval) = seconds("keepalives_interval") {
        config.keepalives_interval(interval);
    }
    if let Some(count) = number("keepalives_count") {
        config.keepalives_retries(count);
    }
    if let Some(ms) = number("tcp_user_timeout") {
        config.tcp_user_timeout(Duration::from_millis(ms.into()));
    }
}

/// Why the session is not what `target_session_attrs` asks for, in libpq's words.
fn mismatch(client: &mut Client, wanted: &str) -> Option<String> {
    let mut is = |question: &str, yes: &str| -> Result<bool, postgres::Error> {
        let answer = client.simple_query(question)?;
        let row = answer.iter().find_map(|m| match m {
            postgres::SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        Ok(row == Some(yes))
    };
    let read_only = "SHOW transaction_read_only";
    let standby = "SELECT pg_catalog.pg_is_in_recovery()";
    let (question, yes, expected, why) = match wanted {
        "read-write" => (read_only, "on", false, "session is read-only"),
        "read-only" => (read_only, "on", true, "session is not read-only"),
        "primary" => (standby, "t", false, "server is in hot standby mode"),
        "standby" => (standby, "t", true, "server is not in hot standby mode"),
        _ => return None,
    };
    match is(question, yes) {
        Ok(found) => (found != expected).then(|| why.to_owned()),
        Err(error) => Some(message::words(&error, false)),
    }
}
