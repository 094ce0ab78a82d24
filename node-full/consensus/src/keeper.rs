//! The order in which outputs become durable.

use crate::host::Output;

/// Where a validator keeps its log and its record. A call that returns an error has stopped the
/// validator: it must not go on as if the bytes were kept.
pub trait Journal {
    /// Why something could not be kept.
    type Error;

    /// A log for this height begins; entries of earlier heights may go.
    ///
    /// # Errors
    /// As the journal has them.
    fn begin(&mut self, height: u64) -> Result<(), Self::Error>;

    /// Adds an entry of a height to the log; it need not be durable yet.
    ///
    /// # Errors
    /// As the journal has them.
    fn append(&mut self, height: u64, entry: &[u8]) -> Result<(), Self::Error>;

    /// Every entry added so far is durable when this returns.
    ///
    /// # Errors
    /// As the journal has them.
    fn sync(&mut self) -> Result<(), Self::Error>;

    /// The record is durable when this returns, in place of the one before.
    ///
    /// # Errors
    /// As the journal has them.
    fn record(&mut self, record: &[u8]) -> Result<(), Self::Error>;
}

/// Performs what must be durable and gives back the rest, each only after everything before it
/// is durable. Syncs are put off until something leaves that rests on them, so a lone validator
/// needs one a block.
#[derive(Debug)]
pub struct Keeper<J> {
    journal: J,
    appended: bool,
    record: Option<Vec<u8>>,
}

impl<J: Journal> Keeper<J> {
    /// Keeps in this journal.
    pub const fn new(journal: J) -> Self {
        Self { journal, appended: false, record: None }
    }

    /// The journal.
    pub const fn journal(&self) -> &J {
        &self.journal
    }

    /// The journal, to be changed.
    pub const fn journal_mut(&mut self) -> &mut J {
        &mut self.journal
    }

    /// Performs outputs in order.
    ///
    /// # Errors
    /// The journal's: the validator must stop.
    pub fn perform(&mut self, outputs: Vec<Output>) -> Result<Vec<Output>, J::Error> {
        let mut left = Vec::with_capacity(outputs.len());
        for output in outputs {
            match output {
                Output::Begin { height } => self.journal.begin(height)?,
                Output::Append { height, entry } => {
                    self.journal.append(height, &entry)?;
                    self.appended = true;
                }
                Output::Record(record) => self.record = Some(record),
                Output::Broadcast(_) | Output::Send { .. } | Output::Decided(_) => {
                    self.flush()?;
                    left.push(output);
                }
                Output::SetTimer { .. }
                | Output::Build { .. }
                | Output::Check { .. }
                | Output::Serve { .. }
                | Output::Ban { .. } => left.push(output),
            }
        }
        Ok(left)
    }

    /// The log first: a record that is ahead of it means that the log was lost.
    fn flush(&mut self) -> Result<(), J::Error> {
        if self.appended {
            self.journal.sync()?;
            self.appended = false;
        }
        if let Some(record) = self.record.take() {
            self.journal.record(&record)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes down the order in which things happen.
    #[derive(Default)]
    struct Notes(Vec<&'static str>);

    impl Journal for Notes {
        type Error = std::convert::Infallible;

        fn begin(&mut self, _: u64) -> Result<(), Self::Error> {
            self.0.push("begin");
            Ok(())
        }

        fn append(&mut self, _: u64, _: &[u8]) -> Result<(), Self::Error> {
            self.0.push("append");
            Ok(())
        }

        fn sync(&mut self) -> Result<(), Self::Error> {
            self.0.push("sync");
            Ok(())
        }

        fn record(&mut self, _: &[u8]) -> Result<(), Self::Error> {
            self.0.push("record");
            Ok(())
        }
    }

    #[test]
    fn the_keeper_syncs_log_then_record_before_anything_leaves() {
        let mut keeper = Keeper::new(Notes::default());
        let append = || Output::Append { height: 0, entry: Vec::new() };
        let left = keeper.perform(vec![append(), append(), Output::Record(Vec::new()), append()]);
        assert_eq!(left.unwrap(), []);
        let message = Output::Broadcast(vec![1]);
        let left = keeper.perform(vec![message.clone(), append(), message.clone()]).unwrap();
        assert_eq!(left, [message.clone(), message]);
        let order = &keeper.journal().0;
        assert_eq!(order, &["append", "append", "append", "sync", "record", "append", "sync"]);
    }
}
