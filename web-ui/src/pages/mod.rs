//! One module a page.

pub(crate) mod event;
pub(crate) mod home;
pub(crate) mod log;
pub(crate) mod receipt;
pub(crate) mod trust;
