//! Blocks as validators propose, check and append them.
//!
//! ```text
//! block = header | count (4) | count x (length (4) | signed event)
//! ```
//!
//! The events are all that come after the block before. Where their block could not be written,
//! events stand in the log that no block of it has: they are of a block that was decided, so
//! whatever block becomes final next begins with them. When the node opens again, they go back to
//! the pool.

use cairn_consensus::Verdict;
use cairn_consensus::rules::{RuleError, Tip};
use cairn_verifier::event::SignedEvent;
use cairn_verifier::finality::{HEADER_LEN, Header};
use cairn_verifier::trust::Genesis;
use cairn_verifier::wire::{DecodeError, Writer, decode_all};

use super::ValidateError;
use crate::clock;
use crate::ingest;
use crate::node::{Block, Shared};
use crate::producer::make_header;
use crate::replica::{Batch, FollowError, Unfit};

/// The most events of a block that is proposed here.
const MAX_EVENTS: usize = 10_000;
/// The most bytes of events of a block that is proposed here: a quarter of what may travel.
const MAX_BYTES: usize = 4 << 20;
/// The most events that a block can hold: none is shorter than this.
const SHORTEST_EVENT: usize = 100;

/// A header and the events after the block before.
pub(crate) fn encode(header: &[u8], entries: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.raw(header).len32(entries.len());
    for entry in entries {
        writer.bytes32(entry);
    }
    writer.into_bytes()
}

/// What a block holds; its events are whatever bytes it has.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Block, Vec<Vec<u8>>), DecodeError> {
    let limit = cairn_consensus::wire::MAX_BLOCK_LEN;
    let (header_bytes, entries) = decode_all(bytes, |reader| {
        let header = *reader.array::<HEADER_LEN>()?;
        let count = reader.u32()?;
        let most = u64::try_from(reader.rest().len().div_euclid(SHORTEST_EVENT)).unwrap_or(0);
        reader.within("event count", count.into(), most)?;
        let mut entries = Vec::new();
        for _ in 0..count {
            entries.push(reader.bytes32("event length", limit)?.to_vec());
        }
        Ok((header, entries))
    })?;
    let header = Header::decode(&header_bytes)?;
    let certificate = Vec::new();
    Ok((Block { header, digest: header.digest(), header_bytes, certificate }, entries))
}

/// Events that stand in the log after the newest block's.
fn left_over(shared: &Shared) -> Result<Vec<Vec<u8>>, ValidateError> {
    let (from, to) = {
        let state = shared.state();
        (state.final_size(), state.events.size())
    };
    (from..to).map(|index| Ok(shared.entries.read(index)?)).collect()
}

/// Whether anything waits for a block.
pub(crate) fn has_events(shared: &Shared) -> Result<bool, ValidateError> {
    let state = shared.state();
    if state.events.size() > state.final_size() {
        return Ok(true);
    }
    drop(state);
    let Some(pool) = &shared.pool else { return Ok(false) };
    Ok(pool.has_next(|place| shared.next_of(place))?)
}

/// Makes the next block: what is left over, and what waits.
pub(crate) fn build(shared: &Shared) -> Result<(Batch<'static>, Block, Vec<u8>), ValidateError> {
    shared.catch_up()?;
    let genesis = Genesis::decode(&shared.genesis)?;
    let mut entries = left_over(shared)?;
    let begun = entries.len();
    if let Some(pool) = &shared.pool {
        entries.extend(pool.choose((MAX_EVENTS, MAX_BYTES), |place| shared.next_of(place))?);
    }
    let new = entries.get(begun..).unwrap_or_default().to_vec();
    let (mut batch, contents) = Batch::draft(shared, new)?;
    let header = make_header(&genesis, shared.head().as_deref(), &contents)?;
    let header_bytes = header.encode();
    let digest = header.digest();
    let block = Block { header, digest, header_bytes, certificate: Vec::new() };
    batch.push_block(block.clone());
    let bytes = encode(&header_bytes, &entries);
    Ok((batch, block, bytes))
}

