//! The hour, as the person lives it: instants told in a time zone, the opening
//! hours of a desk, Japanese public holidays. The present is an argument. This
//! file must not know alerts, services or any sentence.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::Deserialize;

/// How far ahead the next opening of a desk is looked for, in days. The longest
/// closing there is, year-end with a weekend on both sides, takes nine.
const LOOK_AHEAD_DAYS: u32 = 21;

/// The present and the zone in which times are told.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    zone: TimeZone,
    now: Timestamp,
}

impl Clock {
    /// A clock of that zone; UTC if the name is none that is known.
    pub(super) fn new(zone: &str, now_ms: i64) -> Clock {
        Clock { zone: zone_by_name(zone), now: timestamp(now_ms) }
    }

    /// The present.
    pub(super) fn now(&self) -> Zoned {
        self.now.to_zoned(self.zone.clone())
    }

    /// The name of the zone in which times are told.
    pub(super) fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// An instant as the person's own clock showed it.
    pub(super) fn at(&self, at_ms: i64) -> Zoned {
        timestamp(at_ms).to_zoned(self.zone.clone())
    }

    /// An instant of another zone, as the person's own clock will show it.
    pub(super) fn here(&self, other: &Zoned) -> Zoned {
        other.with_time_zone(self.zone.clone())
    }
}

/// Milliseconds since the epoch; what no calendar holds becomes the epoch.
pub(super) fn timestamp(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn zone_by_name(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// When the people of a desk can be reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hours {
    /// IANA name of the zone in which the hours are told.
    zone: String,
    /// The weekdays of the desk, as `mon`, `tue` and so on.
    days: Vec<Day>,
    /// The first minute of a working day.
    from: Time,
    /// The minute at which it ends.
    to: Time,
    /// The public holidays on which the desk is closed.
    #[serde(default)]
    holidays: Holidays,
    /// Days of every year on which it is closed, as `MM-DD`.
    #[serde(default)]
    closed: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    fn of(weekday: Weekday) -> Day {
        match weekday {
            Weekday::Monday => Day::Mon,
            Weekday::Tuesday => Day::Tue,
            Weekday::Wednesday => Day::Wed,
            Weekday::Thursday => Day::Thu,
            Weekday::Friday => Day::Fri,
            Weekday::Saturday => Day::Sat,
            Weekday::Sunday => Day::Sun,
        }
    }
}

/// A country's public holidays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Holidays {
    /// Works on holidays too.
    #[default]
    None,
    /// Closed on the national holidays of Japan.
    Japan,
}

/// Whether a desk can be reached.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DeskState {
    /// Open, until that time.
    Open(Zoned),
    /// Closed; it opens next at that time, if that could be told.
    Closed(Option<Zoned>),
}

impl Hours {
    /// Whether the desk is open at the present of that clock.
    pub(super) fn state(&self, clock: &Clock) -> DeskState {
        let zone = zone_by_name(&self.zone);
        let now = clock.now.to_zoned(zone.clone());
        if self.works_on(now.date()) && self.from <= now.time() && now.time() < self.to {
            let until = now.date().to_datetime(self.to).to_zoned(zone);
            return DeskState::Open(until.unwrap_or(now));
        }
        DeskState::Closed(self.next_opening(&now, &zone))
    }

    fn next_opening(&self, now: &Zoned, zone: &TimeZone) -> Option<Zoned> {
        let mut date = now.date();
        if now.time() >= self.from {
            date = date.checked_add(1.day()).ok()?;
        }
        for _ in 0..LOOK_AHEAD_DAYS {
            if self.works_on(date) {
                return date.to_datetime(self.from).to_zoned(zone.clone()).ok();
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn works_on(&self, date: Date) -> bool {
        let closed = match self.holidays {
            Holidays::None => false,
            Holidays::Japan => is_japanese_holiday(date),
        };
        self.days.contains(&Day::of(date.weekday()))
            && !closed
            && !self.closed.contains(&format!("{:02}-{:02}", date.month(), date.day()))
    }
}

/// Whether a day is a national holiday of Japan, in the years 2000 to 2099: the
/// tests walk through all of them. The next year's equinoxes are official each
/// February; those beyond are calculated.
pub(super) fn is_japanese_holiday(date: Date) -> bool {
    (2000..=2099).contains(&date.year()) && yasumi::is_holiday(date.to_string().as_str())
}
