//! A validator among others, one of whom is bad: whatever it sends, signed or not, in whatever
//! order, with restarts between.
//!
//! The honest ones go one of a few ways ([`crate::validators`]); the bad one's signatures are its
//! own. So one block only can become final, and only under the votes of the honest.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_consensus::wire::{Message, RoundVote, Signed};
use cairn_consensus::{
    Broken, Config, Decided, Host, Limits, Output, Peer, Record, Timeouts, Timer, Verdict,
};
use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::evidence::{VerifiedEvidence, verify};
use cairn_verifier::finality::{Certificate, HEADER_LEN, Header, Role, encode_certificate};
use cairn_verifier::trust::{Base, Genesis, TrustedValidators};
use cairn_verifier::{Budget, UnixMillis};

use crate::choices::Choices;
use crate::validators::{Validators, digest, validators};
use crate::verdicts::saw;

pub(super) const ROUNDS: usize = 1_000;

/// Says what honest validators said, and nothing else.
const HONEST: Peer = Peer(1);
/// Say anything.
const BAD: [Peer; 2] = [Peer(2), Peer(3)];

const LIMITS: Limits = Limits {
    messages: 128,
    bytes: 1 << 20,
    checks: 64,
    later_messages: 16,
    later_bytes: 16 << 10,
    blocks: 2,
    served: 8,
};
/// The longest block here.
const BLOCK: usize = 8 << 10;
/// Rounds ahead of its own that the engine listens to, and its own.
const ROUNDS_HEARD: usize = 11;
const STEPS: usize = 400;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = crate::seeds::choices();
    for way in 0..3 {
        for me in 0..4 {
            let said = u8::try_from(validators().history(usize::from(way), me).len()).unwrap();
            // Everything in order, with the answers that a host waits for.
            let all: Vec<u8> = (0..said).flat_map(|at| [0, at, 5, 0, 6, 0]).collect();
            let begin = [me, 0, way];
            // Both votes of the first round, for the second block.
            let against = [[9, 0, 0, 0, 1, 0], [9, 0, 0, 0, 1, 1]].concat();
            let anything: Vec<u8> = (7..16).flat_map(|step| [step; 12]).collect();
            seeds.push([&begin[..], &all].concat());
            seeds.push([&begin[..], &against, &all, &anything].concat());
            seeds.push([&begin[..], &all[..54], &anything, &[7, 3], &all].concat());
        }
    }
    seeds
}

pub(super) fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let mut scene = Scene::new(&mut choices);
    for _ in 0..STEPS {
        if !choices.more() {
            break;
        }
        scene.step(&mut choices);
    }
    saw(if scene.height == 0 { "open" } else { "decided" });
}

/// One validator's world.
struct Scene {
    all: &'static Validators,
    me: u8,
    bad: u8,
    /// What the honest said, encoded.
    said: Vec<Vec<u8>>,
    host: Host,
    height: u64,
    /// What a disk holds.
    entries: Vec<Vec<u8>>,
    record: Option<Record>,
    checks: Vec<(u64, HeaderDigest, Vec<u8>, bool)>,
    builds: Vec<(u64, u32)>,
    timers: Vec<Timer>,
    /// What this validator signed, in its whole life.
    signed: BTreeMap<(u8, u64, u32), HeaderDigest>,
}

impl Scene {
    fn new(choices: &mut Choices<'_>) -> Self {
        let all = validators();
        let me = choices.byte() % all.count();
        let bad = (me + 1 + choices.byte() % (all.count() - 1)) % all.count();
        let said = all.history(choices.below(3), me).iter().map(Message::encode).collect();
        let mut scene = Self {
            all,
            me,
            bad,
            said,
            host: host(all, me, None),
            height: 0,
            entries: Vec::new(),
            record: None,
            checks: Vec::new(),
            builds: Vec::new(),
            timers: Vec::new(),
            signed: BTreeMap::new(),
        };
        let outputs = scene.host.start(0, &all.set).unwrap();
        scene.perform(outputs);
        scene
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.below(16) {
            0..4 => {
                let message = choices.of(&self.said).clone();
                self.hear(HONEST, &message);
            }
            4 => self.timer(choices),
            5 => self.check(choices),
            6 => self.build(),
            7 => self.restart_or_renew(choices),
            step => {
                let peer = *choices.of(&BAD);
                let message = self.bad_message(step, choices);
                self.hear(peer, &message);
            }
        }
    }

