//! Between the protocol's messages and what the node takes and gives.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use super::proto;
use crate::api::problem::Problem;
use crate::ingest::{
    Accepted, Draft, DraftKind, DraftOutcome, DraftParty, DraftPayload, DraftResource, SealedDraft,
    Submission,
};
use crate::node::{Block, Entry};
use crate::proofs::BaseChoice;

/// The protocol as reflection tells it.
pub(super) const FILES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/cairn.v1.bin"));

/// A refusal, with the code that never changes beside it.
impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        let mut status = Self::new(code(problem.status()), problem.detail());
        let mut put = |name: &'static str, text: &str| {
            if let Ok(value) = MetadataValue::try_from(text) {
                status.metadata_mut().insert(name, value);
            }
        };
        put("cairn-code", problem.code());
        if let Some(at) = problem.batch_place() {
            put("cairn-at", &at.to_string());
        }
        status
    }
}

fn code(status: StatusCode) -> Code {
    match status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND | StatusCode::GONE => Code::NotFound,
        StatusCode::CONFLICT => Code::FailedPrecondition,
        StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::INSUFFICIENT_STORAGE => Code::ResourceExhausted,
        StatusCode::REQUEST_TIMEOUT => Code::DeadlineExceeded,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        status if status.is_client_error() => Code::InvalidArgument,
        _ => Code::Internal,
    }
}

/// Thirty-two bytes of some kind.
pub(super) fn digest<T: From<[u8; 32]>>(name: &str, bytes: &[u8]) -> Result<T, Problem> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| {
        let why = format!("must be 32 bytes, and is {}", bytes.len());
        Problem::bad_parameter(name, &why)
    })?;
    Ok(bytes.into())
}

pub(super) fn base(base: Option<proto::Base>) -> Result<BaseChoice, Problem> {
    match base.and_then(|base| base.base) {
        None => Ok(BaseChoice::Genesis),
        Some(proto::base::Base::Checkpoint(bytes)) => {
            digest("base", &bytes).map(BaseChoice::Checkpoint)
        }
        Some(proto::base::Base::Header(bytes)) => digest("base", &bytes).map(BaseChoice::Header),
    }
}

/// One event on its way in.
pub(super) fn submission(submission: proto::Submission) -> Result<Submission, Problem> {
    match submission.event {
        Some(proto::submission::Event::Draft(draft)) => Ok(Submission::Draft(read_draft(draft)?)),
        Some(proto::submission::Event::Signed(signed)) => read_signed(signed),
        None => Err(malformed("an event is a draft or signed")),
    }
}

fn read_signed(signed: proto::Signed) -> Result<Submission, Problem> {
    let wraps = signed.wraps.into_iter().map(|wrap| Ok((digest("key", &wrap.key)?, wrap.wrap)));
    let salt = Some(signed.salt).filter(|salt| !salt.is_empty());
    Ok(Submission::Signed {
        event: signed.event,
        payload: signed.payload,
        wraps: wraps.collect::<Result<_, Problem>>()?,
        salt: salt.map(|salt| digest("salt", &salt)).transpose()?,
    })
}

fn read_draft(draft: proto::Draft) -> Result<Draft, Problem> {
    let outcome = draft.outcome();
    let actor = draft.actor.ok_or_else(|| malformed("a draft has an actor"))?;
    let resource = draft.resource.ok_or_else(|| malformed("a draft has a resource"))?;
    Ok(Draft {
        stream: Some(draft.stream).filter(|stream| !stream.is_empty()),
        event_type: draft.r#type,
        actor: DraftParty { kind: actor.kind, id: actor.id },
        resource: DraftResource { kind: resource.kind, id: resource.id, parent: resource.parent },
        outcome: match outcome {
            proto::Outcome::Unspecified => DraftOutcome::Unknown,
            proto::Outcome::Success => DraftOutcome::Success,
            proto::Outcome::Failure => DraftOutcome::Failure,
            proto::Outcome::Denied => DraftOutcome::Denied,
        },
        reason: draft.reason,
        metadata: draft.metadata,
        time: draft.time,
        kind: if draft.is_import { DraftKind::Import } else { DraftKind::Record },
        payload: draft.payload.map(|payload| match payload {
            proto::draft::Payload::Public(bytes) => DraftPayload::Public(STANDARD.encode(bytes)),
            proto::draft::Payload::Sealed(sealed) => DraftPayload::Sealed(SealedDraft {
                fields: sealed.fields,
                recipients: sealed.recipients,
            }),
        }),
    })
}

fn malformed(why: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed-draft", why)
}

pub(super) fn accepted(accepted: &[Accepted], is_final: bool) -> proto::SubmitResponse {
    let accepted = accepted.iter().map(|event| proto::Accepted {
        id: event.id.as_bytes().to_vec(),
        index: event.index,
        duplicate: event.duplicate,
    });
    proto::SubmitResponse { accepted: accepted.collect(), is_final }
}

pub(super) fn entry(entry: Entry) -> proto::Entry {
    proto::Entry {
        id: entry.id.as_bytes().to_vec(),
        index: entry.index,
        signed: entry.signed,
        is_final: entry.is_final,
        height: entry.height,
    }
}

pub(super) fn block(block: Block) -> proto::Block {
    proto::Block { header: block.header_bytes.to_vec(), certificate: block.certificate }
}

pub(super) fn proof(hashes: &[[u8; 32]]) -> proto::Proof {
    proto::Proof { hashes: hashes.iter().map(|hash| hash.to_vec()).collect() }
}

/// The parts of a query, which are those of a URL.
pub(super) fn parts(query: BTreeMap<String, String>) -> crate::api::params::Params {
    query.into()
}
