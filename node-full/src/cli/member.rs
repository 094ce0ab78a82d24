//! `cairn member` and `cairn stream`

use std::path::PathBuf;

use cairn_verifier::digest::{KeyId, StreamId};
use cairn_verifier::state::Roles;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::Value;

use super::system::{Signer, show};
use super::{DEFAULT_NODE, Failure, keys, out};
use crate::system::SystemEvent;

const MEMBER_EXAMPLES: &str = "Examples:
  cairn member list
  cairn member add ann ann.key.pub --key data/keys/admin.key
  cairn member add-key ann ann-2.key.pub --key data/keys/admin.key
  cairn member end-key ann KEYID --key data/keys/admin.key --reason 'laptop lost'
  cairn member remove ann --key data/keys/admin.key

A change is an event of the stream `system`, signed by an administrator: a member who may write
there, at first the member `admin`. `cairn stream allow system ann --writer` makes one more.";

const STREAM_EXAMPLES: &str = "Examples:
  cairn stream list
  cairn stream add payroll --key data/keys/admin.key
  cairn stream allow payroll ann --writer --reader --key data/keys/admin.key
  cairn stream deny payroll ann --key data/keys/admin.key";

/// Arguments of `member`.
#[derive(Debug, ClapArgs)]
#[command(after_help = MEMBER_EXAMPLES)]
pub(super) struct MemberArgs {
    #[command(subcommand)]
    command: MemberCommand,
}

#[derive(Debug, Subcommand)]
enum MemberCommand {
    /// Who is or was a member
    List {
        /// The node
        #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
        node: String,
    },
    /// A new member
    Add {
        /// A name that no member ever had
        name: String,
        /// A file of `cairn keygen`, secret or public
        file: PathBuf,
        #[command(flatten)]
        signer: Signer,
    },
    /// More keys for a member; for `ingest`, the `node.pub` of a node that came later
    AddKey {
        /// The member
        name: String,
        /// A file of `cairn keygen`, secret or public
        file: PathBuf,
        #[command(flatten)]
        signer: Signer,
    },
    /// Give up a key: it signs and receives nothing any more
    EndKey {
        /// The member
        name: String,
        /// The key's id, as `cairn member list` says it
        id: KeyId,
        #[command(flatten)]
        signer: Signer,
    },
    /// A member leaves, with all its keys; what it was given before it keeps
    Remove {
        /// The member
        name: String,
        #[command(flatten)]
        signer: Signer,
    },
}

pub(super) fn run(args: &MemberArgs, json: bool) -> Result<(), Failure> {
    let (signer, event, what) = match &args.command {
        MemberCommand::List { node } => return list_members(node, json),
        MemberCommand::Add { name, file, signer } => {
            let keys = keys::read_public(file)?;
            (signer, SystemEvent::MemberAdded { name: name.clone(), keys }, "added")
        }
        MemberCommand::AddKey { name, file, signer } => {
            let keys = keys::read_public(file)?;
            (signer, SystemEvent::KeysAdded { name: name.clone(), keys }, "added")
        }
        MemberCommand::EndKey { name, id, signer } => {
            (signer, SystemEvent::KeyEnded { name: name.clone(), key: *id }, "ended")
        }
        MemberCommand::Remove { name, signer } => {
            (signer, SystemEvent::MemberRemoved { name: name.clone() }, "removed")
        }
    };
    show(what, &signer.begin()?.submit(&event)?, json);
    Ok(())
}

