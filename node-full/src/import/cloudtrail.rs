//! AWS `CloudTrail` records: files `{"Records": [...]}` as the service delivers them, or records, one
//! behind another. A document of many lines is read whole, so it must be less than 256 MiB.
//!
//! | record | event |
//! |---|---|
//! | `eventSource` without `.amazonaws.com`, `eventName` | type `aws.<source>.<name>` |
//! | `eventTime` | time |
//! | `userIdentity.type` | actor kind: `user`, `root`, `role`, `service`, `account`, else the type in lower case |
//! | `userIdentity`: the first of `arn`, `userName`, `principalId`, `invokedBy`, `accountId` | actor id, else `unknown` |
//! | `resources[0]`: `type`, `ARN` | resource kind and id |
//! | else in `requestParameters`: `bucketName`, `userName`, `roleName`, `roleArn`, `groupName`, `policyArn`, `instanceId`, `functionName`, `keyId`, `secretId`, `tableName`, `dBInstanceIdentifier`, `name` | resource id, of kind `bucket`, `user`, `role`, `role`, `group`, `policy`, `instance`, `function`, `key`, `secret`, `table`, `database`, `name` |
//! | else `eventSource` | resource id of kind `service` |
//! | `recipientAccountId`, else `userIdentity.accountId` | parent |
//! | `errorCode` that says denied or unauthorized | outcome denied |
//! | another `errorCode`; `responseElements.ConsoleLogin` is `Failure` | outcome failure |
//! | neither | outcome success |
//! | `errorCode`, `errorMessage` | reason, as `code: message` |
//! | all fields but `eventTime` | metadata under their names, objects one level deep as `outer.inner` |
//! | what is too long for metadata or reason | payload, a field each, named in metadata `cairn.payload` |
//!
//! The source id is `eventID`.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Deserializer, Value};
use thiserror::Error;

use super::lines::Line;
use super::mapped::{Mapped, slug};
use super::{Item, Raw, SourceId, json, source};
use crate::ingest::DraftOutcome;

/// Where a request names its resource, and what that is.
const REQUESTED: [(&str, &str); 13] = [
    ("/requestParameters/bucketName", "bucket"),
    ("/requestParameters/userName", "user"),
    ("/requestParameters/roleName", "role"),
    ("/requestParameters/roleArn", "role"),
    ("/requestParameters/groupName", "group"),
    ("/requestParameters/policyArn", "policy"),
    ("/requestParameters/instanceId", "instance"),
    ("/requestParameters/functionName", "function"),
    ("/requestParameters/keyId", "key"),
    ("/requestParameters/secretId", "secret"),
    ("/requestParameters/tableName", "table"),
    ("/requestParameters/dBInstanceIdentifier", "database"),
    ("/requestParameters/name", "name"),
];

/// Why JSON is not a record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotARecord {
    /// Not a JSON object.
    #[error("a CloudTrail record is a JSON object")]
    NotAnObject,
    /// A field that must be there.
    #[error("the field {0:?} is missing or not a text")]
    Missing(&'static str),
    /// A time that is not RFC 3339, or before 1970.
    #[error("the time {0:?} is not an RFC 3339 time since 1970")]
    Time(String),
}

#[derive(Deserialize)]
struct Delivered<'a> {
    #[serde(rename = "Records", borrow)]
    records: Option<Vec<&'a RawValue>>,
}

fn mapped(record: &Value) -> Result<(SourceId, Mapped), NotARecord> {
    let fields = record.as_object().ok_or(NotARecord::NotAnObject)?;
    let required = |name: &'static str| {
        let text = fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or(NotARecord::Missing(name))
    };
    let (id, name) = (required("eventID")?, required("eventName")?);
    let (source, time) = (required("eventSource")?, required("eventTime")?);
    let millis = json::millis(time).ok_or_else(|| NotARecord::Time(time.to_owned()))?;
    let service = source.strip_suffix(".amazonaws.com").unwrap_or(source);
    let mut metadata = json::fields(fields);
    metadata.remove("eventTime");
    let parent = json::first(record, &["/recipientAccountId", "/userIdentity/accountId"]);
    let mapped = Mapped {
        event_type: format!("aws.{}.{name}", slug(service)),
        actor: actor(record),
        resource: resource(record, source),
        parent: parent.unwrap_or_default(),
        outcome: outcome(record),
        reason: reason(record),
        metadata,
        time: Some(millis),
        payload: [].into(),
    };
    Ok((SourceId::own("cloudtrail", &[id.as_bytes()]), mapped))
}

fn actor(record: &Value) -> (String, String) {
    let kind = json::first(record, &["/userIdentity/type"]).unwrap_or_default();
    let kind = match kind.as_str() {
        "IAMUser" | "FederatedUser" | "IdentityCenterUser" | "SAMLUser" | "WebIdentityUser" => {
            "user"
        }
        "Root" => "root",
        "AssumedRole" | "Role" => "role",
        "AWSService" => "service",
        "AWSAccount" => "account",
        "" => "unknown",
        other => &slug(other),
    };
    let paths = [
        "/userIdentity/arn",
        "/userIdentity/userName",
        "/userIdentity/principalId",
        "/userIdentity/invokedBy",
        "/userIdentity/accountId",
    ];
    let id = json::first(record, &paths).unwrap_or_else(|| "unknown".to_owned());
    (kind.to_owned(), id)
}

