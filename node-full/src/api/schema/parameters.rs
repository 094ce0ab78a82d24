//! Parameters of URLs.
#![expect(unused_qualifications, reason = "the derived code names inlined types so")]

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, ObjectBuilder, Schema};
use utoipa::openapi::{RefOr, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::{Digest, EventKind, EventOutcome, named, texts};

/// A time: milliseconds since 1970, or RFC 3339.
#[derive(Clone, Copy, Debug)]
pub struct TimeText;

impl PartialSchema for TimeText {
    fn schema() -> RefOr<Schema> {
        let millis = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(0))
            .description(Some("milliseconds since 1970"));
        let written = texts(&[(
            "^(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])\
             T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$",
            "2025-11-21T10:00:00Z",
            "RFC 3339",
        )]);
        AnyOfBuilder::new().item(millis).item(written).into()
    }
}

/// A height, or the newest one.
#[derive(Clone, Copy, Debug)]
pub struct HeightText;

impl PartialSchema for HeightText {
    fn schema() -> RefOr<Schema> {
        texts(&[("^[0-9]{1,15}$", "12", "a height"), ("^latest$", "latest", "the newest")])
    }
}

/// Topics, with commas between.
#[derive(Clone, Copy, Debug)]
pub struct TopicsText;

impl PartialSchema for TopicsText {
    fn schema() -> RefOr<Schema> {
        let topics = "^(events|blocks|checkpoints)(,(events|blocks|checkpoints))*$";
        texts(&[(topics, "events,blocks", "some of events, blocks and checkpoints")])
    }
}

/// Level and number of a tile, or the number of a file of events or blocks.
#[derive(Clone, Copy, Debug)]
pub struct TilePath;

impl PartialSchema for TilePath {
    fn schema() -> RefOr<Schema> {
        texts(&[("^.+$", "0/x001/x234/067", "as C2SP tlog-tiles name them")])
    }
}

/// What a proof starts from: what the asker trusts already.
#[derive(Clone, Copy, Debug)]
pub struct BaseText;

impl PartialSchema for BaseText {
    fn schema() -> RefOr<Schema> {
        texts(&[
            ("^genesis$", "genesis", "the genesis; what is meant if nothing is said"),
            (
                "^checkpoint:[0-9a-f]{64}$",
                "checkpoint:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "a header with its validators",
            ),
            (
                "^header:[0-9a-f]{64}$",
                "header:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "a header alone: enough for what is older",
            ),
        ])
    }
}

/// Indices and ranges of them, each larger than the one before.
#[derive(Clone, Copy, Debug)]
pub struct IndicesText;

impl PartialSchema for IndicesText {
    fn schema() -> RefOr<Schema> {
        let forms = "^[0-9]{1,15}(-[0-9]{1,15})?(,[0-9]{1,15}(-[0-9]{1,15})?)*$";
        texts(&[(forms, "3,5,9-40", "numbers and ranges")])
    }
}

/// The id of a message of the stream.
#[derive(Clone, Copy, Debug)]
pub struct PlaceText;

impl PartialSchema for PlaceText {
    fn schema() -> RefOr<Schema> {
        texts(&[("^[0-9]{1,15}-[0-9]{1,15}$", "12-340", "height and index that come next")])
    }
}

named!(TimeText, BaseText, IndicesText, PlaceText, HeightText, TopicsText, TilePath, QueryBody);

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Flag {
    /// Yes.
    #[serde(rename = "1")]
    One,
    /// Yes.
    #[serde(rename = "true")]
    True,
    /// No.
    #[serde(rename = "0")]
    Zero,
    /// No.
    #[serde(rename = "false")]
    False,
}

/// What an event must claim to be found; all filters must hold.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "kebab-case")]
pub struct EventFilters {
    /// The actor: `kind/id`, or the id alone
    pub actor: Option<String>,
    /// What the actor's id begins with
    pub actor_prefix: Option<String>,
    /// The resource: `kind/id`, or the id alone
    pub resource: Option<String>,
    /// What the resource's id begins with
    pub resource_prefix: Option<String>,
    /// The id of what the resource belongs to
    pub parent: Option<String>,
    /// What that begins with
    pub parent_prefix: Option<String>,
    /// The event type
    pub r#type: Option<String>,
    /// What the event type begins with
    pub type_prefix: Option<String>,
    /// What kind of event
    #[param(inline)]
    pub kind: Option<EventKind>,
    /// How it ended
    #[param(inline)]
    pub outcome: Option<EventOutcome>,
    /// The stream's name or id
    pub stream: Option<String>,
    /// The writer's key
    #[param(inline)]
    pub writer: Option<Digest>,
    /// Claimed time at or after this
    #[param(inline)]
    pub from: Option<TimeText>,
    /// Claimed time before this
    #[param(inline)]
    pub to: Option<TimeText>,
}

/// Which page of what was found.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "kebab-case")]
pub struct Pages {
    /// How many events at most
    #[param(minimum = 1, maximum = 1_000, default = 50)]
    pub limit: Option<u64>,
    /// Where the page before ended, as it said; for the same query and order
    #[param(pattern = "^(before|from)-[0-9]{1,15}$")]
    pub cursor: Option<String>,
    /// Which way through the log
    #[param(inline)]
    pub order: Option<PageOrder>,
}

/// Which way through the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PageOrder {
    /// The newest first, which is what is meant if nothing is said.
    Newest,
    /// The oldest first.
    Oldest,
}

/// The filters and pages of a URL as one JSON object, under the same names.
#[derive(Clone, Copy, Debug)]
pub struct QueryBody;

impl PartialSchema for QueryBody {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .description(Some("A query, with the names and values of the URL's parameters"))
            .examples([serde_json::json!({"resource-prefix": "r1/", "limit": 2})]);
        let parts =
            EventFilters::into_params(|| None).into_iter().chain(Pages::into_params(|| None));
        let add = |object: ObjectBuilder, part: utoipa::openapi::path::Parameter| {
            part.schema.into_iter().fold(object, |o, schema| o.property(&part.name, schema))
        };
        parts.fold(object, add).into()
    }
}

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// The block that holds the events.
    Final,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TileKind {
    /// Hashes of the tree of events.
    Event,
    /// Hashes of the tree of headers.
    Header,
    /// Hashes of the RFC 6962 tree of events, if the log has one.
    Sha256,
    /// Signed events.
    Entries,
    /// Blocks.
    Blocks,
}