fn list_members(node: &str, json: bool) -> Result<(), Failure> {
    let answer = super::client(node)?.json("/v1/members")?;
    if json {
        out::line(answer);
        return Ok(());
    }
    let answer: Value = serde_json::from_str(&answer).map_err(Failure::failed)?;
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned();
    let text = |value: &Value, name: &str| {
        out::shown(value.get(name).and_then(Value::as_str).unwrap_or_default())
    };
    for member in list(&answer, "members").unwrap_or_default() {
        let is_active = member.get("active").and_then(Value::as_bool).unwrap_or_default();
        let removed = if is_active { "" } else { "  (removed)" };
        out::line(format_args!("{}{removed}", text(&member, "name")));
        for key in list(&member, "keys").unwrap_or_default() {
            let ended = if key.get("end").is_some_and(Value::is_u64) { "  (given up)" } else { "" };
            out::line(format_args!("  {:<7} {}{ended}", text(&key, "role"), text(&key, "id")));
        }
        for role in list(&member, "roles").unwrap_or_default() {
            let has = |name: &str| role.get(name).and_then(Value::as_bool).unwrap_or_default();
            let roles = [("writes", has("writer")), ("reads", has("reader"))];
            let roles: Vec<_> = roles.iter().filter(|(_, has)| *has).map(|(n, _)| *n).collect();
            out::line(format_args!("  {} in {}", roles.join(", "), text(&role, "stream")));
        }
    }
    Ok(())
}

/// Arguments of `stream`.
#[derive(Debug, ClapArgs)]
#[command(after_help = STREAM_EXAMPLES)]
pub(super) struct StreamArgs {
    #[command(subcommand)]
    command: StreamCommand,
}

#[derive(Debug, Subcommand)]
enum StreamCommand {
    /// The log's streams
    List {
        /// The node
        #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
        node: String,
    },
    /// A new stream, in which nobody may do anything yet
    Add {
        /// A name that no stream has
        name: String,
        #[command(flatten)]
        signer: Signer,
    },
    /// Say what a member may do in a stream; what it could do before is replaced
    Allow {
        /// The stream's name
        stream: String,
        /// The member
        member: String,
        /// It writes events
        #[arg(long, required_unless_present = "reader")]
        writer: bool,
        /// It gets wraps of payloads
        #[arg(long)]
        reader: bool,
        #[command(flatten)]
        signer: Signer,
    },
    /// A member may do nothing in a stream any more
    Deny {
        /// The stream's name
        stream: String,
        /// The member
        member: String,
        #[command(flatten)]
        signer: Signer,
    },
}

pub(super) fn run_stream(args: &StreamArgs, json: bool) -> Result<(), Failure> {
    match &args.command {
        StreamCommand::List { node } => list_streams(node, json),
        StreamCommand::Add { name, signer } => {
            let id = StreamId::from_bytes(*keys::new_seed()?);
            let event = SystemEvent::StreamAdded { id, name: name.clone() };
            show("added", &signer.begin()?.submit(&event)?, json);
            Ok(())
        }
        StreamCommand::Allow { stream, member, writer, reader, signer } => {
            set(signer, (stream, member), Roles { writer: *writer, reader: *reader }, json)
        }
        StreamCommand::Deny { stream, member, signer } => {
            set(signer, (stream, member), Roles { writer: false, reader: false }, json)
        }
    }
}

fn set(
    signer: &Signer,
    (stream, member): (&str, &str),
    roles: Roles,
    json: bool,
) -> Result<(), Failure> {
    let writing = signer.begin()?;
    let stream = writing.known.stream(Some(stream))?;
    let event = SystemEvent::RolesSet { stream, member: member.to_owned(), roles };
    show("set", &writing.submit(&event)?, json);
    Ok(())
}

fn list_streams(node: &str, json: bool) -> Result<(), Failure> {
    let status = super::client(node)?.json("/v1/status")?;
    let status: Value = serde_json::from_str(&status).map_err(Failure::failed)?;
    let streams = status.get("streams").cloned().unwrap_or_default();
    if json {
        out::line(streams);
        return Ok(());
    }
    for stream in streams.as_array().cloned().unwrap_or_default() {
        let text = |name| out::shown(stream.get(name).and_then(Value::as_str).unwrap_or_default());
        out::line(format_args!("{}  {}", text("id"), text("name")));
    }
    Ok(())
}
