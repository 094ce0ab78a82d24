//! Reading events many at a time, and the log's state.

use std::collections::BinaryHeap;

use cairn_verifier::digest::{EventId, KeyId, StreamId};
use cairn_verifier::state::{Known, RecordKey, verify_history};
use cairn_verifier::{FinalHeader, VerifiedEvent};

use super::{Client, expect_header};
use crate::error::ClientError;
use crate::events::{CheckedEvent, CheckedList, EventPage, History, ranges};
use crate::filter::{Filter, encoded};
use crate::json;
use crate::state::CheckedState;
use crate::sync::base_parameter;
use crate::world::World;

/// How many events a page of a history has.
const PAGE: usize = 1_000;
/// How many events are read at once by who does not want to say which one is of interest.
const BUNDLE: u64 = 256;

/// What the node says of an event: its id and its place.
type Claim = (EventId, u64);

/// A page as the node claims it.
struct Claims {
    events: Vec<Claim>,
    next: Option<String>,
}

impl<W: World> Client<W> {
    /// One page of what a query finds, each event verified under the head and held against the query.
    /// `query` is that of `GET /v1/events`, without the question mark.
    ///
    /// # Errors
    /// [`ClientError::NotAsked`] for an event that the query does not find; [`ClientError`].
    pub async fn events(&self, query: &str) -> Result<EventPage, ClientError> {
        let filter = Filter::read(query)?;
        let claims = self.claims(query).await?;
        let indexes: Vec<u64> = claims.events.iter().map(|(_, index)| *index).collect();
        let head = self.head_with(&indexes).await?;
        let mut events = Vec::new();
        if !indexes.is_empty() {
            let list = self.list_under(&indexes, &head).await?;
            check_claims(&claims.events, &list)?;
            check_asked(&filter, &list)?;
            let place = |index: &u64| list.events().iter().position(|e| e.index() == *index);
            let places = indexes.iter().filter_map(place);
            events.extend(places.filter_map(|at| list.events().get(at)).cloned());
        }
        Ok(EventPage { events, header: head, all_between: None, next: claims.next })
    }

