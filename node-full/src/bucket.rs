//! Where a log stands outside of its data directory: a bucket of an S3 store, or a directory. The
//! same code serves both.
//!
//! ```text
//! <prefix>/genesis                        what the log is
//! <prefix>/tiles/event/0/x001/234         as under /v1/tiles/: hashes, events and blocks, 256 a file,
//! <prefix>/tiles/entries/x001/234.p/17    with .p/W behind the last file, as long as it is not full
//! <prefix>/payloads/<digest>              as under /v1/payloads/
//! <prefix>/head/<number, 20 digits>       how far all that goes; who wrote it
//! ```
//!
//! **Invariant:** an object that was written is never another one. Salts, wraps and keys are not here.

mod error;
mod heads;
mod layout;
mod postgres;
mod probe;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions,
    PutPayload, RetryConfig,
};
use tokio::runtime::Runtime;

pub use error::BucketError;
pub(crate) use heads::{Head, Heads};
use layout::head_path;
pub(crate) use layout::{WIDTH, payload_path, tile_path};
pub(crate) use probe::random_name;

/// The path of the genesis.
pub(crate) const GENESIS: &str = "genesis";
/// How many objects are read or written at once: each waits for the network, not for a core.
/// Bounds the memory that payloads take, of which the longest has 16 MiB.
const AT_ONCE: usize = 16;
/// How long one request may take, and how long it is tried again. What fails longer is told, and
/// tried again by whoever asked for it.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
const RETRY_LIMIT: Duration = Duration::from_secs(5);

/// What becomes of another object where one must be that never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    /// It stays, and that is an error.
    Refuse,
    /// It goes: no head names it.
    Replace,
}

/// A place for objects.
#[derive(Debug)]
pub(crate) struct Bucket {
    url: String,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    runtime: Runtime,
}

