//! The order of events as one digest, and as lines for who wants to read them.

use std::fmt::Write as _;

use cairn_consensus::Decided;
use cairn_consensus::wire::Message;

use crate::run::Event;

pub(crate) struct Trace {
    hasher: blake3::Hasher,
    events: u64,
    print: bool,
}

impl Trace {
    pub(crate) fn new(print: bool) -> Self {
        Self { hasher: blake3::Hasher::new(), events: 0, print }
    }

    pub(crate) fn event(&mut self, at: u64, event: &Event) {
        self.events += 1;
        let mut line = format!("{at:>10} ");
        // Writing to a string does not fail.
        let _written = match event {
            Event::Deliver { from, to, bytes } => {
                self.hasher.update(bytes);
                write!(line, "{from} -> {to} {} bytes", bytes.len())
            }
            Event::Timer { node, life, timer } => write!(line, "{node}.{life} {timer:?}"),
            Event::Built { node, place, .. } => write!(line, "{node} built {place:?}"),
            Event::Checked { node, header, .. } => write!(line, "{node} checked {header}"),
            Event::Fault(fault) => write!(line, "{fault:?}"),
            Event::Villain => write!(line, "villain"),
        };
        self.hasher.update(line.as_bytes());
        if self.print {
            if let Event::Deliver { bytes, .. } = event {
                line.push_str(&what(bytes));
            }
            say(&line);
        }
    }

    pub(crate) fn decided(&mut self, node: usize, decided: &Decided) {
        self.hasher.update(decided.header.as_bytes());
        if self.print {
            say(&format!("           {node} final {} {}", decided.height, decided.header));
        }
    }

    pub(crate) const fn events(&self) -> u64 {
        self.events
    }

    pub(crate) fn hash(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

/// A message in few words.
fn what(bytes: &[u8]) -> String {
    match Message::decode(bytes) {
        Ok(Message::Proposal { height, round, header, rests_on, .. }) => {
            format!(": proposal {height}/{round} of {header}, rests on {rests_on}")
        }
        Ok(Message::Vote { height, round, kind, header, signed }) => {
            let name = if kind == 1 { "prevote" } else { "precommit" };
            format!(": {name} {height}/{round} of {} for {header}", signed.index)
        }
        Ok(Message::Polka { height, round, .. }) => format!(": polka {height}/{round}"),
        Ok(Message::Round { height, round, skip, .. }) => {
            format!(": round {height}/{round}, skip {skip}")
        }
        Ok(Message::Block { height, .. }) => format!(": block {height}"),
        Ok(Message::Status { height }) => format!(": status {height}"),
        Ok(Message::Want { height }) => format!(": want {height}"),
        Ok(Message::Final { height, .. }) => format!(": final {height}"),
        Ok(Message::WantBlock { height, .. }) => format!(": want block {height}"),
        Err(error) => format!(": {error}"),
    }
}

#[expect(clippy::print_stdout, reason = "a trace is for people at a terminal")]
fn say(line: &str) {
    println!("{line}");
}
