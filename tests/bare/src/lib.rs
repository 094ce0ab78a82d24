//! Verifies a receipt on a machine without an operating system, the standard library or an
//! allocator. That this links for a bare target is the test: if any crate below needed an
//! allocator, the linker would ask for one.
#![cfg_attr(target_os = "none", no_std)]

use cairn_verifier::{Error, TrustAnchor, UnixMillis, receipt};

/// The whole check, so that all of its code is linked.
///
/// # Errors
/// Whatever the verifier finds.
pub fn check(bytes: &[u8], anchor: TrustAnchor, now: UnixMillis) -> Result<u64, Error> {
    receipt::verify(bytes, anchor, now, &mut ()).map(|receipt| receipt.event().index())
}

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
