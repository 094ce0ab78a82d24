//! Headers by height, verified from the pinned anchor and held against the history that this page
//! follows, and whether one continues another.

use cairn_light_client::sync::base_parameter;
use cairn_light_client::{Assurance, ClientError, LightClient};
use cairn_verifier::check::Check;
use cairn_verifier::trust::{ExtendsProof, FinalityProof, verify_extends};
use cairn_verifier::{FinalHeader, TrustAnchor};

use crate::signals::*;
use crate::state::{App, Latest, Local};
use crate::{browser, net};

/// Asks for the newest one.
pub(crate) const LATEST: &str = "latest";

/// A checkpoint file that was verified. Made by [`Checkpoint::check`] alone.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    bytes: Vec<u8>,
    header: FinalHeader,
}

impl Checkpoint {
    fn check(bytes: Vec<u8>, anchor: TrustAnchor) -> Result<Self, ClientError> {
        let proof = FinalityProof::decode(&bytes)?;
        let (header, _) = proof.verify(anchor, browser::now(), &mut Vec::<Check>::new())?;
        Ok(Self { bytes, header })
    }

    /// The final header.
    pub(crate) const fn header(&self) -> &FinalHeader {
        &self.header
    }

    /// The file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads what was verified: votes, sets, handovers.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&FinalityProof<'_>) -> T) -> Option<T> {
        FinalityProof::decode(&self.bytes).ok().map(|proof| read(&proof))
    }
}

/// The checkpoint at a height, or the `latest`. A node may answer with another height's, which is
/// as final, but not what was asked for; with an older one than this page knows; or with another
/// history's.
pub(crate) async fn fetch(client: &LightClient, height: &str) -> Result<Checkpoint, ClientError> {
    let anchor = client.anchor();
    let path = ["/v1/checkpoints/", height, "?base=", &base_parameter(anchor)].concat();
    let checkpoint = Checkpoint::check(net::binary(&path).await?, anchor)?;
    let found = checkpoint.header.header().height;
    match height.parse::<u64>() {
        Ok(asked) if asked != found => {
            let why = format!("block {asked} was asked for, and block {found} came");
            return Err(ClientError::Network { why });
        }
        _ => {}
    }
    client.expect_history(&checkpoint.header).await?;
    match client.head().map_or(0, |head| head.header().height) {
        ours if height == LATEST && found < ours => {
            Err(ClientError::NodeBehind { ours, theirs: found })
        }
        _ => Ok(checkpoint),
    }
}

/// Two headers of which the newer one continues the older one. Made by [`compare`] alone.
#[derive(Clone, Debug)]
pub(crate) struct Continued {
    pub(crate) old: FinalHeader,
    pub(crate) new: FinalHeader,
}

/// Verifies both headers, and that the newer one has everything that the older one had.
pub(crate) async fn compare(
    client: &LightClient,
    (old, new): (u64, u64),
) -> Result<Continued, ClientError> {
    let first = fetch(client, &old.to_string()).await?;
    let second = fetch(client, &new.to_string()).await?;
    let proof = net::binary(&format!("/v1/proofs/extends?from={old}&to={new}")).await?;
    let proof = ExtendsProof::decode(&proof)?;
    let extends = verify_extends(&first.header, &second.header, &proof)?;
    Ok(Continued { old: *extends.old(), new: *extends.new_header() })
}

/// What a question to the node comes to, asked anew whenever another anchor is pinned or the log
/// was synced.
pub(crate) fn ask<T: Clone + 'static, F: Future<Output = Result<T, ClientError>> + 'static>(
    app: App,
    question: impl Fn(LightClient) -> F + 'static,
) -> Local<Assurance<T>> {
    let (anchor, latest) = (app.anchor(), Latest::default());
    let found = RwSignal::new_local(Assurance::NotChecked);
    effect(move || {
        let ticket = latest.next();
        app.synced.track();
        if anchor.get().is_none() {
            found.set(Assurance::NotChecked);
            return;
        }
        found.set(Assurance::Checking);
        let Some(client) = app.client.get() else {
            return;
        };
        let answer = question(client.clone());
        spawn_local(async move {
            let answer = answer.await;
            app.heed(&client, answer.as_ref().err());
            let answer = answer.into();
            if ticket.is_latest() {
                let _left = found.try_set(answer);
            }
        });
    });
    found
}
