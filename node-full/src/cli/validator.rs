//! `cairn validator`

use std::path::{Path, PathBuf};

use cairn_consensus::epochs::{Change, Move, Penalty, Way, approval_message, candidate_message};
use cairn_verifier::digest::{self, EventId, KeyId, LogId, SetDigest};
use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::{Role, Suite};
use cairn_verifier::json::Object;
use cairn_verifier::secret::ValidatorSecret;
use cairn_verifier::state::PowerMode;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::anchor::AnchorArg;
use super::known::Known;
use super::system::{Signer, show};
use super::{DEFAULT_NODE, Failure, keys, out};
use crate::http_client::{hex, parse_hex};
use crate::system::{SystemEvent, ValidatorEvent};

mod status;

const EXAMPLES: &str = "Examples:
  cairn validator status
  cairn validator key --validator-key validator.key --out b.json   where the new key is
  cairn validator add b.json --power 1 --key data/keys/admin.key
  cairn validator weight KEYID --power 5 --key data/keys/admin.key
  cairn validator remove KEYID --key data/keys/admin.key --reason 'host retired'
  cairn validator penalty halve --key data/keys/admin.key
  cairn validator approve EVENT --validator-key data/keys/validator.key

Power by stake instead of weights:
  cairn validator allot HOLDER --amount 1000 --key data/keys/admin.key
  cairn validator bond VALIDATOR --amount 600 --key holder.key
  cairn validator mode stake --window 7 --key data/keys/admin.key
  cairn validator unbond VALIDATOR --amount 100 --key holder.key

A change is proposed by an administrator, in an event of the stream `system`, and counts once
validators with more than two thirds of the voting power approved it, each with its own key. The set
changes behind the next gate: a height that the genesis' gate divides. What is not approved by the
time the set changes lapses, and is proposed again.

An allotment and a mode are such changes too. To bond and to take back is up to the holder: the key
that stake is allotted to (`cairn member list` says ids of keys). Stake counts from the next gate on
and stops to count behind one; then it is held for the window, in which evidence still cuts it.";

/// Arguments of `validator`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Who validates, who will, and what waits for approvals
    Status {
        /// The node
        #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
        node: String,
    },
    /// Write a key's public side, signed by the key, for whoever adds it
    Key {
        /// The secret key, of `cairn keygen --validator` or keys/validator.key
        #[arg(long, value_name = "FILE")]
        validator_key: PathBuf,
        /// Where to write it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The node
        #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
        node: String,
        #[command(flatten)]
        anchor: AnchorArg,
    },
    /// Propose a new validator
    Add {
        /// A file of `cairn validator key`
        file: PathBuf,
        /// Its voting power
        #[arg(long, default_value_t = 1)]
        power: u64,
        #[command(flatten)]
        signer: Signer,
    },
    /// Propose that a validator leaves
    Remove {
        /// Its key's id, as `cairn validator status` says it
        id: KeyId,
        #[command(flatten)]
        signer: Signer,
    },
    /// Propose another voting power
    Weight {
        /// Its key's id
        id: KeyId,
        /// Its voting power from then on
        #[arg(long)]
        power: u64,
        #[command(flatten)]
        signer: Signer,
    },
    /// Propose what happens to a validator that signs a contradiction
    Penalty {
        /// From then on
        penalty: PenaltyArg,
        #[command(flatten)]
        signer: Signer,
    },
    /// Propose what the power of validators follows from
    Mode {
        /// From then on
        mode: ModeArg,
        /// How many gates stake is held after it stops to count
        #[arg(long, value_name = "GATES", default_value_t = 1)]
        window: u16,
        #[command(flatten)]
        signer: Signer,
    },
    /// Propose that a key holds so much stake; 0 ends all it has
    Allot {
        /// The key's id
        holder: KeyId,
        /// All that it holds from then on
        #[arg(long)]
        amount: u64,
        #[command(flatten)]
        signer: Signer,
    },
    /// Bond stake to a validator, with the key that holds it
    Bond(Moved),
    /// Take stake back from a validator
    Unbond(Moved),
    /// Approve a proposal with a validator's key
    Approve {
        /// The event that proposes it
        proposal: EventId,
        /// The validator's secret key
        #[arg(long, value_name = "FILE")]
        validator_key: PathBuf,
        /// The node
        #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
        node: String,
        #[command(flatten)]
        anchor: AnchorArg,
    },
}

