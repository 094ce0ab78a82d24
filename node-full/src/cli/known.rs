//! What the log's state says of names, keys and streams, proven under the user's anchor. The node is
//! only asked; what it says without proof decides nothing.

use std::cell::Cell;

use cairn_verifier::TrustAnchor;
use cairn_verifier::digest::{KeyId, LogId, StreamId};
use cairn_verifier::error::{Error, Meaning};
use cairn_verifier::fact::FinalHeader;
use cairn_verifier::pcek::v2;
use cairn_verifier::state::{
    KeyRole, Known as Fact, Record, RecordKey, StateRecord, verify_answer,
};
use cairn_verifier::trust::{Genesis, WRAP_X_WING};
use serde::Deserialize;

use super::{Failure, out};
use crate::clock;
use crate::http_client::{Client, parse_hex, percent};

/// The oldest header that is taken for the newest: a log makes one at least once a day.
const MAX_AGE: u64 = 25 * 60 * 60 * 1_000;

/// A node, and what is trusted of its log.
pub(super) struct Known {
    pub(super) client: Client,
    anchor: Option<TrustAnchor>,
    /// The newest header that an answer was proven under: nothing older is taken after it.
    newest: Cell<Option<u64>>,
}

/// Something of the state, with the header under which it was proven.
pub(super) struct Proven {
    pub(super) header: FinalHeader,
    /// The encoded record; `None` if there is none.
    pub(super) record: Option<Vec<u8>>,
    /// The answer that proves it.
    pub(super) answer: Vec<u8>,
}

impl Known {
    pub(super) const fn new(client: Client, anchor: Option<TrustAnchor>) -> Self {
        Self { client, anchor, newest: Cell::new(None) }
    }

    /// The anchor, which some commands cannot go without.
    pub(super) fn anchor(&self, why: &str) -> Result<TrustAnchor, Failure> {
        self.anchor.ok_or_else(|| {
            Failure::Usage(format!(
                "{why}: say which log you trust with --anchor genesis:... or CAIRN_ANCHOR"
            ))
        })
    }

    /// The log that is written to: the anchor's, if there is one.
    pub(super) fn log(&self) -> Result<LogId, Failure> {
        let genesis = self.client.bytes("/v1/genesis")?;
        let found = Genesis::decode(&genesis).map_err(Failure::failed)?.log();
        let expected = match self.anchor {
            None => found,
            Some(TrustAnchor::Genesis(log)) => log,
            Some(anchor @ TrustAnchor::Checkpoint(_)) => {
                self.prove(anchor, &RecordKey::Parameters)?.header.header().log
            }
        };
        if found == expected {
            return Ok(found);
        }
        Err(Failure::Failed(format!(
            "the node serves log {found}, the anchor's is {expected} (state-other-log)"
        )))
    }

    /// Asks for a record, and checks the answer.
    pub(super) fn prove(
        &self,
        anchor: TrustAnchor,
        key: &RecordKey<'_>,
    ) -> Result<Proven, Failure> {
        let base = match anchor {
            TrustAnchor::Genesis(_) => "genesis".to_owned(),
            TrustAnchor::Checkpoint(digest) => format!("checkpoint:{digest}"),
        };
        let (path, what) = question(key);
        let answer = self.client.bytes(&format!("/v1/state/{path}base={base}"))?;
        let now = clock::now();
        let fact = verify_answer(&answer, key, anchor, now, &mut ())
            .map_err(|error| does_not_hold(&what, &error))?;
        let (header, record) = match fact {
            Fact::Present(present) => (*present.header(), Some(present.record().bytes().to_vec())),
            Fact::Absent(absent) => (*absent.header(), None),
        };
        self.expect_new(&header, now.since(header.header().time))?;
        Ok(Proven { header, record, answer })
    }

