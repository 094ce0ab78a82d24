//! API keys: 256 random bits behind a prefix that scanners for lost secrets know; kept as a digest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cairn_verifier::digest::{self, Hash};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::rate::Rate;
use super::{AccessError, Scope, bad};
use crate::settings::ApiKeySettings;

/// What every key begins with.
const PREFIX: &str = "cairn_";
/// Length of a key behind its prefix.
const TEXT_LEN: usize = 43;
/// Context of the digest that a key is kept as: of this API only, never evidence.
const CONTEXT: &str = "cairn node v1 api key";
/// The longest name.
const MAX_NAME: usize = 64;

/// A key that callers may show.
#[derive(Debug)]
pub struct ApiKey {
    pub(super) name: String,
    digest: [u8; 32],
    pub(super) scopes: Vec<Scope>,
    pub(super) rate: Option<Rate<()>>,
}

/// A new key.
///
/// # Errors
/// The system gives no random bytes.
pub fn new_key() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())?;
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    Ok(Zeroizing::new(format!("{PREFIX}{}", *text)))
}

/// What a key is kept as. Keys are random, so that one digest is as good as a slow one.
#[must_use]
pub fn digest_of(key: &str) -> Hash {
    Hash::from_bytes(digest::derive(CONTEXT, &[key.as_bytes()]))
}

/// Whether this is a key, not a token.
pub(super) fn is_key(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// The key that this text is. All are compared, each in the same time.
pub(super) fn find<'a>(keys: &'a [ApiKey], text: &str) -> Option<&'a ApiKey> {
    let digest = digest_of(text);
    let compare = |found, key: &'a ApiKey| {
        let is_same = bool::from(key.digest.ct_eq(digest.as_bytes()));
        if is_same { Some(key) } else { found }
    };
    keys.iter().fold(None, compare)
}

pub(super) fn read_all(
    settings: &[ApiKeySettings],
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Vec<ApiKey>, AccessError> {
    let mut keys: Vec<ApiKey> = Vec::new();
    for one in settings {
        let key = read(one, &environment)?;
        if keys.iter().any(|known| known.name == key.name || known.digest == key.digest) {
            return Err(bad(setting(one), "its name or its key is another one's too"));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn setting(one: &ApiKeySettings) -> String {
    format!("api-key {:?}", one.name)
}

fn read(
    one: &ApiKeySettings,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<ApiKey, AccessError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if one.name.is_empty() || one.name.len() > MAX_NAME || !one.name.chars().all(is_plain) {
        let form = format!("a name is 1 to {MAX_NAME} letters, digits, '-', '_' or '.'");
        return Err(bad(setting(one), form));
    }
    if one.scopes.is_empty() {
        return Err(bad(setting(one), "scopes must name `read`, `write` or `admin`"));
    }
    let digest = match (&one.hash, &one.file, &one.env) {
        (Some(hash), None, None) => digest::parse_hex(hash)
            .map_err(|_| bad(setting(one), "hash must be 64 lower-case hex digits"))?,
        (None, Some(path), None) => {
            let text = std::fs::read_to_string(path).map(Zeroizing::new);
            let text = text.map_err(|error| AccessError::File {
                setting: setting(one),
                path: path.clone(),
                reason: error.to_string(),
            })?;
            secret(one, text.trim())?
        }
        (None, None, Some(variable)) => {
            let text = environment(variable).map(Zeroizing::new);
            let unset = || bad(setting(one), format!("the variable {variable} is not set"));
            secret(one, text.ok_or_else(unset)?.trim())?
        }
        _ => {
            let form = "exactly one of hash, file and env says which key it is";
            return Err(bad(setting(one), form));
        }
    };
    let rate = one.rate.map(Rate::new).transpose()?;
    Ok(ApiKey { name: one.name.clone(), digest, scopes: one.scopes.clone(), rate })
}

/// The digest of a key that stands in the clear somewhere. A short one could be guessed.
fn secret(one: &ApiKeySettings, text: &str) -> Result<[u8; 32], AccessError> {
    let is_one = text.strip_prefix(PREFIX).is_some_and(|rest| {
        rest.len() == TEXT_LEN
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    });
    if is_one {
        return Ok(*digest_of(text).as_bytes());
    }
    Err(bad(setting(one), "it holds no key as `cairn api-key new` makes them"))
}
