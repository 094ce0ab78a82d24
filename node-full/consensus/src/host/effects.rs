//! What the engine asks for, one effect at a time.

use arc_malachitebft_core_consensus::{
    ConsensusMsg, Effect, LivenessMsg, Resumable as _, Resume, SignedConsensusMsg,
};
use arc_malachitebft_core_types::{CommitCertificate, SignedMessage, Timeout, TimeoutKind};
use cairn_verifier::finality::Role;

use super::blocks::Named;
use super::{Decided, Fault, HostError, Io, Output, Timer};
use crate::broken::Defence;
use crate::guard::Record;
use crate::types::{Address, Proposal, Signature, Vote};
use crate::{Cairn, certificate, evidence};

impl Io {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is the next function's")]
    pub(super) fn effect(&mut self, effect: Effect<Cairn>) -> Resume<Cairn> {
        match effect {
            Effect::CancelAllTimeouts(r) => {
                self.timers.clear();
                r.resume_with(())
            }
            Effect::CancelTimeout(timeout, r) => {
                self.timers.retain(|_, other| *other != timeout);
                r.resume_with(())
            }
            Effect::ScheduleTimeout(timeout, r) => {
                self.schedule(timeout);
                r.resume_with(())
            }
            Effect::StartRound(_, round, _, _, r) => {
                self.round = round.as_u32().unwrap_or(0);
                self.own_proposal = None;
                self.build = None;
                self.inbox.renew();
                r.resume_with(())
            }
            Effect::GetValue(_, round, timeout, r) => {
                self.build = round.as_u32().map(|round| (round, self.duration(timeout)));
                r.resume_with(())
            }
            Effect::SignVote(vote, r) => {
                let signature = self.sign_vote(&vote);
                r.resume_with(SignedMessage::new(vote, signature))
            }
            Effect::SignProposal(proposal, r) => {
                let signature = self.sign_proposal(&proposal);
                r.resume_with(SignedMessage::new(proposal, signature))
            }
            other => self.effect_of_others(other),
        }
    }

    /// Effects about what peers sent or are to be sent.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is the next function's")]
    fn effect_of_others(&mut self, effect: Effect<Cairn>) -> Resume<Cairn> {
        match effect {
            Effect::PublishConsensusMsg(SignedConsensusMsg::Vote(vote), r)
            | Effect::RepublishVote(vote, r)
            | Effect::PublishLivenessMsg(LivenessMsg::Vote(vote), r) => {
                self.publish_vote(&vote);
                r.resume_with(())
            }
            Effect::PublishConsensusMsg(SignedConsensusMsg::Proposal(proposal), r) => {
                self.publish_proposal(&proposal);
                r.resume_with(())
            }
            Effect::PublishLivenessMsg(LivenessMsg::PolkaCertificate(polka), r) => {
                self.publish_polka(&polka);
                r.resume_with(())
            }
            Effect::PublishLivenessMsg(LivenessMsg::SkipRoundCertificate(round), r)
            | Effect::RepublishRoundCertificate(round, r) => {
                self.publish_round(&round);
                r.resume_with(())
            }
            Effect::RestreamProposal(_, _, _, _, value, r) => {
                self.share_block(&value.0);
                r.resume_with(())
            }
            Effect::VerifySignature(message, voter, r) => {
                let holds = self.verify(&message, &voter);
                r.resume_with(holds)
            }
            Effect::WalAppend(_, input, r) => {
                self.log_input(&input);
                r.resume_with(())
            }
            other => self.effect_of_certificates(other),
        }
    }

    fn effect_of_certificates(&mut self, effect: Effect<Cairn>) -> Resume<Cairn> {
        match effect {
            Effect::VerifyCommitCertificate(commit, set, _, r) => {
                let votes = commit.commit_signatures.iter().map(|v| (&v.address, &v.signature));
                let what = (commit.height, commit.round, commit.value_id);
                r.resume_with(certificate::check_commit((&set, &mut self.checker), what, votes))
            }
            Effect::VerifyExtendedCommitCertificate(commit, set, _, _, r) => {
                let votes = commit.commit_signatures.iter().map(|v| (&v.address, &v.signature));
                let what = (commit.height, commit.round, commit.value_id);
                let checked = certificate::check_commit((&set, &mut self.checker), what, votes);
                let unchecked = self.config.broken.lacks(Defence::Sync);
                r.resume_with(if unchecked { Ok(()) } else { checked })
            }
            Effect::VerifyPolkaCertificate(polka, set, _, r) => {
                let checked = certificate::check_polka((&set, &mut self.checker), &polka);
                self.blame(checked.is_err());
                r.resume_with(checked)
            }
            Effect::VerifyRoundCertificate(round, set, _, r) => {
                let checked = certificate::check_round((&set, &mut self.checker), &round);
                self.blame(checked.is_err());
                r.resume_with(checked)
            }
            Effect::CertVerifiedSyncValue(response, proposer, r) => {
                let certificate = &response.certificate;
                let named = Named { round: certificate.round, proposer, certified: self.from };
                self.name(certificate.value_id.0, named);
                r.resume_with(())
            }
            Effect::CertRejectedSyncValue(_, _, _, r) => {
                self.fault = Some(Fault::BadCertificate);
                r.resume_with(())
            }
            Effect::Finalize(commit, _, found, r) => {
                let files = evidence::files((&self.checker.domain(), &self.set), &found);
                self.decided(&commit, files);
                r.resume_with(())
            }
            Effect::ExtendVote(_, _, _, _, r) => r.resume_with(None),
            Effect::VerifyVoteExtension(_, _, _, _, _, _, r) => r.resume_with(Ok(())),
            // The decision is acted on when it is finalized, which follows at once.
            Effect::Decide(..)
            // Those of the two functions before.
            | Effect::CancelAllTimeouts(_)
            | Effect::CancelTimeout(..)
            | Effect::ScheduleTimeout(..)
            | Effect::StartRound(..)
            | Effect::PublishConsensusMsg(..)
            | Effect::PublishLivenessMsg(..)
            | Effect::RepublishVote(..)
            | Effect::RepublishRoundCertificate(..)
            | Effect::GetValue(..)
            | Effect::RestreamProposal(..)
            | Effect::SignVote(..)
            | Effect::SignProposal(..)
            | Effect::VerifySignature(..)
            | Effect::WalAppend(..) => Resume::Continue,
        }
    }

