//! One receipt, whole: the verdict, the checks behind it, the event, and what all of it rests on.

use cairn_light_client::{Assurance, CheckedReceipt};
use cairn_verifier::fact::Standing;
use cairn_verifier::receipt::Receipt;

use super::badge::banner;
use super::check_list::check_list;
use super::fields;
use super::hash::copy_button;
use super::mountain::mountain;
use super::payload::{Source, byte_box, payload};
use super::signers::signers;
use crate::format::{hex, hex_dump, thousands, time};
use crate::html::{El, View, all, el, nothing};
use crate::record::{Field, Record};
use crate::state::{App, Examined};
use crate::steps::{Went, steps};
use crate::text::{self, proof as words, standing as names};
use crate::verdict;

/// How many bytes are shown.
const SHOWN: usize = 4_096;

/// The verdict, and what must be said with it; `verified` is the sentence for one that holds.
pub(crate) fn verdict(examined: &Examined, verified: fn(u64) -> String) -> View {
    let assurance = &examined.assurance;
    let mut notes = Vec::new();
    if let Assurance::Verified(receipt) = assurance {
        let standing = receipt.standing();
        if let Some((power, total)) = standing.concentrated {
            notes.push(text::concentrated(power, total));
        }
        if standing.post_quantum == Some(false) {
            notes.push(names::CLASSICAL.owned());
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
        return banner(assurance, &sentence, &notes);
    }
    let sentence = verdict::sentence(assurance, |receipt| verified(receipt.index()));
    banner(assurance, &sentence, &notes)
}

/// Everything below the verdict. `bytes` are those of a receipt at hand, verified or not.
pub(crate) fn details(app: App, examined: &Examined, bytes: Option<&[u8]>, source: Source) -> View {
    let receipt = match &examined.assurance {
        Assurance::Verified(receipt) => Some(receipt),
        Assurance::Checking => return nothing(),
        Assurance::NotChecked
        | Assurance::CouldNotCheck(_)
        | Assurance::NotFinal
        | Assurance::Stale(_)
        | Assurance::Failed(_) => None,
    };
    let record = receipt.map_or_else(|| bytes.and_then(Record::claim), Record::of);
    let event = record.map(|record| {
        el("div")
            .class("column")
            .add(fields::record(&record))
            .maybe(receipt.map(standing))
            .add(payload(app, &record.payload, receipt, source).attr("id", "payload"))
    });
    let list = steps(&examined.checks, &examined.assurance);
    // Of an answer of the node that was refused there is no receipt to go through.
    let has_list = !list.is_empty() && (receipt.is_some() || bytes.is_some());
    let checks = has_list.then(|| {
        fields::section(words::STEPS.get())
            .attr("id", "checks")
            .add(check_list(&list, receipt.is_some()))
    });
    // Beside what was checked stands who signed: both columns are about as long.
    let checks = checks.map(|checks| {
        let who = receipt.map(|receipt| who_signed(receipt, source));
        el("div").class("column").add(checks).maybe(who)
    });
    let columns = el("div").class("columns");
    // What matters most comes first: the event if it is verified, else what went wrong.
    let columns = if receipt.is_some() {
        columns.maybe(event).maybe(checks)
    } else {
        columns.maybe(checks).maybe(event)
    };
    let bytes = receipt.map(CheckedReceipt::bytes).or(bytes);
    let wide = bytes.and_then(mountain);
    let raw = bytes.map(raw);
    all([
        columns.maybe(wide.map(|wide| wide.class("card wide"))).view(),
        raw.map_or_else(nothing, El::view),
    ])
}

/// Who signed the header of a verified receipt.
fn who_signed(receipt: &CheckedReceipt, source: Source) -> El {
    let card = fields::section(&names::WHO_SIGNED).attr("id", "signers");
    let table = Receipt::decode(receipt.bytes()).ok().and_then(|own| signers(&own.finality));
    let height = receipt.header().header().height;
    let block = ["#/block/", &height.to_string()].concat();
    let block =
        el("a").attr("href", &block).text(&text::fill(names::BLOCK_PAGE, &[&thousands(height)]));
    match table {
        Some(table) => {
            card.add(el("p").class("small soft").text(&names::WHO_SIGNED_WHY)).add(table)
        }
        None => card.add(el("p").class("soft").text(&names::NO_VOTES)),
    }
    .maybe((source != Source::Sample).then(|| el("p").class("small").add(block)))
}

/// Who is trusted for this verdict.
fn standing(receipt: &CheckedReceipt) -> El {
    let standing = receipt.standing();
    let mut rows = vec![Field::digest(names::ANCHOR.get(), &standing.anchor)];
    rows.extend(standing_fields(&standing));
    let suite = receipt.with(|fact| fact.event().writer_suite());
    if suite.is_ok_and(|suite| !suite.is_post_quantum()) {
        rows.push(Field::plain(names::WRITER.get(), names::WRITER_CLASSICAL.get()));
    }
    rows.push(Field::plain(names::CHECKED.get(), time(receipt.checked_at())));
    fields::section(names::TITLE.get()).add(fields::list(&rows))
}

/// What a standing says, in words.
pub(crate) fn standing_fields(standing: &Standing) -> [Field; 3] {
    let concentrated = standing.concentrated.map(|(power, total)| text::concentrated(power, total));
    let validators = match (standing.post_quantum, concentrated) {
        (None, _) => names::NO_SET.owned(),
        (Some(_), Some(text)) => text,
        (Some(_), None) => names::SPREAD.owned(),
    };
    let quantum = match standing.post_quantum {
        Some(true) => names::POST_QUANTUM.get(),
        Some(false) => names::CLASSICAL.get(),
        None => names::NO_SET.get(),
    };
    [
        Field::plain(names::VALIDATORS.get(), validators),
        Field::plain(names::QUANTUM.get(), quantum),
        Field::plain(names::PERIOD.get(), text::trust_period(standing.trust_period)),
    ]
}

fn raw(bytes: &[u8]) -> El {
    let shown = hex_dump(bytes.get(..SHOWN).unwrap_or(bytes));
    let length = text::bytes(crate::format::len(bytes.len()));
    let copy = el("div")
        .class("row small")
        .text(words::COPY_HEX.get())
        .add(copy_button(words::RAW.get(), &hex(bytes)));
    let cut = (bytes.len() > SHOWN).then(|| el("p").class("small soft").text(words::RAW_CUT.get()));
    let inner =
        el("div").class("section").add(copy).maybe(cut).add(byte_box(words::RAW.get(), &shown));
    el("details")
        .class("card")
        .add(el("summary").text(words::RAW.get()).text(", ").text(&length))
        .add(inner)
}
