//! `cairn keygen`

use std::path::PathBuf;

use cairn_verifier::json::Object;
use cairn_verifier::secret::ValidatorSecret;
use clap::Args as ClapArgs;

use super::{Failure, keys, out};
use crate::http_client::hex;

const EXAMPLES: &str = "Examples:
  cairn keygen --out ann.key                    a member's key; ann.key.pub is for others
  cairn keygen --validator --out validator.key  a validator's key";

/// Arguments of `keygen`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Make a validator's key, not a member's
    #[arg(long)]
    validator: bool,
    /// Where to write it; a file that exists is never overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let facts = if args.validator { validator(args)? } else { member(args)? };
    if json {
        let object = facts.iter().fold(Object::new(), |o, (_, name, value)| o.text(name, value));
        out::line(object.finish());
    } else {
        for (label, _, value) in facts {
            out::line(format_args!("{label:<14}{value}"));
        }
    }
    Ok(())
}

/// A label for people, a name in JSON, a value.
type Fact = (&'static str, &'static str, String);

fn member(args: &Args) -> Result<Vec<Fact>, Failure> {
    let secret = keys::new_member()?;
    let mut public = args.out.clone().into_os_string();
    public.push(".pub");
    let public = PathBuf::from(public);
    if public.exists() {
        let why = format!("{} exists; a key is never overwritten", public.display());
        return Err(Failure::Failed(why));
    }
    keys::write_secret(&args.out, &format!("# Secret.\n{}\n", *secret.to_text()))?;
    keys::write_public(&public, &keys::public_text(&secret))?;
    Ok(vec![
        ("secret key", "file", args.out.display().to_string()),
        ("public keys", "publicFile", public.display().to_string()),
        ("signing key", "signingKey", hex(&secret.public_key())),
        ("writer id", "keyId", secret.key_id().to_string()),
        ("wrap key id", "wrapKeyId", secret.wrap().id().to_string()),
    ])
}

fn validator(args: &Args) -> Result<Vec<Fact>, Failure> {
    let secret = ValidatorSecret::from_seed(*keys::new_seed()?);
    keys::write_secret(&args.out, &format!("# Secret.\n{}\n", *secret.to_text()))?;
    Ok(vec![
        ("secret key", "file", args.out.display().to_string()),
        ("suite", "suite", secret.suite().name().to_owned()),
        ("key id", "keyId", secret.key_id().to_string()),
    ])
}
