//! One block: its header, verified, and who signed it.

use cairn_light_client::Assurance;

use crate::checkpoint::{self, Checkpoint};
use crate::components::badge::banner;
use crate::components::fields::{list, section};
use crate::components::frame::{button, head, head_from};
use crate::components::signers::signers;
use crate::format::{thousands, time};
use crate::html::{El, View, all, el, nothing};
use crate::record::Field;
use crate::signals::*;
use crate::state::App;
use crate::text::{self, block as words, fields, fill, frame, log, standing, trust};
use crate::{browser, verdict};

/// The page.
pub(crate) fn block(app: App, height: &str) -> View {
    let is_latest = height == checkpoint::LATEST;
    let title = if is_latest { words::NEWEST.owned() } else { fill(words::TITLE, &[height]) };
    if !is_latest && height.parse::<u64>().is_err() {
        return head(&words::NAME, &words::BAD_HEIGHT).view();
    }
    let asked = height.to_owned();
    let found = checkpoint::ask(app, move |client| {
        let height = asked.clone();
        async move { checkpoint::fetch(&client, &height).await }
    });
    let verdict = move || {
        found.with(|found| {
            let say = |own: &Checkpoint| {
                fill(words::VERIFIED, &[&thousands(own.header().header().height)])
            };
            banner(found, &verdict::sentence(found, say), &[])
        })
    };
    let shown = move || {
        found.with(|found| match found {
            Assurance::Verified(checkpoint) => details(checkpoint),
            Assurance::NotChecked
            | Assurance::Checking
            | Assurance::CouldNotCheck(_)
            | Assurance::NotFinal
            | Assurance::Stale(_)
            | Assurance::Failed(_) => nothing(),
        })
    };
    let top = head_from("#/log", &frame::LOG, &title);
    let top = top.add(el("p").class("lead").text(&words::WHAT));
    let verdict = el("div").attr("id", "verdict").attr("role", "status").live(verdict);
    all([top.view(), verdict.view(), crate::html::live(shown)])
}

fn details(checkpoint: &Checkpoint) -> View {
    let height = checkpoint.header().header().height;
    let who = checkpoint.with(signers).flatten();
    let who = section(&standing::WHO_SIGNED).add(match who {
        Some(table) => el("div")
            .class("section")
            .add(el("p").class("small soft").text(&standing::WHO_SIGNED_WHY))
            .add(table),
        None => el("p").class("soft").text(&standing::NO_SET),
    });
    let header = section(&words::HEADER).add(list(&header_fields(checkpoint)));
    let columns = el("div").class("columns").add(header).add(who);
    all([neighbours(height).view(), columns.view(), save(checkpoint).view()])
}

fn neighbours(height: u64) -> El {
    let link = |height: u64, words: &str| {
        el("a").class("button").attr("href", &format!("#/block/{height}")).text(words)
    };
    let older = height.checked_sub(1).map(|older| link(older, &words::OLDER));
    let compare = format!("#/compare/{}/{height}", height.saturating_sub(1));
    el("nav")
        .class("row no-print")
        .attr("aria-label", &log::BLOCKS)
        .maybe(older)
        .add(link(height + 1, &words::NEWER))
        .add(el("a").attr("href", &compare).text(&words::COMPARE))
}

fn save(checkpoint: &Checkpoint) -> El {
    let name = format!("block-{}.checkpoint", checkpoint.header().header().height);
    let bytes = checkpoint.bytes().to_vec();
    let click = move |_| {
        let _saved = browser::save(&name, &bytes);
    };
    el("div")
        .class("row no-print")
        .add(button(&words::DOWNLOAD, click))
        .add(el("span").class("small soft").text(&words::CHECKPOINT_WHY))
}

fn header_fields(checkpoint: &Checkpoint) -> Vec<Field> {
    let header = checkpoint.header().header();
    let parent = if header.height == 0 {
        Field::plain(&words::PARENT, words::PARENT_NONE.get())
    } else {
        Field::digest(&words::PARENT, &header.parent)
    };
    vec![
        Field::digest(&fields::HEADER, &checkpoint.header().digest()),
        Field::plain(&log::HEIGHT, thousands(header.height)),
        Field::plain(&log::HEAD_TIME, time(header.time)),
        Field::plain(&trust::HOLDS, text::events(header.events.get())),
        Field::digest(&trust::EVENT_ROOT, &header.event_root),
        Field::digest(&words::HEADER_ROOT, &header.header_root),
        Field::digest(&words::STATE_ROOT, &header.state_root),
        parent,
        Field::plain(&trust::EPOCH, thousands(header.epoch)),
        Field::plain(&words::EPOCH_START, thousands(header.epoch_start)),
        Field::digest(&trust::SET_DIGEST, &header.set),
        Field::digest(&words::NEXT_SET, &header.next_set),
        Field::digest(&fields::LOG, &header.log),
    ]
}
