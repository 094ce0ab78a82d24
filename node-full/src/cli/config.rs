//! `cairn config`

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::{Failure, out, start};
use crate::settings::Settings;

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
  log = \"warn\"                  what is logged
  otlp = \"http://127.0.0.1:4318\"  an OpenTelemetry collector that traces go to; none if not said

Over the file stands the environment: CAIRN_LISTEN, CAIRN_BLOCK_TIME and so on; over that stand flags.";

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
    let settings = Settings::read(dir, config.as_deref(), start::variable, Vec::new());
    let settings = settings.map_err(Failure::failed)?;
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
