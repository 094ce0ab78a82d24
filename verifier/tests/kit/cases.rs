//! Every receipt vector: a name that says what was bent, and the exact verdict.

mod anchors;
mod bytes;
mod certificates;
mod events;
mod handovers;
mod names;
mod older;
pub mod payloads;

pub use cairn_verifier::digest::{self, Hash, LogId};
use cairn_verifier::event::{EventBody, Payload, SignedEvent, encode_signed};
use cairn_verifier::finality::{Header, PublicKey, Role, Suite, VOTE_PRECOMMIT};
use cairn_verifier::payload::{Fields, MessageKey, message_key, seal};
use cairn_verifier::pcek::v2;
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::tree::{Proof, TreeSize};
use cairn_verifier::wire::Writer;
use cairn_verifier::{TrustAnchor, UnixMillis};

use super::{Block, Council, GENESIS_TIME, Kit, Parts, Signer, TRUST_PERIOD, four, small_log};

/// One vector.
pub struct Case {
    pub name: &'static str,
    pub desc: &'static str,
    pub receipt: Vec<u8>,
    pub anchor: TrustAnchor,
    pub now: UnixMillis,
    /// `ok` or an error code.
    pub want: &'static str,
    /// A member's key file, and what opening the payload with it gives.
    pub open: Option<(String, &'static str)>,
}

/// All vectors, in the order of the checks.
pub fn all() -> Vec<Case> {
    let kit = small_log(9, four(1));
    let mut cases = Vec::new();
    bytes::good(&kit, &mut cases);
    bytes::bytes(&kit, &mut cases);
    anchors::anchors(&kit, &mut cases);
    certificates::certificates(&kit, &mut cases);
    certificates::impossible_headers(&kit, &mut cases);
    certificates::clocks(&kit, &mut cases);
    older::older_headers(&kit, &mut cases);
    handovers::handovers(&mut cases);
    older::forged_bases(&kit, &mut cases);
    handovers::hybrids(&mut cases);
    handovers::powers(&mut cases);
    events::inclusion(&kit, &mut cases);
    events::events(&kit, &mut cases);
    events::bodies(&kit, &mut cases);
    events::brackets(&kit, &mut cases);
    events::first_brackets(&mut cases);
    payloads::payloads(&mut cases);
    names::names(&kit, &mut cases);
    cases
}

fn case(
    kit: &Kit,
    name: &'static str,
    desc: &'static str,
    want: &'static str,
    receipt: Vec<u8>,
) -> Case {
    Case { name, desc, receipt, anchor: kit.anchor(), now: kit.now(), want, open: None }
}
