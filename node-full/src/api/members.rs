//! Members: who they are, with which keys, and what they may do.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use cairn_verifier::json::Object;

use super::answer::{Answer, Stays};
use super::params::{Params, Segment};
use super::problem::Problem;
use super::{App, schema};
use crate::http_client::hex;
use crate::node::{Member, Node};

/// All members, those removed too
#[utoipa::path(get, path = "/members", tag = "members",
    responses((status = 200, description = "The members", body = schema::Members)))]
pub(super) async fn members(
    State(app): State<App>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let view = app
        .blocking(|node| {
            let members = node.members();
            let views = members.iter().map(|member| view(node, member, false));
            Ok(Object::new().array("members", views).finish())
        })
        .await?;
    Answer::json(view, Stays::UntilItGrows).respond(&headers)
}

/// One member, with its public keys
#[utoipa::path(get, path = "/members/{name}", tag = "members",
    params(("name" = String, Path, description = "The member's name")),
    responses(
        (status = 200, description = "The member", body = schema::Member),
        (status = 404, description = "The log has no such member"),
    ))]
pub(super) async fn member(
    State(app): State<App>,
    headers: HeaderMap,
    name: Segment,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[])?;
    let name: String = name.parse("name", "a member's name")?;
    let view = app
        .blocking(move |node| {
            let member = node.member(&name).ok_or_else(|| {
                Problem::not_found("no-such-member", format!("the log has no member {name:?}"))
            })?;
            Ok(view(node, &member, true))
        })
        .await?;
    Answer::json(view, Stays::UntilItGrows).respond(&headers)
}

fn view(node: &Node, member: &Member, with_bytes: bool) -> String {
    let keys = member.keys.iter().map(|key| {
        let role = if key.signs { "writer" } else { "reader" };
        let mut view = Object::new().text("id", key.id).text("role", role);
        view = view.plain("suite", key.suite).plain("from", key.first);
        view = view.json("end", &key.end.map_or_else(|| "null".to_owned(), |end| end.to_string()));
        if with_bytes { view.text("public", hex(&key.bytes)).finish() } else { view.finish() }
    });
    let roles = node.roles_of(member).into_iter().map(|(stream, roles)| {
        let view = Object::new().text("stream", stream.name).text("id", stream.id);
        view.plain("writer", roles.writer).plain("reader", roles.reader).finish()
    });
    Object::new()
        .text("name", &member.name)
        .plain("active", member.active)
        .array("keys", keys)
        .array("roles", roles)
        .finish()
}
