//! What is stored: the links' files and when each was accepted. Never a verdict.

use cairn_verifier::wire::{DecodeError, Writer, decode_all};
use cairn_verifier::{TrustAnchor, UnixMillis};

use super::{Link, Sync, check_not_behind};
use crate::error::ClientError;

const VERSION: u8 = 1;
const FILE_TYPE: u8 = b'S';
/// One link a trust period; with one period a day, more than ten years.
const MAX_LINKS: u16 = 4_096;
const MAX_FILE_LEN: u32 = 64 << 20;

impl Sync {
    /// The evidence as bytes; `None` while there is no head.
    ///
    /// Layout: version 1, `S`, anchor (one-byte length, text), link count (2), and of each link
    /// the time of acceptance in milliseconds (8) and the checkpoint file (four-byte length).
    #[must_use]
    pub fn evidence(&self) -> Option<Vec<u8>> {
        self.head()?;
        let mut writer = Writer::new();
        writer.u8(VERSION).u8(FILE_TYPE).text8(&self.anchor.to_string());
        writer.len16(self.links.len());
        for link in &self.links {
            writer.u64(link.accepted.0).bytes32(&link.file);
        }
        Some(writer.into_bytes())
    }

    /// Takes up stored evidence for an anchor: verifies every link again, each at the time of
    /// its acceptance, none of which may lie ahead of `now`.
    ///
    /// # Errors
    /// [`ClientError::StoredEvidence`], or what the verifier refuses.
    pub fn load(anchor: TrustAnchor, bytes: &[u8], now: UnixMillis) -> Result<Self, ClientError> {
        let stored = |what| ClientError::StoredEvidence { what };
        let (text, files) = read(bytes)?;
        if text != anchor.to_string() {
            return Err(stored("it is another anchor's"));
        }
        let mut sync = Self::new(anchor);
        for (accepted, file) in files {
            if accepted > now {
                return Err(stored("it is from a time ahead of this clock"));
            }
            let base = sync.head().map_or(anchor, |head| TrustAnchor::Checkpoint(head.digest()));
            let (link, keys) = Link::verify(base, file.to_vec(), accepted, sync.keys.as_ref())?;
            if let Some(last) = sync.links.last() {
                check_not_behind(&last.head, &link.head)?;
                if accepted < last.accepted {
                    return Err(stored("its links are not in the order of time"));
                }
            }
            sync.links.push(link);
            sync.keys = keys;
        }
        Ok(sync)
    }
}

type Files<'a> = Vec<(UnixMillis, &'a [u8])>;

fn read(bytes: &[u8]) -> Result<(&str, Files<'_>), DecodeError> {
    decode_all(bytes, |reader| {
        reader.file(VERSION, FILE_TYPE)?;
        let anchor = reader.text8("anchor", u8::MAX)?;
        let count = reader.count16("link count", MAX_LINKS)?;
        if count == 0 {
            return Err(reader.not_canonical("link count"));
        }
        let mut files = Vec::new();
        for _ in 0..count {
            let accepted = UnixMillis(reader.u64()?);
            files.push((accepted, reader.bytes32("checkpoint file", MAX_FILE_LEN)?));
        }
        Ok((anchor, files))
    })
}