    /// The same without telling the node what is looked for: it is asked for whole runs of 256
    /// events, newest first, and the query's filters are applied here. What passes is *all* that does
    /// in the indexes that the page says. `query` may have a `cursor` that a page before gave.
    ///
    /// # Errors
    /// [`ClientError::BadQuery`] for what only a node could apply: a stream's name, a time that is no
    /// number, another order, another query's cursor; [`ClientError`].
    pub async fn events_in_private(&self, query: &str) -> Result<EventPage, ClientError> {
        let filter = Filter::read_all(query)?;
        let until = private_cursor(query)?;
        let head = self.head_or_sync().await?;
        let size = head.header().events.get();
        let until = until.unwrap_or(size).min(size);
        let Some(last) = until.checked_sub(1) else {
            let all_between = Some((0, 0));
            return Ok(EventPage { events: Vec::new(), header: head, all_between, next: None });
        };
        let list = self.bundle_under(last, &head).await?;
        let first = list.events().first().map_or(0, CheckedEvent::index);
        let chosen: Vec<u64> = list.with(|list| {
            let passes = |event: &&VerifiedEvent<'_>| {
                event.index() < until && filter.refuses(event.event()).is_none()
            };
            list.events().iter().rev().filter(passes).map(VerifiedEvent::index).collect()
        })?;
        let of = |index: &u64| list.events().iter().find(|event| event.index() == *index).cloned();
        let events = chosen.iter().filter_map(of).collect();
        let next = (first > 0).then(|| format!("before-{first}"));
        Ok(EventPage { events, header: head, all_between: Some((first, until)), next })
    }

    /// One event without telling the node which: the run of 256 events that has it is asked for. With
    /// no index the log is read from its end until the event is found.
    ///
    /// # Errors
    /// [`ClientError::OtherEvent`] if another one is at that index; [`ClientError::NotFound`].
    pub async fn event_in_private(
        &self,
        id: &EventId,
        index: Option<u64>,
    ) -> Result<(CheckedList, usize), ClientError> {
        let head = match index {
            Some(index) => self.head_with(&[index]).await?,
            None => self.head_or_sync().await?,
        };
        let mut at = match index {
            Some(index) => Some(index),
            None => head.header().events.get().checked_sub(1),
        };
        while let Some(last) = at {
            let list = self.bundle_under(last, &head).await?;
            let is_it = |event: &CheckedEvent| {
                event.id() == *id && index.is_none_or(|index| event.index() == index)
            };
            if let Some(place) = list.events().iter().position(is_it) {
                return Ok((list, place));
            }
            if let Some(index) = index {
                let found = list.events().iter().find(|event| event.index() == index);
                let found = found.map_or(EventId::ZERO, CheckedEvent::id);
                return Err(ClientError::OtherEvent { expected: *id, found });
            }
            let first = list.events().first().map_or(0, CheckedEvent::index);
            at = first.checked_sub(1);
        }
        Err(ClientError::NotFound { event: *id, size: head.header().events.get() })
    }

    /// The events at these indexes, which ascend, each verified under the head.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn list(&self, indexes: &[u64]) -> Result<CheckedList, ClientError> {
        let head = self.head_with(indexes).await?;
        self.list_under(indexes, &head).await
    }

    /// The same in a file that proves them from the anchor alone, to be kept or passed on.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn portable_list(&self, indexes: &[u64]) -> Result<CheckedList, ClientError> {
        let (anchor, base) = (self.anchor(), base_parameter(self.anchor()));
        let path = format!("/v1/receipts?indices={}&base={base}", ranges(indexes));
        let list = CheckedList::check(self.get(&path).await?, anchor, self.world.now())?;
        expect_indexes(&list, indexes)?;
        self.expect_history(list.header()).await?;
        Ok(list)
    }

    /// All that a key wrote in a stream, up to the head: proven to be all.
    ///
    /// # Errors
    /// The `state-history-…` errors of the verifier if the node leaves something out.
    pub async fn history(&self, stream: StreamId, writer: KeyId) -> Result<History, ClientError> {
        let key = RecordKey::Head(stream, writer);
        let answer = self.state(&key).await?;
        let header = *answer.header();
        let mut lists = Vec::new();
        if answer.is_present() {
            let size = header.header().events.get();
            let indexes = self.indexes_of(stream, writer, size).await?;
            for part in indexes.chunks(PAGE) {
                lists.push(self.list_under(part, &header).await?);
            }
            answer.with(|known| verify_all(known, &lists))??;
        }
        let events = lists.iter().flat_map(|list| list.events().iter().cloned()).collect();
        Ok(History { stream, writer, header, events })
    }

    /// What the log's state has of one kind and key under the head, or that it has nothing.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn state(&self, key: &RecordKey<'_>) -> Result<CheckedState, ClientError> {
        let head = self.head_or_sync().await?;
        match self.state_under(key, &head).await {
            // The node keeps the state of the newest blocks only.
            Err(error) if error.is_problem("past-state") || error.is_problem("unknown-base") => {
                let head = self.sync().await?;
                self.state_under(key, &head).await
            }
            result => result,
        }
    }

    async fn state_under(
        &self,
        key: &RecordKey<'_>,
        head: &FinalHeader,
    ) -> Result<CheckedState, ClientError> {
        let path = format!("/v1/state/{}base=header:{}", state_path(key), head.digest());
        let bytes = self.get(&path).await?;
        let state = CheckedState::check_under(bytes, key, head, self.world.now())?;
        expect_header(head, state.header())?;
        Ok(state)
    }

    /// The claimed places of a writer's events below a tree size, oldest first.
    async fn indexes_of(
        &self,
        stream: StreamId,
        writer: KeyId,
        size: u64,
    ) -> Result<Vec<u64>, ClientError> {
        let mut indexes: Vec<u64> = Vec::new();
        let mut cursor = String::new();
        loop {
            let query =
                format!("stream={stream}&writer={writer}&order=oldest&limit={PAGE}{cursor}");
            let page = self.claims(&query).await?;
            let fresh = page.events.iter().map(|(_, index)| *index).filter(|index| *index < size);
            indexes.extend(fresh);
            // A node that turns in circles must not keep us for ever.
            if !indexes.is_sorted_by(|a, b| a < b) {
                return Err(ClientError::BadAnswer { what: "its pages are not in order" });
            }
            match page.next {
                Some(next) if !page.events.is_empty() => {
                    cursor = format!("&cursor={}", encoded(&next));
                }
                _ => return Ok(indexes),
            }
        }
    }

    async fn claims(&self, query: &str) -> Result<Claims, ClientError> {
        let page = self.claimed_events(query).await?;
        let bad = || ClientError::BadAnswer { what: "it is no page of events" };
        let list = json::value(&page, "events").ok_or_else(bad)?;
        let claim = |event: &str| {
            let id = json::member(event, "id")?.parse().ok()?;
            Some((id, json::value(event, "index")?.parse().ok()?))
        };
        let events: Option<Vec<Claim>> = json::elements(list).into_iter().map(claim).collect();
        let next = json::member(&page, "next");
        Ok(Claims { events: events.ok_or_else(bad)?, next })
    }

    /// The head, or a newer one if it does not reach to all of these indexes.
    async fn head_with(&self, indexes: &[u64]) -> Result<FinalHeader, ClientError> {
        let head = self.head_or_sync().await?;
        let reaches = |head: &FinalHeader| {
            indexes.iter().all(|index| head.header().events.leaf(*index).is_some())
        };
        if reaches(&head) { Ok(head) } else { self.sync().await }
    }

    /// The run of events that has this index.
    async fn bundle_under(
        &self,
        index: u64,
        head: &FinalHeader,
    ) -> Result<CheckedList, ClientError> {
        let size = head.header().events.get();
        let first = index.saturating_sub(index % BUNDLE);
        let indexes: Vec<u64> = (first..size.min(first.saturating_add(BUNDLE))).collect();
        self.list_under(&indexes, head).await
    }

    async fn list_under(
        &self,
        indexes: &[u64],
        head: &FinalHeader,
    ) -> Result<CheckedList, ClientError> {
        // A heap sorts in a tenth of the code that a sort of the library takes.
        let sorted = BinaryHeap::from(indexes.to_vec()).into_sorted_vec();
        let standing = self.known.borrow().standing().unwrap_or_else(|| head.standing());
        let path =
            format!("/v1/receipts?indices={}&base=header:{}", ranges(&sorted), head.digest());
        let bytes = self.get(&path).await?;
        let list = CheckedList::check_under(bytes, head, standing, self.world.now())?;
        expect_header(head, list.header())?;
        expect_indexes(&list, &sorted)?;
        Ok(list)
    }
}

