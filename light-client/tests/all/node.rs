//! A node in memory, with a store and a clock: the whole world of a client.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use cairn_light_client::world::{Problem, Request, Unsaved};
use cairn_light_client::{ClientError, World};
use cairn_verifier::digest::Hash;
use cairn_verifier::finality::{Header, PublicKey, Role, Suite};
use cairn_verifier::state::RecordKey;
use cairn_verifier::tree::{Blake3, Kind, Proof, top_of_leaves};
use cairn_verifier::trust::ExtendsProof;
use cairn_verifier::wire::Writer;
use cairn_verifier::{TrustAnchor, UnixMillis, request};

use super::answers;
use super::kit::{Block, GENESIS_TIME, Kit};

type Wraps = BTreeMap<(String, [u8; 32]), Vec<u8>>;

/// What the client asks is answered from `kit`; what it stores is in `store`.
#[derive(Clone)]
pub(crate) struct Town(pub(crate) Rc<State>);

pub(crate) struct State {
    pub(crate) kit: RefCell<Kit>,
    pub(crate) now: Cell<u64>,
    pub(crate) store: RefCell<BTreeMap<String, Vec<u8>>>,
    /// The store takes nothing more.
    pub(crate) full: Cell<bool>,
    /// What the stream has to say: so many events, or nothing of interest.
    pub(crate) news: RefCell<VecDeque<Option<usize>>>,
    pub(crate) slept: Cell<u32>,
    /// What was asked, in order.
    pub(crate) asked: RefCell<Vec<String>>,
    /// Answers by path, before the kit is asked: `None` for no network.
    pub(crate) instead: RefCell<BTreeMap<String, Option<Vec<u8>>>>,
    /// Stored payloads by digest, wraps by event and public key.
    pub(crate) payloads: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) wraps: RefCell<Wraps>,
}

impl Town {
    pub(crate) fn new(kit: Kit) -> Self {
        let now = Cell::new(kit.now().0);
        Self(Rc::new(State {
            kit: RefCell::new(kit),
            now,
            store: RefCell::default(),
            full: Cell::default(),
            news: RefCell::default(),
            slept: Cell::default(),
            asked: RefCell::default(),
            instead: RefCell::default(),
            payloads: RefCell::default(),
            wraps: RefCell::default(),
        }))
    }

    pub(crate) fn anchor(&self) -> TrustAnchor {
        self.0.kit.borrow().anchor()
    }

    /// More events, in a block of their own.
    pub(crate) fn grow(&self, events: usize) {
        let mut kit = self.0.kit.borrow_mut();
        kit.push_plain(events);
        kit.block(None);
        self.0.now.set(kit.now().0);
    }

    pub(crate) fn now(&self) -> UnixMillis {
        UnixMillis(self.0.now.get())
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.asked.take()
    }

    fn answer(&self, request: &Request) -> Result<Vec<u8>, ClientError> {
        let path = request.url.strip_prefix("http://node").unwrap().to_owned();
        self.0.asked.borrow_mut().push(path.clone());
        match self.0.instead.borrow().get(&path) {
            Some(Some(body)) => return Ok(body.clone()),
            Some(None) => return Err(ClientError::Network { why: "unplugged".to_owned() }),
            None => {}
        }
        let kit = self.0.kit.borrow();
        let (route, query) = path.split_once('?').unwrap_or((&path, ""));
        let route = route.strip_prefix("/v1/").unwrap();
        match route.split_once('/').unwrap_or((route, "")) {
            ("events", "") => Ok(answers::page(&kit, query).into_bytes()),
            ("receipts", "") => answers::list(&kit, query),
            ("state", kind) => answers::state(&kit, kind, query),
            ("checkpoints", height) if height != "latest" => {
                answers::older(&kit, height.parse().unwrap(), query)
            }
            ("checkpoints", "latest") => checkpoint(&kit, query.strip_prefix("base=").unwrap()),
            ("proofs", "extends") => {
                let (from, to) = query.split_once('&').unwrap();
                let height = |text: &str| text.split_once('=').unwrap().1.parse().unwrap();
                Ok(extends(&kit, height(from), height(to)))
            }
            ("receipts", id) => receipt(&kit, id, query.strip_prefix("base=").unwrap()),
            ("payloads", digest) => {
                let payload = self.0.payloads.borrow().get(digest).cloned();
                payload.ok_or_else(|| problem(404, "no-such-payload"))
            }
            ("wraps", id) => self.wrap(&kit, request, &path, id),
            _ => Err(problem(404, "no-such-path")),
        }
    }

