//! Following the log: heads from all nodes, compared, and the next one when it comes.

use std::cmp::Ordering;

use cairn_verifier::FinalHeader;
use cairn_verifier::digest::HeaderDigest;

use super::Client;
use crate::backoff::Backoff;
use crate::error::ClientError;
use crate::nodes::{self, Compared, Shown};
use crate::sync::{Candidate, Question, check_extends, check_not_behind};
use crate::world::{Request, World};

/// How often a sync begins again because another call moved the head.
const SYNC_ATTEMPTS: u8 = 4;

impl<W: World> Client<W> {
    /// Asks the nodes for a newer head, compares what they show, and verifies that the head which
    /// enough of them agree on continues the one known.
    ///
    /// # Errors
    /// [`ClientError::Equivocation`] once the log was forked; [`ClientError`]; the head is then as
    /// before.
    pub async fn sync(&self) -> Result<FinalHeader, ClientError> {
        for _ in 0..SYNC_ATTEMPTS {
            self.expect_no_fork()?;
            let seen = self.head().map(|head| head.digest());
            let mut looks = self.look_at_all().await?;
            self.compare_all(&mut looks).await?;
            let shown: Vec<_> =
                looks.iter().map(|(node, candidate)| (*node, candidate.shown())).collect();
            let place = nodes::agreed(&self.policy, &shown)?;
            let Some((node, candidate)) = looks.into_iter().nth(place) else { continue };
            if let Some(head) = self.adopt(node, candidate).await? {
                if seen != Some(head.digest()) {
                    self.keep().await?;
                }
                return Ok(head);
            }
        }
        Err(ClientError::HeadMoved)
    }

    /// Waits until there is another head than this one, and verifies it. A node that is away is tried
    /// again, later each time; one that lies is an error.
    ///
    /// Nothing of the stream is believed: it says when to ask. So nothing is lost when it breaks, and
    /// it goes on from the last head that was verified.
    ///
    /// # Errors
    /// What does not pass by itself: [`ClientError::is_passing`].
    pub async fn next_head(&self, after: Option<HeaderDigest>) -> Result<FinalHeader, ClientError> {
        let mut backoff = Backoff::default();
        let mut was_woken = false;
        loop {
            let failed = match self.sync().await {
                Ok(head) if Some(head.digest()) != after => return Ok(head),
                Ok(head) if !was_woken => {
                    let woken = self.wait_after(&head).await;
                    was_woken = woken.is_ok();
                    woken.err()
                }
                // A stream that talks of nothing must not keep us busy.
                Ok(_) => {
                    was_woken = false;
                    Some(ClientError::HeadMoved)
                }
                Err(error) => Some(error),
            };
            match failed {
                None => {}
                Some(error) if error.is_passing() => {
                    was_woken = false;
                    self.world.sleep(backoff.next(self.world.now())).await;
                }
                Some(error) => return Err(error),
            }
        }
    }

    async fn wait_after(&self, head: &FinalHeader) -> Result<(), ClientError> {
        let header = head.header();
        let (height, size) = (header.height.saturating_add(1), header.events.get());
        let path = format!("/v1/stream?topics=blocks&after={height}-{size}");
        self.world.wait(Request::stream(format!("{}{path}", self.node()))).await
    }

    /// What each node shows. What none shows is noted.
    async fn look_at_all(&self) -> Result<Vec<(usize, Candidate)>, ClientError> {
        let question = self.known.borrow().question(self.world.now());
        let (mut looks, mut last) = (Vec::new(), None);
        for (place, node) in self.nodes.iter().enumerate() {
            let look = self.look(node, &question).await;
            let shown = look.as_ref().map(|candidate| *candidate.shown().head());
            self.note(place, shown.map_err(ClientError::clone));
            match look {
                Ok(candidate) => looks.push((place, candidate)),
                Err(error) => last = Some(error),
            }
        }
        match last {
            Some(error) if self.nodes.len() == 1 => Err(error),
            _ => Ok(looks),
        }
    }

    async fn look(&self, node: &str, question: &Question) -> Result<Candidate, ClientError> {
        let file = self.world.get(Request::binary(format!("{node}{}", question.path()))).await?;
        self.known.borrow().look(question, file, self.world.now())
    }

    /// Whether what the nodes show is one history: each head is held against the next higher one. A
    /// node that does not show how the two belong together counts as one that showed nothing.
    async fn compare_all(&self, looks: &mut Vec<(usize, Candidate)>) -> Result<(), ClientError> {
        let mut kept: Vec<(usize, Candidate)> = Vec::new();
        while let Some(at) = nodes::first_lowest(looks, |(_, candidate)| candidate.height()) {
            let (node, candidate) = looks.remove(at);
            let compared = match kept.last() {
                Some((_, low)) => self.compare(&low.shown(), (node, &candidate.shown())).await,
                None => Ok(()),
            };
            match compared {
                Ok(()) => kept.push((node, candidate)),
                Err(error @ ClientError::Equivocation { .. }) => return Err(error),
                Err(error) => self.note(node, Err(error)),
            }
        }
        *looks = kept;
        Ok(())
    }

