//! `cairn api-key`

use cairn_verifier::json::Object;
use clap::{Args as ClapArgs, Subcommand};

use super::{Failure, out};
use crate::access::{Scope, digest_of, new_key};

const EXAMPLES: &str = "Examples:
  cairn api-key new --name importer --scopes write
  cairn api-key new --name console --scopes read,admin --rate 20 --json

The key is printed once and kept nowhere: a node's settings hold its digest. Put the lines into
cairn.toml and send SIGHUP to the node; who calls it sends

  Authorization: Bearer <key>

and this program's own commands read it from CAIRN_API_KEY, or from the file CAIRN_API_KEY_FILE names.";

/// Arguments of `api-key`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a key, and the lines of cairn.toml that let its holder in
    #[command(after_help = EXAMPLES)]
    New {
        /// What events call its holder: letters, digits, '-', '_' and '.'
        #[arg(long, value_parser = name)]
        name: String,
        /// What it is for: read, write, admin
        #[arg(long, required = true, value_delimiter = ',', value_parser = scope)]
        scopes: Vec<Scope>,
        /// How many requests a second; as many as there come if not said
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        rate: Option<u32>,
    },
}

fn name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if (1..=64).contains(&text.len()) && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("a name is 1 to 64 letters, digits, '-', '_' or '.'".to_owned())
}

fn scope(text: &str) -> Result<Scope, String> {
    let all = [Scope::Read, Scope::Write, Scope::Admin];
    let found = all.into_iter().find(|scope| scope.name() == text);
    found.ok_or_else(|| "a scope is read, write or admin".to_owned())
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let What::New { name, scopes, rate } = &args.what;
    let key = new_key().map_err(Failure::failed)?;
    let hash = digest_of(&key);
    let names: Vec<String> = scopes.iter().map(|scope| format!("{:?}", scope.name())).collect();
    if json {
        let view = Object::new().text("name", name).text("key", &*key).text("hash", hash);
        let view = view.array("scopes", names.into_iter());
        out::line(rate.iter().fold(view, |view, rate| view.plain("rate", rate)).finish());
        return Ok(());
    }
    out::note("The key, shown this once:");
    out::line(&*key);
    out::note("\nFor cairn.toml:\n");
    out::line("[[api-key]]");
    out::line(format_args!("name = \"{name}\""));
    out::line(format_args!("hash = \"{hash}\""));
    out::line(format_args!("scopes = [{}]", names.join(", ")));
    if let Some(rate) = rate {
        out::line(format_args!("rate = {rate}"));
    }
    Ok(())
}
