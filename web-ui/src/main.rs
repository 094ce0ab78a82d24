//! The auditor's page: a receipt, or an event of a log, verified in the browser step by step.
//!
//! ```text
//! router      the fragment of the address, read
//! pin         the anchor that the user pinned
//! state       what all pages share, and the two ways to a verdict: examine, and the light client
//! verdict     how each state looks
//! steps, record   a receipt as lists of names and values
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

mod browser;
mod components;
mod format;
mod html;
mod pages;
mod pin;
mod record;
mod router;
mod state;
mod steps;
mod text;
mod verdict;

use leptos::prelude::{Get as _, document, mount_to_body};

use components::drop_zone;
use components::frame::head;
use components::header_bar::{focus_title, header_bar, notices, skip_link};
use html::{View, all, el};
use router::Route;
use state::App;

fn main() {
    mount_to_body(|| {
        let body = document().body();
        drop(body.map(|body| body.append_child(&page())));
    });
}

fn page() -> View {
    let app = App::new();
    drop_zone::listen(app);
    browser::listen("hashchange", move |_: web_sys::Event| app.arrive());
    let main =
        el("main").class("page").attr("id", "content").add(notices(app)).live(move || content(app));
    let foot = el("p").text(text::frame::FOOT).text(env!("CARGO_PKG_VERSION"));
    all([
        skip_link().view(),
        header_bar(app).view(),
        main.view(),
        el("footer").class("foot").add(foot).view(),
    ])
}

/// The page of a route.
fn content(app: App) -> View {
    let route = app.route.get();
    let (title, view) = match &route {
        Route::Home => (text::home::TITLE, pages::home::home(app)),
        Route::Dropped(number) => (text::proof::RECEIPT, pages::receipt::dropped(app, *number)),
        Route::InLink(bytes) => (text::proof::RECEIPT, pages::receipt::in_link(app, bytes)),
        Route::Log(filters) => (text::log::TITLE, pages::log::log(app, filters)),
        Route::Event(id) => (text::proof::EVENT, pages::event::event(app, id)),
        Route::Trust => (text::trust::TITLE, pages::trust::trust(app)),
        Route::Unknown => (text::frame::UNKNOWN, head(text::frame::UNKNOWN, "").view()),
    };
    document().set_title(&[title, " · ", text::NAME].concat());
    browser::soon(focus_title);
    view
}
