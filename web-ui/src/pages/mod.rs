//! One module a page.

pub(crate) mod about;
pub(crate) mod batch;
pub(crate) mod block;
pub(crate) mod compare;
pub(crate) mod event;
pub(crate) mod home;
pub(crate) mod log;
pub(crate) mod operator;
pub(crate) mod receipt;
pub(crate) mod report;
pub(crate) mod sample;
pub(crate) mod trust;
