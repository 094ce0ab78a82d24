//! What requests and answers hold as JSON: the types of the OpenAPI document, which Rust programs
//! may read answers with too.
//!
//! The node writes its answers itself, from claims it has checked; tests read each answer with the
//! type that stands here, strictly, so neither can drift from the other.
#![expect(clippy::exhaustive_structs, reason = "the JSON has these fields")]
#![expect(clippy::exhaustive_enums, reason = "the JSON has these values")]

mod blocks;
mod events;
mod members;
mod parameters;
mod proofs;
mod state;
mod status;
mod validators;

pub use blocks::*;
pub use events::*;
pub use members::*;
pub use parameters::*;
pub use proofs::*;
pub use state::*;
pub use status::*;
pub use validators::*;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, SchemaType};
use utoipa::openapi::{RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

/// A digest, an id or a hash: 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(pattern = "^[0-9a-f]{64}$")]
#[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
pub struct Digest(pub String);

/// Milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(minimum = 0, example = 1_763_719_200_000_u64)]
pub struct Millis(pub u64);

/// A height, an index or a size: a number that every reader of JSON keeps exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(minimum = 0, maximum = 9_007_199_254_740_991_u64)]
pub struct Number(pub u64);

/// Bytes in base64 (standard alphabet, padded).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(content_encoding = "base64", pattern = "^[A-Za-z0-9+/]*={0,2}$")]
pub struct Base64(pub String);

/// A decimal number that may exceed what a JSON number holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(pattern = "^[0-9]+$")]
pub struct Decimal(pub String);

/// The largest number that every reader of JSON keeps exactly.
pub(super) const MAX_EXACT: u64 = (1 << 53) - 1;

/// Bytes in one of the formats of `verifier/SPEC.md`.
#[derive(Clone, Copy, Debug)]
pub struct Bytes;

impl PartialSchema for Bytes {
    fn schema() -> RefOr<Schema> {
        let bytes = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        bytes.content_media_type("application/octet-stream").into()
    }
}

impl ToSchema for Bytes {}

/// A text that matches one of these patterns, each with an example and what it means.
fn texts(forms: &[(&str, &str, &str)]) -> RefOr<Schema> {
    let form = |(pattern, example, what): &(&str, &str, &str)| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(*pattern))
            .examples([*example])
            .description(Some(*what))
    };
    forms.iter().fold(AnyOfBuilder::new(), |any, text| any.item(form(text))).into()
}

/// The name under which a hand-written schema stands.
macro_rules! named {
    ($($name:ident),*) => {
        $(impl ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        })*
    };
}
use named;
