//! Where a request comes from: addresses, and origins of pages.

use std::net::IpAddr;

use super::{AccessError, bad};

/// One caller has many addresses of version 6: its network counts.
pub(super) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

/// Whether an origin names this machine by what no name server decides.
pub(super) fn is_of_this_machine(origin: &[u8]) -> bool {
    let host = std::str::from_utf8(origin).ok().and_then(|text| text.split_once("://"));
    let Some((_, host)) = host else { return false };
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    let name = name.map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// An origin is scheme, host and port as a browser sends them, nothing behind.
pub(super) fn check_origin(setting: &str, origin: &str) -> Result<(), AccessError> {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let is_host = |rest: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._:[]".contains(c);
        !rest.is_empty() && rest.chars().all(plain)
    };
    if rest.is_some_and(is_host) {
        return Ok(());
    }
    let form = "an origin is written https://app.example or http://localhost:3000, in small \
                letters, without a path";
    Err(bad(setting, format!("{origin:?}: {form}")))
}
