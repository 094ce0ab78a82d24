//! A PostgreSQL of our own for tests, on loopback, in a temporary directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::apt;
use crate::ceph::free_port;
use crate::tools::{missing, run};

const ADVICE: &str = "install PostgreSQL (Debian: `apt-get install -y --no-install-recommends \
                      postgresql`) or name the folder of its programs in PG_BIN";

/// A database that runs until this is dropped.
pub(crate) struct Running {
    dir: PathBuf,
    port: u16,
}

impl Running {
    pub(crate) fn url(&self) -> String {
        format!("postgres://cairn@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let stopped = pg_ctl(&self.dir.join("data"))
            .and_then(|mut stop| run(stop.args(["-m", "immediate", "stop"])));
        let removed = stopped.and_then(|()| Ok(fs::remove_dir_all(&self.dir)?));
        if let Err(error) = removed {
            crate::say::error(&error);
        }
    }
}

/// Installs it where that needs nobody's password; otherwise says how.
pub(crate) fn ensure() -> Result<()> {
    if programs().is_err() {
        apt::install(&["postgresql"], ADVICE)?;
    }
    programs().map(drop)
}

/// The folder of the programs of the newest version there is.
fn programs() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("PG_BIN") {
        return Ok(named.into());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.retain(|folder| folder.join("initdb").is_file());
    folders.sort();
    folders.pop().ok_or_else(|| missing(format!("no PostgreSQL; {ADVICE}")))
}

/// Starts it afresh, with nothing in it.
pub(crate) fn start() -> Result<Running> {
    // Not below target/: its own user may not be let in there.
    let dir = std::env::temp_dir().join(format!("cairn-postgres-{}", std::process::id()));
    fs::create_dir_all(&dir)?;
    let data = dir.join("data");
    if apt::is_root() {
        run(Command::new("chown").arg("postgres").arg(&dir))?;
    }
    let port = free_port()?;
    let initdb = programs()?.join("initdb");
    run(as_nobody_special(&initdb).args(["-A", "trust", "-U", "cairn", "-D"]).arg(&data))?;
    let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=");
    let mut started = pg_ctl(&data)?;
    run(started.arg("-o").arg(options).arg("-l").arg(dir.join("log")).args(["-w", "start"]))?;
    Ok(Running { dir, port })
}

fn pg_ctl(data: &Path) -> Result<Command> {
    let mut command = as_nobody_special(&programs()?.join("pg_ctl"));
    command.arg("-D").arg(data);
    Ok(command)
}

/// It refuses to run as root; its package brings a user.
fn as_nobody_special(program: &Path) -> Command {
    if !apt::is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}
