//! Genesis, blocks, checkpoints and handovers.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cairn_verifier::trust::{FinalityProof, Genesis, MAX_HANDOVERS};
use cairn_verifier::wire::Writer;

use super::accept::Form;
use super::answer::{Answer, Stays};
use super::params::{Params, Segment};
use super::problem::Problem;
use super::{App, schema, views};

/// The genesis: the bytes whose digest is the log id
#[utoipa::path(get, path = "/genesis", tag = "blocks", responses(
    (status = 200, description = "The genesis", content(
        (schema::Genesis = "application/json"),
        (schema::Bytes = "application/octet-stream"),
    )),
))]
pub(super) async fn genesis(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let bytes = app.node.genesis_bytes();
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => Answer::binary(bytes.to_vec(), Stays::Forever),
        Form::Json => {
            let genesis = Genesis::decode(bytes)
                .map_err(|error| Problem::internal(&format!("genesis: {error}")))?;
            Answer::json(views::genesis(&genesis), Stays::Forever)
        }
    };
    answer.respond(&headers)
}

/// A block: header and certificate
///
/// For who prefers binary, the bytes of both, one after the other.
#[utoipa::path(get, path = "/blocks/{height}", tag = "blocks",
    params(("height" = inline(schema::Number), Path, description = "The block's height")),
    responses(
        (status = 200, description = "The block", content(
            (schema::Block = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 404, description = "There is no such block yet"),
    ))]
pub(super) async fn block(
    State(app): State<App>,
    headers: HeaderMap,
    height: Segment,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let height: u64 = height.parse("height", "a number")?;
    let found = app.blocking(move |node| Ok(node.block(height)?)).await?;
    let block = found.ok_or_else(|| no_such_block(height))?;
    let answer = match Form::preferred(&headers, Form::Json) {
        Form::Binary => {
            let bytes = [block.header_bytes.as_slice(), &block.certificate].concat();
            Answer::binary(bytes, Stays::Forever)
        }
        Form::Json => Answer::json(views::block(&block)?, Stays::Forever),
    };
    answer.respond(&headers)
}

/// A checkpoint: a header and why it is final
#[utoipa::path(get, path = "/checkpoints/{height}", tag = "blocks",
    params(
        ("height" = inline(schema::HeightText), Path,
            description = "The block's height, or `latest`"),
        ("base" = inline(Option<schema::BaseText>), Query,
            description = "What the asker trusts already"),
    ),
    responses(
        (status = 200, description = "The checkpoint", content(
            (schema::Checkpoint = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 404, description = "There is no such block, or no such base"),
        (status = 409, description = "The base is older than what is to be proven"),
    ))]
pub(super) async fn checkpoint(
    State(app): State<App>,
    headers: HeaderMap,
    height: Segment,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["base"])?;
    let base = params.base()?;
    let (height, stays): (Option<u64>, _) = match height.0.as_str() {
        "latest" => (None, Stays::UntilItGrows),
        _ => (Some(height.parse("height", "a number or `latest`")?), Stays::Forever),
    };
    let bytes = app.blocking(move |node| Ok(node.checkpoint(height, base)?)).await?;
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => Answer::binary(bytes, stays),
        Form::Json => {
            let proof = FinalityProof::decode(&bytes)
                .map_err(|error| Problem::internal(&format!("checkpoint: {error}")))?;
            Answer::json(views::checkpoint(&proof), stays)
        }
    };
    answer.respond(&headers)
}

/// Every change of the validator set, oldest first
///
/// In binary a two-byte count and that many handovers, at most 1,024; the next ones begin behind the
/// height of the last. A log whose set never changed has none.
#[utoipa::path(get, path = "/handovers", tag = "blocks",
    params(("from" = inline(Option<schema::Number>), Query, description = "From this height on")),
    responses((status = 200, description = "The handovers", content(
        (schema::Handovers = "application/json"),
        (schema::Bytes = "application/octet-stream"),
    ))))]
pub(super) async fn handovers(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["from"])?;
    let from = params.optional_number("from")?.unwrap_or(0);
    let found = app
        .blocking(move |node| {
            let mut found = node.handovers(from, u64::MAX)?;
            found.truncate(usize::from(MAX_HANDOVERS));
            Ok(found)
        })
        .await?;
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => {
            let mut writer = Writer::new();
            writer.len16(found.len());
            for (_, bytes) in &found {
                writer.raw(bytes);
            }
            Answer::binary(writer.into_bytes(), Stays::UntilItGrows)
        }
        Form::Json => Answer::json(views::handovers(&found)?, Stays::UntilItGrows),
    };
    answer.respond(&headers)
}

fn no_such_block(height: u64) -> Problem {
    Problem::not_found("no-such-block", format!("there is no block {height} yet"))
}
