//! What is in files, and what makes it durable.

use super::{Body, Change, Disk, DiskError, NodeNo, name_as};
use crate::image::Image;
use crate::rule::{Fault, Rule};

impl Disk {
    /// Up to `limit` bytes of a file.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn read(&mut self, file: NodeNo, at: u64, limit: u64) -> Result<Vec<u8>, DiskError> {
        self.refuse(file, &[Fault::Read])?;
        match &self.nodes.get(&file).ok_or(DiskError::NotFound)?.body {
            Body::File { now, .. } => Ok(now.read(at, limit)),
            Body::Dir { .. } => Err(DiskError::IsADirectory),
        }
    }

    /// Writes to a file.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn write(&mut self, file: NodeNo, at: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.change(file, Change::Write { at, bytes: bytes.to_vec() })
    }

    /// Makes a file longer or shorter.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn set_len(&mut self, file: NodeNo, len: u64) -> Result<(), DiskError> {
        self.change(file, Change::SetLen(len))
    }

    /// Sets permissions, which are durable at once: nothing depends on that.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn set_mode(&mut self, number: NodeNo, mode: u32) -> Result<(), DiskError> {
        self.refuse(number, &[Fault::Write, Fault::ReadOnly])?;
        self.nodes.get_mut(&number).ok_or(DiskError::NotFound)?.mode = mode;
        Ok(())
    }

    /// Makes a file's bytes, or a directory's names, durable.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn sync(&mut self, number: NodeNo) -> Result<(), DiskError> {
        self.refuse(number, &[Fault::Sync])?;
        self.synced.insert(self.path(number));
        if self.goes_wrong(number, &[Fault::LostSync]).is_none() {
            self.keep(number)?;
        }
        if self.goes_wrong(number, &[Fault::Halt]).is_some() {
            self.rules.push(Rule::new(Fault::Write, &["*"]));
            self.rules.push(Rule::new(Fault::Sync, &["*"]));
        }
        Ok(())
    }

    /// Makes everything durable.
    pub fn sync_all(&mut self) {
        let numbers: Vec<_> = self.nodes.keys().copied().collect();
        for number in numbers {
            // It is there.
            let _kept = self.keep(number);
        }
    }

    fn keep(&mut self, number: NodeNo) -> Result<(), DiskError> {
        match &mut self.nodes.get_mut(&number).ok_or(DiskError::NotFound)?.body {
            Body::File { durable, changes, .. } => {
                changes.drain(..).for_each(|change| apply(durable, &change));
            }
            Body::Dir { durable, changes, .. } => {
                changes.drain(..).for_each(|naming| name_as(durable, &naming));
            }
        }
        Ok(())
    }

    /// Changes one bit of a file where it lies, which the disk does not notice.
    ///
    /// # Errors
    /// [`DiskError`].
    pub fn flip(&mut self, file: NodeNo, bit: u64) -> Result<(), DiskError> {
        let found = &mut self.nodes.get_mut(&file).ok_or(DiskError::NotFound)?.body;
        let Body::File { now, durable, .. } = found else { return Err(DiskError::IsADirectory) };
        for image in [now, durable] {
            let mut byte = image.read(bit / 8, 1);
            byte.iter_mut().for_each(|byte| *byte ^= 1 << (bit % 8));
            image.write(bit / 8, &byte);
        }
        Ok(())
    }

    fn change(&mut self, file: NodeNo, change: Change) -> Result<(), DiskError> {
        self.refuse(file, &[Fault::Write, Fault::ReadOnly])?;
        match &mut self.nodes.get_mut(&file).ok_or(DiskError::NotFound)?.body {
            Body::File { now, changes, .. } => {
                apply(now, &change);
                changes.push(change);
                Ok(())
            }
            Body::Dir { .. } => Err(DiskError::IsADirectory),
        }
    }
}

pub(super) fn apply(image: &mut Image, change: &Change) {
    match change {
        Change::Write { at, bytes } => image.write(*at, bytes),
        Change::SetLen(len) => image.set_len(*len),
    }
}
