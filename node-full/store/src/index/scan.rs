//! Walking the index: entries that have every term asked for, in the order of the log.

use std::ops::Range;

use fjall::{Iter, Keyspace};

use super::apply::{bucket, run, times, zone_key};
use super::{BUCKET, Field, Index, Term, ZONE, last_number};
use crate::StoreError;

/// How many texts may begin as asked; with more, a query would walk too many lists at once.
pub const MAX_TERMS: usize = 256;
/// How many entries a walk steps over one by one before it looks its goal up.
const STEPS: usize = 8;
/// How many places one walk looks at before it rests, so that no query takes the node for itself.
const MAX_WORK: usize = 20_000;

/// Which way a walk goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an order has two directions")]
pub enum Order {
    /// From the newest entry backwards.
    #[default]
    Newest,
    /// From the oldest entry onwards.
    Oldest,
}

/// What a walk looks for.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain argument")]
pub struct Filter {
    /// Of every list, an entry must have one term.
    pub terms: Vec<Vec<Term>>,
    /// The claimed times it may have; all if not said.
    pub times: Option<Range<u64>>,
}

/// What a walk found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a walk has these ends")]
pub enum Found {
    /// A candidate.
    Index(u64),
    /// Nothing, and nothing behind it.
    End,
    /// Nothing yet, after much work; the walk goes on from this index.
    Tired(u64),
}

impl Index {
    /// The terms of a field whose text begins so, at most [`MAX_TERMS`]; `None` if they are more.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn terms_with_prefix(
        &self,
        field: Field,
        prefix: &str,
    ) -> Result<Option<Vec<Term>>, StoreError> {
        let mut terms = Vec::new();
        for guard in self.all.prefix([b"n".as_slice(), &Term::text(field, prefix).name()].concat())
        {
            let key = guard.key().map_err(|error| self.failed(&error))?;
            terms.extend(key.split_first().and_then(|(_, name)| Term::of_name(field, name)));
            if terms.len() > MAX_TERMS {
                return Ok(None);
            }
        }
        Ok(Some(terms))
    }

    /// Begins a walk over the entries in `range`.
    #[must_use]
    pub fn scan(&self, filter: &Filter, range: Range<u64>, order: Order) -> Scan<'_> {
        let lists = filter.terms.iter().map(|terms| {
            let lists = terms.iter().map(|term| List::new(&self.all, term, (&range, order)));
            Walk::AnyOf(lists.collect())
        });
        let zones = filter.times.clone().map(|times| Walk::Zones { times });
        let walks = lists.chain(zones).collect();
        let at = match order {
            Order::Newest => range.end.checked_sub(1),
            Order::Oldest => Some(range.start),
        };
        Scan { index: self, walks, range, order, at, work: 0 }
    }
}

/// A walk over the index.
pub struct Scan<'a> {
    index: &'a Index,
    walks: Vec<Walk>,
    range: Range<u64>,
    order: Order,
    /// The next place to look at.
    at: Option<u64>,
    work: usize,
}

impl std::fmt::Debug for Scan<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scan").field("range", &self.range).finish_non_exhaustive()
    }
}

/// One condition.
enum Walk {
    AnyOf(Vec<List>),
    Zones { times: Range<u64> },
}

impl Scan<'_> {
    /// The next candidate: an entry for which all conditions may hold.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn next_found(&mut self) -> Result<Found, StoreError> {
        while let Some(start) = self.at.filter(|at| self.range.contains(at)) {
            let mut at = start;
            for walk in &mut self.walks {
                self.work = self.work.saturating_add(1);
                let next = match walk {
                    Walk::AnyOf(lists) => nearest(lists, at, self.order, self.index)?,
                    Walk::Zones { times } => self.index.zone_from(at, times, self.order)?,
                };
                let Some(next) = next else {
                    self.at = None;
                    return Ok(Found::End);
                };
                at = next;
                if at != start {
                    break;
                }
            }
            if at == start {
                self.at = after(at, self.order);
                return Ok(Found::Index(at));
            }
            self.at = Some(at);
            if self.work > MAX_WORK {
                self.work = 0;
                return Ok(Found::Tired(at));
            }
        }
        self.at = None;
        Ok(Found::End)
    }
}

const fn after(at: u64, order: Order) -> Option<u64> {
    match order {
        Order::Newest => at.checked_sub(1),
        Order::Oldest => at.checked_add(1),
    }
}

/// Whether `a` comes at or behind `b` on the way.
const fn reached(a: u64, b: u64, order: Order) -> bool {
    match order {
        Order::Newest => a <= b,
        Order::Oldest => a >= b,
    }
}

/// The first index at or behind `at` that stands in one of the lists.
fn nearest(
    lists: &mut [List],
    at: u64,
    order: Order,
    index: &Index,
) -> Result<Option<u64>, StoreError> {
    let mut best: Option<u64> = None;
    for list in lists {
        let Some(next) = list.seek(at, index)? else { continue };
        if best.is_none_or(|best| reached(best, next, order)) {
            best = Some(next);
        }
    }
    Ok(best)
}