fn resource(record: &Value, source: &str) -> (String, String) {
    if let Some(id) = json::first(record, &["/resources/0/ARN"]) {
        let kind = json::first(record, &["/resources/0/type"]);
        return (kind.unwrap_or_else(|| "resource".to_owned()), id);
    }
    let named = REQUESTED
        .iter()
        .find_map(|(path, kind)| Some(((*kind).to_owned(), json::first(record, &[path])?)));
    named.unwrap_or_else(|| ("service".to_owned(), source.to_owned()))
}

fn outcome(record: &Value) -> DraftOutcome {
    let Some(code) = json::first(record, &["/errorCode"]) else {
        let login = json::first(record, &["/responseElements/ConsoleLogin"]);
        let is_failure = login.as_deref() == Some("Failure");
        return if is_failure { DraftOutcome::Failure } else { DraftOutcome::Success };
    };
    let code = code.to_lowercase();
    let is_denied = ["denied", "unauthorized", "forbidden"].iter().any(|word| code.contains(word));
    if is_denied { DraftOutcome::Denied } else { DraftOutcome::Failure }
}

fn reason(record: &Value) -> String {
    let parts = [json::first(record, &["/errorCode"]), json::first(record, &["/errorMessage"])];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

fn item(place: String, text: &[u8], raw: &Raw) -> Item {
    let parsed = serde_json::from_slice::<Value>(text).map_err(|error| error.to_string());
    match parsed.and_then(|record| mapped(&record).map_err(|error| error.to_string())) {
        Ok((id, mapped)) => Item { place, id: Some(id), draft: Ok(mapped.draft(text, raw)) },
        Err(why) => Item { place, id: None, draft: Err(why) },
    }
}

/// The items of JSON that begins in this line: records and delivered files, one behind another.
pub(super) fn items(bytes: &[u8], first: u64, raw: &Raw) -> Vec<Item> {
    let mut cursor = Cursor { rest: str::from_utf8(bytes).unwrap_or_default(), line: first };
    let mut items = Vec::new();
    for value in Deserializer::from_slice(bytes).into_iter::<&RawValue>() {
        match value {
            Ok(value) => add_items(&mut items, value.get(), (&mut cursor, raw)),
            Err(error) => {
                let behind = u64::try_from(error.line().saturating_sub(1)).unwrap_or(u64::MAX);
                let place = source::place(first.saturating_add(behind));
                items.push(Item { place, id: None, draft: Err(error.to_string()) });
            }
        }
    }
    items
}

fn add_items(items: &mut Vec<Item>, text: &str, (cursor, raw): (&mut Cursor<'_>, &Raw)) {
    let Ok(Delivered { records: Some(records) }) = serde_json::from_str(text) else {
        let place = source::place(cursor.find(text));
        return items.push(item(place, text.as_bytes(), raw));
    };
    for (record, at) in records.into_iter().zip(1_u64..) {
        let place = format!("line {}, record {at}", cursor.find(record.get()));
        items.push(item(place, record.get().as_bytes(), raw));
    }
}

/// Whether a first line is the beginning of a document of many lines.
pub(super) fn goes_on(line: &Line) -> bool {
    let parsed = serde_json::from_slice::<&RawValue>(&line.bytes);
    !line.is_too_long && parsed.is_err_and(|error| error.is_eof())
}

/// The items of a document of many lines that begins in this line; if it is broken, of its lines,
/// if those are records.
pub(super) fn document(bytes: &[u8], first: u64, raw: &Raw) -> Vec<Item> {
    let is_whole = Deserializer::from_slice(bytes).into_iter::<&RawValue>().all(|v| v.is_ok());
    let lines = || bytes.split(|byte| *byte == b'\n').zip(first..);
    if is_whole || !lines().any(|(line, _)| is_record(line)) {
        return items(bytes, first, raw);
    }
    let lines = lines().filter(|(line, _)| !line.trim_ascii().is_empty());
    lines.flat_map(|(line, number)| items(line, number, raw)).collect()
}

fn is_record(line: &[u8]) -> bool {
    let value = serde_json::from_slice::<Value>(line).unwrap_or_default();
    value.get("eventName").is_some() || value.get("Records").is_some()
}

/// Finds the lines on which texts of a document begin, one after another.
struct Cursor<'a> {
    rest: &'a str,
    line: u64,
}

impl Cursor<'_> {
    /// What is between two records holds no record, so each is found where it stands.
    fn find(&mut self, text: &str) -> u64 {
        let (before, found) = self.rest.split_at(self.rest.find(text).unwrap_or(0));
        let begins = self.line.saturating_add(line_feeds(before));
        self.line = begins.saturating_add(line_feeds(text));
        self.rest = found.strip_prefix(text).unwrap_or(found);
        begins
    }
}

fn line_feeds(text: &str) -> u64 {
    u64::try_from(text.matches('\n').count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
