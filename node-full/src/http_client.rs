//! A client of a node's API, for the commands: plain HTTP, bounded answers, named errors.

use std::fmt::Write as _;
use std::time::Duration;

use cairn_verifier::UnixMillis;
use cairn_verifier::digest::LogId;
use cairn_verifier::finality::Role;
use cairn_verifier::receipt::MAX_RECEIPT_LEN;
use cairn_verifier::request;
use cairn_verifier::secret::MemberSecret;
use serde::Deserialize;
use thiserror::Error;
use ureq::http::{Response, StatusCode, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body};
use zeroize::Zeroizing;

/// How long a request may take; longer than the node's own limit, so that its answer is seen.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// How long it waits at most to be let in again, and how often.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const TIMES: usize = 100;

/// Why a node gave no good answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No answer at all.
    #[error("no answer from {url}: {reason}")]
    Unreachable {
        /// Which URL.
        url: String,
        /// Why.
        reason: Box<ureq::Error>,
    },
    /// The node refused, and says why.
    #[error("the node refused: {detail} ({code})")]
    Problem {
        /// The HTTP status.
        status: u16,
        /// The stable code.
        code: String,
        /// For people.
        detail: String,
        /// Which event of a batch.
        at: Option<usize>,
    },
    /// The authority's certificate cannot be used.
    #[error("the authority's certificate cannot be used: {0}")]
    NoAuthority(String),
    /// An answer that is none of a node's.
    #[error("{url} answered something that is no node's answer: {what}")]
    NotANode {
        /// Which URL.
        url: String,
        /// What is wrong.
        what: String,
    },
}

#[derive(Deserialize)]
struct ProblemJson {
    code: String,
    #[serde(default)]
    detail: String,
    at: Option<usize>,
}

/// A node's API.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    base: String,
    /// `Authorization` of requests that nobody signs.
    bearer: Option<Zeroizing<String>>,
}

impl Client {
    /// A client of the node at this URL, whose certificate comes from a public authority, or from
    /// this one (PEM).
    ///
    /// # Errors
    /// [`ClientError::NoAuthority`].
    pub fn new(base: &str, authority: Option<&[u8]>) -> Result<Self, ClientError> {
        let mut config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIME_LIMIT));
        // A proxy of the environment cannot reach this machine.
        if ["://127.", "://localhost", "://[::1]"].iter().any(|host| base.contains(host)) {
            config = config.proxy(None);
        }
        if let Some(pem) = authority {
            let roots = RootCerts::from(certificates(pem)?);
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { agent: config.build().into(), base, bearer: None })
    }

    /// Shows this API key or token with every request that nobody signs.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.bearer = Some(Zeroizing::new(format!("Bearer {}", key.trim())));
        self
    }

    /// Fetches bytes.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        self.get(path, "application/octet-stream", None)
    }

    /// Begins to fetch what may be long, and takes as long as it takes.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn reader(&self, path: &str) -> Result<impl std::io::Read + use<>, ClientError> {
        let url = self.url(path);
        let mut request = self.agent.get(&url).config().timeout_global(None).build();
        if let Some(header) = &self.bearer {
            request = request.header("authorization", header.as_str());
        }
        let answer = request.call();
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(answer.into_body().into_reader()),
            other => match finish(&url, other) {
                Err(error) => Err(error),
                Ok(_) => Err(ClientError::NotANode { url, what: "no archive".to_owned() }),
            },
        }
    }

    /// Fetches bytes for one member only.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn bytes_for(
        &self,
        path: &str,
        (secret, log, now): (&MemberSecret, &LogId, UnixMillis),
    ) -> Result<Vec<u8>, ClientError> {
        let origin = origin_of(&self.base);
        let message = request::message(log, now, &format!("{origin}{path}"));
        let signature = secret.sign(Role::Request, &message).unwrap_or([0; 64]);
        let (key, signature) = (hex(&secret.public_key()), hex(&signature));
        let header =
            format!("Cairn key={key}, time={}, origin={origin}, signature={signature}", now.0);
        self.get(path, "application/octet-stream", Some(&header))
    }

    /// Fetches JSON as text.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn json(&self, path: &str) -> Result<String, ClientError> {
        let bytes = self.get(path, "application/json", None)?;
        self.text(path, bytes)
    }

    /// Posts events, and gives back the answer's JSON.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn post(&self, path: &str, kind: &str, body: &[u8]) -> Result<String, ClientError> {
        let url = self.url(path);
        let sent = patiently(|| {
            let mut request = self.agent.post(&url).header("content-type", kind);
            if let Some(header) = &self.bearer {
                request = request.header("authorization", header.as_str());
            }
            request.send(body)
        });
        let bytes = finish(&url, sent)?;
        self.text(path, bytes)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn text(&self, path: &str, bytes: Vec<u8>) -> Result<String, ClientError> {
        String::from_utf8(bytes)
            .map_err(|error| ClientError::NotANode { url: self.url(path), what: error.to_string() })
    }

    fn get(
        &self,
        path: &str,
        accept: &str,
        authorization: Option<&str>,
    ) -> Result<Vec<u8>, ClientError> {
        let url = self.url(path);
        let shown = self.bearer.as_ref().map(|header| header.as_str());
        let sent = patiently(|| {
            let mut request = self.agent.get(&url).header("accept", accept);
            if let Some(header) = authorization.or(shown) {
                request = request.header("authorization", header);
            }
            request.call()
        });
        finish(&url, sent)
    }
}

