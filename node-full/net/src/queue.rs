//! What waits to be sent to one peer. It is bounded, and whoever puts something in never waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::stats::Stats;

/// The most that waits for one peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// What the writer of a link does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Message(Arc<[u8]>),
    Pong([u8; 8]),
    /// Say why, and end.
    End(String),
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Arc<[u8]>>,
    bytes: usize,
    /// One at most: who asks faster than it reads gets the newest answer.
    pong: Option<[u8; 8]>,
    end: Option<String>,
}

/// The queue of one link.
#[derive(Debug)]
pub(crate) struct Queue {
    room: Room,
    waiting: Mutex<Waiting>,
    more: Notify,
    stats: Arc<Stats>,
}

impl Queue {
    pub(crate) fn new(room: Room, stats: Arc<Stats>) -> Self {
        Self { room, waiting: Mutex::default(), more: Notify::new(), stats }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fits(&self, waiting: &Waiting, len: usize) -> bool {
        // One message always fits, however long it is.
        waiting.messages.is_empty()
            || (waiting.messages.len() < self.room.messages
                && waiting.bytes.saturating_add(len) <= self.room.bytes)
    }

    /// Puts a message in; false if there is no room, or the link ends.
    pub(crate) fn push(&self, message: Arc<[u8]>) -> bool {
        let mut waiting = self.lock();
        if waiting.end.is_some() {
            return false;
        }
        if !self.fits(&waiting, message.len()) {
            self.stats.dropped.add(1);
            return false;
        }
        waiting.bytes = waiting.bytes.saturating_add(message.len());
        waiting.messages.push_back(message);
        drop(waiting);
        self.more.notify_one();
        true
    }

    /// Puts a message in, in place of the oldest ones if there is no room: what all are told is
    /// repeated or asked for, and the newest of it counts.
    pub(crate) fn push_newest(&self, message: Arc<[u8]>) {
        let mut waiting = self.lock();
        while !self.fits(&waiting, message.len()) {
            let Some(oldest) = waiting.messages.pop_front() else { break };
            waiting.bytes = waiting.bytes.saturating_sub(oldest.len());
            self.stats.dropped.add(1);
        }
        drop(waiting);
        self.push(message);
    }

    pub(crate) fn pong(&self, number: [u8; 8]) {
        self.lock().pong = Some(number);
        self.more.notify_one();
    }

    /// Ends the link: nothing that waits is sent.
    pub(crate) fn end(&self, why: &str) {
        self.lock().end.get_or_insert_with(|| why.to_owned());
        self.more.notify_one();
    }

    /// What is next, if anything waits.
    pub(crate) fn take(&self) -> Option<Next> {
        let mut waiting = self.lock();
        if let Some(why) = &waiting.end {
            return Some(Next::End(why.clone()));
        }
        if let Some(number) = waiting.pong.take() {
            return Some(Next::Pong(number));
        }
        let message = waiting.messages.pop_front()?;
        waiting.bytes = waiting.bytes.saturating_sub(message.len());
        Some(Next::Message(message))
    }

    /// Waits until something may be there.
    pub(crate) async fn more(&self) {
        self.more.notified().await;
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> Queue {
        Queue::new(Room { messages: 3, bytes: 10 }, Arc::default())
    }

    fn message(byte: u8, len: usize) -> Arc<[u8]> {
        vec![byte; len].into()
    }

    #[test]
    fn what_has_no_room_is_refused_or_replaces_the_oldest() {
        let queue = queue();
        assert!(queue.push(message(1, 4)) && queue.push(message(2, 4)));
        assert!(!queue.push(message(3, 4)), "twelve bytes");
        queue.push_newest(message(4, 4));
        assert_eq!(queue.take(), Some(Next::Message(message(2, 4))));
        assert_eq!(queue.take(), Some(Next::Message(message(4, 4))));
        assert_eq!((queue.take(), queue.bytes(), queue.stats.dropped.get()), (None, 0, 2));
        assert!(queue.push(message(5, 100)), "one always fits");
        assert!(!queue.push(message(6, 1)));
    }

    #[test]
    fn one_pong_waits_and_an_end_goes_before_everything() {
        let queue = queue();
        queue.pong([1; 8]);
        queue.pong([2; 8]);
        assert!(queue.push(message(1, 1)));
        assert_eq!(queue.take(), Some(Next::Pong([2; 8])));
        queue.end("first");
        queue.end("second");
        assert_eq!(queue.take(), Some(Next::End("first".to_owned())));
        assert!(!queue.push(message(1, 1)));
    }
}