    /// Hands the host a message. What it says is never an error, and costs no more than its
    /// signatures.
    fn hear(&mut self, peer: Peer, bytes: &[u8]) {
        let before = self.host.signatures_checked();
        let outputs = self.host.message(peer, bytes).unwrap();
        let checks = self.host.signatures_checked() - before;
        assert!(checks <= 2 * u64::from(self.all.count()), "{checks} signatures for one message");
        self.perform(outputs);
    }

    fn timer(&mut self, choices: &mut Choices<'_>) {
        if self.timers.is_empty() {
            return;
        }
        let timer = self.timers.remove(choices.below(self.timers.len()));
        let outputs = self.host.timer(timer).unwrap();
        self.perform(outputs);
    }

    fn check(&mut self, choices: &mut Choices<'_>) {
        if self.checks.is_empty() {
            return;
        }
        let (height, header, block, certified) =
            self.checks.remove(choices.below(self.checks.len()));
        let blocks = &self.all.blocks;
        let verdict = match blocks.iter().find(|known| digest(known) == header) {
            Some(known) if *known != block => Verdict::NotTheBlock,
            // The second block's time is far ahead of this clock.
            Some(known) if *known == blocks[1] && !certified => Verdict::Early,
            Some(_) => Verdict::Valid,
            None => Verdict::Invalid,
        };
        let outputs = self.host.checked(height, header, verdict).unwrap();
        self.perform(outputs);
    }

    fn build(&mut self) {
        let Some(place) = self.builds.pop() else { return };
        if place.0 == 0 {
            let outputs = self.host.built(place, self.all.blocks[0].clone()).unwrap();
            self.perform(outputs);
        }
    }

    fn restart_or_renew(&mut self, choices: &mut Choices<'_>) {
        match choices.below(4) {
            0 => self.host.renew(),
            1 => BAD.into_iter().for_each(|peer| self.host.gone(peer)),
            2 => self.host.gone(HONEST),
            _ => {
                self.host = host(self.all, self.me, self.record);
                self.checks.clear();
                self.builds.clear();
                self.timers.clear();
                let entries = self.entries.clone();
                let outputs = self.host.resume(self.height, &self.all.set, &entries).unwrap();
                assert!(!self.host.is_silent(), "the log is whole");
                self.perform(outputs);
            }
        }
    }

    /// Something that the bad one sends.
    fn bad_message(&self, step: usize, choices: &mut Choices<'_>) -> Vec<u8> {
        let height = u64::from(choices.byte() % 8 / 6);
        let round = u32::from(choices.byte() % 16);
        let header = self.header(choices);
        let kind = 1 + choices.byte() % 2;
        let message = match step {
            8 => {
                let mut message = choices.of(&self.said).clone();
                let other = choices.of(&self.said);
                choices.splice(&mut message, other);
                return message;
            }
            9 => self.all.vote_of(self.bad, (kind, height, round), header),
            10 => {
                let header = if header == HeaderDigest::ZERO { digest(&self.all.blocks[1]) } else { header };
                let rests_on = u32::from(choices.byte()) % (round + 1);
                let proposer = choices.byte() % 4;
                let proposer = if proposer == self.me { self.bad } else { proposer };
                let message = self.all.proposal(self.bad, (height, round, rests_on), header);
                in_the_name_of(message, if choices.flag() { proposer } else { self.bad })
            }
            11 => {
                let signed = self.forged(choices, (kind, height, round), header);
                Message::Vote { height, round, kind, header, signed }
            }
            12 => self.certificate(choices, (height, round), header),
            13 => Message::Block { height, block: self.block(choices) },
            14 => self.final_block(choices, (height, round)),
            _ => match choices.below(4) {
                0 => Message::Status { height: choices.number(height) },
                1 => Message::Want { height },
                2 if header != HeaderDigest::ZERO => Message::WantBlock { height, header },
                _ => return choices.take(200).to_vec(),
            },
        };
        message.encode()
    }

