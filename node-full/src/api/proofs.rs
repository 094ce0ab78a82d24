//! Proofs about the tree of events. Only sizes of final headers are answered for: a proof about
//! anything newer could still be lost with this node.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cairn_verifier::json::Object;
use cairn_verifier::tree::{BatchProof, Proof};
use cairn_verifier::trust::ExtendsProof;
use cairn_verifier::wire::Writer;

use super::accept::Form;
use super::answer::{Answer, Stays};
use super::params::Params;
use super::problem::Problem;
use super::{App, schema, views};
use crate::proofs::MAX_BATCH_PROOF;

/// A leaf is in the tree of events
#[utoipa::path(get, path = "/proofs/inclusion", tag = "proofs",
    params(
        ("index" = inline(schema::Number), Query, description = "The leaf's index"),
        ("size" = inline(schema::Number), Query, description = "The tree's size"),
    ),
    responses(
        (status = 200, description = "The proof", content(
            (schema::Inclusion = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 422, description = "No such leaf in a tree of that size, or it is not final yet"),
    ))]
pub(super) async fn inclusion(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["index", "size"])?;
    let (index, size) = (params.number("index")?, params.number("size")?);
    let hashes = app.blocking(move |node| Ok(node.inclusion(index, size)?)).await?;
    let names = [("index", index), ("size", size)];
    respond(&headers, names, &hashes)
}

/// Many leaves are in the tree of events
#[utoipa::path(get, path = "/proofs/batch", tag = "proofs",
    params(
        ("indices" = inline(schema::IndicesText), Query,
            description = "The leaves' indices, ascending, as in `3,5,9-40`; at most 10,000"),
        ("size" = inline(schema::Number), Query, description = "The tree's size"),
    ),
    responses(
        (status = 200, description = "The proof", content(
            (schema::Batch = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 422,
            description = "Indices that do not ascend, or leaves that are not in the tree"),
    ))]
pub(super) async fn batch(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["indices", "size"])?;
    let size = params.number("size")?;
    let indices = indices(params.text("indices").unwrap_or_default())?;
    let count = u64::try_from(indices.len()).unwrap_or(u64::MAX);
    let hashes = app.blocking(move |node| Ok(node.batch(&indices, size)?)).await?;
    let proof = BatchProof::new(&hashes);
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => {
            let mut writer = Writer::new();
            proof.write(&mut writer);
            Answer::binary(writer.into_bytes(), Stays::Forever)
        }
        Form::Json => {
            let view = Object::new().plain("size", size).plain("leaves", count);
            let hashes = views::hashes(Proof::new(&hashes));
            Answer::json(view.json("hashes", &hashes).finish(), Stays::Forever)
        }
    };
    answer.respond(&headers)
}

/// Numbers and ranges of numbers, with commas between them.
pub(super) fn indices(text: &str) -> Result<Vec<u64>, Problem> {
    let bad = || Problem::bad_parameter("indices", "must be numbers and ranges, as in 3,5,9-40");
    let mut indices = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u64, u64) =
            (from.parse().map_err(|_| bad())?, to.parse().map_err(|_| bad())?);
        // One more than is allowed is enough to be refused.
        let room = usize::try_from(MAX_BATCH_PROOF).unwrap_or(0).saturating_add(1);
        indices.extend((from..=to).take(room.saturating_sub(indices.len())));
    }
    Ok(indices)
}

/// The old tree of events is a prefix of the new one
#[utoipa::path(get, path = "/proofs/consistency", tag = "proofs",
    params(
        ("old" = inline(schema::Number), Query, description = "The old tree's size"),
        ("new" = inline(schema::Number), Query, description = "The new tree's size"),
    ),
    responses(
        (status = 200, description = "The proof", content(
            (schema::Consistency = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 422, description = "The old tree is larger, or the new one is not final yet"),
    ))]
pub(super) async fn consistency(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["old", "new"])?;
    let (old, new) = (params.number("old")?, params.number("new")?);
    let hashes = app.blocking(move |node| Ok(node.consistency(old, new)?)).await?;
    respond(&headers, [("old", old), ("new", new)], &hashes)
}

/// The new header stands on the old one: nothing before it was rewritten
#[utoipa::path(get, path = "/proofs/extends", tag = "proofs",
    params(
        ("from" = inline(schema::Number), Query, description = "The old header's height"),
        ("to" = inline(schema::Number), Query, description = "The new header's height"),
    ),
    responses(
        (status = 200, description = "The proof", content(
            (schema::Extends = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 404, description = "There is no such block yet"),
        (status = 422, description = "The old height is larger"),
    ))]
pub(super) async fn extends(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["from", "to"])?;
    let (from, to) = (params.number("from")?, params.number("to")?);
    let bytes = app.blocking(move |node| Ok(node.extends(from, to)?)).await?;
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => Answer::binary(bytes, Stays::Forever),
        Form::Json => {
            let proof = ExtendsProof::decode(&bytes)
                .map_err(|error| Problem::internal(&error.to_string()))?;
            let view = Object::new()
                .plain("from", from)
                .plain("to", to)
                .json("header", &views::hashes(proof.header))
                .json("events", &views::hashes(proof.events));
            Answer::json(view.finish(), Stays::Forever)
        }
    };
    answer.respond(&headers)
}

fn respond(
    headers: &HeaderMap,
    names: [(&str, u64); 2],
    hashes: &[[u8; 32]],
) -> Result<Response, Problem> {
    let proof = Proof::new(hashes);
    let answer = match Form::preferred(headers, Form::Binary) {
        Form::Binary => {
            let mut writer = Writer::new();
            proof.write(&mut writer);
            Answer::binary(writer.into_bytes(), Stays::Forever)
        }
        Form::Json => {
            let view = names
                .into_iter()
                .fold(Object::new(), |object, (name, value)| object.plain(name, value))
                .json("hashes", &views::hashes(proof));
            Answer::json(view.finish(), Stays::Forever)
        }
    };
    answer.respond(headers)
}
