//! The verifier alone as WebAssembly, for programs that check receipts and count bytes: one
//! function, no imports, no allocator. `pkg/verifier-api.js` is its caller.
//!
//! **Invariant:** a call leaves nothing behind; what it answers depends on its arguments alone.
#![cfg_attr(target_arch = "wasm32", no_std)]

mod answer;
mod json;

pub use answer::answer;

/// Verifies the receipt in a memory that holds, one after the other, the anchor's text, the
/// receipt, and room for the answer. Returns the answer's length; 0 if the room is too small.
///
/// # Safety
/// The `len` bytes from `start` are the caller's to lend: inside of the memory, and not the
/// program's own. `__heap_base` is the first such byte, and nothing else uses those after it.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the one place where JavaScript's bytes become a slice")]
pub unsafe extern "C" fn verify(
    start: *mut u8,
    len: usize,
    anchor_len: usize,
    receipt_len: usize,
    now: f64,
) -> usize {
    // SAFETY: as the caller promises; there is one thread, and the slice does not outlive the call.
    let memory = unsafe { core::slice::from_raw_parts_mut(start, len) };
    let parts = memory.split_at_mut_checked(anchor_len).and_then(|(anchor, rest)| {
        let (receipt, room) = rest.split_at_mut_checked(receipt_len)?;
        Some((anchor, receipt, room))
    });
    parts.map_or(0, |(anchor, receipt, room)| answer(anchor, receipt, now, room))
}

/// A trap, which JavaScript sees as an exception.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
