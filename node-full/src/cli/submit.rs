//! `cairn submit`

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use serde_json::Value;

use super::anchor::AnchorArg;
use super::event_args::EventArgs;
use super::known::Known;
use super::{DEFAULT_NODE, Failure, keys, out, sign};

const EXAMPLES: &str = "Examples:
  cairn submit --type user.login --actor user:ann --resource app:shop
  cairn submit --type user.login --actor user:ann --resource app:shop --key ann.key --wait final
  cairn submit --type hr.salary.changed --actor user:ann --resource person:bob \\
      --seal amount=5100 --seal reason=promotion --to auditor
  cairn submit --type hr.salary.changed --actor user:ann --resource person:bob \\
      --seal amount=5100 --to auditor --key ann.key --anchor genesis:...

Without --key the node signs the event with its own key, and the event shows that. With --key the
event is signed, and its fields are sealed, before they leave this machine; which keys a recipient has
is then proven by the log's state, under the anchor.";

/// Arguments of `submit`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The node
    #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
    node: String,
    #[command(flatten)]
    event: EventArgs,
    /// Sign with this member's key
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    anchor: AnchorArg,
    /// Wait until the event is final
    #[arg(long)]
    wait: Option<Wait>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wait {
    Final,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let known = Known::new(super::client(&args.node)?, args.anchor.get()?);
    let draft = args.event.draft()?;
    let body = match &args.key {
        None => serde_json::to_string(&draft).map_err(Failure::failed)?,
        Some(file) => sign::signed(&known, &keys::read_secret(file)?, &draft)?,
    };
    let path = match args.wait {
        Some(Wait::Final) => "/v1/events?wait=final",
        None => "/v1/events",
    };
    let answer = known.client.post(path, "application/json", body.as_bytes())?;
    let answer: Value = serde_json::from_str(&answer).map_err(Failure::failed)?;
    let none = || Failure::Failed("the node answered without an event".to_owned());
    let event = answer.pointer("/accepted/0").ok_or_else(none)?;
    let text = |name| event.get(name).and_then(Value::as_str).unwrap_or_default();
    if json {
        out::line(event);
    } else {
        let index = event.get("index").and_then(Value::as_u64).unwrap_or_default();
        out::line(format_args!("event   {}", out::shown(text("id"))));
        out::line(format_args!("index   {index}"));
        out::line(format_args!("status  {}", out::shown(text("status"))));
    }
    if args.wait.is_some() && text("status") != "final" {
        let why = "the event is accepted, but did not become final within 10 s";
        return Err(Failure::Failed(why.to_owned()));
    }
    Ok(())
}
