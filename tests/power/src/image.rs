//! A file's bytes: pages, of which those never written are zeros and take no memory.

use std::collections::BTreeMap;

const PAGE: u64 = 4_096;

/// The bytes of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    len: u64,
    pages: BTreeMap<u64, Vec<u8>>,
}

impl Image {
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Up to `limit` bytes from a place on; fewer only where the file ends.
    pub(crate) fn read(&self, at: u64, limit: u64) -> Vec<u8> {
        let end = at.saturating_add(limit).min(self.len);
        let mut bytes = vec![0; index(end.saturating_sub(at))];
        self.pieces(at, end, |page, within, place| {
            if let Some(page) = self.pages.get(&page) {
                bytes[place..place + within.len()].copy_from_slice(&page[within]);
            }
        });
        bytes
    }

    pub(crate) fn write(&mut self, at: u64, bytes: &[u8]) {
        let end = at + len(bytes);
        let mut pages = std::mem::take(&mut self.pages);
        self.pieces(at, end, |page, within, place| {
            let page = pages.entry(page).or_insert_with(|| vec![0; index(PAGE)]);
            page[within.clone()].copy_from_slice(&bytes[place..place + within.len()]);
        });
        self.pages = pages;
        self.len = self.len.max(end);
    }

    pub(crate) fn set_len(&mut self, len: u64) {
        if len < self.len {
            // What lies behind the end is zeros if the file grows again.
            drop(self.pages.split_off(&len.div_ceil(PAGE)));
            if let Some(page) = self.pages.get_mut(&(len / PAGE)) {
                page[index(len % PAGE)..].fill(0);
            }
        }
        self.len = len;
    }

    /// Shows each piece of a range that lies in one page: the page, the bytes within it, and where
    /// these are in the range.
    fn pieces(
        &self,
        mut at: u64,
        end: u64,
        mut show: impl FnMut(u64, std::ops::Range<usize>, usize),
    ) {
        let start = at;
        while at < end {
            let stop = end.min((at / PAGE + 1) * PAGE);
            let within = index(at % PAGE)..index(at % PAGE + (stop - at));
            show(at / PAGE, within, index(at - start));
            at = stop;
        }
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dice;

    #[test]
    fn it_is_what_a_plain_vector_is() {
        let (mut image, mut plain, mut dice) = (Image::default(), Vec::new(), Dice::new(7));
        for _ in 0..2_000 {
            let at = dice.below(20_000);
            if dice.below(4) == 0 {
                image.set_len(at);
                plain.resize(index(at), 0);
            } else {
                let bytes = vec![u8::try_from(dice.below(256)).unwrap(); index(dice.below(9_000))];
                image.write(at, &bytes);
                let end = index(at) + bytes.len();
                plain.resize(plain.len().max(end), 0);
                plain[index(at)..end].copy_from_slice(&bytes);
            }
            assert_eq!(image.len(), len(&plain));
            let from = dice.below(25_000);
            let expected = plain.get(index(from)..).unwrap_or_default();
            let expected = &expected[..expected.len().min(5_000)];
            assert_eq!(image.read(from, 5_000), expected);
        }
    }
}
