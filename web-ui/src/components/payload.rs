//! What stands behind an event: nothing, public bytes, or a sealed payload and the form that
//! opens it with a key.

use cairn_light_client::{CheckedReceipt, ClientError};
use cairn_verifier::digest::EventId;
use cairn_verifier::error::Meaning;
use cairn_verifier::event::Kind;
use cairn_verifier::payload::{FieldOpening, PayloadError, VerifiedPayload};
use cairn_verifier::secret::MemberSecret;
use wasm_bindgen::JsCast as _;
use web_sys::HtmlInputElement;
use zeroize::Zeroizing;

use super::badge::{badge, code_line, icon};
use super::check_list::compare;
use super::fields;
use crate::browser;
use crate::format::hex_dump;
use crate::html::{El, View, el, nothing};
use crate::record::{Field, Stored};
use crate::signals::*;
use crate::state::{App, Local};
use crate::text::payload as words;
use crate::verdict::{self, Icon, Look, Tone, explained};

/// How much of a payload is shown.
const SHOWN: usize = 4_096;
/// How a member's key begins in its file.
const KEY_PREFIX: &str = "cairn-secret-member:";

/// How the opening of a single field begins: version 1, type `F`.
const FIELD: [u8; 2] = [1, b'F'];
/// The type of the event that has a payload forgotten.
const REDACTED: &str = "cairn.payload.redacted";

/// The fields of the form.
const KEY_FILE: &str = "key-file";
const KEY_TEXT: &str = "key-text";

/// Where wraps and ciphertext come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The receipt alone.
    Receipt,
    /// The node that the page was served from.
    Node,
    /// The sample that came with the page: of a log that no node here has.
    Sample,
}

/// How far an opening is.
enum Opening {
    Closed,
    Running,
    Opened(VerifiedPayload),
    /// One field alone.
    Field(Field),
    Refused(ClientError),
}

impl Opening {
    /// What the payload's state looks like.
    fn look(&self) -> Look {
        match self {
            Self::Closed | Self::Running | Self::Field(_) => verdict::SEALED,
            Self::Opened(_) => verdict::OPENED,
            Self::Refused(ClientError::HttpStatus { problem, .. })
                if problem.code == "erased" || problem.code == "payload-redacted" =>
            {
                verdict::ERASED
            }
            Self::Refused(ClientError::HttpStatus { .. } | ClientError::NoWrap { .. }) => {
                verdict::WITHHELD
            }
            Self::Refused(_) => verdict::SEALED,
        }
    }
}

/// The payload's part of the page. Only that of a verified receipt can be opened.
pub(crate) fn payload(
    app: App,
    stored: &Stored,
    receipt: Option<&CheckedReceipt>,
    source: Source,
) -> El {
    let card = |look: Look| {
        let head = el("div").class("head-row").add(el("h2").text(&words::TITLE)).add(badge(look));
        el("section").class("card").add(head)
    };
    match stored {
        Stored::None => card(verdict::NO_PAYLOAD).add(el("p").class("soft").text(&words::NONE)),
        Stored::Public { digest, len, bytes } => {
            let content = match bytes {
                Some(bytes) => byte_box(words::TITLE.get(), &readable(bytes)),
                None => el("p").class("soft").text(words::ABSENT.get()),
            };
            card(verdict::PUBLIC)
                .add(el("p").text(&words::PUBLIC))
                .add(facts(digest, *len))
                .add(content)
        }
        Stored::Sealed { digest, len, wraps, has_ciphertext } => {
            let is_here = *wraps > 0 && *has_ciphertext;
            let shown = (facts(digest, *len), is_here);
            sealed(app, shown, receipt, source)
        }
    }
}

/// A sealed payload: its state, which changes when it is opened or turns out to be erased; and the
/// form that opens it.
fn sealed(
    app: App,
    (facts, is_here): (El, bool),
    receipt: Option<&CheckedReceipt>,
    source: Source,
) -> El {
    let opening: Local<Opening> = RwSignal::new_local(Opening::Closed);
    let redaction: Local<Option<EventId>> = RwSignal::new_local(None);
    if let (Some(receipt), Source::Node) = (receipt, source) {
        find_redaction(app, receipt.id(), redaction);
    }
    let look = move || {
        let look = match (redaction.get(), opening.with(Opening::look)) {
            (_, look @ verdict::OPENED) => look,
            (Some(_), _) => verdict::ERASED,
            (None, look) => look,
        };
        badge(look).view()
    };
    let erased = move || redaction.get().map_or_else(nothing, |id| erased(&id));
    let form = match receipt {
        None => el("p").class("soft").text(&words::FIRST_VERIFY),
        Some(receipt) if source == Source::Node || is_here => {
            key_form(app, receipt.clone(), (source, opening))
        }
        Some(receipt) => {
            let page = format!("#/event/{}", receipt.id());
            let link = el("a").attr("href", &page).text(&words::EVENT_PAGE);
            el("p").text(&words::FROM_NODE).text(" ").add(link)
        }
    };
    let state = el("span").attr("role", "status").attr("id", "payload-state").live(look);
    let head = el("div").class("head-row").add(el("h2").text(&words::TITLE)).add(state);
    el("section")
        .class("card")
        .add(head)
        .add(el("p").text(&words::SEALED))
        .live(erased)
        .add(facts)
        .add(form)
}

