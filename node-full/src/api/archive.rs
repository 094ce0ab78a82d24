//! `GET /v1/archive`: blocks with all their events, as a file that anyone can check.

use std::io::{self, BufWriter, Write};
use std::ops::Range;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::lease::{Lease, OVER};
use super::params::Params;
use super::problem::Problem;
use super::{App, schema};
use crate::archive::{ArchiveChoice, ExportError};
use crate::clock;

/// Bytes that are sent at a time.
const CHUNK: usize = 256 << 10;
/// How many chunks wait for a slow client, and no more.
const AHEAD: usize = 4;

type Piece = Result<Bytes, io::Error>;

/// Blocks with all their events, as a file that anyone can check
///
/// Heights from `from` up to and with `to`, or blocks made between two times; all blocks if neither
/// is said. `cairn verify` checks the file against an anchor, without the node.
#[utoipa::path(get, path = "/archive", tag = "blocks",
    params(
        ("from" = inline(Option<schema::Number>), Query, description = "The first height"),
        ("to" = inline(Option<schema::Number>), Query,
            description = "The last height; the newest if not said"),
        ("since" = inline(Option<schema::TimeText>), Query,
            description = "Blocks made at or after this; not beside heights"),
        ("until" = inline(Option<schema::TimeText>), Query,
            description = "Blocks made before this; not beside heights"),
        ("payloads" = inline(Option<schema::Flag>), Query, description = "With payloads"),
        ("base" = inline(Option<schema::BaseText>), Query,
            description = "What the reader trusts already"),
    ),
    responses(
        (status = 200,
            description = "The archive; it is written while it is sent",
            body = schema::Bytes,
            content_type = "application/vnd.cairn.archive"),
        (status = 404, description = "There are no such blocks, or the base is unknown"),
        (status = 410, description = "Events so old are not kept here any more"),
    ))]
pub(super) async fn archive(
    State(app): State<App>,
    Extension(lease): Extension<Lease>,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["from", "to", "since", "until", "payloads", "base"])?;
    let place = app.place_to_follow()?;
    let (payloads, base) = (params.flag("payloads")?, params.base()?);
    let blocks = app
        .blocking(move |node| {
            // An unknown base is said while there is a status to say it with.
            node.checkpoint(None, base)?;
            let blocks = blocks(node, &params)?;
            node.expect_kept(blocks.start)?;
            Ok(blocks)
        })
        .await?;
    let (sender, mut pieces) = channel(AHEAD);
    let node = app.node.clone();
    let choice = ArchiveChoice { blocks, payloads, base };
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut out = BufWriter::with_capacity(CHUNK, Pieces(sender.clone()));
        let written = node.export(&choice, &mut out, &mut |_| {});
        if let Err(error) = written {
            // The answer has begun: all that can be done is to break it off, which a reader of the
            // archive notices. A client that went away needs nothing.
            let _gone = sender.blocking_send(Err(io::Error::other(error.to_string())));
        }
    });
    let first = match pieces.recv().await {
        Some(Ok(first)) => first,
        Some(Err(error)) => return Err(Problem::internal(&error.to_string())),
        None => return Err(Problem::internal("the archive was not written")),
    };
    let kind = [
        (header::CONTENT_TYPE, "application/vnd.cairn.archive"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"log.cairn-archive\""),
    ];
    Ok((kind, Body::from_stream(stream_of(first, pieces, lease))).into_response())
}

/// What is sent: broken off, which a reader of the archive notices, when its caller may read no more.
fn stream_of(
    first: Bytes,
    pieces: Receiver<Piece>,
    lease: Lease,
) -> impl stream::Stream<Item = Piece> {
    stream::unfold(Some((Some(first), pieces, lease)), |open| async move {
        let (first, mut pieces, mut lease) = open?;
        if lease.is_over() {
            // Whoever writes finds nobody there, and ends too.
            return Some((Err(io::Error::other(OVER)), None));
        }
        let piece = match first {
            Some(first) => Ok(first),
            None => pieces.recv().await?,
        };
        Some((piece, Some((None, pieces, lease))))
    })
}

fn blocks(node: &crate::node::Node, params: &Params) -> Result<Range<u64>, Problem> {
    let by_height = ["from", "to"].iter().any(|name| params.text(name).is_some());
    let by_time = ["since", "until"].iter().any(|name| params.text(name).is_some());
    if by_height && by_time {
        let why = "stands beside `since` or `until`; say heights or times";
        return Err(Problem::bad_parameter("from", why));
    }
    let newest = node.head().map_or(0, |head| head.header.height);
    let blocks = if by_time {
        let time = |name: &'static str| match params.text(name) {
            None => Ok(None),
            Some(text) => {
                let why = "must be milliseconds since 1970 or an RFC 3339 time";
                clock::read(text)
                    .map(|time| Some(time.0))
                    .ok_or_else(|| Problem::bad_parameter(name, why))
            }
        };
        let (since, until) = (time("since")?, time("until")?);
        let Range { start, end } =
            node.blocks_between(since.unwrap_or(0)..until.unwrap_or(u64::MAX))?;
        if since.is_some() { start..end } else { node.first_kept_block()?..end }
    } else {
        let to = params.optional::<u64>("to", "a number")?.unwrap_or(newest);
        let from = match params.optional("from", "a number")? {
            Some(from) => from,
            None => node.first_kept_block()?,
        };
        from..to.saturating_add(1)
    };
    if blocks.is_empty() || blocks.end > newest.saturating_add(1) {
        let (from, to) = (blocks.start, blocks.end);
        let error = ExportError::NoBlocks { from, to, newest };
        return Err(Problem::not_found("no-such-block", error.to_string()));
    }
    Ok(blocks)
}

/// Where the archive is written to.
struct Pieces(Sender<Piece>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
