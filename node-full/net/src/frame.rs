//! Frames: kind, length, body. A kind has a limit, and no byte is kept before it is looked at.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::error::LinkError;

/// The longest message: a block of 16 MiB, its certificate, and what stands around them.
pub const MAX_MESSAGE_LEN: u32 = 17 << 20;
/// The longest hello.
const MAX_HELLO_LEN: u32 = 4_096;
/// The longest text that says why a link ends.
pub(crate) const MAX_TEXT_LEN: usize = 512;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Who is there.
    Hello,
    /// A message of the application.
    Message,
    /// A number to be sent back.
    Ping,
    /// The number.
    Pong,
    /// Why this link ends, for people.
    Bye,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Hello, Self::Message, Self::Ping, Self::Pong, Self::Bye];

    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Hello => 1,
            Self::Message => 2,
            Self::Ping => 3,
            Self::Pong => 4,
            Self::Bye => 5,
        }
    }

    const fn limit(self) -> u32 {
        match self {
            Self::Hello => MAX_HELLO_LEN,
            Self::Message => MAX_MESSAGE_LEN,
            Self::Ping | Self::Pong => 8,
            Self::Bye => 512,
        }
    }
}

/// Kind and length of a frame whose body comes next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) len: u32,
}

/// Reads the five bytes before a body. `expected` says what may come, for the error.
pub(crate) async fn read_head(
    from: &mut (impl AsyncRead + Unpin),
    (expected, may): (&'static str, &[Kind]),
) -> Result<Head, LinkError> {
    let mut head = [0; 5];
    if let Err(error) = from.read_exact(&mut head).await {
        let ended = error.kind() == std::io::ErrorKind::UnexpectedEof;
        return Err(if ended { LinkError::Closed } else { LinkError::Io(error) });
    }
    let [found, len @ ..] = head;
    let kind = Kind::ALL.into_iter().find(|kind| kind.byte() == found && may.contains(kind));
    let kind = kind.ok_or(LinkError::Unexpected { expected, found })?;
    let (len, limit) = (u32::from_be_bytes(len), kind.limit());
    if len > limit {
        return Err(LinkError::TooLong { kind: found, found: len, limit });
    }
    Ok(Head { kind, len })
}

/// Reads a body. Memory is taken as bytes come, not as the length says.
pub(crate) async fn read_body(
    from: &mut (impl AsyncRead + Unpin),
    head: Head,
) -> Result<Vec<u8>, LinkError> {
    let mut body = Vec::new();
    from.take(head.len.into()).read_to_end(&mut body).await?;
    let whole = u32::try_from(body.len()).is_ok_and(|len| len == head.len);
    if whole { Ok(body) } else { Err(LinkError::Closed) }
}

/// Writes what stands before a body.
pub(crate) async fn write_head(
    to: &mut (impl AsyncWrite + Unpin),
    kind: Kind,
    len: usize,
) -> Result<(), LinkError> {
    let (found, limit) = (u32::try_from(len).unwrap_or(u32::MAX), kind.limit());
    if found > limit {
        return Err(LinkError::TooLongToSend { kind: kind.byte(), found, limit });
    }
    to.write_u8(kind.byte()).await?;
    to.write_u32(found).await?;
    Ok(())
}

/// Writes a frame without flushing it.
pub(crate) async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    kind: Kind,
    body: &[u8],
) -> Result<(), LinkError> {
    write_head(to, kind, body.len()).await?;
    Ok(to.write_all(body).await?)
}

/// Gives something a time, and names it if it takes longer.
pub(crate) async fn within<T>(
    limit: Duration,
    what: &'static str,
    work: impl Future<Output = Result<T, LinkError>>,
) -> Result<T, LinkError> {
    timeout(limit, work).await.unwrap_or(Err(LinkError::Slow { what, limit }))
}

/// The beginning of a text that another end may see.
pub(crate) fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT_LEN)).unwrap_or_default()
}
