//! The application that the simulated validators agree about: numbers in a tree, and changes of the
//! validator set and of stake. Its trees, headers and rules are the real ones, those of the sets too.

use cairn_consensus::epochs::{Epochs, Fields};
use cairn_consensus::rules::{RuleError, Tip};
use cairn_consensus::{Broken, Decided, Defence, Set, Verdict};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{Hash, HeaderDigest, derive};
use cairn_verifier::finality::{HEADER_LEN, Header};
use cairn_verifier::state::PowerMode;
use cairn_verifier::tree::{Blake3, Kind, Peaks};
use cairn_verifier::wire::{Reader, Writer};

use crate::acts::{Act, MAX_ACTS, draw, take};
use crate::flaw::Flaw;
use crate::rng::Rng;
use crate::world::{GENESIS_TIME, World};

/// The rules of sets and of stake that can be left out.
const RULES: [Defence; 5] =
    [Defence::Approvals, Defence::PowerCap, Defence::Accusation, Defence::Allotment, Defence::Cut];

/// What a block holds after its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) acts: Vec<Act>,
    pub(crate) events: Vec<u64>,
}

impl Body {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.len16(self.acts.len());
        self.acts.iter().for_each(|act| act.write(&mut writer));
        writer.len16(self.events.len());
        for event in &self.events {
            writer.u64(*event);
        }
        writer.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let body = cairn_verifier::wire::decode_all(bytes, |reader: &mut Reader<'_>| {
            let acts = reader.count16("acts", MAX_ACTS)?;
            let acts = (0..acts).map(|_| Act::read(reader)).collect::<Result<_, _>>()?;
            let count = reader.count16("events", 100)?;
            let events = (0..count).map(|_| reader.u64()).collect::<Result<_, _>>()?;
            Ok(Self { acts, events })
        });
        body.ok()
    }
}

/// One node's log: what it has made durable.
#[derive(Clone)]
pub(crate) struct Ledger<'w> {
    world: &'w World,
    pub(crate) finals: Vec<Decided>,
    last: Option<(Header, HeaderDigest)>,
    events: Peaks,
    headers: Peaks,
    pub(crate) epochs: Epochs,
    /// Evidence that its host met.
    evidence: Vec<Vec<u8>>,
}

impl<'w> Ledger<'w> {
    pub(crate) fn new(world: &'w World, broken: Broken) -> Self {
        let (events, headers) = (Peaks::empty(), Peaks::empty());
        let epochs = world.epochs.clone().with(broken);
        let evidence = Vec::new();
        Self { world, finals: Vec::new(), last: None, events, headers, epochs, evidence }
    }

    fn hasher(&self, kind: Kind) -> Blake3 {
        Blake3::new(kind, *self.world.log.as_bytes())
    }

    pub(crate) fn tip(&self) -> Option<Tip> {
        Some(Tip {
            log: self.world.log,
            parameters: self.world.parameters,
            parent: self.last,
            genesis_time: UnixMillis(GENESIS_TIME),
            first_set: self.world.sets.first()?.digest(),
            header_root: self.headers.root(&self.hasher(Kind::Header)),
        })
    }

    pub(crate) fn next_height(&self) -> u64 {
        self.finals.len() as u64
    }

    /// The set of the next header.
    pub(crate) fn set(&self) -> &Set {
        &self.epochs.now().set
    }

    /// What follows from a block's acts.
    fn epochs_after(&self, body: &Body) -> Epochs {
        let mut epochs = self.epochs.clone();
        take(self.world, &mut epochs, self.next_height(), &body.acts);
        epochs
    }

    fn with(&self, body: &Body) -> Option<Peaks> {
        let hasher = self.hasher(Kind::Event);
        let mut peaks = self.events.clone();
        let height = self.next_height();
        let acts = body.acts.iter().map(|act| act.entry(height));
        let events = body.events.iter();
        let events = events.map(|event| derive("cairn simulator event", &[&event.to_be_bytes()]));
        for entry in acts.chain(events) {
            let leaf = hasher.leaf(peaks.size().get(), &entry);
            peaks.append(&hasher, leaf).ok()?;
        }
        Some(peaks)
    }

    /// The next block with this body, as an honest node builds it.
    pub(crate) fn block(&self, body: &Body, now: UnixMillis) -> Option<(Header, Vec<u8>)> {
        self.block_for(body, now, &self.epochs_after(body))
    }

    /// The same if the acts led to something else.
    pub(crate) fn block_for(
        &self,
        body: &Body,
        now: UnixMillis,
        after: &Epochs,
    ) -> Option<(Header, Vec<u8>)> {
        let (tip, peaks) = (self.tip()?, self.with(body)?);
        let wanted = after.next().digest();
        let (epoch, epoch_start, set) = tip.next_epoch();
        let header = Header {
            log: tip.log,
            height: tip.next_height(),
            epoch,
            time: tip.next_time(now),
            parent: tip.parent.map_or(HeaderDigest::ZERO, |(_, digest)| digest),
            events: peaks.size(),
            event_root: peaks.root(&self.hasher(Kind::Event)),
            sha256_root: Hash::ZERO,
            header_root: tip.header_root,
            epoch_start,
            set,
            next_set: tip.next_set(wanted),
            state_root: state_root(after),
            parameters: tip.parameters,
        };
        Some((header, join(&header, body)))
    }