/// What is moved, and where.
#[derive(Debug, ClapArgs)]
struct Moved {
    /// The validator's key id
    validator: KeyId,
    /// How much
    #[arg(long)]
    amount: u64,
    #[command(flatten)]
    signer: Signer,
}

/// A mode by its name.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeArg {
    /// The weights that a quorum gave
    Weights,
    /// What is bonded
    Stake,
}

impl ModeArg {
    const fn mode(self) -> PowerMode {
        match self {
            Self::Weights => PowerMode::Weights,
            Self::Stake => PowerMode::Stake,
        }
    }
}

/// A penalty by its name.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PenaltyArg {
    /// It is shown
    None,
    /// Its power is halved
    Halve,
    /// It leaves the set
    Remove,
}

impl PenaltyArg {
    const fn penalty(self) -> Penalty {
        match self {
            Self::None => Penalty::None,
            Self::Halve => Penalty::Halve,
            Self::Remove => Penalty::Remove,
        }
    }
}

/// A key that is to become a validator's, with its own signature.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Candidate {
    /// The log that it is for.
    log: String,
    suite: u8,
    key: String,
    proof: String,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    match &args.command {
        Command::Status { node } => status::status(node, json),
        Command::Key { validator_key, out, node, anchor } => {
            let known = Known::new(super::client(node)?, anchor.get()?);
            candidate(validator_key, out, known.log()?, json)
        }
        Command::Add { file, power, signer } => {
            let change = read_candidate(file, *power)?;
            propose(signer, change, json)
        }
        Command::Remove { id, signer } => propose(signer, Change::Remove(*id), json),
        Command::Weight { id, power, signer } => propose(signer, Change::Weight(*id, *power), json),
        Command::Penalty { penalty, signer } => {
            propose(signer, Change::Penalty(penalty.penalty()), json)
        }
        Command::Mode { mode, window, signer } => {
            propose(signer, Change::Mode(mode.mode(), *window), json)
        }
        Command::Allot { holder, amount, signer } => {
            propose(signer, Change::Allot(*holder, *amount), json)
        }
        Command::Bond(moved) => move_stake(moved, Way::Bond, json),
        Command::Unbond(moved) => move_stake(moved, Way::Unbond, json),
        Command::Approve { proposal, validator_key, node, anchor } => {
            let known = Known::new(super::client(node)?, anchor.get()?);
            approve(&known, proposal, validator_key, json)
        }
    }
}

fn propose(signer: &Signer, change: Change, json: bool) -> Result<(), Failure> {
    let event = SystemEvent::Validator(Box::new(ValidatorEvent::Proposed(change)));
    show("proposed", &signer.begin()?.submit(&event)?, json);
    Ok(())
}

fn move_stake(moved: &Moved, way: Way, json: bool) -> Result<(), Failure> {
    let writing = moved.signer.begin()?;
    let (holder, validator) = (writing.secret.key_id(), moved.validator);
    let asked = Move { holder, validator, amount: moved.amount, way };
    let event = SystemEvent::Validator(Box::new(ValidatorEvent::Moved(asked)));
    let what = match way {
        Way::Bond => "bonded",
        Way::Unbond => "unbonded",
    };
    show(what, &writing.submit(&event)?, json);
    Ok(())
}

