//! The commands of `cairn`. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 could not
//! be checked (a newer format, a wrong clock, an anchor that is too old).

mod anchor;
mod api_key;
mod backup;
mod bench;
mod check;
mod complete;
mod config;
mod event_args;
mod export;
mod genesis;
pub(crate) mod import;
mod init;
mod join;
mod keygen;
mod keyring;
pub(crate) mod keys;
mod known;
mod member;
mod open;
mod openapi;
pub(crate) mod out;
pub(crate) mod prove;
mod prune;
mod query;
mod redact;
pub(crate) mod send;
mod sign;
pub(crate) mod start;
mod submit;
mod system;
mod testnet;
mod validator;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use zeroize::Zeroizing;

use crate::http_client::{Client, ClientError};

/// Where the commands look for a node, and where a node listens, if not told otherwise.
const DEFAULT_NODE: &str = "http://127.0.0.1:8420";

/// An audit log that anyone can verify.
#[derive(Debug, Parser)]
#[command(name = "cairn", version, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  cairn init --dir data
  cairn start --dir data
  cairn submit --type user.login --actor user:ann --resource app:shop --wait final
  cairn import git .
  cairn query --actor user/ann
  cairn prove EVENT --out event.cairn
  cairn verify event.cairn --anchor genesis:...";

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new log with one validator
    Init(init::Args),
    /// Make a new log with several validators, each on its host
    Genesis(genesis::Args),
    /// Make the log of a new node out of what another one serves, from its newest block on
    Join(join::Args),
    /// Run several validators on this machine, each a process
    Testnet(testnet::Args),
    /// Run a node
    Start(Box<start::Args>),
    /// Log one event
    Submit(Box<submit::Args>),
    /// Bring over the history of another system
    Import(import::Args),
    /// Find events
    Query(Box<query::Args>),
    /// Fetch an event's receipt
    Prove(prove::Args),
    /// Open an event's sealed payload
    Open(open::Args),
    /// Write all events of some blocks to a file that anyone can check
    Export(export::Args),
    /// Check a receipt or an archive, offline
    Verify(verify::Args),
    /// See and change who is a member
    Member(member::MemberArgs),
    /// See and change streams, and who may do what in them
    Stream(member::StreamArgs),
    /// See and change who makes blocks final
    Validator(validator::Args),
    /// Let more members open a payload
    Grant(redact::GrantArgs),
    /// Have payloads forgotten
    Redact(redact::RedactArgs),
    /// Look at a node's settings
    Config(config::Args),
    /// Make keys for those who call a node
    ApiKey(api_key::Args),
    /// Encrypt the node's own keys, or bring them back into the clear
    Keys(keyring::Args),
    /// Look at everything in a data directory
    Check(check::Args),
    /// Make index and trees again from the log
    Reindex(check::ReindexArgs),
    /// Copy a data directory, while the node runs
    Backup(backup::Args),
    /// Make a data directory out of a backup
    Restore(backup::RestoreArgs),
    /// Forget old events; proofs stay
    Prune(prune::Args),
    /// Measure this machine with a log of its own
    Bench(bench::Args),
    /// Make a secret key
    Keygen(keygen::Args),
    /// The API's OpenAPI document
    Openapi(openapi::Args),
    /// A log with real events, a page to look at it, and things to try
    Demo(crate::demo::Args),
}

/// Why a command did not do what it was asked.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// Refused, or something failed.
    Failed(String),
    /// The arguments do not fit together.
    Usage(String),
    /// It could not be decided.
    CouldNotCheck(String),
    /// It failed, and what there is to say was said.
    Said(u8),
}

impl Failure {
    /// A failure with its cause as text.
    pub(crate) fn failed(cause: impl std::fmt::Display) -> Self {
        Self::Failed(cause.to_string())
    }

    const fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::CouldNotCheck(_) => 3,
            Self::Said(code) => *code,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::failed(error)
    }
}

/// A client of a node. The key that it shows, and the authority of the node's certificate if that
/// is a private one, come from the environment.
fn client(node: &str) -> Result<Client, Failure> {
    let file = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        let read = path.map(|path| {
            let failed = |error| Failure::Failed(format!("{name}: {}: {error}", path.display()));
            std::fs::read_to_string(&path).map(Zeroizing::new).map_err(failed)
        });
        read.transpose()
    };
    let key = std::env::var("CAIRN_API_KEY").ok().map(Zeroizing::new);
    let key = key.map_or_else(|| file("CAIRN_API_KEY_FILE"), |key| Ok(Some(key)))?;
    let authority = file("CAIRN_CA_FILE")?;
    let client = Client::new(node, authority.as_ref().map(|pem| pem.as_bytes()))?;
    Ok(match key {
        Some(key) => client.with_key(&key),
        None => client,
    })
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { json, command } = Cli::parse();
    let done = match command {
        Command::Init(args) => init::run(args, json),
        Command::Genesis(args) => genesis::run(args, json),
        Command::Join(args) => join::run(&args, json),
        Command::Testnet(args) => testnet::run(&args, json),
        Command::Start(args) => start::run(&args),
        Command::Submit(args) => submit::run(&args, json),
        Command::Import(args) => import::run(&args, json),
        Command::Query(args) => query::run(&args, json),
        Command::Prove(args) => prove::run(&args, json),
        Command::Open(args) => open::run(&args, json),
        Command::Export(args) => export::run(&args, json),
        Command::Verify(args) => verify::run(&args, json),
        Command::Member(args) => member::run(&args, json),
        Command::Stream(args) => member::run_stream(&args, json),
        Command::Validator(args) => validator::run(&args, json),
        Command::Grant(args) => redact::run_grant(&args, json),
        Command::Redact(args) => redact::run(&args, json),
        Command::Config(args) => config::run(&args, json),
        Command::Keys(args) => keyring::run(&args, json),
        Command::ApiKey(args) => api_key::run(&args, json),
        Command::Check(args) => check::run(&args, json),
        Command::Reindex(args) => check::run_reindex(&args, json),
        Command::Backup(args) => backup::run(&args, json),
        Command::Restore(args) => backup::run_restore(&args, json),
        Command::Prune(args) => prune::run(&args, json),
        Command::Bench(args) => bench::run(&args, json),
        Command::Keygen(args) => keygen::run(&args, json),
        Command::Openapi(args) => openapi::run(&args),
        Command::Demo(args) => crate::demo::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Failure::Failed(text) | Failure::Usage(text) | Failure::CouldNotCheck(text) =
                &failure
            {
                out::error(text, json);
            }
            ExitCode::from(failure.code())
        }
    }
}
