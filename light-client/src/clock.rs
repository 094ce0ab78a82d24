//! The runtime's clock.

use cairn_verifier::UnixMillis;

/// The time by `Date.now()`. A clock before 1970 reads as 1970.
#[expect(
    clippy::as_conversions,
    reason = "from float to integer there is only this cast; it saturates"
)]
pub(crate) fn now() -> UnixMillis {
    UnixMillis(js_sys::Date::now() as u64)
}
