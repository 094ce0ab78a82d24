//! `cairn open --field`: one field of a payload, for someone who must not see the others.

use std::path::Path;

use cairn_verifier::json::Object;
use cairn_verifier::payload::{self, FieldOpening, MessageKey, PayloadError};
use cairn_verifier::receipt::{self, VerifiedReceipt};
use cairn_verifier::{TrustAnchor, UnixMillis};

use super::KeyOf;
use crate::cli::verify::{self, NotOpened};
use crate::cli::{Failure, out};

/// Verifies the receipt, opens its payload, and writes the opening of one field.
pub(super) fn write(
    file: &[u8],
    (anchor, now): (TrustAnchor, UnixMillis),
    key_of: KeyOf<'_>,
    (name, path, json): (&str, &Path, bool),
) -> Result<(), Failure> {
    let receipt = receipt::verify(file, anchor, now, &mut ()).map_err(|e| verify::failure(&e))?;
    let opening = key_of(&receipt)
        .and_then(|key| opening(&receipt, &key, name).map_err(NotOpened::Refused))
        .map_err(|why| verify::not_opened(&why))?;
    out::write_file(path, &opening)
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
    if json {
        let view = Object::new().text("id", receipt.event().id()).text("field", name);
        out::line(view.text("file", path.display()).plain("bytes", opening.len()).finish());
    } else {
        out::line(format_args!("wrote {} ({} bytes)", path.display(), opening.len()));
    }
    Ok(())
}

/// Checked as who gets it checks it, before it is given away.
fn opening(
    receipt: &VerifiedReceipt<'_>,
    key: &MessageKey,
    name: &str,
) -> Result<Vec<u8>, PayloadError> {
    let stored = receipt.payload().ok_or(PayloadError::NotSealed)?;
    let opened = payload::open(receipt.body(), stored, key)?;
    let opening = opened.open_field(receipt.body(), key, name)?;
    FieldOpening::decode(&opening)?.verify(receipt.body())?.of(receipt.event())?;
    Ok(opening)
}
