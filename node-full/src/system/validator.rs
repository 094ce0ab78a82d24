//! System events about validators: proposals, approvals, evidence against them, and stake that is
//! bonded to them. What they do:
//! `cairn_consensus::epochs`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cairn_consensus::epochs::{Change, Move, Penalty, Way};
use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::event::EventBody;
use cairn_verifier::finality::Suite;
use cairn_verifier::state::PowerMode;

use super::{EVENT, Fields, SystemError, field, parse, read_key};
use crate::http_client::{hex, parse_hex};
use crate::ingest::DraftKind;

const VALIDATOR: &str = "validator";
const PENALTY: &str = "penalty";
const MODE: &str = "mode";
const STAKE: &str = "stake";
/// How many bytes one value of the metadata holds in hex.
const PART: usize = 2_048;

const PROPOSED: &str = "cairn.validator.proposed";
const APPROVED: &str = "cairn.validator.approved";
const CULPRIT: &str = "cairn.evidence.culprit";
const BONDED: &str = "cairn.stake.bonded";
const UNBONDED: &str = "cairn.stake.unbonded";

/// What an event says of validators.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these are all")]
pub enum ValidatorEvent {
    /// A change is proposed.
    Proposed(Change),
    /// A validator approves a proposal.
    Approved {
        /// The proposal.
        proposal: EventId,
        /// Who approves.
        validator: KeyId,
        /// Its signature.
        signature: Vec<u8>,
    },
    /// A validator signed a contradiction.
    Accused {
        /// Whose key it is.
        validator: KeyId,
        /// The evidence file.
        file: Vec<u8>,
    },
    /// Who holds stake moves it. The holder is the event's writer.
    Moved(Move),
}

impl ValidatorEvent {
    pub(super) const fn kind(&self) -> DraftKind {
        match self {
            Self::Proposed(_) | Self::Approved { .. } | Self::Moved(_) => {
                DraftKind::ValidatorChange
            }
            Self::Accused { .. } => DraftKind::Evidence,
        }
    }

    pub(super) const fn event_type(&self) -> &'static str {
        match self {
            Self::Proposed(_) => PROPOSED,
            Self::Approved { .. } => APPROVED,
            Self::Accused { .. } => CULPRIT,
            Self::Moved(Move { way: Way::Bond, .. }) => BONDED,
            Self::Moved(Move { way: Way::Unbond, .. }) => UNBONDED,
        }
    }

    pub(super) fn resource(&self) -> (&'static str, String) {
        match self {
            Self::Proposed(Change::Penalty(penalty)) => (PENALTY, penalty.name().to_owned()),
            Self::Proposed(Change::Mode(mode, _)) => (MODE, mode.name().to_owned()),
            Self::Proposed(Change::Allot(holder, _)) => (STAKE, holder.to_string()),
            Self::Proposed(change) => {
                let id = change.validator().map(|id| id.to_string());
                (VALIDATOR, id.unwrap_or_default())
            }
            Self::Approved { proposal, .. } => (EVENT, proposal.to_string()),
            Self::Accused { validator, .. } | Self::Moved(Move { validator, .. }) => {
                (VALIDATOR, validator.to_string())
            }
        }
    }

    pub(super) fn metadata(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let mut put = |name: &str, value: String| all.insert(name.to_owned(), value);
        match self {
            Self::Proposed(change) => {
                put("change", change.name().to_owned());
                match change {
                    Change::Add { suite, key, power, proof } => {
                        put("key", format!("{}:{}", suite.byte(), hex(key)));
                        put("power", power.to_string());
                        all.extend(parts("proof", proof));
                    }
                    Change::Weight(_, power) => {
                        put("power", power.to_string());
                    }
                    Change::Mode(_, window) => {
                        put("window", window.to_string());
                    }
                    Change::Allot(_, amount) => {
                        put("amount", amount.to_string());
                    }
                    Change::Remove(_) | Change::Penalty(_) => {}
                }
            }
            Self::Approved { validator, signature, .. } => {
                put("validator", validator.to_string());
                all.extend(parts("signature", signature));
            }
            Self::Accused { file, .. } => all.extend(parts("file", file)),
            Self::Moved(asked) => {
                put("amount", asked.amount.to_string());
            }
        }
        all
    }

    /// None if it is no event about validators.
    pub(super) fn read(body: &EventBody<'_>) -> Result<Option<Self>, SystemError> {
        let (fields, id) = (Fields(body), body.resource.party.id);
        match body.event_type {
            PROPOSED => Ok(Some(Self::Proposed(read_change(&fields, id)?))),
            APPROVED => Ok(Some(Self::Approved {
                proposal: parse("resource", id)?,
                validator: fields.id("validator")?,
                signature: join(&fields, "signature")?,
            })),
            CULPRIT => Ok(Some(Self::Accused {
                validator: parse("resource", id)?,
                file: join(&fields, "file")?,
            })),
            BONDED => read_move(body, Way::Bond).map(Some),
            UNBONDED => read_move(body, Way::Unbond).map(Some),
            _ => Ok(None),
        }
    }
}

