//! Elements, built by hand over the signals and effects of Leptos.
//!
//! Leptos's own `view!` gives every element a type, and every type its own code in the module:
//! measured with brotli, 230 kB of WebAssembly with it and 160 kB with the few lines below. What
//! Leptos does for the page is all that moves: signals, effects, owners, tasks.
//!
//! **Invariant:** text is only ever set as text, and no attribute holds code.

use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, Node};

use crate::browser;
use crate::signals::{StoredValue, document, effect, spawn_local};

const SVG: &str = "http://www.w3.org/2000/svg";
/// How many of many elements are drawn in one task.
const IN_A_TURN: usize = 40;

/// Any part of a page.
pub(crate) type View = Node;

/// An element in the making. Its methods are called from everywhere, so each stands in the module
/// once.
pub(crate) struct El(Element);

/// An element with this name.
#[inline(never)]
pub(crate) fn el(tag: &str) -> El {
    let made = match tag {
        "svg" | "path" | "text" => document().create_element_ns(Some(SVG), tag),
        tag => document().create_element(tag),
    };
    // Only a name that is none fails, and all names here are literals.
    El(made.unwrap_or_else(|error| wasm_bindgen::throw_val(error)))
}

impl El {
    /// Sets its class.
    #[inline(never)]
    pub(crate) fn class(self, class: &str) -> Self {
        self.attr("class", class)
    }

    /// Sets an attribute.
    #[inline(never)]
    pub(crate) fn attr(self, name: &str, value: &str) -> Self {
        drop(self.0.set_attribute(name, value));
        self
    }

    /// An attribute that follows signals; absent while it is `None`.
    pub(crate) fn live_attr(
        self,
        name: &'static str,
        value: impl Fn() -> Option<String> + 'static,
    ) -> Self {
        let element = self.0.clone();
        effect(move || {
            drop(match value() {
                Some(value) => element.set_attribute(name, &value),
                None => element.remove_attribute(name),
            });
        });
        self
    }

    /// Calls `heard` at every event of this name, as long as the part of the page lives.
    pub(crate) fn on(self, name: &str, heard: impl FnMut(Event) + 'static) -> Self {
        self.listen(name, Closure::new(heard))
    }

    #[inline(never)]
    fn listen(self, name: &str, heard: Closure<dyn FnMut(Event)>) -> Self {
        let function = heard.as_ref().unchecked_ref();
        drop(self.0.add_event_listener_with_callback(name, function));
        // Kept by the owner of this part, and dropped with it.
        StoredValue::new_local(heard);
        self
    }

    /// Appends text.
    #[inline(never)]
    pub(crate) fn text(self, words: &str) -> Self {
        self.add(text(words))
    }

    /// Appends a part.
    #[inline(never)]
    pub(crate) fn add(self, part: impl Into<View>) -> Self {
        append(&self.0, &part.into());
        self
    }

    /// Appends an element if there is one.
    #[inline(never)]
    pub(crate) fn maybe(self, part: Option<Self>) -> Self {
        match part {
            Some(part) => self.add(part),
            None => self,
        }
    }

    /// Appends elements.
    pub(crate) fn all(self, parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(self, Self::add)
    }

    /// Appends elements, some of them now and the others in turns: of hundreds at once, the browser would
    /// lay out all in one task. What was left meanwhile does not go on.
    pub(crate) fn all_in_turns(self, mut parts: impl Iterator<Item = Self> + 'static) -> Self {
        let whole = self.all(parts.by_ref().take(IN_A_TURN));
        let element = whole.0.clone();
        spawn_local(async move {
            let mut parts = parts.peekable();
            while parts.peek().is_some() {
                browser::pause().await;
                if !element.is_connected() {
                    return;
                }
                let next = parts.by_ref().take(IN_A_TURN).map(View::from);
                append(&element, &all(next));
            }
        });
        whole
    }

    /// Appends a part that follows signals.
    pub(crate) fn live(self, part: impl Fn() -> View + 'static) -> Self {
        self.add(live(part))
    }

    /// Appends text that follows signals.
    pub(crate) fn live_text(self, words: impl Fn() -> String + 'static) -> Self {
        self.live(move || text(&words()))
    }

    /// The element.
    pub(crate) fn view(self) -> View {
        self.0.into()
    }
}

impl From<El> for View {
    fn from(element: El) -> Self {
        element.view()
    }
}

#[inline(never)]
fn append(parent: &Node, part: &Node) {
    drop(parent.append_child(part));
}

/// Text.
#[inline(never)]
pub(crate) fn text(words: &str) -> View {
    document().create_text_node(words).into()
}

/// Nothing.
pub(crate) fn nothing() -> View {
    document().create_document_fragment().into()
}

/// Parts one after the other.
pub(crate) fn all(parts: impl IntoIterator<Item = View>) -> View {
    let whole = nothing();
    for part in parts {
        append(&whole, &part);
    }
    whole
}

/// A part that follows signals: what stands between two empty texts is replaced whenever one of
/// the signals that it read changes.
pub(crate) fn live(part: impl Fn() -> View + 'static) -> View {
    live_part(Box::new(part))
}

#[inline(never)]
fn live_part(part: Box<dyn Fn() -> View>) -> View {
    let (start, end) = (text(""), text(""));
    let whole = all([start.clone(), end.clone()]);
    effect(move || {
        let part = part();
        let Some(parent) = end.parent_node() else {
            return;
        };
        while let Some(old) = end.previous_sibling().filter(|old| *old != start) {
            drop(parent.remove_child(&old));
        }
        drop(parent.insert_before(&part, Some(&end)));
    });
    whole
}
