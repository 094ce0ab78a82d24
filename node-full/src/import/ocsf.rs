//! Events of the Open Cybersecurity Schema Framework (OCSF) 1.x, one in JSON a line.
//!
//! | event of OCSF | event |
//! |---|---|
//! | `class_name` (else `class_uid`), `activity_name` (else `activity_id`) | type `ocsf.<class>.<activity>`, in lower case with `_` for spaces |
//! | `time` (milliseconds since 1970), else `time_dt` | time |
//! | `actor.user`: `name`, `uid`, `email_addr` | actor id of kind `user` |
//! | else `actor.app_name`, `actor.invoked_by`, `actor.process.name` | actor id of kind `app`, `service`, `process` |
//! | else `user`: `name`, `uid`, `email_addr`; `src_endpoint`: `ip`, `hostname` | actor id of kind `user`; `address` |
//! | else `metadata.product.name`, else `unknown` | actor id of kind `product` |
//! | `resources[0]` or `resource`: `type`; `uid`, `name` | resource kind (else `resource`) and id |
//! | else `user` if `actor` has another; `dst_endpoint` or `device`: `hostname`, `name`, `ip`, `uid` | resource id of kind `user`; `host` |
//! | else `file.path`, `finding_info.uid`, `api.service.name` | resource id of kind `file`, `finding`, `service` |
//! | else `metadata.product.name`, else `unknown` | resource id of kind `product` |
//! | `cloud.account.uid`, else `metadata.tenant_uid` | parent |
//! | `action_id` 2 or `disposition_id` 2 (denied, blocked) | outcome denied |
//! | `status_id` 1, 2 | outcome success, failure; any other is unknown |
//! | `status_detail`, else `status_code` | reason |
//! | all fields but `time` | metadata under their names, objects one level deep as `outer.inner` |
//! | what is too long for metadata or reason | payload, a field each, named in metadata `cairn.payload` |
//!
//! The source id is `metadata.uid` with the product's vendor and name; without a uid, the line.

use serde_json::Value;
use thiserror::Error;

use super::lines::Line;
use super::mapped::{Mapped, slug};
use super::{Item, Raw, SourceId, json, source};
use crate::ingest::DraftOutcome;

/// The user who acted.
const ACTING_USER: &[&str] = &["/actor/user/name", "/actor/user/uid", "/actor/user/email_addr"];
/// The user whom it is about: who logged on, or whose account was changed.
const USER: &[&str] = &["/user/name", "/user/uid", "/user/email_addr"];
/// Where an event names who acted, and what that is.
const ACTORS: [(&[&str], &str); 7] = [
    (ACTING_USER, "user"),
    (&["/actor/app_name"], "app"),
    (&["/actor/invoked_by"], "service"),
    (&["/actor/process/name"], "process"),
    (USER, "user"),
    (&["/src_endpoint/ip", "/src_endpoint/hostname"], "address"),
    (&["/metadata/product/name"], "product"),
];
/// Where an event names on what, after `resources` and `user`.
const RESOURCES: [(&[&str], &str); 6] = [
    (
        &["/dst_endpoint/hostname", "/dst_endpoint/name", "/dst_endpoint/ip", "/dst_endpoint/uid"],
        "host",
    ),
    (&["/device/hostname", "/device/name", "/device/ip", "/device/uid"], "host"),
    (&["/file/path"], "file"),
    (&["/finding_info/uid"], "finding"),
    (&["/api/service/name"], "service"),
    (&["/metadata/product/name"], "product"),
];

/// Why JSON is not an event of OCSF.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotOcsf {
    /// Not a JSON object.
    #[error("an OCSF event is a JSON object")]
    NotAnObject,
    /// A field that must be there.
    #[error("the field {0:?} is missing or not a number")]
    Missing(&'static str),
    /// No time, or none since 1970.
    #[error("neither `time` (milliseconds) nor `time_dt` (RFC 3339) is a time since 1970")]
    Time,
}

