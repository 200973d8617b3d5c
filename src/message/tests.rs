//! Claims about every alert, language, phase and hour.

mod drill;
mod hostile;
mod hours;
mod lines;
mod looks;
mod playbooks;
mod schema;
mod segments;
mod truth;

use super::*;

/// 03:02 on Sunday 22 November 2026 in Tokyo; the Monday after is a holiday.
const SUNDAY_NIGHT_MS: i64 = 1_795_284_120_000;
/// 10:00 on Wednesday 25 November 2026 in Tokyo.
const WEEKDAY_MORNING_MS: i64 = 1_795_568_400_000;
/// Noon of Thursday 31 December 2026 in Tokyo.
const YEAR_END_NOON_MS: i64 = 1_798_686_000_000;

const ALERTS: [AlertKind; 6] = [
    AlertKind::Hammered,
    AlertKind::Trickle,
    AlertKind::Smokescreen,
    AlertKind::PhishingFlood,
    AlertKind::ForwardConfirmation,
    AlertKind::Connected,
];
const PHASES: [Phase; 4] = [Phase::Opened, Phase::Escalated, Phase::Closed, Phase::Once];
const KINDS: [Kind; 4] = [Kind::Login, Kind::Signup, Kind::Reset, Kind::Transaction];
const LANGUAGES: [Language; 2] = [Language::Ja, Language::En];

/// The phases that an alert can be in.
fn phases(alert: AlertKind) -> &'static [Phase] {
    match alert {
        AlertKind::ForwardConfirmation | AlertKind::Connected => &PHASES[3..],
        _ => &PHASES[..3],
    }
}

fn tokyo(language: Language) -> Audience {
    Audience { language, time_zone: "Asia/Tokyo".into() }
}

/// The facts of an alert whose last mail came at that time.
fn facts(alert: AlertKind, phase: Phase, last_ms: i64) -> Facts {
    let (count, since_last) = match phase {
        Phase::Opened => (5, 5),
        Phase::Escalated => (20, 15),
        Phase::Closed => (55, 35),
        Phase::Once => (1, 1),
    };
    let smokescreen = alert == AlertKind::Smokescreen;
    let services = ["rakuten-sec", "domain:shop.example.com", "domain:bank.example.net"];
    Facts {
        id: "01-opening".into(),
        incident: "01".into(),
        alert,
        phase,
        person: "hanako".into(),
        service_key: if smokescreen { "*".into() } else { "rakuten-sec".into() },
        kind: Kind::Login,
        count,
        at_least: false,
        verified: if alert == AlertKind::PhishingFlood { 0 } else { count },
        since_last,
        peak: count,
        window_ms: if alert == AlertKind::Trickle { 86_400_000 } else { 600_000 },
        first_ms: last_ms - if alert == AlertKind::Trickle { 30_000_000 } else { 120_000 },
        last_ms,
        services: if smokescreen { services.map(String::from).to_vec() } else { vec![] },
        link: (alert == AlertKind::ForwardConfirmation)
            .then(|| "https://mail-settings.google.com/mail/vf-%5Bexample%5D-abc".into()),
        mailbox: (alert == AlertKind::ForwardConfirmation).then(|| "hanako@example.com".into()),
        held_back: 0,
        muted: 0,
    }
}

/// Every alert in every phase that it can be in.
fn every_alert(last_ms: i64) -> impl Iterator<Item = Facts> {
    ALERTS
        .into_iter()
        .flat_map(move |alert| phases(alert).iter().map(move |phase| facts(alert, *phase, last_ms)))
}

/// An e-mail in Japanese without its line breaks, to look for sentences.
fn flat(email: &str) -> String {
    email.lines().map(str::trim).collect::<Vec<_>>().join("")
}

/// An e-mail in English as one line.
fn joined(email: &str) -> String {
    email.split_whitespace().collect::<Vec<_>>().join(" ")
}
