//! Paths and queries, read strictly: a name that is not known or stands twice is an error, because
//! a filter that is silently ignored shows the wrong events.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::problem::Problem;
use super::schema::MAX_EXACT;
use crate::proofs::BaseChoice;

/// The one variable segment of a path.
#[derive(Clone, Debug)]
pub(super) struct Segment(pub(super) String);

impl Segment {
    /// The segment as a value.
    pub(super) fn parse<T: FromStr>(&self, name: &str, expected: &str) -> Result<T, Problem> {
        parse(name, &self.0, expected)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) =
            path.map_err(|error| Problem::bad_parameter("path", &error.body_text()))?;
        Ok(Self(text))
    }
}

/// The parameters of a query.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let Query(pairs) = pairs.map_err(|e| Problem::bad_parameter("query", &e.body_text()))?;
        let mut params = BTreeMap::new();
        for (name, value) in pairs {
            if params.insert(name.clone(), value).is_some() {
                return Err(Problem::bad_parameter(&name, "stands twice"));
            }
        }
        Ok(Self(params))
    }
}

impl From<BTreeMap<String, String>> for Params {
    fn from(params: BTreeMap<String, String>) -> Self {
        Self(params)
    }
}

impl Params {
    /// Refuses names that this endpoint does not know.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "unknown-parameter",
                format!("{name} is not known here; known are: {}", known.join(", ")),
            )),
        }
    }

    /// A parameter's text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Takes a parameter out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// A parameter's value, if it is there.
    pub(super) fn optional<T: FromStr>(
        &self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, Problem> {
        self.text(name).map(|text| parse(name, text, expected)).transpose()
    }

    /// A number, if it is there: none that a reader of JSON would not keep exactly.
    pub(super) fn optional_number(&self, name: &str) -> Result<Option<u64>, Problem> {
        let number: Option<u64> = self.optional(name, "a number")?;
        let too_large = || {
            let why = format!("must be at most {MAX_EXACT}");
            Problem::bad_parameter(name, &why)
        };
        number.map(|n| if n <= MAX_EXACT { Ok(n) } else { Err(too_large()) }).transpose()
    }

    /// A number that must be there.
    pub(super) fn number(&self, name: &str) -> Result<u64, Problem> {
        let number = self.optional(name, "a number")?;
        number.ok_or_else(|| Problem::bad_parameter(name, "is missing"))
    }

    /// Whether a flag is set: `1` or `true`.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name) {
            None | Some("0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            Some(_) => Err(Problem::bad_parameter(name, "must be 1 or 0")),
        }
    }

    /// What a proof starts from: `genesis` (the default), `checkpoint:<hex>` or `header:<hex>`.
    pub(super) fn base(&self) -> Result<BaseChoice, Problem> {
        let text = self.text("base").unwrap_or("genesis");
        let choice = match text.split_once(':') {
            None if text == "genesis" => Some(BaseChoice::Genesis),
            Some(("checkpoint", hex)) => hex.parse().ok().map(BaseChoice::Checkpoint),
            Some(("header", hex)) => hex.parse().ok().map(BaseChoice::Header),
            _ => None,
        };
        let why = "must be `genesis`, `checkpoint:<hex>` or `header:<hex>`";
        choice.ok_or_else(|| Problem::bad_parameter("base", why))
    }

    /// All of them.
    pub(super) const fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Parameters that came as a JSON object of texts and numbers.
    pub(super) fn from_json(body: &[u8]) -> Result<Self, Problem> {
        let bad = |why: &str| Problem::bad_parameter("body", why);
        let object: BTreeMap<String, serde_json::Value> = serde_json::from_slice(body)
            .map_err(|error| bad(&format!("must be a JSON object: {error}")))?;
        let text = |(name, value): (String, serde_json::Value)| match value {
            serde_json::Value::String(text) => Ok((name, text)),
            serde_json::Value::Number(number) => Ok((name, number.to_string())),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => {
                Err(Problem::bad_parameter(&name, "must be a text or a number"))
            }
        };
        object.into_iter().map(text).collect::<Result<_, _>>().map(Self)
    }
}

fn parse<T: FromStr>(name: &str, text: &str, expected: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::bad_parameter(name, &format!("must be {expected}")))
}
