//! TLS of the node itself (TLS 1.3 and 1.2 by rustls): a certificate chain and its key from files,
//! which can be read again while connections last.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

/// Why there is no TLS.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or is not what it should be.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The two files are not a pair.
    #[error("{cert} and {key} are no pair that can serve: {reason}")]
    NoPair {
        /// The certificates.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
        /// What is wrong.
        reason: rustls::Error,
    },
    /// One of the two is not set.
    #[error("tls-cert and tls-key belong together; only {0} is set")]
    Half(&'static str),
}

/// A certificate chain and its key, read from files and checked to be a pair.
#[derive(Clone, Debug)]
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// Reads the files that the settings name; `None` if they name none.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn read(cert: Option<&Path>, key: Option<&Path>) -> Result<Option<Self>, TlsError> {
        let (cert, key) = match (cert, key) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(TlsError::Half("tls-cert")),
            (None, Some(_)) => return Err(TlsError::Half("tls-key")),
            (Some(cert), Some(key)) => (cert, key),
        };
        let file = |path: &Path, reason: String| TlsError::File { path: path.to_owned(), reason };
        let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
        let chain: Vec<_> = chain.map_err(|error| file(cert, error.to_string()))?;
        if chain.is_empty() {
            return Err(file(cert, "it holds no certificate in PEM".to_owned()));
        }
        let secret = PrivateKeyDer::from_pem_file(key);
        let secret = secret.map_err(|error| file(key, error.to_string()))?;
        let no_pair = |reason| TlsError::NoPair { cert: cert.into(), key: key.into(), reason };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain.clone(), secret))
            .map_err(no_pair)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Some(Self { chain, config: Arc::new(config) }))
    }
}

/// The certificate that new connections are shown.
#[derive(Debug)]
pub struct LiveTls {
    config: ArcSwap<ServerConfig>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl LiveTls {
    /// Shows this certificate from the beginning.
    #[must_use]
    pub fn new(certificate: Certificate) -> Self {
        let Certificate { chain, config } = certificate;
        Self { config: ArcSwap::new(config), chain: Mutex::new(chain) }
    }

    /// Shows this one from now on; connections that there are stay. Whether it is another.
    pub fn swap(&self, certificate: Certificate) -> bool {
        let Certificate { chain, config } = certificate;
        self.config.store(config);
        let mut shown = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *shown, chain.clone()) != chain
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.config.load_full()
    }
}
