//! The Cairn node: it takes events, makes them durable, makes them final, and serves the proofs
//! that let anyone check both.
//!
//! Reading order: [`node::Node`] is the whole node as one value; [`ingest`] is the way in,
//! the block producer makes the log final, [`proofs`] and [`query`] are the ways out.
//! Everything under `api`, `cli`, `import` and `demo` stands on those.
//!
//! **Invariant:** what is acknowledged is on disk; what is final is under a certificate.
//! **Invariant:** formats, hashes and checks are the verifier's; there is no second copy here.
#![forbid(unsafe_code)]

pub mod access;
pub mod api;
pub mod archive;
pub mod audit;
pub mod backup;
pub mod bench;
pub mod bucket;
pub mod check;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod feed;
pub mod genesis;
pub mod http_client;
pub mod import;
pub mod ingest;
pub mod init;
pub mod join;
pub mod keyring;
mod links;
pub mod metrics;
pub mod node;
mod producer;
pub mod proofs;
pub mod publish;
pub mod query;
pub mod reload;
pub mod replica;
pub mod seal;
pub mod settings;
pub mod system;
pub mod telemetry;
pub mod testnet;
pub mod tls;
pub mod validate;
