//! Takes part in nothing: every turn of its own costs a timeout.

pub(super) const fn instead() -> Vec<Vec<u8>> {
    Vec::new()
}
