//! Randomness that JavaScript drew before: `crypto.getRandomValues` is the one source.

use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

/// Random bytes, each given once. What is drawn past their end is zeros, and noted: the result must
/// then not be used.
pub(crate) struct Given {
    bytes: Zeroizing<Vec<u8>>,
    is_short: bool,
}

impl Given {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Zeroizing::new(bytes), is_short: false }
    }

    /// Whether more was drawn than was given.
    pub(crate) const fn is_short(&self) -> bool {
        self.is_short
    }
}

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            let next = self.bytes.pop();
            self.is_short |= next.is_none();
            *byte = next.unwrap_or_default();
        }
        Ok(())
    }
}

impl TryCryptoRng for Given {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_given_is_noted() {
        let mut rng = Given::new(vec![1, 2, 3]);
        let mut bytes = [9; 3];
        rng.try_fill_bytes(&mut bytes).unwrap();
        assert_eq!((bytes, rng.is_short()), ([3, 2, 1], false));
        rng.try_fill_bytes(&mut bytes).unwrap();
        assert_eq!((bytes, rng.is_short()), ([0; 3], true));
    }
}
