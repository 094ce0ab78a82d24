//! `cargo xtask ceph`: a real distributed object store on this machine: one monitor, one storage
//! daemon that keeps all in memory, and the RADOS Gateway that speaks S3, on loopback.
//!
//! It has no authentication between its parts and a password that everyone can read here, so it
//! listens on loopback only and is for tests.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::apt;
use crate::say;
use crate::tools::{self, missing, output, run};

const PACKAGES: [&str; 4] = ["ceph-mon", "ceph-osd", "radosgw", "ceph-common"];
const PROGRAMS: [&str; 5] = ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool"];
const ADVICE: &str = "install Ceph (Debian: `apt-get install -y --no-install-recommends ceph-mon \
                      ceph-osd radosgw ceph-common`) and curl";
/// The user's access key, and the bucket.
const NAME: &str = "cairn";
const SECRET: &str = "cairn-secret";
/// SHA-256 of nothing: the body of the request that makes the bucket.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// How long it takes to come up at most, in seconds.
const PATIENCE: u32 = 120;

#[derive(Args)]
pub(crate) struct Ceph {
    /// Stop it and remove its files
    #[arg(long)]
    stop: bool,
}

/// Starts or stops it, and says what names it.
pub(crate) fn ceph(args: &Ceph) -> Result<()> {
    if args.stop {
        return stop();
    }
    ensure()?;
    let running = start()?;
    say::line("Ceph is running; it ends with `cargo xtask ceph --stop`. To use it:");
    for (name, value) in running.environment() {
        say::line(&format!("export {name}={value}"));
    }
    Ok(())
}

/// A store that runs.
pub(crate) struct Running {
    port: u16,
}

impl Running {
    /// What names it, for a node and for its tests.
    pub(crate) fn environment(&self) -> [(&'static str, String); 6] {
        [
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", NAME.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("CAIRN_TEST_BUCKET", format!("s3://{NAME}")),
        ]
    }
}

/// Installs Ceph where that needs nobody's password; otherwise says how.
pub(crate) fn ensure() -> Result<()> {
    if find().is_err() {
        apt::install(&PACKAGES, ADVICE)?;
    }
    find()
}

fn find() -> Result<()> {
    for name in PROGRAMS.into_iter().chain(["ceph", "curl"]) {
        tools::find("", name).ok_or_else(|| missing(format!("no {name}; {ADVICE}")))?;
    }
    Ok(())
}

fn dir() -> Result<PathBuf> {
    std::path::absolute(tools::target("ceph")).context("cannot name target/ceph")
}

/// Starts it afresh, with nothing in it.
pub(crate) fn start() -> Result<Running> {
    find()?;
    stop()?;
    let dir = dir()?;
    for folder in ["mon", "osd", "rgw"] {
        fs::create_dir_all(dir.join(folder)).context("cannot make target/ceph")?;
    }
    let (monitor, port) = (free_port()?, free_port()?);
    let (cluster, disk) = (uuid()?, uuid()?);
    fs::write(dir.join("ceph.conf"), settings(&dir, &cluster, (monitor, port)))?;
    let at = format!("[v2:127.0.0.1:{monitor}]");
    run(plain(&dir, "monmaptool")
        .args(["--create", "--addv", "a", &at, "--fsid", &cluster, "monmap"]))?;
    run(with_settings(&dir, "ceph-mon").args(["-i", "a", "--mkfs", "--monmap", "monmap"]))?;
    run(with_settings(&dir, "ceph-mon").args(["-i", "a"]))?;
    run(with_settings(&dir, "ceph").args(["osd", "new", &disk]))?;
    run(with_settings(&dir, "ceph-osd").args(["-i", "0", "--mkfs", "--osd-uuid", &disk]))?;
    run(with_settings(&dir, "ceph-osd").args(["-i", "0"]))?;
    let keys = [format!("--access-key={NAME}"), format!("--secret-key={SECRET}")];
    let user = [format!("--uid={NAME}"), format!("--display-name={NAME}")];
    let mut admin = with_settings(&dir, "radosgw-admin");
    run(admin.args(["user", "create"]).args(user).args(keys).stdout(Stdio::null()))?;
    run(with_settings(&dir, "radosgw").args(["-n", "client.rgw"]))?;
    make_bucket(port)?;
    Ok(Running { port })
}

/// Storage in memory, no authentication (which needs the `crc` modes), one copy of everything. The
/// monitor writes a few megabytes: that a disk is nearly full is no reason for it not to start.
fn settings(dir: &Path, cluster: &str, (monitor, port): (u16, u16)) -> String {
    let dir = dir.display();
    format!(
        "[global]
fsid = {cluster}
mon host = v2:127.0.0.1:{monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms cluster mode = crc
ms service mode = crc
ms client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
ms mon client mode = crc
run dir = {dir}
log file = {dir}/$name.log
admin socket = {dir}/$name.asok
pid file = {dir}/$name.pid
mon data = {dir}/mon
mon data avail crit = 0
osd data = {dir}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd pool default pg num = 8
mon allow pool size one = true
mon max pg per osd = 1000
rgw data = {dir}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw dns name = 127.0.0.1
"
    )
}

fn plain(dir: &Path, program: &str) -> Command {
    let mut command = Command::new(tools::find("", program).unwrap_or_else(|| program.into()));
    command.current_dir(dir);
    command
}

fn with_settings(dir: &Path, program: &str) -> Command {
    let mut command = plain(dir, program);
    command.args(["-c", "ceph.conf"]);
    command
}

/// Makes the bucket, as soon as the gateway answers.
fn make_bucket(port: u16) -> Result<()> {
    for _ in 0..PATIENCE {
        let made = Command::new("curl")
            .args(["--silent", "--fail", "--noproxy", "*", "--aws-sigv4", "aws:amz:us-east-1:s3"])
            .args(["--user", &format!("{NAME}:{SECRET}"), "--request", "PUT"])
            .args(["--header", &format!("x-amz-content-sha256: {EMPTY}")])
            .arg(format!("http://127.0.0.1:{port}/{NAME}"))
            .stdout(Stdio::null())
            .status();
        if made.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    bail!("the gateway did not make a bucket within {PATIENCE} s; see target/ceph/client.rgw.log")
}

/// Stops what an earlier start left running, by the ids that it wrote down, and removes its files.
pub(crate) fn stop() -> Result<()> {
    let dir = dir()?;
    for (name, program) in [("client.rgw", "radosgw"), ("osd.0", "ceph-osd"), ("mon.a", "ceph-mon")]
    {
        let id = fs::read_to_string(dir.join(format!("{name}.pid"))).unwrap_or_default();
        let id = id.trim();
        if is_running(id, program) {
            output(Command::new("kill").args(["-KILL", id]))?;
        }
    }
    match fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// An id may be another program's by now.
fn is_running(id: &str, program: &str) -> bool {
    let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    !id.is_empty() && name.trim() == program
}

fn uuid() -> Result<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/uuid");
    Ok(text.context("cannot read a random UUID")?.trim().to_owned())
}

/// A port that nobody has now.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot listen on loopback")?;
    Ok(listener.local_addr()?.port())
}