    fn blame(&mut self, bad: bool) {
        if bad {
            self.fault = Some(Fault::BadSignature);
        }
    }

    fn duration(&self, timeout: Timeout) -> std::time::Duration {
        self.config.timeouts.duration_for(timeout)
    }

    fn schedule(&mut self, timeout: Timeout) {
        self.timers.retain(|_, other| *other != timeout);
        self.next_timer = self.next_timer.saturating_add(1);
        let timer = Timer(self.next_timer);
        self.timers.insert(timer.0, timeout);
        let mut after = self.duration(timeout);
        if timeout.kind == TimeoutKind::Rebroadcast {
            after = self.config.timeouts.rebroadcast;
        }
        self.outputs.push(Output::SetTimer { timer, after });
    }

    /// Signs if the record of signatures allows it; an empty signature is a vote not given.
    fn sign(&mut self, voter: &Address, record: Record, messages: &[(Role, Vec<u8>)]) -> Signature {
        let refused = Signature(Vec::new());
        let unguarded = self.config.broken.lacks(Defence::Record);
        if !self.guard.allow(record) && !unguarded {
            return refused;
        }
        let (Some(signer), Some(entry)) = (&self.signer, self.set.find(voter)) else {
            return refused;
        };
        let mut whole = Vec::new();
        for (role, message) in messages {
            let Some(signature) = signer.sign(*role, message) else { return refused };
            self.checker.note(entry, (*role, message), &signature);
            whole.extend(signature);
        }
        Signature(whole)
    }

    fn sign_vote(&mut self, vote: &Vote) -> Signature {
        let record = Record::new(vote.place(), vote.digest());
        let message = self.checker.domain().vote(vote.place(), &vote.digest());
        self.sign(&vote.voter, record, &[(Role::Vote, message)])
    }

    fn sign_proposal(&mut self, proposal: &Proposal) -> Signature {
        let domain = self.checker.domain();
        let record = Record::new(proposal.place(), proposal.value.0);
        let vote = domain.vote(proposal.place(), &proposal.value.0);
        let messages = [(Role::Vote, vote), (Role::Proposal, proposal.message(&domain))];
        self.sign(&proposal.proposer, record, &messages)
    }

    fn verify(
        &mut self,
        message: &SignedMessage<Cairn, ConsensusMsg<Cairn>>,
        voter: &Address,
    ) -> bool {
        if message.signature.0.is_empty() {
            return false;
        }
        let Some(entry) = self.set.find(voter) else { return false };
        let holds = match &message.message {
            ConsensusMsg::Vote(vote) => self.checker.vote(entry, vote, &message.signature.0),
            ConsensusMsg::Proposal(proposal) => {
                self.checker.proposal(entry, proposal, &message.signature)
            }
        };
        self.blame(!holds);
        if let (true, ConsensusMsg::Proposal(proposal)) = (holds, &message.message) {
            let (round, proposer) = (proposal.round, proposal.proposer);
            self.name(proposal.value.0, Named { round, proposer, certified: None });
        }
        holds
    }

    fn decided(&mut self, commit: &CommitCertificate<Cairn>, evidence: Vec<Vec<u8>>) {
        let (height, header) = (self.height, commit.value_id.0);
        let surplus = self.config.broken.lacks(Defence::Minimal);
        let certificate = certificate::minimal(&self.set, commit, surplus);
        let block = self.blocks.block(&header).map(<[u8]>::to_vec);
        match (certificate, block) {
            (Ok(certificate), Some(block)) => {
                self.running = false;
                self.timers.clear();
                // Our own vote may be the one that decides, and is told to others only after this.
                self.note_signed();
                let decided = Decided { height, header, block, certificate, evidence };
                self.outputs.push(Output::Decided(Box::new(decided)));
            }
            (Err(error), _) => self.fatal = Some(error.into()),
            (Ok(_), None) => {
                let what = format!("block {header} at height {height} was decided and is not held");
                self.fatal = Some(HostError::Engine(what));
            }
        }
    }
}
