//! The `predict` command.

fn main() {}
