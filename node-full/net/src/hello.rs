//! The first message of each end: who it is, which log it has, and what it can do. It is a claim
//! until [`Hello::check`] has seen that it was signed for this one connection.

use std::ops::RangeInclusive;

use cairn_verifier::digest::LogId;
use cairn_verifier::finality::{Role, Suite};
use cairn_verifier::secret::{MemberSecret, ValidatorSecret};
use cairn_verifier::wire::{DecodeError, Reader, Refused, Writer, decode_all};

use crate::error::LinkError;
use crate::peer::{AllowedPeer, PeerId};
use crate::tls::Binding;

/// Version of the hello's own bytes.
const FORMAT: u8 = 1;

/// The link versions that this code speaks.
pub const VERSIONS: RangeInclusive<u16> = 1..=1;

/// Who holds the key that this node is known by: this process, or a signer elsewhere.
pub trait Identity: Send + Sync {
    /// The key's id.
    fn id(&self) -> PeerId;
    /// Signs a message in the role [`Role::Link`]; `None` if the signer cannot.
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>>;
}

impl Identity for ValidatorSecret {
    fn id(&self) -> PeerId {
        self.key_id()
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Self::sign(self, Role::Link, message)
    }
}

impl Identity for MemberSecret {
    fn id(&self) -> PeerId {
        self.key_id()
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Self::sign(self, Role::Link, message).map(|signature| signature.to_vec())
    }
}

/// Which end of a connection one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The end that dialled.
    Dialled,
    /// The end that answered.
    Answered,
}

impl End {
    const fn byte(self) -> u8 {
        match self {
            Self::Dialled => 1,
            Self::Answered => 2,
        }
    }
}

/// What an end says of itself beside its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) versions: RangeInclusive<u16>,
    /// One bit for each thing that it can do.
    pub(crate) features: u64,
    /// Those of them that the other end must be able to do too.
    pub(crate) needs: u64,
    pub(crate) log: LogId,
    pub(crate) height: u64,
    /// A random number of the process: another one means that it was started again.
    pub(crate) process: u64,
}

/// A hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) about: About,
    pub(crate) from: PeerId,
    pub(crate) to: PeerId,
    /// Of the suite of the key.
    signature: Vec<u8>,
}

impl Hello {
    /// Signs a hello for one connection.
    pub(crate) fn sign(
        about: About,
        identity: &dyn Identity,
        (to, end, binding): (PeerId, End, &Binding),
    ) -> Result<Self, LinkError> {
        let from = identity.id();
        let message = proof_message(binding, &about.log, (&from, &to), end);
        let signature = identity.sign(&message).ok_or(LinkError::NoSignature)?;
        Ok(Self { about, from, to, signature })
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        reader.version(FORMAT)?;
        let versions = reader.u16()?..=reader.u16()?;
        let (features, needs) = (reader.u64()?, reader.u64()?);
        let log = reader.digest()?;
        let (height, process) = (reader.u64()?, reader.u64()?);
        let (from, to) = (reader.digest()?, reader.digest()?);
        let len = reader.rest().len();
        if !Suite::ALL.iter().any(|suite| suite.signature_len() == len) {
            return Err(reader.not_canonical("signature"));
        }
        let signature = reader.take(len)?.to_vec();
        let about = About { versions, features, needs, log, height, process };
        Ok(Self { about, from, to, signature })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let About { versions, features, needs, log, height, process } = &self.about;
        writer.u8(FORMAT).u16(*versions.start()).u16(*versions.end()).u64(*features).u64(*needs);
        writer.raw(log.as_bytes()).u64(*height).u64(*process);
        writer.raw(self.from.as_bytes()).raw(self.to.as_bytes());
        writer.raw(&self.signature);
        writer.into_bytes()
    }

    /// Whether the two ends can talk: version, features, log. Nothing of it costs a signature.
    pub(crate) fn fits(&self, ours: &About) -> Result<(), LinkError> {
        let theirs = &self.about;
        let newest = *ours.versions.end().min(theirs.versions.end());
        if newest < *ours.versions.start() || newest < *theirs.versions.start() {
            let (ours, theirs) = (ours.versions.clone(), theirs.versions.clone());
            return Err(LinkError::Versions { ours, theirs });
        }
        for (has, needs) in [(ours.features, theirs.needs), (theirs.features, ours.needs)] {
            if needs & !has != 0 {
                return Err(LinkError::Features { has, needs });
            }
        }
        if theirs.log != ours.log {
            return Err(LinkError::OtherLog { ours: ours.log, theirs: theirs.log });
        }
        Ok(())
    }

    /// Whether `peer` signed this hello as that end of this connection, to `me`.
    pub(crate) fn check(
        &self,
        peer: &AllowedPeer,
        (me, end, binding): (PeerId, End, &Binding),
    ) -> Result<(), LinkError> {
        if self.from != peer.id() {
            return Err(LinkError::OtherKey { wanted: peer.id(), found: self.from });
        }
        if self.to != me {
            return Err(LinkError::OtherKey { wanted: self.to, found: me });
        }
        let message = proof_message(binding, &self.about.log, (&self.from, &me), end);
        let key = peer.key().ok_or(LinkError::BadProof(self.from))?;
        key.verify(Role::Link, &message, &self.signature)
            .map_err(|_| LinkError::BadProof(self.from))
    }
}

/// What is signed: this connection, the log, who signs, for whom, and from which end.
fn proof_message(
    binding: &Binding,
    log: &LogId,
    (from, to): (&PeerId, &PeerId),
    end: End,
) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.raw(binding).raw(log.as_bytes()).raw(from.as_bytes()).raw(to.as_bytes());
    writer.u8(end.byte());
    writer.into_bytes()
}
