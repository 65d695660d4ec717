//! Forecasts what a PostgreSQL database will do: TPS, latency, bottleneck.
//!
//! ```text
//! schema.sql ─► Schema ──┐
//! workload   ─► Workload ┼─► access ─► demand ─► model ─► queueing ─► forecast ─► render
//! machine    ─► Machine ─┘  (rows,     (µs, I/O,  (stations, (pure       (TPS,      (text, JSON,
//!                            pages)     locks)     classes)   solvers)    bottleneck) CSV ...)
//! ```
//!
//! Data flows one way. [`queueing`] knows nothing of PostgreSQL; [`sql`] and [`schema`] know nothing
//! of queues; [`render`] never computes; nothing but [`live`] needs a database.

#![warn(missing_docs)]

pub mod access;
pub mod cli;
pub mod demand;
pub mod diagnostic;
pub mod fit;
pub mod forecast;
pub mod live;
pub mod machine;
pub mod model;
pub mod queueing;
pub mod render;
pub mod schema;
pub mod sql;
pub mod units;
pub mod workload;
pub mod yaml;
