//! Days and moments: where a participant's day begins and ends, and which day the study has today.
//!
//! Invariants: `closes_at(day) == opens_at(day + 1)`, also where midnight does not exist or happens twice; a time
//! simulation never acts in production (guarantee 1).

use chrono::{Duration, LocalResult, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

use crate::Timestamp;

/// The first instant of that local day.
///
/// Where clocks jump over midnight it is the first moment after the jump; where midnight happens twice, the first one.
#[must_use]
pub fn opens_at(date: NaiveDate, tz: Tz) -> Timestamp {
    let midnight = date.and_time(NaiveTime::MIN);
    match tz.from_local_datetime(&midnight) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => moment.with_timezone(&Utc),
        LocalResult::None => GapInfo::new(&midnight, &tz)
            .and_then(|gap| gap.end)
            .map_or_else(|| midnight.and_utc(), |moment| moment.with_timezone(&Utc)),
    }
}

/// The end of that local day: the first instant of the next one.
#[must_use]
pub fn closes_at(date: NaiveDate, tz: Tz) -> Timestamp {
    opens_at(date.succ_opt().unwrap_or(date), tz)
}

/// The study's today: the local day, shifted by the study's time simulation outside production.
///
/// In production `offset_days` is ignored whatever it says (guarantee 1); so is a shift beyond the calendar.
#[must_use]
pub fn study_date(now: Timestamp, tz: Tz, offset_days: i64, production: bool) -> NaiveDate {
    let today = now.with_timezone(&tz).date_naive();
    if production {
        return today;
    }
    Duration::try_days(offset_days).and_then(|shift| today.checked_add_signed(shift)).unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::schedule::fixtures::day;

    #[rstest]
    #[case::plain("2026-06-01", Tz::UTC, "2026-06-01T00:00:00Z")]
    #[case::berlin_winter("2026-01-15", Tz::Europe__Berlin, "2026-01-14T23:00:00Z")]
    #[case::midnight_skipped("2018-11-04", Tz::America__Sao_Paulo, "2018-11-04T03:00:00Z")]
    #[case::midnight_twice("2021-11-07", Tz::America__Havana, "2021-11-07T04:00:00Z")]
    #[case::day_skipped("2011-12-30", Tz::Pacific__Apia, "2011-12-30T10:00:00Z")]
    #[case::day_after_skipped("2011-12-31", Tz::Pacific__Apia, "2011-12-30T10:00:00Z")]
    fn a_day_opens_at_its_first_instant(#[case] date: &str, #[case] tz: Tz, #[case] expected: Timestamp) {
        assert_eq!(opens_at(day(date), tz), expected);
    }

    #[test]
    fn days_around_the_change_of_clocks_have_23_and_25_hours() {
        let hours = |date: &str| {
            let length = closes_at(day(date), Tz::Europe__Berlin) - opens_at(day(date), Tz::Europe__Berlin);
            length.num_hours()
        };
        assert_eq!((hours("2026-03-28"), hours("2026-03-29"), hours("2026-10-25")), (24, 23, 25));
    }

    #[test]
    fn the_end_of_the_calendar_does_not_panic() {
        for date in [NaiveDate::MIN, NaiveDate::MAX] {
            for tz in [Tz::UTC, Tz::Asia__Tokyo, Tz::America__New_York] {
                let _ = (opens_at(date, tz), closes_at(date, tz));
            }
        }
    }

    #[test]
    fn time_simulation_acts_only_outside_production() {
        let now: Timestamp = "2026-06-30T22:30:00Z".parse().expect("a moment");
        assert_eq!(study_date(now, Tz::UTC, 0, true), day("2026-06-30"));
        assert_eq!(study_date(now, Tz::Europe__Berlin, 0, true), day("2026-07-01"), "the day is the study's own");
        assert_eq!(study_date(now, Tz::UTC, 45, true), day("2026-06-30"), "guarantee 1");
        assert_eq!(study_date(now, Tz::UTC, 45, false), day("2026-08-14"));
        for absurd in [i64::MAX, i64::MIN] {
            assert_eq!(study_date(now, Tz::UTC, absurd, false), day("2026-06-30"));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn every_instant_of_a_day_lies_between_its_ends(
            zone in prop::sample::select(&chrono_tz::TZ_VARIANTS[..]),
            shift in 0_i64..30_000,
            second in 0_i64..86_400,
        ) {
            let date = day("1970-01-01") + Duration::days(shift);
            prop_assert_eq!(closes_at(date, zone), opens_at(date + Duration::days(1), zone));
            prop_assert!(opens_at(date, zone) <= closes_at(date, zone));
            let moment = date.and_time(NaiveTime::MIN).and_utc() + Duration::seconds(second);
            let local = moment.with_timezone(&zone).date_naive();
            prop_assert!(opens_at(local, zone) <= moment);
            let just_before = opens_at(local, zone) - Duration::seconds(1);
            prop_assert!(just_before.with_timezone(&zone).date_naive() < local, "the first instant, not a later one");
        }
    }
}
