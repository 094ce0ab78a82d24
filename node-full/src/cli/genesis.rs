//! `cairn genesis`

use std::path::{Path, PathBuf};

use cairn_verifier::digest::KeyId;
use cairn_verifier::finality::Suite;
use cairn_verifier::json::Object;
use cairn_verifier::trust::{Genesis, TrustAnchor};
use clap::{Args as ClapArgs, Subcommand};

use super::{Failure, keys, out};
use crate::genesis::{self, NodeKeys, PUBLIC_FILE, PublicNode};
use crate::init::{self, InitOptions};

const EXAMPLES: &str = "Four nodes on four hosts:
  cairn genesis key --dir data                             on each; send data/node.pub to one of them
  cairn genesis make --out genesis.cairn \\
    --validator a.pub --validator b.pub --validator c.pub --validator d.pub=2
  cairn genesis join --dir data --genesis genesis.cairn    on each, with the file that was made
  cairn genesis show genesis.cairn                         the anchor and the key ids for cairn.toml

No secret key leaves its host. To try it on one machine: cairn testnet --validators 4";

/// Arguments of `genesis`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make the keys of a node that will be one of several
    #[command(
        after_help = "Example:\n  cairn genesis key --dir data\n  cairn genesis key --dir data --suite 3"
    )]
    Key {
        /// An empty directory, or one that does not exist
        #[arg(long)]
        dir: PathBuf,
        /// The suite of the validator's signatures: 1 Ed25519; 2 and 3 with ML-DSA-44 and -65 too
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
        suite: u8,
    },
    /// Make the genesis of a log out of its nodes' public files
    #[command(
        after_help = "Example:\n  cairn genesis make --out genesis.cairn --validator a.pub --validator b.pub=3 --member ann=ann.key.pub"
    )]
    Make(Make),
    /// Make a data directory of a node's keys and a genesis that names them
    #[command(
        after_help = "Examples:\n  cairn genesis join --dir data --genesis genesis.cairn\n  cairn genesis join --dir data --genesis genesis.cairn --again   the disk was lost, the keys were not"
    )]
    Join {
        /// The directory that `cairn genesis key` made
        #[arg(long)]
        dir: PathBuf,
        /// The genesis
        #[arg(long, value_name = "FILE")]
        genesis: PathBuf,
        /// These keys were in use and their directory is lost: sign nothing below a block that the
        /// other validators make from now on
        #[arg(long)]
        again: bool,
    },
    /// Say what a genesis holds
    #[command(after_help = "Example:\n  cairn genesis show genesis.cairn")]
    Show {
        /// The genesis
        file: PathBuf,
    },
}

#[derive(Debug, ClapArgs)]
struct Make {
    /// A node's public file, and its voting power if not 1; once for each node
    #[arg(long, value_name = "FILE[=POWER]", required = true, value_parser = node)]
    validator: Vec<(PathBuf, u64)>,
    /// Where to write the genesis; a file that exists is never overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A member and a file of `cairn keygen`, secret or public; may stand more than once
    #[arg(long, value_name = "NAME=FILE", value_parser = super::event_args::pair)]
    member: Vec<(String, String)>,
    /// A file of `cairn keygen`, secret or public, of who changes members and streams; without it a
    /// key is made and left in admin.key beside the genesis
    #[arg(long, value_name = "FILE")]
    admin: Option<PathBuf>,
    /// A stream's name; may stand more than once; `main` if it does not
    #[arg(long, value_name = "NAME")]
    stream: Vec<String>,
    /// The distance between heights at which the validators may change
    #[arg(long, value_name = "HEIGHTS", default_value_t = init::DEFAULT_GATE)]
    gate: u32,
    /// Keep the RFC 6962 tree of the events too, for witnesses and tools that read that
    #[arg(long)]
    sha256_tree: bool,
}

/// `FILE` or `FILE=POWER`.
fn node(text: &str) -> Result<(PathBuf, u64), String> {
    match text.rsplit_once('=') {
        None => Ok((text.into(), 1)),
        Some((file, power)) => match power.parse() {
            Ok(power) if power > 0 => Ok((file.into(), power)),
            _ => Err(format!("{power:?} is no voting power: write FILE or FILE=3")),
        },
    }
}

