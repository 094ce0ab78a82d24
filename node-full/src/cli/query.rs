//! `cairn query`

use clap::{Args as ClapArgs, ValueEnum};
use serde::Deserialize;

use super::anchor::AnchorArg;
use super::known::Known;
use super::{DEFAULT_NODE, Failure, out};
use crate::http_client::percent;

const EXAMPLES: &str = "Examples:
  cairn query
  cairn query --actor user/ann --from 2026-01-01T00:00:00Z
  cairn query --type dev.git.commit.created --order oldest --limit 100
  cairn query --resource-prefix payroll/2026 --outcome denied
  cairn query --json --all
  cairn query --writer KEYID --stream main --complete --anchor genesis:...

What is shown are claims of the node. To check an event, take its receipt: cairn prove. With --complete
every event is checked, and that none is missing: it shows all that a key wrote in a stream.";

/// Arguments of `query`.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The node
    #[arg(long, value_name = "URL", default_value = DEFAULT_NODE)]
    node: String,
    /// Who acted: KIND/ID, or the id alone
    #[arg(long)]
    actor: Option<String>,
    /// What the actor's id begins with
    #[arg(long, value_name = "TEXT")]
    actor_prefix: Option<String>,
    /// On what: KIND/ID, or the id alone
    #[arg(long)]
    resource: Option<String>,
    /// What the resource's id begins with
    #[arg(long, value_name = "TEXT")]
    resource_prefix: Option<String>,
    /// The id of what the resource belongs to
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// What that id begins with
    #[arg(long, value_name = "TEXT")]
    parent_prefix: Option<String>,
    /// The event type
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// What the event type begins with
    #[arg(long, value_name = "TEXT")]
    type_prefix: Option<String>,
    /// What kind of event: record, grant, redaction and so on
    #[arg(long)]
    kind: Option<String>,
    /// How it ended: success, failure, denied or unknown
    #[arg(long)]
    outcome: Option<String>,
    /// The stream's name or id
    #[arg(long)]
    stream: Option<String>,
    /// The id of the key that signed
    #[arg(long, value_name = "KEY_ID")]
    writer: Option<String>,
    /// Claimed time at or after: RFC 3339, or milliseconds since 1970
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Claimed time before
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// How many events
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: Option<u16>,
    /// Where the page before ended
    #[arg(long)]
    cursor: Option<String>,
    /// Which first
    #[arg(long)]
    order: Option<OrderArg>,
    /// All pages, one after the other
    #[arg(long, conflicts_with = "cursor")]
    all: bool,
    /// Check every event, and that these are all of this writer in this stream
    #[arg(long, requires = "writer", conflicts_with_all = [
        "actor", "actor_prefix", "resource", "resource_prefix", "parent", "parent_prefix",
        "event_type", "type_prefix", "kind", "outcome", "from", "to", "limit", "cursor", "order",
        "all",
    ])]
    complete: bool,
    #[command(flatten)]
    anchor: AnchorArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OrderArg {
    Newest,
    Oldest,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    events: Vec<EntryJson>,
    complete_from: u64,
    complete_to: u64,
    next: Option<String>,
}

#[derive(Deserialize)]
struct EntryJson {
    id: String,
    index: u64,
    status: String,
    event: EventJson,
}

#[derive(Deserialize)]
struct EventJson {
    time: u64,
    #[serde(rename = "type")]
    event_type: String,
    actor: PartyJson,
    resource: PartyJson,
}

#[derive(Deserialize)]
struct PartyJson {
    kind: String,
    id: String,
}

pub(super) fn run(args: &Args, json: bool) -> Result<(), Failure> {
    let client = super::client(&args.node)?;
    if args.complete {
        let known = Known::new(client, args.anchor.get()?);
        let writer = args.writer.as_deref().unwrap_or_default();
        let bad = |error| Failure::Usage(format!("--writer: {error}"));
        let writer = writer.parse().map_err(bad)?;
        return super::complete::run(&known, (args.stream.as_deref(), writer), json);
    }
    let mut cursor = args.cursor.clone();
    loop {
        let answer = client.json(&path(args, cursor.as_deref()))?;
        let page: Page = serde_json::from_str(&answer).map_err(Failure::failed)?;
        if json {
            out::line(&answer);
        } else {
            page.events.iter().for_each(row);
        }
        match page.next {
            Some(next) if args.all => cursor = Some(next),
            next => {
                if !json {
                    footer(page.complete_from..page.complete_to, next.as_deref());
                }
                return Ok(());
            }
        }
    }
}

fn path(args: &Args, cursor: Option<&str>) -> String {
    let limit = args.limit.map(|limit| limit.to_string());
    let order = args.order.map(|order| match order {
        OrderArg::Newest => "newest",
        OrderArg::Oldest => "oldest",
    });
    let filters = [
        ("actor", args.actor.as_deref()),
        ("actor-prefix", args.actor_prefix.as_deref()),
        ("resource", args.resource.as_deref()),
        ("resource-prefix", args.resource_prefix.as_deref()),
        ("parent", args.parent.as_deref()),
        ("parent-prefix", args.parent_prefix.as_deref()),
        ("type", args.event_type.as_deref()),
        ("type-prefix", args.type_prefix.as_deref()),
        ("kind", args.kind.as_deref()),
        ("outcome", args.outcome.as_deref()),
        ("stream", args.stream.as_deref()),
        ("writer", args.writer.as_deref()),
        ("from", args.from.as_deref()),
        ("to", args.to.as_deref()),
        ("limit", limit.as_deref()),
        ("cursor", cursor),
        ("order", order),
    ];
    let set = filters.iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    let set: Vec<_> = set.map(|(name, value)| format!("{name}={}", percent(value))).collect();
    format!("/v1/events?{}", set.join("&"))
}

fn row(entry: &EntryJson) {
    let party = |party: &PartyJson| out::shown(&format!("{}:{}", party.kind, party.id));
    let event = &entry.event;
    out::line(format_args!(
        "{:>8}  {}  {:<8}  {}  {}  {}",
        entry.index,
        out::time(event.time),
        out::shown(&entry.status),
        out::shown(&event.event_type),
        party(&event.actor),
        party(&event.resource),
    ));
    out::line(out::Color::Dim.on_stdout(&format!("          {}", out::shown(&entry.id))));
}

fn footer(complete: std::ops::Range<u64>, next: Option<&str>) {
    if complete.start == 0 {
        out::note(format_args!("searched the first {} events of the log", complete.end));
    } else {
        let std::ops::Range { start, end } = complete;
        out::note(format_args!("searched events {start} to {end}; older ones are not kept here"));
    }
    if let Some(next) = next {
        out::note(format_args!("more: --cursor {}", out::shown(next)));
    }
}
