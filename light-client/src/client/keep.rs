//! Keeping evidence for the next visit, beside other tabs that keep the same.

use cairn_verifier::TrustAnchor;

use super::Client;
use crate::error::ClientError;
use crate::nodes::ForkEvidence;
use crate::sync::Sync;
use crate::world::{Unsaved, World};

/// How often keeping begins again because another tab came between.
const ATTEMPTS: u8 = 4;

fn fork_of(anchor: TrustAnchor) -> String {
    format!("fork {anchor}")
}

fn refused_of(anchor: TrustAnchor) -> String {
    format!("refused {anchor}")
}

impl<W: World> Client<W> {
    /// Takes up what is stored, each verified again. Evidence that is refused is set aside, under a
    /// name of its own, before anything can come in its place.
    pub(super) async fn take_up(&mut self, anchor: TrustAnchor, max_age: Option<u64>) {
        if let Some(file) = self.world.load(&fork_of(anchor)).await {
            match ForkEvidence::check(anchor, file.clone()) {
                Ok(fork) => self.noted.borrow_mut().fork = Some(fork),
                Err(error) => {
                    self.refused = Some(error);
                    self.put(&refused_of(anchor), file).await;
                }
            }
        }
        let Some(evidence) = self.world.load(&anchor.to_string()).await else { return };
        match Sync::load(anchor, &evidence, self.world.now()) {
            Ok(stored) => *self.known.borrow_mut() = stored.with_max_age(max_age),
            Err(error) => {
                self.refused = Some(error);
                self.put(&refused_of(anchor), evidence.clone()).await;
            }
        }
        self.noted.borrow_mut().stored = Some(evidence);
    }

    /// The stored evidence that was refused last, for who wants to find out why.
    pub async fn refused_file(&self) -> Option<Vec<u8>> {
        self.world.load(&refused_of(self.anchor())).await
    }

    /// Keeps the evidence, unless another tab has kept newer one: that is taken over.
    ///
    /// # Errors
    /// What the other tab knows and what is known here is not one history.
    pub(super) async fn keep(&self) -> Result<(), ClientError> {
        let name = self.anchor().to_string();
        for _ in 0..ATTEMPTS {
            let Some(evidence) = self.known.borrow().evidence() else { return Ok(()) };
            let stored = self.noted.borrow().stored.clone();
            let swapped = self.world.swap(&name, stored, evidence.clone()).await;
            match swapped {
                Ok(()) => {
                    let mut noted = self.noted.borrow_mut();
                    (noted.stored, noted.unsaved) = (Some(evidence), None);
                    return Ok(());
                }
                Err(Unsaved::Failed(why)) => {
                    self.noted.borrow_mut().unsaved = Some(why);
                    return Ok(());
                }
                Err(Unsaved::Changed(found)) => {
                    let is_newer = self.compare_stored(found.as_deref()).await?;
                    self.noted.borrow_mut().stored = found;
                    if is_newer {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Holds another tab's evidence against what is known: whether it is newer, and stays.
    async fn compare_stored(&self, found: Option<&[u8]>) -> Result<bool, ClientError> {
        let Some(found) = found else { return Ok(false) };
        let anchor = self.anchor();
        let Ok(other) = Sync::load(anchor, found, self.world.now()) else {
            self.put(&refused_of(anchor), found.to_vec()).await;
            return Ok(false);
        };
        let (ours, theirs) = (self.known.borrow().shown(), other.shown());
        let (Some(ours), Some(theirs)) = (ours, theirs) else { return Ok(false) };
        let (height, newer) = (ours.head().header().height, theirs.head().header().height);
        let serving = self.noted.borrow().serving;
        let compared = if newer < height {
            self.compare(&theirs, (serving, &ours)).await
        } else {
            self.compare(&ours, (serving, &theirs)).await
        };
        match compared {
            Ok(()) => {}
            Err(error @ ClientError::Equivocation { .. }) => return Err(error),
            // It could not be told now: what is older is set aside, what is newer stays.
            Err(_) if newer < height => self.put(&refused_of(anchor), found.to_vec()).await,
            Err(_) => return Ok(true),
        }
        if newer > height {
            self.take_over(serving, other, (height, newer)).await?;
        }
        Ok(newer >= height)
    }

    /// Takes over another tab's newer head, if it is shown to continue the one known.
    async fn take_over(
        &self,
        serving: usize,
        other: Sync,
        (height, newer): (u64, u64),
    ) -> Result<(), ClientError> {
        let path = format!("/v1/proofs/extends?from={height}&to={newer}");
        let proof = self.get_from(serving, &path).await?;
        let is_still = self.head().is_some_and(|head| head.header().height == height);
        if is_still { self.known.borrow_mut().take_over(other, &proof) } else { Ok(()) }
    }

    /// Notes evidence of a fork, and keeps it for the next visit.
    pub(super) async fn note_fork(&self, fork: ForkEvidence) {
        let anchor = self.anchor();
        let keep = (fork.anchor() == anchor).then(|| fork.file().to_vec());
        self.noted.borrow_mut().fork = Some(fork);
        if let Some(file) = keep {
            self.put(&fork_of(anchor), file).await;
        }
    }

    /// Stores something, whatever was there.
    async fn put(&self, name: &str, bytes: Vec<u8>) {
        let mut old = None;
        for _ in 0..ATTEMPTS {
            match self.world.swap(name, old, bytes.clone()).await {
                Ok(()) => return,
                Err(Unsaved::Changed(found)) => old = found,
                Err(Unsaved::Failed(why)) => {
                    self.noted.borrow_mut().unsaved = Some(why);
                    return;
                }
            }
        }
    }
}
