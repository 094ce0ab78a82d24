//! The light client over a [`World`].

use std::cell::RefCell;
use std::rc::Rc;

use cairn_verifier::digest::{EventId, LogId, PayloadDigest};
use cairn_verifier::event::Payload;
use cairn_verifier::finality::Role;
use cairn_verifier::payload::{PayloadError, VerifiedPayload};
use cairn_verifier::secret::MemberSecret;
use cairn_verifier::{FinalHeader, TrustAnchor, UnixMillis, request};

use crate::assurance::{CheckedReceipt, open_any};
use crate::error::ClientError;
use crate::sync::{Sync, base_parameter};
use crate::world::{Browser, Request, World};

/// How often a sync begins again because another call moved the head.
const SYNC_ATTEMPTS: u8 = 4;

/// Follows one log through one node. Clones share what is known.
///
/// Nothing here borrows across an `await`, so calls may overlap.
#[derive(Clone, Debug)]
pub struct Client<W> {
    node: Rc<str>,
    world: W,
    known: Rc<RefCell<Sync>>,
    refused: Option<ClientError>,
}

/// The light client of a JavaScript runtime.
pub type LightClient = Client<Browser>;

impl LightClient {
    /// A client for a node and a pinned anchor; [`Client::connect_in`] this runtime.
    ///
    /// # Errors
    /// [`ClientError::BadNode`].
    pub async fn connect(node: &str, anchor: TrustAnchor) -> Result<Self, ClientError> {
        Self::connect_in(Browser, node, anchor).await
    }
}

impl<W: World> Client<W> {
    /// A client for a node (`http://` or `https://`, host, port) and a pinned anchor. Takes up
    /// the evidence stored for that anchor, verified again; asks the node nothing yet.
    ///
    /// # Errors
    /// [`ClientError::BadNode`].
    pub async fn connect_in(
        world: W,
        node: &str,
        anchor: TrustAnchor,
    ) -> Result<Self, ClientError> {
        let node = check_node(node)?;
        let (mut known, mut refused) = (Sync::new(anchor), None);
        if let Some(evidence) = world.load(anchor).await {
            match Sync::load(anchor, &evidence, world.now()) {
                Ok(stored) => known = stored,
                Err(error) => refused = Some(error),
            }
        }
        let known = Rc::new(RefCell::new(known));
        Ok(Self { node, world, known, refused })
    }

    /// The pinned anchor.
    #[must_use]
    pub fn anchor(&self) -> TrustAnchor {
        self.known.borrow().anchor()
    }

    /// The node's address.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Why stored evidence was not taken up, if it was not: the client then starts from the
    /// anchor, and cannot tell whether the log was rewritten since the last visit.
    #[must_use]
    pub const fn refused_evidence(&self) -> Option<&ClientError> {
        self.refused.as_ref()
    }

    /// What is known: head, what it rests on, when it was last seen.
    #[must_use]
    pub fn known(&self) -> Sync {
        self.known.borrow().clone()
    }

    /// The newest header known to be final.
    #[must_use]
    pub fn head(&self) -> Option<FinalHeader> {
        self.known.borrow().head().copied()
    }

    /// Asks the node for a newer head and verifies that it continues the one known.
    ///
    /// # Errors
    /// [`ClientError`]; the head is then as before.
    pub async fn sync(&self) -> Result<FinalHeader, ClientError> {
        for _ in 0..SYNC_ATTEMPTS {
            let now = self.world.now();
            let question = self.known.borrow().question(now);
            let file = self.get(&question.path()).await?;
            let candidate = self.known.borrow().answer(&question, file, self.world.now())?;
            let proof = match candidate.proof_path() {
                Some(path) => Some(self.get(&path).await?),
                None => None,
            };
            let adopted = self.known.borrow_mut().adopt(candidate, proof.as_deref())?;
            if let Some(head) = adopted {
                let evidence = self.known.borrow().evidence();
                if let Some(evidence) = evidence {
                    self.world.save(self.anchor(), evidence).await;
                }
                return Ok(head);
            }
        }
        Err(ClientError::HeadMoved)
    }

    /// One event, verified under the head. Syncs first if there is no head, and once more if the
    /// event is newer than the head.
    ///
    /// # Errors
    /// [`ClientError::NotFinal`] if no final header has the event; [`ClientError`].
    pub async fn event(&self, id: &EventId) -> Result<CheckedReceipt, ClientError> {
        let head = match self.head() {
            Some(head) => head,
            None => self.sync().await?,
        };
        match self.event_under(id, &head).await {
            Err(error) if error.is_problem("not-in-base") => {
                let head = self.sync().await?;
                self.event_under(id, &head).await.map_err(|error| {
                    if error.is_problem("not-in-base") {
                        ClientError::NotFinal { event: *id }
                    } else {
                        error
                    }
                })
            }
            result => result,
        }
    }

