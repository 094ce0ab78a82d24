//! The engine's names for our things. Nothing here is an encoding: those are `codec` and `log`.

use std::fmt;

use arc_malachitebft_core_types::{
    self as core, NilOrVal, Round, SignedMessage, VoteType, VotingPower,
};
use cairn_verifier::digest::{HeaderDigest, KeyId};

use crate::Cairn;

/// A validator: the id of the key it votes with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address(pub(crate) KeyId);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl core::Address for Address {}

/// A block's height, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Height(pub(crate) u64);

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl core::Height for Height {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(0);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// What is agreed on: a header's digest. The block itself travels beside it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value(pub(crate) HeaderDigest);

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl core::Value for Value {
    type Id = Self;

    fn id(&self) -> Self {
        *self
    }
}

/// A signature as it travels: of the suite of the voter's key. A proposal has two, one after the
/// other: of its vote, and of the round that it rests on. Empty stands for one that was refused,
/// and never leaves the host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Signature(pub(crate) Vec<u8>);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes)", self.0.len())
    }
}

/// How the engine would encode keys and signatures; it never does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scheme;

impl core::SigningScheme for Scheme {
    type DecodingError = std::convert::Infallible;
    type Signature = Signature;
    type PublicKey = Address;
    type PrivateKey = ();

    fn decode_signature(bytes: &[u8]) -> Result<Signature, Self::DecodingError> {
        Ok(Signature(bytes.to_vec()))
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.0.clone()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<Address, Self::DecodingError> {
        let id = <[u8; 32]>::try_from(bytes).map_or(KeyId::ZERO, KeyId::from_bytes);
        Ok(Address(id))
    }

    fn encode_public_key(key: &Address) -> Vec<u8> {
        key.0.as_bytes().to_vec()
    }
}

/// A prevote or precommit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) kind: VoteType,
    pub(crate) height: Height,
    pub(crate) round: Round,
    pub(crate) value: NilOrVal<Value>,
    pub(crate) voter: Address,
}

impl core::Vote<Cairn> for Vote {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<Value> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<Value> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Address {
        &self.voter
    }

    fn extension(&self) -> Option<&SignedMessage<Cairn, ()>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedMessage<Cairn, ()>> {
        None
    }

    fn extend(self, _: SignedMessage<Cairn, ()>) -> Self {
        self
    }
}

/// A proposer's word that a value is the one of its round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) height: Height,
    pub(crate) round: Round,
    pub(crate) value: Value,
    /// The round whose prevotes it rests on, if it was proposed before.
    pub(crate) rests_on: Round,
    pub(crate) proposer: Address,
}

impl core::Proposal<Cairn> for Proposal {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &Value {
        &self.value
    }

    fn take_value(self) -> Value {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.rests_on
    }

    fn validator_address(&self) -> &Address {
        &self.proposer
    }
}

/// Blocks travel whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part;

impl core::ProposalPart<Cairn> for Part {
    fn is_first(&self) -> bool {
        true
    }

    fn is_last(&self) -> bool {
        true
    }
}

/// One entry of a set, as the engine sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Validator {
    pub(crate) address: Address,
    pub(crate) power: VotingPower,
    /// Its index in the set.
    pub(crate) index: u8,
    /// The length of its signatures.
    pub(crate) suite: cairn_verifier::finality::Suite,
}

impl core::Validator<Cairn> for Validator {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &Address {
        &self.address
    }

    fn voting_power(&self) -> VotingPower {
        self.power
    }
}
