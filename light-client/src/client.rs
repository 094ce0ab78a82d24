//! The light client over a [`World`].

mod follow;
mod keep;
mod read;

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
use crate::nodes::ForkEvidence;
use crate::policy::Policy;
use crate::sync::{Sync, base_parameter, check_not_behind};
use crate::world::{Browser, Request, World};

/// How a client is set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setup {
    /// Which nodes are asked, and which of them must agree.
    pub policy: Policy,
    /// Where trust starts.
    pub anchor: TrustAnchor,
    /// How old the anchor may be, in milliseconds, if less than the log's trust period.
    pub max_anchor_age: Option<u64>,
}

impl Setup {
    /// One node and an anchor.
    #[must_use]
    pub fn one(node: &str, anchor: TrustAnchor) -> Self {
        Self::several(Policy::one(node), anchor)
    }

    /// Nodes and which of them must agree, and an anchor.
    #[must_use]
    pub const fn several(policy: Policy, anchor: TrustAnchor) -> Self {
        Self { policy, anchor, max_anchor_age: None }
    }
}

/// What a node said when it was last asked for its head.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct NodeReport {
    /// Its name in the policy; its address if that gives none.
    pub name: String,
    /// Its address.
    pub address: String,
    /// The verified head that it showed, or why it showed none; `None` before the first sync.
    pub shown: Option<Result<FinalHeader, ClientError>>,
}

/// Follows one log through one node or several. Clones share what is known.
///
/// Nothing here borrows across an `await`, so calls may overlap.
#[derive(Clone, Debug)]
pub struct Client<W> {
    policy: Rc<Policy>,
    nodes: Rc<[Rc<str>]>,
    world: W,
    known: Rc<RefCell<Sync>>,
    noted: Rc<RefCell<Noted>>,
    refused: Option<ClientError>,
}

/// What is noted beside what is known.
#[derive(Debug, Default)]
struct Noted {
    /// The node that others are tried after: it has the head.
    serving: usize,
    shown: Vec<Option<Result<FinalHeader, ClientError>>>,
    fork: Option<ForkEvidence>,
    /// What lies in the store, as far as this client knows.
    stored: Option<Vec<u8>>,
    /// Why the evidence was not kept, if it was not.
    unsaved: Option<String>,
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
    /// A client for a node (`http://` or `https://`, host, port) and a pinned anchor:
    /// [`Client::connect_with`].
    ///
    /// # Errors
    /// [`ClientError::BadNode`].
    pub async fn connect_in(
        world: W,
        node: &str,
        anchor: TrustAnchor,
    ) -> Result<Self, ClientError> {
        Self::connect_with(world, Setup::one(node, anchor)).await
    }

    /// A client for nodes and a pinned anchor. Takes up the evidence stored for that anchor, verified
    /// again; asks no node yet.
    ///
    /// # Errors
    /// [`ClientError::BadNode`]; [`ClientError::BadPolicy`] if the policy names another anchor.
    pub async fn connect_with(world: W, setup: Setup) -> Result<Self, ClientError> {
        let Setup { policy, anchor, max_anchor_age } = setup;
        if policy.anchor().is_some_and(|named| named != anchor) {
            let what = "its `log` is another anchor than the one given";
            return Err(ClientError::BadPolicy { line: 0, what });
        }
        let nodes = policy.nodes().iter().map(|(_, address)| check_node(address));
        let nodes: Rc<[Rc<str>]> = nodes.collect::<Result<_, _>>()?;
        let noted = Noted { shown: vec![None; nodes.len()], ..Noted::default() };
        let mut client = Self {
            policy: Rc::new(policy),
            nodes,
            world,
            known: Rc::new(RefCell::new(Sync::new(anchor).with_max_age(max_anchor_age))),
            noted: Rc::new(RefCell::new(noted)),
            refused: None,
        };
        client.take_up(anchor, max_anchor_age).await;
        Ok(client)
    }

    /// The pinned anchor.
    #[must_use]
    pub fn anchor(&self) -> TrustAnchor {
        self.known.borrow().anchor()
    }

    /// The address of the node that is asked first.
    #[must_use]
    pub fn node(&self) -> Rc<str> {
        self.serving_first().next().map_or_else(|| "".into(), |(_, address)| address)
    }

