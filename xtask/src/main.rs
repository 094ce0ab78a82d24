//! The tasks of this repository, run as `cargo xtask`: build it, look at it, test it.
#![forbid(unsafe_code)]

mod apt;
mod browser;
mod build;
mod ceph;
mod demo;
mod finality;
mod fuzz;
mod kill9;
mod modules;
mod mutate;
mod notes;
mod npm;
mod package;
mod postgres;
mod say;
mod schemathesis;
mod sim;
mod site;
mod size;
mod soak;
mod steps;
mod test;
mod tools;
mod traps;
mod vectors;
mod wasm;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  cargo xtask demo                      build everything and open a log to look at
  cargo xtask demo --from events.jsonl  the same with your own events
  cargo xtask test                      all that must pass before a change is merged
  cargo xtask test --only fmt clippy    two of its steps
  cargo xtask build ui                  the page only, into target/ui
  cargo xtask npm --matrix              pack the npm package and try it in every runtime
  cargo xtask bench-wasm                the npm package's verifier beside other libraries
  cargo xtask bench-finality --peer DIR  four validators beside those of a checkout of Malachite
  cargo xtask fuzz --seconds 60         a minute of hostile bytes for each decoder and check
  cargo xtask mutate --only tree pcek   break these modules one place at a time: do tests notice?
  cargo xtask kill9 --rounds 100        kill the node a hundred times: nothing acknowledged is lost
  cargo xtask kill9 --validators 4 --rounds 24  kill one process after the other of a network of four
  cargo xtask sim --seeds 0..300        many validators in one process, with faults and villains
  cargo xtask sim --finality --validators 100  how long a hundred of them take, in simulated time
  cargo xtask ceph                      a real S3 store on this machine, to publish a log to
  cargo xtask kill9 --power --broken all  leave syncs out, one class at a time: is it noticed?
  cargo xtask size                      bytes of the page and the npm package, compressed
  cargo xtask vectors --rfc6962 DIR     the standard tree against the vectors of others";

const MUTATE_EXAMPLES: &str = "\
Examples:
  cargo xtask mutate --list                  every place that would be broken
  cargo xtask mutate --only tree             break the tree's code; some minutes
  cargo xtask mutate --jobs 4                everything, in four copies

A mutant that survives needs a test, or an entry in verifier/mutants.txt that says why none can
tell it from the code.";

const NPM_EXAMPLES: &str = "\
Examples:
  cargo xtask npm                        build and pack, into target/npm
  cargo xtask npm --matrix               try the tarball in Node, Deno, Bun, workerd and bundlers
  cargo xtask npm --matrix all           in Next too
  cargo xtask npm --reproduce            two clean checkouts must give the same bytes, the page's too
  cargo xtask npm --notes                print the digests that the notes of a release have";

const FUZZ_EXAMPLES: &str = "\
Needs nightly Rust and a C++ compiler. Every target runs for all of --seconds. What a run finds stays
in target/fuzz-corpus for the next one; an input that breaks a promise goes to tests/fuzz/regressions,
to be committed with what mends it, and the exit code is 1.

Examples:
  cargo xtask fuzz --list                            the targets
  cargo xtask fuzz --seconds 10                      ten seconds for each
  cargo xtask fuzz --seconds 3600 --target verify_receipt verify_finality
  cargo xtask fuzz --target decode_set --reproduce target/fuzz-crashes/decode_set/crash-1f2e";

/// Build, look at and test Cairn
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the page, the npm package's modules and the node
    Build {
        #[arg(value_enum, default_value = "all")]
        part: build::Part,
    },
    /// Build everything and run a node with a log to look at
    Demo(demo::Demo),
    /// Run every check and say how each one went
    #[command(after_help = "With CAIRN_REQUIRE=all, a step that could not run has failed.")]
    Test(test::Test),
    /// Break the verifier one place at a time and see that its tests notice
    #[command(after_help = MUTATE_EXAMPLES)]
    Mutate(mutate::Mutate),
    /// Feed every decoder and check hostile bytes, guided by coverage
    #[command(after_help = FUZZ_EXAMPLES)]
    Fuzz(fuzz::Fuzz),
    /// Measure the npm package's verifier beside libsodium, liboqs, noble and hash-wasm, in Node.js
    BenchWasm(npm::Bench),
    /// Measure four validators beside four of Malachite's example program, in turns
    BenchFinality(finality::Finality),
    /// Build and pack the npm package; try it in every runtime; build it twice and compare
    #[command(after_help = NPM_EXAMPLES)]
    Npm(package::Npm),
    /// Measure what a person at a browser waits for, and light clients of others beside ours
    BenchWeb(npm::Bench),
    /// Kill the node at random moments under load, or take its power: nothing acknowledged may be lost
    Kill9(kill9::Kill9),
    /// Run many validators in one process: each seed another network, other faults, another villain
    #[command(disable_help_flag = true)]
    Sim {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Run a real S3 store (Ceph) on loopback, and print what names it
    Ceph(ceph::Ceph),
    /// Run everything that takes hours: kills, hostile bytes, broken code
    Soak(soak::Soak),
    /// Print the size of what a browser loads: raw, gzip and brotli; fail above a ceiling
    Size,
    /// Run other people's test vectors through the verifier
    Vectors(vectors::Vectors),
    /// Called by cargo with a test module built for the browser
    #[command(name = "__runner", hide = true, disable_help_flag = true)]
    Runner {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    run(Cli::parse().task).unwrap_or_else(|error| {
        say::error(&error);
        ExitCode::FAILURE
    })
}

fn run(task: Task) -> Result<ExitCode> {
    let ok = |()| ExitCode::SUCCESS;
    match task {
        Task::Build { part } => {
            tools::enter_root()?;
            build::build(part).map(ok)
        }
        Task::Demo(demo) => {
            let demo = demo.absolute()?;
            tools::enter_root()?;
            demo::demo(&demo)
        }
        Task::Test(args) => {
            tools::enter_root()?;
            Ok(if test::test(&args) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Task::Mutate(args) => {
            tools::enter_root()?;
            mutate::mutate(&args)
        }
        Task::Fuzz(args) => {
            let args = args.absolute()?;
            tools::enter_root()?;
            fuzz::fuzz(&args)
        }
        Task::BenchFinality(args) => {
            let args = args.absolute()?;
            tools::enter_root()?;
            finality::bench(&args).map(ok)
        }
        Task::BenchWasm(args) => {
            tools::enter_root()?;
            npm::bench(&args).map(ok)
        }
        Task::BenchWeb(args) => {
            tools::enter_root()?;
            package::bench_web(&args).map(ok)
        }
        Task::Npm(args) => {
            tools::enter_root()?;
            package::npm(&args).map(ok)
        }
        Task::Kill9(args) => {
            tools::enter_root()?;
            kill9::kill9(&args).map(ok)
        }
        Task::Sim { args } => {
            tools::enter_root()?;
            sim::sim(&args).map(ok)
        }
        Task::Ceph(args) => {
            tools::enter_root()?;
            ceph::ceph(&args).map(ok)
        }
        Task::Soak(args) => {
            tools::enter_root()?;
            Ok(soak::soak(&args))
        }
        Task::Size => {
            tools::enter_root()?;
            size::size().map(ok)
        }
        // In the directory of whoever called us, where a relative path begins.
        Task::Vectors(args) => {
            Ok(if vectors::vectors(&args)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        // Cargo started us in the directory of the tests, which is where they expect to be.
        Task::Runner { args } => wasm::runner(args).map(ok),
    }
}
