//! Validators: who they are, how they change, and evidence against them.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cairn_consensus::epochs::{Accused, Change, Epochs, Proposal};
use cairn_verifier::digest::EventId;
use cairn_verifier::json::{self, Object};

use super::answer::{Answer, Stays};
use super::params::{Params, Segment};
use super::problem::Problem;
use super::{App, schema};
use crate::http_client::parse_hex;
use crate::ingest::Accepted;
use crate::node::Validators;

/// The validators: in force, next, and what waits for approvals
#[utoipa::path(get, path = "/validators", tag = "validators",
    responses((status = 200, description = "The validators", body = schema::Validators)))]
pub(super) async fn validators(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let view = app.blocking(|node| Ok(view(&node.validators()?))).await?;
    Answer::json(view, Stays::UntilItGrows).respond(&headers)
}

/// Approve a change of the validator set
///
/// The validator's signature is what counts, so anyone may bring it; the node logs it as its own
/// event.
#[utoipa::path(post, path = "/validators/approvals", tag = "validators",
    request_body(content = schema::Approval, description = "A validator's signature"),
    responses(
        (status = 202, description = "The approval is durable", body = schema::Taken),
        (status = 403, description = "It does not count; the answer says why"),
        (status = 422, description = "Something is no digest, or no hex"),
    ))]
pub(super) async fn approve(
    State(app): State<App>,
    params: Params,
    body: Bytes,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let refused = |why: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad-approval", why);
    let bad = |name: &str| refused(format!("`{name}` must be lower-case hex"));
    let approval: schema::Approval =
        serde_json::from_slice(&body).map_err(|error| refused(error.to_string()))?;
    let proposal = approval.proposal.0.parse().map_err(|_| bad("proposal"))?;
    let validator = approval.validator.0.parse().map_err(|_| bad("validator"))?;
    let signature = parse_hex(&approval.signature).ok_or_else(|| bad("signature"))?;
    let accepted =
        app.blocking(move |node| Ok(node.approve(proposal, validator, signature)?)).await?;
    Ok(taken(&accepted))
}

/// Evidence against validators that was logged, and what followed
#[utoipa::path(get, path = "/evidence", tag = "validators",
    responses((status = 200, description = "The evidence", body = schema::EvidenceList)))]
pub(super) async fn evidence(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let accused = app.node.accused();
    let view = Object::new().array("evidence", accused.iter().map(accused_view)).finish();
    Answer::json(view, Stays::UntilItGrows).respond(&headers)
}

/// Log evidence: two votes or two proposals of one validator
///
/// The file is checked first. Evidence of a fork or of a writer's conflict is shown by whoever holds
/// it, and is not logged.
#[utoipa::path(post, path = "/evidence", tag = "validators",
    request_body(content = schema::Bytes, content_type = "application/octet-stream",
        description = "An evidence file"),
    responses(
        (status = 202, description = "The evidence is durable", body = schema::Taken),
        (status = 400, description = "It is no evidence file"),
        (status = 403, description = "It does not hold, is known, or is of another kind"),
    ))]
pub(super) async fn accuse(
    State(app): State<App>,
    params: Params,
    body: Bytes,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let accepted = app.blocking(move |node| Ok(node.accuse(body.to_vec())?)).await?;
    Ok(taken(&accepted))
}

/// The evidence file in an event
#[utoipa::path(get, path = "/evidence/{id}", tag = "validators",
    params(("id" = inline(schema::Digest), Path, description = "The event's id")),
    responses(
        (status = 200, description = "A file that `cairn verify` and the browser check", content(
            (schema::Bytes = "application/octet-stream"),
        )),
        (status = 404, description = "No such event, or none with evidence"),
    ))]
pub(super) async fn file(
    State(app): State<App>,
    headers: HeaderMap,
    id: Segment,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let id: EventId = id.parse("id", "64 hex digits")?;
    let none =
        move || Problem::not_found("no-such-evidence", format!("no evidence is in event {id}"));
    let file = app.blocking(move |node| node.evidence_file(&id)?.ok_or_else(none)).await?;
    Answer::binary(file, Stays::Forever).respond(&headers)
}

fn taken(accepted: &Accepted) -> Response {
    let view = Object::new().text("id", accepted.id);
    let view = match accepted.index {
        Some(index) => view.plain("index", index).finish(),
        None => view.finish(),
    };
    (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], view).into_response()
}

fn view(validators: &Validators) -> String {
    let epochs = &validators.epochs;
    let term = epochs.now();
    let now = validators.now.iter().map(|one| {
        Object::new()
            .text("id", one.id)
            .plain("suite", one.suite)
            .text("power", one.power)
            .plain("proposed", one.record.proposed)
            .plain("missed", one.record.missed)
            .plain("signed", one.record.signed)
            .finish()
    });
    let next = validators.next.iter().flatten().map(|(id, suite, power)| {
        Object::new().text("id", id).plain("suite", suite).text("power", power).finish()
    });
    let registered = validators.registered.iter().map(|one| {
        let view = Object::new().text("id", one.id).plain("suite", one.suite);
        view.text("weight", one.weight).text("bonded", one.bonded).finish()
    });
    Object::new()
        .plain("epoch", term.epoch)
        .plain("firstHeight", term.first_height)
        .text("set", term.set.digest())
        .plain("nextGate", epochs.next_gate())
        .text("penalty", epochs.penalty().name())
        .array("validators", now)
        .plain("pending", validators.next.is_some())
        .array("next", next)
        .array("registered", registered)
        .text("mode", epochs.stakes().mode().name())
        .plain("window", epochs.stakes().window())
        .array("stakes", stakes(epochs))
        .array("proposals", epochs.open().iter().map(proposal))
        .plain("countedFrom", validators.counted.start)
        .plain("countedTo", validators.counted.end)
        .finish()
}

fn stakes(epochs: &Epochs) -> impl Iterator<Item = String> {
    let height = epochs.height();
    epochs.stakes().holders().iter().map(move |(id, holder)| {
        let view = Object::new().text("holder", id).text("allotted", holder.allotted());
        let view = view.text("free", holder.free(height)).plain("moved", holder.moved());
        view.array("parts", holder.parts().map(json::stake_part)).finish()
    })
}

fn proposal((event, proposal): (&EventId, &Proposal)) -> String {
    let approved = proposal.approved.iter().map(|id| format!("\"{id}\""));
    let view = Object::new().text("event", event).text("change", proposal.change.name());
    let view = match proposal.change.validator() {
        Some(id) => view.text("validator", id),
        None => view,
    };
    let view = match &proposal.change {
        Change::Add { power, .. } | Change::Weight(_, power) => view.text("power", power),
        Change::Penalty(penalty) => view.text("penalty", penalty.name()),
        Change::Mode(mode, window) => view.text("mode", mode.name()).plain("window", window),
        Change::Allot(holder, amount) => view.text("holder", holder).text("amount", amount),
        Change::Remove(_) => view,
    };
    view.array("approved", approved).finish()
}

fn accused_view(accused: &Accused) -> String {
    let (kind, height, round) = accused.place;
    let kind = match kind {
        0 => "proposal",
        1 => "prevote",
        _ => "precommit",
    };
    Object::new()
        .text("event", accused.event)
        .text("validator", accused.key)
        .text("vote", kind)
        .plain("height", height)
        .plain("round", round)
        .plain("epoch", accused.epoch)
        .text("outcome", accused.sentence.name())
        .text("cut", accused.cut)
        .finish()
}
