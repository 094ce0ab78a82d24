//! For those who join at a checkpoint.

use std::sync::Mutex;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cairn_verifier::json::Object;

use super::answer::{Answer, Stays};
use super::params::Params;
use super::problem::Problem;
use super::{App, schema};
use crate::node::Needed;

static ONE: Mutex<()> = Mutex::new(());

/// Which events before an index a log goes by
///
/// All of the system, and the last of each writer in each stream; and the blocks that hold those about
/// validators. Who joins at a checkpoint fetches
/// these with their proofs; whether they are all, the state root of the checkpoint says.
#[utoipa::path(get, path = "/joining", tag = "events",
    params(("before" = inline(schema::Number), Query,
        description = "The index before which they stand: at most the number of final events")),
    responses(
        (status = 200, description = "Their indices", body = schema::Joining),
        (status = 410, description = "Events so old are not kept here any more"),
        (status = 422, description = "So many events are not final yet"),
    ))]
pub(super) async fn joining(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&["before"])?;
    let before = params.number("before")?;
    let view = app
        .blocking(move |node| {
            let limit = node.status().size;
            if before > limit {
                let what = "before";
                return Err(
                    crate::proofs::ProofError::OutOfRange { what, limit, found: before }.into()
                );
            }
            // Much work, and seldom: one at a time.
            let Ok(_one) = ONE.try_lock() else {
                let detail = "somebody else is joining just now; come back";
                return Err(Problem::unavailable("overloaded", detail.to_owned()));
            };
            let Needed { events, blocks } = node.needed_before(before)?;
            let text = |number: u64| number.to_string();
            Ok(Object::new()
                .plain("before", before)
                .array("indices", events.into_iter().map(text))
                .array("blocks", blocks.into_iter().map(text))
                .finish())
        })
        .await?;
    Answer::json(view, Stays::Forever).respond(&headers)
}
