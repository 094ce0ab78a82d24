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
use super::{App, schema, views};
use crate::proofs::ReceiptWith;

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
