//! `cairn config`

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::{Failure, out, start};
use crate::reload::{Loaded, Source};

const EXAMPLES: &str = "Examples:
  cairn config check --dir data
  CAIRN_LISTEN=0.0.0.0:8420 cairn config check --dir data --json

Settings stand in cairn.toml in the data directory, every line of it optional:

  listen = \"127.0.0.1:8420\"     where to listen
  metrics = \"127.0.0.1:9420\"    where to serve metrics; nowhere if not said
  ui = \"target/ui\"              the page
  pkg = \"pkg\"                   the npm package
  block-time = 250              milliseconds that events wait for a block at most
  check-rate = 20               megabytes a second to look at again while running; none if not said
  check-every = 24              hours between two looks
  keep-payloads = 365           days after which payloads are forgotten; kept for ever if not said
  publish = \"s3://bucket/log\"  where final blocks go; file:///dir for a directory; nowhere if not said
  publish-every = 5000          milliseconds between two looks for new blocks, in a replica too
  publish-head = \"postgres://\" the database that keeps the head, for a bucket that overwrites
  log = \"warn\"                  what is logged
  otlp = \"http://127.0.0.1:4318\"  an OpenTelemetry collector that traces go to; none if not said

  read = \"any\"                  who may read: any, or keys
  write = \"local\"               who may log: any, local (this machine), or keys if there are any
  writers = \"any\"               whose signed events are taken: any, or members
  rate = 50                     requests a second from an address without a key; no limit if not said
  allow-origin = []             origins of pages that may log, with a key
  origin = []                   how members reach this node, as https://log.example
  trusted-proxy = []            addresses of proxies whose X-Forwarded-For holds
  max-body = 16777216           bytes of one request
  max-requests = 512            requests at once
  max-connections = 4096        connections open at once; more wait
  time-limit = 30               seconds for one request
  tls-cert = \"chain.pem\"        the node speaks TLS itself
  tls-key = \"key.pem\"
  key-passphrase-file = \"…\"     what opens the node's encrypted keys

  [[api-key]]                   one for each caller: cairn api-key new prints it
  name = \"importer\"
  hash = \"…\"                    or file = \"…\", or env = \"…\": where the key itself stands
  scopes = [\"write\"]            read, write, admin
  rate = 100

  [jwt]                         tokens of another system
  algorithm = \"EdDSA\"           or ES256, RS256, HS256
  key = \"issuer.pub.pem\"        or jwks = \"issuer.jwks.json\"
  issuer = \"https://id.example\"
  audience = \"cairn\"
  scope-claim = \"scope\"
  rate = 100

  [validator]                   one of several: cairn genesis --help
  listen = \"0.0.0.0:8430\"       where the others reach this node
  peers = [\"KEYID@host:8430\"]   where it reaches them
  timeout = 1000                milliseconds that a round waits for a proposal, and half of it for votes
  sign-from = 5000              after a restore: this key signed nothing from this height on

SIGHUP reads them again. What changed and holds, and what needs a restart, stands in the node's log;
settings that do not hold change nothing. Over the file stands the environment: CAIRN_LISTEN, CAIRN_BLOCK_TIME and so on; over that stand flags.";

/// Arguments of `config`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read the settings as `cairn start` would, and show what they come to
    Check {
        /// The data directory
        #[arg(long)]
        dir: PathBuf,
        /// The settings, if not cairn.toml in that directory
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let What::Check { dir, config } = &args.what;
    let source = Source {
        dir: dir.clone(),
        file: config.clone(),
        environment: start::variable,
        flags: Vec::new(),
    };
    // The files that settings name are read too: keys, tokens, certificates.
    let Loaded { settings, .. } = source.load().map_err(Failure::failed)?;
    if let Some(file) = &settings.key_passphrase_file {
        super::keyring::find(dir, Some(file))?;
    }
    let view = serde_json::to_value(&settings).map_err(Failure::failed)?;
    if json {
        out::line(view);
        return Ok(());
    }
    for (name, value) in view.as_object().into_iter().flatten() {
        if !value.is_null() {
            out::line(format_args!("{name} = {value}"));
        }
    }
    Ok(())
}
