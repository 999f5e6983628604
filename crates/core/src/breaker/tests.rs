//! The breaker by example, and against a model that only remembers calls.

use proptest::prelude::*;

use super::*;
use crate::words::BreakerState;

const SETTINGS: BreakerSettings =
    BreakerSettings { enabled: true, failure_threshold: 3, cooldown_s: 60, probe_lease_s: 120 };

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_780_000_000 + seconds, 0).expect("a valid moment")
}

fn caller(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn go(breaker: Breaker, second: i64, who: u128) -> (Breaker, Ticket) {
    match breaker.admit(at(second), &SETTINGS, caller(who)) {
        (breaker, Admission::Go { ticket }) => (breaker, ticket),
        (_, refused) => panic!("{refused:?}"),
    }
}

fn call(breaker: Breaker, second: i64, who: u128, outcome: CallOutcome) -> (Breaker, Option<Transition>) {
    let (breaker, ticket) = go(breaker, second, who);
    breaker.settle(ticket, caller(who), outcome, at(second), &SETTINGS)
}

fn opened() -> Breaker {
    let mut breaker = Breaker::default();
    for second in 0..3 {
        breaker = call(breaker, second, 1, CallOutcome::ApiError).0;
    }
    assert!(matches!(breaker, Breaker::Open { .. }));
    breaker
}

#[test]
fn consecutive_failures_open_and_any_answer_resets_the_count() {
    let mut breaker = Breaker::default();
    for outcome in [CallOutcome::ApiError, CallOutcome::ApiError, CallOutcome::Answered] {
        breaker = call(breaker, 0, 1, outcome).0;
    }
    assert_eq!(breaker, Breaker::Closed { failures: 0, generation: 0 });
    for _ in 0..2 {
        let (next, transition) = call(breaker, 5, 1, CallOutcome::ApiError);
        assert_eq!(transition, None);
        breaker = next;
    }
    let (breaker, transition) = call(breaker, 5, 1, CallOutcome::ApiError);
    assert_eq!(transition, Some(Transition::Opened));
    assert_eq!(breaker.columns().consecutive_failures, 3);
}

#[test]
fn open_refuses_until_the_cooldown_and_then_lets_one_probe_go() {
    let breaker = opened();
    let (same, refused) = breaker.admit(at(61), &SETTINGS, caller(2));
    assert_eq!((same, refused), (breaker, Admission::Refused { retry_at: at(62) }));
    let (half_open, ticket) = go(breaker, 62, 2);
    assert!(ticket.probe);
    let second = half_open.admit(at(62), &SETTINGS, caller(3));
    assert_eq!(second, (half_open, Admission::Refused { retry_at: at(182) }));
    let (closed, transition) = half_open.settle(ticket, caller(2), CallOutcome::Answered, at(63), &SETTINGS);
    assert_eq!((closed, transition), (Breaker::Closed { failures: 0, generation: 3 }, Some(Transition::Closed)));
    let (reopened, transition) = half_open.settle(ticket, caller(2), CallOutcome::ApiError, at(63), &SETTINGS);
    assert_eq!(transition, Some(Transition::Reopened));
    assert_eq!(reopened.admit(at(122), &SETTINGS, caller(4)).1, Admission::Refused { retry_at: at(123) });
}

#[test]
fn an_expired_lease_frees_the_probe_and_the_late_result_is_ignored() {
    let (half_open, first) = go(opened(), 62, 2);
    let (taken_over, second) = go(half_open, 182, 3);
    for outcome in [CallOutcome::Answered, CallOutcome::ApiError] {
        assert_eq!(taken_over.settle(first, caller(2), outcome, at(183), &SETTINGS), (taken_over, None));
        assert_eq!(
            taken_over.settle(second, caller(2), outcome, at(183), &SETTINGS),
            (taken_over, None),
            "not the holder"
        );
    }
    let (closed, _) = taken_over.settle(second, caller(3), CallOutcome::Answered, at(184), &SETTINGS);
    assert!(matches!(closed, Breaker::Closed { .. }));
    let late = half_open.settle(first, caller(2), CallOutcome::Answered, at(500), &SETTINGS);
    assert_eq!(late.1, Some(Transition::Closed), "late, but nobody took its place");
}

#[test]
fn a_result_from_before_the_last_transition_is_ignored() {
    let (_, ticket) = go(Breaker::default(), 0, 9);
    let breaker = opened();
    assert_eq!(breaker.settle(ticket, caller(9), CallOutcome::Answered, at(3), &SETTINGS), (breaker, None));
    let reset = breaker.reset();
    assert_eq!(reset.settle(ticket, caller(9), CallOutcome::ApiError, at(3), &SETTINGS), (reset, None));
    assert_eq!(reset.failures(), 0);
}

#[test]
fn disabled_lets_everybody_go_and_counts_nothing() {
    let off = BreakerSettings { enabled: false, ..SETTINGS };
    for breaker in [Breaker::default(), opened(), go(opened(), 62, 2).0] {
        let (same, admission) = breaker.admit(at(10), &off, caller(5));
        let Admission::Go { ticket } = admission else { panic!("refused") };
        assert_eq!(same, breaker);
        assert_eq!(breaker.settle(ticket, caller(5), CallOutcome::ApiError, at(10), &off), (breaker, None));
        assert!(!ticket.probe);
    }
}

#[test]
fn impossible_columns_are_inconsistent() {
    let row = opened().columns();
    for wrong in [
        BreakerColumns { opened_at: None, ..row },
        BreakerColumns { state: BreakerState::Closed, ..row },
        BreakerColumns { state: BreakerState::HalfOpen, ..row },
        BreakerColumns { probe_holder: Some(caller(1)), ..row },
        BreakerColumns { consecutive_failures: -1, ..row },
    ] {
        assert!(Breaker::from_columns(wrong).is_err(), "{wrong:?}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin,
    Finish(usize, CallOutcome),
    Wait(i64),
    Reset,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![1 => Just(CallOutcome::Answered), 3 => Just(CallOutcome::ApiError)];
    prop_oneof![
        6 => Just(Step::Begin),
        6 => (0_usize..8, outcome).prop_map(|(call, outcome)| Step::Finish(call, outcome)),
        3 => (0_i64..90).prop_map(Step::Wait),
        1 => Just(Step::Reset),
    ]
}

/// What the breaker must do, told without its states: an epoch that calls belong to, a streak, a moment of opening and a probe.
#[derive(Default)]
struct Model {
    epoch: u32,
    streak: u32,
    opened: Option<i64>,
    probe: Option<(u128, i64)>,
}

impl Model {
    fn begin(&mut self, now: i64, call: u128) -> bool {
        let due = match (self.opened, self.probe) {
            (None, _) => return true,
            (Some(_), Some((_, until))) => until,
            (Some(opened), None) => opened + i64::from(SETTINGS.cooldown_s),
        };
        if now < due {
            return false;
        }
        self.probe = Some((call, now + i64::from(SETTINGS.probe_lease_s)));
        self.epoch += 1;
        true
    }

    fn finish(&mut self, now: i64, epoch: u32, outcome: CallOutcome) {
        if epoch != self.epoch {
            return;
        }
        self.streak = if outcome == CallOutcome::Answered { 0 } else { self.streak + 1 };
        let opens =
            outcome == CallOutcome::ApiError && (self.probe.is_some() || self.streak >= SETTINGS.failure_threshold);
        if opens || self.probe.is_some() {
            self.opened = opens.then_some(now);
            self.probe = None;
            self.epoch += 1;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_callers_agree_with_the_model(steps in prop::collection::vec(step(), 1..120)) {
        let (mut breaker, mut model, mut now, mut calls) = (Breaker::default(), Model::default(), 0, 0_u128);
        let mut under_way: Vec<(u128, Ticket, u32)> = Vec::new();
        for step in steps {
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::Reset => {
                    breaker = breaker.reset();
                    model = Model { epoch: model.epoch + 1, ..Model::default() };
                }
                Step::Begin => {
                    calls += 1;
                    let (next, admission) = breaker.admit(at(now), &SETTINGS, caller(calls));
                    breaker = next;
                    prop_assert_eq!(matches!(admission, Admission::Go { .. }), model.begin(now, calls));
                    match admission {
                        Admission::Go { ticket } => under_way.push((calls, ticket, model.epoch)),
                        Admission::Refused { retry_at } => prop_assert!(retry_at > at(now)),
                    }
                }
                Step::Finish(index, outcome) if !under_way.is_empty() => {
                    let (call, ticket, epoch) = under_way.remove(index % under_way.len());
                    breaker = breaker.settle(ticket, caller(call), outcome, at(now), &SETTINGS).0;
                    model.finish(now, epoch, outcome);
                }
                Step::Finish(..) => {}
            }
            prop_assert_eq!(matches!(breaker, Breaker::Closed { .. }), model.opened.is_none());
            prop_assert_eq!(breaker.failures(), model.streak);
            prop_assert_eq!(breaker.generation(), i64::from(model.epoch));
            prop_assert_eq!(Breaker::from_columns(breaker.columns()), Ok(breaker));
        }
    }
}
