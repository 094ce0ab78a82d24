//! The auditor's page: a receipt, or an event of a log, verified in the browser step by step.
//!
//! ```text
//! router      the fragment of the address, read
//! pin         the anchor that the user pinned
//! signals     what changes, and what follows it
//! state       what all pages share, and the two ways to a verdict: examine, and the light client
//! verdict     how each state looks
//! steps, record, walk   a receipt as lists of names and values, and as a way up the tree
//! checkpoint  headers by height, verified; whether one continues another
//! batch, worker   many receipts, checked beside the page
//! net         what is asked of the node beside the light client: claims
//! pages/, components/   what is drawn
//! text        all words
//! ```
//!
//! **Invariant:** green is drawn from [`cairn_light_client::Assurance::Verified`] and from nothing
//! else, and each verdict is cleared before the next check begins.
//! **Invariant:** what others wrote is drawn as text, never as markup.
#![forbid(unsafe_code)]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers here are for showing; what is verified is computed in the verifier"
)]

mod batch;
mod browser;
mod checkpoint;
mod components;
mod folders;
mod format;
mod html;
mod net;
mod pages;
mod pin;
mod recent;
mod record;
mod router;
mod signals;
mod state;
mod steps;
mod text;
mod verdict;
mod walk;
mod worker;

use components::drop_zone;
use components::frame::head_from;
use components::header_bar::{focus_title, footer, header_bar, notices, skip_link};
use html::{View, all, el};
use router::Route;
use signals::{Get as _, Track as _, document, keep, spawn_local};
use state::App;
use text::Language;

fn main() {
    if browser::is_worker() {
        worker::run();
        return;
    }
    spawn_local(async {
        Language::preferred().turn_on().await;
        keep(|| {
            let body = document().body();
            drop(body.map(|body| body.append_child(&page())));
        });
    });
}

fn page() -> View {
    let app = App::new();
    drop_zone::listen(app);
    browser::listen("hashchange", move |_: web_sys::Event| app.arrive());
    let main =
        el("main").class("page").attr("id", "content").add(notices(app)).live(move || content(app));
    // All of it again in another language.
    let frame = move || {
        app.language.track();
        all([skip_link().view(), header_bar(app).view()])
    };
    let foot = move || {
        app.language.track();
        footer(app).view()
    };
    all([html::live(frame), main.view(), html::live(foot)])
}

/// The page of a route.
fn content(app: App) -> View {
    let route = app.route.get();
    app.language.track();
    let (title, view) = match &route {
        Route::Home => (text::home::TITLE.get(), pages::home::home(app)),
        Route::Dropped(number) => {
            (text::proof::RECEIPT.get(), pages::receipt::dropped(app, *number))
        }
        Route::InLink(bytes) => (text::proof::RECEIPT.get(), pages::receipt::in_link(app, bytes)),
        Route::Log(filters) => (text::log::TITLE.get(), pages::log::log(app, filters)),
        Route::Event(id) => (text::proof::EVENT.get(), pages::event::event(app, id)),
        Route::Block(height) => (text::block::NAME.get(), pages::block::block(app, height)),
        Route::Compare(old, new) => {
            (text::block::COMPARE.get(), pages::compare::compare(app, old, new))
        }
        Route::Sample(is_forged) => {
            (text::proof::RECEIPT.get(), pages::sample::sample(app, *is_forged))
        }
        Route::Batch(filters) => (text::batch::TITLE.get(), pages::batch::batch(app, filters)),
        Route::Report => (text::report::TITLE.get(), pages::report::report(app)),
        Route::Operator => (text::operator::TITLE.get(), pages::operator::operator()),
        Route::About => (text::about::TITLE.get(), pages::about::about()),
        Route::Trust => (text::trust::TITLE.get(), pages::trust::trust(app)),
        Route::Unknown => {
            let title = text::frame::UNKNOWN.get();
            (title, head_from("#/", text::home::TITLE.get(), title).view())
        }
    };
    document().set_title(&[title, " · ", text::NAME].concat());
    browser::soon(focus_title);
    view
}
