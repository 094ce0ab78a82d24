//! Appending values in the layouts that the reader takes.

use alloc::vec::Vec;

/// Writes values at the end of a buffer. It states no limits: encoders of what people write
/// decode what they wrote, and whoever puts proofs together verifies them.
#[derive(Clone, Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty buffer.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
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
