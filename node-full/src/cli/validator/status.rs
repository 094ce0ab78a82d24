//! `cairn validator status`

use serde_json::Value;

use super::{Failure, out};

pub(super) fn status(node: &str, json: bool) -> Result<(), Failure> {
    let answer = super::super::client(node)?.json("/v1/validators")?;
    if json {
        out::line(answer.trim());
        return Ok(());
    }
    let answer: Value = serde_json::from_str(&answer).map_err(Failure::failed)?;
    out::line(format_args!(
        "epoch {} since height {}; next gate {}; penalty {}; power by {}",
        text(&answer, "epoch"),
        text(&answer, "firstHeight"),
        text(&answer, "nextGate"),
        text(&answer, "penalty"),
        text(&answer, "mode"),
    ));
    for one in list(&answer, "validators") {
        let (id, power) = (text(&one, "id"), text(&one, "power"));
        let counts = ["proposed", "missed", "signed"].map(|name| text(&one, name));
        let [proposed, missed, signed] = counts;
        out::line(format_args!(
            "  {id}  power {power}  proposed {proposed}  missed {missed}  signed {signed}"
        ));
    }
    if answer.get("pending").and_then(Value::as_bool).unwrap_or_default() {
        out::line(format_args!("behind the gate:"));
        for one in list(&answer, "next") {
            out::line(format_args!("  {}  power {}", text(&one, "id"), text(&one, "power")));
        }
    }
    stakes(&answer);
    list(&answer, "proposals").iter().for_each(proposal);
    Ok(())
}

/// Who holds stake, and where it is; of who has power by stake also who has none.
fn stakes(answer: &Value) {
    let is_by_stake = text(answer, "mode") == "stake";
    for one in list(answer, "registered") {
        if is_by_stake && text(&one, "bonded") == "0" {
            out::line(format_args!("no stake is bonded to {}", text(&one, "id")));
        }
    }
    for one in list(answer, "stakes") {
        let (holder, allotted) = (text(&one, "holder"), text(&one, "allotted"));
        out::line(format_args!("stake of {holder}: {allotted}, {} free", text(&one, "free")));
        for part in list(&one, "parts") {
            let (amount, validator) = (text(&part, "amount"), text(&part, "validator"));
            match part.get("until").and_then(Value::as_u64) {
                Some(until) => {
                    out::line(format_args!("  {amount} leaves {validator}, free behind {until}"));
                }
                None => out::line(format_args!("  {amount} bonded to {validator}")),
            }
        }
    }
}

fn proposal(one: &Value) {
    let names = ["validator", "power", "penalty", "mode", "window", "holder", "amount"];
    let about = names.map(|name| text(one, name));
    let about: Vec<_> = about.into_iter().filter(|text| !text.is_empty()).collect();
    let approved = one.get("approved").and_then(Value::as_array).map_or(0, Vec::len);
    let (event, change) = (text(one, "event"), text(one, "change"));
    let about = about.join(" ");
    out::line(format_args!("proposed: {change} {about}, {approved} approved: {event}"));
}

fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => out::shown(text),
        Some(other) => out::shown(&other.to_string()),
        None => String::new(),
    }
}

fn list(value: &Value, name: &str) -> Vec<Value> {
    value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}
