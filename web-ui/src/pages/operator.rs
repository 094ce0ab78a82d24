//! How the node is, in its own words: for who runs it.

use std::cell::RefCell;
use std::rc::Rc;

use cairn_light_client::ClientError;
use wasm_bindgen::JsValue;

use crate::browser::{self, list_member, member, text_member};
use crate::components::fields::{list, section};
use crate::components::frame::head;
use crate::components::plot::{POINTS, line};
use crate::format::{bytes_short, duration, short_time, thousands, time, whole};
use crate::html::{El, View, all, el, nothing};
use crate::net;
use crate::record::Field;
use crate::signals::*;
use crate::state::{Latest, Local, Ticket};
use crate::text::{fill, operator as words};
use crate::verdict::explained;

const KEY: &str = "api-key";
/// How often the node is asked, in milliseconds.
const EVERY: u64 = 2_000;
/// How many errors of this page are kept.
const ERRORS: usize = 20;

/// What was seen so far.
#[derive(Clone, Debug, Default)]
struct Seen {
    status: Option<JsValue>,
    /// The last answer's time and count, to take the difference from.
    last: Option<(u64, u64)>,
    ingest: Vec<u64>,
    backlog: Vec<u64>,
    latency: Vec<u64>,
    /// Answers to this page that were errors, the newest first.
    errors: Vec<(u64, String)>,
    /// What the node noted, or why it does not show it; none while there is no key to ask with.
    noted: Option<Result<Vec<JsValue>, String>>,
}

/// The page.
pub(crate) fn operator() -> View {
    let seen: Local<Seen> = RwSignal::new_local(Seen::default());
    let key = Rc::new(RefCell::new(zeroize::Zeroizing::new(String::new())));
    let latest = StoredValue::new_local(Latest::default());
    let begin = {
        let key = Rc::clone(&key);
        move || poll(seen, Rc::clone(&key), latest.with_value(Latest::next))
    };
    begin();
    follow_latency(seen);
    let submit = move |event: web_sys::Event| {
        event.prevent_default();
        *key.borrow_mut() = zeroize::Zeroizing::new(browser::value(KEY).trim().to_owned());
        browser::set_value(KEY, "");
        // What another key was shown is gone with it.
        seen.update(|seen| seen.noted = None);
        begin();
    };
    let plots = el("section")
        .class("card plots")
        .live(move || seen.with(|seen| line(&words::INGEST, &seen.ingest, EVERY).view()))
        .live(move || seen.with(|seen| line(&words::BACKLOG, &seen.backlog, EVERY).view()))
        .live(move || seen.with(latency));
    all([
        head(&words::TITLE, &words::WHAT).view(),
        section(&words::NODE).live(move || seen.with(status)).view(),
        plots.view(),
        section(&words::PEERS).live(move || seen.with(peers)).view(),
        section(&words::ERRORS)
            .attr("id", "node-errors")
            .live(move || seen.with(noted))
            .live(move || seen.with(errors))
            .view(),
        key_form(submit).view(),
    ])
}

fn key_form(submit: impl FnMut(web_sys::Event) + 'static) -> El {
    let input = el("input").attr("id", KEY).attr("type", "password").attr("autocomplete", "off");
    let field = el("div")
        .class("field")
        .add(el("label").attr("for", KEY).text(&words::KEY))
        .add(input)
        .add(el("p").class("small soft").text(&words::KEY_WHY));
    let button = el("button").attr("type", "submit").text(&words::USE);
    el("form").class("card").on("submit", submit).add(field).add(el("div").class("row").add(button))
}

type Key = Rc<RefCell<zeroize::Zeroizing<String>>>;

/// Asks for the status again and again, until the page is left or another key is used.
fn poll(seen: Local<Seen>, key: Key, ticket: Ticket) {
    spawn_local(async move {
        while ticket.is_latest() {
            let own = key.borrow().clone();
            let answer = net::json_for("/v1/status", &own).await;
            if !ticket.is_latest() || seen.try_update(|seen| seen.take(answer)).is_none() {
                return;
            }
            if !own.is_empty() {
                let noted = net::json_for("/v1/admin/errors", &own).await;
                if !ticket.is_latest() || seen.try_update(|seen| seen.note(noted)).is_none() {
                    return;
                }
            }
            browser::sleep(i32::try_from(EVERY).unwrap_or(i32::MAX)).await;
        }
    });
}

impl Seen {
    fn take(&mut self, answer: Result<JsValue, ClientError>) {
        let now = browser::now().0;
        match answer {
            Ok(status) => {
                let number = |name: &str| whole(member(&status, name).as_f64().unwrap_or(0.0));
                let (accepted, size) = (number("accepted"), number("size"));
                if let Some((then, count)) = self.last {
                    let (took, more) =
                        (now.saturating_sub(then).max(1), accepted.saturating_sub(count));
                    push(&mut self.ingest, more.saturating_mul(1_000) / took);
                }
                push(&mut self.backlog, accepted.saturating_sub(size));
                self.last = Some((now, accepted));
                self.status = Some(status);
            }
            Err(error) => {
                self.status = None;
                self.errors.insert(0, (now, explained(&error)));
                self.errors.truncate(ERRORS);
            }
        }
    }
}

impl Seen {
    fn note(&mut self, answer: Result<JsValue, ClientError>) {
        let list = answer.map(|answer| list_member(&answer, "errors"));
        self.noted = Some(list.map_err(|error| explained(&error)));
    }
}

fn push(values: &mut Vec<u64>, value: u64) {
    values.push(value);
    if values.len() > POINTS {
        values.remove(0);
    }
}

