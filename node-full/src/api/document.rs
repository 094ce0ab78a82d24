//! The OpenAPI document: what the handlers say of themselves, and what holds for all of them.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::Response as Answered;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};

use super::answer::{Answer, Stays};
use super::params::Params;
use super::problem::Problem;
use super::{App, ServerError, routes, schema};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Cairn",
        description = "An audit log that anyone can verify. Most answers come as bytes in the \
            formats of `verifier/SPEC.md`, which prove themselves, or as JSON for who prefers it \
            (`Accept: application/json`). Errors are `application/problem+json` with a stable \
            `code`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "The node that serves this document")),
    components(schemas(schema::Problem)),
    tags(
        (name = "events", description = "What was logged"),
        (name = "blocks", description = "What makes it final"),
        (name = "validators", description = "Who makes it final, and how that changes"),
        (name = "proofs", description = "What shows it to someone who trusts nobody here"),
        (name = "members", description = "Who writes and reads"),
        (name = "payloads", description = "What stands behind events"),
        (name = "streams", description = "Following the log"),
        (name = "tiles", description = "The log as files that never change"),
        (name = "node", description = "The node itself"),
    ),
)]
struct Head;

/// Refusals that any request can meet; a handler that says more of one says it itself.
const ANYWHERE: [(&str, &str); 4] = [
    ("400", "A path, parameter or body that does not say what it must"),
    ("408", "No answer in time, which is 30 seconds if the operator says nothing else"),
    ("500", "The node failed; its log says more"),
    ("503", "The node is busy or cannot write; come back after `Retry-After` seconds"),
];

/// Those of what not everyone may ask, which is all but how the node is.
const HELD: [(&str, &str); 3] = [
    ("401", "This needs a key or a token, or the one shown does not hold"),
    ("403", "The key or token is not for this, or the page is of another origin"),
    ("429", "Too fast; come back after `Retry-After` seconds"),
];

/// A bearer's scopes are the operator's to say, not the document's.
const NO_SCOPES: [&str; 0] = [];

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| {
    let mut document = Head::openapi();
    let what = "`Cairn key=<hex>, time=<ms>, origin=<origin>, signature=<hex>`: an Ed25519 key, the \
        time, the node, and the key's signature over log, time, origin, path and query, as the \
        integrator's guide says";
    let signed = ApiKeyValue::with_description("Authorization", what);
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("signed", SecurityScheme::ApiKey(ApiKey::Header(signed)));
    let bearer = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key (`cairn api-key new`) or a JWT, if the node asks for one"));
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    let nothing = SecurityRequirement::default();
    document.security = Some(vec![nothing, SecurityRequirement::new("bearer", NO_SCOPES)]);
    document.merge(routes::documented());
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, mut item) in paths {
        let held = if path.starts_with("/v1/") { &HELD[..] } else { &[] };
        operations(&mut item).for_each(|operation| complete(operation, held));
        // A path of several parts is one parameter here.
        document.paths.paths.insert(path.replace("{*", "{"), item);
    }
    document
});

/// The document of this version's API.
pub(super) fn document() -> &'static OpenApi {
    &DOCUMENT
}

/// The OpenAPI document of this version's API, as JSON.
///
/// # Errors
/// None in practice: it was made of what is in this program.
pub fn openapi() -> Result<String, ServerError> {
    DOCUMENT.to_pretty_json().map_err(|error| std::io::Error::other(error).into())
}

/// This document
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "node",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(super) async fn json(
    State(_): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let text = openapi().map_err(|error| Problem::internal(&error.to_string()))?;
    Answer::json(text, Stays::UntilItGrows).respond(&headers)
}

/// Every operation of a path.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}

/// Adds what holds for all: refusals that any request can meet, and their form.
fn complete(operation: &mut Operation, held: &[(&str, &str)]) {
    let responses = &mut operation.responses.responses;
    for (status, what) in ANYWHERE.iter().chain(held) {
        let said = || RefOr::T(ResponseBuilder::new().description(*what).build());
        responses.entry((*status).to_owned()).or_insert_with(said);
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
        {
            refusal(response);
        }
    }
}

fn refusal(response: &mut Answered) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    response.content.insert("application/problem+json".to_owned(), problem.into());
}
