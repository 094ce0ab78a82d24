//! Reading and writing the fixed layouts of `SPEC.md`.
//!
//! Big-endian integers, length-prefixed lists with a limit the caller states, no optional
//! encodings, nothing left over. One value has one encoding.

use core::fmt;

/// Why bytes are not the format they claim to be. `at` counts from the start of what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// A file of another type (its second byte).
    FileType {
        /// The type byte wanted.
        expected: u8,
        /// The type byte found.
        found: u8,
    },
    /// A list that must be strictly ascending is not.
    NotAscending {
        /// Which list.
        what: &'static str,
    },
    /// A field that has one allowed value in this place holds another.
    NotCanonical {
        /// Which field.
        what: &'static str,
    },
    /// Text that is not UTF-8.
    NotUtf8 {
        /// Which text.
        what: &'static str,
    },
    /// A length or number outside its limits.
    OutOfRange {
        /// Which field.
        what: &'static str,
        /// The largest allowed value.
        limit: u64,
        /// The value found.
        found: u64,
    },
    /// Bytes after the end.
    Trailing {
        /// Where the value ended.
        at: usize,
        /// How many bytes follow it.
        left: usize,
    },
    /// The bytes end too early.
    Truncated {
        /// Where the missing field begins.
        at: usize,
        /// How many bytes it needs.
        needed: usize,
        /// How many bytes there are.
        left: usize,
    },
    /// A tag, suite or kind that this version does not know.
    Unknown {
        /// Which field.
        what: &'static str,
        /// The value found.
        found: u8,
    },
    /// A format version that this verifier does not know.
    Version {
        /// The version wanted.
        expected: u8,
        /// The version found.
        found: u8,
    },
}

impl DecodeError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FileType { .. } => "decode-file-type",
            Self::NotAscending { .. } => "decode-not-ascending",
            Self::NotCanonical { .. } => "decode-not-canonical",
            Self::NotUtf8 { .. } => "decode-not-utf8",
            Self::OutOfRange { .. } => "decode-out-of-range",
            Self::Trailing { .. } => "decode-trailing-bytes",
            Self::Truncated { .. } => "decode-truncated",
            Self::Unknown { .. } => "decode-unknown-tag",
            Self::Version { .. } => "decode-version",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FileType { expected, found } => {
                write!(f, "this is a file of type {found:#04x}, not {expected:#04x}")
            }
            Self::NotAscending { what } => write!(f, "{what} is not strictly ascending"),
            Self::NotCanonical { what } => write!(f, "{what} is not in its only allowed form"),
            Self::NotUtf8 { what } => write!(f, "{what} is not UTF-8 text"),
            Self::OutOfRange { what, limit, found } => {
                write!(f, "{what} is {found}, outside its limit of {limit}")
            }
            Self::Trailing { at, left } => write!(f, "{left} bytes follow the end at byte {at}"),
            Self::Truncated { at, needed, left } => {
                write!(f, "cut off at byte {at}: {needed} more bytes needed, {left} left")
            }
            Self::Unknown { what, found } => write!(f, "{what} {found} is not known"),
            Self::Version { expected, found } => {
                write!(f, "format version {found} is not known; this verifier reads {expected}")
            }
        }
    }
}

impl core::error::Error for DecodeError {}

