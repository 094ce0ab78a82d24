//! Receipts.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cairn_verifier::digest::EventId;
use cairn_verifier::receipt::Receipt;

use super::accept::Form;
use super::answer::{Answer, Stays};
use super::params::{Params, Segment};
use super::problem::Problem;
use super::proofs::indices;
use super::{App, schema, views};
use crate::proofs::{BaseChoice, ReceiptWith};

/// Many events in one file, with everything that proves them
///
/// An event list (type `L`): one way from the base, one proof for all, each writer's name once. Under
/// the base if that has all of the events, or else under the newest header.
#[utoipa::path(get, path = "/receipts", operation_id = "receipts", tag = "proofs",
    params(
        ("indices" = inline(schema::IndicesText), Query,
            description = "The events' indices, ascending, as in `3,5,9-40`; at most 10,000"),
        ("base" = inline(Option<schema::BaseText>), Query,
            description = "What the asker trusts already"),
    ),
    responses(
        (status = 200, description = "The list", body = schema::Bytes,
            content_type = "application/octet-stream"),
        (status = 404, description = "There is no such base"),
        (status = 409, description = "An event is newer than the base"),
        (status = 410, description = "Events so old are not kept here any more"),
        (status = 422, description = "Indices that do not ascend, or events that are not final, or \
            more than 32 MiB of them"),
    ))]
pub(super) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["indices", "base"])?;
    let base = params.base()?;
    let indices = indices(params.text("indices").unwrap_or_default())?;
    let bytes = app.blocking(move |node| Ok(node.list(&indices, base)?)).await?;
    let stays = match base {
        // Names apart, which are as of the header, it is the same for ever.
        BaseChoice::Header(_) => Stays::Forever,
        BaseChoice::Genesis | BaseChoice::Checkpoint(_) => Stays::UntilItGrows,
    };
    Answer::binary(bytes, stays).respond(&headers)
}

/// A receipt: the event and everything that proves it, for ever and offline
///
/// Made against the newest final header, so it changes while the log grows; each one stays true.
#[utoipa::path(get, path = "/receipts/{id}", tag = "proofs",
    params(
        ("id" = inline(schema::Digest), Path, description = "The event's id"),
        ("base" = inline(Option<schema::BaseText>), Query,
            description = "What the asker trusts already"),
        ("payload" = inline(Option<schema::Flag>), Query, description = "With the payload's bytes"),
    ),
    responses(
        (status = 200, description = "The receipt", content(
            (schema::Receipt = "application/json"),
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 404, description = "There is no such event, base or payload"),
        (status = 410,
            description = "The payload was redacted, and the receipt without it is there; or events \
                so old are not kept here any more"),
        (status = 409, description = "The event is not final yet, or newer than the base"),
    ))]
pub(super) async fn receipt(
    State(app): State<App>,
    headers: HeaderMap,
    id: Segment,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["base", "payload"])?;
    let id: EventId = id.parse("id", "64 lower-case hex digits")?;
    let (base, payload) = (params.base()?, params.flag("payload")?);
    let bytes = app
        .blocking(move |node| {
            let with = ReceiptWith { payload, wraps: &[] };
            Ok(node.receipt(&id, base, with)?)
        })
        .await?;
    let answer = match Form::preferred(&headers, Form::Binary) {
        Form::Binary => Answer::binary(bytes, Stays::UntilItGrows).named(format!("{id}.cairn")),
        Form::Json => {
            let receipt = Receipt::decode(&bytes)
                .map_err(|error| Problem::internal(&format!("receipt: {error}")))?;
            Answer::json(views::receipt(&receipt), Stays::UntilItGrows)
        }
    };
    answer.respond(&headers)
}
