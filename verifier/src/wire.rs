//! Reading and writing the fixed layouts of `SPEC.md`.
//!
//! Big-endian integers, length-prefixed lists with a limit the caller states, no optional
//! encodings, nothing left over. One value has one encoding.

#[cfg(feature = "alloc")]
mod writer;

use core::fmt;

#[cfg(feature = "alloc")]
pub use writer::Writer;

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
                write!(f, "another kind of file: type {found:#04x}, not {expected:#04x}")
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

/// What was read is not what it claims to be. The [`Reader`] keeps why; this only says that there
/// is a reason, so it is empty, and handing it up through every decoder costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the reader has refused its bytes"]
pub struct Refused(());

/// Reads a value from the front of bytes.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    left: &'a [u8],
    at: usize,
    refusal: Option<DecodeError>,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes, at: 0, refusal: None }
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

    /// Keeps why reading ends here, unless there is a reason already: the first one stands. This
    /// is the only way to a [`Refused`].
    #[cold]
    #[inline(never)]
    pub fn refuse(&mut self, reason: DecodeError) -> Refused {
        self.refusal.get_or_insert(reason);
        Refused(())
    }

    /// Why this reader refused. What another reader refused is refused too, for a reason that only
    /// that one knows.
    #[must_use]
    pub fn reason(&self, _: Refused) -> DecodeError {
        self.refusal.unwrap_or(DecodeError::NotCanonical { what: "a part read elsewhere" })
    }

    /// Refuses a field for having another value than the one allowed here.
    #[cold]
    #[inline(never)]
    pub fn not_canonical(&mut self, what: &'static str) -> Refused {
        self.refuse(DecodeError::NotCanonical { what })
    }

    /// Refuses a tag, suite or kind.
    #[cold]
    #[inline(never)]
    pub fn unknown(&mut self, what: &'static str, found: u8) -> Refused {
        self.refuse(DecodeError::Unknown { what, found })
    }

    /// Refuses a list that must be strictly ascending.
    #[cold]
    #[inline(never)]
    pub fn not_ascending(&mut self, what: &'static str) -> Refused {
        self.refuse(DecodeError::NotAscending { what })
    }

    /// A length or number that was read, refused above `limit`.
    ///
    /// # Errors
    /// [`DecodeError::OutOfRange`].
    pub fn within(&mut self, what: &'static str, found: u64, limit: u64) -> Result<usize, Refused> {
        match usize::try_from(found) {
            Ok(len) if found <= limit => Ok(len),
            _ => Err(self.refuse(DecodeError::OutOfRange { what, limit, found })),
        }
    }

    /// Refuses a key of a list that does not come after the one before it.
    ///
    /// # Errors
    /// [`DecodeError::NotAscending`].
    pub fn ascends<K: PartialOrd + Copy>(
        &mut self,
        what: &'static str,
        previous: &mut Option<K>,
        key: K,
    ) -> Result<(), Refused> {
        if previous.replace(key).is_some_and(|previous| previous >= key) {
            return Err(self.not_ascending(what));
        }
        Ok(())
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Refused> {
        let Some((taken, left)) = self.left.split_at_checked(count) else {
            return Err(self.truncated(count));
        };
        self.left = left;
        self.at = self.at.saturating_add(count);
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Refused> {
        let Some((taken, left)) = self.left.split_first_chunk::<N>() else {
            return Err(self.truncated(N));
        };
        self.left = left;
        self.at = self.at.saturating_add(N);
        Ok(taken)
    }

    #[cold]
    #[inline(never)]
    fn truncated(&mut self, needed: usize) -> Refused {
        let (at, left) = (self.at, self.left.len());
        self.refuse(DecodeError::Truncated { at, needed, left })
    }

    /// One byte.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u8(&mut self) -> Result<u8, Refused> {
        self.array().map(|[byte]| *byte)
    }

    /// Two bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u16(&mut self) -> Result<u16, Refused> {
        self.array().map(|bytes| u16::from_be_bytes(*bytes))
    }

    /// Four bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u32(&mut self) -> Result<u32, Refused> {
        self.array().map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// Eight bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u64(&mut self) -> Result<u64, Refused> {
        self.array().map(|bytes| u64::from_be_bytes(*bytes))
    }

    /// Eight bytes, at most [`MAX_NUMBER`].
    ///
    /// # Errors
    /// Truncated or out of range.
    pub fn number(&mut self, what: &'static str) -> Result<u64, Refused> {
        let found = self.u64()?;
        if found > MAX_NUMBER {
            return Err(self.refuse(DecodeError::OutOfRange { what, limit: MAX_NUMBER, found }));
        }
        Ok(found)
    }

    /// One byte that says whether something is there or so: 0 or 1.
    ///
    /// # Errors
    /// Truncated, or [`DecodeError::Unknown`].
    pub fn flag(&mut self, what: &'static str) -> Result<bool, Refused> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            found => Err(self.unknown(what, found)),
        }
    }

    /// A one-byte count, at most `limit`.
    ///
    /// # Errors
    /// Truncated or out of range.
    pub fn count8(&mut self, what: &'static str, limit: u8) -> Result<u8, Refused> {
        let count = self.u8()?;
        self.within(what, count.into(), limit.into())?;
        Ok(count)
    }

    /// A two-byte count, at most `limit`.
    ///
    /// # Errors
    /// Truncated or out of range.
    pub fn count16(&mut self, what: &'static str, limit: u16) -> Result<u16, Refused> {
        let count = self.u16()?;
        self.within(what, count.into(), limit.into())?;
        Ok(count)
    }

    /// What was read of `from`, which was the rest when `start` bytes had been read.
    pub(crate) fn since(&self, start: usize, from: &'a [u8]) -> &'a [u8] {
        from.get(..self.at.saturating_sub(start)).unwrap_or_default()
    }

    /// A digest.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn digest<D: From<[u8; 32]>>(&mut self) -> Result<D, Refused> {
        self.array().map(|bytes| D::from(*bytes))
    }

    /// `count` digests.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn digests(&mut self, count: usize) -> Result<&'a [[u8; 32]], Refused> {
        let (digests, _) = self.take(count.saturating_mul(32))?.as_chunks::<32>();
        Ok(digests)
    }

    /// Text of a one-byte length, at most `limit` bytes.
    ///
    /// # Errors
    /// Truncated, out of range, or not UTF-8.
    pub fn text8(&mut self, what: &'static str, limit: u8) -> Result<&'a str, Refused> {
        let len = self.count8(what, limit)?;
        self.text(what, len.into())
    }

    /// A name that people read: text of a one-byte length, 1 to `limit` bytes, without characters
    /// that control a line or its direction, so that it cannot be blank or pass for another.
    ///
    /// # Errors
    /// As [`Reader::text8`], and `NotCanonical`.
    pub fn name(&mut self, what: &'static str, limit: u8) -> Result<&'a str, Refused> {
        let name = self.text8(what, limit)?;
        if name.is_empty() || name.contains(is_hidden) {
            return Err(self.not_canonical(what));
        }
        Ok(name)
    }

    /// Text of a two-byte length, at most `limit` bytes.
    ///
    /// # Errors
    /// Truncated, out of range, or not UTF-8.
    pub fn text16(&mut self, what: &'static str, limit: u16) -> Result<&'a str, Refused> {
        let len = self.count16(what, limit)?;
        self.text(what, len.into())
    }

    fn text(&mut self, what: &'static str, len: usize) -> Result<&'a str, Refused> {
        let bytes = self.take(len)?;
        core::str::from_utf8(bytes).map_err(|_| self.refuse(DecodeError::NotUtf8 { what }))
    }

    /// Bytes of a four-byte length, at most `limit` bytes.
    ///
    /// # Errors
    /// Truncated or out of range.
    pub fn bytes32(&mut self, what: &'static str, limit: u32) -> Result<&'a [u8], Refused> {
        let len = self.u32()?;
        let len = self.within(what, len.into(), limit.into())?;
        self.take(len)
    }

    /// The version byte that begins every format.
    ///
    /// # Errors
    /// [`DecodeError::Version`] for any version but `expected`.
    pub fn version(&mut self, expected: u8) -> Result<(), Refused> {
        let found = self.u8()?;
        self.expect_version(expected, found)
    }

    fn expect_version(&mut self, expected: u8, found: u8) -> Result<(), Refused> {
        if found != expected {
            return Err(self.refuse(DecodeError::Version { expected, found }));
        }
        Ok(())
    }

    /// Version and type byte that begin every file. The type is compared first: what is no file
    /// of ours at all is not a newer version of one.
    ///
    /// # Errors
    /// [`DecodeError::FileType`] or [`DecodeError::Version`].
    pub fn file(&mut self, version: u8, expected: u8) -> Result<(), Refused> {
        let (found_version, found) = (self.u8()?, self.u8()?);
        if found != expected {
            return Err(self.refuse(DecodeError::FileType { expected, found }));
        }
        self.expect_version(version, found_version)
    }

    /// Ends reading: nothing is left, and nothing was refused, even if nobody handed it on.
    fn finish(&mut self) -> Result<(), Refused> {
        if !self.left.is_empty() {
            let (at, left) = (self.at, self.left.len());
            return Err(self.refuse(DecodeError::Trailing { at, left }));
        }
        self.refusal.map_or(Ok(()), |reason| Err(self.refuse(reason)))
    }
}

/// Refuses a number above `limit`, outside of any reader.
pub(crate) fn within(what: &'static str, found: u64, limit: u64) -> Result<(), DecodeError> {
    if found > limit { Err(DecodeError::OutOfRange { what, limit, found }) } else { Ok(()) }
}

/// Control characters (C0, DEL, C1), and those that turn the direction of a line.
fn is_hidden(c: char) -> bool {
    let turns = ['\u{61c}', '\u{200e}', '\u{200f}'].contains(&c);
    turns || c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Runs `read` over all of `bytes`; what it leaves is an error.
///
/// # Errors
/// Why `read` refused, or [`DecodeError::Trailing`].
pub fn decode_all<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Refused>,
) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = read(&mut reader).and_then(|value| reader.finish().map(|()| value));
    value.map_err(|refused| reader.reason(refused))
}

/// As [`decode_all`], of at most `limit` bytes.
pub(crate) fn decode_within<'a, T>(
    (what, limit): (&'static str, usize),
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Refused>,
) -> Result<T, DecodeError> {
    let wide = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
    within(what, wide(bytes.len()), wide(limit))?;
    decode_all(bytes, read)
}

#[cfg(test)]
mod tests;
