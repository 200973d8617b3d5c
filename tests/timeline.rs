//! Timelines: mails on a time axis, and what rang, when, with which count.
//!
//! `A5/1m@10h` is five verified mails of service A, a minute apart, from hour
//! ten on; a small letter is unverified; `<12h` delivers them then, late. What
//! rang is `hammered+5@10h4m`: `+` opened, `^` escalated, `.` closed, with the
//! count and the time of the alert.

use hansho::burst::Phase;
use hansho::pipeline::Judged;

use crate::world::{DAWN_MS, HOUR_MS, MINUTE_MS, SECOND_MS, World, code};

/// What happens, and what rings.
const CASES: &[(&str, &str, &str)] = &[
    ("the 55 at one moment", "A55/1s@3h", "hammered+5@3h hammered^20@3h hammered.55@3h35m"),
    ("four in ten minutes, never a fifth", "A4/2m@1h", ""),
    ("five in ten minutes and a second", "A5/151s@1h", ""),
    ("five in ten minutes to the second", "A5/150s@1h", "hammered+5@1h10m hammered.5@1h40m"),
    ("one every 20 minutes for 12 hours", "A36/20m@0h", "trickle+12@3h40m trickle.36@1d11h40m"),
    ("one every 2 hours for two days", "A24/2h@0h", "trickle+12@22h trickle.24@2d22h"),
    ("one every 3 hours for two days", "A16/3h@0h", ""),
    (
        "her own login ten hours after a closed flood",
        "A55/1s@3h A1@13h",
        "hammered+5@3h hammered^20@3h hammered.55@3h35m",
    ),
    (
        "her own login ten minutes after the flood",
        "A55/1s@3h A1@3h11m",
        "hammered+5@3h hammered^20@3h hammered.56@3h45m",
    ),
    (
        "a second flood after a quiet hour",
        "A6/1m@1h A7/1m@3h",
        "hammered+5@1h4m hammered.6@1h35m hammered+5@3h4m hammered.7@3h40m",
    ),
    (
        "a second flood within the quiet",
        "A6/1m@1h A6/1m@1h20m",
        "hammered+5@1h4m hammered.12@1h55m",
    ),
    (
        "two services alternating",
        "A5/2m@1h B5/2m@1h1m",
        "hammered+5@1h8m hammered+5@1h9m hammered.5@1h40m hammered.5@1h40m",
    ),
    ("five unverified", "a5/1m@1h", "phishing-flood+5@1h4m phishing-flood.5@1h35m"),
    ("three and three", "A3/1m@1h a3/1m@1h30s", "hammered+5@1h2m hammered.6@1h35m"),
    (
        "five unverified among five verified",
        "A5/1m@1h a5/1m@1h30s",
        "hammered+5@1h2m hammered.10@1h35m",
    ),
    (
        "unverified, and one real login half an hour later",
        "a5/1m@1h A1@1h33m",
        "phishing-flood+5@1h4m phishing-flood.5@1h35m",
    ),
    (
        "four services at once",
        "A1@1h B1@1h1m C1@1h2m D1@1h3m",
        "smokescreen+4@1h3m smokescreen.4@1h35m",
    ),
    ("four services in a quarter of an hour", "A1@1h B1@1h5m C1@1h10m D1@1h15m", ""),
    ("a threshold of one", "S1@1h", "hammered+1@1h hammered.1@1h30m"),
    (
        "a threshold of one, rungs of four",
        "S5/1m@1h",
        "hammered+1@1h hammered^4@1h3m hammered.5@1h35m",
    ),
    (
        "a hundred in a minute",
        "A100/500ms@1h",
        "hammered+5@1h hammered^20@1h hammered^80@1h hammered.100@1h35m",
    ),
    (
        "a mail of the flood that arrives after its close",
        "A55/1s@3h A1@3h<9h",
        "hammered+5@3h hammered^20@3h hammered.55@3h35m",
    ),
    (
        "a mail of the noon flood after the evening one",
        "A6/1m@12h A6/1m@18h A1@12h2m<19h",
        "hammered+5@12h4m hammered.6@12h35m hammered+5@18h4m hammered.6@18h35m",
    ),
    ("a flood that is found two days late", "A6/1m@1h<2d1h", "hammered+5@2d1h hammered.6@2d1h5m"),
    (
        "a late flood before an open one",
        "A6/1m@5h A6/1m@1h<5h6m",
        "hammered+5@5h4m hammered+5@5h6m hammered.6@5h10m hammered.6@5h35m",
    ),
    (
        "a trickle that turns into a flood",
        "A12/1h@0h A6/1m@11h30m",
        "trickle+12@11h hammered+5@11h34m hammered.6@12h5m trickle.12@1d11h",
    ),
];

