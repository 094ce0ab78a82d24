//! Heads: one object for each time that something was published, numbered without gaps, each
//! created and never changed. So of two writers one wins each number, and the other sees that it
//! lost.

use serde::{Deserialize, Serialize};

use cairn_verifier::digest::{HeaderDigest, LogId};

use super::postgres::PostgresHeads;
use super::{Bucket, BucketError, head_path};

/// The longest head in bytes.
const MAX_HEAD_LEN: u64 = 64 << 10;
const FORMAT: &str = "cairn-head 1";

/// How far a published log goes. Nobody believes it: it says where to look, and what is found
/// there is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    format: String,
    /// Its place among the heads.
    pub(crate) number: u64,
    log: String,
    /// How many blocks there are; the newest has the height below.
    pub(crate) blocks: u64,
    /// How many events they make final.
    pub(crate) size: u64,
    header: Option<String>,
    /// Files that are not full yet, and so have another name later.
    pub(crate) partials: Vec<String>,
    /// Who wrote it: a name that a node takes when it starts.
    pub(crate) writer: String,
    /// When, by the writer's clock.
    pub(crate) time: u64,
}

impl Head {
    /// A head before the first.
    pub(crate) fn empty(log: LogId, writer: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            number: 0,
            log: log.to_string(),
            blocks: 0,
            size: 0,
            header: None,
            partials: Vec::new(),
            writer: writer.to_owned(),
            time: 0,
        }
    }

    /// The log that it is of.
    pub(crate) fn log(&self) -> Option<LogId> {
        self.log.parse().ok()
    }

    /// The digest of the newest block's header.
    pub(crate) fn header(&self) -> Option<HeaderDigest> {
        self.header.as_ref()?.parse().ok()
    }

    pub(crate) fn set_header(&mut self, digest: &HeaderDigest) {
        self.header = Some(digest.to_string());
    }

    pub(super) fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn decode(bytes: &[u8], number: u64) -> Result<Self, String> {
        let head: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let has_header = head.header().is_some() == (head.blocks != 0);
        if head.format != FORMAT {
            Err(format!("its format is {:?}, this program reads {FORMAT:?}", head.format))
        } else if head.number != number {
            Err(format!("it says that it is number {}", head.number))
        } else if head.log().is_none() || !has_header {
            Err("its log or its header is no digest".to_owned())
        } else {
            Ok(head)
        }
    }
}

/// Who decides which of two heads of one number stands.
#[derive(Debug)]
pub(crate) enum Heads {
    /// The bucket, which creates an object once.
    Bucket,
    /// A database beside it; the bucket has copies.
    Postgres(Box<PostgresHeads>),
}

impl Heads {
    /// The bucket, or the database that is named.
    pub(crate) fn open(bucket: &Bucket, database: Option<&str>) -> Result<Self, BucketError> {
        match database {
            None => {
                bucket.probe()?;
                Ok(Self::Bucket)
            }
            Some(url) => {
                let heads = PostgresHeads::open(url, bucket.url())?;
                bucket.runtime.block_on(heads.prepare())?;
                Ok(Self::Postgres(Box::new(heads)))
            }
        }
    }

    /// The newest head. A database's newest is copied to the bucket first, if a crash kept it from
    /// there.
    pub(crate) fn newest(&self, bucket: &Bucket) -> Result<Option<Head>, BucketError> {
        let Self::Postgres(heads) = self else { return bucket.newest_head(None) };
        let Some((number, text)) = bucket.runtime.block_on(heads.newest())? else {
            return Ok(None);
        };
        let path = head_path(number);
        let head = Head::decode(text.as_bytes(), number)
            .map_err(|why| BucketError::BadHead { path: path.clone(), why })?;
        bucket.put(&path, text.as_bytes())?;
        Ok(Some(head))
    }

