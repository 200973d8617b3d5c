//! Japanese holidays and the hours of a desk.

use jiff::civil::{Date, date};

use super::super::clock::{Clock, DeskState, Hours, is_japanese_holiday};

/// The list of the Cabinet Office (国民の祝日について) for 2025, 2026 and 2027.
const OFFICIAL: [(i16, &[(i8, i8)]); 3] = [
    (
        2025,
        &[
            (1, 1),
            (1, 13),
            (2, 11),
            (2, 23),
            (2, 24),
            (3, 20),
            (4, 29),
            (5, 3),
            (5, 4),
            (5, 5),
            (5, 6),
            (7, 21),
            (8, 11),
            (9, 15),
            (9, 23),
            (10, 13),
            (11, 3),
            (11, 23),
            (11, 24),
        ],
    ),
    (
        2026,
        &[
            (1, 1),
            (1, 12),
            (2, 11),
            (2, 23),
            (3, 20),
            (4, 29),
            (5, 3),
            (5, 4),
            (5, 5),
            (5, 6),
            (7, 20),
            (8, 11),
            (9, 21),
            (9, 22),
            (9, 23),
            (10, 12),
            (11, 3),
            (11, 23),
        ],
    ),
    (
        2027,
        &[
            (1, 1),
            (1, 11),
            (2, 11),
            (2, 23),
            (3, 21),
            (3, 22),
            (4, 29),
            (5, 3),
            (5, 4),
            (5, 5),
            (7, 19),
            (8, 11),
            (9, 20),
            (9, 23),
            (10, 11),
            (11, 3),
            (11, 23),
        ],
    ),
];

fn days(year: i16) -> impl Iterator<Item = Date> {
    date(year, 1, 1).series(jiff::ToSpan::day(1)).take_while(move |day| day.year() == year)
}

#[test]
fn holidays_are_those_of_the_official_list() {
    for (year, official) in OFFICIAL {
        for day in days(year) {
            let listed = official.contains(&(day.month(), day.day()));
            assert_eq!(is_japanese_holiday(day), listed, "{day}");
        }
    }
}

#[test]
fn no_year_is_without_its_holidays_and_none_breaks() {
    for year in 2000..=2099 {
        let holidays = days(year).filter(|day| is_japanese_holiday(*day)).count();
        assert!((15..=22).contains(&holidays), "{year}: {holidays}");
    }
    assert!(!is_japanese_holiday(Date::MIN) && !is_japanese_holiday(Date::MAX));
}

fn desk() -> Hours {
    toml::from_str(
        r#"
        zone = "Asia/Tokyo"
        days = ["mon", "tue", "wed", "thu", "fri"]
        from = "08:30"
        to = "17:00"
        holidays = "japan"
        closed = ["12-31", "01-01", "01-02", "01-03"]
        "#,
    )
    .expect("the hours are TOML")
}

fn state(at: &str) -> DeskState {
    let at: jiff::Zoned = format!("{at}[Asia/Tokyo]").parse().expect("a time");
    desk().state(&Clock::new("Asia/Tokyo", at.timestamp().as_millisecond()))
}

#[test]
fn a_desk_is_open_in_its_hours_on_its_days() {
    let cases = [
        // A Wednesday, to the minute.
        ("2026-11-25T08:29:59", "opens 2026-11-25T08:30"),
        ("2026-11-25T08:30:00", "open until 2026-11-25T17:00"),
        ("2026-11-25T16:59:59", "open until 2026-11-25T17:00"),
        ("2026-11-25T17:00:00", "opens 2026-11-26T08:30"),
        // A Friday evening leads over the weekend and a holiday Monday.
        ("2026-11-20T17:00:00", "opens 2026-11-24T08:30"),
        ("2026-11-22T03:02:00", "opens 2026-11-24T08:30"),
        ("2026-11-23T10:00:00", "opens 2026-11-24T08:30"),
        // Year-end: 31 December to 3 January, then a Monday.
        ("2026-12-30T17:00:00", "opens 2027-01-04T08:30"),
        ("2026-12-31T12:00:00", "opens 2027-01-04T08:30"),
        ("2027-01-04T08:30:00", "open until 2027-01-04T17:00"),
        // Golden week: three holidays, one in place of a Sunday.
        ("2026-05-02T12:00:00", "opens 2026-05-07T08:30"),
        // The citizens' holiday between two others.
        ("2026-09-22T10:00:00", "opens 2026-09-24T08:30"),
    ];
    for (at, expected) in cases {
        let told = match state(at) {
            DeskState::Open(until) => format!("open until {}", until.strftime("%Y-%m-%dT%H:%M")),
            DeskState::Closed(Some(next)) => format!("opens {}", next.strftime("%Y-%m-%dT%H:%M")),
            DeskState::Closed(None) => "never".to_owned(),
        };
        assert_eq!(told, expected, "{at}");
    }
}

#[test]
fn a_desk_without_days_never_opens_and_does_not_loop() {
    let never: Hours =
        toml::from_str("zone = 'UTC'\ndays = []\nfrom = '00:00'\nto = '00:00'").expect("TOML");
    assert_eq!(never.state(&Clock::new("UTC", 0)), DeskState::Closed(None));
}