fn read_move(body: &EventBody<'_>, way: Way) -> Result<ValidatorEvent, SystemError> {
    let (holder, validator) = (body.writer, parse("resource", body.resource.party.id)?);
    let amount = number(&Fields(body), "amount")?;
    Ok(ValidatorEvent::Moved(Move { holder, validator, amount, way }))
}

fn number<T: std::str::FromStr>(fields: &Fields<'_>, name: &'static str) -> Result<T, SystemError> {
    fields.text(name)?.parse().map_err(|_| field(name, "a number"))
}

fn read_change(fields: &Fields<'_>, id: &str) -> Result<Change, SystemError> {
    let power = || number(fields, "power");
    match fields.text("change")? {
        "add" => {
            let expected = "a signature suite, a colon and a key in hex";
            let (suite, key) =
                read_key(fields.text("key")?).ok_or_else(|| field("key", expected))?;
            let suite = Suite::from_byte(suite).ok_or_else(|| field("key", expected))?;
            Ok(Change::Add { suite, key, power: power()?, proof: join(fields, "proof")? })
        }
        "remove" => Ok(Change::Remove(parse("resource", id)?)),
        "weight" => Ok(Change::Weight(parse("resource", id)?, power()?)),
        "penalty" => {
            let mut all = Penalty::ALL.into_iter();
            let found = all.find(|penalty| penalty.name() == id);
            Ok(Change::Penalty(found.ok_or_else(|| field("resource", "none, halve or remove"))?))
        }
        "mode" => {
            let mut all = [PowerMode::Weights, PowerMode::Stake].into_iter();
            let found = all.find(|mode| mode.name() == id);
            let mode = found.ok_or_else(|| field("resource", "weights or stake"))?;
            Ok(Change::Mode(mode, number(fields, "window")?))
        }
        "allot" => Ok(Change::Allot(parse("resource", id)?, number(fields, "amount")?)),
        _ => Err(field("change", "add, remove, weight, penalty, mode or allot")),
    }
}

/// Bytes in hex, as values of `name.00`, `name.01` and so on.
fn parts<'a>(name: &'a str, bytes: &'a [u8]) -> impl Iterator<Item = (String, String)> + 'a {
    let numbered = bytes.chunks(PART).enumerate();
    numbered.map(move |(at, part)| {
        let mut key = String::from(name);
        // Writing to a string does not fail.
        let _written = write!(key, ".{at:02}");
        (key, hex(part))
    })
}

/// What [`parts`] made. That it is cut as that cuts is checked with the whole event.
fn join(fields: &Fields<'_>, name: &'static str) -> Result<Vec<u8>, SystemError> {
    let of = |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    let values = fields.0.metadata.iter().filter(|(key, _)| of(key)).map(|(_, value)| value);
    let text: String = values.collect();
    let bytes = parse_hex(&text).filter(|bytes| !bytes.is_empty());
    bytes.ok_or_else(|| field(name, "there, in hex"))
}
