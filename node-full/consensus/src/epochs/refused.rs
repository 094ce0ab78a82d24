//! Why an event about validators changes nothing.

use cairn_verifier::digest::{EventId, KeyId, LogId, SetDigest};
use cairn_verifier::evidence::EvidenceError;
use cairn_verifier::finality::{MAX_TOTAL_POWER, MAX_VALIDATORS, Suite};
use cairn_verifier::state::MAX_STAKE_PARTS;
use cairn_verifier::wire::DecodeError;
use thiserror::Error;

use super::{MAX_HOLDERS, MAX_OPEN};

/// Why an event changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refused {
    /// A key of another length than its suite's.
    #[error("the key is none of suite {}", .0.byte())]
    Key(Suite),
    /// The candidate's own signature does not hold.
    #[error(
        "the key {0} did not sign that it is to be a validator of this log; `cairn validator key` \
         makes that signature where the key is"
    )]
    NoProof(KeyId),
    /// It is a validator already, or will be one.
    #[error("the key {0} is a validator's already, or will be behind the next gate")]
    IsValidator(KeyId),
    /// It is none, or will be none.
    #[error("the key {0} is no validator's, or will be none behind the next gate")]
    NotAValidator(KeyId),
    /// It has this power already.
    #[error("nothing would change")]
    Nothing,
    /// The set would have no one.
    #[error("the last validator cannot leave: nobody could make a block any more")]
    Empty,
    /// The set would have too many.
    #[error("{found} validators; the limit is {MAX_VALIDATORS}")]
    TooMany {
        /// How many.
        found: usize,
    },
    /// The set breaks a rule of sets.
    #[error("no set can be so: {0}")]
    Set(DecodeError),
    /// Too much waits for approvals.
    #[error(
        "{MAX_OPEN} proposals wait for approvals already; approve some, or let them lapse at the next change of the set"
    )]
    TooManyOpen,
    /// The proposal is not known, was decided, or lapsed.
    #[error(
        "no proposal {0} waits for approvals; it was decided, or lapsed when the set changed, or is not final yet"
    )]
    NoProposal(EventId),
    /// Stake counts, and nobody would have any.
    #[error("no stake would be bonded to any validator: nobody could make a block any more")]
    NothingBonded,
    /// Stake would be free at once, and nobody could be punished.
    #[error("stake is held for at least 1 gate after it stops to count")]
    NoWindow,
    /// All allotments together are no power of a set.
    #[error("{total} of stake in all; it must be below {MAX_TOTAL_POWER}")]
    TooMuchStake {
        /// How much it would be.
        total: u64,
    },
    /// Too many hold stake.
    #[error("{found} keys would hold stake; the limit is {MAX_HOLDERS}")]
    TooManyHolders {
        /// How many.
        found: usize,
    },
    /// More is bonded than would be allotted.
    #[error(
        "{held} of its stake is bonded or leaving, which is more than {asked}; an allotment of 0 ends all of it"
    )]
    StakeHeld {
        /// What it would have.
        asked: u64,
        /// What is not free.
        held: u64,
    },
    /// The key holds none.
    #[error("no stake is allotted to the key {0}; validators do that with `cairn validator allot`")]
    NoStake(KeyId),
    /// It has less that is free.
    #[error("{asked} of stake to bond, and {free} is free")]
    NotFree {
        /// How much.
        asked: u64,
        /// How much there is.
        free: u64,
    },
    /// It bonded less to this validator.
    #[error("{asked} of stake to take back, and {bonded} is bonded to {validator}")]
    NotBonded {
        /// The validator.
        validator: KeyId,
        /// How much.
        asked: u64,
        /// How much there is.
        bonded: u64,
    },
    /// It moved stake not long ago.
    #[error("the holder moved stake at gate {gate}; it can again in blocks behind height {behind}")]
    MovedBefore {
        /// The gate behind which that counts.
        gate: u64,
        /// The height.
        behind: u64,
    },
    /// Its stake is in too many places.
    #[error("a holder's stake is bonded to or leaves at most {MAX_STAKE_PARTS} validators")]
    TooManyParts,
    /// Only validators of the set in force approve.
    #[error("the key {0} is not in the validator set in force")]
    NoVoter(KeyId),
    /// It approved before.
    #[error("the key {0} approved this before")]
    ApprovedBefore(KeyId),
    /// The approval's signature does not hold.
    #[error("the approval is not signed by {0} for this proposal under the set in force")]
    BadApproval(KeyId),
    /// The file is no evidence of a culprit.
    #[error("not evidence of a validator's contradiction: {0}")]
    File(DecodeError),
    /// It is evidence of something else.
    #[error(
        "evidence of this kind is shown, and is not logged: only two votes or proposals of one validator are"
    )]
    OtherKind,
    /// The evidence is about another log.
    #[error("the evidence is about log {found}; this is log {expected}")]
    OtherLog {
        /// This log.
        expected: LogId,
        /// The evidence's.
        found: LogId,
    },
    /// A vote names another set than the one in force at its height.
    #[error("the evidence names set {found}; at its height {expected} was in force")]
    OtherSet {
        /// The set of that height.
        expected: SetDigest,
        /// The vote's.
        found: SetDigest,
    },
    /// A signature in it does not hold.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The key was no validator at that height.
    #[error("the key {key} was no validator at height {height}")]
    NotThen {
        /// The key.
        key: KeyId,
        /// The height.
        height: u64,
    },
    /// There is evidence against this key from the same epoch.
    #[error("event {event} is evidence against this key in epoch {epoch} already")]
    AccusedBefore {
        /// The event.
        event: EventId,
        /// The epoch.
        epoch: u64,
    },
}
