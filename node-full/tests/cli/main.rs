//! The `cairn` program, as a person or a script runs it.

#[cfg(test)]
mod access;
#[cfg(test)]
mod archive;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod files;
#[cfg(test)]
mod flow;
#[cfg(test)]
mod genesis;
#[cfg(feature = "grpc")]
#[cfg(test)]
mod guide;
#[cfg(test)]
mod import;
#[cfg(test)]
mod join;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod liar;
#[cfg(test)]
mod members;
#[cfg(test)]
mod operate;
#[cfg(test)]
mod ops;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod usage;
#[cfg(test)]
mod validators;
