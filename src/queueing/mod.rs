//! Queueing networks: pure solvers that know nothing of databases.
//!
//! Nothing here does I/O, reads a clock or draws hidden random numbers; each solver says whether
//! and why it stopped.
