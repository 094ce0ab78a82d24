//! Three events such as a company has, whose details are not for everyone.

use std::collections::BTreeMap;

use crate::ingest::{
    Draft, DraftKind, DraftOutcome, DraftParty, DraftPayload, DraftResource, SealedDraft,
};

/// Events with sealed fields for one recipient.
pub(super) fn drafts(recipient: &str) -> Vec<Draft> {
    vec![
        draft(
            ("hr.salary.changed", "m.okafor", ("employee", "4711", "payroll")),
            recipient,
            &[
                ("amount", "86,400 EUR a year"),
                ("before", "79,200 EUR a year"),
                ("reason", "promotion to lead engineer"),
                ("approved_by", "j.lindqvist"),
            ],
        ),
        draft(
            ("customer.record.exported", "support-7", ("customer", "C-20931", "crm")),
            recipient,
            &[
                ("fields", "name, address, last 12 invoices"),
                ("legal_basis", "request of the customer, GDPR article 15"),
                ("ticket", "SUP-88214"),
            ],
        ),
        draft(
            ("access.emergency.granted", "dr.novak", ("patient", "P-55102", "ward-3")),
            recipient,
            &[
                ("reason", "patient unconscious, allergy status needed"),
                ("granted_by", "night shift lead"),
                ("until", "2 hours"),
            ],
        ),
    ]
}

/// An event: type, actor, and the resource's kind, id and parent.
type What<'a> = (&'a str, &'a str, (&'a str, &'a str, &'a str));

fn draft(
    (event_type, actor, (kind, id, parent)): What<'_>,
    recipient: &str,
    fields: &[(&str, &str)],
) -> Draft {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Draft {
        stream: None,
        event_type: event_type.to_owned(),
        actor: DraftParty { kind: "user".to_owned(), id: actor.to_owned() },
        resource: DraftResource {
            kind: kind.to_owned(),
            id: id.to_owned(),
            parent: parent.to_owned(),
        },
        outcome: DraftOutcome::Success,
        reason: String::new(),
        metadata: BTreeMap::new(),
        time: None,
        kind: DraftKind::Record,
        payload: Some(DraftPayload::Sealed(SealedDraft {
            fields: fields.collect(),
            recipients: vec![recipient.to_owned()],
        })),
    }
}
