//! Reading the settings again while the node runs: what can change is swapped, what cannot is
//! named, and settings that do not hold change nothing.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use thiserror::Error;
use tracing_subscriber::EnvFilter;

use crate::access::{Access, AccessError};
use crate::check::Checker;
use crate::node::Node;
use crate::settings::{Flags, Settings, SettingsError};
use crate::tls::{Certificate, LiveTls, TlsError};

/// Settings that a running node takes over; for the others it must be started again.
const LIVE: [&str; 13] = [
    "log",
    "read",
    "write",
    "allow-origin",
    "origin",
    "trusted-proxy",
    "rate",
    "api-key",
    "jwt",
    "tls-cert",
    "tls-key",
    "check-rate",
    "check-every",
];
/// Named when the files hold another certificate.
const CERTIFICATE: &str = "certificate";

/// Where settings come from.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "the three sources of settings, and the directory")]
pub struct Source {
    /// The data directory.
    pub dir: PathBuf,
    /// The file, if it is not the one in the directory.
    pub file: Option<PathBuf>,
    /// Looks up a variable of the environment.
    pub environment: fn(&str) -> Option<String>,
    /// The flags.
    pub flags: Flags,
}

/// Settings, and what was read by them: all of it holds.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Who may do what.
    pub access: Access,
    /// The certificate, if the node itself speaks TLS.
    pub certificate: Option<Certificate>,
    /// What is logged.
    pub filter: EnvFilter,
}

/// Why settings do not hold.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// They do not read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Keys, tokens or origins.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What is to be logged.
    #[error("log: {0:?} is no filter: {1}")]
    Log(String, String),
    /// TLS is there from the start or not at all.
    #[error("TLS cannot be turned on or off while the node runs; start it again")]
    TlsOnOrOff,
    /// The system gives no thread.
    #[error("check-rate: {0}")]
    Check(std::io::Error),
}

impl Source {
    /// Reads the settings and what they name.
    ///
    /// # Errors
    /// [`ReloadError`].
    pub fn load(&self) -> Result<Loaded, ReloadError> {
        let (file, flags) = (self.file.as_deref(), self.flags.clone());
        let settings = Settings::read(&self.dir, file, self.environment, flags)?;
        let access = Access::new(&settings, self.environment)?;
        let (cert, key) = (settings.tls_cert.as_deref(), settings.tls_key.as_deref());
        let certificate = Certificate::read(cert, key)?;
        let no_filter = |reason: String| ReloadError::Log(settings.log.clone(), reason);
        let filter =
            EnvFilter::try_new(&settings.log).map_err(|error| no_filter(error.to_string()))?;
        Ok(Loaded { settings, access, certificate, filter })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// Changes what is logged.
pub type SetFilter = Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>;

/// What of a running node follows the settings.
pub struct Reloader {
    source: Source,
    /// What the node was started with, which holds where it cannot change.
    started: Settings,
    now: Mutex<Settings>,
    access: Arc<ArcSwap<Access>>,
    tls: Option<Arc<LiveTls>>,
    set_filter: SetFilter,
    node: Node,
    checker: Mutex<Option<Checker>>,
}

impl fmt::Debug for Reloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloader").field("source", &self.source).finish_non_exhaustive()
    }
}

/// What came of reading the settings again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Reloaded {
    /// What changed and holds from now on.
    pub changed: Vec<String>,
    /// What changed in the settings, but holds only when the node is started again.
    pub need_restart: Vec<String>,
}

impl Reloader {
    /// For a node that was started with these settings.
    #[must_use]
    pub fn new(
        source: Source,
        settings: Settings,
        (node, access): (Node, Arc<ArcSwap<Access>>),
        tls: Option<Arc<LiveTls>>,
        set_filter: SetFilter,
    ) -> Self {
        let (now, checker) = (Mutex::new(settings.clone()), Mutex::new(None));
        Self { source, started: settings, now, access, tls, set_filter, node, checker }
    }

