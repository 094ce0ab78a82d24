//! The network of a node that runs: listens, dials, and keeps one link with each peer.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use cairn_verifier::digest::LogId;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::Network;
use crate::door::Door;
use crate::error::LinkError;
use crate::frame::{MAX_MESSAGE_LEN, within};
use crate::greet::{Greeter, Met};
use crate::hello::{About, Identity, VERSIONS};
use crate::limits::Limits;
use crate::peer::{AllowedPeer, Incoming, PeerId, PeerStatus};
use crate::session::{Inbound, Session, tell};
use crate::table::Table;
use crate::tls::Tls;

/// Messages of all peers that wait between the links and the application.
const INBOUND: usize = 256;
/// Those that the application has not fetched of its receiver.
const FETCHED: usize = 4;

/// Where a peer is: `KEYID@host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the text has these two parts")]
pub struct PeerAddress {
    /// Who must be there.
    pub id: PeerId,
    /// Host name or address, and port.
    pub at: String,
}

/// A text is no [`PeerAddress`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{0:?} is no peer: write KEYID@host:port, with the key id that cairn genesis key printed there"
)]
pub struct BadAddress(String);

impl FromStr for PeerAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let bad = || BadAddress(text.to_owned());
        let (id, at) = text.split_once('@').ok_or_else(bad)?;
        let (host, port) = at.rsplit_once(':').ok_or_else(bad)?;
        if host.is_empty() || port.parse::<u16>().is_err() {
            return Err(bad());
        }
        Ok(Self { id: id.parse().map_err(|_| bad())?, at: at.to_owned() })
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.at)
    }
}

/// How links are set up.
#[expect(clippy::exhaustive_structs, reason = "a caller states all of them")]
pub struct Config {
    /// The log that both ends must have.
    pub log: LogId,
    /// The key that this node is known by.
    pub identity: Arc<dyn Identity>,
    /// Where to listen, if anywhere.
    pub listen: Option<String>,
    /// Whom to dial, once they are allowed.
    pub peers: Vec<PeerAddress>,
    /// What this node can do, a bit each, and what of it the other end must be able to do.
    pub features: (u64, u64),
    /// The height of this node, as peers are told.
    pub height: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// What others may cost.
    pub limits: Limits,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("peers", &self.peers)
            .finish_non_exhaustive()
    }
}

/// Why there is no network.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened at.
    #[error("cannot listen for peers at {address}: {reason}")]
    Listen {
        /// Where.
        address: String,
        /// Why not.
        reason: std::io::Error,
    },
    /// TLS or randomness is not to be had.
    #[error("links cannot be set up: {0}")]
    SetUp(String),
}

/// Links with all peers. They end when this is dropped.
pub struct Links {
    table: Arc<Table>,
    address: Option<SocketAddr>,
    runtime: Option<Runtime>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("address", &self.address).finish_non_exhaustive()
    }
}

struct Shared {
    greeter: Greeter,
    table: Arc<Table>,
    limits: Limits,
    inbound: Inbound,
}

impl Links {
    /// Begins to listen and to dial. Nobody is talked to before [`Network::allow`] names them.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: Config) -> Result<(Self, Receiver<Incoming>), StartError> {
        let set_up = |reason: &dyn fmt::Display| StartError::SetUp(reason.to_string());
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(8)
            .thread_name("cairn-net")
            .enable_all()
            .build()
            .map_err(|error| set_up(&error))?;
        let listener = config.listen.as_deref().map(|at| listen(&runtime, at)).transpose()?;
        let address = listener.as_ref().and_then(|listener| listener.local_addr().ok());
        let me = config.identity.id();
        let table = Arc::new(Table::new(me, config.limits));
        let process = getrandom::u64().map_err(|error| set_up(&error))?;
        let tls = Tls::new().map_err(|error| set_up(&error))?;
        let (limits, peers) = (config.limits, config.peers.clone());
        let greeter = Greeter {
            tls,
            table: Arc::clone(&table),
            identity: Arc::clone(&config.identity),
            about: about(config, process),
        };
        let (inbound, arrived) = mpsc::channel(INBOUND);
        let receiver = hand_over(arrived).map_err(|error| set_up(&error))?;
        let shared = Arc::new(Shared { greeter, table: Arc::clone(&table), limits, inbound });
        if let Some(listener) = listener {
            runtime.spawn(answer_all(Arc::clone(&shared), listener));
        }
        for peer in peers.into_iter().filter(|peer| peer.id != me) {
            runtime.spawn(keep_dialling(Arc::clone(&shared), peer, me));
        }
        Ok((Self { table, address, runtime: Some(runtime) }, receiver))
    }

    /// Where peers are listened for: with port 0 asked for, the one that it became.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Network for Links {
    fn send(&self, to: PeerId, message: &[u8]) -> bool {
        if message.len() > usize::try_from(MAX_MESSAGE_LEN).unwrap_or(usize::MAX) {
            // It would end the link of a peer that did nothing wrong.
            tracing::error!(peer = %to, bytes = message.len(), "a message is too long to be sent");
            return false;
        }
        self.table.queue(to).is_some_and(|queue| queue.push(message.into()))
    }

    fn broadcast(&self, message: &[u8]) {
        let message: Arc<[u8]> = message.into();
        for queue in self.table.queues() {
            queue.push_newest(Arc::clone(&message));
        }
    }

    fn ban(&self, peer: PeerId, why: &str) {
        self.table.ban(peer, why);
    }

    fn peers(&self) -> Vec<PeerStatus> {
        self.table.status()
    }

    fn allow(&self, peers: Vec<AllowedPeer>) {
        self.table.allow(peers);
    }
}

