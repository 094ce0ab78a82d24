//! Where the page is: the fragment of its address, so that nothing of it is sent to any server.

/// Which page, and what of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `#/`
    Home,
    /// `#/receipt/3`: the third receipt that was dropped on this page.
    Dropped(usize),
    /// `#/receipt?r=<base64url>`
    InLink(String),
    /// `#/log?actor=…`
    Log(Filters),
    /// `#/event/<id>`
    Event(String),
    /// `#/block/12`, or `latest`
    Block(String),
    /// `#/compare/3/12`: an older and a newer height, either of which may be missing.
    Compare(String, String),
    /// `#/sample`; true for `#/sample/forged`.
    Sample(bool),
    /// `#/batch?actor=…`
    Batch(Filters),
    /// `#/report`
    Report,
    /// `#/operator`
    Operator,
    /// `#/about`
    About,
    /// `#/trust`
    Trust,
    /// Anything else.
    Unknown,
}

/// What the log is asked for. Empty is anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filters {
    pub(crate) actor: String,
    pub(crate) resource: String,
    pub(crate) event_type: String,
    /// A day, `2026-03-01`.
    pub(crate) from: String,
    /// The last day, itself included.
    pub(crate) to: String,
}

impl Filters {
    /// Names in links, and values.
    fn pairs(&self) -> [(&'static str, &str); 5] {
        [
            ("actor", &self.actor),
            ("resource", &self.resource),
            ("type", &self.event_type),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    /// The link that shows this in the log.
    pub(crate) fn link(&self) -> String {
        self.link_to("#/log")
    }

    /// The link that does this in a batch.
    pub(crate) fn batch_link(&self) -> String {
        self.link_to("#/batch")
    }

    fn link_to(&self, page: &str) -> String {
        let pairs: Vec<String> = self
            .pairs()
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        if pairs.is_empty() { page.to_owned() } else { format!("{page}?{}", pairs.join("&")) }
    }

    fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name| get(name).unwrap_or_default();
        Self {
            actor: get("actor"),
            resource: get("resource"),
            event_type: get("type"),
            from: get("from"),
            to: get("to"),
        }
    }
}

/// A fragment, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) route: Route,
    /// The anchor that the link brings along.
    pub(crate) anchor: Option<String>,
}

impl Place {
    /// Reads a fragment, with or without its `#`.
    pub(crate) fn read(fragment: &str) -> Self {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        let (path, query) = if fragment.starts_with('/') {
            fragment.split_once('?').unwrap_or((fragment, ""))
        } else {
            ("/", fragment)
        };
        let get = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| decode(value))
        };
        let route = match path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice() {
            [""] => Route::Home,
            ["receipt"] => get("r").map_or(Route::Home, Route::InLink),
            ["receipt", number] => number.parse().map_or(Route::Unknown, Route::Dropped),
            ["log"] => Route::Log(Filters::read(get)),
            ["batch"] => Route::Batch(Filters::read(get)),
            ["block", height] => Route::Block((*height).to_owned()),
            ["compare"] => Route::Compare(String::new(), String::new()),
            ["compare", old, new] => Route::Compare((*old).to_owned(), (*new).to_owned()),
            ["sample"] => Route::Sample(false),
            ["sample", "forged"] => Route::Sample(true),
            ["report"] => Route::Report,
            ["operator"] => Route::Operator,
            ["about"] => Route::About,
            ["event", id] => Route::Event((*id).to_owned()),
            ["trust"] => Route::Trust,
            _ => Route::Unknown,
        };
        Self { route, anchor: get("anchor") }
    }
}

/// Percent-encodes all but letters, digits and `-._~`.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&crate::format::hex(&[byte]).to_ascii_uppercase());
        }
    }
    encoded
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(fragment: &str) -> Route {
        Place::read(fragment).route
    }

    #[test]
    fn fragments_are_places() {
        assert_eq!(route(""), Route::Home);
        assert_eq!(route("#/"), Route::Home);
        assert_eq!(route("#/receipt/2"), Route::Dropped(2));
        assert_eq!(route("#/receipt?r=AVI"), Route::InLink("AVI".into()));
        assert_eq!(route("#/event/0a"), Route::Event("0a".into()));
        assert_eq!(route("#/trust/"), Route::Trust);
        assert_eq!(route("#/block/latest"), Route::Block("latest".into()));
        assert_eq!(route("#/compare/3/12"), Route::Compare("3".into(), "12".into()));
        assert_eq!(route("#/sample/forged"), Route::Sample(true));
        assert_eq!(route("#/block"), Route::Unknown);
        assert_eq!(route("#/nowhere"), Route::Unknown);
    }

    #[test]
    fn a_link_may_bring_an_anchor() {
        let place = Place::read("#anchor=genesis:00");
        assert_eq!((place.route, place.anchor.as_deref()), (Route::Home, Some("genesis:00")));
        let place = Place::read("#/event/0a?anchor=genesis%3A00");
        assert_eq!(place.anchor.as_deref(), Some("genesis:00"));
    }

    #[test]
    fn filters_survive_their_link() {
        let filters =
            Filters { actor: "user/ä & b".into(), to: "2026-01-02".into(), ..Filters::default() };
        assert_eq!(filters.link(), "#/log?actor=user%2F%C3%A4%20%26%20b&to=2026-01-02");
        assert_eq!(route(&filters.link()), Route::Log(filters));
        assert_eq!(
            route("#/log?actor=%zz%"),
            Route::Log(Filters { actor: "%zz%".into(), ..Filters::default() })
        );
    }
}
