//! One receipt, whole: the verdict, the checks behind it, the event, and what all of it rests on.

use cairn_light_client::{Assurance, CheckedReceipt};
use cairn_verifier::fact::Standing;
use leptos::prelude::*;

use super::badge::banner;
use super::check_list::check_list;
use super::fields;
use super::hash::copy_button;
use super::payload::{Source, payload};
use crate::format::{hex, hex_dump, time};
use crate::record::{Field, Record};
use crate::state::{App, Examined};
use crate::steps::{Went, steps};
use crate::text::{self, proof as words, standing as names};
use crate::verdict;

/// How many bytes are shown.
const SHOWN: usize = 4_096;

/// The verdict, and what must be said with it.
pub(crate) fn verdict(examined: &Examined) -> AnyView {
    let assurance = &examined.assurance;
    let mut notes = Vec::new();
    if let Assurance::Verified(receipt) = assurance {
        let standing = receipt.standing();
        if let Some((power, total)) = standing.concentrated {
            notes.push(text::concentrated(power, total));
        }
        if standing.post_quantum == Some(false) {
            notes.push(names::CLASSICAL.to_owned());
        }
        if standing.trust_period == 0 {
            notes.push(text::trust_period(0));
        }
    }
    let stopped = steps(&examined.checks, assurance)
        .into_iter()
        .find(|step| matches!(step.went, Went::Stopped(_)));
    if let (Assurance::Failed(reason), Some(step), false) =
        (assurance, stopped, examined.checks.is_empty())
    {
        let sentence = text::failed_at(step.kind.title(), &verdict::as_sentence(&reason.message()));
        return banner(assurance, sentence, notes);
    }
    let sentence = verdict::sentence(assurance, |receipt| text::verified(receipt.index()));
    banner(assurance, sentence, notes)
}

/// Everything below the verdict. `bytes` are those of a receipt at hand, verified or not.
pub(crate) fn details(
    app: App,
    examined: &Examined,
    bytes: Option<&[u8]>,
    source: Source,
) -> AnyView {
    let assurance = &examined.assurance;
    if matches!(assurance, Assurance::Checking) {
        return ().into_any();
    }
    let receipt = match assurance {
        Assurance::Verified(receipt) => Some(receipt),
        Assurance::NotChecked
        | Assurance::Checking
        | Assurance::CouldNotCheck(_)
        | Assurance::NotFinal
        | Assurance::Stale(_)
        | Assurance::Failed(_) => None,
    };
    let record = receipt.map_or_else(|| bytes.and_then(Record::claim), Record::of);
    let event = record.map(|record| {
        view! {
            <div class="column">
                {fields::record(&record)}
                {receipt.map(standing)}
                {payload(app, &record.payload, receipt, source)}
            </div>
        }
    });
    let list = steps(&examined.checks, assurance);
    // A single refusal without any check before it is told by the banner alone.
    let has_list = bytes.is_some() || !examined.checks.is_empty();
    let checks = (has_list && !list.is_empty()).then(|| {
        view! {
            <section class="card column" id="checks">
                <h2>{words::STEPS}</h2>
                {check_list(list, receipt.is_some())}
            </section>
        }
    });
    let raw = receipt.map(CheckedReceipt::bytes).or(bytes).map(raw);
    // What matters most comes first: the event if it is verified, else what went wrong.
    let columns = if receipt.is_some() {
        view! { <div class="columns">{event} {checks}</div> }.into_any()
    } else {
        view! { <div class="columns">{checks} {event}</div> }.into_any()
    };
    view! {
        {columns}
        {raw}
    }
    .into_any()
}

/// Who is trusted for this verdict.
fn standing(receipt: &CheckedReceipt) -> AnyView {
    let standing = receipt.standing();
    let anchor = standing.anchor.to_string();
    let checked = time(receipt.checked_at());
    let mut rows = vec![Field { name: names::ANCHOR.to_owned(), value: anchor, is_digest: true }];
    rows.extend(standing_fields(&standing));
    rows.push(Field { name: names::CHECKED.to_owned(), value: checked, is_digest: false });
    view! {
        <section class="card">
            <h2>{names::TITLE}</h2>
            {fields::list(&rows)}
        </section>
    }
    .into_any()
}

/// What a standing says, in words.
pub(crate) fn standing_fields(standing: &Standing) -> Vec<Field> {
    let concentrated = standing.concentrated.map(|(power, total)| text::concentrated(power, total));
    let validators = match (standing.post_quantum, concentrated) {
        (None, _) => names::NO_SET.to_owned(),
        (Some(_), Some(text)) => text,
        (Some(_), None) => names::SPREAD.to_owned(),
    };
    let quantum = match standing.post_quantum {
        Some(true) => names::POST_QUANTUM,
        Some(false) => names::CLASSICAL,
        None => names::NO_SET,
    };
    let field = |name: &str, value: String| Field { name: name.to_owned(), value, is_digest: false };
    vec![
        field(names::VALIDATORS, validators),
        field(names::QUANTUM, quantum.to_owned()),
        field(names::PERIOD, text::trust_period(standing.trust_period)),
    ]
}

fn raw(bytes: &[u8]) -> AnyView {
    let shown = hex_dump(bytes.get(..SHOWN).unwrap_or(bytes));
    let length = crate::format::count(crate::format::len(bytes.len()), "byte");
    let cut = (bytes.len() > SHOWN).then(|| view! { <p class="small soft">{words::RAW_CUT}</p> });
    view! {
        <details class="card">
            <summary>{words::RAW} ", " {length}</summary>
            <div class="section">
                <div class="row small">
                    {words::COPY_HEX} {copy_button(words::RAW, &hex(bytes))}
                </div>
                {cut}
                <pre class="bytes" tabindex="0" aria-label=words::RAW>
                    {shown}
                </pre>
            </div>
        </details>
    }
    .into_any()
}
