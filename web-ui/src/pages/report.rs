//! What was checked, on paper and as JSON, with what anyone needs to repeat it.

use cairn_verifier::UnixMillis;
use cairn_verifier::json::Object;

use super::batch::{rows_table, state_bar};
use crate::batch::{LOOKS, Row, rows_json};
use crate::browser::{self, Build};
use crate::components::fields::{list, section};
use crate::components::frame::{button, head};
use crate::components::payload::command_box;
use crate::format::{thousands, time};
use crate::html::{El, View, all, el};
use crate::pin::PinnedBy;
use crate::record::Field;
use crate::signals::*;
use crate::state::App;
use crate::text::report as words;

/// How many rows are printed; the JSON has all.
const PRINTED: usize = 1_000;
/// How many files the command names, before it says "all of them".
const NAMED: usize = 20;

/// The page.
pub(crate) fn report(app: App) -> View {
    if app.batch.rows.with(Vec::is_empty) {
        let go = el("p").add(el("a").attr("href", "#/batch").text(&words::GO));
        return head(&words::TITLE, &words::EMPTY).add(go).view();
    }
    let build = RwSignal::new(Build::default());
    spawn_local(async move {
        let found = browser::build().await;
        let _left = build.try_set(found);
    });
    let save = move |_| {
        let text = to_json(app, &build.get_untracked());
        let _saved = browser::save("report.json", text.as_bytes());
    };
    let actions = el("div")
        .class("row no-print")
        .add(button(&words::PRINT, |_| browser::print()).class("main"))
        .add(button(&words::JSON, save));
    let facts = move || list(&fields(app, &build.get())).view();
    let facts =
        section(&words::RESTS).live(facts).add(el("p").class("small soft").text(&words::RESTS_WHY));
    let rows = app.batch.rows.with(|rows| rows.get(..PRINTED).unwrap_or(rows).to_vec());
    let rows = section(&words::VERDICTS).add(rows_table(rows));
    all([
        head(&words::TITLE, &words::WHAT).view(),
        actions.view(),
        facts.view(),
        counts(app).view(),
        repeat(app).view(),
        rows.view(),
    ])
}

fn fields(app: App, build: &Build) -> Vec<Field> {
    let mut fields = Vec::new();
    if let Some(pin) = app.batch.pin.get_untracked() {
        fields.push(Field::digest(&words::ANCHOR, &pin.anchor));
        fields.push(Field::plain(&words::PINNED, pin.by.name()));
    }
    let ended = app.batch.ended.get_untracked();
    fields.push(Field::plain(&words::CHECKED, time(UnixMillis(ended))));
    fields.push(Field::plain(&words::MADE, time(browser::now())));
    fields.push(Field::plain(&words::NODE, browser::origin()));
    fields.push(Field::plain(&words::VERIFIER, env!("CARGO_PKG_VERSION")));
    if !build.digest.is_empty() {
        fields.push(Field::digest(&words::DIGEST, &build.digest));
    }
    fields
}

fn counts(app: App) -> El {
    let counts = app.batch.counts();
    let row = |(look, count): (&crate::verdict::Look, u64)| {
        let badge = crate::components::badge::badge(*look);
        let number = el("dd").class("number").text(&thousands(count));
        el("div").add(el("dt").add(badge)).add(number)
    };
    let rows = LOOKS.iter().zip(counts).filter(|(_, count)| *count != 0).map(row);
    section(&words::COUNTS).add(state_bar(counts)).add(el("dl").class("facts").all(rows))
}

/// The command that gives the same verdicts. Names of files are others' text: in single quotes,
/// with what would end them taken care of.
fn command(rows: &[Row], anchor: &str, at: u64) -> String {
    let quoted = |name: &str| ["'", &name.replace('\'', "'\\''"), "'"].concat();
    let files = if rows.len() > NAMED {
        "*.cairn".to_owned()
    } else {
        let names: Vec<String> = rows.iter().map(|row| quoted(&row.name)).collect();
        names.join(" ")
    };
    format!(
        "for file in {files}; do cairn verify --anchor {anchor} --at {at} -- \"$file\" \
         || echo \"$file: exit code $?\"; done"
    )
}

fn repeat(app: App) -> El {
    section(&words::REPEAT)
        .add(el("p").class("small soft").text(&words::REPEAT_WHY))
        .add(command_box(&words::REPEAT, &own_command(app)))
}

fn own_command(app: App) -> String {
    let anchor =
        app.batch.pin.get_untracked().map(|pin| pin.anchor.to_string()).unwrap_or_default();
    let at = app.batch.ended.get_untracked();
    app.batch.rows.with_untracked(|rows| command(rows, &anchor, at))
}

fn to_json(app: App, build: &Build) -> String {
    let pin = app.batch.pin.get_untracked();
    let by = match pin.map(|pin| pin.by) {
        Some(PinnedBy::User) => "user",
        Some(PinnedBy::Link) => "link",
        None => "nobody",
    };
    let counts = LOOKS.iter().zip(app.batch.counts());
    let counts = counts
        .fold(Object::new(), |object, (look, count)| object.plain(look.word.english(), count));
    let verifier = Object::new()
        .text("version", env!("CARGO_PKG_VERSION"))
        .text("sha256", &build.digest)
        .text("servedBy", browser::origin());
    Object::new()
        .text("anchor", pin.map(|pin| pin.anchor.to_string()).unwrap_or_default())
        .text("pinnedBy", by)
        .plain("checkedAt", app.batch.ended.get_untracked())
        .json("verifier", &verifier.finish())
        .json("counts", &counts.finish())
        .text("repeat", own_command(app))
        .json("receipts", &app.batch.rows.with_untracked(|rows| rows_json(rows)))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        let row = Row::unread("a'; rm -rf ~; '.cairn".to_owned(), String::new());
        let line = command(&[row], "genesis:00", 7);
        assert!(line.starts_with("for file in 'a'\\''; rm -rf ~; '\\''.cairn'; do"), "{line}");
        assert!(line.contains("--anchor genesis:00 --at 7 -- \"$file\""), "{line}");
    }
}
