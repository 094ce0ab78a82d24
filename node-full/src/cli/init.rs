//! `cairn init`

use std::path::PathBuf;

use cairn_verifier::json::Object;
use clap::Args as ClapArgs;

use super::{Failure, keys, out};
use crate::init::{self, InitOptions};

const EXAMPLES: &str = "Examples:
  cairn init --dir data
  cairn init --dir data --member auditor=auditor.key.pub --stream main --stream payroll";

/// Arguments of `init`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// An empty directory, or one that does not exist
    #[arg(long)]
    dir: PathBuf,
    /// A member and a file of `cairn keygen`, secret or public; may stand more than once
    #[arg(long, value_name = "NAME=FILE", value_parser = super::event_args::pair)]
    member: Vec<(String, String)>,
    /// A file of `cairn keygen`, secret or public, of who changes members and streams; without it a
    /// key is made and left in keys/admin.key
    #[arg(long, value_name = "FILE")]
    admin: Option<PathBuf>,
    /// A stream's name; may stand more than once; `main` if it does not
    #[arg(long, value_name = "NAME")]
    stream: Vec<String>,
    /// Keep the RFC 6962 tree of the events too, for witnesses and tools that read that
    #[arg(long)]
    sha256_tree: bool,
    /// How many blocks lie between heights at which the validator set can change
    #[arg(long, value_name = "BLOCKS", default_value_t = init::DEFAULT_GATE)]
    gate: u32,
}

pub(super) fn run(args: Args, json: bool) -> Result<(), Failure> {
    let mut members = Vec::new();
    for (name, file) in args.member {
        members.push((name, keys::read_public(file.as_ref())?));
    }
    let options = InitOptions {
        members,
        admin: args.admin.as_deref().map(keys::read_public).transpose()?.unwrap_or_default(),
        streams: args.stream,
        sha256_tree: args.sha256_tree,
        gate: args.gate,
        ..InitOptions::default()
    };
    let made = init::init(&args.dir, options).map_err(Failure::failed)?;
    if json {
        let view = Object::new().text("log", made.log).text("anchor", made.anchor);
        out::line(view.text("dir", args.dir.display()).finish());
        return Ok(());
    }
    out::line(format_args!("log     {}", made.log));
    out::line(format_args!("anchor  {}", made.anchor));
    out::line("");
    out::line("Give the anchor to auditors by a way that you trust: it is all that they pin.");
    out::line(format_args!("Start the node:  cairn start --dir {}", args.dir.display()));
    Ok(())
}
