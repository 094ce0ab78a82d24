//! Who may do what through the API: keys, tokens, scopes, rates and origins.
//!
//! A caller shows an API key or a token, or nothing. What a request needs is one of [`Needs`];
//! [`Access::admit`] says who the caller is, or why it may not. Requests that a member signed with
//! its own key (`Authorization: Cairn …`) are another matter: their handlers check them.
//!
//! **Invariant:** an `Access` is whole: it was built from settings that fit together, and is
//! swapped for another as a whole.

mod error;
mod key;
mod place;
mod rate;
mod ring_jwt;
mod token;

use std::fmt;
use std::net::IpAddr;

use cairn_verifier::UnixMillis;

use crate::settings::{ReadAccess, Settings, WriteAccess};
pub use error::AccessError;
pub(crate) use error::Denied;
pub use key::{ApiKey, digest_of, new_key};
use place::{check_origin, is_of_this_machine, neighbourhood};
use rate::Rate;
use token::{Checked, Tokens};

/// What a request needs to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: whether the node lives, and the page.
    Nothing,
    /// Nothing here, because its handler asks for a member's signature.
    Signature,
    /// A scope.
    Scope(Scope),
}

/// What a key or a token is for. None of them contains another.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a request does one of these three")]
pub enum Scope {
    /// Reading the log.
    Read,
    /// Logging events.
    Write,
    /// Everything under `/v1/admin/`.
    Admin,
}

impl Scope {
    /// Its name in settings and tokens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    /// Someone who showed nothing.
    Anyone,
    /// The holder of the API key of this name.
    Key(String),
    /// The subject of a token.
    Subject(String),
}

impl Caller {
    /// Kind and id, as an event names an actor; none for those who showed nothing.
    pub(crate) fn party(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Anyone => None,
            Self::Key(name) => Some(("api-key", name)),
            Self::Subject(name) => Some(("token", name)),
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("a caller without a key"),
            Self::Key(name) => write!(f, "the key {name:?}"),
            Self::Subject(name) => write!(f, "the token of {name:?}"),
        }
    }
}

fn bad(setting: impl Into<String>, reason: impl Into<String>) -> AccessError {
    AccessError::Bad { setting: setting.into(), reason: reason.into() }
}

/// What was found in a request's `Authorization`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown<'a> {
    Nothing,
    Bearer(&'a str),
    Malformed,
}

impl<'a> Shown<'a> {
    /// The key or token.
    pub(crate) const fn bearer(self) -> Option<&'a str> {
        match self {
            Self::Bearer(text) => Some(text),
            Self::Nothing | Self::Malformed => None,
        }
    }
}

/// Who may do what.
#[derive(Debug)]
pub struct Access {
    keys: Vec<ApiKey>,
    tokens: Option<Tokens>,
    read: ReadAccess,
    write: WriteAccess,
    addresses: Option<Rate<IpAddr>>,
    origins: Vec<String>,
    own: Vec<String>,
    proxies: Vec<IpAddr>,
}

impl Access {
    /// What settings come to. `environment` looks a variable up.
    ///
    /// # Errors
    /// [`AccessError`], if they do not fit together or a file cannot be read.
    pub fn new(
        settings: &Settings,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, AccessError> {
        let keys = key::read_all(&settings.api_key, environment)?;
        let tokens = settings.jwt.as_ref().map(Tokens::new).transpose()?;
        let has_keys = !keys.is_empty() || tokens.is_some();
        let write = settings.write.unwrap_or(match has_keys {
            true => WriteAccess::Keys,
            false => WriteAccess::Local,
        });
        let needs_keys = write == WriteAccess::Keys || settings.read == ReadAccess::Keys;
        if needs_keys && !has_keys {
            return Err(bad("read, write", "`keys` needs an [[api-key]] or a [jwt]"));
        }
        for origin in &settings.allow_origin {
            check_origin("allow-origin", origin)?;
        }
        for origin in &settings.origin {
            check_origin("origin", origin)?;
        }
        Ok(Self {
            keys,
            tokens,
            read: settings.read,
            write,
            addresses: settings.rate.map(Rate::new).transpose()?,
            origins: settings.allow_origin.clone(),
            own: settings.origin.clone(),
            proxies: settings.trusted_proxy.clone(),
        })
    }

    /// Whether pages of this origin may write.
    pub(crate) fn allows_origin(&self, origin: &[u8]) -> bool {
        self.origins.iter().any(|allowed| allowed.as_bytes() == origin)
    }

    /// Origins of this node itself; none if nobody said.
    pub(crate) fn own_origins(&self) -> &[String] {
        &self.own
    }

    /// Refuses a page that a browser on the node's machine shows, where being on that machine is
    /// all that lets a caller write. Browsers ask before a page of another origin writes; but a
    /// page whose host name was made to point here is of this origin to them.
    pub(crate) fn check_page(&self, needs: Needs, origin: &[u8]) -> Result<(), Denied> {
        let is_held = needs == Needs::Scope(Scope::Write) && self.write == WriteAccess::Local;
        if !is_held || self.allows_origin(origin) || is_of_this_machine(origin) {
            return Ok(());
        }
        Err(Denied::ForeignPage { origin: String::from_utf8_lossy(origin).into_owned() })
    }

    /// Whether any key or token is known, so that someone could call it.
    #[must_use]
    pub const fn has_keys(&self) -> bool {
        !self.keys.is_empty() || self.tokens.is_some()
    }

    /// The address that a request comes from: its peer's, or, where the peer is a proxy of ours,
    /// the last one that this proxy says it had it from.
    pub(crate) fn address(&self, peer: IpAddr, forwarded: Option<&str>) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.proxies.contains(&peer) {
            return peer;
        }
        let last = forwarded.and_then(|list| list.rsplit(',').next());
        last.and_then(|text| text.trim().parse::<IpAddr>().ok())
            .map_or(peer, |address| address.to_canonical())
    }