/// The entries of one term.
struct List {
    keyspace: Keyspace,
    hash: [u8; 9],
    /// The first and the last index that the walk may come to.
    first: u64,
    last: u64,
    order: Order,
    /// An index in the bucket that `iter` walks.
    at: u64,
    iter: Option<Iter>,
    /// What was read of the list and is still ahead, the nearest last.
    run: Vec<u64>,
    /// Where the list stands; `None` before the first step.
    current: Option<u64>,
    is_over: bool,
}

impl List {
    fn new(keyspace: &Keyspace, term: &Term, (range, order): (&Range<u64>, Order)) -> Self {
        Self {
            keyspace: keyspace.clone(),
            hash: term.hash(),
            first: range.start,
            last: range.end.saturating_sub(1),
            order,
            at: 0,
            iter: None,
            run: Vec::new(),
            current: None,
            is_over: false,
        }
    }

    /// The first entry at or behind `at`. Calls come in the order of the walk.
    fn seek(&mut self, at: u64, index: &Index) -> Result<Option<u64>, StoreError> {
        if let Some(current) = self.current.filter(|current| reached(*current, at, self.order)) {
            return Ok(Some(current));
        }
        for _ in 0..STEPS {
            let order = self.order;
            let ahead = self.run.partition_point(|next| reached(*next, at, order));
            self.run.truncate(ahead);
            if self.is_over || self.iter.is_none() {
                break;
            }
            let next = self.step(index)?;
            if next.is_none_or(|next| reached(next, at, order)) {
                return Ok(next);
            }
        }
        if self.is_over {
            return Ok(None);
        }
        self.look_from(at, index)?;
        self.step(index)
    }

    /// Walks the bucket of `at` from there. A run is found by its last entry, so the first one to
    /// look at, whichever way, is the one that ends there or behind it.
    fn look_from(&mut self, at: u64, index: &Index) -> Result<(), StoreError> {
        let (bucket, hash) = (bucket(at), self.hash);
        let key = |n: u64| [b"t".as_slice(), &bucket, &hash, &n.to_be_bytes()].concat();
        let mut behind = self.keyspace.range(key(at)..=key(u64::MAX));
        self.run.clear();
        if let Some(guard) = behind.next() {
            self.take_run(guard, index)?;
            let order = self.order;
            let ahead = self.run.partition_point(|next| reached(*next, at, order));
            self.run.truncate(ahead);
        }
        self.at = at;
        self.iter = Some(match self.order {
            Order::Newest => self.keyspace.range(key(0)..key(at)),
            Order::Oldest => behind,
        });
        Ok(())
    }

    /// Reads a run: all of it is ahead.
    fn take_run(&mut self, guard: fjall::Guard, index: &Index) -> Result<(), StoreError> {
        let (key, value) = guard.into_inner().map_err(|error| index.failed(&error))?;
        self.run = run(&key, &value);
        if self.order == Order::Oldest {
            self.run.reverse();
        }
        Ok(())
    }

    /// The next entry, in this bucket or in one behind it.
    fn step(&mut self, index: &Index) -> Result<Option<u64>, StoreError> {
        loop {
            if let Some(next) = self.run.pop() {
                self.current = Some(next);
                return Ok(self.current);
            }
            let guard = self.iter.as_mut().and_then(|iter| match self.order {
                Order::Newest => iter.next_back(),
                Order::Oldest => iter.next(),
            });
            if let Some(guard) = guard {
                self.take_run(guard, index)?;
                continue;
            }
            let Some(next) = self.next_bucket() else {
                (self.current, self.is_over) = (None, true);
                return Ok(None);
            };
            self.look_from(next, index)?;
        }
    }

    /// Where the walk enters the bucket behind the one it is in.
    fn next_bucket(&self) -> Option<u64> {
        let bucket = self.at / BUCKET;
        match self.order {
            Order::Newest => {
                let next = bucket.checked_mul(BUCKET)?.checked_sub(1)?;
                (next >= self.first).then_some(next)
            }
            Order::Oldest => {
                let next = bucket.checked_add(1)?.checked_mul(BUCKET)?;
                (next <= self.last).then_some(next)
            }
        }
    }
}

impl Index {
    /// The first index at or behind `at` in a zone that has some of these times.
    fn zone_from(
        &self,
        at: u64,
        wanted: &Range<u64>,
        order: Order,
    ) -> Result<Option<u64>, StoreError> {
        let zone = at / ZONE;
        let zones = match order {
            Order::Newest => self.all.range(zone_key(0)..=zone_key(zone)),
            Order::Oldest => self.all.range(zone_key(zone)..=zone_key(u64::MAX)),
        };
        let mut zones: Box<dyn Iterator<Item = fjall::Guard>> = match order {
            Order::Newest => Box::new(zones.rev()),
            Order::Oldest => Box::new(zones),
        };
        let found = zones.find_map(|guard| match guard.into_inner() {
            Err(error) => Some(Err(self.failed(&error))),
            Ok((key, value)) => {
                let (least, greatest) = times(&value)?;
                let has_some = least < wanted.end && greatest >= wanted.start;
                has_some.then(|| Ok(last_number(&key).unwrap_or(0)))
            }
        });
        let Some(found) = found.transpose()? else { return Ok(None) };
        let first = found.saturating_mul(ZONE);
        Ok(Some(match order {
            Order::Newest => at.min(first.saturating_add(ZONE).saturating_sub(1)),
            Order::Oldest => at.max(first),
        }))
    }
}
