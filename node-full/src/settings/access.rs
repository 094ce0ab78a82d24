//! Settings that say who may do what.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::access::Scope;

/// Who may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the settings are these")]
pub enum ReadAccess {
    /// Everyone: a log is there to be verified.
    #[default]
    Any,
    /// Who shows a key or token with the scope `read`.
    Keys,
}

/// Who may log events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the settings are these")]
pub enum WriteAccess {
    /// Everyone who reaches the node.
    Any,
    /// Everyone on this machine.
    Local,
    /// Who shows a key or token with the scope `write`.
    Keys,
}

/// One `[[api-key]]`. Exactly one of `hash`, `file` and `env` says which key it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "the settings are these")]
pub struct ApiKeySettings {
    /// What events call its holder.
    pub name: String,
    /// Digest of the key, as `cairn api-key new` prints it.
    pub hash: Option<String>,
    /// A file that holds the key.
    pub file: Option<PathBuf>,
    /// A variable of the environment that holds the key.
    pub env: Option<String>,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// How many requests a second; as many as there come if not said.
    pub rate: Option<u32>,
}

/// How tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_enums, reason = "the settings are these")]
pub enum JwtAlgorithm {
    /// Ed25519 (RFC 8037).
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// HMAC with SHA-256: who can check tokens can make them.
    #[serde(rename = "HS256")]
    Hs256,
}

/// `[jwt]`: whose tokens hold here. Exactly one of `key` and `jwks` says who signs them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "the settings are these")]
pub struct JwtSettings {
    /// How they are signed; a token that says otherwise is refused.
    pub algorithm: JwtAlgorithm,
    /// The public key in PEM, or the shared secret of HS256.
    pub key: Option<PathBuf>,
    /// A set of keys (RFC 7517), of which a token names one.
    pub jwks: Option<PathBuf>,
    /// Who issues them.
    pub issuer: String,
    /// Whom they must be meant for.
    pub audience: String,
    /// The claim that lists scopes.
    #[serde(default = "scope_claim")]
    pub scope_claim: String,
    /// How many requests a second each subject may send.
    pub rate: Option<u32>,
}

fn scope_claim() -> String {
    "scope".to_owned()
}
