//! The two halves of a signature against vectors from outside.

mod ed25519;
mod ml_dsa;
