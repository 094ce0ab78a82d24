//! What stands behind an event: nothing, public bytes, or a sealed payload and the form that
//! opens it with a key.

use cairn_light_client::{CheckedReceipt, ClientError};
use cairn_verifier::error::Meaning;
use cairn_verifier::payload::{PayloadError, VerifiedPayload};
use cairn_verifier::secret::MemberSecret;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use web_sys::{File, HtmlInputElement};
use zeroize::Zeroizing;

use super::badge::icon;
use super::fields;
use crate::browser;
use crate::format::{count, hex_dump};
use crate::record::{Field, Stored};
use crate::state::{App, Local};
use crate::text::payload as words;
use crate::verdict::{Icon, Tone, as_sentence};

/// How much of a payload is shown.
const SHOWN: usize = 4_096;
/// How a member's key begins in its file.
const KEY_PREFIX: &str = "cairn-secret-member:";

/// Where wraps and ciphertext come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The receipt alone.
    Receipt,
    /// The node that the page was served from.
    Node,
}

/// How far an opening is.
enum Opening {
    Closed,
    Running,
    Opened(VerifiedPayload),
    Refused(ClientError),
}

/// The payload's part of the page. Only that of a verified receipt can be opened.
pub(crate) fn payload(
    app: App,
    stored: &Stored,
    receipt: Option<&CheckedReceipt>,
    source: Source,
) -> AnyView {
    let inner = match stored {
        Stored::None => view! { <p class="soft">{words::NONE}</p> }.into_any(),
        Stored::Public { digest, len, bytes } => public(digest, *len, bytes.as_deref()),
        Stored::Sealed { digest, len, wraps, has_ciphertext } => {
            let is_here = *wraps > 0 && *has_ciphertext;
            let form = match receipt {
                None => view! { <p class="soft">{words::FIRST_VERIFY}</p> }.into_any(),
                Some(receipt) if source == Source::Node || is_here => {
                    key_form(app, receipt.clone(), source)
                }
                Some(receipt) => {
                    let page = format!("#/event/{}", receipt.id());
                    view! {
                        <p>{words::FROM_NODE} " " <a href=page>{words::EVENT_PAGE}</a></p>
                    }
                    .into_any()
                }
            };
            view! {
                <p>{words::SEALED}</p>
                {facts(digest, *len)}
                {form}
            }
            .into_any()
        }
    };
    view! {
        <section class="card" id="payload">
            <h2>{words::TITLE}</h2>
            {inner}
        </section>
    }
    .into_any()
}

fn facts(digest: &str, len: u32) -> AnyView {
    let length = count(u64::from(len), "byte");
    fields::list(&[
        Field { name: words::LENGTH.to_owned(), value: length, is_digest: false },
        Field { name: words::DIGEST.to_owned(), value: digest.to_owned(), is_digest: true },
    ])
}

fn public(digest: &str, len: u32, bytes: Option<&[u8]>) -> AnyView {
    let content = match bytes {
        Some(bytes) => view! { <pre class="bytes" tabindex="0">{readable(bytes)}</pre> }.into_any(),
        None => view! { <p class="soft">{words::ABSENT}</p> }.into_any(),
    };
    view! {
        <p>{words::PUBLIC}</p>
        {facts(digest, len)}
        {content}
    }
    .into_any()
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

fn key_form(app: App, receipt: CheckedReceipt, source: Source) -> AnyView {
    let opening: Local<Opening> = RwSignal::new_local(Opening::Closed);
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
    let input = NodeRef::<leptos::html::Input>::new();
    let pasted = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            let text = Zeroizing::new(input.value());
            input.set_value("");
            open(text);
        }
    };
    let chosen = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else {
            return;
        };
        let file = input.files().and_then(|files| files.get(0));
        input.set_value("");
        if let Some(file) = file {
            spawn_local(async move { open(key_text(&file).await) });
        }
    };
    view! {
        <div role="status" aria-live="polite">
            {move || opening.with(|now| outcome(now, opening))}
        </div>
        <form class="section" on:submit=pasted>
            <div class="two">
                <div class="field">
                    <label for="key-file">{words::KEY_FILE}</label>
                    <input id="key-file" type="file" on:change=chosen />
                </div>
                <div class="field">
                    <label for="key-text">{words::KEY_TEXT}</label>
                    <input
                        id="key-text"
                        node_ref=input
                        type="password"
                        autocomplete="off"
                        spellcheck="false"
                    />
                </div>
            </div>
            <div class="row">
                <button type="submit">{words::OPEN}</button>
            </div>
            <p class="small soft">{words::KEY_NOTE}</p>
        </form>
    }
    .into_any()
}

async fn key_text(file: &File) -> Zeroizing<String> {
    let bytes = Zeroizing::new(browser::read(file).await.unwrap_or_default());
    Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())
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

fn outcome(opening: &Opening, set: Local<Opening>) -> AnyView {
    match opening {
        Opening::Closed => ().into_any(),
        Opening::Running => view! { <p class="soft">{words::OPENING}</p> }.into_any(),
        Opening::Opened(payload) => opened(payload, set),
        Opening::Refused(error) => refused(error),
    }
}

fn opened(payload: &VerifiedPayload, set: Local<Opening>) -> AnyView {
    let rows = payload.opened().fields().map_or_else(
        |_| Vec::new(),
        |fields| {
            let rows = fields.iter().map(|(name, value)| (name.to_owned(), readable(value)));
            rows.collect()
        },
    );
    let row = |(name, value): (String, String)| {
        view! {
            <tr>
                <th scope="row">
                    <bdi>{name}</bdi>
                </th>
                <td class="value">
                    <bdi>{value}</bdi>
                </td>
            </tr>
        }
    };
    let class = ["opened section ", Tone::Green.class()].concat();
    view! {
        <div class=class data-opened="yes">
            <p class="badge">{icon(Icon::Tick)} {words::OPENED}</p>
            <p class="small soft">{words::OPENED_NOTE}</p>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{words::FIELD}</th>
                        <th scope="col">{words::VALUE}</th>
                    </tr>
                </thead>
                <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
            </table>
            <div class="row">
                <button type="button" on:click=move |_| set.set(Opening::Closed)>
                    {words::HIDE}
                </button>
            </div>
        </div>
    }
    .into_any()
}

fn refused(error: &ClientError) -> AnyView {
    let is_for_other = matches!(
        error,
        ClientError::NoWrap { .. } | ClientError::Payload(PayloadError::NotTheRecipient { .. })
    );
    let (tone, shape, word) = match error.meaning() {
        _ if is_for_other => (Tone::Violet, Icon::Question, words::NOT_FOR_KEY),
        Meaning::Failed => (Tone::Red, Icon::Cross, words::REFUSED),
        Meaning::CouldNotCheck | Meaning::Stale => (Tone::Violet, Icon::Question, words::REFUSED),
    };
    let message = as_sentence(&error.to_string());
    let sides = error.sides().map(|(expected, found)| {
        super::check_list::compare(&expected, &found)
    });
    let class = ["opened section ", tone.class()].concat();
    view! {
        <div class=class data-opened="no">
            <p class="badge">{icon(shape)} {word}</p>
            <p>{message}</p>
            {sides}
            <p class="small">{crate::text::verdict::CODE} " " <code>{error.code()}</code></p>
        </div>
    }
    .into_any()
}
