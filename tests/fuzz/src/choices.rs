//! Bytes read as choices: the fuzzer changes the bytes, and with them what is done.

/// Reads choices from the front of bytes. When none are left, every choice is the first.
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    left: &'a [u8],
}

impl<'a> Choices<'a> {
    /// All of these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    /// Whether there is more to choose.
    #[must_use]
    pub const fn more(&self) -> bool {
        !self.left.is_empty()
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    /// `N` bytes, zeros past the end.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let taken = self.take(N);
        bytes[..taken.len()].copy_from_slice(taken);
        bytes
    }

    /// Up to this many bytes.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, left) = self.left.split_at(count.min(self.left.len()));
        self.left = left;
        taken
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    /// One of `limit` things; 0 if there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        let number = if limit <= 256 {
            usize::from(self.byte())
        } else {
            usize::from(u16::from_be_bytes(self.array()))
        };
        number.checked_rem(limit).unwrap_or(0)
    }

    /// Yes or no.
    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// One of these.
    pub fn of<'s, T>(&mut self, from: &'s [T]) -> &'s T {
        &from[self.below(from.len())]
    }

    /// A number near `near`, near a limit, or any.
    pub fn number(&mut self, near: u64) -> u64 {
        const LIMITS: [u64; 8] =
            [0, 1, 2, (1 << 53) - 1, 1 << 53, (1 << 62) - 1, u64::MAX - 1, u64::MAX];
        match self.byte() % 8 {
            0 | 1 => near.wrapping_add(1),
            2 | 3 => near.wrapping_sub(1),
            4 => near.wrapping_add(u64::from(self.byte())),
            5 => near.wrapping_sub(u64::from(self.byte())),
            6 => *self.of(&LIMITS),
            _ => u64::from_be_bytes(self.array()),
        }
    }

    /// Changes some bytes in one way: a bit, a byte, a piece more, less, twice, or from elsewhere.
    pub fn splice(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len());
        let len = 1 + self.below(40);
        let end = (at + len).min(bytes.len());
        match self.byte() % 8 {
            _ if bytes.is_empty() => bytes.extend_from_slice(self.take(len)),
            0 | 1 => bytes[at] ^= 1 << (self.byte() % 8),
            2 => bytes[at] = self.byte(),
            3 => bytes[at] = bytes[at].wrapping_add([1, 255][self.below(2)]),
            4 => drop(bytes.splice(at..at, self.take(len).iter().copied())),
            5 => drop(bytes.drain(at..end)),
            6 => {
                let piece = bytes[at..end].to_vec();
                let to = self.below(bytes.len());
                drop(bytes.splice(to..to, piece));
            }
            _ => {
                let from = self.below(other.len());
                let piece = &other[from..(from + len).min(other.len())];
                let end = (at + piece.len()).min(bytes.len());
                drop(bytes.splice(at..end, piece.iter().copied()));
            }
        }
    }
}

/// Numbers that are the same for the same seed, and look random (xorshift64*).
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// Starts from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        // Zero would stay zero.
        Self(seed ^ 0x00c0_ffee_0dd5_ba11 | 1)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below a limit; 0 below 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap();
        usize::try_from((self.next() >> 16).checked_rem(limit).unwrap_or(0)).unwrap()
    }

    /// Bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}
