//! Settings of a validator among others.

use cairn_net::PeerAddress;
use serde::{Deserialize, Serialize};

use super::SettingsError;

/// `[validator]`: how this node talks to the other validators.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "the settings are these")]
pub struct ValidatorSettings {
    /// Where to listen for others; nowhere if not said, and then this node must dial.
    pub listen: Option<String>,
    /// The others, as `KEYID@host:port`.
    pub peers: Vec<String>,
    /// The operator's word that this key signed nothing from this height on: for a validator whose
    /// record of signatures was lost, or that was restored from a backup.
    pub sign_from: Option<u64>,
    /// How long a round waits for a proposal, in milliseconds; for votes it waits half of that.
    pub timeout: Option<u64>,
}

impl ValidatorSettings {
    /// Where the others are.
    ///
    /// # Errors
    /// [`SettingsError::Peer`].
    pub fn addresses(&self) -> Result<Vec<PeerAddress>, SettingsError> {
        let mut addresses = Vec::new();
        for text in &self.peers {
            addresses.push(text.parse().map_err(SettingsError::Peer)?);
        }
        Ok(addresses)
    }
}