fn erased(redaction: &EventId) -> View {
    let link = el("a").attr("href", &format!("#/event/{redaction}")).text(&words::REDACTION);
    el("p").class("honest").text(&words::ERASED).text(" ").add(link).view()
}

/// Looks for a redaction of an event's payload, and shows it once it is verified as any event.
fn find_redaction(app: App, id: EventId, found: Local<Option<EventId>>) {
    let Some(client) = app.client.get_untracked() else {
        return;
    };
    spawn_local(async move {
        let query = format!("limit=1&type={REDACTED}&resource=event%2F{id}");
        let list = client.claimed_events(&query).await.unwrap_or_default();
        let list = js_sys::JSON::parse(&list).unwrap_or(wasm_bindgen::JsValue::NULL);
        let first = browser::list_member(&list, "events").into_iter().next();
        let Some(other) = first.and_then(|e| browser::text_member(&e, "id").parse().ok()) else {
            return;
        };
        let Ok(receipt) = client.event(&other).await else {
            return;
        };
        let is_of_it = receipt.with(|fact| {
            let body = fact.event().event();
            let party = &body.resource.party;
            body.kind == Kind::Redaction
                && body.event_type == REDACTED
                && party.kind == "event"
                && party.id == id.to_string()
        });
        if is_of_it == Ok(true) {
            let _left = found.try_set(Some(other));
        }
    });
}

fn facts(digest: &str, len: u32) -> El {
    let length = crate::text::bytes(u64::from(len));
    fields::list(&[
        Field::plain(words::LENGTH.get(), length),
        Field::digest(words::DIGEST.get(), &digest),
    ])
}

/// A command in a box, broken where it is too long.
pub(crate) fn command_box(label: &str, text: &str) -> El {
    byte_box(label, text).class("bytes wrap")
}

/// Bytes in a box that scrolls, with the keyboard too.
pub(crate) fn byte_box(label: &str, text: &str) -> El {
    el("pre")
        .class("bytes")
        .attr("tabindex", "0")
        .attr("role", "region")
        .attr("aria-label", label)
        .text(text)
}

/// Bytes as text, if they are text without control characters; else as hex.
fn readable(bytes: &[u8]) -> String {
    let shown = bytes.get(..SHOWN).unwrap_or(bytes);
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\t' | '\r');
    match str::from_utf8(bytes) {
        Ok(text) if text.chars().all(plain) => text.chars().take(SHOWN).collect(),
        _ => hex_dump(shown),
    }
}

fn key_form(app: App, receipt: CheckedReceipt, (source, opening): (Source, Local<Opening>)) -> El {
    let receipt = StoredValue::new_local(receipt);
    let open = move |text: Zeroizing<String>| {
        opening.set(Opening::Running);
        spawn_local(async move {
            browser::pause().await;
            let Some(receipt) = receipt.try_get_value() else {
                return;
            };
            let opened = open_with(app, &receipt, source, &text).await;
            let _left = opening.try_set(match opened {
                Ok(payload) => Opening::Opened(payload),
                Err(error) => Opening::Refused(error),
            });
        });
    };
    let pasted = move |event: web_sys::Event| {
        event.prevent_default();
        let text = Zeroizing::new(browser::value(KEY_TEXT));
        browser::set_value(KEY_TEXT, "");
        open(text);
    };
    let chosen = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else {
            return;
        };
        let file = input.files().and_then(|files| files.get(0));
        input.set_value("");
        if let Some(file) = file {
            spawn_local(async move {
                let bytes = Zeroizing::new(browser::read(&file).await.unwrap_or_default());
                if bytes.starts_with(&FIELD) {
                    show_field(receipt, &bytes, opening);
                } else {
                    open(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()));
                }
            });
        }
    };
    let field = |id: &'static str, label: &str, input: El| {
        let label = el("label").attr("for", id).text(label);
        el("div").class("field").add(label).add(input.attr("id", id))
    };
    let file = el("input").attr("type", "file").on("change", chosen);
    let text = el("input").attr("type", "password").attr("autocomplete", "off");
    let form = el("form")
        .class("section")
        .on("submit", pasted)
        .add(field(KEY_FILE, words::KEY_FILE.get(), file))
        .add(field(KEY_TEXT, words::KEY_TEXT.get(), text))
        .add(
            el("div").class("row").add(el("button").attr("type", "submit").text(words::OPEN.get())),
        )
        .add(el("p").class("small soft").text(words::KEY_NOTE.get()));
    el("div")
        .class("section")
        .add(
            el("div")
                .class("live")
                .attr("role", "status")
                .live(move || opening.with(|now| outcome(now, opening))),
        )
        .add(form)
}