/// Scheme, host and port of a URL.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at.saturating_add(3));
    let path = url.get(host..).and_then(|rest| rest.find('/')).map(|at| at.saturating_add(host));
    path.and_then(|end| url.get(..end)).unwrap_or(url)
}

/// Sends, and again whenever the node says that it was too fast, when the node says.
fn patiently(
    send: impl Fn() -> Result<Response<Body>, ureq::Error>,
) -> Result<Response<Body>, ureq::Error> {
    for _ in 0..TIMES {
        let answer = send()?;
        if answer.status() != StatusCode::TOO_MANY_REQUESTS {
            return Ok(answer);
        }
        let after = answer.headers().get(header::RETRY_AFTER);
        let seconds = after.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(1);
        std::thread::sleep(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    send()
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, ClientError> {
    let items = ureq::tls::parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(error) => Some(Err(ClientError::NoAuthority(error.to_string()))),
    });
    let found: Vec<_> = items.collect::<Result<_, _>>()?;
    let none = || ClientError::NoAuthority("it holds no certificate in PEM".to_owned());
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

fn finish(url: &str, answer: Result<Response<Body>, ureq::Error>) -> Result<Vec<u8>, ClientError> {
    let unreachable =
        |reason| ClientError::Unreachable { url: url.to_owned(), reason: Box::new(reason) };
    let mut answer = answer.map_err(unreachable)?;
    let limit = u64::try_from(MAX_RECEIPT_LEN).unwrap_or(u64::MAX);
    let bytes = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(unreachable)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(bytes);
    }
    match serde_json::from_slice::<ProblemJson>(&bytes) {
        Ok(ProblemJson { code, detail, at }) => {
            Err(ClientError::Problem { status: status.as_u16(), code, detail, at })
        }
        Err(_) => {
            let what = format!("HTTP status {status}");
            Err(ClientError::NotANode { url: url.to_owned(), what })
        }
    }
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Lower-case hex of any length.
#[must_use]
pub fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => byte.checked_sub(b'0'),
        b'a'..=b'f' => byte.checked_sub(b'a' - 10),
        _ => None,
    };
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(byte).collect()
}

/// A query's value, percent-encoded (RFC 3986, section 2.1).
#[must_use]
pub fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~:/@".contains(&byte) {
            out.push(byte.into());
        } else {
            // Writing to a String cannot fail.
            let _infallible = write!(out, "%{byte:02X}");
        }
        out
    })
}
