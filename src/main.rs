//! The `predict` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    predict::cli::main(std::env::args_os()).into()
}