/// Where a page read in private goes on: below this index.
fn private_cursor(query: &str) -> Result<Option<u64>, ClientError> {
    let Some(cursor) = query.split('&').find_map(|part| part.strip_prefix("cursor=")) else {
        return Ok(None);
    };
    let index = cursor.strip_prefix("before-").and_then(|index| index.parse().ok());
    index.map(Some).ok_or_else(|| ClientError::BadQuery { found: "cursor".to_owned() })
}

fn expect_indexes(list: &CheckedList, indexes: &[u64]) -> Result<(), ClientError> {
    if list.events().iter().map(CheckedEvent::index).eq(indexes.iter().copied()) {
        return Ok(());
    }
    Err(ClientError::BadAnswer { what: "it has other events than those asked for" })
}

/// Each verified event has the id that the node said it has.
fn check_claims(claims: &[Claim], list: &CheckedList) -> Result<(), ClientError> {
    for (expected, index) in claims {
        let found = list.events().iter().find(|event| event.index() == *index);
        let found = found.map_or(EventId::ZERO, CheckedEvent::id);
        if found != *expected {
            return Err(ClientError::OtherEvent { expected: *expected, found });
        }
    }
    Ok(())
}

/// Each verified event is one that the query finds.
fn check_asked(filter: &Filter, list: &CheckedList) -> Result<(), ClientError> {
    list.with(|list| {
        let other = list
            .events()
            .iter()
            .find_map(|event| Some((event.id(), filter.refuses(event.event())?.to_owned())));
        other.map_or(Ok(()), |(event, filter)| Err(ClientError::NotAsked { event, filter }))
    })?
}

/// The events in the lists are all that the head counts.
fn verify_all(known: &Known<'_>, lists: &[CheckedList]) -> Result<(), ClientError> {
    let Known::Present(head) = known else {
        return Err(ClientError::BadAnswer { what: "it has no head" });
    };
    let lists: Vec<_> = lists.iter().map(CheckedList::verified).collect::<Result<_, _>>()?;
    verify_history(head, lists.iter().flat_map(|list| list.events()))?;
    Ok(())
}

/// Kind and key as the node's API names them, ready for one more parameter.
fn state_path(key: &RecordKey<'_>) -> String {
    match key {
        RecordKey::Member(name) => format!("member?name={}&", encoded(name)),
        RecordKey::Key(id) => format!("key?key={id}&"),
        RecordKey::Stream(id) => format!("stream?stream={id}&"),
        RecordKey::Membership(stream, name) => {
            format!("membership?stream={stream}&name={}&", encoded(name))
        }
        RecordKey::Parameters => "parameters?".to_owned(),
        RecordKey::Set(epoch) => format!("set?epoch={epoch}&"),
        RecordKey::Head(stream, writer) => format!("head?stream={stream}&key={writer}&"),
        RecordKey::Stake(id) => format!("stake?key={id}&"),
        RecordKey::Power => "power?".to_owned(),
        RecordKey::System => "system?".to_owned(),
    }
}
