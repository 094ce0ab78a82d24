use serde_json::json;

use super::*;
use crate::import::lines::Lines;
use crate::import::source::{Format, Items};

const FILE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import/cloudtrail.json"));

fn read(text: &str) -> Vec<Item> {
    let lines = Lines::new(text.as_bytes());
    Items::new(Format::CloudTrail, Raw::Not, lines).map(Result::unwrap).collect()
}

fn places(items: &[Item]) -> Vec<(&str, bool)> {
    items.iter().map(|item| (item.place.as_str(), item.draft.is_ok())).collect()
}

#[test]
fn records_to_the_last_field() {
    let items = read(FILE);
    let expected = [
        ("line 3, record 1", true),
        ("line 22, record 2", false),
        ("line 27, record 3", true),
        ("line 49, record 4", true),
    ];
    assert_eq!(places(&items), expected);
    assert!(items[1].draft.as_ref().unwrap_err().contains("\"eventTime\""));
    let draft = |at: usize| serde_json::to_value(items[at].draft.as_ref().unwrap()).unwrap();
    assert_eq!(
        draft(0),
        json!({
            "stream": null, "type": "aws.iam.CreateUser", "kind": "import", "payload": null,
            "actor": {"kind": "user", "id": "arn:aws:iam::111122223333:user/ann"},
            "resource": {"kind": "user", "id": "till-reader", "parent": "111122223333"},
            "outcome": "success", "reason": "", "time": 1_741_940_813_000_u64,
            "metadata": {
                "awsRegion": "us-east-1", "eventID": "0a8c1f7e-58a1-4f0e-9b0e-6d3f0a6f1001",
                "eventName": "CreateUser", "eventSource": "iam.amazonaws.com",
                "eventVersion": "1.11", "readOnly": "false",
                "recipientAccountId": "111122223333",
                "requestParameters.userName": "till-reader",
                "responseElements.user": "{\"path\":\"/\",\"userName\":\"till-reader\"}",
                "sourceIPAddress": "192.0.2.7", "userIdentity.accountId": "111122223333",
                "userIdentity.arn": "arn:aws:iam::111122223333:user/ann",
                "userIdentity.type": "IAMUser", "userIdentity.userName": "ann",
            },
        })
    );
}

#[test]
fn what_was_denied_and_what_failed() {
    let items = read(FILE);
    let draft = |at: usize| serde_json::to_value(items[at].draft.as_ref().unwrap()).unwrap();
    let resources = "[{\"ARN\":\"arn:aws:s3:::till-archive/2024/12.csv\",\"type\":\"AWS::S3::Object\"},\
                     {\"ARN\":\"arn:aws:s3:::till-archive\",\"type\":\"AWS::S3::Bucket\"}]";
    assert_eq!(
        draft(2),
        json!({
            "stream": null, "type": "aws.s3.GetObject", "kind": "import", "payload": null,
            "actor": {
                "kind": "role", "id": "arn:aws:sts::111122223333:assumed-role/report/nightly",
            },
            "resource": {
                "kind": "AWS::S3::Object", "id": "arn:aws:s3:::till-archive/2024/12.csv",
                "parent": "111122223333",
            },
            "outcome": "denied", "reason": "AccessDenied: Access Denied",
            "time": 1_741_941_062_000_u64,
            "metadata": {
                "awsRegion": "eu-central-1", "errorCode": "AccessDenied",
                "errorMessage": "Access Denied", "eventID": "0a8c1f7e-58a1-4f0e-9b0e-6d3f0a6f1003",
                "eventName": "GetObject", "eventSource": "s3.amazonaws.com",
                "eventVersion": "1.11", "recipientAccountId": "111122223333",
                "requestParameters.bucketName": "till-archive",
                "requestParameters.key": "2024/12.csv", "resources": resources,
                "userIdentity.accountId": "111122223333",
                "userIdentity.arn": "arn:aws:sts::111122223333:assumed-role/report/nightly",
                "userIdentity.type": "AssumedRole",
            },
        })
    );
    assert_eq!(
        draft(3),
        json!({
            "stream": null, "type": "aws.signin.ConsoleLogin", "kind": "import", "payload": null,
            "actor": {"kind": "root", "id": "111122223333"},
            "resource": {
                "kind": "service", "id": "signin.amazonaws.com", "parent": "111122223333",
            },
            "outcome": "failure", "reason": "Failed authentication",
            "time": 1_741_941_615_000_u64,
            "metadata": {
                "additionalEventData.MFAUsed": "No", "awsRegion": "us-east-1",
                "errorMessage": "Failed authentication",
                "eventID": "0a8c1f7e-58a1-4f0e-9b0e-6d3f0a6f1004", "eventName": "ConsoleLogin",
                "eventSource": "signin.amazonaws.com", "eventVersion": "1.11",
                "recipientAccountId": "111122223333", "responseElements.ConsoleLogin": "Failure",
                "userIdentity.accountId": "111122223333",
                "userIdentity.principalId": "111122223333", "userIdentity.type": "Root",
            },
        })
    );
}

