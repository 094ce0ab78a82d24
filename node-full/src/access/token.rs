//! Tokens of another system (JWT, RFC 7519), checked as the settings say and no other way: the
//! algorithm, issuer and audience stand there, never in the token alone.

use std::path::Path;

use cairn_verifier::UnixMillis;
use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use zeroize::Zeroizing;

use super::rate::Rate;
use super::{AccessError, Scope, bad, ring_jwt};
use crate::settings::{JwtAlgorithm, JwtSettings};

/// How far clocks may be apart, in seconds.
const LEEWAY: u64 = 60;
/// The longest token.
const MAX_TOKEN: usize = 8_192;
/// The longest subject: it becomes an event's actor.
const MAX_SUBJECT: usize = 128;
/// The shortest shared secret (RFC 7518, section 3.2).
const MIN_SECRET: usize = 32;

/// How tokens are checked.
#[derive(Debug)]
pub(super) struct Tokens {
    keys: Keys,
    validation: Validation,
    scope_claim: String,
    rate: Option<Rate<String>>,
}

/// What a token that holds says.
pub(super) struct Checked {
    pub(super) subject: String,
    pub(super) scopes: Vec<Scope>,
    /// When it holds no more.
    pub(super) end: UnixMillis,
}

#[derive(Debug)]
enum Keys {
    One(DecodingKey),
    /// By the id that a token's header names.
    Named(Vec<(String, DecodingKey)>),
}

impl Tokens {
    pub(super) fn new(settings: &JwtSettings) -> Result<Self, AccessError> {
        ring_jwt::install();
        let algorithm = match settings.algorithm {
            JwtAlgorithm::EdDsa => Algorithm::EdDSA,
            JwtAlgorithm::Es256 => Algorithm::ES256,
            JwtAlgorithm::Rs256 => Algorithm::RS256,
            JwtAlgorithm::Hs256 => Algorithm::HS256,
        };
        let keys = match (&settings.key, &settings.jwks) {
            (Some(path), None) => Keys::One(read_key(path, settings.algorithm)?),
            (None, Some(path)) => Keys::Named(read_set(path, algorithm)?),
            _ => return Err(bad("jwt", "exactly one of key and jwks says who signs tokens")),
        };
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        Ok(Self {
            keys,
            validation,
            scope_claim: settings.scope_claim.clone(),
            rate: settings.rate.map(Rate::new).transpose()?,
        })
    }

    pub(super) const fn rate(&self) -> Option<&Rate<String>> {
        self.rate.as_ref()
    }

    /// What a token that holds says.
    pub(super) fn check(&self, text: &str) -> Result<Checked, String> {
        if text.len() > MAX_TOKEN {
            return Err(format!("{} bytes, the limit is {MAX_TOKEN}", text.len()));
        }
        let header = decode_header(text).map_err(|error| error.to_string())?;
        let key = match &self.keys {
            Keys::One(key) => key,
            Keys::Named(keys) => {
                let id = header.kid.as_deref().ok_or("it names no key (`kid`)")?;
                let found = keys.iter().find(|(known, _)| known == id);
                &found.ok_or_else(|| format!("no key {id:?} is known"))?.1
            }
        };
        let token = decode::<Value>(text, key, &self.validation);
        let claims = token.map_err(|error| error.to_string())?.claims;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        if subject.is_empty() || subject.len() > MAX_SUBJECT || subject.contains(char::is_control) {
            return Err(format!("`sub` must be 1 to {MAX_SUBJECT} bytes of plain text"));
        }
        // Checked to be there, and a number.
        let end = claims.get("exp").and_then(Value::as_u64).unwrap_or(0);
        let end = UnixMillis(end.saturating_add(LEEWAY).saturating_mul(1_000));
        let scopes = scopes(claims.get(&self.scope_claim));
        Ok(Checked { subject: subject.to_owned(), scopes, end })
    }
}

/// Scopes as one text with spaces (RFC 8693) or as a list. Others than ours are other systems'.
fn scopes(claim: Option<&Value>) -> Vec<Scope> {
    let names: Vec<&str> = match claim {
        Some(Value::String(text)) => text.split(' ').collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let all = [Scope::Read, Scope::Write, Scope::Admin];
    all.into_iter().filter(|scope| names.contains(&scope.name())).collect()
}

fn read(setting: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, AccessError> {
    std::fs::read(path).map(Zeroizing::new).map_err(|error| AccessError::File {
        setting: setting.to_owned(),
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn read_key(path: &Path, algorithm: JwtAlgorithm) -> Result<DecodingKey, AccessError> {
    let bytes = read("jwt key", path)?;
    let key = match algorithm {
        JwtAlgorithm::EdDsa => DecodingKey::from_ed_pem(&bytes),
        JwtAlgorithm::Es256 => DecodingKey::from_ec_pem(&bytes),
        JwtAlgorithm::Rs256 => DecodingKey::from_rsa_pem(&bytes),
        JwtAlgorithm::Hs256 => {
            let secret = bytes.trim_ascii();
            if secret.len() < MIN_SECRET {
                let found = secret.len();
                let short = format!("a secret of {found} bytes; HS256 needs {MIN_SECRET}");
                return Err(bad("jwt key", short));
            }
            Ok(DecodingKey::from_secret(secret))
        }
    };
    key.map_err(|_| AccessError::File {
        setting: "jwt key".to_owned(),
        path: path.to_owned(),
        reason: format!("no public key for {algorithm:?} in PEM"),
    })
}

/// The keys of a set that are for this algorithm; what else it holds is for others.
fn read_set(path: &Path, algorithm: Algorithm) -> Result<Vec<(String, DecodingKey)>, AccessError> {
    let file = |reason: String| AccessError::File {
        setting: "jwt jwks".to_owned(),
        path: path.to_owned(),
        reason,
    };
    let bytes = read("jwt jwks", path)?;
    let set: JwkSet = serde_json::from_slice(&bytes).map_err(|error| file(error.to_string()))?;
    let mut keys = Vec::new();
    for jwk in &set.keys {
        let is_for_signing =
            jwk.common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature);
        let said = jwk.common.key_algorithm.map(|said| said.to_string());
        let is_ours = said.is_none_or(|said| said == format!("{algorithm:?}"));
        let (Some(id), Ok(key)) = (&jwk.common.key_id, DecodingKey::from_jwk(jwk)) else {
            continue;
        };
        if is_for_signing && is_ours && key.family() == algorithm.family() {
            keys.push((id.clone(), key));
        }
    }
    if keys.is_empty() {
        return Err(file(format!("no key with a `kid` for {algorithm:?}")));
    }
    Ok(keys)
}
