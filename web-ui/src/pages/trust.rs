//! What is pinned, what follows from it, and what does not.

use cairn_light_client::{Assurance, ClientError, LightClient};
use cairn_verifier::FinalHeader;
use cairn_verifier::trust::{Handover, TrustAnchor};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlInputElement;

use super::about::{LIMITS, points};
use crate::signals::*;

use crate::browser;
use crate::checkpoint::{self, Checkpoint};
use crate::components::badge::banner;
use crate::components::fields::{list, section};
use crate::components::fingerprint::fingerprint;
use crate::components::frame::{button, head};
use crate::components::hash::{brief_hash, hash};
use crate::components::proof::standing_fields;
use crate::components::signers::set_table;
use crate::format::{count, len, thousands, time};
use crate::html::{El, View, all, el, live, nothing};
use crate::pin::{Pin, PinnedBy};
use crate::record::Field;
use crate::state::App;
use crate::text::{fields, log, noun, trust as words};
use crate::verdict;

/// The field for the anchor.
const ANCHOR: &str = "anchor";
const FILE: &str = "anchor-file";

/// The page.
pub(crate) fn trust(app: App) -> View {
    let pin = section(words::PINNED.get()).live(move || pinned(app)).add(pin_form(app));
    let newest = section(words::HEAD.get())
        .add(el("div").class("live").attr("role", "status").live(move || head_state(app)))
        .live(move || head_facts(app));
    let not_proven = section(words::NOT_PROVEN.get()).add(points(&LIMITS));
    let found = checkpoint::ask(app, |client| async move {
        checkpoint::fetch(&client, checkpoint::LATEST).await
    });
    let sets = move || found.with(chain);
    all([
        head(&words::TITLE, &words::WHAT).view(),
        pin.view(),
        newest.view(),
        live(sets),
        not_proven.view(),
    ])
}

fn pinned(app: App) -> View {
    let Some(Pin { anchor, by }) = app.pin.get() else {
        return el("p").text(words::NONE.get()).view();
    };
    let keep = button(words::KEEP.get(), move |_| app.pin_by_user(anchor));
    let (note, keep) = match by {
        PinnedBy::Link => (words::THIS_TAB.get(), Some(keep)),
        PinnedBy::User => (words::KEPT.get(), None),
    };
    let row =
        el("div").class("row").maybe(keep).add(button(words::FORGET.get(), move |_| app.unpin()));
    let export = move |_| {
        let _saved = browser::save("anchor.txt", [&anchor.to_string(), "\n"].concat().as_bytes());
    };
    let row = row.add(button(&words::EXPORT, export));
    all([
        el("p").add(hash(&words::LABEL, &anchor.to_string())).view(),
        el("p").class("small soft").text(note).view(),
        row.view(),
        el("details")
            .add(el("summary").text(&words::FINGERPRINT))
            .add(fingerprint(digest_of(&anchor)))
            .view(),
    ])
}

const fn digest_of(anchor: &TrustAnchor) -> &[u8; 32] {
    match anchor {
        TrustAnchor::Genesis(log) => log.as_bytes(),
        TrustAnchor::Checkpoint(header) => header.as_bytes(),
    }
}

/// An anchor in a file: the first word of it that is one.
fn from_file(text: &str) -> Option<TrustAnchor> {
    text.split(|c: char| c.is_whitespace() || c == '"').find_map(|word| word.parse().ok())
}

fn pin_form(app: App) -> El {
    let problem = RwSignal::new(String::new());
    let submit = move |event: web_sys::Event| {
        event.prevent_default();
        match browser::value(ANCHOR).trim().parse::<TrustAnchor>() {
            Ok(anchor) => {
                problem.set(String::new());
                browser::set_value(ANCHOR, "");
                app.pin_by_user(anchor);
            }
            Err(error) => problem.set(verdict::as_sentence(&error.to_string())),
        }
    };
    let is_bad = move || Some((!problem.with(String::is_empty)).to_string());
    let input = el("input")
        .class("mono")
        .attr("id", ANCHOR)
        .attr("type", "text")
        .attr("autocomplete", "off")
        .attr("autocapitalize", "off")
        .attr("spellcheck", "false")
        .attr("aria-describedby", "anchor-hint anchor-problem")
        .live_attr("aria-invalid", is_bad);
    let field = el("div")
        .class("field")
        .add(el("label").attr("for", ANCHOR).text(words::LABEL.get()))
        .add(input)
        .add(el("p").class("small soft").attr("id", "anchor-hint").text(words::HINT.get()))
        .add(
            el("p")
                .class("small problem")
                .attr("id", "anchor-problem")
                .attr("role", "alert")
                .live_text(move || problem.get()),
        );
    let set = el("button").class("main").attr("type", "submit").text(&words::SET);
    let chosen = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else {
            return;
        };
        let file = input.files().and_then(|files| files.get(0));
        input.set_value("");
        spawn_local(async move {
            let bytes = match &file {
                Some(file) if browser::is_readable(file) => browser::read(file).await,
                _ => None,
            };
            match bytes.and_then(|bytes| from_file(&String::from_utf8_lossy(&bytes))) {
                Some(anchor) => {
                    problem.set(String::new());
                    app.pin_by_user(anchor);
                }
                None => problem.set(words::IMPORT_BAD.owned()),
            }
        });
    };
    let file = el("input")
        .attr("id", FILE)
        .attr("type", "file")
        .attr("hidden", "")
        .attr("aria-label", &words::IMPORT)
        .on("change", chosen);
    let import = button(&words::IMPORT, |_| browser::click(FILE));
    let row = el("div").class("row").add(set).add(import).add(file);
    el("form").class("section").on("submit", submit).add(field).add(row)
}

