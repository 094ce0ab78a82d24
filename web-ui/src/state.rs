//! What the whole page shares: where it is, what is pinned, which receipts it holds, and the log
//! it follows.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use cairn_light_client::{Assurance, CheckedReceipt, ClientError, LightClient, examine};
use cairn_verifier::check::Check;
use cairn_verifier::{FinalHeader, TrustAnchor};

use crate::batch::Batch;
use crate::browser;
use crate::pin::{self, FromLink, Pin, PinnedBy};
use crate::recent;
use crate::router::{Place, Route};
use crate::signals::*;

/// A receipt that was given to this page: bytes, not yet a verdict.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) bytes: Arc<[u8]>,
}

/// What one look at a receipt found.
#[derive(Clone, Debug)]
pub(crate) struct Examined {
    pub(crate) assurance: Assurance<CheckedReceipt>,
    /// The checks that passed, up to the one that did not.
    pub(crate) checks: Vec<Check>,
}

impl Examined {
    /// Before any check.
    pub(crate) const fn not_yet(assurance: Assurance<CheckedReceipt>) -> Self {
        Self { assurance, checks: Vec::new() }
    }

    /// What the light client answered.
    pub(crate) fn of(assurance: Assurance<CheckedReceipt>) -> Self {
        let checks = if let Assurance::Verified(receipt) = &assurance {
            receipt.checks().to_vec()
        } else {
            Vec::new()
        };
        Self { assurance, checks }
    }
}

/// A signal of values that stay on this thread.
pub(crate) type Local<T> = RwSignal<T, LocalStorage>;

/// The page's state. Copies share it.
#[derive(Clone, Copy)]
pub(crate) struct App {
    pub(crate) route: RwSignal<Route>,
    pub(crate) pin: RwSignal<Option<Pin>>,
    /// An anchor of a link that the user's own pin kept out.
    pub(crate) offered: RwSignal<Option<TrustAnchor>>,
    pub(crate) bad_link: RwSignal<bool>,
    pub(crate) given: RwSignal<Vec<Given>>,
    /// What became of the last thing given, if it is no receipt at all.
    pub(crate) notice: RwSignal<String>,
    /// Whether files are held over the page.
    pub(crate) dragging: RwSignal<bool>,
    pub(crate) client: Local<Option<LightClient>>,
    pub(crate) head: Local<Assurance<FinalHeader>>,
    /// How often there was news from the node: what is listed is asked for anew.
    pub(crate) synced: RwSignal<u32>,
    /// Whether the node is being asked for a newer head.
    pub(crate) is_syncing: RwSignal<bool>,
    /// Whether the user asked again meanwhile: what comes may be from before that.
    asked_again: RwSignal<bool>,
    /// How often the language was changed.
    pub(crate) language: RwSignal<u32>,
    pub(crate) batch: Batch,
    /// Whether receipts are kept on this device.
    pub(crate) remembers: RwSignal<bool>,
}

impl App {
    /// The state at the start: from the address and from what was kept.
    pub(crate) fn new() -> Self {
        let app = Self {
            route: RwSignal::new(Route::Home),
            pin: RwSignal::new(Pin::load()),
            offered: RwSignal::new(None),
            bad_link: RwSignal::new(false),
            given: RwSignal::new(Vec::new()),
            notice: RwSignal::new(String::new()),
            dragging: RwSignal::new(false),
            client: RwSignal::new_local(None),
            head: RwSignal::new_local(Assurance::NotChecked),
            synced: RwSignal::new(0),
            is_syncing: RwSignal::new(false),
            asked_again: RwSignal::new(false),
            language: RwSignal::new(0),
            batch: Batch::new(),
            remembers: RwSignal::new(recent::is_on()),
        };
        recent::follow(app);
        app.arrive();
        app.follow();
        app
    }

    /// Reads the address.
    pub(crate) fn arrive(self) {
        let place = Place::read(&browser::fragment());
        if let Some(text) = place.anchor {
            // Another tab may have pinned one since.
            if let Some(kept) = Pin::load().filter(|kept| kept.by == PinnedBy::User) {
                self.pin.maybe_update(|pin| pin.replace(kept) != Some(kept));
            }
            let decision = pin::from_link(self.pin.get_untracked(), &text);
            self.bad_link.set(decision == FromLink::Bad);
            match decision {
                FromLink::Pin(pin) => self.set_pin(pin),
                FromLink::Offer(anchor) => self.offered.set(Some(anchor)),
                FromLink::Same | FromLink::Bad => {}
            }
        }
        if self.route.get_untracked() != place.route {
            self.route.set(place.route);
        }
    }

    /// Pins an anchor.
    pub(crate) fn set_pin(self, pin: Pin) {
        pin.save();
        self.offered.set(None);
        self.bad_link.set(false);
        self.pin.set(Some(pin));
    }

    /// Pins an anchor by the user's own choice.
    pub(crate) fn pin_by_user(self, anchor: TrustAnchor) {
        self.set_pin(Pin { anchor, by: PinnedBy::User });
    }

    /// Pins none.
    pub(crate) fn unpin(self) {
        Pin::forget();
        self.pin.set(None);
    }

    /// The pinned anchor; changes of who pinned it are none.
    pub(crate) fn anchor(self) -> Memo<Option<TrustAnchor>> {
        Memo::new(move |_| self.pin.get().map(|pin| pin.anchor))
    }

