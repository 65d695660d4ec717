//! Everything that needs a database: a scratch server, pgbench, and honest repetition.
//!
//! Nothing else in the crate starts a process or opens a connection. SQL goes through `psql`, load
//! through `pgbench`: both come with every PostgreSQL, and neither can fail in ways that a driver
//! of our own would.

pub mod binaries;
pub mod cluster;
pub mod error;
pub mod measure;
pub mod pgbench;
pub mod processor;

pub use binaries::Binaries;
pub use cluster::{Cluster, ClusterOptions};
pub use error::LiveError;
