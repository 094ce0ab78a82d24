//! The browser that tests run in, and its driver.

use std::path::PathBuf;

use anyhow::Result;

use crate::apt;
use crate::tools::{self, missing};

const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];
const FIREFOX_ADVICE: &str =
    "install Firefox (Debian: `apt-get install -y firefox-esr`) or name it in FIREFOX";
const ADVICE: &str = "install Chromium and ChromeDriver (Debian: `apt-get install -y chromium \
                      chromium-driver`) or name them in CHROMIUM and CHROMEDRIVER";

/// Chromium itself.
pub(crate) fn chromium() -> Result<PathBuf> {
    tools::find("CHROMIUM", "chromium").ok_or_else(|| missing(format!("no chromium; {ADVICE}")))
}

/// Firefox, which the tests can do without, and say so.
pub(crate) fn firefox() -> Option<PathBuf> {
    ["firefox-esr", "firefox"].into_iter().find_map(|name| tools::find("FIREFOX", name))
}

/// Installs Firefox where that needs nobody's password.
pub(crate) fn ensure_firefox() -> Result<()> {
    if firefox().is_none() {
        apt::install(&["firefox-esr"], FIREFOX_ADVICE)?;
    }
    firefox().map(drop).ok_or_else(|| missing(format!("no Firefox; {FIREFOX_ADVICE}")))
}

/// The program through which `wasm-bindgen-test` drives Chromium.
pub(crate) fn chromedriver() -> Result<PathBuf> {
    tools::find("CHROMEDRIVER", "chromedriver")
        .ok_or_else(|| missing(format!("no chromedriver; {ADVICE}")))
}

/// Installs both where that needs nobody's password; otherwise says how.
pub(crate) fn ensure() -> Result<()> {
    if chromium().and_then(|_| chromedriver()).is_ok() {
        return Ok(());
    }
    apt::install(&PACKAGES, ADVICE)?;
    chromium()?;
    chromedriver()?;
    Ok(())
}