    /// Starts to look at the data, if the settings ask for it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start_checker(&self) -> std::io::Result<()> {
        let settings = self.now.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.set_checker(Some(Checker::start(&self.node, &settings)?));
        Ok(())
    }

    /// Ends looking at the data.
    pub fn stop_checker(&self) {
        self.set_checker(None);
    }

    fn set_checker(&self, checker: Option<Checker>) {
        let mut running = self.checker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *running, checker) {
            before.stop();
        }
    }

    /// Reads the settings again and takes over what can change; the node's log says what.
    ///
    /// # Errors
    /// [`ReloadError`]; then everything is as it was.
    pub fn reload(&self) -> Result<Reloaded, ReloadError> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let reloaded = self.source.load().and_then(|loaded| self.take(&mut now, loaded));
        match &reloaded {
            Ok(Reloaded { changed, need_restart }) => {
                tracing::warn!(?changed, ?need_restart, "settings were read again");
            }
            Err(error) => {
                tracing::error!(%error, "settings were not taken; those from before still hold");
            }
        }
        reloaded
    }

    fn take(&self, now: &mut Settings, loaded: Loaded) -> Result<Reloaded, ReloadError> {
        let Loaded { settings, access, certificate, filter } = loaded;
        if self.tls.is_some() != certificate.is_some() {
            return Err(ReloadError::TlsOnOrOff);
        }
        let mut reloaded = compare((&self.started, now), &settings);
        let has_changed =
            |reloaded: &Reloaded, name: &str| reloaded.changed.iter().any(|found| found == name);
        if has_changed(&reloaded, "check-rate") || has_changed(&reloaded, "check-every") {
            let checker = Checker::start(&self.node, &settings).map_err(ReloadError::Check)?;
            self.set_checker(Some(checker));
        }
        (self.set_filter)(filter)
            .map_err(|reason| ReloadError::Log(settings.log.clone(), reason))?;
        self.access.store(Arc::new(access));
        if let (Some(tls), Some(certificate)) = (&self.tls, certificate)
            && tls.swap(certificate)
        {
            reloaded.changed.push(CERTIFICATE.to_owned());
        }
        *now = settings;
        Ok(reloaded)
    }
}

/// What differs from the settings that hold, by the names of the file: from those of before, or,
/// where they cannot change, from those that the node was started with.
fn compare((started, before): (&Settings, &Settings), after: &Settings) -> Reloaded {
    let view = |settings| serde_json::to_value(settings).unwrap_or_default();
    let (started, before, after) = (view(started), view(before), view(after));
    let mut reloaded = Reloaded::default();
    for (name, value) in after.as_object().into_iter().flatten() {
        let is_live = LIVE.contains(&name.as_str());
        let (holds, list) = match is_live {
            true => (&before, &mut reloaded.changed),
            false => (&started, &mut reloaded.need_restart),
        };
        if holds.get(name) != Some(value) {
            list.push(name.clone());
        }
    }
    reloaded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_change_and_what_cannot_is_told_apart() {
        let before = Settings::default();
        assert_eq!(compare((&before, &before), &before), Reloaded::default());
        let after = Settings {
            listen: "a:1".to_owned(),
            rate: Some(3),
            log: "info".to_owned(),
            max_body: 70_000,
            ..Settings::default()
        };
        let Reloaded { changed, need_restart } = compare((&before, &before), &after);
        assert_eq!(changed, ["log", "rate"]);
        assert_eq!(need_restart, ["listen", "max-body"]);
        let back = compare((&before, &after), &before);
        assert_eq!((back.changed, back.need_restart), (vec!["log".into(), "rate".into()], vec![]));
    }

    #[test]
    fn every_live_setting_is_one() {
        let view = serde_json::to_value(Settings::default()).unwrap();
        for name in LIVE {
            assert!(view.get(name).is_some(), "{name}");
        }
    }
}
