//! Receipts put together by choices: an honest one, then parts from other logs, headers changed and
//! signed anew by the real validators, votes and handovers moved about, bytes spliced.

mod event;
mod header;
mod name;

use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::{Certificate, Suite};
use cairn_verifier::state::{KeyRole, RecordKey};
use cairn_verifier::wire::Writer;
use cairn_verifier::{Budget, Terms, TrustAnchor, UnixMillis};

use crate::choices::Choices;
use crate::kit::{Council, GENESIS_TIME, Parts, TRUST_PERIOD};
use crate::model;
use crate::world::{Log, world};

pub use event::{bend_body, forged_event};
pub use header::{bend_header, splice_proof};
pub use name::{KEYS, any_key, any_record};

/// How many changes one receipt has: mostly few, so that some come far.
const CHANGES: [usize; 8] = [1, 1, 1, 2, 2, 3, 4, 6];

/// A receipt to be, with what it is checked against.
#[derive(Clone)]
pub struct Forged {
    /// Its parts.
    pub parts: Parts,
    /// The anchor that the user pinned.
    pub anchor: TrustAnchor,
    /// The checking clock.
    pub now: UnixMillis,
    /// The work that the user allows.
    pub budget: Budget,
    /// Changes of the encoded bytes.
    splices: Vec<Vec<u8>>,
    /// Whether it is an honest receipt, unchanged.
    pub honest: bool,
    log: usize,
}

impl Forged {
    /// A receipt by choices.
    #[must_use]
    pub fn by(choices: &mut Choices<'_>) -> Self {
        let (log, index) = honest(choices);
        let mut forged = Self {
            parts: whole(&world().logs[log], index),
            anchor: world().logs[log].kit.anchor(),
            now: world().logs[log].kit.now(),
            budget: Budget::DEFAULT,
            splices: Vec::new(),
            honest: !choices.more(),
            log,
        };
        let changes = *choices.of(&CHANGES);
        for _ in 0..changes {
            if choices.more() {
                forged.change(choices);
            }
        }
        forged
    }