/// How long events took from their own time to the block that made them final, as they come.
fn follow_latency(seen: Local<Seen>) {
    let is_on = RwSignal::new(true);
    let event = move |message: JsValue| {
        let time = member(&member(&message, "event"), "time").as_f64().unwrap_or(0.0);
        let late = browser::now().0.saturating_sub(whole(time));
        let _left = seen.try_update(|seen| push(&mut seen.latency, late));
    };
    net::follow("event", "", event, is_on);
}

fn latency(seen: &Seen) -> View {
    let plot = line(&words::LATENCY, &seen.latency, EVERY);
    plot.add(el("p").class("small soft").text(&words::LATENCY_WHY)).view()
}

fn status(seen: &Seen) -> View {
    let Some(status) = &seen.status else {
        let words = seen.errors.first().map_or_else(|| words::GATHERING.owned(), |e| e.1.clone());
        return el("p").class("soft").text(&words).view();
    };
    let number = |name: &str| whole(member(status, name).as_f64().unwrap_or(0.0));
    let plain = |name: &str, value: String| Field::plain(name, value);
    let is_healthy = member(status, "healthy").is_truthy();
    let age = browser::now().0.saturating_sub(number("headTime"));
    let mut rows = vec![
        plain(&words::HEALTHY, if is_healthy { words::YES.owned() } else { words::NO.owned() }),
        plain(&words::UPTIME, duration(number("uptime"))),
        plain(&words::HEIGHT, thousands(number("height"))),
        plain(&words::HEAD_AGE, fill(words::AGO, &[&duration(age)])),
        plain(&words::ACCEPTED, thousands(number("accepted"))),
        plain(&words::FINAL, thousands(number("size"))),
        plain(&words::WAITING, thousands(number("accepted").saturating_sub(number("size")))),
        plain(&words::STORAGE, bytes_short(number("storageBytes"))),
        plain(&words::VERSION, text_member(status, "version")),
    ];
    for (part, name, place) in
        [("published", words::PUBLISHED, "to"), ("replica", words::FOLLOWED, "from")]
    {
        let part = member(status, part);
        if part.is_object() {
            let behind = thousands(whole(member(&part, "behind").as_f64().unwrap_or(0.0)));
            let error = text_member(&part, "error");
            let text = fill(words::BEHIND, &[&text_member(&part, place), &behind]);
            let between = if error.is_empty() { "" } else { ": " };
            rows.push(plain(&name, [&text, between, &error].concat()));
        }
    }
    rows.extend(validator(status));
    list(&rows).view()
}

/// How it agrees with others, if it does, and what keeps it from that.
fn validator(status: &JsValue) -> Vec<Field> {
    let validator = member(status, "validator");
    if !validator.is_object() {
        return Vec::new();
    }
    let number = |name: &str| thousands(whole(member(&validator, name).as_f64().unwrap_or(0.0)));
    let at = fill(words::ROUND, &[&number("height"), &number("round")]);
    let why = ["silent", "waiting", "stopped"].map(|name| text_member(&validator, name));
    let why = why.into_iter().filter(|why| !why.is_empty());
    std::iter::once(at).chain(why).map(|text| Field::plain(&words::VALIDATOR, text)).collect()
}

/// The other validators, by their keys' ids.
fn peers(seen: &Seen) -> View {
    let validator = seen.status.as_ref().map(|status| member(status, "validator"));
    let peers = validator.map_or_else(Vec::new, |validator| list_member(&validator, "peers"));
    if peers.is_empty() {
        return el("p").class("soft").text(&words::NO_PEERS).view();
    }
    let rows = peers.iter().flat_map(|peer| {
        let is_connected = member(peer, "connected").is_truthy();
        let word = if is_connected { words::CONNECTED } else { words::NOT_CONNECTED };
        let trouble = text_member(peer, "trouble");
        let trouble = (!trouble.is_empty()).then(|| Field::plain("", trouble));
        [Some(Field::digest(&word, &text_member(peer, "id"))), trouble]
    });
    list(&rows.flatten().collect::<Vec<_>>()).view()
}

/// What the node noted of itself.
fn noted(seen: &Seen) -> View {
    let said = |text: &str| el("p").class("soft").text(text).view();
    let list = match &seen.noted {
        None => return said(&words::ERRORS_NEED_KEY),
        Some(Err(why)) => return said(&[words::ERRORS_REFUSED.get(), why].concat()),
        Some(Ok(list)) if list.is_empty() => return said(&words::NO_ERRORS),
        Some(Ok(list)) => list,
    };
    let row = |one: &JsValue| {
        let at = |name: &str| {
            let millis = whole(member(one, name).as_f64().unwrap_or(0.0));
            short_time(cairn_verifier::UnixMillis(millis))
        };
        let is_error = text_member(one, "level") == "error";
        let level = if is_error { words::ERROR } else { words::WARNING };
        let times = whole(member(one, "times").as_f64().unwrap_or(1.0));
        let again = if times > 1 {
            [" · ", &fill(words::TIMES, &[&thousands(times), &at("first")])].concat()
        } else {
            String::new()
        };
        let head = [&at("last"), " · ", level.get(), " · ", &text_member(one, "from"), &again];
        el("li")
            .add(el("p").class("small soft").text(&head.concat()))
            .add(el("p").add(el("bdi").text(&text_member(one, "text"))))
    };
    el("ul").class("items said").all(list.iter().map(row)).view()
}

fn errors(seen: &Seen) -> View {
    if seen.errors.is_empty() {
        return nothing();
    }
    let row = |(at, text): &(u64, String)| {
        Field::plain(&time(cairn_verifier::UnixMillis(*at)), text.clone())
    };
    let title = el("h3").text(&words::PAGE_ERRORS);
    all([title.view(), list(&seen.errors.iter().map(row).collect::<Vec<_>>()).view()])
}
