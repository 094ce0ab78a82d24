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
        let stale = UpdateVersion { e_tag: Some(format!("\"{}\"", random_name())), version: None };
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
        let racers = (0..RACERS).map(|racer| self.create_one(path, vec![racer].into()));
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

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::sync::Arc;

    use futures_util::stream::BoxStream;
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{
        CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
        PutMultipartOptions, PutResult, Result,
    };

    use super::*;

    /// A store that overwrites whatever it is asked to create, as some do.
    #[derive(Debug, Default)]
    struct Overwriting(InMemory);

    impl fmt::Display for Overwriting {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Overwriting")
        }
    }

    #[async_trait::async_trait]
    impl ObjectStore for Overwriting {
        async fn put_opts(&self, at: &Path, what: PutPayload, _: PutOptions) -> Result<PutResult> {
            self.0.put_opts(at, what, PutMode::Overwrite.into()).await
        }

        async fn put_multipart_opts(
            &self,
            at: &Path,
            options: PutMultipartOptions,
        ) -> Result<Box<dyn MultipartUpload>> {
            self.0.put_multipart_opts(at, options).await
        }

        async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
            self.0.get_opts(at, options).await
        }

        fn delete_stream(
            &self,
            at: BoxStream<'static, Result<Path>>,
        ) -> BoxStream<'static, Result<Path>> {
            self.0.delete_stream(at)
        }

        fn list(&self, below: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
            self.0.list(below)
        }

        async fn list_with_delimiter(&self, below: Option<&Path>) -> Result<ListResult> {
            self.0.list_with_delimiter(below).await
        }

        async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
            self.0.copy_opts(from, to, options).await
        }
    }

    fn with(store: Arc<dyn ObjectStore>) -> Bucket {
        Bucket { store, ..Bucket::open("file:///tmp").unwrap() }
    }

    #[test]
    fn a_store_that_overwrites_is_refused_with_what_to_do() {
        let bucket = with(Arc::new(Overwriting::default()));
        let refused = bucket.probe().unwrap_err();
        assert_eq!(refused.code(), "store-overwrites");
        assert!(refused.to_string().contains("--publish-head postgres://"), "{refused}");
        let raced = bucket.probe_race("race").unwrap_err().to_string();
        assert!(raced.contains("16 of 16 created one object"), "{raced}");
    }

    #[test]
    fn a_store_that_creates_once_is_taken() {
        let bucket = with(Arc::new(InMemory::new()));
        bucket.probe().unwrap();
        let left = bucket.runtime.block_on(bucket.store.list_with_delimiter(None)).unwrap();
        assert!(left.common_prefixes.is_empty(), "{left:?}");
    }
}
