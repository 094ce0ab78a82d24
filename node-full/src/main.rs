//! The `cairn` program.

fn main() -> std::process::ExitCode {
    cairn_node::cli::run()
}
