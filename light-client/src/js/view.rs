//! What JavaScript is shown, as JSON.

use cairn_verifier::FinalHeader;
use cairn_verifier::json::{self, Object};

use crate::client::NodeReport;
use crate::error::ClientError;
use crate::events::{CheckedEvent, CheckedList, EventPage, History};
use crate::nodes::ForkEvidence;
use crate::state::CheckedState;

fn header(header: &FinalHeader) -> String {
    json::header(header.header(), header.digest())
}

fn events(object: Object, events: &[CheckedEvent]) -> Object {
    object.array("events", events.iter().map(|event| event.view().to_owned()))
}

pub(super) fn list(list: &CheckedList) -> Object {
    let object = Object::new()
        .json("header", &header(list.header()))
        .json("standing", &json::standing(&list.standing()));
    events(object, list.events())
}

pub(super) fn page(page: &EventPage) -> String {
    let all = page.all_between();
    let all = all.map(|(from, to)| Object::new().plain("from", from).plain("to", to).finish());
    events(Object::new().json("header", &header(page.header())), page.events())
        .plain_or_null("allBetween", all)
        .text_or_null("next", page.next())
        .finish()
}

pub(super) fn history(history: &History) -> String {
    let object = Object::new()
        .json("header", &header(history.header()))
        .text("stream", history.stream())
        .text("writer", history.writer());
    events(object, history.events()).finish()
}

pub(super) fn state(state: &CheckedState) -> String {
    Object::new()
        .json("header", &header(state.header()))
        .plain_or_null("record", state.record())
        .finish()
}

pub(super) fn fork(fork: &ForkEvidence) -> String {
    let [first, second] = fork.headers();
    Object::new()
        .text("anchor", fork.anchor())
        .plain("height", fork.height())
        .text("first", first)
        .text("second", second)
        .json("error", &fork.error().to_json())
        .finish()
}

pub(super) fn nodes(nodes: &[NodeReport]) -> String {
    let view = |node: &NodeReport| {
        let object = Object::new().text("name", &node.name).text("node", &node.address);
        let (shown, error) = match &node.shown {
            None => (None, None),
            Some(Ok(head)) => (Some(header(head)), None),
            Some(Err(error)) => (None, Some(ClientError::to_json(error))),
        };
        object.plain_or_null("header", shown).plain_or_null("error", error).finish()
    };
    Object::new().array("nodes", nodes.iter().map(view)).finish()
}
