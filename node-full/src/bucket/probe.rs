//! Whether a store does what one winner needs: an object that is there is not created again. Some
//! stores say that they do and overwrite, so it is tried and not asked.

use std::fmt::Write as _;

use futures_util::future::join_all;
use object_store::{PutMode, PutOptions, PutPayload, UpdateVersion};

use super::{Bucket, BucketError};

/// How many race for one object.
const RACERS: u8 = 16;

impl Bucket {
    /// Creates an object twice, updates it by a version that it never had, and lets sixteen race
    /// for another.
    ///
    /// # Errors
    /// [`BucketError::Overwrites`], or the store cannot be reached.
    pub(crate) fn probe(&self) -> Result<(), BucketError> {
        let (one, race) = (probe_path(), probe_path());
        let probed = self.probe_one(&one).and_then(|()| self.probe_race(&race));
        for path in [one, race] {
            // A store may let us write and not remove; what stays is two small objects.
            if let Err(error) = self.remove(&path) {
                tracing::warn!(%error, "a probe stays behind");
            }
        }
        probed
    }

    fn probe_one(&self, path: &str) -> Result<(), BucketError> {
        if !self.create(path, b"first")? {
            return Err(self.overwrites("an object is there before it was created".to_owned()));
        }
        if self.create(path, b"second")? {
            return Err(self.overwrites("an object was created twice".to_owned()));
        }
        let stale = UpdateVersion { e_tag: Some("\"0\"".to_owned()), version: None };
        let update = PutOptions::from(PutMode::Update(stale));
        let updated = self.runtime.block_on(async {
            self.store.put_opts(&self.path(path), PutPayload::from_static(b"third"), update).await
        });
        if updated.is_ok() {
            return Err(self.overwrites("a stale version was updated".to_owned()));
        }
        match self.get(path, 16)? {
            Some(bytes) if bytes == b"first" => Ok(()),
            _ => Err(self.overwrites("an object changed after it was created".to_owned())),
        }
    }

    fn probe_race(&self, path: &str) -> Result<(), BucketError> {
        let racers = (0..RACERS).map(|racer| self.create_one(path, vec![racer]));
        let results = self.runtime.block_on(join_all(racers));
        let mut winners = Vec::new();
        for (racer, won) in (0..RACERS).zip(results) {
            if won? {
                winners.push(racer);
            }
        }
        let found = self.get(path, 16)?;
        match winners.as_slice() {
            [winner] if found.as_deref() == Some(&[*winner]) => Ok(()),
            _ => {
                let count = winners.len();
                Err(self.overwrites(format!("{count} of {RACERS} created one object")))
            }
        }
    }

    fn overwrites(&self, what: String) -> BucketError {
        BucketError::Overwrites { url: self.url.clone(), what }
    }
}

/// A name that nobody else uses.
fn probe_path() -> String {
    format!("probe/{}", random_name())
}

/// 32 random hex digits.
pub(crate) fn random_name() -> String {
    let mut bytes = [0; 16];
    // Without randomness the create below finds the object there, and says so.
    let _filled = getrandom::fill(&mut bytes);
    bytes.iter().fold(String::new(), |mut name, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(name, "{byte:02x}");
        name
    })
}
