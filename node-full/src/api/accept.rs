//! Which form of an answer the client prefers (RFC 9110, section 12.5.1).
//!
//! A client that accepts neither form gets the default one: the RFC allows it, and bytes with
//! their type are of more use than a refusal.

use axum::http::{HeaderMap, header};

/// The two forms of most answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The evidence, in the formats of the verifier's SPEC.md.
    Binary,
    /// A view for people.
    Json,
}

impl Form {
    /// The form that `Accept` gives more weight, or `default` where it gives both the same.
    pub(super) fn preferred(headers: &HeaderMap, default: Self) -> Self {
        let accepts = headers.get_all(header::ACCEPT);
        let accepts: Vec<&str> = accepts.iter().filter_map(|value| value.to_str().ok()).collect();
        if accepts.is_empty() {
            return default;
        }
        let accepts = accepts.join(",");
        let json = weight(&accepts, "application", "json");
        let binary = weight(&accepts, "application", "octet-stream");
        match json.cmp(&binary) {
            std::cmp::Ordering::Greater => Self::Json,
            std::cmp::Ordering::Less => Self::Binary,
            std::cmp::Ordering::Equal => default,
        }
    }
}

/// The weight, in thousandths, of the most specific range that covers `kind/subtype`.
fn weight(accepts: &str, kind: &str, subtype: &str) -> u16 {
    let mut best = (0_u8, 0_u16);
    for range in accepts.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let Some((range_kind, range_subtype)) = parts.next().and_then(|r| r.split_once('/')) else {
            continue;
        };
        let specific = match (range_kind, range_subtype) {
            ("*", "*") => 1,
            (k, "*") if k.eq_ignore_ascii_case(kind) => 2,
            (k, s) if k.eq_ignore_ascii_case(kind) && s.eq_ignore_ascii_case(subtype) => 3,
            _ => continue,
        };
        if specific > best.0 {
            best = (specific, parts.find_map(quality).unwrap_or(1_000));
        }
    }
    best.1
}

/// `q=0.5` as 500.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let thousandths: u16 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        _ => Some(1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(accept: &str, default: Form) -> Form {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Form::preferred(&headers, default)
    }

    #[test]
    fn weighs_both_forms() {
        assert_eq!(Form::preferred(&HeaderMap::new(), Form::Binary), Form::Binary);
        assert_eq!(preferred("*/*", Form::Binary), Form::Binary);
        assert_eq!(preferred("*/*", Form::Json), Form::Json);
        assert_eq!(preferred("application/json", Form::Binary), Form::Json);
        assert_eq!(preferred("application/octet-stream", Form::Json), Form::Binary);
        assert_eq!(preferred("application/json;q=0.2, */*;q=0.9", Form::Json), Form::Binary);
        assert_eq!(preferred("application/json, */*;q=0.1", Form::Binary), Form::Json);
        assert_eq!(preferred("text/html, application/*;q=0.8", Form::Binary), Form::Binary);
        assert_eq!(preferred("nonsense", Form::Json), Form::Json);
    }
}
