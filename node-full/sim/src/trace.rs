//! The order of events as one digest, and as lines for who wants to read them.

use std::fmt::Write as _;

use cairn_consensus::Decided;
use cairn_consensus::wire::Message;

use crate::run::Event;

/// What happened in runs, counted, so that nobody takes a calm sea for a good ship.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "plain counts")]
pub struct Seen {
    /// Events.
    pub events: u64,
    /// Proposals of later rounds than the first.
    pub late_rounds: u64,
    /// Proposals that rest on an earlier round.
    pub resting: u64,
    /// Final blocks that came by sync.
    pub synced: u64,
    /// Starts in the middle of a height, with a log to replay.
    pub replays: u64,
    /// Logs whose tail was torn.
    pub torn: u64,
    /// Heights in which a validator without its log was silent.
    pub silent: u64,
    /// Handovers to another set.
    pub handovers: u64,
    /// Heights whose validators had the power that was bonded to them.
    pub staked: u64,
    /// Moves of stake that were taken.
    pub moves: u64,
    /// Moves that ended some validator's part, once its window was over.
    pub freed: u64,
    /// Contradictions that cost stake.
    pub cuts: u64,
    /// Evidence files that held.
    pub evidence: u64,
    /// Peers that were disconnected.
    pub bans: u64,
    /// Writes of log, record or block that a disk refused.
    pub failed_writes: u64,
    /// Syncs of the log that it refused.
    pub failed_syncs: u64,
    /// Starts at which log and record could not be read.
    pub failed_reads: u64,
    /// Disks that were full for a while.
    pub full_disks: u64,
}

impl Seen {
    /// Adds another run's counts.
    pub const fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.late_rounds += other.late_rounds;
        self.resting += other.resting;
        self.synced += other.synced;
        self.replays += other.replays;
        self.torn += other.torn;
        self.silent += other.silent;
        self.handovers += other.handovers;
        self.staked += other.staked;
        self.moves += other.moves;
        self.freed += other.freed;
        self.cuts += other.cuts;
        self.evidence += other.evidence;
        self.bans += other.bans;
        self.failed_writes += other.failed_writes;
        self.failed_syncs += other.failed_syncs;
        self.failed_reads += other.failed_reads;
        self.full_disks += other.full_disks;
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} events, {} handovers, {} heights by stake, {} moves, {} parts freed, {} cuts, {} late proposals, {} resting on a round before, {} blocks by sync, \
             {} replays, {} torn logs, {} silent heights, {} evidence files, {} disconnected, \
             {} writes, {} syncs and {} reads refused, {} full disks",
            self.events,
            self.handovers,
            self.staked,
            self.moves,
            self.freed,
            self.cuts,
            self.late_rounds,
            self.resting,
            self.synced,
            self.replays,
            self.torn,
            self.silent,
            self.evidence,
            self.bans,
            self.failed_writes,
            self.failed_syncs,
            self.failed_reads,
            self.full_disks,
        )
    }
}

pub(crate) struct Trace {
    hasher: blake3::Hasher,
    pub(crate) seen: Seen,
    print: bool,
}

impl Trace {
    pub(crate) fn new(print: bool) -> Self {
        Self { hasher: blake3::Hasher::new(), seen: Seen::default(), print }
    }

    pub(crate) fn event(&mut self, at: u64, event: &Event) {
        self.seen.events += 1;
        let mut line = format!("{at:>10} ");
        // Writing to a string does not fail.
        let _written = match event {
            Event::Deliver { from, to, bytes } => {
                self.hasher.update(bytes);
                self.count(bytes);
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

    fn count(&mut self, bytes: &[u8]) {
        if !matches!(cairn_consensus::wire::head(bytes), Ok((1, _))) {
            return;
        }
        if let Ok(Message::Proposal { round, rests_on, .. }) = Message::decode(bytes) {
            self.seen.late_rounds += u64::from(round > 0);
            self.seen.resting += u64::from(rests_on > 0);
        }
    }

    pub(crate) fn decided(&mut self, node: usize, decided: &Decided) {
        self.hasher.update(decided.header.as_bytes());
        if self.print {
            say(&format!("           {node} final {} {}", decided.height, decided.header));
        }
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