    /// Every node, and what it said when it was last asked.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeReport> {
        let noted = self.noted.borrow();
        let report = |(name, address): &(String, String), shown: &Option<_>| NodeReport {
            name: name.clone(),
            address: address.clone(),
            shown: shown.clone(),
        };
        let named = self.policy.nodes().iter().zip(&noted.shown);
        named.map(|(node, shown)| report(node, shown)).collect()
    }

    /// Evidence that the log was forked, once there is any. From then on this client takes no head any
    /// more: which history is the log's is for people to find out. Show it, and hand the file on.
    #[must_use]
    pub fn fork(&self) -> Option<ForkEvidence> {
        self.noted.borrow().fork.clone()
    }

    /// Why stored evidence was not taken up, if it was not: the client then starts from the
    /// anchor, and cannot tell whether the log was rewritten since the last visit. The refused
    /// evidence is not thrown away: [`Client::refused_file`].
    #[must_use]
    pub const fn refused_evidence(&self) -> Option<&ClientError> {
        self.refused.as_ref()
    }

    /// Why the evidence is not kept for the next visit, if it is not: no storage, or none left.
    #[must_use]
    pub fn not_kept(&self) -> Option<String> {
        self.noted.borrow().unsaved.clone()
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

    /// The nodes, the serving one first.
    fn serving_first(&self) -> impl Iterator<Item = (usize, Rc<str>)> + use<W> {
        let serving = self.noted.borrow().serving;
        let nodes = Rc::clone(&self.nodes);
        let others = (0..nodes.len()).filter(move |place| *place != serving);
        std::iter::once(serving)
            .chain(others)
            .filter_map(move |place| Some((place, Rc::clone(nodes.get(place)?))))
    }

    /// One event, verified under the head. Syncs first if there is no head, and once more if the
    /// event is newer than the head.
    ///
    /// # Errors
    /// [`ClientError::NotFinal`] if no final header has the event; [`ClientError`].
    pub async fn event(&self, id: &EventId) -> Result<CheckedReceipt, ClientError> {
        let head = self.head_or_sync().await?;
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
        // Whoever can sign could begin at the head and go on to a history without it.
        expect_header(head, receipt.header())?;
        expect_event(id, receipt)
    }

    /// A receipt that proves the event from the anchor alone, to be kept or passed on. Its header is
    /// part of the history that this client follows, as far as that is known.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn receipt(&self, id: &EventId) -> Result<CheckedReceipt, ClientError> {
        let anchor = self.anchor();
        let bytes = self.get(&format!("/v1/receipts/{id}?base={}", base_parameter(anchor))).await?;
        let receipt = CheckedReceipt::check(bytes, anchor, self.world.now())?;
        let receipt = expect_event(id, receipt)?;
        self.expect_history(receipt.header()).await?;
        Ok(receipt)
    }

    /// What the node says it has, one page as JSON: claims, none of them verified. `query` is
    /// that of `GET /v1/events`, without the question mark.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn claimed_events(&self, query: &str) -> Result<String, ClientError> {
        let body = self.ask(|node| Request::json(format!("{node}/v1/events?{query}"))).await?;
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
        let (path, node) = (format!("/v1/wraps/{id}"), self.node());
        let mut request = Request::binary(format!("{node}{path}"));
        request.authorization = Some(authorization(log, self.world.now(), (&node, &path), secret)?);
        self.world.get(request).await.map_err(|error| match error {
            error if error.is_problem("no-wrap-for-this-key") => {
                ClientError::NoWrap { key: secret.wrap().id() }
            }
            error => error,
        })
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        self.ask(|node| Request::binary(format!("{node}{path}"))).await
    }

    /// Asks the nodes one after the other, until one answers at all.
    async fn ask(&self, request: impl Fn(&str) -> Request) -> Result<Vec<u8>, ClientError> {
        let mut silent = ClientError::Network { why: "there is no node".to_owned() };
        for (_, node) in self.serving_first() {
            match self.world.get(request(&node)).await {
                Err(error @ ClientError::Network { .. }) => silent = error,
                answer => return answer,
            }
        }
        Err(silent)
    }
}

/// A header that the head proves could be an older one, of which less is true, and one that goes on
/// from it another history's.
fn expect_header(head: &FinalHeader, found: &FinalHeader) -> Result<(), ClientError> {
    if found.header().height > head.header().height {
        return Err(ClientError::BadAnswer {
            what: "its header is above the one it was asked under",
        });
    }
    check_not_behind(head, found)
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