    /// An answer that holds may still be old: the node could keep what came after to itself.
    fn expect_new(&self, header: &FinalHeader, age: u64) -> Result<(), Failure> {
        let height = header.header().height;
        if let Some(newest) = self.newest.get().filter(|newest| height < *newest) {
            return Err(Failure::Failed(format!(
                "the node went back: it proved something under block {newest}, and now answers under \
                 block {height} (state-went-back)"
            )));
        }
        if age > MAX_AGE {
            return Err(Failure::CouldNotCheck(format!(
                "the node answers under block {height}, which is {} hours old; a log makes a block at \
                 least once a day. Look at this machine's clock, or ask another node of this log \
                 (state-stale)",
                age / 3_600_000
            )));
        }
        self.newest.set(Some(height));
        Ok(())
    }

    /// A stream by its name, or the log's first one. With an anchor, the state must give the id this
    /// name.
    pub(super) fn stream(&self, name: Option<&str>) -> Result<StreamId, Failure> {
        let (id, found) = self.claimed_stream(name)?;
        let (Some(anchor), Some(name)) = (self.anchor, name) else { return Ok(id) };
        let proven = self.prove(anchor, &RecordKey::Stream(id))?;
        let record = proven.record.as_deref().map(decode).transpose()?;
        match record.map(|record| *record.content()) {
            Some(StateRecord::Stream { name: proven, .. }) if proven == name => Ok(id),
            Some(StateRecord::Stream { name: proven, .. }) => Err(Failure::Failed(format!(
                "the node says that stream {id} is {found:?}; the log's state says {proven:?} \
                 (state-other-name)"
            ))),
            _ => Err(Failure::Failed(format!(
                "the node says that stream {id} is {found:?}; the log's state has no such stream \
                 (state-absent)"
            ))),
        }
    }

    fn claimed_stream(&self, name: Option<&str>) -> Result<(StreamId, String), Failure> {
        #[derive(Deserialize)]
        struct StatusJson {
            streams: Vec<StreamJson>,
        }
        #[derive(Deserialize)]
        struct StreamJson {
            id: String,
            name: String,
        }
        let status = self.client.json("/v1/status")?;
        let StatusJson { streams } = serde_json::from_str(&status).map_err(Failure::failed)?;
        let mut streams = streams.into_iter();
        let found = streams.find(|stream| name.is_none_or(|name| stream.name == name));
        let name = name.unwrap_or_default();
        let unknown = || Failure::Failed(format!("the log has no stream named {name:?}"));
        let StreamJson { id, name } = found.ok_or_else(unknown)?;
        Ok((id.parse().map_err(Failure::failed)?, name))
    }

    /// A member's wrap keys that are in use. Their ids are proven; the public keys are the node's
    /// words, which an id binds.
    pub(super) fn wrap_keys(&self, name: &str) -> Result<Vec<(KeyId, Vec<u8>)>, Failure> {
        let anchor = self.anchor(&format!("the keys of {name:?} must be proven"))?;
        let proven = self.prove(anchor, &RecordKey::Member(name))?;
        let record = proven.record.as_deref().map(decode).transpose()?;
        let Some(StateRecord::Member { keys, .. }) = record.map(|record| *record.content()) else {
            let height = proven.header.header().height;
            return Err(Failure::Failed(format!(
                "the log has no member {name:?}, as of block {height} (state-absent)"
            )));
        };
        let mut ids = Vec::new();
        for id in keys.iter().map(|id| KeyId::from_bytes(*id)) {
            if self.is_wrap_key(anchor, name, id)? {
                ids.push(id);
            }
        }
        if ids.is_empty() {
            return Err(Failure::Failed(format!("{name:?} has no wrap key in use (no-wrap-key)")));
        }
        self.public_keys(name, &ids)
    }

    fn is_wrap_key(&self, anchor: TrustAnchor, name: &str, id: KeyId) -> Result<bool, Failure> {
        let proven = self.prove(anchor, &RecordKey::Key(id))?;
        let record = proven.record.as_deref().map(decode).transpose()?;
        let odd = || {
            Failure::Failed(format!(
                "the log's state lists key {id} for {name:?}, and has no such key of that member"
            ))
        };
        let record = record.ok_or_else(odd)?;
        let StateRecord::Key { member, role, suite, .. } = *record.content() else {
            return Err(odd());
        };
        if member != name {
            return Err(odd());
        }
        let wraps = role == KeyRole::Reader && suite == WRAP_X_WING;
        Ok(wraps && record.content().is_in_use())
    }