    fn wrap(
        &self,
        kit: &Kit,
        request: &Request,
        path: &str,
        id: &str,
    ) -> Result<Vec<u8>, ClientError> {
        let header = request.authorization.as_deref().unwrap();
        let fields: BTreeMap<&str, &str> = header
            .strip_prefix("Cairn ")
            .unwrap()
            .split(", ")
            .map(|field| field.split_once('=').unwrap())
            .collect();
        let key: [u8; 32] = unhex(fields["key"]).try_into().unwrap();
        assert_eq!(fields["origin"], "http://node");
        let time = UnixMillis(fields["time"].parse().unwrap());
        assert_eq!(time, self.now());
        PublicKey::new(Suite::Ed25519, &key)
            .unwrap()
            .verify(
                Role::Request,
                &request::message(&kit.log, time, &format!("{}{path}", fields["origin"])),
                &unhex(fields["signature"]),
            )
            .unwrap();
        let wrap = self.0.wraps.borrow().get(&(id.to_owned(), key)).cloned();
        wrap.ok_or_else(|| problem(404, "no-wrap-for-this-key"))
    }
}

impl World for Town {
    fn now(&self) -> UnixMillis {
        self.now()
    }

    fn get(&self, request: Request) -> impl Future<Output = Result<Vec<u8>, ClientError>> {
        std::future::ready(self.answer(&request))
    }

    /// The stream says something as often as `news` holds; each time there may be a new block.
    fn wait(&self, stream: Request) -> impl Future<Output = Result<(), ClientError>> {
        let path = stream.url.strip_prefix("http://node").unwrap().to_owned();
        self.0.asked.borrow_mut().push(path);
        let news = self.0.news.borrow_mut().pop_front();
        let unplugged = || Err(ClientError::Network { why: "the stream ended".to_owned() });
        std::future::ready(match news {
            Some(Some(events)) => {
                self.grow(events);
                Ok(())
            }
            Some(None) => Ok(()),
            None => unplugged(),
        })
    }

    fn sleep(&self, millis: u32) -> impl Future<Output = ()> {
        self.0.asked.borrow_mut().push(format!("sleep {millis}"));
        self.0.now.set(self.0.now.get() + u64::from(millis));
        if self.0.slept.replace(self.0.slept.get() + 1) == 2 {
            self.0.instead.borrow_mut().clear();
            self.0.news.borrow_mut().push_back(Some(1));
        }
        std::future::ready(())
    }

    fn load(&self, name: &str) -> impl Future<Output = Option<Vec<u8>>> {
        std::future::ready(self.0.store.borrow().get(name).cloned())
    }

    fn swap(
        &self,
        name: &str,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
    ) -> impl Future<Output = Result<(), Unsaved>> {
        let mut store = self.0.store.borrow_mut();
        let found = store.get(name).cloned();
        std::future::ready(match self.0.full.get() {
            true => Err(Unsaved::Failed("QuotaExceededError".to_owned())),
            false if found != old => Err(Unsaved::Changed(found)),
            false => {
                store.insert(name.to_owned(), new);
                Ok(())
            }
        })
    }
}

/// Runs a future in which nothing has to be waited for.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

pub(crate) fn problem(status: u16, code: &str) -> ClientError {
    let body = format!(r#"{{"status":{status},"detail":"…","code":"{code}"}}"#);
    ClientError::HttpStatus { status, problem: Problem::read(body.as_bytes()) }
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

pub(crate) fn find<'a>(kit: &'a Kit, digest: &str) -> Result<&'a Block, ClientError> {
    let found = kit.blocks.iter().find(|block| block.header.digest().to_string() == digest);
    found.ok_or_else(|| problem(404, "unknown-base"))
}

