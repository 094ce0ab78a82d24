//! What the commands that write system events have in common: they sign on this machine.

use std::path::PathBuf;

use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::secret::MemberSecret;
use clap::Args as ClapArgs;
use serde_json::Value;

use super::anchor::AnchorArg;
use super::known::Known;
use super::{DEFAULT_NODE, Failure, keys, out, sign};
use crate::http_client::ClientError;
use crate::system::{SYSTEM_STREAM, SystemEvent};

/// How often an event is signed again because another one of the same key came in between.
const ATTEMPTS: usize = 5;

/// Which node, and who signs.
#[derive(Debug, ClapArgs)]
pub(super) struct Signer {
    /// The node
    #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
    node: String,
    /// The key that signs: an administrator's, which `cairn init` left in keys/admin.key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Why, in words; it is public and stays
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    #[command(flatten)]
    anchor: AnchorArg,
}

/// A signer with its key at hand.
pub(super) struct Writing {
    pub(super) known: Known,
    pub(super) secret: MemberSecret,
    name: String,
    reason: String,
}

/// An event that was taken.
pub(super) struct Taken {
    pub(super) id: EventId,
    pub(super) index: u64,
}

impl Signer {
    pub(super) fn begin(&self) -> Result<Writing, Failure> {
        let known = Known::new(super::client(&self.node)?, self.anchor.get()?);
        let secret = keys::read_secret(&self.key)?;
        let name = known.name_of(&secret.key_id())?;
        Ok(Writing { known, secret, name, reason: self.reason.clone() })
    }
}

impl Writing {
    /// Signs and submits an event to the system's stream, and waits until it is final.
    pub(super) fn submit(&self, event: &SystemEvent) -> Result<Taken, Failure> {
        self.submit_to(SYSTEM_STREAM, event, &[])
    }

    /// The same for any stream, with wraps.
    pub(super) fn submit_to(
        &self,
        stream: &str,
        event: &SystemEvent,
        wraps: &[(KeyId, Vec<u8>)],
    ) -> Result<Taken, Failure> {
        let draft = event.draft(&self.name, stream, &self.reason);
        let mut attempts = 0_usize;
        loop {
            attempts = attempts.saturating_add(1);
            let body = sign::signed_with(&self.known, &self.secret, &draft, wraps)?;
            let sent = self.known.client.post(
                "/v1/events?wait=final",
                "application/json",
                body.as_bytes(),
            );
            match sent {
                Ok(answer) => return taken(&answer),
                Err(error) if attempts < ATTEMPTS && came_between(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn came_between(error: &ClientError) -> bool {
    let codes = ["sequence-reused", "sequence-gap", "previous-mismatch"];
    matches!(error, ClientError::Problem { code, .. } if codes.contains(&code.as_str()))
}

fn taken(answer: &str) -> Result<Taken, Failure> {
    let answer: Value = serde_json::from_str(answer).map_err(Failure::failed)?;
    let event = answer.pointer("/accepted/0");
    let id = event.and_then(|event| event.get("id")?.as_str()?.parse().ok());
    let index = event.and_then(|event| event.get("index")?.as_u64());
    let none = || Failure::Failed("the node answered without an event".to_owned());
    Ok(Taken { id: id.ok_or_else(none)?, index: index.ok_or_else(none)? })
}

/// Says what was logged.
pub(super) fn show(what: &str, taken: &Taken, json: bool) {
    if json {
        let view = cairn_verifier::json::Object::new().text("id", taken.id);
        out::line(view.plain("index", taken.index).finish());
    } else {
        out::line(format_args!("{what}: event {} at index {}", taken.id, taken.index));
    }
}
