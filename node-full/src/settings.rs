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
//! publish = "s3://bucket/prefix"  # CAIRN_PUBLISH     --publish      where final blocks go; or file:///dir
//! publish-every = 5000            # CAIRN_PUBLISH_EVERY --publish-every  milliseconds; a replica looks as often
//! publish-head = "postgres://u@h/db" # CAIRN_PUBLISH_HEAD --publish-head  where a bucket cannot keep the head
//! log = "warn"                    # CAIRN_LOG
//! ```

use std::path::{Path, PathBuf};

use config::builder::DefaultState;
use config::{Config, ConfigBuilder, ConfigError, File, FileFormat};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The file, in the data directory unless another is named.
pub const SETTINGS_FILE: &str = "cairn.toml";
/// Where a node listens if nobody says.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8420";

/// Names in the file; in the environment they are `CAIRN_…`, in capitals, `_` for `-`.
const NAMES: [&str; 12] = [
    "listen",
    "metrics",
    "ui",
    "pkg",
    "block-time",
    "check-rate",
    "check-every",
    "keep-payloads",
    "publish",
    "publish-every",
    "publish-head",
    "log",
];

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
    /// Where final blocks are published; nowhere if not said.
    pub publish: Option<String>,
    /// How often new blocks are looked for, to publish them or to follow them, in milliseconds.
    pub publish_every: u64,
    /// The database that keeps the head, if the bucket cannot.
    #[serde(serialize_with = "without_password")]
    pub publish_head: Option<String>,
    /// What is logged, as in `CAIRN_LOG`.
    pub log: String,
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
            publish: None,
            publish_every: 5_000,
            publish_head: None,
            log: "warn".to_owned(),
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
        for name in NAMES {
            let variable = format!("CAIRN_{}", name.replace('-', "_").to_uppercase());
            builder = over(builder, name, environment(&variable)).map_err(bad)?;
        }
        for (name, value) in flags {
            builder = over(builder, name, value).map_err(bad)?;
        }
        let settings: Self = builder.build().and_then(Config::try_deserialize).map_err(bad)?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let limits = [
            ("block-time", Some(self.block_time), 1..=60_000, "1 to 60000 milliseconds"),
            ("check-rate", self.check_rate, 1..=100_000, "1 to 100000 megabytes a second"),
            ("keep-payloads", self.keep_payloads, 1..=36_500, "1 to 36500 days"),
            ("check-every", Some(self.check_every), 1..=8_760, "1 to 8760 hours"),
            (
                "publish-every",
                Some(self.publish_every),
                50..=3_600_000,
                "50 to 3600000 milliseconds",
            ),
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
    builder.set_override_option(name, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        file: &str,
        environment: &[(&str, &str)],
        flags: Flags,
    ) -> Result<Settings, SettingsError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(SETTINGS_FILE), file).unwrap();
        let lookup = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Settings::read(dir.path(), None, lookup, flags)
    }

    #[test]
    fn flags_stand_over_the_environment_and_that_over_the_file() {
        assert_eq!(read("", &[], vec![]).unwrap(), Settings::default());
        let file = "listen = \"a:1\"\nblock-time = 10\ncheck-rate = 5\nlog = \"info\"";
        let environment = [("CAIRN_LISTEN", "b:2"), ("CAIRN_BLOCK_TIME", "20")];
        let flags = vec![("listen", Some("c:3".to_owned())), ("metrics", None)];
        let settings = read(file, &environment, flags).unwrap();
        let expected = Settings {
            listen: "c:3".to_owned(),
            block_time: 20,
            check_rate: Some(5),
            log: "info".to_owned(),
            ..Settings::default()
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown = |url: &str| {
            let settings = read(&format!("publish-head = \"{url}\""), &[], vec![]).unwrap();
            serde_json::to_value(settings).unwrap()["publish-head"].as_str().unwrap().to_owned()
        };
        assert_eq!(shown("postgres://cairn:s3cret@db/heads"), "postgres://cairn@db/heads");
        assert_eq!(shown("postgres://cairn@db/heads"), "postgres://cairn@db/heads");
        assert_eq!(shown("postgres://u:p@ss@db/heads"), "postgres://u@db/heads");
    }

    #[test]
    fn what_is_no_setting_is_said_by_name() {
        let refused = |file: &str| read(file, &[], vec![]).unwrap_err().to_string();
        assert!(refused("lisen = \"a:1\"").contains("lisen"));
        assert!(refused("block-time = \"soon\"").contains("block-time"));
        assert!(refused("block-time = 0").contains("1 to 60000"));
        assert!(refused("check-rate = 0").contains("check-rate"));
        assert!(refused("listen = ").contains(SETTINGS_FILE));
        let missing = Settings::read(Path::new("."), Some(Path::new("no.toml")), |_| None, vec![]);
        assert!(matches!(missing, Err(SettingsError::Missing(_))));
    }
}