fn record(more: Value) -> Value {
    let mut record = json!({
        "eventID": "1", "eventName": "N", "eventSource": "s.amazonaws.com",
        "eventTime": "2025-03-14T08:26:53Z",
    });
    let Value::Object(more) = more else { panic!("not an object") };
    record.as_object_mut().unwrap().extend(more);
    record
}

#[test]
fn the_same_records_in_any_form() {
    let whole: Value = serde_json::from_str(FILE).unwrap();
    let ids = |text: &str| read(text).into_iter().filter_map(|item| item.id).collect::<Vec<_>>();
    let expected = ids(FILE);
    assert_eq!(expected.len(), 3);
    let records = whole["Records"].as_array().unwrap();
    let lines: Vec<_> = records.iter().map(Value::to_string).collect();
    assert_eq!(ids(&whole.to_string()), expected, "one line");
    assert_eq!(ids(&lines.join("\n")), expected, "one record a line");
    assert_eq!(ids(&format!("\n{whole}{whole}")), [&expected[..], &expected].concat(), "joined");
    let first = serde_json::to_string_pretty(&records[0]).unwrap();
    assert_eq!(ids(&first), expected[..1], "one record of many lines");
}

#[test]
fn a_broken_line_or_document_is_one_failure() {
    let good = record(json!({})).to_string();
    let items = read(&format!("{{\"eventID\":\n{good}\n\n{good}x\n"));
    let expected = [("line 1", false), ("line 2", true), ("line 4", true), ("line 4", false)];
    assert_eq!(places(&items), expected);
    let cut: String = FILE.lines().take(30).collect::<Vec<_>>().join("\n");
    assert_eq!(places(&read(&cut)), [("line 30", false)]);
    let items = read("[1]");
    assert_eq!(places(&items), [("line 1", false)]);
}

#[test]
fn what_is_no_record_is_refused_by_name() {
    use NotARecord as E;
    let cases = [
        (json!([1]), E::NotAnObject),
        (record(json!({"eventID": 7})), E::Missing("eventID")),
        (record(json!({"eventName": ""})), E::Missing("eventName")),
        (record(json!({"eventSource": null})), E::Missing("eventSource")),
        (record(json!({"eventTime": "noon"})), E::Time("noon".to_owned())),
    ];
    for (value, expected) in cases {
        assert_eq!(mapped(&value).unwrap_err(), expected, "{value}");
    }
}

#[test]
fn outcomes_and_actors() {
    let (_, plain) = mapped(&record(json!({}))).unwrap();
    assert_eq!(plain.actor, ("unknown".to_owned(), "unknown".to_owned()));
    assert_eq!(plain.outcome, DraftOutcome::Success);
    for (code, expected) in [
        ("Client.UnauthorizedOperation", DraftOutcome::Denied),
        ("AccessDeniedException", DraftOutcome::Denied),
        ("NoSuchBucket", DraftOutcome::Failure),
    ] {
        let (_, mapped) = mapped(&record(json!({"errorCode": code}))).unwrap();
        assert_eq!((mapped.outcome, mapped.reason.as_str()), (expected, code));
    }
    let identity = json!({"userIdentity": {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}});
    let (_, mapped) = mapped(&record(identity)).unwrap();
    assert_eq!(mapped.actor, ("service".to_owned(), "s3.amazonaws.com".to_owned()));
}
