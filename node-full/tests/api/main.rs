//! The API of a real node on a real socket, asked by a real HTTP client.

#[cfg(test)]
mod access;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod document;
#[cfg(test)]
mod events;
#[cfg(feature = "grpc")]
#[cfg(test)]
mod grpc;
#[cfg(feature = "grpc")]
#[cfg(test)]
mod grpc_access;
#[cfg(test)]
mod http;
#[cfg(test)]
mod joining;
#[cfg(test)]
mod kit;
#[cfg(feature = "grpc")]
#[cfg(test)]
mod leases;
#[cfg(test)]
mod malformed;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod salts;
#[cfg(test)]
mod site;
#[cfg(test)]
mod state;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod wraps;
#[cfg(test)]
mod ws;
