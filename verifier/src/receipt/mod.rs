//! Receipts: one file that proves one event, offline, for ever.

mod format;
#[cfg(feature = "alloc")]
mod memo;
mod verify;

pub use format::{Bracket, MAX_RECEIPT_LEN, MAX_WRAPS, Receipt, Wraps};
pub use verify::{VerifiedReceipt, verify};

#[cfg(feature = "alloc")]
pub use format::{BracketDraft, ReceiptDraft};
#[cfg(feature = "alloc")]
pub use memo::FinalityMemo;
