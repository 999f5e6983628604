//! REDCap's rate limit: who exceeds it is shut out until a person lifts the ban.
//! Invariant: a banned address stays banned however long it keeps quiet; refused requests count like any other.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

/// What one address did lately.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
struct Caller {
    /// When its requests of the last sixty seconds came, oldest first.
    lately: VecDeque<DateTime<Utc>>,
    banned: bool,
}

/// The addresses that were seen by one limit.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Bans(BTreeMap<IpAddr, Caller>);

impl Bans {
    /// Counts a request; whether its address is banned, as of this request.
    pub(crate) fn count(&mut self, from: IpAddr, per_minute: u32, now: DateTime<Utc>) -> bool {
        let caller = self.0.entry(from).or_default();
        let horizon = now - TimeDelta::seconds(60);
        while caller.lately.front().is_some_and(|at| *at <= horizon) {
            caller.lately.pop_front();
        }
        caller.lately.push_back(now);
        caller.banned |= caller.lately.len() > per_minute as usize;
        caller.banned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_per_address_and_sixty_seconds_and_a_ban_stays() {
        let mut bans = Bans::default();
        let (one, other): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let at = |second| DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        let mut from_one = |second| bans.count(one, 2, at(second));
        assert_eq!([0, 30, 60, 89].map(&mut from_one), [false, false, false, true]);
        assert!(from_one(86_400), "time lifts no ban");
        assert!(!bans.count(other, 2, at(89)));
    }
}
