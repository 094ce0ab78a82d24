//! How a node is set up: what its file says, over which stands what the environment says, over
//! which stand the flags.
//!
//! ```toml
//! # data/cairn.toml, every line of it optional
//! listen = "127.0.0.1:8420"       # CAIRN_LISTEN      --listen
//! metrics = "127.0.0.1:9420"      # CAIRN_METRICS     --metrics
//! ui = "target/ui"                # CAIRN_UI          --ui
//! pkg = "pkg"                     # CAIRN_PKG         --pkg
//! block-time = 250                # CAIRN_BLOCK_TIME  --block-time   milliseconds
//! check-rate = 20                 # CAIRN_CHECK_RATE  --check-rate   megabytes a second; none: no check
//! check-every = 24                # CAIRN_CHECK_EVERY                hours
//! keep-payloads = 365             # CAIRN_KEEP_PAYLOADS  --keep-payloads  days; for ever if not said
//! keep-events = 2555              # CAIRN_KEEP_EVENTS    --keep-events    days; for ever if not said
//! publish = "s3://bucket/prefix"  # CAIRN_PUBLISH     --publish      where final blocks go; or file:///dir
//! publish-every = 5000            # CAIRN_PUBLISH_EVERY --publish-every  milliseconds; a replica looks as often
//! publish-head = "postgres://u@h/db" # CAIRN_PUBLISH_HEAD --publish-head  where a bucket cannot keep the head
//! log = "warn"                    # CAIRN_LOG
//! otlp = "http://127.0.0.1:4318"  # CAIRN_OTLP        --otlp         an OpenTelemetry collector
//!
//! read = "any"                    # CAIRN_READ            any, keys
//! write = "local"                 # CAIRN_WRITE           any, local, keys; keys if there are any
//! writers = "any"                 # CAIRN_WRITERS         any, members
//! allow-origin = []               # CAIRN_ALLOW_ORIGIN    --allow-origin
//! origin = []                     # CAIRN_ORIGIN          how members reach this node: "https://log.example"
//! trusted-proxy = []              # CAIRN_TRUSTED_PROXY
//! rate = 50                       # CAIRN_RATE            requests a second; none: no limit
//! max-body = 16777216             # CAIRN_MAX_BODY        bytes
//! max-requests = 512              # CAIRN_MAX_REQUESTS    at once
//! max-connections = 4096          # CAIRN_MAX_CONNECTIONS open at once
//! time-limit = 30                 # CAIRN_TIME_LIMIT      seconds
//! tls-cert = "chain.pem"          # CAIRN_TLS_CERT        --tls-cert
//! tls-key = "key.pem"             # CAIRN_TLS_KEY         --tls-key
//! key-passphrase-file = "…"       # CAIRN_KEY_PASSPHRASE_FILE  --key-passphrase-file
//!
//! [[api-key]]                     # made by `cairn api-key new`
//! name = "importer"
//! hash = "…"                      # or file = "…", or env = "…"
//! scopes = ["write"]
//! rate = 100
//!
//! [jwt]
//! algorithm = "EdDSA"             # ES256, RS256, HS256
//! key = "issuer.pub.pem"          # or jwks = "issuer.jwks.json"
//! issuer = "https://id.example"
//! audience = "cairn"
//!
//! [validator]                     # among other validators
//! listen = "0.0.0.0:8430"         # where they reach this one
//! peers = ["KEYID@host:8430"]     # where this one reaches them
//! ```
//!
//! A list in the environment has commas between its items.

mod access;
mod validator;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use config::builder::DefaultState;
use config::{Config, ConfigBuilder, ConfigError, File, FileFormat};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use access::{ApiKeySettings, JwtAlgorithm, JwtSettings, ReadAccess, WriteAccess};
pub use validator::ValidatorSettings;

use crate::node::Writers;

/// The file, in the data directory unless another is named.
pub const SETTINGS_FILE: &str = "cairn.toml";
/// Where a node listens if nobody says.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8420";