fn head_state(app: App) -> View {
    app.head.with(|head| match head {
        Assurance::NotChecked => el("p").class("soft").text(words::NO_HEAD.get()).view(),
        Assurance::Verified(_) => nothing(),
        Assurance::Checking
        | Assurance::CouldNotCheck(_)
        | Assurance::NotFinal
        | Assurance::Stale(_)
        | Assurance::Failed(_) => banner(head, &verdict::sentence(head, |_| String::new()), &[]),
    })
}

/// The newest header known, even if the node did not answer this time: it was verified before.
fn head_facts(app: App) -> View {
    app.head.track();
    let Some(client) = app.client.get() else {
        return nothing();
    };
    let known = client.known();
    let refused = client.refused_evidence().map(|error| refused(&client, error));
    let rows = known.head().map(|head| {
        let mut rows = header_fields(head);
        if let Some(at) = known.synced_at() {
            rows.push(Field::plain(log::SYNCED.get(), time(at)));
        }
        rows.extend(standing_fields(&known.standing().unwrap_or_else(|| head.standing())));
        list(&rows)
    });
    all(refused.into_iter().chain(rows).map(El::view))
}

/// What was kept and does not hold is no evidence of anything. It is set aside, for who wants to know.
fn refused(client: &LightClient, error: &ClientError) -> El {
    let client = client.clone();
    let save = move |_| {
        let client = client.clone();
        spawn_local(async move {
            if let Some(file) = client.refused_file().await {
                let _saved = browser::save("refused.evidence", &file);
            }
        });
    };
    let why = [words::REFUSED.get(), &verdict::explained(error)].concat();
    let row = el("div").class("row").add(button(&words::REFUSED_SAVE, save));
    el("div").class("honest").add(el("p").text(&why)).add(row)
}

/// How the set came to be, and who is in it.
fn chain(found: &Assurance<Checkpoint>) -> View {
    let Assurance::Verified(checkpoint) = found else {
        return nothing();
    };
    let parts = checkpoint.with(|proof| {
        let handovers: Vec<El> = proof.handovers.iter().map(|one| handover(&one)).collect();
        (handovers, proof.last_set().map(|set| set_table(&set)))
    });
    let (handovers, set) = parts.unwrap_or_default();
    let card = section(&words::CHAIN).attr("id", "handovers");
    let card = card.add(el("p").class("small soft").text(&words::CHAIN_WHY));
    let card = if handovers.is_empty() {
        card.add(el("p").class("soft").text(&words::CHAIN_NONE))
    } else {
        let heads = [words::CHAIN_HEAD, words::CHAIN_EPOCH, words::CHAIN_SIGNED, words::CHAIN_SET];
        let heads = heads.map(|head| el("th").attr("scope", "col").text(&head));
        let table = el("table")
            .class("compact")
            .add(el("thead").add(el("tr").all(heads)))
            .add(el("tbody").all(handovers));
        card.add(el("div").class("scroll").add(table))
    };
    let now = set.map(|set| section(&words::VALIDATORS).attr("id", "validators").add(set));
    el("div").class("columns").add(card).maybe(now).view()
}

fn handover(one: &Handover<'_>) -> El {
    let link = el("a")
        .attr("href", &format!("#/block/{}", one.header.height))
        .text(&thousands(one.header.height));
    let votes = usize::from(one.certificate.count());
    let votes = count(len(votes), noun::VOTE, noun::VOTES);
    let number = |text: &str| el("td").class("number").text(text);
    el("tr")
        .add(el("td").class("number").add(link))
        .add(number(&thousands(one.header.epoch + 1)))
        .add(el("td").text(&votes))
        .add(el("td").add(brief_hash(&words::CHAIN_SET, &one.header.next_set.to_string())))
}

fn header_fields(head: &FinalHeader) -> Vec<Field> {
    let header = head.header();
    vec![
        Field::digest(fields::LOG.get(), &header.log),
        Field::plain(log::HEIGHT.get(), thousands(header.height)),
        Field::plain(words::HOLDS.get(), crate::text::events(header.events.get())),
        Field::plain(log::HEAD_TIME.get(), time(header.time)),
        Field::digest(fields::HEADER.get(), &head.digest()),
        Field::digest(words::EVENT_ROOT.get(), &header.event_root),
        Field::plain(words::EPOCH.get(), thousands(header.epoch)),
        Field::digest(words::SET_DIGEST.get(), &header.set),
    ]
}
