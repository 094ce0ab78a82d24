//! The browser that tests run in, and its driver.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::tools::{self, missing};

const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];
const ADVICE: &str = "install Chromium and ChromeDriver (Debian: `apt-get install -y chromium \
                      chromium-driver`) or name them in CHROMIUM and CHROMEDRIVER";

/// Chromium itself.
pub(crate) fn chromium() -> Result<PathBuf> {
    tools::find("CHROMIUM", "chromium").ok_or_else(|| missing(format!("no chromium; {ADVICE}")))
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
    apt_install(&PACKAGES, ADVICE)?;
    chromium()?;
    chromedriver()?;
    Ok(())
}

/// Installs Debian packages where that needs nobody's password; does nothing elsewhere.
pub(crate) fn apt_install(packages: &[&str], advice: &str) -> Result<()> {
    if Path::new("/usr/bin/apt-get").is_file() && (is_root() || sudo_needs_no_password()) {
        for args in [&["update"][..], &["install", "-y"][..]] {
            let names = if args.len() == 1 { &[][..] } else { packages };
            tools::run(apt_get().args(args).args(names))
                .map_err(|error| missing(format!("{error}; {advice}")))?;
        }
    }
    Ok(())
}

fn apt_get() -> Command {
    let mut command = Command::new(if is_root() { "apt-get" } else { "sudo" });
    if !is_root() {
        command.args(["-n", "apt-get"]);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

pub(crate) fn is_root() -> bool {
    tools::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn sudo_needs_no_password() -> bool {
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    sudo.status().is_ok_and(|status| status.success())
}
