//! A link from both hellos to its end: one half reads, the other writes.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufWriter};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsStream;

use crate::error::LinkError;
use crate::frame::{self, Head, Kind, cut, within};
use crate::limits::Limits;
use crate::peer::{Incoming, Room};
use crate::queue::Next;
use crate::rate::{Rate, kib};
use crate::table::Place;

/// What a link may carry.
const TALK: (&str, &[Kind]) =
    ("a message, ping, pong or bye", &[Kind::Message, Kind::Ping, Kind::Pong, Kind::Bye]);
/// What is written before the other end must have taken some of it.
const CHUNK: usize = 64 << 10;
/// The least a peer may take or send in a second, within a message.
const LEAST_PER_MILLI: u32 = 64;
/// How long the other end is told why a link ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where what is for the application goes.
pub(crate) type Inbound = mpsc::Sender<Incoming>;

/// One link.
#[derive(Debug)]
pub(crate) struct Session {
    place: Place,
    limits: Limits,
    inbound: Inbound,
    begun: Instant,
}

/// Tells the application of a peer.
pub(crate) async fn tell(inbound: &Inbound, incoming: Incoming) -> Result<(), LinkError> {
    inbound.send(incoming).await.map_err(|_| LinkError::Ended("this node stops".to_owned()))
}

impl Session {
    pub(crate) fn new(place: Place, limits: Limits, inbound: Inbound) -> Self {
        Self { place, limits, inbound, begun: Instant::now() }
    }

    /// Runs until the link ends, and says why it did.
    pub(crate) async fn run(&self, stream: TlsStream<TcpStream>) -> LinkError {
        let (from, to) = tokio::io::split(stream);
        let mut writing = std::pin::pin!(self.write(BufWriter::with_capacity(CHUNK, to)));
        let why = tokio::select! {
            Err(why) = self.read(from) => why,
            Err(why) = &mut writing => return why,
        };
        // Told to the other end if it still listens.
        self.place.queue.end(&why.to_string());
        if timeout(FAREWELL, writing).await.is_err() {
            tracing::debug!(peer = %self.place.peer, "the peer took no farewell");
        }
        why
    }

    async fn read(
        &self,
        mut from: impl AsyncRead + Unpin,
    ) -> Result<std::convert::Infallible, LinkError> {
        let rate = Rate::new(&self.limits);
        let room = Arc::new(Semaphore::new(usize::try_from(self.limits.waiting_kib).unwrap_or(0)));
        loop {
            let head = frame::read_head(&mut from, TALK);
            let head = within(self.limits.silence, "hearing anything", head).await?;
            rate.take(head.len).await;
            let room = self.room(&room, head).await?;
            let most = self.limits.silence.saturating_add(at_least(head.len));
            let body = within(most, "reading a message", frame::read_body(&mut from, head)).await?;
            self.heard(head.kind, body, room).await?;
        }
    }

    /// Waits until the application is done with enough of what came before.
    async fn room(&self, room: &Arc<Semaphore>, head: Head) -> Result<Room, LinkError> {
        if head.kind != Kind::Message {
            return Ok(Room::default());
        }
        let kib = kib(head.len).get().min(self.limits.waiting_kib);
        let permit = Arc::clone(room).acquire_many_owned(kib).await;
        permit.map(Room::of).map_err(|_| LinkError::Closed)
    }

    async fn heard(&self, kind: Kind, body: Vec<u8>, room: Room) -> Result<(), LinkError> {
        let Place { peer, queue, stats, .. } = &self.place;
        match kind {
            Kind::Message => {
                stats.received.add(1);
                stats.received_bytes.add(u64::try_from(body.len()).unwrap_or(u64::MAX));
                let incoming = Incoming::Message { from: *peer, bytes: body, room };
                return tell(&self.inbound, incoming).await;
            }
            Kind::Ping => queue.pong(number(&body)?),
            Kind::Pong => {
                let sent = u64::from_be_bytes(number(&body)?);
                let took = self.micros().checked_sub(sent);
                stats.round_trip.set(took.unwrap_or_default());
            }
            Kind::Bye => return Err(LinkError::Refused(text(&body))),
            Kind::Hello => {}
        }
        Ok(())
    }

    async fn write(
        &self,
        mut to: impl AsyncWrite + Unpin,
    ) -> Result<std::convert::Infallible, LinkError> {
        let Place { queue, stats, .. } = &self.place;
        let mut alive = interval(self.limits.keep_alive);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            match queue.take() {
                Some(Next::Message(message)) => {
                    self.message(&mut to, &message).await?;
                    stats.sent.add(1);
                    stats.sent_bytes.add(u64::try_from(message.len()).unwrap_or(u64::MAX));
                }
                Some(Next::Pong(number)) => self.small(&mut to, Kind::Pong, &number).await?,
                Some(Next::End(why)) => {
                    self.small(&mut to, Kind::Bye, cut(&why).as_bytes()).await?;
                    to.shutdown().await?;
                    return Err(LinkError::Ended(why));
                }
                None => {
                    self.patient(to.flush()).await?;
                    tokio::select! {
                        () = queue.more() => {}
                        _ = alive.tick() => {
                            let now = self.micros().to_be_bytes();
                            self.small(&mut to, Kind::Ping, &now).await?;
                        }
                    }
                }
            }
        }
    }

    /// Writes a message; the peer must take some of it now and then.
    async fn message(
        &self,
        to: &mut (impl AsyncWrite + Unpin),
        message: &[u8],
    ) -> Result<(), LinkError> {
        self.patient(frame::write_head(to, Kind::Message, message.len())).await?;
        for chunk in message.chunks(CHUNK) {
            self.patient(to.write_all(chunk)).await?;
        }
        Ok(())
    }

    async fn small(
        &self,
        to: &mut (impl AsyncWrite + Unpin),
        kind: Kind,
        body: &[u8],
    ) -> Result<(), LinkError> {
        self.patient(frame::write(to, kind, body)).await
    }

    async fn patient<E: Into<LinkError>>(
        &self,
        work: impl Future<Output = Result<(), E>>,
    ) -> Result<(), LinkError> {
        let work = async { work.await.map_err(Into::into) };
        within(self.limits.silence, "sending anything", work).await
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// How long a message of this length may take beside one silence.
fn at_least(len: u32) -> Duration {
    Duration::from_millis(len.checked_div(LEAST_PER_MILLI).unwrap_or_default().into())
}

fn number(body: &[u8]) -> Result<[u8; 8], LinkError> {
    body.try_into().map_err(|_| LinkError::Ended("a ping or pong has 8 bytes".to_owned()))
}

/// What another end says, made fit to be shown.
pub(crate) fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().filter(|char| !char.is_control()).collect()
}
