//! Several validators on one machine, each a process with a data directory of its own: for trying
//! things, for tests, and for measuring.
//!
//! ```text
//! DIR/genesis.cairn   what all begin with, and auditors pin
//! DIR/admin.key       who changes members, streams and validators
//! DIR/node-1/         a data directory, with its settings in cairn.toml
//! DIR/node-1.log      what its process says
//! ```

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use cairn_net::PeerAddress;
use cairn_store::StoreError;
use cairn_store::files::{self, Secrecy};
use cairn_verifier::digest::LogId;
use cairn_verifier::finality::Suite;
use cairn_verifier::trust::TrustAnchor;
use rustix::process::{Pid, Signal, kill_process};
use thiserror::Error;

use crate::clock::Stopwatch;
use crate::genesis::{NodeKeys, PublicNode, join};
use crate::init::{InitError, InitOptions, genesis_of, new_member, public_keys, write_key};
use crate::settings::SETTINGS_FILE;

/// The genesis of the network.
pub const GENESIS: &str = "genesis.cairn";
/// The key of the member `admin`.
pub const ADMIN: &str = "admin.key";

/// What a network is made of.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain choice")]
pub struct Plan {
    /// The voting power of each validator.
    pub weights: Vec<u64>,
    /// The suite of their signatures.
    pub suite: Suite,
    /// What the log begins with beside them. An `admin` is made if there is none.
    pub options: InitOptions,
    /// Lines for each node's settings, before its tables.
    pub settings: String,
    /// Lines for its `[validator]`.
    pub validator: String,
}

/// Why there is no network.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TestnetError {
    /// Keys, genesis or a directory could not be made.
    #[error(transparent)]
    Init(#[from] InitError),
    /// A file could not be read or written.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// A process or a port.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A node ended by itself.
    #[error("node {node} ended with {status}; see {log}")]
    Ended {
        /// Which, from 1 on.
        node: usize,
        /// How.
        status: ExitStatus,
        /// What it said.
        log: PathBuf,
    },
    /// A node did not begin to answer.
    #[error("node {node} did not begin to answer within {limit:?}; see {log}")]
    Slow {
        /// Which, from 1 on.
        node: usize,
        /// How long it had.
        limit: Duration,
        /// What it said.
        log: PathBuf,
    },
}

/// A network that was made.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Testnet {
    /// Where.
    pub dir: PathBuf,
    /// What auditors pin.
    pub anchor: TrustAnchor,
    /// Its nodes.
    pub nodes: Vec<Place>,
}

/// Where a node is.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain answer")]
pub struct Place {
    /// Its data directory.
    pub dir: PathBuf,
    /// What its process says.
    pub log: PathBuf,
    /// Who it is, and where others reach it.
    pub peer: PeerAddress,
    /// Its voting power.
    pub power: u64,
    /// Where its API is.
    pub api: SocketAddr,
    /// Where its metrics are.
    pub metrics: SocketAddr,
}

impl Place {
    /// Where its API is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.api)
    }
}

/// Makes the directories of a network in `dir`, which must be empty or not exist.
///
/// # Errors
/// [`TestnetError`].
pub fn make(dir: &Path, plan: &Plan) -> Result<Testnet, TestnetError> {
    crate::init::check_empty(dir)?;
    files::create_dir(dir)?;
    let mut nodes = Vec::new();
    let mut public = Vec::new();
    let mut ports = Ports::take(plan.weights.len())?.into_iter();
    for (at, power) in (1_usize..).zip(&plan.weights) {
        let node = dir.join(format!("node-{at}"));
        let keys = NodeKeys::make(&node, plan.suite)?;
        let Some([api, peers, metrics]) = ports.next() else { break };
        nodes.push(Place {
            log: node.with_extension("log"),
            dir: node,
            peer: PeerAddress { id: keys.id(), at: peers.to_string() },
            power: *power,
            api,
            metrics,
        });
        public.push((keys, *power));
    }
    let log = begin(dir, plan, &public, &nodes)?;
    for node in &nodes {
        let text = settings(plan, node, &nodes);
        files::write(&node.dir.join(SETTINGS_FILE), text.as_bytes(), Secrecy::Public)?;
    }
    Ok(Testnet { dir: dir.to_owned(), anchor: TrustAnchor::Genesis(log), nodes })
}