/// Names in the file; in the environment they are `CAIRN_…`, in capitals, `_` for `-`.
const NAMES: [&str; 25] = [
    "listen",
    "metrics",
    "ui",
    "pkg",
    "block-time",
    "check-rate",
    "check-every",
    "keep-events",
    "keep-payloads",
    "publish",
    "publish-every",
    "publish-head",
    "log",
    "otlp",
    "read",
    "write",
    "writers",
    "rate",
    "max-body",
    "max-requests",
    "max-connections",
    "time-limit",
    "tls-cert",
    "tls-key",
    "key-passphrase-file",
];
/// The same, of lists.
const LISTS: [&str; 3] = ["allow-origin", "origin", "trusted-proxy"];

/// How a node is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "the settings are these")]
pub struct Settings {
    /// Where to listen.
    pub listen: String,
    /// Where to serve metrics; nowhere if not said.
    pub metrics: Option<String>,
    /// The page, served at `/`.
    pub ui: Option<PathBuf>,
    /// The npm package, served at `/pkg/`.
    pub pkg: Option<PathBuf>,
    /// How long events wait for a block at most, in milliseconds.
    pub block_time: u64,
    /// How many megabytes a second the node looks at again while it runs; none, and it does not.
    pub check_rate: Option<u64>,
    /// How many hours after a look the next one begins.
    pub check_every: u64,
    /// How many days payloads are kept; for ever if not said.
    pub keep_payloads: Option<u64>,
    /// How many days events are kept; for ever if not said.
    pub keep_events: Option<u64>,
    /// Where final blocks are published; nowhere if not said.
    pub publish: Option<String>,
    /// How often new blocks are looked for, to publish them or to follow them, in milliseconds.
    pub publish_every: u64,
    /// The database that keeps the head, if the bucket cannot.
    #[serde(serialize_with = "without_password")]
    pub publish_head: Option<String>,
    /// What is logged, as in `CAIRN_LOG`.
    pub log: String,
    /// The OpenTelemetry collector that traces go to, by OTLP over HTTP; none if not said.
    pub otlp: Option<String>,
    /// Who may read.
    pub read: ReadAccess,
    /// Who may log events: by keys if there are any, otherwise from this machine.
    pub write: Option<WriteAccess>,
    /// Whose signed events are taken.
    pub writers: Writers,
    /// Origins of pages that may write.
    pub allow_origin: Vec<String>,
    /// Origins under which members reach this node: their signed requests must name one of them.
    pub origin: Vec<String>,
    /// Addresses of proxies that say where a request comes from.
    pub trusted_proxy: Vec<IpAddr>,
    /// How many requests a second an address may send without a key.
    pub rate: Option<u32>,
    /// The longest body of a request, in bytes.
    pub max_body: u64,
    /// How many requests are worked on at once.
    pub max_requests: u64,
    /// How many connections are open at once; more wait to be taken.
    pub max_connections: u64,
    /// How long one request may take, in seconds.
    pub time_limit: u64,
    /// The certificate chain of the node's own TLS, in PEM.
    pub tls_cert: Option<PathBuf>,
    /// Its key, in PEM.
    pub tls_key: Option<PathBuf>,
    /// The file whose first line opens the node's encrypted keys.
    pub key_passphrase_file: Option<PathBuf>,
    /// Keys that callers may show.
    pub api_key: Vec<ApiKeySettings>,
    /// Whose tokens hold.
    pub jwt: Option<JwtSettings>,
    /// How this node talks to other validators; not at all if not said.
    pub validator: Option<ValidatorSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN.to_owned(),
            metrics: None,
            ui: None,
            pkg: None,
            block_time: 250,
            check_rate: None,
            check_every: 24,
            keep_payloads: None,
            keep_events: None,
            publish: None,
            publish_every: 5_000,
            publish_head: None,
            log: "warn".to_owned(),
            otlp: None,
            read: ReadAccess::default(),
            write: None,
            writers: Writers::default(),
            allow_origin: Vec::new(),
            origin: Vec::new(),
            trusted_proxy: Vec::new(),
            rate: None,
            max_body: 16 << 20,
            max_requests: 512,
            max_connections: 4_096,
            time_limit: 30,
            tls_cert: None,
            tls_key: None,
            key_passphrase_file: None,
            api_key: Vec::new(),
            jwt: None,
            validator: None,
        }
    }
}