    /// Says who the caller is, if it may do what the request needs.
    pub(crate) fn admit(
        &self,
        needs: Needs,
        shown: Shown<'_>,
        from: IpAddr,
    ) -> Result<Caller, Denied> {
        let scope = match needs {
            Needs::Nothing => return Ok(Caller::Anyone),
            Needs::Signature => return self.pace(from).map(|()| Caller::Anyone),
            Needs::Scope(scope) => scope,
        };
        match shown {
            Shown::Bearer(text) if self.has_keys() => self.admit_holder(scope, text, from),
            Shown::Malformed => self.pace(from).and(Err(Denied::Malformed)),
            Shown::Bearer(_) | Shown::Nothing => self.admit_anyone(scope, from),
        }
    }

    fn admit_holder(&self, needs: Scope, text: &str, from: IpAddr) -> Result<Caller, Denied> {
        // Guessing is held to the rate of those who have no key.
        let holder = self.holder(text).or_else(|denied| self.pace(from).and(Err(denied)))?;
        self.pace_holder(text, &holder)?;
        if holder.scopes.contains(&needs) {
            return Ok(holder.name);
        }
        Err(Denied::OutOfScope { caller: holder.name, needs })
    }

    fn admit_anyone(&self, needs: Scope, from: IpAddr) -> Result<Caller, Denied> {
        self.pace(from)?;
        if self.is_open(needs, from) { Ok(Caller::Anyone) } else { Err(Denied::Missing { needs }) }
    }

    /// Whether this needs no key.
    fn is_open(&self, needs: Scope, from: IpAddr) -> bool {
        match (needs, self.write) {
            (Scope::Read, _) => self.read == ReadAccess::Any,
            (Scope::Write, WriteAccess::Any) => true,
            (Scope::Write, WriteAccess::Local) => from.is_loopback(),
            (Scope::Write, WriteAccess::Keys) | (Scope::Admin, _) => false,
        }
    }

    /// Until when what was shown lets a caller do this, `None` if it does not, or no more. A stream
    /// that lasts asks this again; it is held to no rate.
    pub(crate) fn holds(
        &self,
        needs: Scope,
        shown: Option<&str>,
        from: IpAddr,
    ) -> Option<UnixMillis> {
        match shown {
            Some(text) if self.has_keys() => {
                let holder = self.holder(text).ok()?;
                holder.scopes.contains(&needs).then_some(holder.end)
            }
            _ => self.is_open(needs, from).then_some(FOR_EVER),
        }
    }

    /// Who holds this key or token.
    fn holder(&self, text: &str) -> Result<Holder, Denied> {
        if key::is_key(text) {
            let key = key::find(&self.keys, text).ok_or(Denied::UnknownKey)?;
            let (name, scopes) = (Caller::Key(key.name.clone()), key.scopes.clone());
            return Ok(Holder { name, scopes, end: FOR_EVER });
        }
        let Some(tokens) = &self.tokens else { return Err(Denied::UnknownKey) };
        let Checked { subject, scopes, end } = tokens.check(text).map_err(Denied::BadToken)?;
        Ok(Holder { name: Caller::Subject(subject), scopes, end })
    }

    /// Holds whoever holds this key or token to its own rate.
    fn pace_holder(&self, text: &str, Holder { name, .. }: &Holder) -> Result<(), Denied> {
        match (name, &self.tokens) {
            (Caller::Key(_), _) => {
                let key = key::find(&self.keys, text);
                check_rate(key.and_then(|key| key.rate.as_ref()), &(), name)
            }
            (Caller::Subject(subject), Some(tokens)) => check_rate(tokens.rate(), subject, name),
            (Caller::Subject(_) | Caller::Anyone, _) => Ok(()),
        }
    }

    fn pace(&self, from: IpAddr) -> Result<(), Denied> {
        check_rate(self.addresses.as_ref(), &neighbourhood(from), &Caller::Anyone)
    }
}

impl Default for Access {
    /// What a node does that nobody set up: everyone reads, this machine writes.
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            tokens: None,
            read: ReadAccess::Any,
            write: WriteAccess::Local,
            addresses: None,
            origins: Vec::new(),
            own: Vec::new(),
            proxies: Vec::new(),
        }
    }
}

/// Who holds a key or token, and what it is for.
struct Holder {
    name: Caller,
    scopes: Vec<Scope>,
    /// When it holds no more.
    end: UnixMillis,
}

/// When a key ends that nobody takes away.
const FOR_EVER: UnixMillis = UnixMillis(u64::MAX);

fn check_rate<K: rate::RateKey>(
    rate: Option<&Rate<K>>,
    key: &K,
    caller: &Caller,
) -> Result<(), Denied> {
    let Some(rate) = rate else { return Ok(()) };
    rate.take(key).map_err(|again| Denied::TooFast {
        caller: caller.clone(),
        limit: rate.limit(),
        again,
    })
}

#[cfg(test)]
mod tests;
