//! From the pinned anchor to the newest final header: a state machine of bytes and times.
//!
//! What is kept is a chain of [links](Link): checkpoint files as a node served them, the first
//! based on the anchor, each later one on the head of the one before. A sync asks for a newer
//! file with the base of the *last* link and puts it in that link's place; so one link does for
//! as long as the anchor is within the log's trust period. Past it, that base proves nothing new
//! (its keys may have leaked by now), and the head, which is younger and a fact of our own,
//! becomes the base of the next link. A client that syncs at least once a trust period thus
//! goes on for ever, with one more link a period; one that does not is told that it is stale.
//!
//! **Invariant:** the head is replaced only by a header that is final under the chain and whose
//! history contains the head, whole ([`verify_extends`]).
//! **Invariant:** the evidence leads from the anchor to the head; loading it verifies each link
//! at the time at which it was accepted. That time is this client's own note: who can write to
//! its store, and holds leaked keys of an old set, can deceive it. So can who changes its code,
//! which lies in the same place.

mod evidence;

use std::rc::Rc;

use cairn_verifier::digest::HeaderDigest;
use cairn_verifier::fact::Standing;
use cairn_verifier::finality::ExpandedKeys;
use cairn_verifier::trust::{Base, ExtendsProof, FinalityProof, verify_extends};
use cairn_verifier::{FinalHeader, Terms, TrustAnchor, UnixMillis};

use crate::assurance::Unread;
use crate::error::ClientError;
use crate::nodes::Shown;

/// A checkpoint file that was accepted, and when.
#[derive(Clone, Debug)]
struct Link {
    file: Vec<u8>,
    accepted: UnixMillis,
    base: TrustAnchor,
    /// The time of the base, from which the trust period counts.
    base_time: UnixMillis,
    head: FinalHeader,
}

/// What is known of a log: the anchor, and the newest header proven from it.
#[derive(Clone, Debug)]
pub struct Sync {
    anchor: TrustAnchor,
    links: Vec<Link>,
    synced_at: Option<UnixMillis>,
    /// Of the newest set: the next certificate of its epoch costs half.
    keys: Option<Rc<ExpandedKeys>>,
    /// How old the anchor may be, in milliseconds, where the user asks for less than the log's trust
    /// period.
    max_age: Option<u64>,
}

/// What to ask a node for: `GET` [`Question::path`], then [`Sync::answer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    base: TrustAnchor,
    /// How many links stay.
    keep: usize,
}

impl Question {
    /// Path and query.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/v1/checkpoints/latest?base={}", base_parameter(self.base))
    }
}

/// An anchor as the node's API names it: for a genesis there is only the log's own.
#[must_use]
pub fn base_parameter(anchor: TrustAnchor) -> String {
    match anchor {
        TrustAnchor::Genesis(_) => "genesis".to_owned(),
        TrustAnchor::Checkpoint(digest) => format!("checkpoint:{digest}"),
    }
}

/// A final header that may become the head: `GET` [`Candidate::proof_path`] if there is one,
/// then [`Sync::adopt`].
#[derive(Clone, Debug)]
pub struct Candidate {
    link: Link,
    keep: usize,
    old: Option<FinalHeader>,
    keys: Option<Rc<ExpandedKeys>>,
}

impl Candidate {
    /// The head with what showed it.
    #[must_use]
    pub fn shown(&self) -> Shown {
        self.link.shown()
    }

    /// Its height.
    pub(crate) const fn height(&self) -> u64 {
        self.link.head.header().height
    }

    /// Path and query of the proof that the head is part of the candidate's history; `None` if
    /// there is no head yet, or this is it.
    #[must_use]
    pub fn proof_path(&self) -> Option<String> {
        let old = self.old.as_ref().filter(|old| old.digest() != self.link.head.digest())?;
        let (from, to) = (old.header().height, self.link.head.header().height);
        Some(format!("/v1/proofs/extends?from={from}&to={to}"))
    }
}

impl Sync {
    /// Knows the anchor alone.
    #[must_use]
    pub const fn new(anchor: TrustAnchor) -> Self {
        Self { anchor, links: Vec::new(), synced_at: None, keys: None, max_age: None }
    }

