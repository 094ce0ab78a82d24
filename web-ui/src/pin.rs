//! The anchor that the user pinned: text, never a verdict.

use cairn_verifier::TrustAnchor;

use crate::browser::{self, Keep};
use crate::text;

const NAME: &str = "cairn-anchor";

/// A pinned anchor, and whose choice it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) anchor: TrustAnchor,
    pub(crate) by: PinnedBy,
}

/// Who pinned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinnedBy {
    /// The link that led here; it stays for this tab.
    Link,
    /// The user; it stays on this device, and no link replaces it.
    User,
}

impl PinnedBy {
    const fn keep(self) -> Keep {
        match self {
            Self::Link => Keep::Tab,
            Self::User => Keep::Device,
        }
    }

    /// In words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Link => text::pin::FROM_LINK.get(),
            Self::User => text::pin::BY_YOU.get(),
        }
    }
}

impl Pin {
    /// What was pinned before: the user's own choice first.
    pub(crate) fn load() -> Option<Self> {
        [PinnedBy::User, PinnedBy::Link].into_iter().find_map(|by| {
            let anchor = browser::load(by.keep(), NAME)?.parse().ok()?;
            Some(Self { anchor, by })
        })
    }

    /// Keeps this pin. One by the user's choice replaces a link's; what the user chose, perhaps in
    /// another tab meanwhile, no link takes away.
    pub(crate) fn save(self) {
        browser::store(Keep::Tab, NAME, None);
        browser::store(self.by.keep(), NAME, Some(&self.anchor.to_string()));
    }

    /// Keeps none.
    pub(crate) fn forget() {
        browser::store(Keep::Tab, NAME, None);
        browser::store(Keep::Device, NAME, None);
    }
}

/// What a link with an anchor does to the pin at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FromLink {
    /// It becomes the pin.
    Pin(Pin),
    /// It is the pin already.
    Same,
    /// The user pinned another one, which stays; this one may be chosen.
    Offer(TrustAnchor),
    /// It is no anchor.
    Bad,
}

/// Decides what the anchor of a link does. A link replaces only what a link had pinned: the user's
/// own choice is the user's to change.
pub(crate) fn from_link(current: Option<Pin>, text: &str) -> FromLink {
    let Ok(anchor) = text.parse() else {
        return FromLink::Bad;
    };
    match current {
        Some(pin) if pin.anchor == anchor => FromLink::Same,
        Some(Pin { by: PinnedBy::User, .. }) => FromLink::Offer(anchor),
        Some(Pin { by: PinnedBy::Link, .. }) | None => {
            FromLink::Pin(Pin { anchor, by: PinnedBy::Link })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_never_replaces_the_users_choice() {
        let text = |digit: &str| format!("genesis:{}", digit.repeat(64));
        let pin = |digit: &str, by| Pin { anchor: text(digit).parse().unwrap(), by };
        let (link, user) = (PinnedBy::Link, PinnedBy::User);
        assert_eq!(from_link(None, &text("a")), FromLink::Pin(pin("a", link)));
        assert_eq!(from_link(Some(pin("b", link)), &text("a")), FromLink::Pin(pin("a", link)));
        assert_eq!(from_link(Some(pin("a", user)), &text("a")), FromLink::Same);
        let offered = text("a").parse().unwrap();
        assert_eq!(from_link(Some(pin("b", user)), &text("a")), FromLink::Offer(offered));
        assert_eq!(from_link(None, "genesis:zz"), FromLink::Bad);
    }
}
