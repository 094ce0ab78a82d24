//! Taking the head of a published log for oneself, before any block is made.

use crate::bucket::{Bucket, GENESIS, Head, Heads, random_name};
use crate::clock;
use crate::node::Shared;

use super::{PublishError, PublishOptions, Publisher};

impl Publisher {
    /// Claims the head: writes the next one with what the newest says. Whoever had it before sees
    /// that when it writes its next, and stops.
    pub(crate) fn claim(shared: &Shared, options: &PublishOptions) -> Result<Self, PublishError> {
        let bucket = Bucket::open(&options.to)?;
        expect_log(&bucket, shared)?;
        let heads = Heads::open(&bucket, options.head.as_deref())?;
        let writer = random_name();
        let newest = heads.newest(&bucket)?;
        let mut head = newest.clone().unwrap_or_else(|| Head::empty(shared.log, &writer));
        expect_prefix(&bucket, shared, &head)?;
        head.number = newest.as_ref().map_or(0, |newest| newest.number.saturating_add(1));
        let older = newest.map(|newest| newest.partials).unwrap_or_default();
        let every = options.every;
        let mut publisher = Self { bucket, heads, every, writer, head: head.clone(), older };
        publisher.write_head(head)?;
        shared.note_published(|published| {
            published.to = publisher.bucket.url().to_owned();
            published.blocks = publisher.head.blocks;
            published.size = publisher.head.size;
        });
        Ok(publisher)
    }

    /// Writes a head, which must be the next one.
    pub(super) fn write_head(&mut self, mut head: Head) -> Result<(), PublishError> {
        head.writer.clone_from(&self.writer);
        head.time = clock::now().0;
        if self.heads.create(&self.bucket, &head)? {
            self.head = head;
            return Ok(());
        }
        Err(self.lost(head.number)?)
    }

    /// The next head is still this node's to write.
    pub(super) fn expect_ours(&self) -> Result<(), PublishError> {
        let next = self.head.number.saturating_add(1);
        let is_taken = self.heads.is_taken(&self.bucket, next)?;
        if is_taken { Err(self.lost(next)?) } else { Ok(()) }
    }

    fn lost(&self, number: u64) -> Result<PublishError, PublishError> {
        let winner = self.heads.newest(&self.bucket)?.map(|head| head.writer).unwrap_or_default();
        let url = self.bucket.url().to_owned();
        Ok(PublishError::HeadLost { url, number, winner })
    }
}

/// The place is empty, or this log's.
fn expect_log(bucket: &Bucket, shared: &Shared) -> Result<(), PublishError> {
    if bucket.create(GENESIS, &shared.genesis)? {
        return Ok(());
    }
    let limit = u64::try_from(shared.genesis.len()).unwrap_or(u64::MAX);
    match bucket.get(GENESIS, limit) {
        Ok(Some(found)) if found == shared.genesis => Ok(()),
        Err(error) if error.is_passing() => Err(error.into()),
        _ => Err(PublishError::OtherLog { url: bucket.url().to_owned() }),
    }
}

/// What is published is the beginning of what the data directory has.
fn expect_prefix(bucket: &Bucket, shared: &Shared, head: &Head) -> Result<(), PublishError> {
    let url = bucket.url().to_owned();
    if head.log() != Some(shared.log) {
        return Err(PublishError::OtherLog { url });
    }
    let Some(height) = head.blocks.checked_sub(1) else { return Ok(()) };
    let Some(block) = shared.block(height)? else {
        return Err(PublishError::Behind {
            url,
            published: head.blocks,
            published_size: head.size,
            ours: shared.blocks.end(),
            our_size: shared.state().final_size(),
        });
    };
    match head.header() {
        Some(published) if published != block.digest => {
            Err(PublishError::Forked { url, height, published, ours: block.digest })
        }
        _ => Ok(()),
    }
}