    /// The terms it is checked on.
    #[must_use]
    pub fn terms(&self) -> Terms<'static> {
        Terms::at(self.now).within(self.budget)
    }

    fn log(&self) -> &'static Log {
        &world().logs[self.log]
    }

    fn change(&mut self, choices: &mut Choices<'_>) {
        match choices.below(18) {
            0 => self.take_from_elsewhere(choices),
            1 => bend_header(&mut self.parts.header, choices),
            2 | 3 => self.resigned_header(choices),
            4 => self.other_certificate(choices),
            5 => self.votes(choices),
            6 => self.handovers(choices),
            7 => self.base(choices),
            8 => self.pinned_or_older(choices),
            9 => self.parts.index = choices.number(self.parts.index),
            10 => splice_proof(&mut self.parts.proof, choices),
            11 => self.event(choices),
            12 => self.bracket(choices),
            13 => self.payload(choices),
            14 => self.clock_and_anchor(choices),
            15 => self.name(choices),
            16 => self.budget(choices),
            _ => self.splices.push(choices.take(24).to_vec()),
        }
    }

    /// The bytes of the receipt.
    #[must_use]
    pub fn receipt(&self) -> Vec<u8> {
        self.spliced(self.parts.encode())
    }

    /// The bytes of the checkpoint file with the same finality proof.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(1).u8(b'C').raw(&self.parts.base).len16(self.parts.handovers.len());
        for handover in &self.parts.handovers {
            writer.raw(handover);
        }
        writer.raw(&self.parts.header.encode()).raw(&self.parts.finality);
        self.spliced(writer.into_bytes())
    }

    fn spliced(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let other = bytes.clone();
        for splice in &self.splices {
            // Two bytes move the place past the first 256.
            let mut choices = Choices::new(splice);
            let skip = usize::from(u16::from_be_bytes(choices.array())).min(bytes.len());
            let mut tail = bytes.split_off(skip);
            choices.splice(&mut tail, &other);
            bytes.append(&mut tail);
        }
        bytes
    }

    /// One part of another honest receipt.
    fn take_from_elsewhere(&mut self, choices: &mut Choices<'_>) {
        let (log, index) = honest(choices);
        let other = whole(&world().logs[log], index);
        match choices.below(9) {
            0 => self.parts.base = other.base,
            1 => self.parts.handovers = other.handovers,
            2 => (self.parts.header, self.parts.finality) = (other.header, other.finality),
            3 => self.parts.finality = other.finality,
            4 => (self.parts.index, self.parts.proof) = (other.index, other.proof),
            5 => self.parts.event = other.event,
            6 => self.parts.bracket = other.bracket,
            7 => self.parts.name = other.name,
            _ => (self.parts.payload, self.parts.wraps) = (other.payload, other.wraps),
        }
    }

    /// A council of this log or, rarely, of another one.
    fn council(&self, choices: &mut Choices<'_>) -> &'static Council {
        let log = if choices.below(8) == 7 { choices.below(world().logs.len()) } else { self.log };
        let councils = &world().logs[log].kit.councils;
        let own = councils.iter().find(|one| one.set().digest() == self.parts.header.set);
        own.filter(|_| choices.below(4) != 3).unwrap_or_else(|| choices.of(councils))
    }

    /// The header changed, and a certificate of real validators over it.
    fn resigned_header(&mut self, choices: &mut Choices<'_>) {
        for _ in 0..=choices.below(2) {
            bend_header(&mut self.parts.header, choices);
        }
        let council = self.council(choices);
        let certificate = council.certify(&self.parts.header, 0, &council.quorum());
        self.parts.finality = [&[1], certificate.as_slice()].concat();
    }

    /// A certificate of chosen voters, round and type of vote.
    fn other_certificate(&mut self, choices: &mut Choices<'_>) {
        let council = self.council(choices);
        let (who, round, kind) = (choices.byte(), choices.below(2), choices.below(4));
        let [round, signed] = [round, choices.below(2)].map(|round| u32::try_from(round).unwrap());
        let kind = [2, 2, 1, 0][kind];
        let voters = (0..council.set().count()).filter(|index| who >> (index % 8) & 1 == 1);
        let votes: Vec<_> =
            voters.map(|index| council.vote(index, &self.parts.header, kind, signed)).collect();
        self.parts.finality = raw_certificate(round, &votes);
    }

    /// The votes of the certificate, moved about.
    fn votes(&mut self, choices: &mut Choices<'_>) {
        let Some(certificate) = self.parts.finality.strip_prefix(&[1]) else { return };
        let Ok(certificate) = Certificate::decode(certificate) else { return };
        let round = certificate.round();
        let mut votes: Vec<_> = certificate
            .votes()
            .map(|vote| (vote.index, vote.suite, vote.signature.to_vec()))
            .collect();
        if votes.is_empty() {
            return;
        }
        let (one, two) = (choices.below(votes.len()), choices.below(votes.len()));
        match choices.below(7) {
            0 => drop(votes.remove(one)),
            1 => votes.insert(one, votes[two].clone()),
            2 => votes.swap(one, two),
            3 => votes[one].0 = choices.byte() % 8,
            4 => votes[one].2 = votes[two].2.clone(),
            5 => votes[one].1 = *choices.of(&Suite::ALL),
            _ => choices.splice(&mut votes[one].2, &[]),
        }
        self.parts.finality = raw_certificate(round, &votes);
    }

    /// Payload and wraps.
    fn payload(&mut self, choices: &mut Choices<'_>) {
        let with_payloads = world().logs.last().unwrap();
        let stored = with_payloads.stored.get(&(choices.below(4) as u64)).unwrap();
        match choices.below(6) {
            0 => self.parts.payload = Some(stored.payload.clone()),
            1 => self.parts.payload = None,
            2 => self.parts.wraps.extend_from_slice(&stored.wraps),
            3 => self.parts.wraps.clear(),
            4 => self.parts.payload = Some(choices.take(16).to_vec()),
            _ => {
                if let Some(payload) = &mut self.parts.payload {
                    choices.splice(payload, &stored.payload);
                }
            }
        }
    }

    /// Less work than usual, near what this one takes.
    fn budget(&mut self, choices: &mut Choices<'_>) {
        let few = u64::from(choices.byte() % 32);
        match choices.below(3) {
            0 => self.budget.bytes = choices.number(self.parts.encode().len() as u64),
            1 => self.budget.signatures = few,
            _ => self.budget.hashes = few,
        }
    }

    fn clock_and_anchor(&mut self, choices: &mut Choices<'_>) {
        let header = self.parts.header.time.0;
        match choices.below(8) {
            0 => self.now = UnixMillis(header.saturating_sub(120_000)),
            1 => self.now = UnixMillis(header.saturating_sub(120_001)),
            2 => self.now = UnixMillis(GENESIS_TIME + TRUST_PERIOD),
            3 => self.now = UnixMillis(GENESIS_TIME + TRUST_PERIOD + 1),
            4 => self.now = UnixMillis(choices.number(header)),
            5 => self.anchor = choices.of(&world().logs).kit.anchor(),
            6 => {
                let block = choices.of(&self.log().kit.blocks);
                self.anchor = TrustAnchor::Checkpoint(model::header_digest(&block.header));
            }
            _ => {
                let digest = model::header_digest(&self.parts.header);
                self.anchor = TrustAnchor::Checkpoint(digest);
            }
        }
    }
}

/// An honest log and one of its events.
fn honest(choices: &mut Choices<'_>) -> (usize, u64) {
    let log = choices.below(world().logs.len());
    (log, choices.below(world().logs[log].kit.events.len()) as u64)
}

/// The receipt of an event, with all that is stored beside it, and the writer's name if it holds.
#[must_use]
pub fn whole(log: &Log, index: u64) -> Parts {
    let mut parts = log.kit.parts(index);
    if let Some(stored) = log.stored.get(&index) {
        parts.payload = Some(stored.payload.clone());
        parts.wraps.clone_from(&stored.wraps);
    }
    let key = RecordKey::Key(log.kit.writer.key_id());
    let (role, from, until) = log.kit.writer_key;
    let event = SignedEvent::decode(&parts.event).unwrap();
    let own = event.body().writer == log.kit.writer.key_id();
    let holds = own && role == KeyRole::Writer && (from..until).contains(&index);
    if holds && log.kit.state.get(&key).is_some() {
        parts.name = Some(log.kit.present(&key));
    }
    parts
}

/// A certificate as finality, whether or not it would decode.
fn raw_certificate(round: u32, votes: &[(u8, Suite, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(1).u8(1).u32(round).len8(votes.len());
    for (index, suite, signature) in votes {
        writer.u8(*index).u8(suite.byte()).raw(signature);
    }
    writer.into_bytes()
}