/// Makes the genesis and gives it to each node.
fn begin(
    dir: &Path,
    plan: &Plan,
    public: &[(PublicNode, u64)],
    nodes: &[Place],
) -> Result<LogId, TestnetError> {
    let mut options = plan.options.clone();
    if options.admin.is_empty() {
        let admin = new_member()?;
        write_key(&dir.join(ADMIN), &admin.to_text())?;
        options.admin = public_keys(&admin);
    }
    let genesis = genesis_of(options, public)?;
    files::write(&dir.join(GENESIS), &genesis, Secrecy::Public)?;
    for node in nodes {
        join(&node.dir, &genesis, false)?;
    }
    Ok(crate::genesis::log_of(&genesis)?)
}

fn settings(plan: &Plan, node: &Place, nodes: &[Place]) -> String {
    let others = nodes.iter().filter(|other| other.peer.id != node.peer.id);
    let peers = others.map(|other| format!("\n  \"{}\",", other.peer)).collect::<String>();
    let (more, validator) = (plan.settings.trim_end(), plan.validator.trim_end());
    format!(
        "listen = \"{}\"\nmetrics = \"{}\"\n{more}\n\n[validator]\nlisten = \"{}\"\n{validator}\n\
         peers = [{peers}\n]\n",
        node.api, node.metrics, node.peer.at
    )
}

/// Free ports of this machine, three for each node: API, peers, metrics.
struct Ports;

impl Ports {
    fn take(nodes: usize) -> io::Result<Vec<[SocketAddr; 3]>> {
        // All are held until all are known, so that none is given twice.
        let mut held = Vec::new();
        let mut ports = Vec::new();
        for _ in 0..nodes {
            let mut three = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); 3];
            for port in &mut three {
                let listener = TcpListener::bind(*port)?;
                *port = listener.local_addr()?;
                held.push(listener);
            }
            ports.push(three);
        }
        Ok(ports)
    }
}

/// A node's process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    ready: PathBuf,
    at: usize,
    log: PathBuf,
}

impl Process {
    /// Starts the node of this number, from 1 on, with `program`.
    ///
    /// # Errors
    /// [`TestnetError::Io`].
    pub fn start(program: &Path, at: usize, place: &Place) -> Result<Self, TestnetError> {
        let ready = place.dir.with_extension("ready");
        match fs::remove_file(&ready) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let said = File::options().create(true).append(true).open(&place.log)?;
        let child = Command::new(program)
            .args(["start", "--dir"])
            .arg(&place.dir)
            .arg("--ready-file")
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()?;
        Ok(Self { child, ready, at, log: place.log.clone() })
    }

    /// Waits until the node answers.
    ///
    /// # Errors
    /// [`TestnetError::Ended`], [`TestnetError::Slow`].
    pub fn wait_ready(&mut self, limit: Duration) -> Result<(), TestnetError> {
        let watch = Stopwatch::start();
        while !self.ready.exists() {
            self.check()?;
            if watch.elapsed() > limit {
                return Err(TestnetError::Slow { node: self.at, limit, log: self.log.clone() });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Whether the process still runs.
    ///
    /// # Errors
    /// [`TestnetError::Ended`] if not.
    pub fn check(&mut self) -> Result<(), TestnetError> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                Err(TestnetError::Ended { node: self.at, status, log: self.log.clone() })
            }
        }
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// The system's.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or(io::ErrorKind::NotFound)?;
        Ok(kill_process(pid, signal)?)
    }

    /// Ends it at once, as lost power would.
    ///
    /// # Errors
    /// The system's.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Asks it to end, and waits for that; then it is killed.
    ///
    /// # Errors
    /// The system's.
    pub fn stop(&mut self, limit: Duration) -> io::Result<()> {
        if self.child.try_wait()?.is_none() {
            self.signal(Signal::TERM)?;
        }
        let watch = Stopwatch::start();
        while self.child.try_wait()?.is_none() {
            if watch.elapsed() > limit {
                self.child.kill()?;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            // There is nobody left to tell.
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}