pub(super) fn run(args: Args, json: bool) -> Result<(), Failure> {
    match args.what {
        What::Key { dir, suite } => key(&dir, suite, json),
        What::Make(args) => make(args, json),
        What::Join { dir, genesis, again } => join(&dir, (&genesis, again), json),
        What::Show { file } => show(&file, json),
    }
}

fn key(dir: &Path, suite: u8, json: bool) -> Result<(), Failure> {
    let suite = Suite::from_byte(suite).unwrap_or(Suite::MlDsa44Ed25519);
    let public = NodeKeys::make(dir, suite).map_err(Failure::failed)?;
    let file = dir.join(PUBLIC_FILE);
    if json {
        let view = Object::new().text("keyId", public.id()).text("publicFile", file.display());
        out::line(view.text("suite", suite.name()).finish());
        return Ok(());
    }
    out::line(format_args!("key id       {}", public.id()));
    out::line(format_args!("suite        {}", suite.name()));
    out::line(format_args!("public file  {}", file.display()));
    out::line("");
    out::line("Send the public file to whoever makes the genesis; what is in keys/ stays here.");
    Ok(())
}

fn make(args: Make, json: bool) -> Result<(), Failure> {
    let mut nodes = Vec::new();
    for (file, power) in &args.validator {
        nodes.push((PublicNode::read(file).map_err(Failure::failed)?, *power));
    }
    let mut members = Vec::new();
    for (name, file) in &args.member {
        members.push((name.clone(), keys::read_public(file.as_ref())?));
    }
    let (admin, made) = match &args.admin {
        Some(file) => (keys::read_public(file)?, None),
        None => {
            let secret = keys::new_member()?;
            (init::public_keys(&secret), Some(secret))
        }
    };
    let options = InitOptions {
        members,
        admin,
        streams: args.stream,
        gate: args.gate,
        sha256_tree: args.sha256_tree,
        ..InitOptions::default()
    };
    let genesis = init::genesis_of(options, &nodes).map_err(Failure::failed)?;
    if let Some(secret) = made {
        let file = args.out.with_file_name("admin.key");
        keys::write_secret(&file, &format!("# Secret.\n{}\n", *secret.to_text()))?;
        out::note(format_args!("made {}: who has it changes members and streams", file.display()));
    }
    keys::write_new_bytes(&args.out, &genesis)?;
    tell(&genesis, json)
}

fn join(dir: &Path, (file, again): (&Path, bool), json: bool) -> Result<(), Failure> {
    let bytes = genesis::read_genesis(file).map_err(Failure::failed)?;
    let made = genesis::join(dir, &bytes, again).map_err(Failure::failed)?;
    if json {
        let view = Object::new().text("log", made.log).text("anchor", made.anchor);
        out::line(view.text("dir", dir.display()).finish());
        return Ok(());
    }
    out::line(format_args!("log     {}", made.log));
    out::line(format_args!("anchor  {}", made.anchor));
    out::line("");
    out::line(format_args!("Name the other nodes in {}/cairn.toml:", dir.display()));
    out::line("  [validator]");
    out::line("  listen = \"0.0.0.0:8430\"");
    out::line("  peers = [\"KEYID@host:8430\", ...]");
    out::line(format_args!("Then:  cairn start --dir {}", dir.display()));
    Ok(())
}

fn show(file: &Path, json: bool) -> Result<(), Failure> {
    let bytes = genesis::read_genesis(file).map_err(Failure::failed)?;
    tell(&bytes, json)
}

/// The log, and who its validators are.
fn tell(bytes: &[u8], json: bool) -> Result<(), Failure> {
    let genesis = Genesis::decode(bytes).map_err(Failure::failed)?;
    let log = genesis.log();
    let of = |power: u64, (id, suite): (KeyId, Suite)| (id, suite.name(), power);
    let validators = genesis.set();
    let validators = validators
        .iter()
        .map(|validator| of(validator.power, (validator.key.id(), validator.key.suite())));
    if json {
        let list = validators.map(|(id, suite, power)| {
            Object::new().text("keyId", id).text("suite", suite).plain("power", power).finish()
        });
        let view = Object::new().text("log", log).text("anchor", TrustAnchor::Genesis(log));
        out::line(view.array("validators", list).finish());
        return Ok(());
    }
    out::line(format_args!("log     {log}"));
    out::line(format_args!("anchor  {}", TrustAnchor::Genesis(log)));
    for (id, suite, power) in validators {
        out::line(format_args!("validator  {id}  power {power}, {suite}"));
    }
    Ok(())
}