    /// Takes a receipt and returns its number.
    pub(crate) fn take(self, name: String, bytes: Vec<u8>) -> usize {
        self.given.update(|given| given.push(Given { name, bytes: bytes.into() }));
        self.given.with_untracked(Vec::len)
    }

    /// Connects to the node anew whenever another anchor is pinned.
    fn follow(self) {
        let anchor = self.anchor();
        let latest = Latest::default();
        effect(move || {
            let ticket = latest.next();
            self.client.set(None);
            self.is_syncing.set(false);
            self.head.set(Assurance::NotChecked);
            // Its verdicts rest on the anchor before.
            self.batch.clear();
            let Some(anchor) = anchor.get() else {
                return;
            };
            self.head.set(Assurance::Checking);
            spawn_local(async move {
                let connected = LightClient::connect(&browser::origin(), anchor).await;
                if !ticket.is_latest() {
                    return;
                }
                match connected {
                    Ok(client) => {
                        self.is_syncing.set(true);
                        self.client.set(Some(client.clone()));
                        let head = client.sync().await.into();
                        if ticket.is_latest() {
                            self.is_syncing.set(false);
                            self.head.set(head);
                            if self.asked_again.get_untracked() {
                                self.sync();
                            }
                        }
                    }
                    Err(error) => self.head.set(Err(error).into()),
                }
            });
        });
    }

    /// Takes notice of two histories, whoever met them: every page says so from then on.
    pub(crate) fn heed(self, client: &LightClient, error: Option<&ClientError>) {
        let is_own = |now: &Option<LightClient>| {
            now.as_ref().is_some_and(|now| now.anchor() == client.anchor())
        };
        let met = error.filter(|error| is_split(error)).cloned();
        let split = client.fork().map(|fork| fork.error()).or(met);
        if let Some(split) = split.filter(|_| self.client.with_untracked(is_own)) {
            self.head.set(Err(split).into());
        }
    }

    /// Asks the node for a newer head because the user wants it: what is listed is asked for anew too.
    pub(crate) fn sync(self) {
        self.ask_for_head(true);
    }

    /// Asks the node for a newer head because a page is opened: unless there is one, what is listed
    /// stays as it is.
    pub(crate) fn refresh(self) {
        self.ask_for_head(false);
    }

    /// What is known stays on the page meanwhile: what is verified does not become less true by
    /// asking, and two histories that were seen stay seen.
    fn ask_for_head(self, lists_too: bool) {
        let Some(client) = self.client.get_untracked() else {
            return;
        };
        if self.is_syncing.get_untracked() {
            self.asked_again.update(|again| *again |= lists_too);
            return;
        }
        self.asked_again.set(false);
        self.is_syncing.set(true);
        if self.head.with_untracked(|head| matches!(head, Assurance::NotChecked)) {
            self.head.set(Assurance::Checking);
        }
        spawn_local(async move {
            let before = client.head().map(|head| head.digest());
            let found = client.sync().await;
            let is_newer = found.as_ref().is_ok_and(|head| Some(head.digest()) != before);
            let is_same = |now: &Option<LightClient>| {
                now.as_ref().is_some_and(|now| now.anchor() == client.anchor())
            };
            if self.client.with_untracked(is_same) {
                self.is_syncing.set(false);
                let head: Assurance<_> = found.into();
                let is_bad = matches!(head, Assurance::Failed(_));
                self.head.set(head);
                if lists_too || is_newer || is_bad {
                    self.synced.update(|count| *count += 1);
                }
                if self.asked_again.get_untracked() {
                    self.sync();
                }
            }
        });
    }

    /// What a look at a receipt finds, looked at anew whenever another anchor is pinned. The
    /// verdict before is gone before the next check begins.
    pub(crate) fn examine(self, bytes: Arc<[u8]>) -> Local<Examined> {
        let anchor = self.anchor();
        let latest = Latest::default();
        let found = RwSignal::new_local(Examined::not_yet(Assurance::NotChecked));
        effect(move || {
            let ticket = latest.next();
            let Some(anchor) = anchor.get() else {
                found.set(Examined::not_yet(Assurance::NotChecked));
                return;
            };
            found.set(Examined::not_yet(Assurance::Checking));
            let bytes = Arc::clone(&bytes);
            browser::soon(move || {
                if ticket.is_latest() {
                    let looked = examine(bytes.to_vec(), anchor, browser::now());
                    let (assurance, checks) = (looked.outcome.into(), looked.checks);
                    // The page of this receipt may have been left meanwhile.
                    let _left = found.try_set(Examined { assurance, checks });
                }
            });
        });
        found
    }
}

/// Whether an error says that there are two histories.
pub(crate) const fn is_split(error: &ClientError) -> bool {
    matches!(error, ClientError::Equivocation { .. } | ClientError::NotAnExtension { .. })
}

/// Gives tickets, of which only the last one counts: an answer that comes late is dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latest(Rc<Cell<u64>>);

impl Latest {
    /// A ticket that makes all earlier ones void.
    pub(crate) fn next(&self) -> Ticket {
        self.0.set(self.0.get() + 1);
        Ticket { own: self.0.get(), last: Rc::clone(&self.0) }
    }
}

/// One try.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    own: u64,
    last: Rc<Cell<u64>>,
}

impl Ticket {
    /// Whether no later one was given.
    pub(crate) fn is_latest(&self) -> bool {
        self.own == self.last.get()
    }
}
