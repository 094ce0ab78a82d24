//! The arguments that describe one event, and the draft that they make.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args as ClapArgs, ValueEnum};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Failure;
use crate::ingest::{
    Draft, DraftKind, DraftOutcome, DraftParty, DraftPayload, DraftResource, SealedDraft,
};

/// One event.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct EventArgs {
    /// The event type, for example user.login
    #[arg(long = "type", value_name = "TYPE")]
    event_type: String,
    /// Who acted
    #[arg(long, value_name = "KIND:ID")]
    actor: Party,
    /// On what
    #[arg(long, value_name = "KIND:ID")]
    resource: Party,
    /// The id of what the resource belongs to
    #[arg(long, value_name = "ID", default_value = "")]
    parent: String,
    /// How it ended
    #[arg(long, default_value = "unknown")]
    outcome: OutcomeArg,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// More about it; may stand more than once
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    meta: Vec<(String, String)>,
    /// When it happened: RFC 3339, or milliseconds since 1970; now if not said
    #[arg(long, value_name = "TIME", value_parser = millis)]
    time: Option<u64>,
    /// The stream's name
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
    /// A file that goes along and that anyone may read
    #[arg(long, value_name = "FILE", conflicts_with = "seal")]
    public: Option<PathBuf>,
    /// A field that only the recipients may read; may stand more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, requires = "to")]
    seal: Vec<(String, String)>,
    /// A member who may read the sealed fields; may stand more than once
    #[arg(long, value_name = "MEMBER", requires = "seal")]
    to: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OutcomeArg {
    Unknown,
    Success,
    Failure,
    Denied,
}

#[derive(Clone, Debug)]
struct Party {
    kind: String,
    id: String,
}

impl FromStr for Party {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((kind, id)) if !kind.is_empty() && !id.is_empty() => {
                Ok(Self { kind: kind.to_owned(), id: id.to_owned() })
            }
            _ => Err("must be KIND:ID, for example user:ann".to_owned()),
        }
    }
}

/// `name=value`
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE".to_owned()),
    }
}

/// Milliseconds since 1970, from those or from RFC 3339.
fn millis(text: &str) -> Result<u64, String> {
    if let Ok(millis) = text.parse() {
        return Ok(millis);
    }
    let bad = || "must be RFC 3339 or milliseconds since 1970".to_owned();
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| bad())?;
    u64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).map_err(|_| bad())
}

impl EventArgs {
    /// The draft of this event.
    pub(super) fn draft(&self) -> Result<Draft, Failure> {
        let payload = match &self.public {
            Some(file) => {
                let bytes = std::fs::read(file)
                    .map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?;
                Some(DraftPayload::Public(STANDARD.encode(bytes)))
            }
            None if self.seal.is_empty() => None,
            None => Some(DraftPayload::Sealed(SealedDraft {
                fields: once_each(&self.seal)?,
                recipients: self.to.clone(),
            })),
        };
        Ok(Draft {
            stream: self.stream.clone(),
            event_type: self.event_type.clone(),
            actor: DraftParty { kind: self.actor.kind.clone(), id: self.actor.id.clone() },
            resource: DraftResource {
                kind: self.resource.kind.clone(),
                id: self.resource.id.clone(),
                parent: self.parent.clone(),
            },
            outcome: match self.outcome {
                OutcomeArg::Unknown => DraftOutcome::Unknown,
                OutcomeArg::Success => DraftOutcome::Success,
                OutcomeArg::Failure => DraftOutcome::Failure,
                OutcomeArg::Denied => DraftOutcome::Denied,
            },
            reason: self.reason.clone(),
            metadata: once_each(&self.meta)?,
            time: self.time,
            kind: DraftKind::Record,
            payload,
        })
    }
}

fn once_each(pairs: &[(String, String)]) -> Result<BTreeMap<String, String>, Failure> {
    let mut map = BTreeMap::new();
    for (name, value) in pairs {
        if map.insert(name.clone(), value.clone()).is_some() {
            return Err(Failure::Usage(format!("{name} stands twice")));
        }
    }
    Ok(map)
}
