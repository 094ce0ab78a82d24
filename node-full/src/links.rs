//! The links of a validator, as its settings name them.

use std::sync::Arc;
use std::time::Duration;

use cairn_consensus::{Signer, Timeouts};
use cairn_net::{Config, Identity, Limits, Links, PeerId};
use cairn_verifier::finality::Role;

use crate::settings::ValidatorSettings;
use crate::validate::{Connect, Local, Validating, timeouts};

/// The validator's own key proves to others who it is, wherever it is held.
struct Own<S>(S);

impl<S: Signer + Sync> Identity for Own<S> {
    fn id(&self) -> PeerId {
        self.0.key()
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.0.sign(Role::Link, message)
    }
}

/// How a validator with these settings takes part.
pub(crate) fn validating(settings: &ValidatorSettings) -> Validating {
    let mut validating = Validating::new(connect(settings.clone()));
    validating.sign_from = settings.sign_from;
    if let Some(millis) = settings.timeout {
        validating.timeouts = scaled(Duration::from_millis(millis));
    }
    validating
}

/// Half of a proposal's time for votes; half of each more in each round that fails.
fn scaled(propose: Duration) -> Timeouts {
    let (half, quarter) = (propose.mul_f64(0.5), propose.mul_f64(0.25));
    Timeouts {
        propose,
        propose_delta: half,
        prevote: half,
        prevote_delta: quarter,
        precommit: half,
        precommit_delta: quarter,
        ..timeouts()
    }
}

fn connect(settings: ValidatorSettings) -> Connect {
    Box::new(move |local: &Local| {
        let height = local.clone();
        let peers = settings.addresses().map_err(|error| error.to_string())?;
        let config = Config {
            log: local.log(),
            identity: Arc::new(Own(local.signer())),
            listen: settings.listen,
            peers,
            features: (0, 0),
            height: Arc::new(move || height.height()),
            limits: Limits::default(),
        };
        let (links, incoming) = Links::start(config).map_err(|error| error.to_string())?;
        if let Some(address) = links.address() {
            tracing::info!(%address, "listening for other validators");
        }
        Ok((Arc::new(links), incoming))
    })
}
