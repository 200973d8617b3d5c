//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    hansho::edges::cli::run()
}
