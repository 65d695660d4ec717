//! Everything that needs a database: a scratch server, pgbench, and honest repetition.
//!
//! Nothing else in the crate starts a process or opens a connection. Load goes through `pgbench`, which comes with
//! every PostgreSQL; SQL to a scratch cluster through `psql`, to a server that is there through a driver (feature
//! `live`), by libpq's rules.

#[cfg(feature = "live")]
pub mod backend;
pub mod binaries;
#[cfg(feature = "live")]
pub mod calibrate;
pub mod cluster;
#[cfg(feature = "live")]
pub mod conninfo;
pub mod cpu;
pub mod error;
#[cfg(feature = "live")]
pub mod fill;
#[cfg(feature = "live")]
pub mod import;
#[cfg(feature = "live")]
pub mod interrupt;
pub mod measure;
pub mod pgbench;
pub mod processor;
#[cfg(feature = "live")]
pub mod server;
pub mod target;
#[cfg(feature = "live")]
pub mod validate;
mod warmup;

pub use binaries::Binaries;
pub use cluster::{Cluster, ClusterOptions, Loopback};
#[cfg(feature = "live")]
pub use conninfo::Conninfo;
pub use error::LiveError;
#[cfg(feature = "live")]
pub use server::Server;
pub use target::Target;