/// The largest time, sequence, height, size or other count: 2^53 - 1, so that the number that
/// JavaScript shows is the number that was signed. Voting power alone may be larger.
pub const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Reads a value from the front of bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    left: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes, at: 0 }
    }

    /// How many bytes have been read.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// All bytes not read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.left
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, left) = self.left.split_at_checked(count).ok_or(DecodeError::Truncated {
            at: self.at,
            needed: count,
            left: self.left.len(),
        })?;
        self.left = left;
        self.at = self.at.saturating_add(count);
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, left) = self.left.split_first_chunk::<N>().ok_or(DecodeError::Truncated {
            at: self.at,
            needed: N,
            left: self.left.len(),
        })?;
        self.left = left;
        self.at = self.at.saturating_add(N);
        Ok(*taken)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    /// Two bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    /// Eight bytes, at most [`MAX_NUMBER`].
    ///
    /// # Errors
    /// Truncated or out of range.
    pub fn number(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        let found = self.u64()?;
        let out_of_range = DecodeError::OutOfRange { what, limit: MAX_NUMBER, found };
        if found > MAX_NUMBER { Err(out_of_range) } else { Ok(found) }
    }

    /// What was read of `from`, which was the rest when `start` bytes had been read.
    pub(crate) fn since(&self, start: usize, from: &'a [u8]) -> &'a [u8] {
        from.get(..self.at.saturating_sub(start)).unwrap_or_default()
    }

    /// A digest.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn digest<D: From<[u8; 32]>>(&mut self) -> Result<D, DecodeError> {
        self.array().map(D::from)
    }

    /// A length or count, refused above `limit`.
    ///
    /// # Errors
    /// [`DecodeError::OutOfRange`].
    pub fn within(what: &'static str, found: u64, limit: u64) -> Result<usize, DecodeError> {
        let out_of_range = DecodeError::OutOfRange { what, limit, found };
        if found > limit {
            return Err(out_of_range);
        }
        usize::try_from(found).map_err(|_| out_of_range)
    }

    /// Text of a one-byte length, at most `limit` bytes.
    ///
    /// # Errors
    /// Truncated, out of range, or not UTF-8.
    pub fn text8(&mut self, what: &'static str, limit: u8) -> Result<&'a str, DecodeError> {
        let len = self.u8()?;
        let len = Self::within(what, u64::from(len), u64::from(limit))?;
        self.text(what, len)
    }

    /// A name that people read: text of a one-byte length, 1 to `limit` bytes, without characters
    /// that control a line or its direction, so that it cannot be blank or pass for another.
    ///
    /// # Errors
    /// As [`Reader::text8`], and `NotCanonical`.
    pub fn name(&mut self, what: &'static str, limit: u8) -> Result<&'a str, DecodeError> {
        let name = self.text8(what, limit)?;
        if name.is_empty() || name.contains(is_hidden) {
            return Err(DecodeError::NotCanonical { what });
        }
        Ok(name)
    }

    /// Text of a two-byte length, at most `limit` bytes.
    ///
    /// # Errors
    /// Truncated, out of range, or not UTF-8.
    pub fn text16(&mut self, what: &'static str, limit: u16) -> Result<&'a str, DecodeError> {
        let len = self.u16()?;
        let len = Self::within(what, u64::from(len), u64::from(limit))?;
        self.text(what, len)
    }

    fn text(&mut self, what: &'static str, len: usize) -> Result<&'a str, DecodeError> {
        core::str::from_utf8(self.take(len)?).map_err(|_| DecodeError::NotUtf8 { what })
    }

    /// Bytes of a four-byte length, at most `limit` bytes.
    ///
    /// # Errors
    /// Truncated or out of range.
    pub fn bytes32(&mut self, what: &'static str, limit: u32) -> Result<&'a [u8], DecodeError> {
        let len = self.u32()?;
        let len = Self::within(what, u64::from(len), u64::from(limit))?;
        self.take(len)
    }

    /// The version byte that begins every format.
    ///
    /// # Errors
    /// [`DecodeError::Version`] for any version but `expected`.
    pub fn version(&mut self, expected: u8) -> Result<(), DecodeError> {
        let found = self.u8()?;
        if found == expected { Ok(()) } else { Err(DecodeError::Version { expected, found }) }
    }

    /// Version and type byte that begin every file. The type is compared first: what is no file
    /// of ours at all is not a newer version of one.
    ///
    /// # Errors
    /// [`DecodeError::FileType`] or [`DecodeError::Version`].
    pub fn file(&mut self, version: u8, expected: u8) -> Result<(), DecodeError> {
        let mut ahead = self.clone();
        ahead.u8()?;
        let found = ahead.u8()?;
        if found != expected {
            return Err(DecodeError::FileType { expected, found });
        }
        self.version(version)?;
        *self = ahead;
        Ok(())
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`] if bytes are left.
    pub const fn finish(self) -> Result<(), DecodeError> {
        if self.left.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Trailing { at: self.at, left: self.left.len() })
        }
    }
}

/// Control characters (C0, DEL, C1), and those that turn the direction of a line.
fn is_hidden(c: char) -> bool {
    let turns = ['\u{61c}', '\u{200e}', '\u{200f}'].contains(&c);
    turns || c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Runs `read` over all of `bytes`; what it leaves is an error.
pub(crate) fn decode_all<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// Writes values at the end of a buffer. It states no limits: encoders of what people write
/// decode what they wrote, and whoever puts proofs together verifies them.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, Default)]
pub struct Writer(alloc::vec::Vec<u8>);

#[cfg(feature = "alloc")]
impl Writer {
    /// An empty buffer.
    #[must_use]
    pub const fn new() -> Self {
        Self(alloc::vec::Vec::new())
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> alloc::vec::Vec<u8> {
        self.0
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    /// Two bytes, big-endian.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Eight bytes, big-endian.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// A one-byte count or length. One that does not fit is cut to 255, which is over the limit of
    /// every list with such a length, so that the decoder refuses it.
    pub fn len8(&mut self, len: usize) -> &mut Self {
        self.u8(u8::try_from(len).unwrap_or(u8::MAX))
    }

    /// A two-byte count or length, like [`Writer::len8`].
    pub fn len16(&mut self, len: usize) -> &mut Self {
        self.u16(u16::try_from(len).unwrap_or(u16::MAX))
    }

    /// A four-byte count or length, like [`Writer::len8`].
    pub fn len32(&mut self, len: usize) -> &mut Self {
        self.u32(u32::try_from(len).unwrap_or(u32::MAX))
    }

    /// Text with a one-byte length.
    pub fn text8(&mut self, text: &str) -> &mut Self {
        self.len8(text.len()).raw(text.as_bytes())
    }

    /// Text with a two-byte length.
    pub fn text16(&mut self, text: &str) -> &mut Self {
        self.len16(text.len()).raw(text.as_bytes())
    }

    /// Bytes with a four-byte length.
    pub fn bytes32(&mut self, bytes: &[u8]) -> &mut Self {
        self.len32(bytes.len()).raw(bytes)
    }
}
