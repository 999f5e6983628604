//! The orders that are in force somewhere, and what they make of one call or one save.
//! Invariant: a call suffers at most one fault of transport, the first whose turn it is; an order that has struck its
//! last time is gone.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Fault;
use super::order::{Arrival, Order};

/// Orders in the sequence in which they were given.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Orders(Vec<Order>);

impl Orders {
    pub(crate) fn give(&mut self, order: Order) {
        self.0.push(order);
    }

    pub(crate) fn withdraw(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.0.iter()
    }

    /// As they are written, for whoever asks.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// Adds what strikes this call.
    pub(crate) fn strike(&mut self, call: &Arrival<'_>, faults: &mut Faults) {
        for order in &mut self.0 {
            let waits = order.fault.is_of_transport() && faults.of_transport().is_some();
            // A ban counts every request, the one that fails for another reason too.
            let counts = matches!(order.fault, Fault::Ban { .. });
            if (waits && !counts) || !order.concerns(call) || !order.strikes(call) {
                continue;
            }
            faults.add(order.fault.clone());
        }
        self.0.retain(|order| !order.is_spent());
    }

    /// What strikes the DET of one save.
    pub(crate) fn strike_det(&mut self) -> Option<Fault> {
        let mut of_det = self.0.iter_mut().filter(|order| order.fault.is_of_det());
        let struck = of_det.find_map(|order| order.takes_its_turn().then(|| order.fault.clone()));
        self.0.retain(|order| !order.is_spent());
        struck
    }
}

/// What one call suffers.
#[derive(Clone, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// The one that stands for, delays or damages the whole answer.
    pub(crate) fn of_transport(&self) -> Option<&Fault> {
        self.0.iter().find(|fault| fault.is_of_transport())
    }

    /// Whether an import must refuse any value of this field.
    pub(crate) fn refuse(&self, field: &str) -> bool {
        self.0.iter().any(|fault| matches!(fault, Fault::RefuseValidation { field: own } if own == field))
    }

    pub(crate) fn lose_rows(&self) -> bool {
        self.0.contains(&Fault::LostRows)
    }

    /// How far `dateRange` filters lag behind.
    pub(crate) fn range_lag(&self) -> TimeDelta {
        let lag = self.0.iter().find_map(|fault| match fault {
            Fault::StaleDateRange { seconds } => Some(TimeDelta::seconds((*seconds).into())),
            _ => None,
        });
        lag.unwrap_or_default()
    }

    /// How far the log's times are off.
    pub(crate) fn log_shift(&self) -> TimeDelta {
        let shift = self.0.iter().find_map(|fault| match fault {
            Fault::ShiftedLog { minutes } => Some(TimeDelta::minutes((*minutes).into())),
            _ => None,
        });
        shift.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn orders(texts: &[&str]) -> Orders {
        Orders(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    fn suffers(orders: &mut Orders, content: &str, action: &str, records: usize) -> Vec<String> {
        let mut faults = Faults::default();
        let (from, now) = ([127, 0, 0, 1].into(), DateTime::UNIX_EPOCH);
        orders.strike(&Arrival { content, action, from, now, records: &|| records }, &mut faults);
        faults.0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_order_waits_strikes_and_is_gone() {
        let mut orders = orders(&["cut on record/export after 1 times 2"]);
        let mut export = || suffers(&mut orders, "record", "export", 0);
        assert_eq!([export(), export(), export(), export()].map(|all| all.len()), [0, 1, 1, 0]);
        assert!(orders.texts().is_empty());
    }

    #[test]
    fn other_contents_actions_and_smaller_calls_do_not_use_it_up() {
        let mut orders = orders(&["memory200 on record/export over 10 times 1"]);
        assert!(suffers(&mut orders, "metadata", "export", 99).is_empty());
        assert!(suffers(&mut orders, "record", "import", 99).is_empty());
        assert!(suffers(&mut orders, "record", "export", 10).is_empty());
        assert_eq!(suffers(&mut orders, "record", "export", 11), ["memory200"]);
    }

    #[test]
    fn faults_of_transport_come_one_at_a_time_and_quiet_ones_together() {
        let mut orders = orders(&["lost-rows times 1", "cut times 1", "down times 1", "stale-range"]);
        assert!(suffers(&mut orders, "version", "export", 0) == ["cut"], "a quiet fault waits for a call it concerns");
        assert_eq!(suffers(&mut orders, "record", "export", 0), ["lost-rows", "down", "stale-range:90"]);
        assert_eq!(suffers(&mut orders, "record", "export", 0), ["stale-range:90"]);
    }

    #[test]
    fn a_ban_counts_the_requests_that_fail_otherwise() {
        let mut orders = orders(&["empty500 times 2", "ban:2"]);
        let mut call = || suffers(&mut orders, "version", "export", 0);
        assert_eq!([call(), call(), call()], [vec!["empty500"], vec!["empty500"], vec!["ban:2"]]);
    }

    #[test]
    fn orders_about_dets_leave_calls_alone() {
        let mut orders = orders(&["det-lost after 1 times 1", "det-twice"]);
        assert!(suffers(&mut orders, "record", "export", 0).is_empty());
        let struck = [orders.strike_det(), orders.strike_det(), orders.strike_det()];
        assert_eq!(struck, [Some(Fault::DetTwice), Some(Fault::DetLost), Some(Fault::DetTwice)]);
    }
}
