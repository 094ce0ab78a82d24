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
//! log = "warn"                    # CAIRN_LOG
//! otlp = "http://127.0.0.1:4318"  # CAIRN_OTLP        --otlp         an OpenTelemetry collector
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
const NAMES: [&str; 9] =
    ["listen", "metrics", "ui", "pkg", "block-time", "check-rate", "check-every", "log", "otlp"];

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
    /// What is logged, as in `CAIRN_LOG`.
    pub log: String,
    /// The OpenTelemetry collector that traces go to, by OTLP over HTTP; none if not said.
    pub otlp: Option<String>,
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
            log: "warn".to_owned(),
            otlp: None,
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
            ("check-every", Some(self.check_every), 1..=8_760, "1 to 8760 hours"),
        ];
        for (name, found, range, limits) in limits {
            if let Some(found) = found.filter(|found| !range.contains(found)) {
                return Err(SettingsError::OutOfRange { name, found, limits });
            }
        }
        Ok(())
    }
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
