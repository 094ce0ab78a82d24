//! Connections whose other end has proven nothing yet: few at once, fewer of one address.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::{DefaultKeyedRateLimiter, Quota};

use crate::limits::Limits;

/// How many addresses are remembered before those that are quiet are forgotten.
const MANY: usize = 4_096;

/// Counts strangers.
#[derive(Debug)]
pub(crate) struct Door {
    limits: Limits,
    attempts: DefaultKeyedRateLimiter<IpAddr>,
    inside: Mutex<BTreeMap<IpAddr, usize>>,
}

/// A stranger's place; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    door: Arc<Door>,
    of: IpAddr,
}

impl Door {
    pub(crate) fn new(limits: Limits) -> Self {
        let rate = NonZeroU32::new(limits.attempts).unwrap_or(NonZeroU32::MIN);
        let attempts = DefaultKeyedRateLimiter::keyed(Quota::per_second(rate));
        Self { limits, attempts, inside: Mutex::default() }
    }

    /// Lets a stranger in, unless there are too many.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        let of = whose(address);
        if self.attempts.len() > MANY {
            self.attempts.retain_recent();
        }
        self.attempts.check_key(&of).ok()?;
        let mut inside = self.inside();
        let all = inside.values().copied().fold(0, usize::saturating_add);
        let count = inside.entry(of).or_default();
        if all >= self.limits.strangers || *count >= self.limits.strangers_of_one {
            inside.retain(|_, count| *count != 0);
            return None;
        }
        *count = count.saturating_add(1);
        Some(Ticket { door: Arc::clone(self), of })
    }

    fn inside(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inside = self.door.inside();
        let left = inside.get(&self.of).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            inside.remove(&self.of);
        } else {
            inside.insert(self.of, left);
        }
    }
}

/// Whoever has one address of IPv6 has all of its /64.
fn whose(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(limits: Limits) -> Arc<Door> {
        Arc::new(Door::new(limits))
    }

    #[test]
    fn strangers_are_few_and_fewer_of_one_address() {
        let limits = Limits { strangers: 3, strangers_of_one: 2, ..Limits::default() };
        let door = door(limits);
        let [one, two] = ["192.0.2.1", "::ffff:192.0.2.1"].map(|text| text.parse().unwrap());
        let held = [door.admit(one), door.admit(two)];
        assert!(held.iter().all(Option::is_some));
        assert!(door.admit(one).is_none(), "two of one address");
        let six = door.admit("2001:db8::1".parse().unwrap());
        assert!(
            six.is_some() && door.admit("192.0.2.9".parse().unwrap()).is_none(),
            "three in all"
        );
        drop(held);
        assert!(door.admit(one).is_some(), "a place is free again");
        assert!(door.inside().len() <= 2, "addresses are forgotten");
    }

    #[test]
    fn an_address_begins_few_connections_a_second_and_a_64_is_one_address() {
        let door = door(Limits { attempts: 2, ..Limits::default() });
        let address = |text: &str| text.parse().unwrap();
        let held = [door.admit(address("2001:db8::1")), door.admit(address("2001:db8::2"))];
        assert!(held.iter().all(Option::is_some));
        assert!(door.admit(address("2001:db8::3")).is_none());
        assert!(door.admit(address("2001:db8:0:1::3")).is_some(), "another /64");
    }
}