    fn header(&self, choices: &mut Choices<'_>) -> HeaderDigest {
        match choices.below(4) {
            0 => digest(&self.all.blocks[0]),
            1 => digest(&self.all.blocks[1]),
            2 => HeaderDigest::ZERO,
            _ => digest(&self.block(choices)),
        }
    }

    /// A block that is right, another one under the same header, or one that breaks a rule.
    fn block(&self, choices: &mut Choices<'_>) -> Vec<u8> {
        let mut block = choices.of(&self.all.blocks).clone();
        if choices.flag() {
            let mut header = Header::decode(&block[..HEADER_LEN]).unwrap();
            header.height = u64::from(choices.byte() % 8 / 6);
            header.parent = HeaderDigest::from_bytes([u8::from(header.height > 0); 32]);
            header.time = UnixMillis(header.time.0 + u64::from(choices.byte()));
            block.splice(..HEADER_LEN, header.encode());
        }
        match choices.below(4) {
            0 => block.push(choices.byte()),
            1 => block.resize(BLOCK, 7),
            _ => (),
        }
        block
    }

    /// A vote that nobody made, or one of the bad validator in another's name.
    fn forged(&self, choices: &mut Choices<'_>, place: (u8, u64, u32), header: HeaderDigest) -> Signed {
        let index = choices.byte() % (self.all.count() + 1);
        let mut signed = self.all.vote(self.bad, place, header);
        match choices.below(3) {
            0 if index != self.bad => signed.index = index,
            1 => signed.signature[usize::from(index)] ^= 1,
            _ => signed.signature = self.all.signed(self.bad, Role::Approval, &[index]).signature,
        }
        signed
    }

    /// Votes that some honest ones really made, the bad one's, and some that are forged.
    fn votes(
        &self,
        choices: &mut Choices<'_>,
        (kind, height, round): (u8, u64, u32),
        header: HeaderDigest,
    ) -> Vec<Signed> {
        let honest = |index: u8| {
            self.said.iter().find_map(|bytes| match Message::decode(bytes) {
                Ok(Message::Vote { height: h, round: r, kind: k, header: d, signed }) => {
                    let same = (h, r, k, d, signed.index) == (height, round, kind, header, index);
                    same.then_some(signed)
                }
                _ => None,
            })
        };
        let vote = |index: u8| match choices.below(4) {
            0 => None,
            1 => {
                let mut forged = self.forged(choices, (kind, height, round), header);
                forged.index = index;
                Some(forged)
            }
            _ if index == self.bad => Some(self.all.vote(index, (kind, height, round), header)),
            _ => honest(index),
        };
        let mut votes: Vec<_> = (0..self.all.count()).filter_map(vote).collect();
        votes.sort_by_key(|vote| vote.index);
        votes
    }

    fn certificate(&self, choices: &mut Choices<'_>, (height, round): (u64, u32), header: HeaderDigest) -> Message {
        let kind = 1 + choices.byte() % 2;
        let votes = self.votes(choices, (kind, height, round), header);
        if choices.flag() && header != HeaderDigest::ZERO {
            return Message::Polka { height, round, header, votes };
        }
        let votes = votes.into_iter().map(|signed| RoundVote { kind, header, signed }).collect();
        Message::Round { height, round, skip: choices.flag(), votes }
    }

    fn final_block(&self, choices: &mut Choices<'_>, (height, round): (u64, u32)) -> Message {
        let block = self.block(choices);
        let votes = self.votes(choices, (2, height, round), digest(&block));
        let votes: Vec<_> =
            votes.into_iter().map(|vote| (vote.index, vote.suite, vote.signature)).collect();
        let certificate = encode_certificate(round, &votes).unwrap_or_default();
        Message::Final { height, block, certificate }
    }

