//! One frame's bytes.

use cairn_verifier::digest;
use cairn_verifier::wire::Reader;

/// What every segment begins with: name and version of the layout.
const FILE_MAGIC: &[u8; 16] = b"cairn-segment 1\n";
/// Length of that, the salt, and their check.
pub(super) const FILE_HEADER_LEN: usize = 48;
/// Where the first frame begins.
pub(super) const FIRST_FRAME: u64 = 48;
/// What every frame begins with. No UTF-8 text holds these bytes.
pub(super) const FRAME_MAGIC: [u8; 4] = [0xCA, 0x1F, 0x4A, 0xED];
/// Length of what stands before a payload.
pub(super) const FRAME_HEADER_LEN: usize = 40;
/// The longest payload of a frame in bytes.
pub const MAX_PAYLOAD_LEN: u32 = 1 << 20;

/// The longest frame in bytes.
pub(super) const MAX_FRAME_LEN: u64 = 40 + (1 << 20);

const CONTEXT: &str = "cairn v1 segment frame";
const FILE_CONTEXT: &str = "cairn v1 segment file";

/// The segment's random salt.
#[derive(Clone, Copy)]
pub(crate) struct Salt(pub(super) [u8; 16]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl Salt {
    /// What a segment with this salt begins with.
    pub(super) fn file_header(&self) -> [u8; FILE_HEADER_LEN] {
        let check = digest::derive(FILE_CONTEXT, &[FILE_MAGIC, &self.0]);
        let (check, _) = check.split_at(16);
        let mut header = [0; FILE_HEADER_LEN];
        header.copy_from_slice(&[FILE_MAGIC, self.0.as_slice(), check].concat());
        header
    }

    /// The salt of a segment that begins so; `None` for any other file. Under a damaged salt no
    /// frame would check, and the whole file would look like an unfinished write.
    pub(super) fn of_file(header: &[u8; FILE_HEADER_LEN]) -> Option<Self> {
        let salt = Self(header.get(16..32)?.try_into().ok()?);
        (salt.file_header() == *header).then_some(salt)
    }
}

/// What a frame says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) length: u32,
    pub(super) index: u64,
    pub(super) back: u32,
    pub(super) ahead: u32,
}

impl FrameHeader {
    /// The bytes that stand before the payload.
    pub(super) fn encode(&self, salt: &Salt, payload: &[u8]) -> [u8; FRAME_HEADER_LEN] {
        let mut bytes = [0; FRAME_HEADER_LEN];
        let (head, check) = bytes.split_at_mut(24);
        let parts = [
            FRAME_MAGIC.as_slice(),
            &self.length.to_be_bytes(),
            &self.index.to_be_bytes(),
            &self.back.to_be_bytes(),
            &self.ahead.to_be_bytes(),
        ];
        head.copy_from_slice(&parts.concat());
        check.copy_from_slice(&self.check_of(salt, payload));
        bytes
    }

    fn check_of(&self, salt: &Salt, payload: &[u8]) -> [u8; 16] {
        let parts = [
            salt.0.as_slice(),
            &self.length.to_be_bytes(),
            &self.index.to_be_bytes(),
            &self.back.to_be_bytes(),
            &self.ahead.to_be_bytes(),
            payload,
        ];
        let digest = digest::derive(CONTEXT, &parts);
        digest.first_chunk().copied().unwrap_or_default()
    }

    /// Reads a header alone: only the magic and the length's limit are checked.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, [u8; 16])> {
        let mut reader = Reader::new(bytes);
        let magic: [u8; 4] = *reader.array().ok()?;
        let header = Self {
            length: reader.u32().ok()?,
            index: reader.u64().ok()?,
            back: reader.u32().ok()?,
            ahead: reader.u32().ok()?,
        };
        let check = *reader.array().ok()?;
        (magic == FRAME_MAGIC && header.length <= MAX_PAYLOAD_LEN).then_some((header, check))
    }

    /// The header of a frame that is whole and exactly these bytes; `None` for any other.
    pub(super) fn check(salt: &Salt, bytes: &[u8]) -> Option<Self> {
        let (head, payload) = bytes.split_at_checked(FRAME_HEADER_LEN)?;
        let (header, check) = Self::decode(head)?;
        let whole = u32::try_from(payload.len()) == Ok(header.length);
        (whole && header.check_of(salt, payload) == check).then_some(header)
    }
}
