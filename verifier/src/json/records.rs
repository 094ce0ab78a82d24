//! JSON views of what is in the state.

use alloc::format;
use alloc::string::String;

use super::Object;
use crate::digest::KeyId;
use crate::state::{StakePart, StateRecord};

/// A record of the state.
#[must_use]
pub fn state_record(record: &StateRecord<'_>) -> String {
    let kind = |name: &str| Object::new().text("kind", name);
    match *record {
        StateRecord::Member { name, keys } => {
            let keys = keys.iter().map(|key| format!("\"{}\"", KeyId::from_bytes(*key)));
            kind("member").text("name", name).array("keys", keys)
        }
        StateRecord::Key { id, member, role, suite, from, until } => {
            let view = kind("key").text("id", id).text("member", member).text("role", role.name());
            view.plain("suite", suite).plain("from", from).plain("until", until)
        }
        StateRecord::Stream { id, name, group_epoch } => {
            kind("stream").text("id", id).text("name", name).plain("groupEpoch", group_epoch)
        }
        StateRecord::Membership { stream, member, roles } => {
            let view = kind("membership").text("stream", stream).text("member", member);
            view.plain("writer", roles.writer).plain("reader", roles.reader)
        }
        StateRecord::Parameters { parameters, sha256_tree } => kind("parameters")
            .plain("gate", parameters.gate)
            .plain("trustPeriod", parameters.trust_period)
            .plain("sha256Tree", sha256_tree),
        StateRecord::Set { epoch, digest, first_height } => {
            let view = kind("set").plain("epoch", epoch).text("digest", digest);
            view.plain("firstHeight", first_height)
        }
        StateRecord::Head { stream, writer, next, last } => {
            let view = kind("head").text("stream", stream).text("writer", writer);
            view.plain("next", next).text("last", last)
        }
        StateRecord::Stake { holder, allotted, moved, parts } => {
            let view = kind("stake").text("holder", holder).text("allotted", allotted);
            view.plain("moved", moved).array("parts", parts.iter().map(|part| stake_part(&part)))
        }
        StateRecord::Power { mode, window } => {
            kind("power").text("mode", mode.name()).plain("window", window)
        }
        StateRecord::System { count, digest } => {
            kind("system").plain("count", count).text("digest", digest)
        }
    }
    .finish()
}

/// A part of a holder's stake.
#[must_use]
pub fn stake_part(part: &StakePart) -> String {
    let view = Object::new().text("validator", part.validator).text("amount", part.amount);
    match part.leaving {
        Some(leaving) => view.plain("lastEpoch", leaving.epoch).plain("until", leaving.until),
        None => view,
    }
    .finish()
}