/// The newest header from a base, as a checkpoint file.
pub(crate) fn checkpoint(kit: &Kit, base: &str) -> Result<Vec<u8>, ClientError> {
    let tip = kit.tip();
    let mut writer = Writer::new();
    writer.u8(1).u8(b'C');
    let mut handovers: Vec<&Vec<u8>> = Vec::new();
    let mut finality = [&[1], tip.certificate.as_slice()].concat();
    if base == "genesis" {
        writer.raw(&kit.genesis_base());
        handovers.extend(&kit.handovers);
    } else {
        let from = &find(kit, base.strip_prefix("checkpoint:").unwrap())?.header;
        writer.u8(2).raw(&from.encode()).raw(&kit.council().bytes);
        if from.digest() == tip.header.digest() {
            finality = vec![3];
        }
    }
    writer.len16(handovers.len());
    for handover in handovers {
        writer.raw(handover);
    }
    writer.raw(&tip.header.encode()).raw(&finality);
    Ok(writer.into_bytes())
}

pub(crate) fn extends(kit: &Kit, from: usize, to: usize) -> Vec<u8> {
    let tree = Blake3::new(Kind::Event, *kit.log.as_bytes());
    let size = |height: usize| kit.blocks[height].header.events.get() as usize;
    let header = kit.header_proof(from, to);
    let events = if size(from) == size(to) {
        Vec::new()
    } else {
        consistency(&tree, size(from), &kit.event_leaves()[..size(to)])
    };
    ExtendsProof { header: Proof::new(&header), events: Proof::new(&events) }.encode()
}

/// By the recursive definition, for a wrapped root.
fn consistency(tree: &Blake3, old: usize, leaves: &[Hash]) -> Vec<[u8; 32]> {
    if old == leaves.len() {
        return vec![*top_of_leaves(tree, leaves).as_bytes()];
    }
    let half = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(half);
    let (mut proof, sibling) = if old <= half {
        (consistency(tree, old, left), top_of_leaves(tree, right))
    } else {
        (consistency(tree, old - half, right), top_of_leaves(tree, left))
    };
    proof.push(*sibling.as_bytes());
    proof
}

/// A receipt under the newest header, or under the header that is the base.
pub(crate) fn receipt(kit: &Kit, id: &str, base: &str) -> Result<Vec<u8>, ClientError> {
    let index = kit.ids.iter().position(|known| known.to_string() == id);
    let index = index.ok_or_else(|| problem(404, "unknown-event"))? as u64;
    let Some(digest) = base.strip_prefix("header:") else {
        assert_eq!(base, "genesis");
        if index >= kit.tip().header.events.get() {
            return Err(problem(404, "not-in-base"));
        }
        let mut parts = kit.parts(index);
        parts.name = name_under(kit, &kit.tip().header);
        return Ok(parts.encode());
    };
    let header = find(kit, digest)?.header;
    if index >= header.events.get() {
        return Err(problem(404, "not-in-base"));
    }
    let mut parts = kit.parts(index.min(kit.tip().header.events.get() - 1));
    parts.base = [&[3], header.encode().as_slice()].concat();
    parts.handovers.clear();
    parts.header = header;
    parts.finality = vec![3];
    parts.proof = kit.inclusion(index, header.events.get());
    parts.bracket = vec![0];
    parts.name = name_under(kit, &header);
    Ok(parts.encode())
}

/// The record of the writer's key, if the state is that after this header's block.
fn name_under(kit: &Kit, header: &Header) -> Option<(Vec<u8>, Vec<u8>)> {
    let is_its = kit.state.root(&kit.log) == header.state_root;
    is_its.then(|| kit.present(&RecordKey::Key(kit.writer.key_id())))
}

/// A block whose time is so many milliseconds after the genesis.
pub(crate) fn block_at(kit: &mut Kit, after: u64) {
    let mut header = kit.next_header(None);
    header.time = UnixMillis(GENESIS_TIME + after);
    let certificate = kit.council().certify(&header, 0, &kit.council().quorum());
    kit.blocks.push(Block { header, certificate });
}