/// Checks a block as a validator does before it votes: everything that a replica checks, and that
/// its events are such as this node takes. `certified` says that a quorum judged its time.
pub(crate) fn check(
    shared: &Shared,
    bytes: &[u8],
    certified: bool,
) -> Result<Result<Batch<'static>, (Verdict, String)>, ValidateError> {
    shared.catch_up()?;
    let no = |verdict, reason: &dyn std::fmt::Display| Ok(Err((verdict, reason.to_string())));
    let genesis = Genesis::decode(&shared.genesis)?;
    let (block, entries) = match decode(bytes) {
        Ok(decoded) => decoded,
        Err(error) => return no(Verdict::NotTheBlock, &error),
    };
    let now = (!certified).then(clock::now);
    let tip = tip(shared, &genesis)?;
    // Which set is due behind a gate follows from the block's own events too: with them.
    if let Err(error) = tip.check(&block.header, block.header.next_set, now) {
        let early = matches!(error, RuleError::TooFarAhead { .. });
        return no(if early { Verdict::Early } else { Verdict::Invalid }, &error);
    }
    let new = match after_left_over(shared, entries)? {
        Ok(new) => new,
        Err(why) => return no(Verdict::Invalid, &why),
    };
    match Batch::check((shared, &genesis), &block, new) {
        Ok(batch) => match may_stand(shared, batch.entries()) {
            Ok(()) => Ok(Ok(batch)),
            Err(error) => no(Verdict::Invalid, &error),
        },
        Err(Unfit::OtherBytes(error)) => no(Verdict::NotTheBlock, &error),
        Err(Unfit::AgainstRules(error)) => no(Verdict::Invalid, &error),
        Err(Unfit::Here(error)) => Err(error.into()),
    }
}

/// Every event is of a kind and stream that this log has.
fn may_stand(shared: &Shared, entries: &[Vec<u8>]) -> Result<(), ingest::Refusal> {
    entries.iter().try_for_each(|bytes| {
        let event = SignedEvent::decode(bytes)?;
        ingest::may_stand(shared, event.body())
    })
}

/// The events of a block without those that the log has already.
pub(crate) fn after_left_over(
    shared: &Shared,
    mut entries: Vec<Vec<u8>>,
) -> Result<Result<Vec<Vec<u8>>, &'static str>, ValidateError> {
    let left = left_over(shared)?;
    let is_same = |(one, other): (&Vec<u8>, &Vec<u8>)| {
        // Others may have an event with one more signature: it is the same one.
        let id = |bytes: &[u8]| SignedEvent::decode(bytes).map(|event| event.id()).ok();
        one == other || (id(one).is_some() && id(one) == id(other))
    };
    if entries.len() < left.len() || !left.iter().zip(&entries).all(is_same) {
        let why = "it does not begin with the events that stand in this log after its newest block: \
                   their own block was decided, and could not be written";
        return Ok(Err(why));
    }
    Ok(Ok(entries.split_off(left.len())))
}

fn tip(shared: &Shared, genesis: &Genesis<'_>) -> Result<Tip, FollowError> {
    let state = shared.state();
    let height = state.headers.size();
    Ok(Tip {
        log: genesis.log(),
        parameters: genesis.parameters(),
        parent: state.head.as_ref().map(|head| (head.header, head.digest)),
        genesis_time: genesis.time(),
        first_set: genesis.set().digest(),
        header_root: state.headers.root(height)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_of_a_block_is_its_events_and_nothing_else() {
        let entries = vec![vec![7; 120], vec![8; 300]];
        let bytes = encode(&[0; HEADER_LEN], &entries);
        // Zeros are no header, which is looked at last.
        assert!(decode(&bytes).is_err());
        let many = encode(&[0; HEADER_LEN], &[]);
        let mut many = many[..HEADER_LEN].to_vec();
        many.extend_from_slice(&u32::MAX.to_be_bytes());
        let refused = decode(&many).unwrap_err();
        assert!(matches!(refused, DecodeError::OutOfRange { what: "event count", .. }));
    }
}
