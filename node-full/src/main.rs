//! The `cairn` program.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    cairn_node::cli::run()
}
