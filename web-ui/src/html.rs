//! Elements, in few types.
//!
//! Leptos gives every element of a `view!` a type of its own, and each of these types its own code
//! in the module: measured, 290 kB of brotli for this page. Here each element is of one type, over
//! Leptos's own [`AnyView`] and [`AnyAttribute`], so that a page costs its words and not its shape.
//!
//! **Invariant:** text is only ever set as text.

use std::sync::{Arc, Mutex};

use leptos::attr::any_attribute::{AnyAttribute, IntoAnyAttribute as _};
use leptos::attr::custom::custom_attribute;
use leptos::html::{ElementChild as _, custom};
use leptos::prelude::{AddAnyAttr as _, AnyView, IntoAny as _};
use leptos::{ev, svg};
use web_sys::Event;

/// Any part of a page.
pub(crate) type View = AnyView;

/// An element in the making.
pub(crate) struct El {
    tag: &'static str,
    attributes: Vec<AnyAttribute>,
    children: Vec<View>,
}

/// An element with this name.
pub(crate) const fn el(tag: &'static str) -> El {
    El { tag, attributes: Vec::new(), children: Vec::new() }
}

impl El {
    /// Sets its class.
    pub(crate) fn class(self, class: &str) -> Self {
        self.attr("class", class)
    }

    /// Sets an attribute.
    pub(crate) fn attr(mut self, name: &'static str, value: &str) -> Self {
        self.attributes.push(custom_attribute(name, value.to_owned()).into_any_attr());
        self
    }

    /// An attribute that follows signals; absent while it is `None`.
    pub(crate) fn live_attr(
        mut self,
        name: &'static str,
        value: impl FnMut() -> Option<String> + Send + 'static,
    ) -> Self {
        let value: Arc<Mutex<dyn FnMut() -> Option<String> + Send>> = Arc::new(Mutex::new(value));
        self.attributes.push(custom_attribute(name, value).into_any_attr());
        self
    }

    /// Calls `heard` at every event of this name.
    pub(crate) fn on(mut self, name: &'static str, heard: impl FnMut(Event) + 'static) -> Self {
        let heard: Box<dyn FnMut(Event)> = Box::new(heard);
        self.attributes.push(ev::on(ev::Custom::new(name), heard).into_any_attr());
        self
    }

    /// Appends text.
    pub(crate) fn text(self, words: &str) -> Self {
        self.add(text(words))
    }

    /// Appends a part.
    pub(crate) fn add(mut self, part: impl Into<View>) -> Self {
        self.children.push(part.into());
        self
    }

    /// Appends a part if there is one.
    pub(crate) fn maybe<V: Into<View>>(mut self, part: Option<V>) -> Self {
        self.children.extend(part.map(Into::into));
        self
    }

    /// Appends parts.
    pub(crate) fn all<V: Into<View>>(mut self, parts: impl IntoIterator<Item = V>) -> Self {
        self.children.extend(parts.into_iter().map(Into::into));
        self
    }

    /// Appends a part that follows signals.
    pub(crate) fn live(self, part: impl FnMut() -> View + Send + 'static) -> Self {
        self.add(live(part))
    }

    /// Appends text that follows signals.
    pub(crate) fn live_text(self, mut words: impl FnMut() -> String + Send + 'static) -> Self {
        self.live(move || text(&words()))
    }

    /// The element.
    pub(crate) fn view(self) -> View {
        let Self { tag, attributes, children } = self;
        match tag {
            "svg" => svg::svg().child(children).add_any_attr(attributes).into_any(),
            "path" => svg::path().add_any_attr(attributes).into_any(),
            tag => custom(tag).child(children).add_any_attr(attributes).into_any(),
        }
    }
}

impl From<El> for View {
    fn from(element: El) -> Self {
        element.view()
    }
}

/// Text.
pub(crate) fn text(words: &str) -> View {
    words.to_owned().into_any()
}

/// Nothing.
pub(crate) fn nothing() -> View {
    all(Vec::new())
}

/// Parts one after the other.
pub(crate) fn all(parts: Vec<View>) -> View {
    parts.into_any()
}

/// A part that follows signals.
pub(crate) fn live(part: impl FnMut() -> View + Send + 'static) -> View {
    let part: Arc<Mutex<dyn FnMut() -> View + Send>> = Arc::new(Mutex::new(part));
    part.into_any()
}