    /// A block with some events, sometimes with a change of the set, and with evidence if there is
    /// some. Every run has a change soon.
    pub(crate) fn build(&self, now: UnixMillis, rng: &mut Rng) -> Option<Vec<u8>> {
        let height = self.next_height();
        if self.world.calm.is_some() {
            let events = (0..3).map(|_| rng.next()).collect();
            return self.block(&Body { acts: Vec::new(), events }, now).map(|(_, block)| block);
        }
        let is_due = self.epochs.now().epoch == 0 && !self.epochs.is_pending();
        let mut epochs = self.epochs.clone();
        let mut acts = Vec::new();
        let accusations = self.evidence.iter().map(|file| Act::Accuse { file: file.clone() });
        if let Some(act) = accusations.into_iter().find(|act| is_taken(&epochs, act)) {
            take(self.world, &mut epochs, height, std::slice::from_ref(&act));
            acts.push(act);
        }
        let tries = if is_due { 100 } else { 5 };
        if is_due || rng.chance(200) {
            acts.extend(draw(self.world, (&epochs, height), (rng, tries)));
        }
        let events = (0..rng.below(6)).map(|_| rng.next()).collect();
        self.block(&Body { acts, events }, now).map(|(_, block)| block)
    }

    /// What an honest node says of a block; `flaw` leaves something out.
    pub(crate) fn check(
        &self,
        block: &[u8],
        now: Option<UnixMillis>,
        flaw: Option<Flaw>,
    ) -> Verdict {
        if flaw == Some(Flaw::Validation) {
            return Verdict::Valid;
        }
        let other = match flaw {
            Some(Flaw::OtherBytes) => Verdict::Invalid,
            _ => Verdict::NotTheBlock,
        };
        let Some((header, body)) = split(block) else { return other };
        let (Some(peaks), Some(tip)) = (self.with(&body), self.tip()) else { return other };
        let root = peaks.root(&self.hasher(Kind::Event));
        if (header.events, header.event_root) != (peaks.size(), root) {
            return other;
        }
        let after = self.epochs_after(&body);
        if header.state_root != state_root(&after) {
            return Verdict::Invalid;
        }
        let wanted = after.next().digest();
        let due = if flaw == Some(Flaw::SetChange) { header.next_set } else { wanted };
        let now = now.filter(|_| flaw != Some(Flaw::Clock));
        match tip.check(&header, due, now) {
            Ok(()) if header.sha256_root == Hash::ZERO => Verdict::Valid,
            Err(RuleError::TooFarAhead { .. }) if flaw != Some(Flaw::Early) => Verdict::Early,
            _ => Verdict::Invalid,
        }
    }

    /// The rule without which what a block leads to would be right.
    pub(crate) fn broken_rule(&self, block: &[u8]) -> Option<Defence> {
        let (header, body) = split(block)?;
        if header.state_root == state_root(&self.epochs_after(&body)) {
            return None;
        }
        RULES.into_iter().find(|rule| {
            let mut epochs = self.epochs.clone().with(Broken::without(*rule));
            take(self.world, &mut epochs, self.next_height(), &body.acts);
            header.state_root == state_root(&epochs)
        })
    }

    /// Makes a final block the log's next; `None` if it is no block at all.
    pub(crate) fn apply(&mut self, decided: &Decided) -> Option<()> {
        let (header, body) = split(&decided.block)?;
        let hasher = self.hasher(Kind::Header);
        let leaf = hasher.leaf(header.height, decided.header.as_bytes());
        self.events = self.with(&body)?;
        self.headers.append(&hasher, leaf).ok()?;
        self.epochs = self.epochs_after(&body);
        if self.epochs.close(header.height) != Fields::of(&header) {
            return None;
        }
        self.evidence.extend(decided.evidence.iter().cloned());
        self.last = Some((header, decided.header));
        self.finals.push(decided.clone());
        Some(())
    }
}

fn is_taken(epochs: &Epochs, act: &Act) -> bool {
    let Act::Accuse { file } = act else { return false };
    epochs.clone().accuse(act.id(epochs.height()), file).is_ok()
}

/// What a log's state would say of all that: the next set, who was admitted, and all stake.
fn state_root(epochs: &Epochs) -> Hash {
    let stakes = epochs.stakes();
    let mut writer = Writer::new();
    writer.raw(epochs.next().digest().as_bytes()).raw(epochs.roster().digest().as_bytes());
    writer.u8(u8::from(stakes.mode() == PowerMode::Stake)).u16(stakes.window());
    for (id, holder) in stakes.holders() {
        writer.raw(id.as_bytes()).u64(holder.allotted()).u64(holder.moved());
        for part in holder.parts() {
            writer.raw(part.validator.as_bytes()).u64(part.amount);
            let leaving = part.leaving.map_or((u64::MAX, 0), |one| (one.until, one.epoch));
            writer.u64(leaving.0).u64(leaving.1);
        }
    }
    derive("cairn simulator state", &[&writer.into_bytes()]).into()
}

pub(crate) fn join(header: &Header, body: &Body) -> Vec<u8> {
    [header.encode().as_slice(), &body.encode()].concat()
}

pub(crate) fn split(block: &[u8]) -> Option<(Header, Body)> {
    let (header, body) = block.split_at_checked(HEADER_LEN)?;
    Some((Header::decode(header).ok()?, Body::decode(body)?))
}
