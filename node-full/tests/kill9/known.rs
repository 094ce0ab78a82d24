//! What a node acknowledged, and whether all of it is still there.

use std::thread;
use std::time::Duration;

use cairn_node::clock;
use cairn_verifier::digest::{self, EventId, Hash};
use cairn_verifier::finality::Role;
use cairn_verifier::request;
use cairn_verifier::trust::{ExtendsProof, FinalityProof, verify_extends};

use crate::load::{Log, acknowledged_by, batch};
use crate::program::{Program, run};

const READERS: usize = 4;

/// What an event carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// The event was not looked at yet.
    Unknown,
    None,
    Public(String),
    Sealed(String),
    /// It was asked to be forgotten, and whether it was is not known yet.
    Leaving,
    /// The node gave its receipt that it forgot this.
    Erased(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) resource: String,
    pub(crate) payload: Payload,
}

/// What a node acknowledged.
#[derive(Clone, Default)]
pub(crate) struct Known {
    pub(crate) events: Vec<Event>,
    /// How many of them were seen again since.
    seen: usize,
    /// The newest checkpoint.
    head: Option<Vec<u8>>,
}

impl Known {
    pub(crate) const fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn erased(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.payload, Payload::Erased(_))).count()
    }

    /// Submits one batch, and remembers it if it is taken; what was said if it is not.
    pub(crate) fn submit(&mut self, node: &Program, name: &str) -> Result<(), String> {
        let number = 19;
        let (status, text) = Program::submit(&node.url, &batch(name, number))?;
        if status != 202 {
            return Err(format!("{status} {text}"));
        }
        self.events.extend(acknowledged_by(&text, name, number).ok_or("an answer in pieces")?);
        Ok(())
    }

    /// Every event that was acknowledged since the last time is there, and whatever was forgotten
    /// stays so; the head extends the one before.
    pub(crate) fn check(&mut self, log: &Log, node: &Program) -> Result<(), String> {
        let seen = self.seen;
        let is_due = |at, event: &Event| at >= seen || matches!(event.payload, Payload::Erased(_));
        let all = self.events.iter_mut().enumerate();
        let due = all.filter(|(at, event)| is_due(*at, event)).map(|(_, event)| event);
        check_each(&mut due.collect::<Vec<_>>(), log, node)?;
        self.seen = self.events.len();
        self.check_head(log, node)
    }

    /// The same with all events.
    pub(crate) fn check_all(&mut self, log: &Log, node: &Program) -> Result<(), String> {
        self.seen = 0;
        self.check(log, node)
    }

    /// The node can still make a wrap of a payload that it sealed.
    pub(crate) fn grant(&self, log: &Log, node: &Program) -> Result<(), String> {
        let is_sealed = |event: &&Event| matches!(event.payload, Payload::Sealed(_));
        let Some(event) = self.events.iter().find(is_sealed) else { return Ok(()) };
        let key = log.dir.join("keys/admin.key");
        let anchor = log.anchor.to_string();
        let arguments = ["--to", "ingest", "--node", &node.url, "--anchor", &anchor];
        let arguments = [&arguments[..], &["--key", key.to_str().unwrap()]].concat();
        match run(&[&["grant", &event.id][..], &arguments].concat()) {
            (true, _) => Ok(()),
            (false, said) => Err(format!("a grant of {}: {said}", event.id)),
        }
    }

    fn check_head(&mut self, log: &Log, node: &Program) -> Result<(), String> {
        let file = node.get("/v1/checkpoints/latest")?;
        let fact = |file: &[u8]| {
            let proof = FinalityProof::decode(file).map_err(|error| error.to_string())?;
            let fact = proof.verify(log.anchor, clock::now(), &mut ());
            fact.map(|fact| fact.0).map_err(|error| error.to_string())
        };
        if let Some(before) = &self.head {
            let (old, new) = (fact(before)?, fact(&file)?);
            let (from, to) = (old.header().height, new.header().height);
            if from > to {
                return Err(format!("the head was at height {from}, and is at {to}"));
            }
            let proof = node.get(&format!("/v1/proofs/extends?from={from}&to={to}"))?;
            let proof = ExtendsProof::decode(&proof).map_err(|error| error.to_string())?;
            verify_extends(&old, &new, &proof).map_err(|error| error.to_string())?;
        }
        self.head = Some(file);
        Ok(())
    }

    /// Asks for a sealed payload of an earlier round to be forgotten.
    pub(crate) fn leave(&mut self) -> Option<(usize, String, String)> {
        let (at, event) = self.events[..self.seen]
            .iter_mut()
            .enumerate()
            .find(|(_, event)| matches!(event.payload, Payload::Sealed(_)))?;
        let Payload::Sealed(digest) = std::mem::replace(&mut event.payload, Payload::Leaving)
        else {
            return None;
        };
        Some((at, event.id.clone(), digest))
    }
}

