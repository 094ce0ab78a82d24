//! Signed requests: `Authorization: Cairn key=<hex>, time=<ms>, signature=<hex>`, where the key is
//! an Ed25519 public key and the signature is over log, time, path and query. With `origin=<origin>`
//! it is over that too, so that another node cannot send the request on to this one. A node that was
//! told its own origins takes no others; one that was not compares with the host it was asked for.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use cairn_verifier::UnixMillis;
use cairn_verifier::digest::{self, LogId};
use cairn_verifier::finality::{PublicKey, Role, Suite};
use cairn_verifier::request;

use super::problem::Problem;

/// The key that signed a request, which is all that a signed request shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    /// An Ed25519 public key.
    pub(super) key: [u8; 32],
}

/// Checks a request's signature.
pub(super) fn caller(
    headers: &HeaderMap,
    (log, now): (&LogId, UnixMillis),
    (uri, own): (&Uri, &[String]),
) -> Result<Caller, Problem> {
    let claim = Claim::read(headers)?;
    expect_for_us(claim.origin.as_deref(), (headers, uri), own)?;
    if claim.time.since(now).max(now.since(claim.time)) > request::MAX_SKEW {
        let limit = request::MAX_SKEW;
        let why =
            format!("the request says {}, the node's clock {now}, limit {limit} ms", claim.time);
        return Err(unauthorized("auth-time", why));
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let target = format!("{}{path}", claim.origin.as_deref().unwrap_or_default());
    let message = request::message(log, claim.time, &target);
    let bad = || unauthorized("auth-bad-signature", "the signature does not hold for this request");
    let key = PublicKey::new(Suite::Ed25519, &claim.key).ok_or_else(bad)?;
    key.verify(Role::Request, &message, &claim.signature).map_err(|_| bad())?;
    Ok(Caller { key: claim.key })
}

/// A request that was signed for another node is not taken from who passes it on.
fn expect_for_us(
    said: Option<&str>,
    (headers, uri): (&HeaderMap, &Uri),
    own: &[String],
) -> Result<(), Problem> {
    let is_ours = match said {
        None => own.is_empty(),
        Some(said) if own.is_empty() => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            let host = uri.authority().map(Authority::as_str).or(host);
            let said = said.strip_prefix("https://").or_else(|| said.strip_prefix("http://"));
            said.zip(host).is_some_and(|(said, host)| said.eq_ignore_ascii_case(host))
        }
        Some(said) => own.iter().any(|origin| origin.eq_ignore_ascii_case(said)),
    };
    if is_ours {
        return Ok(());
    }
    let said = said.map_or_else(|| "no node".to_owned(), |origin| format!("the node {origin}"));
    let why = match own {
        [] => format!("the request is signed for {said}, and was sent to another"),
        own => format!("the request is signed for {said}; this is {}", own.join(", ")),
    };
    Err(unauthorized("auth-other-node", why))
}

struct Claim {
    /// The node that it is for, if it says.
    origin: Option<String>,
    key: [u8; 32],
    time: UnixMillis,
    signature: [u8; 64],
}

impl Claim {
    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Err(unauthorized("auth-missing", "this path needs a signed request"));
        };
        let text = value.to_str().ok().filter(|_| values.next().is_none());
        text.and_then(Self::parse).ok_or_else(|| {
            let form = "the header must be: Cairn key=<hex>, time=<ms>, origin=<origin>, \
                        signature=<hex>, where origin may be left out";
            unauthorized("auth-malformed", form)
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (scheme, fields) = text.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("cairn") {
            return None;
        }
        let (mut key, mut time, mut signature, mut origin) = (None, None, None, None);
        for field in fields.split(',') {
            let (name, value) = field.trim().split_once('=')?;
            let taken = match name {
                "key" => key.replace(digest::parse_hex(value).ok()?).is_some(),
                "time" => time.replace(UnixMillis(value.parse().ok()?)).is_some(),
                "signature" => signature.replace(parse_signature(value)?).is_some(),
                "origin" => origin.replace(value.to_owned()).is_some(),
                _ => return None,
            };
            if taken {
                return None;
            }
        }
        Some(Self { origin, key: key?, time: time?, signature: signature? })
    }
}

fn parse_signature(text: &str) -> Option<[u8; 64]> {
    let (first, second) = text.split_at_checked(64)?;
    let halves = [digest::parse_hex(first).ok()?, digest::parse_hex(second).ok()?];
    halves.as_flattened().try_into().ok()
}

fn unauthorized(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, detail).challenge("Cairn")
}