#[tokio::test]
async fn what_rings() {
    let mut wrong = String::new();
    for (name, mails, expected) in CASES {
        let rang = play(mails).await;
        if rang != *expected {
            wrong.push_str(&format!("{name}: {mails}\n  expected {expected}\n  rang     {rang}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Plays mails in the order of their delivery, sweeping every five minutes, to
/// three days after the last.
async fn play(mails: &str) -> String {
    let world = World::new(1);
    let mut deliveries: Vec<(i64, Judged)> = mails.split_whitespace().flat_map(group).collect();
    deliveries.sort_by_key(|(delivered_ms, judged)| (*delivered_ms, judged.arrived_ms));
    for (delivered_ms, judged) in &deliveries {
        world.sweep_until(*delivered_ms).await;
        world.set_clock(*delivered_ms);
        world.take(judged).await;
    }
    world.sweep_until(world.now_ms() + 72 * HOUR_MS).await;
    let rung = world.bell.rung.lock().unwrap();
    let words: Vec<String> = rung
        .iter()
        .map(|(at_ms, facts)| {
            let sign = match facts.phase {
                Phase::Opened => '+',
                Phase::Escalated => '^',
                Phase::Closed => '.',
                Phase::Once => '!',
            };
            format!("{}{sign}{}@{}", facts.alert.as_str(), facts.count, span(at_ms - DAWN_MS))
        })
        .collect();
    words.join(" ")
}

/// `A5/1m@10h<12h` as deliveries.
fn group(text: &str) -> Vec<(i64, Judged)> {
    let (what, when) = text.split_once('@').expect("a time");
    let (from, delivered) =
        when.split_once('<').map_or((when, None), |(from, late)| (from, Some(late)));
    let (what, step) = what.split_once('/').map_or((what, "0s"), |(what, step)| (what, step));
    let (letter, count) = what.split_at(1);
    let verified = letter.chars().all(char::is_uppercase);
    let service = match letter.to_uppercase().as_str() {
        "A" => "rakuten-sec".to_owned(),
        "S" => "sbi-sec".to_owned(),
        other => format!("domain:{}.example", other.to_lowercase()),
    };
    (0..count.parse::<i64>().expect("a count"))
        .map(|place| {
            let at_ms = DAWN_MS + milliseconds(from) + place * milliseconds(step);
            let delivered_ms = delivered.map_or(at_ms, |late| DAWN_MS + milliseconds(late));
            (delivered_ms, code(&service, at_ms, verified, &format!("{letter}{at_ms}-{place}")))
        })
        .collect()
}

fn milliseconds(text: &str) -> i64 {
    let mut total = 0;
    let mut number = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            number.push(c);
            rest = &rest[1..];
            continue;
        }
        let (unit_ms, length) = match c {
            'm' if rest.starts_with("ms") => (1, 2),
            's' => (SECOND_MS, 1),
            'm' => (MINUTE_MS, 1),
            'h' => (HOUR_MS, 1),
            'd' => (24 * HOUR_MS, 1),
            _ => panic!("{text} is no time"),
        };
        total += number.parse::<i64>().expect("a number") * unit_ms;
        number.clear();
        rest = &rest[length..];
    }
    total
}

/// A time to the minute.
fn span(ms: i64) -> String {
    let minutes = ms / MINUTE_MS;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let part =
        |value: i64, unit: &str| if value == 0 { String::new() } else { format!("{value}{unit}") };
    let text = part(days, "d") + &part(hours, "h") + &part(minutes, "m");
    if text.is_empty() { "0h".to_owned() } else { text }
}
