//! Headers: what validators sign.

use crate::digest::{self, Hash, HeaderDigest, LogId, SetDigest};
use crate::time::UnixMillis;
use crate::tree::TreeSize;
use crate::wire::{DecodeError, Reader, Refused, within};

/// The length of every header in bytes.
pub const HEADER_LEN: usize = 309;

/// The largest distance between gates.
pub const GATE_LIMIT: u32 = 1 << 20;

const VERSION: u8 = 1;

/// What the genesis fixes for the whole log; every header repeats it, so that a checkpoint
/// alone is enough to go on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "version 1 has these parameters")]
pub struct Parameters {
    /// Only headers at heights divisible by this may name another next set. 1 to [`GATE_LIMIT`].
    pub gate: u32,
    /// How old the base may be, from which trust goes on, when a certificate is accepted, in
    /// milliseconds; 0 means for ever.
    pub trust_period: u64,
}

impl Parameters {
    /// Reads gate and trust period.
    ///
    /// # Errors
    /// Truncated or out of range.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let (gate, trust_period) = (reader.u32()?, reader.number("trust period")?);
        if gate == 0 {
            return Err(reader.not_canonical("gate"));
        }
        reader.within("gate", gate.into(), GATE_LIMIT.into())?;
        Ok(Self { gate, trust_period })
    }

    /// Appends gate and trust period.
    #[cfg(feature = "alloc")]
    pub fn write(&self, writer: &mut crate::wire::Writer) {
        writer.u32(self.gate).u64(self.trust_period);
    }
}

/// A header as decoded: a claim, until a certificate or an older trust makes it final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format has these fields")]
pub struct Header {
    /// The log.
    pub log: LogId,
    /// Height, from 0.
    pub height: u64,
    /// The validator set's term, from 0.
    pub epoch: u64,
    /// Time of the block; strictly increasing.
    pub time: UnixMillis,
    /// Digest of the header before; zero at height 0.
    pub parent: HeaderDigest,
    /// Number of events in the log after this block.
    pub events: TreeSize,
    /// Root of the event tree after this block.
    pub event_root: Hash,
    /// Root of the RFC 6962 tree of event bodies; zero in a log without one.
    pub sha256_root: Hash,
    /// Root of the tree of all earlier headers; its size is this height.
    pub header_root: Hash,
    /// First height of this epoch.
    pub epoch_start: u64,
    /// The set that signs this header.
    pub set: SetDigest,
    /// The set that signs the next header.
    pub next_set: SetDigest,
    /// Root of the state tree after this block.
    pub state_root: Hash,
    /// The log's parameters.
    pub parameters: Parameters,
}

impl Header {
    /// Decodes a header and checks what it can say of itself.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        crate::wire::decode_all(bytes, Self::read)
    }

    /// Reads a header and checks what it can say of itself.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        reader.version(VERSION)?;
        let header = Self {
            log: reader.digest()?,
            height: reader.u64()?,
            epoch: reader.u64()?,
            time: UnixMillis(reader.number("time")?),
            parent: reader.digest()?,
            events: TreeSize::read(reader)?,
            event_root: reader.digest()?,
            sha256_root: reader.digest()?,
            header_root: reader.digest()?,
            epoch_start: reader.u64()?,
            set: reader.digest()?,
            next_set: reader.digest()?,
            state_root: reader.digest()?,
            parameters: Parameters::read(reader)?,
        };
        header.check().map_err(|error| reader.refuse(error))?;
        Ok(header)
    }

    /// What a header can say of itself; decoding checks it, and so does trusting one that was
    /// put together otherwise.
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        within("height", self.height, crate::tree::MAX_TREE_SIZE)?;
        within("epoch start", self.epoch_start, self.height)?;
        within("epoch", self.epoch, self.epoch_start)?;
        if (self.height == 0) != (self.parent == HeaderDigest::ZERO) {
            return Err(DecodeError::NotCanonical { what: "parent" });
        }
        if (self.epoch == 0) != (self.epoch_start == 0) {
            return Err(DecodeError::NotCanonical { what: "epoch start" });
        }
        if self.is_handover() && !self.is_at_gate() {
            return Err(DecodeError::NotCanonical { what: "next set off a gate" });
        }
        Ok(())
    }

    /// Whether this header ends its epoch by naming another next set.
    #[must_use]
    pub fn is_handover(&self) -> bool {
        self.next_set != self.set
    }

    /// Whether the height is divisible by the gate.
    #[must_use]
    pub const fn is_at_gate(&self) -> bool {
        // The gate is at least 1 in every header that was decoded.
        matches!(self.height.checked_rem(widen(self.parameters.gate)), Some(0))
    }

    /// The header's identity.
    #[must_use]
    pub fn digest(&self) -> HeaderDigest {
        digest::derive(digest::HEADER, &[&self.encode()]).into()
    }

    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let mut at = 0_usize;
        let mut put = |part: &[u8]| {
            let end = at.saturating_add(part.len());
            if let Some(place) = bytes.get_mut(at..end) {
                place.copy_from_slice(part);
            }
            at = end;
        };
        put(&[VERSION]);
        put(self.log.as_bytes());
        put(&self.height.to_be_bytes());
        put(&self.epoch.to_be_bytes());
        put(&self.time.0.to_be_bytes());
        put(self.parent.as_bytes());
        put(&self.events.get().to_be_bytes());
        put(self.event_root.as_bytes());
        put(self.sha256_root.as_bytes());
        put(self.header_root.as_bytes());
        put(&self.epoch_start.to_be_bytes());
        put(self.set.as_bytes());
        put(self.next_set.as_bytes());
        put(self.state_root.as_bytes());
        put(&self.parameters.gate.to_be_bytes());
        put(&self.parameters.trust_period.to_be_bytes());
        bytes
    }
}

#[expect(clippy::as_conversions, reason = "u64::from is not const; widening loses nothing")]
const fn widen(gate: u32) -> u64 {
    gate as u64
}

#[cfg(test)]
mod tests;