/// Checks events from some threads at once: one alone waits for the node most of its time.
fn check_each(events: &mut [&mut Event], log: &Log, node: &Program) -> Result<(), String> {
    let part = events.len().div_ceil(READERS).max(1);
    thread::scope(|scope| {
        let reader = |part: &mut [&mut Event]| {
            part.iter_mut().try_for_each(|event| {
                event.check(log, node).map_err(|why| format!("{why} ({event:?})"))
            })
        };
        let readers = events.chunks_mut(part).map(|part| scope.spawn(move || reader(part)));
        let readers: Vec<_> = readers.collect();
        readers.into_iter().try_for_each(|reader| reader.join().unwrap())
    })
}

impl Event {
    /// By its id, by a query for its resource, and with its payload.
    fn check(&mut self, log: &Log, node: &Program) -> Result<(), String> {
        let view = node.json(&format!("/v1/events/{}", self.id))?;
        if view["id"] != self.id {
            return Err(format!("another event: {view}"));
        }
        self.check_query(view["index"].as_u64(), node)?;
        if self.payload == Payload::Unknown {
            let payload = &view["event"]["payload"];
            let digest = payload["digest"].as_str().map(str::to_owned);
            self.payload = match (payload["kind"].as_str(), digest) {
                (Some("sealed"), Some(digest)) => Payload::Sealed(digest),
                (Some("public"), Some(digest)) => Payload::Public(digest),
                _ => Payload::None,
            };
        }
        self.check_payload(log, node)
    }

    /// A query for its resource finds it, as soon as one says that it looked so far.
    fn check_query(&self, index: Option<u64>, node: &Program) -> Result<(), String> {
        let mut complete_to = None;
        for _ in 0..200 {
            let page = node.json(&format!("/v1/events?resource=batch/{}", self.resource))?;
            let found = page["events"].as_array().cloned().unwrap_or_default();
            if found.iter().any(|found| found["id"] == self.id) {
                return Ok(());
            }
            complete_to = page["completeTo"].as_u64();
            if complete_to > index {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("a query up to {complete_to:?} for its resource does not find {index:?}"))
    }

    fn check_payload(&self, log: &Log, node: &Program) -> Result<(), String> {
        let stored = |digest: &str, context| {
            let bytes = node.get(&format!("/v1/payloads/{digest}"))?;
            let found = digest::derive(context, &[&bytes]);
            let is_its = Hash::from_bytes(found).to_string() == *digest;
            if is_its { Ok(()) } else { Err(format!("payload {digest} has other bytes")) }
        };
        match &self.payload {
            Payload::Unknown | Payload::None | Payload::Leaving => Ok(()),
            Payload::Public(digest) => stored(digest, digest::PUBLIC_PAYLOAD),
            Payload::Sealed(digest) => {
                stored(digest, digest::CIPHERTEXT)?;
                match self.wrap(log, node)? {
                    (200, wrap) => {
                        let id: EventId = self.id.parse().map_err(|_| "a bad id".to_owned())?;
                        let opened = log.auditor.wrap().open_wrap(&wrap, &log.id, &id);
                        opened.map(drop).map_err(|error| format!("its wrap: {error}"))
                    }
                    (status, body) => {
                        Err(format!("its wrap: {status} {}", String::from_utf8_lossy(&body)))
                    }
                }
            }
            Payload::Erased(digest) => {
                let (payload, _) = node.ask(&format!("/v1/payloads/{digest}"), &[])?;
                match (payload, self.wrap(log, node)?.0) {
                    (404, 404) => Ok(()),
                    found => Err(format!("it was erased, and payload and wrap answer {found:?}")),
                }
            }
        }
    }

    fn wrap(&self, log: &Log, node: &Program) -> Result<(u16, Vec<u8>), String> {
        let (path, now) = (format!("/v1/wraps/{}", self.id), clock::now());
        let message = request::message(&log.id, now, &path);
        let signature = log.auditor.sign(Role::Request, &message).unwrap();
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let (key, signature) = (hex(&log.auditor.public_key()), hex(&signature));
        let header = format!("Cairn key={key}, time={}, signature={signature}", now.0);
        node.ask(&path, &[("authorization", &header)])
    }
}
