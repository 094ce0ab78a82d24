//! What several nodes showed, and whether it is one history. Bytes in, questions out.

use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::evidence::{self, Fork, VerifiedEvidence};
use cairn_verifier::trust::{Finality, FinalityProof};
use cairn_verifier::{Budget, FinalHeader, TrustAnchor, UnixMillis};

use crate::assurance::Unread;
use crate::error::ClientError;
use crate::policy::Policy;

/// A head as someone showed it: the checkpoint file, verified.
#[derive(Clone, Debug)]
pub struct Shown {
    pub(crate) file: Vec<u8>,
    pub(crate) base: TrustAnchor,
    pub(crate) head: FinalHeader,
}

impl Shown {
    /// The header.
    #[must_use]
    pub const fn head(&self) -> &FinalHeader {
        &self.head
    }

    const fn height(&self) -> u64 {
        self.head.header().height
    }
}

/// Two histories that are both final, shown to be so: a file for anyone to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkEvidence {
    anchor: TrustAnchor,
    file: Vec<u8>,
    height: u64,
    headers: [HeaderDigest; 2],
}

impl ForkEvidence {
    /// Verifies an evidence file, and that it is a fork.
    ///
    /// # Errors
    /// What the verifier refuses; [`ClientError::StoredEvidence`] for evidence of another kind.
    pub fn check(anchor: TrustAnchor, file: Vec<u8>) -> Result<Self, ClientError> {
        let fork: Fork = match evidence::verify(&file, anchor, Budget::DEFAULT)? {
            VerifiedEvidence::Fork(fork) => fork,
            VerifiedEvidence::Culprit(_) | VerifiedEvidence::WriterConflict(_) => {
                return Err(ClientError::StoredEvidence { what: "it is no evidence of a fork" });
            }
        };
        let headers = [fork.first().digest(), fork.instead().digest()];
        Ok(Self { anchor, file, height: fork.first().height, headers })
    }

    /// What the file is to be checked against: the anchor, or a head that followed from it.
    #[must_use]
    pub const fn anchor(&self) -> TrustAnchor {
        self.anchor
    }

    /// The evidence file (type `E`): `cairn verify FILE --anchor ANCHOR`.
    #[must_use]
    pub fn file(&self) -> &[u8] {
        &self.file
    }

    /// The height at which there are two headers.
    #[must_use]
    pub const fn height(&self) -> u64 {
        self.height
    }

    /// The two headers.
    #[must_use]
    pub const fn headers(&self) -> [HeaderDigest; 2] {
        self.headers
    }

    /// As an error.
    #[must_use]
    pub const fn error(&self) -> ClientError {
        let [ours, theirs] = self.headers;
        ClientError::Equivocation { height: self.height, ours, theirs }
    }
}

/// Whether a lower head is part of a higher one's history.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "two histories are one or they are not")]
pub enum Compared {
    /// It is.
    OneHistory,
    /// It is not, and here is what shows it.
    Fork(Box<ForkEvidence>),
}

/// What to ask who showed the higher of two heads; `None` if nothing need be asked.
#[must_use]
pub fn question(low: &Shown, high: &Shown) -> Option<String> {
    let is_below = low.height() < high.height();
    is_below.then(|| format!("/v1/checkpoints/{}?base=header:{}", low.height(), high.head.digest()))
}

/// Compares two heads, the lower one first, by the answer to [`question`].
///
/// # Errors
/// The answer proves nothing; or both heads are final, differ, and their bases are not the same, so
/// that no file shows it: [`ClientError::Equivocation`].
pub fn compare(
    low: &Shown,
    high: &Shown,
    answer: Option<&[u8]>,
    now: UnixMillis,
) -> Result<Compared, ClientError> {
    if low.head.digest() == high.head.digest() {
        return Ok(Compared::OneHistory);
    }
    let Some(answer) = answer.filter(|_| low.height() < high.height()) else {
        return fork(low, high, None);
    };
    let proof = FinalityProof::decode(answer)?;
    let base = TrustAnchor::Checkpoint(high.head.digest());
    let (older, _) = proof.verify(base, now, &mut Unread::new())?;
    let Finality::HeaderTree(path) = proof.finality else {
        return Err(ClientError::BadAnswer { what: "it proves no older header" });
    };
    if older.header().height != low.height() {
        return Err(ClientError::BadAnswer { what: "it is about another height" });
    }
    if older.digest() == low.head.digest() {
        return Ok(Compared::OneHistory);
    }
    fork(low, high, Some((older, path)))
}

fn fork(
    low: &Shown,
    high: &Shown,
    instead: Option<(FinalHeader, cairn_verifier::tree::Proof<'_>)>,
) -> Result<Compared, ClientError> {
    let theirs = instead.as_ref().map_or_else(|| high.head.digest(), |(older, _)| older.digest());
    let (height, ours) = (low.height(), low.head.digest());
    let unshown = ClientError::Equivocation { height, ours, theirs };
    if low.base != high.base {
        return Err(unshown);
    }
    let instead = instead.as_ref().map(|(older, path)| (older.header(), *path));
    let file = evidence::encode_fork_of_checkpoints((&low.file, &high.file), instead);
    let file = file.ok_or(unshown)?;
    Ok(Compared::Fork(Box::new(ForkEvidence::check(low.base, file)?)))
}

/// Where the first of the lowest is.
pub(crate) fn first_lowest<T>(list: &[T], of: impl Fn(&T) -> u64) -> Option<usize> {
    (0..list.len()).min_by_key(|at| list.get(*at).map(&of))
}

/// The highest head that enough nodes have in their histories, by its place in `shown`: `shown` are
/// the nodes' places and heads, all of one history.
///
/// # Errors
/// [`ClientError::NotEnoughNodes`].
pub fn agreed(policy: &Policy, shown: &[(usize, Shown)]) -> Result<usize, ClientError> {
    // The highest first. They are few, and a sort brings five kilobytes along.
    let mut left: Vec<(usize, &(usize, Shown))> = shown.iter().enumerate().collect();
    let mut agreeing = Vec::new();
    while let Some(at) = first_lowest(&left, |(_, (_, shown))| !shown.height()) {
        let (place, (node, _)) = left.remove(at);
        agreeing.push(*node);
        if policy.is_met(&agreeing) {
            return Ok(place);
        }
    }
    let (agreed, nodes) = (agreeing.len(), policy.nodes().len());
    Err(ClientError::NotEnoughNodes { agreed, nodes })
}
