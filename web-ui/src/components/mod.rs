//! Parts of pages.

pub(crate) mod badge;
pub(crate) mod check_list;
pub(crate) mod drop_zone;
pub(crate) mod fields;
pub(crate) mod fingerprint;
pub(crate) mod frame;
pub(crate) mod hash;
pub(crate) mod header_bar;
pub(crate) mod mountain;
pub(crate) mod payload;
pub(crate) mod plot;
pub(crate) mod proof;
pub(crate) mod signers;
