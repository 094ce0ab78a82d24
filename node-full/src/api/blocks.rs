//! Genesis, blocks, checkpoints and handovers.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cairn_verifier::trust::{FinalityProof, Genesis};
use cairn_verifier::wire::Writer;

use super::accept::Form;
use super::answer::{Answer, Stays};
use super::params::{Params, Segment};
use super::problem::Problem;
use super::{App, views};

/// `GET /v1/genesis`: the bytes whose digest is the log id.
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

/// `GET /v1/blocks/{height}`: header and certificate; the bytes of both, one after the other, for
/// who prefers binary.
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

/// `GET /v1/checkpoints/latest` and `/v1/checkpoints/{height}`, `?base=`.
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

/// `GET /v1/handovers?from=`: a two-byte count and that many handovers, from this height on. A log
/// whose set never changed has none.
pub(super) async fn handovers(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["from"])?;
    let _from: Option<u64> = params.optional("from", "a height")?;
    let changed = app.node.head().is_some_and(|head| head.header.epoch != 0);
    if changed {
        return Err(Problem::internal("this version keeps no handovers"));
    }
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => {
            let mut writer = Writer::new();
            writer.u16(0);
            Answer::binary(writer.into_bytes(), Stays::UntilItGrows)
        }
        Form::Json => Answer::json("{\"handovers\":[]}".to_owned(), Stays::UntilItGrows),
    };
    answer.respond(&headers)
}

fn no_such_block(height: u64) -> Problem {
    Problem::not_found("no-such-block", format!("there is no block {height} yet"))
}