fn candidate(file: &Path, out: &Path, log: LogId, json: bool) -> Result<(), Failure> {
    let secret = keys::read_validator(file)?;
    let id = secret.key_id();
    let proof = signed(&secret, Role::Candidate, &candidate_message(&log, &id))?;
    let candidate = Candidate {
        log: log.to_string(),
        suite: secret.suite().byte(),
        key: hex(&secret.public_key()),
        proof: hex(&proof),
    };
    let text = serde_json::to_string(&candidate).map_err(Failure::failed)?;
    keys::write_public(out, &format!("{text}\n"))?;
    if json {
        out::line(Object::new().text("file", out.display()).text("keyId", id).finish());
    } else {
        out::line(format_args!("{}: key {id} for log {log}", out.display()));
    }
    Ok(())
}

fn signed(secret: &ValidatorSecret, role: Role, message: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed = || Failure::Failed("the key cannot sign".to_owned());
    secret.sign(role, message).ok_or_else(failed)
}

fn read_candidate(file: &Path, power: u64) -> Result<Change, Failure> {
    let bad = |why: &str| Failure::Failed(format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| bad(&error.to_string()))?;
    let read: Candidate = serde_json::from_str(&text).map_err(|error| bad(&error.to_string()))?;
    let suite = Suite::from_byte(read.suite).ok_or_else(|| bad("no signature suite"))?;
    let bytes = |hex: &str| parse_hex(hex).ok_or_else(|| bad("no lower-case hex"));
    Ok(Change::Add { suite, key: bytes(&read.key)?, power, proof: bytes(&read.proof)? })
}

/// Signs what the proposal's own event says, whatever the node says of it.
fn approve(known: &Known, proposal: &EventId, file: &Path, json: bool) -> Result<(), Failure> {
    let secret = keys::read_validator(file)?;
    let log = known.log()?;
    let change = read_proposal(known, proposal, log)?;
    let answer = known.client.json("/v1/validators")?;
    let answer: Value = serde_json::from_str(&answer).map_err(Failure::failed)?;
    let set = answer.get("set").and_then(Value::as_str).unwrap_or_default();
    let set: SetDigest = digest::parse_hex(set).map_err(Failure::failed)?.into();
    let signature = signed(&secret, Role::Approval, &approval_message(&log, &set, proposal))?;
    let body = Object::new()
        .text("proposal", proposal)
        .text("validator", secret.key_id())
        .text("signature", hex(&signature))
        .finish();
    let path = "/v1/validators/approvals";
    let answer = known.client.post(path, "application/json", body.as_bytes())?;
    if json {
        out::line(answer.trim());
    } else {
        out::line(format_args!("approved: {}", shown(&change)));
    }
    Ok(())
}

fn read_proposal(known: &Known, proposal: &EventId, log: LogId) -> Result<Change, Failure> {
    let bytes = known.client.bytes(&format!("/v1/events/{proposal}"))?;
    let event = SignedEvent::decode(&bytes).map_err(Failure::failed)?;
    let (id, _) = event.verify().map_err(Failure::failed)?;
    let said = SystemEvent::read(event.body()).map_err(Failure::failed)?;
    if id != *proposal || event.body().log != log {
        return Err(Failure::Failed(format!(
            "the node answered with event {id}, which is not proposal {proposal} of log {log}"
        )));
    }
    if let SystemEvent::Validator(said) = said
        && let ValidatorEvent::Proposed(change) = *said
    {
        return Ok(change);
    }
    Err(Failure::Failed(format!("event {proposal} proposes nothing")))
}

fn shown(change: &Change) -> String {
    let id = change.validator().map(|id| id.to_string()).unwrap_or_default();
    match change {
        Change::Add { power, .. } => format!("{id} becomes a validator with power {power}"),
        Change::Remove(_) => format!("{id} leaves"),
        Change::Weight(_, power) => format!("{id} has power {power}"),
        Change::Penalty(penalty) => format!("the penalty is {}", penalty.name()),
        Change::Mode(mode, window) => {
            format!("power is by {}, stake is held for {window} gates", mode.name())
        }
        Change::Allot(holder, amount) => format!("{holder} holds {amount} of stake"),
    }
}