/// Shows a single field, if it is one that the event commits to.
fn show_field(
    receipt: StoredValue<CheckedReceipt, LocalStorage>,
    bytes: &[u8],
    opening: Local<Opening>,
) {
    let Some(receipt) = receipt.try_get_value() else {
        return;
    };
    let shown = receipt.with(|fact| -> Result<Field, PayloadError> {
        let field = FieldOpening::decode(bytes)?.verify(fact.body())?.of(fact.event())?;
        Ok(Field::plain(field.name(), readable(field.value())))
    });
    let _left = opening.try_set(match shown {
        Ok(Ok(field)) => Opening::Field(field),
        Ok(Err(error)) => Opening::Refused(error.into()),
        Err(error) => Opening::Refused(error),
    });
}

async fn open_with(
    app: App,
    receipt: &CheckedReceipt,
    source: Source,
    text: &str,
) -> Result<VerifiedPayload, ClientError> {
    let secret = read_key(text).ok_or(ClientError::BadKey)?;
    let client = app.client.try_get_untracked().flatten();
    match (source, client) {
        (Source::Node, Some(client)) => client.open(&receipt.id(), &secret).await,
        _ => receipt.open(&secret),
    }
}

/// Reads a key file, or one whose lines ran together when it was pasted into a single line.
fn read_key(text: &str) -> Option<MemberSecret> {
    MemberSecret::parse(text).ok().or_else(|| {
        let line = text.get(text.find(KEY_PREFIX)?..)?;
        MemberSecret::parse(line.get(..KEY_PREFIX.len() + 64)?).ok()
    })
}

fn outcome(opening: &Opening, set: Local<Opening>) -> View {
    match opening {
        Opening::Closed => nothing(),
        Opening::Running => el("p").class("soft").text(words::OPENING.get()).view(),
        Opening::Opened(payload) => opened(payload, set),
        Opening::Field(field) => frame(Tone::Green, Icon::Tick, &words::FIELD_OPENED)
            .attr("data-opened", "field")
            .add(el("p").class("small soft").text(&words::FIELD_NOTE))
            .add(fields::list(std::slice::from_ref(field)))
            .view(),
        Opening::Refused(error) => refused(error),
    }
}

fn opened(payload: &VerifiedPayload, set: Local<Opening>) -> View {
    let row = |(name, value): (&str, &[u8])| {
        let name = el("th").attr("scope", "row").add(el("bdi").text(name));
        let value = el("td").class("value").add(el("bdi").text(&readable(value)));
        el("tr").add(name).add(value)
    };
    // They were decoded when the payload was opened.
    let rows: Vec<El> = payload
        .opened()
        .fields()
        .map_or_else(|_| Vec::new(), |fields| fields.iter().map(row).collect());
    let head = [words::FIELD.get(), words::VALUE.get()]
        .map(|word| el("th").attr("scope", "col").text(word));
    let table = el("table").add(el("thead").add(el("tr").all(head))).add(el("tbody").all(rows));
    let hide = el("button")
        .attr("type", "button")
        .on("click", move |_| set.set(Opening::Closed))
        .text(words::HIDE.get());
    frame(Tone::Green, Icon::Tick, words::OPENED.get())
        .attr("data-opened", "yes")
        .add(el("p").class("small soft").text(words::OPENED_NOTE.get()))
        .add(table)
        .add(el("div").class("row").add(hide))
        .view()
}

fn refused(error: &ClientError) -> View {
    let is_for_other = matches!(
        error,
        ClientError::NoWrap { .. } | ClientError::Payload(PayloadError::NotTheRecipient { .. })
    );
    let (tone, shape, word) = match error.meaning() {
        _ if is_for_other => (Tone::Violet, Icon::Question, words::NOT_FOR_KEY.get()),
        Meaning::Failed => (Tone::Red, Icon::Cross, words::REFUSED.get()),
        Meaning::CouldNotCheck | Meaning::Stale => {
            (Tone::Violet, Icon::Question, words::REFUSED.get())
        }
    };
    let sides = error.sides().map(|(expected, found)| compare(&expected, &found));
    frame(tone, shape, word)
        .attr("data-opened", "no")
        .add(el("p").text(&explained(error)))
        .maybe(sides)
        .add(code_line(error.code()))
        .view()
}

fn frame(tone: Tone, shape: Icon, word: &str) -> El {
    el("div")
        .class(&["opened section ", tone.class()].concat())
        .add(el("p").class("badge").add(icon(shape)).text(word))
}
