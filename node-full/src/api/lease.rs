//! What lets a caller follow the log, for as long as it does: a key can be taken away, and a token
//! ends, while a stream is open.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "grpc")]
use axum::http::StatusCode;
use cairn_verifier::UnixMillis;
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::access::Live;
#[cfg(feature = "grpc")]
use super::problem::Problem;
use crate::access::{Access, Scope};
use crate::clock;

/// How soon it is noticed.
const LOOK: Duration = Duration::from_secs(1);

/// What a caller was let in with.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    live: Live,
    needs: Scope,
    shown: Option<Zeroizing<String>>,
    from: IpAddr,
    /// What was asked last, and until when that holds.
    asked: Option<(Arc<Access>, UnixMillis)>,
}

impl Lease {
    pub(super) fn new(live: &Live, needs: Scope, shown: Option<&str>, from: IpAddr) -> Self {
        let shown = shown.map(|text| Zeroizing::new(text.to_owned()));
        Self { live: Arc::clone(live), needs, shown, from, asked: None }
    }

    /// Whether it lets the caller in no more. Keys and tokens are looked at again when the settings
    /// were read again.
    pub(super) fn is_over(&mut self) -> bool {
        let now = self.live.load_full();
        let known = self.asked.as_ref().filter(|(access, _)| Arc::ptr_eq(access, &now));
        let end = match known {
            Some((_, end)) => Some(*end),
            None => now.holds(self.needs, self.shown.as_ref().map(|text| text.as_str()), self.from),
        };
        self.asked = end.map(|end| (now, end));
        end.is_none_or(|end| clock::now() >= end)
    }

    /// Returns when it lets the caller in no more.
    pub(super) async fn over(&mut self) {
        while !self.is_over() {
            sleep(LOOK).await;
        }
    }
}

/// What a caller is told whose stream ends for that.
pub(super) const OVER: &str = "the key was taken away, or the token has ended";

/// The same as a refusal.
#[cfg(feature = "grpc")]
pub(super) fn over() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "auth-ended", OVER)
}
