//! A sample that comes with the page, and the same forged: for who has no receipt, or no network.

use std::sync::Arc;

use cairn_light_client::examine;
use cairn_verifier::UnixMillis;

use crate::browser;
use crate::components::frame::{head_from, live_verdict};
use crate::components::hash::ends;
use crate::components::payload::Source;
use crate::components::proof;
use crate::format::{short_time, thousands};
use crate::html::{View, all, el, live};
use crate::signals::*;
use crate::state::{App, Examined, Local};
use crate::text::{fill, home as words, proof as names, sentence};

/// The test vector `receipts/ok-name`: five voting power in three validators, a writer with a name.
const SAMPLE: &[u8] = include_bytes!("../../sample/sample.cairn");
const ANCHOR: &str = "genesis:2b486ae5603424160ae2730e3d88bc35aaa1ddabed911d44af4e4ce029211407";
/// The sample's own time: its anchor is too old by any clock of today.
const AT: UnixMillis = UnixMillis(1_700_000_031_000);

/// The page.
pub(crate) fn sample(app: App, is_forged: bool) -> View {
    let bytes = if is_forged { super::home::bent(SAMPLE.to_vec()) } else { SAMPLE.to_vec() };
    let bytes: Arc<[u8]> = bytes.into();
    let title = if is_forged { words::OFFLINE_BAD } else { words::OFFLINE_GOOD };
    let note = fill(words::SAMPLE_NOTE, &[&ends(ANCHOR), &short_time(AT)]);
    let top = head_from("#/", &names::BACK, &title).add(el("p").class("honest").text(&note));
    let examined = examined(&bytes);
    let details =
        move || examined.with(|found| proof::details(app, found, Some(&bytes), Source::Sample));
    all([top.view(), live_verdict(examined, verified).view(), live(details)])
}

fn verified(index: u64) -> String {
    fill(sentence::SAMPLE_VERIFIED, &[&thousands(index)])
}

/// What a look at it finds, against its own anchor and as of its own time.
fn examined(bytes: &[u8]) -> Local<Examined> {
    let found = RwSignal::new_local(Examined::not_yet(cairn_light_client::Assurance::Checking));
    let bytes = bytes.to_vec();
    browser::soon(move || {
        let Ok(anchor) = ANCHOR.parse() else {
            return;
        };
        let looked = examine(bytes, anchor, AT);
        let (assurance, checks) = (looked.outcome.into(), looked.checks);
        let _left = found.try_set(Examined { assurance, checks });
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_holds_and_the_forged_one_does_not() {
        let anchor = ANCHOR.parse().unwrap();
        assert!(examine(SAMPLE.to_vec(), anchor, AT).outcome.is_ok());
        let forged = examine(super::super::home::bent(SAMPLE.to_vec()), anchor, AT).outcome;
        assert_eq!(forged.unwrap_err().code(), "inclusion-root-mismatch");
    }
}