fn listen(runtime: &Runtime, at: &str) -> Result<TcpListener, StartError> {
    let refused = |reason| StartError::Listen { address: at.to_owned(), reason };
    let listener = std::net::TcpListener::bind(at).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    let _within = runtime.enter();
    TcpListener::from_std(listener).map_err(refused)
}

fn about(config: Config, process: u64) -> Box<dyn Fn() -> About + Send + Sync> {
    let Config { log, features: (features, needs), height, .. } = config;
    Box::new(move || About { versions: VERSIONS, features, needs, log, height: height(), process })
}

/// A thread between the links, which wait without a thread each, and the application, which waits
/// on a receiver of the standard library.
fn hand_over(mut arrived: mpsc::Receiver<Incoming>) -> std::io::Result<Receiver<Incoming>> {
    let (sender, receiver) = sync_channel(FETCHED);
    std::thread::Builder::new().name("cairn-net-in".to_owned()).spawn(move || {
        while let Some(incoming) = arrived.blocking_recv() {
            if sender.send(incoming).is_err() {
                break;
            }
        }
    })?;
    Ok(receiver)
}

/// Answers whoever comes, a few at once.
async fn answer_all(shared: Arc<Shared>, listener: TcpListener) {
    let door = Arc::new(Door::new(shared.limits));
    loop {
        let (tcp, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of files, say; they become free when connections end.
                tracing::warn!(%error, "cannot take a connection");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(ticket) = door.admit(from.ip()) else { continue };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let met = greet(&shared, tcp, None).await;
            drop(ticket);
            match met {
                Ok(met) => drop(talk(&shared, met).await),
                Err(error) => tracing::debug!(%from, %error, "turned a connection away"),
            }
        });
    }
}

/// Dials a peer whenever it is not connected and may be.
async fn keep_dialling(shared: Arc<Shared>, peer: PeerAddress, me: PeerId) {
    let (first, longest) = shared.limits.again;
    let mut pause = first;
    loop {
        wait_until_missing(&shared, peer.id, me).await;
        let began = Instant::now();
        match dial(&shared, &peer).await {
            Ok(met) => {
                let why = talk(&shared, met).await;
                tracing::debug!(peer = %peer.id, %why, "a link ended");
            }
            Err(why) => {
                if shared.table.trouble(peer.id, &why) {
                    tracing::warn!(peer = %peer, %why, "no link with a peer");
                }
            }
        }
        pause =
            if began.elapsed() > longest { first } else { pause.saturating_mul(2).min(longest) };
        sleep(jitter(pause)).await;
    }
}

/// The smaller key id dials at once; the larger one when that did not help, so that two that
/// begin together make one link.
async fn wait_until_missing(shared: &Shared, peer: PeerId, me: PeerId) {
    loop {
        while !shared.table.is_missing(peer) {
            // A ban ends without a notice.
            let changed = shared.table.changed.notified();
            drop(timeout(Duration::from_secs(1), changed).await);
        }
        if me < peer {
            return;
        }
        sleep(shared.limits.patience).await;
        if shared.table.is_missing(peer) {
            return;
        }
    }
}

async fn dial(shared: &Shared, peer: &PeerAddress) -> Result<Met, LinkError> {
    let connect = async { Ok(TcpStream::connect(&peer.at).await?) };
    let tcp = within(shared.limits.handshake, "connecting", connect).await?;
    greet(shared, tcp, Some(peer.id)).await
}

/// Both hellos: with whom was dialled, or with whoever came.
async fn greet(shared: &Shared, tcp: TcpStream, dialled: Option<PeerId>) -> Result<Met, LinkError> {
    tcp.set_nodelay(true)?;
    let greeting = async {
        match dialled {
            Some(peer) => shared.greeter.dial(tcp, peer).await,
            None => shared.greeter.answer(tcp).await,
        }
    };
    within(shared.limits.handshake, "the hellos", greeting).await
}

/// A link from its first message to its last.
async fn talk(shared: &Shared, (stream, seat): Met) -> LinkError {
    let place = &seat.place;
    let peer = place.peer;
    let session = Session::new(place.clone(), shared.limits, shared.inbound.clone());
    let why = match announce(shared, place.replaces, peer).await {
        Ok(()) => session.run(stream).await,
        Err(why) => why,
    };
    if why.is_an_offence() {
        shared.table.ban(peer, &why.to_string());
    }
    if seat.leave(&why) {
        tracing::info!(%peer, %why, "a peer is gone");
        drop(tell(&shared.inbound, Incoming::Down(peer)).await);
    }
    why
}

async fn announce(shared: &Shared, replaces: bool, peer: PeerId) -> Result<(), LinkError> {
    if replaces {
        tell(&shared.inbound, Incoming::Down(peer)).await?;
    } else {
        tracing::info!(%peer, "a peer is here");
    }
    tell(&shared.inbound, Incoming::Up(peer)).await
}

/// Between half of a pause and all of it, so that those who lost each other at once do not all come
/// back at once.
fn jitter(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or_default();
    let part = f64::from(random) / f64::from(u32::MAX);
    pause.mul_f64(0.5 + part / 2.0)
}