fn mapped(event: &Value) -> Result<Mapped, NotOcsf> {
    let fields = event.as_object().ok_or(NotOcsf::NotAnObject)?;
    for name in ["class_uid", "activity_id"] {
        fields.get(name).and_then(Value::as_u64).ok_or(NotOcsf::Missing(name))?;
    }
    let time = match fields.get("time") {
        Some(time) => time.as_u64(),
        None => fields.get("time_dt").and_then(Value::as_str).and_then(json::millis),
    };
    let time = time.ok_or(NotOcsf::Time)?;
    let part = |name, uid| slug(&json::first(event, &[name, uid]).unwrap_or_default());
    let mut metadata = json::fields(fields);
    metadata.remove("time");
    let of = |paths: &[&str]| json::first(event, paths).unwrap_or_default();
    Ok(Mapped {
        event_type: format!(
            "ocsf.{}.{}",
            part("/class_name", "/class_uid"),
            part("/activity_name", "/activity_id")
        ),
        actor: find(event, &ACTORS),
        resource: resource(event),
        parent: of(&["/cloud/account/uid", "/metadata/tenant_uid"]),
        outcome: outcome(event),
        reason: of(&["/status_detail", "/status_code"]),
        metadata,
        time: Some(time),
        payload: [].into(),
    })
}

fn find(event: &Value, places: &[(&[&str], &str)]) -> (String, String) {
    let found = places
        .iter()
        .find_map(|(paths, kind)| Some(((*kind).to_owned(), json::first(event, paths)?)));
    found.unwrap_or_else(|| ("product".to_owned(), "unknown".to_owned()))
}

fn resource(event: &Value) -> (String, String) {
    for at in ["/resources/0", "/resource"] {
        let Some(named) = event.pointer(at) else {
            continue;
        };
        if let Some(id) = json::first(named, &["/uid", "/name"]) {
            let kind = json::first(named, &["/type"]);
            return (kind.unwrap_or_else(|| "resource".to_owned()), id);
        }
    }
    let has_actor = json::first(event, ACTING_USER).is_some();
    match json::first(event, USER) {
        Some(user) if has_actor => ("user".to_owned(), user),
        _ => find(event, &RESOURCES),
    }
}

fn outcome(event: &Value) -> DraftOutcome {
    let number = |name| event.get(name).and_then(Value::as_u64);
    if number("action_id") == Some(2) || number("disposition_id") == Some(2) {
        return DraftOutcome::Denied;
    }
    match number("status_id") {
        Some(1) => DraftOutcome::Success,
        Some(2) => DraftOutcome::Failure,
        _ => DraftOutcome::Unknown,
    }
}

/// Products count their events each for itself.
fn source_id(event: &Value, line: &[u8]) -> SourceId {
    let of = |path| json::first(event, &[path]).unwrap_or_default();
    let (vendor, name) = (of("/metadata/product/vendor_name"), of("/metadata/product/name"));
    match json::first(event, &["/metadata/uid"]) {
        Some(uid) => SourceId::own("ocsf", &[vendor.as_bytes(), name.as_bytes(), uid.as_bytes()]),
        None => SourceId::own("ocsf line", &[line]),
    }
}

/// The item of a line.
pub(super) fn item(line: &Line, raw: &Raw) -> Item {
    let place = source::place(line.number);
    let parsed = serde_json::from_slice::<Value>(&line.bytes).map_err(|error| error.to_string());
    let both = parsed.and_then(|event| {
        let mapped = mapped(&event).map_err(|error| error.to_string())?;
        Ok((source_id(&event, &line.bytes), mapped))
    });
    match both {
        Ok((id, mapped)) => Item { place, id: Some(id), draft: Ok(mapped.draft(&line.bytes, raw)) },
        Err(why) => Item { place, id: None, draft: Err(why) },
    }
}

#[cfg(test)]
mod tests;