    fn note(&self, node: usize, shown: Result<FinalHeader, ClientError>) {
        if let Some(noted) = self.noted.borrow_mut().shown.get_mut(node) {
            *noted = Some(shown);
        }
    }

    /// Whether a head is part of the history of a higher one that a node showed. If it is not, and the
    /// node gives what shows it, that is noted for good.
    pub(super) async fn compare(
        &self,
        low: &Shown,
        (node, high): (usize, &Shown),
    ) -> Result<(), ClientError> {
        let answer = match nodes::question(low, high) {
            Some(path) => Some(self.get_from(node, &path).await?),
            None => None,
        };
        match nodes::compare(low, high, answer.as_deref(), self.world.now())? {
            Compared::OneHistory => Ok(()),
            Compared::Fork(fork) => {
                let error = fork.error();
                self.note_fork(*fork).await;
                Err(error)
            }
        }
    }

    /// Makes a candidate the head; `None` if the head moved meanwhile.
    async fn adopt(
        &self,
        node: usize,
        candidate: Candidate,
    ) -> Result<Option<FinalHeader>, ClientError> {
        let (ours, theirs) = (self.known.borrow().shown(), candidate.shown());
        let checked = self.known.borrow().check(&candidate);
        if let Err(error) = checked {
            return Err(self.exposed(ours, (node, &theirs), error).await);
        }
        let proof = match candidate.proof_path() {
            Some(path) => Some(self.get_from(node, &path).await?),
            None => None,
        };
        let adopted = self.known.borrow_mut().adopt(candidate, proof.as_deref());
        match adopted {
            Ok(head) => {
                self.noted.borrow_mut().serving = node;
                Ok(head)
            }
            Err(error) => Err(self.exposed(ours, (node, &theirs), error).await),
        }
    }

    /// The error, or that of the fork which lies behind it, if that can be shown.
    async fn exposed(
        &self,
        ours: Option<Shown>,
        (node, theirs): (usize, &Shown),
        error: ClientError,
    ) -> ClientError {
        let is_split =
            matches!(error, ClientError::Equivocation { .. } | ClientError::NotAnExtension { .. });
        let Some(ours) = ours.filter(|_| is_split) else { return error };
        match self.compare(&ours, (node, theirs)).await {
            Err(fork @ ClientError::Equivocation { .. }) => fork,
            _ => error,
        }
    }

    pub(super) async fn get_from(&self, node: usize, path: &str) -> Result<Vec<u8>, ClientError> {
        let node = self.nodes.get(node).ok_or(ClientError::HeadMoved)?;
        self.world.get(Request::binary(format!("{node}{path}"))).await
    }

    /// The head; syncs if there is none.
    pub(super) async fn head_or_sync(&self) -> Result<FinalHeader, ClientError> {
        self.expect_no_fork()?;
        match self.head() {
            Some(head) => Ok(head),
            None => self.sync().await,
        }
    }

    /// A final header is part of the history that this client follows: the head itself, one below it,
    /// or one that goes on from it, where no other node need agree.
    ///
    /// # Errors
    /// [`ClientError::NotAnExtension`] or [`ClientError::Equivocation`] if it is another history's;
    /// [`ClientError::NotEnoughNodes`] if it is above what enough nodes have; [`ClientError`].
    pub async fn expect_history(&self, found: &FinalHeader) -> Result<(), ClientError> {
        let mut head = self.head_or_sync().await?;
        if head.header().height < found.header().height {
            head = self.sync().await?;
        }
        let (ours, theirs) = (head.header().height, found.header().height);
        let (low, high) = match ours.cmp(&theirs) {
            Ordering::Greater => (found, &head),
            Ordering::Less if self.nodes.len() > 1 => {
                return Err(ClientError::NotEnoughNodes { agreed: 1, nodes: self.nodes.len() });
            }
            Ordering::Less => (&head, found),
            Ordering::Equal => return check_not_behind(&head, found),
        };
        let (from, to) = (low.header().height, high.header().height);
        let proof = self.get(&format!("/v1/proofs/extends?from={from}&to={to}")).await?;
        check_extends(low, high, &proof)
    }

    fn expect_no_fork(&self) -> Result<(), ClientError> {
        self.noted.borrow().fork.as_ref().map_or(Ok(()), |fork| Err(fork.error()))
    }
}