    /// Writes a head, unless there is one of its number by another; `false` if there is.
    pub(crate) fn create(&self, bucket: &Bucket, head: &Head) -> Result<bool, BucketError> {
        let (path, text) = (head_path(head.number), head.encode());
        let won = match self {
            Self::Bucket => bucket.create(&path, text.as_bytes())?,
            Self::Postgres(heads) => bucket.runtime.block_on(heads.insert(head.number, &text))?,
        };
        // An answer that was lost, and the request that was sent again, look like another's win.
        let is_ours = won || self.read(bucket, head.number)?.is_some_and(|found| found == text);
        if is_ours && matches!(self, Self::Postgres(_)) {
            bucket.put(&path, text.as_bytes())?;
        }
        Ok(is_ours)
    }

    /// Whether there is a head of this number.
    pub(crate) fn is_taken(&self, bucket: &Bucket, number: u64) -> Result<bool, BucketError> {
        Ok(self.read(bucket, number)?.is_some())
    }

    fn read(&self, bucket: &Bucket, number: u64) -> Result<Option<String>, BucketError> {
        match self {
            Self::Bucket => {
                let found = bucket.get(&head_path(number), MAX_HEAD_LEN)?;
                Ok(found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
            }
            Self::Postgres(heads) => bucket.runtime.block_on(heads.read(number)),
        }
    }
}

impl Bucket {
    fn head(&self, number: u64) -> Result<Option<Head>, BucketError> {
        let path = head_path(number);
        let Some(bytes) = self.get(&path, MAX_HEAD_LEN)? else { return Ok(None) };
        let bad = |why| BucketError::BadHead { path: self.full(&path), why };
        Head::decode(&bytes, number).map(Some).map_err(bad)
    }

    /// The newest head, found by doubling steps from one that is known, and halving them again.
    pub(crate) fn newest_head(&self, known: Option<u64>) -> Result<Option<Head>, BucketError> {
        let Some(mut newest) = self.head(known.unwrap_or(0))? else { return Ok(None) };
        let mut step = 1_u64;
        while let Some(head) = self.head(newest.number.saturating_add(step))? {
            newest = head;
            step = step.saturating_mul(2);
        }
        while step > 1 {
            step /= 2;
            if let Some(head) = self.head(newest.number.saturating_add(step))? {
                newest = head;
            }
        }
        Ok(Some(newest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket() -> (tempfile::TempDir, Bucket) {
        let dir = tempfile::tempdir().unwrap();
        let bucket = Bucket::open(&format!("file://{}/log", dir.path().display())).unwrap();
        (dir, bucket)
    }

    #[test]
    fn the_newest_is_found_however_many_there_are() {
        let (_dir, bucket) = bucket();
        let heads = Heads::open(&bucket, None).unwrap();
        assert_eq!(bucket.newest_head(None).unwrap(), None);
        let mut head = Head::empty([7; 32].into(), "me");
        for number in 0..70 {
            head.number = number;
            assert!(heads.create(&bucket, &head).unwrap());
            for known in [None, Some(0), Some(number / 2), Some(number)] {
                let found = bucket.newest_head(known).unwrap().unwrap();
                assert_eq!(found.number, number, "from {known:?}");
            }
        }
    }

    #[test]
    fn one_number_has_one_winner_and_its_own_retry_is_no_loss() {
        let (_dir, bucket) = bucket();
        let heads = Heads::open(&bucket, None).unwrap();
        let (mine, other) =
            (Head::empty([7; 32].into(), "me"), Head::empty([7; 32].into(), "other"));
        assert!(heads.create(&bucket, &mine).unwrap());
        assert!(heads.create(&bucket, &mine).unwrap());
        assert!(!heads.create(&bucket, &other).unwrap());
        assert_eq!(bucket.newest_head(None).unwrap().unwrap(), mine);
    }

    #[test]
    fn what_is_no_head_is_said() {
        let (_dir, bucket) = bucket();
        let good = Head::empty([7; 32].into(), "me").encode();
        let bent = good.replace("cairn-head 1", "cairn-head 2");
        for (bytes, says) in [(bent.as_str(), "cairn-head 2"), ("{}", "format"), ("", "EOF")] {
            bucket.put(&head_path(0), bytes.as_bytes()).unwrap();
            let error = bucket.newest_head(None).unwrap_err();
            assert_eq!(error.code(), "bad-head");
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
