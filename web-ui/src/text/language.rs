//! One text in the language that is on.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;

use cairn_light_client::World as _;
use cairn_light_client::world::{Browser, Request};
use wasm_bindgen::JsValue;

use crate::browser::{self, Keep};

const CHOICE: &str = "cairn-language";

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

impl Language {
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its own name for itself.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The one that was chosen, else the browser's.
    pub(crate) fn preferred() -> Self {
        let chosen = browser::load(Keep::Device, CHOICE).or_else(browser::language);
        let is_german = chosen.is_some_and(|tag| tag.starts_with(Self::German.tag()));
        if is_german { Self::German } else { Self::English }
    }

    /// Fetches its table and turns the page to it; false, and nothing is changed, if that fails.
    pub(crate) async fn turn_on(self) -> bool {
        let table = match self {
            Self::English => Some(Vec::new()),
            Self::German => fetch(self.tag()).await,
        };
        let Some(table) = table else {
            return false;
        };
        TABLE.with_borrow_mut(|now| *now = table);
        browser::set_language(self.tag());
        true
    }

    /// Keeps the choice for the next visit.
    pub(crate) fn keep(self) {
        browser::store(Keep::Device, CHOICE, Some(self.tag()));
    }
}

thread_local! {
    /// What stands in place of the English, ascending by key.
    static TABLE: RefCell<Vec<(u32, &'static str)>> = const { RefCell::new(Vec::new()) };
}

async fn fetch(tag: &str) -> Option<Vec<(u32, &'static str)>> {
    let url = browser::resolve(&[tag, ".json"].concat())?;
    let bytes = Browser.get(Request::json(url)).await.ok()?;
    let parsed = js_sys::JSON::parse(str::from_utf8(&bytes).ok()?).ok()?;
    let pairs = js_sys::Object::entries(&js_sys::Object::from(parsed));
    let pair = |pair: JsValue| {
        let pair = js_sys::Array::from(&pair);
        let text: &'static str = Box::leak(pair.get(1).as_string()?.into_boxed_str());
        Some((key(&pair.get(0).as_string()?), text))
    };
    let mut table: Vec<_> = pairs.iter().filter_map(pair).collect();
    table.sort_unstable_by_key(|(key, _)| *key);
    Some(table)
}

fn lookup(key: u32) -> Option<&'static str> {
    TABLE.with_borrow(|table| {
        let at = table.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        table.get(at).map(|(_, text)| *text)
    })
}

/// The sentence for an error's code in the language that is on, unless that is English: the
/// verifier's own says more, with both sides in it.
pub(crate) fn of_error(code: &str) -> Option<&'static str> {
    lookup(key(&["error.", code].concat()))
}

/// The key of a code: FNV-1a, so that codes take no room in the module.
pub(crate) const fn key(code: &str) -> u32 {
    let (bytes, mut hash, mut at) = (code.as_bytes(), 0x811c_9dc5_u32, 0);
    while at < bytes.len() {
        #[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "const; at < len")]
        let byte = bytes[at] as u32;
        hash = (hash ^ byte).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

/// A text of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    key: u32,
    english: &'static str,
}

impl Text {
    /// No text.
    pub(crate) const NONE: Self = Self { key: 0, english: "" };

    pub(crate) const fn new(code: &str, english: &'static str) -> Self {
        Self { key: key(code), english }
    }

    /// In the language that is on.
    #[inline(never)]
    pub(crate) fn get(self) -> &'static str {
        lookup(self.key).unwrap_or(self.english)
    }

    /// In English, for files and programs.
    pub(crate) const fn english(self) -> &'static str {
        self.english
    }

    /// [`Text::get`], owned.
    pub(crate) fn owned(self) -> String {
        self.get().to_owned()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.get()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}