    /// Does what the host wants done, and looks at all of it.
    fn perform(&mut self, outputs: Vec<Output>) {
        let mut decided = None;
        for output in outputs {
            match output {
                Output::Begin { .. } => self.entries.clear(),
                Output::Append { height, entry } => {
                    assert_eq!(height, self.height);
                    self.entries.push(entry);
                }
                Output::Record(bytes) => self.record = Some(Record::decode(&bytes).unwrap()),
                Output::Broadcast(bytes) | Output::Send { bytes, .. } => self.says(&bytes),
                Output::SetTimer { timer, after } => {
                    assert!(after > Duration::ZERO);
                    self.timers.push(timer);
                }
                Output::Build { height, round, .. } => self.builds.push((height, round)),
                Output::Check { height, header, block, certified } => {
                    assert_eq!(digest(&block), header);
                    self.checks.push((height, header, block, certified));
                }
                Output::Serve { height, .. } => assert!(height < self.height, "not final yet"),
                Output::Ban { peer, fault } => {
                    assert_ne!(peer, HONEST, "an honest peer is banned: {fault}");
                    saw("banned");
                }
                Output::Decided(block) => decided = Some(block),
            }
        }
        // A share for each peer, and two blocks of each round that is heard.
        let limit = 3 * (LIMITS.later_bytes + (LIMITS.blocks + 1) * BLOCK)
            + 2 * BLOCK * (ROUNDS_HEARD + usize::try_from(self.host.round()).unwrap());
        assert!(self.host.kept_bytes() <= limit, "{} bytes are kept", self.host.kept_bytes());
        if let Some(decided) = decided {
            self.decided(&decided);
        }
    }

    /// One header for each height, round and type, whatever was heard.
    fn says(&mut self, bytes: &[u8]) {
        let message = Message::decode(bytes).unwrap();
        let (place, header, signed) = match message {
            Message::Vote { height, round, kind, header, signed } => {
                ((kind, height, round), header, signed)
            }
            Message::Proposal { height, round, header, signed, .. } => {
                ((0, height, round), header, signed)
            }
            _ => return,
        };
        if signed.index == self.me {
            let before = *self.signed.entry(place).or_insert(header);
            assert_eq!(before, header, "two headers are signed for {place:?}");
        }
    }

    /// What is final is what the honest voted for, and a light client takes it.
    fn decided(&mut self, decided: &Decided) {
        let genesis = Genesis::decode(&self.all.kit.genesis).unwrap();
        assert_eq!((decided.height, self.height), (0, 0), "nobody honest votes at height 1");
        assert_eq!(decided.block, self.all.blocks[0]);
        let header = Header::decode(&decided.block[..HEADER_LEN]).unwrap();
        let certificate = Certificate::decode(&decided.certificate).unwrap();
        let anchor = self.all.kit.anchor();
        let trusted = TrustedValidators::from_base(anchor, &Base::Genesis(genesis)).unwrap();
        trusted.accept(&header, &certificate, header.time, &mut ()).unwrap();
        for file in &decided.evidence {
            let Ok(VerifiedEvidence::Culprit(culprit)) = verify(file, anchor, Budget::DEFAULT)
            else {
                panic!("evidence of another kind, or none");
            };
            let bad = self.all.set.ids().nth(usize::from(self.bad)).unwrap();
            assert_eq!(culprit.key(), bad, "an honest validator is accused");
            saw("evidence");
        }
        self.height = 1;
        self.checks.clear();
        self.timers.clear();
        let outputs = self.host.start(1, &self.all.set).unwrap();
        self.perform(outputs);
    }
}

fn host(all: &'static Validators, me: u8, record: Option<Record>) -> Host {
    let (log, timeouts) = (all.kit.log, Timeouts::default());
    let config = Config { log, timeouts, limits: LIMITS, broken: Broken::default() };
    Host::new(config, Some(Box::new(all.key(me))), record, &all.set).unwrap()
}

/// The same proposal, said to be by another validator.
fn in_the_name_of(mut message: Message, index: u8) -> Message {
    if let Message::Proposal { signed, .. } = &mut message {
        signed.index = index;
    }
    message
}