    async fn event_under(
        &self,
        id: &EventId,
        head: &FinalHeader,
    ) -> Result<CheckedReceipt, ClientError> {
        let standing = self.known.borrow().standing().unwrap_or_else(|| head.standing());
        let path = format!("/v1/receipts/{id}?base=header:{}", head.digest());
        let bytes = self.get(&path).await?;
        let receipt = CheckedReceipt::check_under(bytes, head, standing, self.world.now())?;
        expect_event(id, receipt)
    }

    /// A receipt that proves the event from the anchor alone, to be kept or passed on.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn receipt(&self, id: &EventId) -> Result<CheckedReceipt, ClientError> {
        let anchor = self.anchor();
        let bytes = self.get(&format!("/v1/receipts/{id}?base={}", base_parameter(anchor))).await?;
        let receipt = CheckedReceipt::check(bytes, anchor, self.world.now())?;
        expect_event(id, receipt)
    }

    /// What the node says it has, one page as JSON: claims, none of them verified. `query` is
    /// that of `GET /v1/events`, without the question mark.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn claimed_events(&self, query: &str) -> Result<String, ClientError> {
        let request = Request::json(format!("{}/v1/events?{query}", self.node));
        let body = self.world.get(request).await?;
        String::from_utf8(body)
            .map_err(|_| ClientError::Network { why: "the answer is not text".to_owned() })
    }

    /// Verifies an event and opens its payload. The node sees which key asks, never the key.
    ///
    /// # Errors
    /// [`ClientError::NoWrap`] if the node has none for this key; [`ClientError`].
    pub async fn open(
        &self,
        id: &EventId,
        secret: &MemberSecret,
    ) -> Result<VerifiedPayload, ClientError> {
        let receipt = self.event(id).await?;
        let (log, payload) = receipt.with(|fact| {
            let body = fact.event().event();
            (body.log, body.payload)
        })?;
        let Payload::Sealed(commitment) = payload else {
            return Err(PayloadError::NotSealed.into());
        };
        let stored = self.stored(&commitment.ciphertext).await?;
        let wrap = self.wrap(id, &log, secret).await?;
        let wraps = std::iter::once(wrap.as_slice());
        receipt.with(|fact| open_any(fact, &stored, wraps, secret))?
    }

    async fn stored(&self, digest: &PayloadDigest) -> Result<Vec<u8>, ClientError> {
        self.get(&format!("/v1/payloads/{digest}")).await
    }

    async fn wrap(
        &self,
        id: &EventId,
        log: &LogId,
        secret: &MemberSecret,
    ) -> Result<Vec<u8>, ClientError> {
        let path = format!("/v1/wraps/{id}");
        let mut request = Request::binary(format!("{}{path}", self.node));
        request.authorization =
            Some(authorization(log, self.world.now(), (&self.node, &path), secret)?);
        self.world.get(request).await.map_err(|error| match error {
            error if error.is_problem("no-wrap-for-this-key") => {
                ClientError::NoWrap { key: secret.wrap().id() }
            }
            error => error,
        })
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        self.world.get(Request::binary(format!("{}{path}", self.node))).await
    }
}

fn expect_event(
    expected: &EventId,
    receipt: CheckedReceipt,
) -> Result<CheckedReceipt, ClientError> {
    let (expected, found) = (*expected, receipt.id());
    if expected == found { Ok(receipt) } else { Err(ClientError::OtherEvent { expected, found }) }
}

/// The header of a signed request.
fn authorization(
    log: &LogId,
    time: UnixMillis,
    (node, path): (&str, &str),
    secret: &MemberSecret,
) -> Result<String, ClientError> {
    let origin = origin_of(node);
    let signature = secret
        .sign(Role::Request, &request::message(log, time, &format!("{origin}{path}")))
        .ok_or(ClientError::BadKey)?;
    let (key, time) = (hex(&secret.public_key()), time.0);
    Ok(format!("Cairn key={key}, time={time}, origin={origin}, signature={}", hex(&signature)))
}

/// Scheme, host and port of a node's address.
fn origin_of(node: &str) -> &str {
    let (scheme, rest) = node.split_once("://").unwrap_or(("", node));
    let host = rest.split('/').next().unwrap_or_default();
    node.get(..scheme.len().saturating_add(3).saturating_add(host.len())).unwrap_or(node)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A base address without the slash at its end.
fn check_node(node: &str) -> Result<Rc<str>, ClientError> {
    let bad = || ClientError::BadNode { found: node.chars().take(200).collect() };
    let rest =
        node.strip_prefix("https://").or_else(|| node.strip_prefix("http://")).ok_or_else(bad)?;
    let host = rest.split('/').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '@' | '\\');
    if host.is_empty() || !rest.chars().all(plain) {
        return Err(bad());
    }
    Ok(node.trim_end_matches('/').into())
}
