//! Where a server is seen from, and where on it the measurements take place.

/// Where the load generator runs, as the server sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Location {
    /// On the server's own cores, or some of them.
    SameCores,
    /// On the server's host, on cores that the server does not use.
    OtherCores,
    /// On another host: the server's processes cannot be looked at.
    OtherHost,
}

/// What the parts of a calibration have to know of the server and of each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The scratch schema; sessions get it as their `search_path`.
    pub schema: String,
    /// Where the load generator runs.
    pub location: Location,
    /// The server's cores; a fraction is a quota.
    pub cores: f64,
    /// The load generator's cores, where they are not the server's.
    pub client_cores: Option<f64>,
    /// The server's major version.
    pub version: u32,
}
