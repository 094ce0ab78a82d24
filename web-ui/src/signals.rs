//! The reactive core of Leptos: signals, what follows them, and what owns both. Nothing else of Leptos
//! is used: elements are built by [`crate::html`].

pub(crate) use reactive_graph::computed::Memo;
pub(crate) use reactive_graph::owner::{LocalStorage, Owner, StoredValue};
pub(crate) use reactive_graph::signal::RwSignal;
pub(crate) use reactive_graph::traits::*;

use any_spawner::Executor;
use reactive_graph::effect::Effect;
pub(crate) use wasm_bindgen_futures::spawn_local;
use web_sys::Document;

/// Runs what builds the page, and keeps what it makes for as long as the page lives.
pub(crate) fn keep(build: impl FnOnce()) {
    // Only a second call fails, and there is none.
    drop(Executor::init_wasm_bindgen());
    let owner = Owner::new();
    owner.with(build);
    std::mem::forget(owner);
}

/// Runs now, and again whenever a signal changes that was read.
pub(crate) fn effect(work: impl Fn() + 'static) {
    boxed(Box::new(work));
}

/// The one effect of the module: each type of closure would bring its own.
#[inline(never)]
fn boxed(work: Box<dyn Fn()>) {
    Effect::new(move |_: Option<()>| work());
}

/// The page's document.
#[inline(never)]
pub(crate) fn document() -> Document {
    thread_local! {
        static DOCUMENT: Option<Document> = web_sys::window().and_then(|window| window.document());
    }
    DOCUMENT.with(Option::clone).unwrap_or_else(|| wasm_bindgen::throw_str("there is no page"))
}
