//! A log beyond its machine: published to a bucket, followed by replicas. The bucket is a directory,
//! or the S3 store that `CAIRN_TEST_BUCKET` names (`cargo xtask test --only s3`).
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test crate"
)]

mod bent;
mod claim;
mod follow;
mod killed;
mod kit;
mod prune;
mod publish;