/// What flags say, by the names of the file.
pub type Flags = Vec<(&'static str, Option<String>)>;

/// Why there are no settings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file does not read, or a value is none.
    #[error("{path}: {reason}")]
    Bad {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A value is outside its limits.
    #[error("{name} is {found}, and must be {limits}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// What it is.
        found: u64,
        /// What it must be.
        limits: &'static str,
    },
    /// One of the peers is none.
    #[error("validator.peers: {0}")]
    Peer(cairn_net::BadAddress),
    /// The file that was named is not there.
    #[error("{0} is not there")]
    Missing(PathBuf),
}

impl Settings {
    /// Reads the settings of a data directory: `file` if it is named, otherwise `cairn.toml` in
    /// the directory if there is one. `environment` looks a variable up.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(
        data: &Path,
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
        flags: Flags,
    ) -> Result<Self, SettingsError> {
        let path = file.map_or_else(|| data.join(SETTINGS_FILE), Path::to_owned);
        if file.is_some() && !path.is_file() {
            return Err(SettingsError::Missing(path));
        }
        let bad = |error: ConfigError| SettingsError::Bad {
            path: path.clone(),
            reason: error.to_string(),
        };
        let source = File::from(path.as_path()).format(FileFormat::Toml).required(false);
        let mut builder = Config::builder().add_source(source);
        for name in NAMES.into_iter().chain(LISTS) {
            let variable = format!("CAIRN_{}", name.replace('-', "_").to_uppercase());
            builder = over(builder, name, environment(&variable)).map_err(bad)?;
        }
        for (name, value) in flags {
            builder = over(builder, name, value).map_err(bad)?;
        }
        let settings: Self = builder.build().and_then(Config::try_deserialize).map_err(bad)?;
        settings.check()?;
        settings.validator.iter().try_for_each(|peers| peers.addresses().map(drop))?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let limits = [
            ("block-time", Some(self.block_time), 1..=60_000, "1 to 60000 milliseconds"),
            ("check-rate", self.check_rate, 1..=100_000, "1 to 100000 megabytes a second"),
            ("keep-payloads", self.keep_payloads, 1..=36_500, "1 to 36500 days"),
            ("keep-events", self.keep_events, 1..=36_500, "1 to 36500 days"),
            ("check-every", Some(self.check_every), 1..=8_760, "1 to 8760 hours"),
            (
                "publish-every",
                Some(self.publish_every),
                50..=3_600_000,
                "50 to 3600000 milliseconds",
            ),
            ("max-body", Some(self.max_body), 65_536..=16 << 20, "65536 to 16777216 bytes"),
            ("max-requests", Some(self.max_requests), 1..=65_536, "1 to 65536 requests"),
            (
                "max-connections",
                Some(self.max_connections),
                1..=1_000_000,
                "1 to 1000000 connections",
            ),
            (
                "validator.timeout",
                self.validator.as_ref().and_then(|validator| validator.timeout),
                50..=60_000,
                "50 to 60000 milliseconds",
            ),
            // Longer than this, and a node that stops would not wait for its end.
            ("time-limit", Some(self.time_limit), 1..=30, "1 to 30 seconds"),
        ];
        for (name, found, range, limits) in limits {
            if let Some(found) = found.filter(|found| !range.contains(found)) {
                return Err(SettingsError::OutOfRange { name, found, limits });
            }
        }
        Ok(())
    }
}

/// Settings are shown to people; a password in a URL is not.
fn without_password<S: serde::Serializer>(
    url: &Option<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let shown = url.as_ref().map(|url| match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, rest)), Some((_, place))) => {
            let user = rest.split([':', '@']).next().unwrap_or_default();
            format!("{scheme}://{user}@{place}")
        }
        _ => url.clone(),
    });
    shown.serialize(serializer)
}

fn over(
    builder: ConfigBuilder<DefaultState>,
    name: &str,
    value: Option<String>,
) -> Result<ConfigBuilder<DefaultState>, ConfigError> {
    let Some(value) = value else { return Ok(builder) };
    if LISTS.contains(&name) {
        let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
        return builder.set_override(name, items.map(str::to_owned).collect::<Vec<_>>());
    }
    builder.set_override(name, value)
}

#[cfg(test)]
mod tests;
