//! The servers of a list: names, addresses and ports side by side.

use std::collections::BTreeMap;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::PathBuf;

use super::environment::is_socket;
use super::keywords::refuse;
use crate::live::LiveError;

/// One server of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Name, address or socket directory, as given; empty when only an address is given.
    pub host: String,
    /// The address to connect to, when it is given or has been looked up.
    pub address: Option<IpAddr>,
    /// Port, or the number in the name of the socket.
    pub port: u16,
}

/// Longest path of a socket (`sun_path`, the ending zero taken off).
const LONGEST_SOCKET: usize = 107;

impl Endpoint {
    /// All of them, in the order given.
    pub fn list(parameters: &BTreeMap<String, String>) -> Result<Vec<Self>, LiveError> {
        let items = |keyword: &str| parameters.get(keyword).map(|v| v.split(',').collect::<Vec<_>>());
        let (hosts, addresses) = (items("host"), items("hostaddr"));
        let ports = items("port").unwrap_or_else(|| vec![""]);
        let count = addresses.as_ref().or(hosts.as_ref()).map_or(1, Vec::len);
        if let (Some(hosts), Some(addresses)) = (&hosts, &addresses)
            && hosts.len() != addresses.len()
        {
            let (h, a) = (hosts.len(), addresses.len());
            return Err(refuse(format!("could not match {h} host names to {a} hostaddr values")));
        }
        if ports.len() != 1 && ports.len() != count {
            return Err(refuse(format!("could not match {} port numbers to {count} hosts", ports.len())));
        }
        (0..count)
            .map(|i| {
                let port = port(ports.get(i).or(ports.first()).copied().unwrap_or(""))?;
                let (host, address) = (item(hosts.as_deref(), i), item(addresses.as_deref(), i));
                let endpoint = Self { host: host.to_owned(), address: address_of(address)?, port };
                endpoint.check_socket()?;
                Ok(endpoint)
            })
            .collect()
    }

    /// The path of its socket, if it is reached by one.
    pub fn socket(&self) -> Option<PathBuf> {
        let by_socket = self.address.is_none() && is_socket(&self.host);
        by_socket.then(|| PathBuf::from(format!("{}/.s.PGSQL.{}", self.host, self.port)))
    }

    fn check_socket(&self) -> Result<(), LiveError> {
        let Some(path) = self.socket() else { return Ok(()) };
        if self.host.starts_with('@') {
            return Err(refuse(format!(
                "failed to use host \"{}\": sockets in the abstract namespace are not supported",
                self.host
            )));
        }
        if path.as_os_str().len() > LONGEST_SOCKET {
            return Err(refuse(format!(
                "Unix-domain socket path \"{}\" is too long (maximum {LONGEST_SOCKET} bytes)",
                path.display()
            )));
        }
        Ok(())
    }

    /// The same server by each of its addresses; by its socket, when it has one.
    pub fn looked_up(&self) -> Result<Vec<Self>, LiveError> {
        if self.address.is_some() || self.socket().is_some() {
            return Ok(vec![self.clone()]);
        }
        let unknown = |why: &str| refuse(format!("could not translate host name \"{}\" to address: {why}", self.host));
        let found = (self.host.as_str(), self.port).to_socket_addrs().map_err(|e| {
            let text = e.to_string();
            unknown(text.strip_prefix("failed to lookup address information: ").unwrap_or(&text))
        })?;
        let mut all: Vec<Self> = Vec::new();
        for address in found.map(|a| a.ip()) {
            if all.iter().all(|e| e.address != Some(address)) {
                all.push(Self { address: Some(address), ..self.clone() });
            }
        }
        if all.is_empty() { Err(unknown("Name or service not known")) } else { Ok(all) }
    }

    /// How libpq begins every message about a server.
    pub fn identity(&self) -> String {
        if let Some(socket) = self.socket() {
            return format!("connection to server on socket \"{}\" failed: ", socket.display());
        }
        let address = self.address.map(|a| a.to_string()).unwrap_or_default();
        let port = self.port;
        if self.host.is_empty() || self.host == address {
            format!("connection to server at \"{address}\", port {port} failed: ")
        } else {
            format!("connection to server at \"{}\" ({address}), port {port} failed: ", self.host)
        }
    }
}

/// An item of a list; nothing where there is no list.
fn item<'a>(list: Option<&[&'a str]>, i: usize) -> &'a str {
    list.and_then(|l| l.get(i).copied()).unwrap_or("")
}

fn address_of(text: &str) -> Result<Option<IpAddr>, LiveError> {
    if text.is_empty() {
        return Ok(None);
    }
    let refused = |_| refuse(format!("could not parse network address \"{text}\": Name or service not known"));
    text.parse().map(Some).map_err(refused)
}

fn port(text: &str) -> Result<u16, LiveError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(5432);
    }
    let number: i32 =
        text.parse().map_err(|_| refuse(format!("invalid integer value \"{text}\" for connection option \"port\"")))?;
    let port = u16::try_from(number).ok().filter(|p| *p > 0);
    port.ok_or_else(|| refuse(format!("invalid port number: \"{text}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(of: &[(&str, &str)]) -> Result<Vec<Endpoint>, LiveError> {
        Endpoint::list(&of.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn lists_side_by_side() {
        let all = list(&[("host", "a,/run/x,c"), ("port", "1,,3")]).unwrap();
        assert_eq!(all.iter().map(|e| e.port).collect::<Vec<_>>(), [1, 5432, 3]);
        assert_eq!(all[1].socket().unwrap(), PathBuf::from("/run/x/.s.PGSQL.5432"));
        let one = list(&[("host", "a,b"), ("port", "7")]).unwrap();
        assert_eq!((one[0].port, one[1].port), (7, 7));
        let addressed = list(&[("host", "name"), ("hostaddr", "127.0.0.1")]).unwrap();
        assert_eq!(addressed[0].identity(), "connection to server at \"name\" (127.0.0.1), port 5432 failed: ");
        let alone = list(&[("hostaddr", "::1")]).unwrap();
        assert_eq!(alone[0].identity(), "connection to server at \"::1\", port 5432 failed: ");
    }

    #[test]
    fn mistakes_in_libpq_s_words() {
        let message = |of: &[(&str, &str)]| list(of).unwrap_err().to_string();
        assert_eq!(message(&[("host", "a,b"), ("port", "1,2,3")]), "could not match 3 port numbers to 2 hosts");
        assert_eq!(
            message(&[("host", "a,b"), ("hostaddr", "::1")]),
            "could not match 2 host names to 1 hostaddr values"
        );
        assert_eq!(message(&[("port", "70000")]), "invalid port number: \"70000\"");
        assert_eq!(message(&[("port", "x")]), "invalid integer value \"x\" for connection option \"port\"");
        assert_eq!(
            message(&[("hostaddr", "localhost")]),
            "could not parse network address \"localhost\": Name or service not known"
        );
        assert!(message(&[("host", &format!("/{}", "d".repeat(120)))]).contains("is too long (maximum 107 bytes)"));
        let unknown = list(&[("host", "no-such-host.invalid")]).unwrap()[0].looked_up().unwrap_err().to_string();
        assert!(
            unknown.starts_with("could not translate host name \"no-such-host.invalid\" to address: "),
            "{unknown}"
        );
    }
}
