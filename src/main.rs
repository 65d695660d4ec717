//! The `predict` command.

use std::process::ExitCode;

/// What a forecast allocates is small and gone with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    predict::cli::main(std::env::args_os()).into()
}
