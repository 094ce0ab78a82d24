//! `cairn openapi`

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{Failure, out};
use crate::api;

const EXAMPLES: &str = "Examples:
  cairn openapi
  cairn openapi --out openapi.json

A node serves the same at /v1/openapi.json, and for people at /v1/docs.";

/// Arguments of `openapi`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Where to write it; standard output if not said
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let document = api::openapi().map_err(Failure::failed)?;
    let Some(path) = &args.out else {
        out::line(document);
        return Ok(());
    };
    out::write_file(path, document.as_bytes())
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}
