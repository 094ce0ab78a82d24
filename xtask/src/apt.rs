//! Installing Debian packages, where that needs nobody's password.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::tools::{self, missing};

/// Installs packages, or leaves it to whoever runs us; `advice` says how.
pub(crate) fn install(packages: &[&str], advice: &str) -> Result<()> {
    if !Path::new("/usr/bin/apt-get").is_file() || !(is_root() || sudo_needs_no_password()) {
        return Ok(());
    }
    for args in [&["update"][..], &["install", "-y", "--no-install-recommends"][..]] {
        let names = if args.len() == 1 { &[][..] } else { packages };
        tools::run(apt_get().args(args).args(names))
            .map_err(|error| missing(format!("{error}; {advice}")))?;
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
