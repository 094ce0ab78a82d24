//! What the engine wants done.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_consensus::wire::Message;
use cairn_consensus::{Decided, Output, Verdict};
use cairn_verifier::digest::EventId;
use cairn_verifier::event::SignedEvent;

use super::{Building, Driver};
use crate::node::{Place, evidence};
use crate::replica::Batch;
use crate::validate::{ValidateError, block};

/// How long a proposer waits for something to propose, at most; no longer than half of what the
/// others wait for it.
const WAIT_FOR_EVENTS: Duration = Duration::from_secs(1);

impl Driver<'_> {
    /// One of them; what the engine wants then.
    pub(super) fn output(&mut self, output: Output) -> Result<Vec<Output>, ValidateError> {
        if self.is_over(&output) {
            return Ok(Vec::new());
        }
        match output {
            Output::Broadcast(bytes) => self.network().broadcast(&bytes),
            Output::Send { peer, bytes } => {
                if let Some(id) = self.peers.id(peer) {
                    self.network().send(id, &bytes);
                }
            }
            Output::SetTimer { timer, after } => {
                self.timers.set(self.now().saturating_add(after), timer);
            }
            Output::Build { height, round, within } => {
                let wait = within.checked_div(2).unwrap_or_default().min(WAIT_FOR_EVENTS);
                let until = self.now().saturating_add(wait);
                self.building = Some(Building { place: (height, round), until });
            }
            Output::Check { height, header, block, certified } => {
                let verdict = match block::check(self.shared, &block, certified)? {
                    Ok(batch) => {
                        self.batches.insert(header, batch);
                        Verdict::Valid
                    }
                    Err((verdict, why)) => {
                        tracing::warn!(height, %header, why, ?verdict, "a block is not voted for");
                        metrics::counter!("cairn_blocks_refused_total").increment(1);
                        verdict
                    }
                };
                return Ok(self.host.checked(height, header, verdict)?);
            }
            Output::Serve { peer, height } => {
                if let (Some(id), Some((block, certificate))) =
                    (self.peers.id(peer), self.final_block(height)?)
                {
                    let message = Message::Final { height, block, certificate };
                    self.network().send(id, &message.encode());
                }
            }
            Output::Decided(decided) => self.decided(*decided)?,
            Output::Ban { peer, fault } => {
                if let Some(id) = self.peers.id(peer) {
                    self.ban(id, &fault.to_string());
                }
            }
            // The keeper has these.
            Output::Begin { .. } | Output::Append { .. } | Output::Record(_) => {}
        }
        Ok(Vec::new())
    }

    /// Whether this is about a height that the log has by now. Blocks that came many at a time go
    /// past the engine, which may still be asked for one of them: that says nothing of the block.
    fn is_over(&self, output: &Output) -> bool {
        let height = match output {
            Output::Check { height, .. } | Output::Build { height, .. } => *height,
            Output::Decided(decided) => decided.height,
            Output::Begin { .. }
            | Output::Append { .. }
            | Output::Record(_)
            | Output::Broadcast(_)
            | Output::Send { .. }
            | Output::SetTimer { .. }
            | Output::Serve { .. }
            | Output::Ban { .. } => return false,
        };
        height < self.next_height()
    }

    fn decided(&mut self, decided: Decided) -> Result<(), ValidateError> {
        let Decided { height, header, block, certificate, evidence } = decided;
        let mut batch = match self.batches.remove(&header) {
            Some(batch) => batch,
            // It was checked before a crash.
            None => block::check(self.shared, &block, true)?
                .map_err(|(_, why)| ValidateError::DecidedUnfit { height, why })?,
        };
        batch.certify(certificate);
        // Before the block, whose being final wakes whoever logs it.
        for file in evidence {
            tracing::warn!(height, bytes = file.len(), "a validator contradicted itself");
            evidence::submit(self.shared, file);
        }
        self.append(batch)?;
        let took = self.now().saturating_sub(self.begun);
        metrics::histogram!("cairn_decided_seconds").record(took);
        metrics::counter!("cairn_rounds_total").increment(u64::from(self.host.round()) + 1);
        self.next_start = self.begun.saturating_add(self.shared.options.block_time);
        self.forget_height();
        self.note();
        Ok(())
    }

    /// Makes blocks that are final part of the log; what they hold waits no longer.
    pub(in crate::validate) fn append(&mut self, batch: Batch<'_>) -> Result<(), ValidateError> {
        let (first, ids) = (batch.first(), batch.ids().to_vec());
        let mut places: BTreeMap<Place, u64> = BTreeMap::new();
        for event in batch.entries().iter().filter_map(|bytes| SignedEvent::decode(bytes).ok()) {
            let body = event.body();
            places.insert((body.stream, body.writer), body.sequence.saturating_add(1));
        }
        batch.append(self.shared)?;
        let index_of: BTreeMap<EventId, u64> = ids.iter().copied().zip(first..).collect();
        self.settle(&ids, &places, |id| Ok(index_of.get(id).copied()))
    }

    fn settle(
        &self,
        ids: &[EventId],
        places: &BTreeMap<Place, u64>,
        index_of: impl Fn(&EventId) -> Result<Option<u64>, ValidateError>,
    ) -> Result<(), ValidateError> {
        let Some(pool) = &self.shared.pool else { return Ok(()) };
        let mut of = Vec::new();
        for (id, record) in pool.settle(ids, places)? {
            of.extend(index_of(&id)?.map(|index| (index, record)));
        }
        if of.is_empty() {
            return Ok(());
        }
        Ok(self.shared.link_records(&of, pool)?)
    }

    /// The same for what became final before a crash.
    pub(super) fn settle_again(&self) -> Result<(), ValidateError> {
        let Some(pool) = &self.shared.pool else { return Ok(()) };
        self.shared.catch_up()?;
        let mut places = BTreeMap::new();
        for place in pool.places() {
            places.insert(place, self.shared.next_of(&place)?.0);
        }
        let mut ids = Vec::new();
        for id in pool.before(&places) {
            ids.extend(self.shared.find(&id)?.map(|_| id));
        }
        self.settle(&ids, &places, |id| Ok(self.shared.find(id)?))
    }
}
