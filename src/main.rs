//! The program; see [`tinyhttpd::command`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tinyhttpd::command::run()
}