    /// With an age past which the anchor, or a head kept, proves nothing new: whichever is shorter, this
    /// or the log's trust period, is enforced.
    #[must_use]
    pub const fn with_max_age(mut self, millis: Option<u64>) -> Self {
        self.max_age = millis;
        self
    }

    /// The anchor.
    #[must_use]
    pub const fn anchor(&self) -> TrustAnchor {
        self.anchor
    }

    /// The newest header known to be final.
    #[must_use]
    pub fn head(&self) -> Option<&FinalHeader> {
        self.links.last().map(|link| &link.head)
    }

    /// When a node last showed the head, since this was made or loaded.
    #[must_use]
    pub const fn synced_at(&self) -> Option<UnixMillis> {
        self.synced_at
    }

    /// What the head rests on, from the anchor on: every link's sets, the last certificate.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        let mut links = self.links.iter().map(|link| link.head.standing());
        let first = links.next()?;
        Some(links.fold(first, joined))
    }

    /// Begins a sync.
    #[must_use]
    pub fn question(&self, now: UnixMillis) -> Question {
        let Some(last) = self.links.last() else {
            return Question { base: self.anchor, keep: 0 };
        };
        let period = last.head.header().parameters.trust_period;
        let period = if period == 0 { None } else { Some(period) };
        let period = period.into_iter().chain(self.max_age).min();
        if period.is_some_and(|period| now.since(last.base_time) > period) {
            let base = TrustAnchor::Checkpoint(last.head.digest());
            return Question { base, keep: self.links.len() };
        }
        Question { base: last.base, keep: self.links.len().saturating_sub(1) }
    }

    /// Verifies a checkpoint file, and that its header is not behind the head. Nothing changes yet.
    ///
    /// # Errors
    /// As [`Sync::look`] and [`Sync::check`].
    pub fn answer(
        &self,
        question: &Question,
        file: Vec<u8>,
        now: UnixMillis,
    ) -> Result<Candidate, ClientError> {
        let candidate = self.look(question, file, now)?;
        self.check(&candidate)?;
        Ok(candidate)
    }

    /// Verifies a checkpoint file, whatever its height: what some node shows.
    ///
    /// # Errors
    /// What the verifier refuses; [`ClientError::AnchorTooOld`].
    pub fn look(
        &self,
        question: &Question,
        file: Vec<u8>,
        now: UnixMillis,
    ) -> Result<Candidate, ClientError> {
        let (link, keys) = Link::verify(question.base, file, now, self.keys.as_ref())?;
        let age = now.since(link.base_time);
        if let Some(limit) = self.max_age.filter(|limit| age > *limit) {
            return Err(ClientError::AnchorTooOld { age, limit });
        }
        Ok(Candidate { link, keep: question.keep, old: self.head().copied(), keys })
    }

    /// A candidate is above the head, or is the head.
    ///
    /// # Errors
    /// [`ClientError::NodeBehind`]; [`ClientError::Equivocation`].
    pub fn check(&self, candidate: &Candidate) -> Result<(), ClientError> {
        self.head().map_or(Ok(()), |old| check_not_behind(old, &candidate.link.head))
    }

    /// The head with what showed it.
    #[must_use]
    pub fn shown(&self) -> Option<Shown> {
        self.links.last().map(Link::shown)
    }

    /// Takes over what another tab of this browser stored, verified by [`Sync::load`] before, if its
    /// head's history contains the head.
    ///
    /// # Errors
    /// [`ClientError::NotAnExtension`]; the state is as before.
    pub fn take_over(&mut self, other: Self, proof: &[u8]) -> Result<(), ClientError> {
        if let (Some(old), Some(new)) = (self.head(), other.head()) {
            check_extends(old, new, proof)?;
        }
        self.links = other.links;
        self.keys = other.keys.or_else(|| self.keys.take());
        Ok(())
    }

    /// Makes the candidate the head, if its history contains the head. `None` if the head is no
    /// longer the one that the candidate was compared with: begin again.
    ///
    /// # Errors
    /// [`ClientError::NotAnExtension`]; the state is as before.
    pub fn adopt(
        &mut self,
        candidate: Candidate,
        proof: Option<&[u8]>,
    ) -> Result<Option<FinalHeader>, ClientError> {
        let Candidate { link, keep, old, keys } = candidate;
        let digest = |head: Option<&FinalHeader>| head.map(FinalHeader::digest);
        if digest(self.head()) != digest(old.as_ref()) || self.base_at(keep) != Some(link.base) {
            return Ok(None);
        }
        let head = link.head;
        let (accepted, is_new) = (link.accepted, digest(old.as_ref()) != Some(head.digest()));
        if is_new {
            if let Some(old) = &old {
                check_extends(old, &head, proof.unwrap_or_default())?;
            }
            self.links.truncate(keep);
            self.links.push(link);
        }
        self.synced_at = Some(accepted);
        self.keys = keys.or_else(|| self.keys.take());
        Ok(Some(head))
    }

    /// The base that a link in this place has.
    fn base_at(&self, place: usize) -> Option<TrustAnchor> {
        match place.checked_sub(1) {
            None => Some(self.anchor),
            Some(before) => {
                self.links.get(before).map(|link| TrustAnchor::Checkpoint(link.head.digest()))
            }
        }
    }
}