    fn public_keys(&self, name: &str, ids: &[KeyId]) -> Result<Vec<(KeyId, Vec<u8>)>, Failure> {
        #[derive(Deserialize)]
        struct MemberJson {
            keys: Vec<KeyJson>,
        }
        #[derive(Deserialize)]
        struct KeyJson {
            public: String,
        }
        let path = format!("/v1/members/{}", percent(name).replace('/', "%2F"));
        let member = self.client.json(&path)?;
        let MemberJson { keys } = serde_json::from_str(&member).map_err(Failure::failed)?;
        let given: Vec<_> = keys.iter().filter_map(|key| parse_hex(&key.public)).collect();
        let of = |id: &KeyId| {
            let public = given.iter().find(|public| v2::key_id(public) == *id);
            public.map(|public| (*id, public.clone())).ok_or_else(|| {
                Failure::Failed(format!(
                    "the node gives other public keys for {name:?} than the log's state lists: none \
                     is key {id} (state-other-key)"
                ))
            })
        };
        ids.iter().map(of).collect()
    }

    /// The member that a signing key is of, or the key's id.
    pub(super) fn name_of(&self, key: &KeyId) -> Result<String, Failure> {
        let Some(anchor) = self.anchor else { return claimed_name(&self.client, key) };
        let proven = self.prove(anchor, &RecordKey::Key(*key))?;
        let record = proven.record.as_deref().map(decode).transpose()?;
        match record.map(|record| *record.content()) {
            Some(StateRecord::Key { member, .. }) => Ok(member.to_owned()),
            _ => Ok(key.to_string()),
        }
    }
}

/// The member who has this key as the node says, or the key's id.
fn claimed_name(client: &Client, key: &KeyId) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct MembersJson {
        members: Vec<MemberJson>,
    }
    #[derive(Deserialize)]
    struct MemberJson {
        name: String,
        keys: Vec<KeyJson>,
    }
    #[derive(Deserialize)]
    struct KeyJson {
        id: String,
    }
    let (members, id) = (client.json("/v1/members")?, key.to_string());
    let MembersJson { members } = serde_json::from_str(&members).map_err(Failure::failed)?;
    let mut members = members.into_iter();
    let found = members.find(|member| member.keys.iter().any(|key| key.id == id));
    Ok(found.map_or(id, |member| member.name))
}

/// A record that was proven, so it decodes.
fn decode(record: &[u8]) -> Result<Record<'_>, Failure> {
    Record::decode(record).map_err(Failure::failed)
}

/// The path of a question, up to its base, and what it asks for.
fn question(key: &RecordKey<'_>) -> (String, String) {
    match key {
        RecordKey::Member(name) => {
            (format!("member?name={}&", percent(name)), format!("member {}", out::shown(name)))
        }
        RecordKey::Key(id) => (format!("key?key={id}&"), format!("key {id}")),
        RecordKey::Stream(id) => (format!("stream?stream={id}&"), format!("stream {id}")),
        RecordKey::Membership(stream, name) => (
            format!("membership?stream={stream}&name={}&", percent(name)),
            format!("member {} in stream {stream}", out::shown(name)),
        ),
        RecordKey::Parameters => ("parameters?".to_owned(), "the parameters".to_owned()),
        RecordKey::Set(epoch) => (format!("set?epoch={epoch}&"), format!("epoch {epoch}")),
        RecordKey::Head(stream, writer) => (
            format!("head?stream={stream}&key={writer}&"),
            format!("key {writer} in stream {stream}"),
        ),
        RecordKey::Stake(id) => (format!("stake?key={id}&"), format!("the stake of key {id}")),
        RecordKey::Power => ("power?".to_owned(), "what validators' power follows from".to_owned()),
        RecordKey::System => ("system?".to_owned(), "the system events".to_owned()),
    }
}

fn does_not_hold(what: &str, error: &Error) -> Failure {
    let text = format!("the node's answer about {what} does not hold: {error} ({})", error.code());
    match error.meaning() {
        Meaning::Failed => Failure::Failed(text),
        Meaning::CouldNotCheck | Meaning::Stale => Failure::CouldNotCheck(text),
    }
}
