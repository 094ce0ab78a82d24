//! Records of the key store: what opens an event's payload. They are kept apart from the log, so
//! that they can be forgotten while the log stays whole.
//!
//! ```text
//! version 1 | event id (32) | 0, or 1 and salt (32) | count u8 | count x (key id (32) | len u16 | wrap)
//! ```

use cairn_verifier::digest::{EventId, KeyId};
use cairn_verifier::wire::{DecodeError, Writer, decode_all};

const VERSION: u8 = 1;
/// The most wraps of one event, as in a receipt.
pub(crate) const MAX_WRAPS: u8 = cairn_verifier::receipt::MAX_WRAPS;

/// Salt and wraps of one event's message key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRecord {
    pub(crate) event: EventId,
    pub(crate) salt: Option<[u8; 32]>,
    /// Wraps by the id of the key each is for.
    pub(crate) wraps: Vec<(KeyId, Vec<u8>)>,
}

impl KeyRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(VERSION).raw(self.event.as_bytes());
        match &self.salt {
            None => writer.u8(0),
            Some(salt) => writer.u8(1).raw(salt),
        };
        writer.len8(self.wraps.len());
        for (key, wrap) in &self.wraps {
            writer.raw(key.as_bytes()).len16(wrap.len()).raw(wrap);
        }
        writer.into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_all(bytes, |reader| {
            reader.version(VERSION)?;
            let event = reader.digest()?;
            let salt = match reader.flag("salt flag")? {
                false => None,
                true => Some(*reader.array()?),
            };
            let mut wraps = Vec::new();
            for _ in 0..reader.count8("wrap count", MAX_WRAPS)? {
                let key = reader.digest()?;
                let len = usize::from(reader.u16()?);
                wraps.push((key, reader.take(len)?.to_vec()));
            }
            Ok(Self { event, salt, wraps })
        })
    }

    /// The wrap for a key.
    pub(crate) fn wrap(&self, recipient: &KeyId) -> Option<&[u8]> {
        let mut wraps = self.wraps.iter();
        wraps.find(|(key, _)| key == recipient).map(|(_, wrap)| wrap.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_and_nothing_else_decodes() {
        let record = KeyRecord {
            event: [1; 32].into(),
            salt: Some([2; 32]),
            wraps: vec![([3; 32].into(), vec![4; 9]), ([5; 32].into(), vec![])],
        };
        let bytes = record.encode();
        assert_eq!(KeyRecord::decode(&bytes).unwrap(), record);
        assert_eq!(record.wrap(&[3; 32].into()), Some([4; 9].as_slice()));
        assert_eq!(record.wrap(&[4; 32].into()), None);
        for len in 0..bytes.len() {
            assert!(KeyRecord::decode(&bytes[..len]).is_err());
        }
        assert!(KeyRecord::decode(&[bytes.as_slice(), &[0]].concat()).is_err());
        let no_salt = KeyRecord { salt: None, ..record };
        assert_eq!(KeyRecord::decode(&no_salt.encode()).unwrap(), no_salt);
    }
}