impl Link {
    fn shown(&self) -> Shown {
        Shown { file: self.file.clone(), base: self.base, head: self.head }
    }

    /// Also returns the expanded keys of the file's last set: those known, if they are of it.
    fn verify(
        base: TrustAnchor,
        file: Vec<u8>,
        accepted: UnixMillis,
        known: Option<&Rc<ExpandedKeys>>,
    ) -> Result<(Self, Option<Rc<ExpandedKeys>>), ClientError> {
        let proof = FinalityProof::decode(&file)?;
        let keys = proof.last_set().map(|set| match known {
            Some(known) if known.set() == set.digest() => Rc::clone(known),
            _ => Rc::new(ExpandedKeys::of(&set)),
        });
        let (head, trusted) = match &keys {
            Some(keys) => {
                proof.verify(base, Terms::at(accepted).with_keys(keys), &mut Unread::new())?
            }
            None => proof.verify(base, accepted, &mut Unread::new())?,
        };
        let base_time = match &proof.base {
            Base::Genesis(genesis) => genesis.time(),
            Base::Checkpoint(header, _) | Base::Header(header) => header.time,
        };
        if let Some(newest) = trusted.newest() {
            check_not_behind(newest, &head)?;
        }
        Ok((Self { file, accepted, base, base_time, head }, keys))
    }
}

/// What a fact rests on whose base rests on `first`.
pub(crate) fn joined(first: Standing, next: Standing) -> Standing {
    let mut sum = next;
    sum.anchor = first.anchor;
    sum.post_quantum = match (first.post_quantum, next.post_quantum) {
        (Some(before), Some(after)) => Some(before && after),
        (known, None) | (None, known) => known,
    };
    sum.signed = next.signed.or(first.signed);
    match first.concentrated {
        Some(power) => sum.with_concentration(power),
        None => sum,
    }
}

/// A header is above a known one, or is that one.
pub(crate) fn check_not_behind(
    known: &FinalHeader,
    found: &FinalHeader,
) -> Result<(), ClientError> {
    let (ours, theirs) = (known.header().height, found.header().height);
    if theirs < ours {
        return Err(ClientError::NodeBehind { ours, theirs });
    }
    let (known, found): (HeaderDigest, HeaderDigest) = (known.digest(), found.digest());
    if theirs == ours && known != found {
        return Err(ClientError::Equivocation { height: ours, ours: known, theirs: found });
    }
    Ok(())
}

pub(crate) fn check_extends(
    old: &FinalHeader,
    new: &FinalHeader,
    proof: &[u8],
) -> Result<(), ClientError> {
    let extends = ExtendsProof::decode(proof)
        .map_err(Into::into)
        .and_then(|proof| verify_extends(old, new, &proof));
    match extends {
        Ok(_) => Ok(()),
        Err(why) => Err(ClientError::NotAnExtension {
            old: old.digest(),
            new: new.digest(),
            why: Box::new(why),
        }),
    }
}
