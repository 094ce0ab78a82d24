//! What the engine is told about us, in one type.

use arc_malachitebft_core_types::{Context, LinearTimeouts, NilOrVal, Round, VoteType};

use crate::set::Set;
use crate::types::{Address, Height, Part, Proposal, Scheme, Validator, Value, Vote};

/// Our side of the engine: which types it works with, and whose turn it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cairn;

impl Context for Cairn {
    type Address = Address;
    type Height = Height;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Validator;
    type ValidatorSet = Set;
    type Timeouts = LinearTimeouts;
    type Value = Value;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = Scheme;

    fn select_proposer<'a>(&self, set: &'a Set, height: Height, round: Round) -> &'a Validator {
        set.proposer(height.0, round.as_u32().unwrap_or(0))
    }

    fn new_proposal(
        &self,
        height: Height,
        round: Round,
        value: Value,
        rests_on: Round,
        proposer: Address,
    ) -> Proposal {
        Proposal { height, round, value, rests_on, proposer }
    }

    fn new_prevote(
        &self,
        height: Height,
        round: Round,
        value: NilOrVal<Value>,
        voter: Address,
    ) -> Vote {
        Vote { kind: VoteType::Prevote, height, round, value, voter }
    }

    fn new_precommit(
        &self,
        height: Height,
        round: Round,
        value: NilOrVal<Value>,
        voter: Address,
    ) -> Vote {
        Vote { kind: VoteType::Precommit, height, round, value, voter }
    }
}