impl Bucket {
    /// Opens `s3://bucket/prefix` with the settings of the environment (`AWS_ENDPOINT`,
    /// `AWS_REGION`, `AWS_ACCESS_KEY_ID` and so on), or `file:///directory`.
    pub(crate) fn open(url: &str) -> Result<Self, BucketError> {
        let bad = |why: &str| BucketError::BadUrl { url: url.to_owned(), why: why.to_owned() };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("bucket")
            .enable_all()
            .build()
            .map_err(|error| bad(&error.to_string()))?;
        let (store, prefix): (Arc<dyn ObjectStore>, &str) = if let Some(rest) =
            url.strip_prefix("s3://")
        {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return Err(bad("it names no bucket; write s3://bucket/prefix"));
            }
            (Arc::new(s3(bucket).map_err(|error| bad(&error.to_string()))?), prefix)
        } else if let Some(dir) = url.strip_prefix("file://").filter(|dir| dir.starts_with('/')) {
            let local = directory(dir).map_err(|error| bad(&error.to_string()))?;
            (Arc::new(local), "")
        } else {
            return Err(bad("write s3://bucket/prefix or file:///directory"));
        };
        let prefix =
            Path::parse(prefix.trim_matches('/')).map_err(|error| bad(&error.to_string()))?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), store, prefix, runtime })
    }

    /// How it was named.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn path(&self, path: &str) -> Path {
        path.split('/').fold(self.prefix.clone(), |above, part| above.join(part))
    }

    /// An object of at most `limit` bytes, if it is there.
    pub(crate) fn get(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, BucketError> {
        self.runtime.block_on(self.get_one(path, limit))
    }

    async fn get_one(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, BucketError> {
        let found = match self.store.get(&self.path(path)).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.failed("read", path, error)),
        };
        let size = found.meta.size;
        if size > limit {
            return Err(BucketError::TooLarge { path: self.full(path), limit, found: size });
        }
        let bytes = found.bytes().await.map_err(|error| self.failed("read", path, error))?;
        Ok(Some(bytes.into()))
    }

    /// Many objects, in the order of their paths as given.
    pub(crate) fn get_all(
        &self,
        paths: &[String],
        limit: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, BucketError> {
        let reads = stream::iter(paths.iter().map(|path| self.get_one(path, limit)));
        self.runtime.block_on(async {
            let mut found = Vec::with_capacity(paths.len());
            let mut reads = reads.buffered(AT_ONCE);
            while let Some(read) = reads.next().await {
                found.push(read?);
            }
            Ok(found)
        })
    }

    /// Writes an object, unless there is one; `false` if there is.
    pub(crate) fn create(&self, path: &str, bytes: &[u8]) -> Result<bool, BucketError> {
        self.runtime.block_on(self.create_one(path, bytes.to_vec().into()))
    }

    async fn create_one(&self, path: &str, bytes: PutPayload) -> Result<bool, BucketError> {
        let mode = PutOptions::from(PutMode::Create);
        match self.store.put_opts(&self.path(path), bytes, mode).await {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
            Err(error) => Err(self.failed("write", path, error)),
        }
    }

    /// Writes an object, over another if there is one.
    pub(crate) fn put(&self, path: &str, bytes: &[u8]) -> Result<(), BucketError> {
        let at = self.path(path);
        let put = self.store.put(&at, PutPayload::from(bytes.to_vec()));
        self.runtime.block_on(put).map_err(|error| self.failed("write", path, error))?;
        Ok(())
    }

    /// Writes an object that never changes, or finds it written already.
    async fn keep_one(&self, path: &str, bytes: Vec<u8>, other: Other) -> Result<(), BucketError> {
        let bytes = PutPayload::from(bytes);
        if self.create_one(path, bytes.clone()).await? {
            return Ok(());
        }
        let limit = u64::try_from(bytes.content_length()).unwrap_or(u64::MAX);
        match self.get_one(path, limit).await {
            Ok(Some(found)) if bytes.iter().flatten().eq(&found) => Ok(()),
            Ok(None) => Err(BucketError::Vanished { path: self.full(path) }),
            Ok(Some(_)) | Err(BucketError::TooLarge { .. }) if other == Other::Replace => {
                let path = self.path(path);
                let put = self.store.put(&path, bytes).await;
                put.map(drop).map_err(|error| self.failed("write", path.as_ref(), error))
            }
            Ok(Some(_)) | Err(BucketError::TooLarge { .. }) => {
                Err(BucketError::Differs { path: self.full(path) })
            }
            Err(error) => Err(error),
        }
    }

    /// Writes objects that never change, or finds them written already. How many bytes they have.
    pub(crate) fn keep_all(
        &self,
        objects: impl Iterator<Item = Result<(String, Vec<u8>), BucketError>> + Send,
        other: Other,
    ) -> Result<u64, BucketError> {
        let writes = stream::iter(objects).map(|object| async move {
            let (path, bytes) = object?;
            let written = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.keep_one(&path, bytes, other).await?;
            Ok(written)
        });
        self.runtime.block_on(async {
            let (mut writes, mut written) = (Box::pin(writes.buffer_unordered(AT_ONCE)), 0_u64);
            while let Some(one) = writes.next().await {
                written = written.saturating_add(one?);
            }
            Ok(written)
        })
    }

    /// Removes an object, if it is there.
    pub(crate) fn remove(&self, path: &str) -> Result<(), BucketError> {
        match self.runtime.block_on(self.store.delete(&self.path(path))) {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("remove", path, error)),
        }
    }

    fn full(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    fn failed(&self, what: &'static str, path: &str, reason: Error) -> BucketError {
        BucketError::Failed { what, path: self.full(path), reason }
    }
}

fn s3(bucket: &str) -> object_store::Result<impl ObjectStore> {
    // What is there already is another part of this program's choice, and as good.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(50),
        max_backoff: Duration::from_secs(2),
        base: 2.0,
    };
    let retry = RetryConfig { backoff, max_retries: 5, retry_timeout: RETRY_LIMIT };
    let mut client = ClientOptions::default().with_timeout(REQUEST_LIMIT);
    if std::env::var("AWS_ALLOW_HTTP").is_ok_and(|allow| allow == "true") {
        client = client.with_allow_http(true);
    }
    AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(retry)
        .with_client_options(client)
        .build()
}

fn directory(dir: &str) -> object_store::Result<LocalFileSystem> {
    let made = std::fs::create_dir_all(dir);
    made.map_err(|source| Error::Generic { store: "directory", source: Box::new(source) })?;
    Ok(LocalFileSystem::new_with_prefix(dir)?.with_fsync(true))
}
