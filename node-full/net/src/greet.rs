//! From a TCP connection to two ends that know each other.

use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

use crate::error::LinkError;
use crate::frame::{self, Kind, cut};
use crate::hello::{About, End, Hello, Identity};
use crate::peer::{AllowedPeer, PeerId};
use crate::session::text;
use crate::table::{Offer, Seat, Table};
use crate::tls::{Binding, Tls, binding};

/// All that a greeting needs.
pub(crate) struct Greeter {
    pub(crate) tls: Tls,
    pub(crate) table: Arc<Table>,
    pub(crate) identity: Arc<dyn Identity>,
    /// What this node says of itself now.
    pub(crate) about: Box<dyn Fn() -> About + Send + Sync>,
}

/// A connection whose other end proved who it is, and its place in the table.
pub(crate) type Met = (TlsStream<TcpStream>, Seat);

impl Greeter {
    /// Greets whoever was dialled, who must be `peer`.
    pub(crate) async fn dial(&self, tcp: TcpStream, peer: PeerId) -> Result<Met, LinkError> {
        let allowed = self.table.allowed(peer)?;
        let (address, ours) = (tcp.peer_addr()?, (self.about)());
        let mut stream = self.tls.connect(tcp).await?;
        let binding = binding(&stream)?;
        self.say_hello(&mut stream, ours.clone(), (peer, End::Dialled, binding)).await?;
        let hello = hear_hello(&mut stream, &[Kind::Hello, Kind::Bye]).await?;
        hello.fits(&ours)?;
        let hello = self.check(hello, allowed, (End::Answered, binding)).await?;
        let About { height, process, .. } = hello.about;
        let seat = self.table.take_in(Offer { peer, outbound: true, process, height, address })?;
        Ok((stream, seat))
    }

    /// Greets whoever came.
    pub(crate) async fn answer(&self, tcp: TcpStream) -> Result<Met, LinkError> {
        let address = tcp.peer_addr()?;
        let mut stream = self.tls.accept(tcp).await?;
        let met = self.answer_on(&mut stream, address).await;
        if let Err(why) = &met {
            // The other end waits for a hello; its operator should see why there is none.
            let why = why.to_string();
            frame::write(&mut stream, Kind::Bye, cut(&why).as_bytes()).await?;
            stream.shutdown().await?;
        }
        Ok((stream, met?))
    }

    async fn answer_on(
        &self,
        stream: &mut TlsStream<TcpStream>,
        address: std::net::SocketAddr,
    ) -> Result<Seat, LinkError> {
        let binding = binding(stream)?;
        let hello = hear_hello(stream, &[Kind::Hello]).await?;
        let ours = (self.about)();
        hello.fits(&ours)?;
        // Nobody but who may connect costs a signature, and nobody gets one before its own held.
        let allowed = self.table.allowed(hello.from)?;
        let hello = self.check(hello, allowed, (End::Dialled, binding)).await?;
        let (peer, About { height, process, .. }) = (hello.from, hello.about);
        let seat = self.table.take_in(Offer { peer, outbound: false, process, height, address })?;
        self.say_hello(stream, ours, (peer, End::Answered, binding)).await?;
        Ok(seat)
    }

    async fn say_hello(
        &self,
        stream: &mut TlsStream<TcpStream>,
        about: About,
        (to, end, binding): (PeerId, End, Binding),
    ) -> Result<(), LinkError> {
        let identity = Arc::clone(&self.identity);
        let sign = move || Hello::sign(about, identity.as_ref(), (to, end, &binding));
        let hello = blocking(sign).await?;
        frame::write(stream, Kind::Hello, &hello.encode()).await?;
        Ok(stream.flush().await?)
    }

    async fn check(
        &self,
        hello: Hello,
        allowed: Arc<AllowedPeer>,
        (end, binding): (End, Binding),
    ) -> Result<Hello, LinkError> {
        let me = self.identity.id();
        blocking(move || hello.check(&allowed, (me, end, &binding)).map(|()| hello)).await
    }
}

async fn hear_hello(stream: &mut TlsStream<TcpStream>, may: &[Kind]) -> Result<Hello, LinkError> {
    let head = frame::read_head(stream, ("a hello", may)).await?;
    let body = frame::read_body(stream, head).await?;
    if head.kind == Kind::Bye {
        return Err(LinkError::Refused(text(&body)));
    }
    Ok(Hello::decode(&body)?)
}

/// Signatures take a part of a millisecond, and a signer elsewhere takes longer.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LinkError> + Send + 'static,
) -> Result<T, LinkError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| LinkError::NoSignature)?
}
