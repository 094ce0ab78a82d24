//! The anchor of commands that ask a node.

use cairn_verifier::TrustAnchor;
use clap::Args as ClapArgs;

use super::Failure;

/// What is trusted.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct AnchorArg {
    /// What you trust: genesis:... or checkpoint:...; if not said, what CAIRN_ANCHOR says. Names,
    /// keys and streams are proven under it and not taken on the node's word
    #[arg(long, value_name = "ANCHOR")]
    anchor: Option<TrustAnchor>,
}

impl AnchorArg {
    /// The anchor, from the command line or the environment.
    pub(super) fn get(&self) -> Result<Option<TrustAnchor>, Failure> {
        let given = || match std::env::var("CAIRN_ANCHOR") {
            Ok(text) => {
                let bad = |error| Failure::Usage(format!("CAIRN_ANCHOR: {error}"));
                text.trim().parse().map(Some).map_err(bad)
            }
            Err(_) => Ok(None),
        };
        self.anchor.map_or_else(given, |anchor| Ok(Some(anchor)))
    }
}
