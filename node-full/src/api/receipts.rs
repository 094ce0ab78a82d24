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
use super::{App, views};
use crate::proofs::ReceiptWith;

/// `GET /v1/receipts/{id}?base=&payload=1`: against the newest final header, so it changes while
/// the log grows, and each one holds for ever.
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
