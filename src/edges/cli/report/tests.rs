//! The numbers of the page are those of the bell, and what a sender chose stays
//! text.

use super::what_if::{Rang, policy_toml, rang};
use super::{File, Near, Story, page};
use crate::burst::{Rule, Seen};
use crate::classify::Kind;
use crate::edges::cli::seen::Sightings;
use crate::edges::cli::show::Summary;
use crate::message::Language;
use crate::policy::Policy;

const MINUTE_MS: i64 = 60_000;
const HOSTILE: &str = "domain:<script>alert(1)</script>&\"'.example";

fn sightings(key: &str, minutes: &[i64], verified: bool) -> Sightings {
    let mut sightings = Sightings::default();
    let seen = minutes
        .iter()
        .enumerate()
        .map(|(place, minute)| Seen {
            at_ms: minute * MINUTE_MS,
            key: format!("{place}"),
            verified,
            kind: Kind::Login,
        })
        .collect();
    sightings.series.insert(("me".to_owned(), key.to_owned(), true), seen);
    sightings
}

fn told(sightings: &Sightings, language: Language, read: impl Fn(&Story) -> String) -> String {
    let policy = Policy::one_person(language);
    let audience = policy.people[0].audience.clone();
    let summary = Summary { mails: 7, codes: 5, ..Summary::default() };
    read(&Story {
        policy: &policy,
        audience: &audience,
        summary: &summary,
        interrupted: false,
        sightings,
        sent: &[],
        near: &Near::default(),
        made_ms: 0,
    })
}

/// Minutes of mails, threshold and window, what rings.
#[test]
fn what_if_counts_bursts_and_alerts() {
    let minute_by_minute: Vec<i64> = (0..55).map(|place| place / 55).collect();
    let cases: [(&[i64], u32, i64, Rang); 6] = [
        (&[], 3, 10, Rang { incidents: 0, alerts: 0 }),
        (&[0, 1, 2, 3], 5, 10, Rang { incidents: 0, alerts: 0 }),
        (&[0, 1, 2, 3], 4, 10, Rang { incidents: 1, alerts: 2 }),
        (&[0, 20, 40, 60], 4, 60, Rang { incidents: 1, alerts: 2 }),
        (&[0, 1, 2, 100, 101, 102], 3, 5, Rang { incidents: 2, alerts: 4 }),
        (&minute_by_minute, 5, 10, Rang { incidents: 1, alerts: 3 }),
    ];
    for verified in [true, false] {
        for (minutes, threshold, window, expected) in cases {
            let rule = Rule { threshold, window_ms: window * MINUTE_MS };
            let sightings = sightings("domain:a.example", minutes, verified);
            assert_eq!(rang(&sightings, &rule), expected, "{minutes:?} {threshold}/{window}");
        }
    }
}

#[test]
fn the_policy_of_the_page_can_be_used() {
    for (key, language) in [("rakuten-sec", Language::Ja), (HOSTILE, Language::En)] {
        let text = told(&sightings(key, &[0, 1], true), language, policy_toml);
        let policy = Policy::read(&text).unwrap();
        assert_eq!(policy.people[0].audience.language, language);
        assert_eq!(text.contains("service.rakuten-sec"), key == "rakuten-sec");
    }
}

#[test]
fn what_a_sender_chose_stays_text() {
    for language in [Language::Ja, Language::En] {
        let page = told(&sightings(HOSTILE, &[0, 1, 2, 3], true), language, page);
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;"));
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing is fetched");
        assert!(!page.contains('{') || !page.contains("{n}"), "every blank is filled");
    }
}

#[test]
fn a_report_that_is_not_finished_leaves_what_stood_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    std::fs::write(&path, "before").unwrap();
    drop(File::at(&path).unwrap());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
    File::at(&path).unwrap().write("after").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "after");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(File::at(&folder.path().join("no/report.html")).is_err());
}
