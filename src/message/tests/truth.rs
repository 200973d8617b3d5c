//! What an alert says follows from its facts, and nothing is said beyond them.

use super::*;

const PASSWORD_KNOWN: [&str; 2] =
    ["だれかがあなたのパスワードを知って", "somebody has your password"];

fn email(facts: &Facts, language: Language) -> String {
    flat(&compose(facts, &tokyo(language), facts.last_ms + 5_000).email)
}

#[test]
fn somebody_has_your_password_is_said_only_where_a_code_implies_it() {
    for facts in every_alert(SUNDAY_NIGHT_MS) {
        for (language, kind) in LANGUAGES.into_iter().flat_map(|l| KINDS.map(|kind| (l, kind))) {
            for key in ["rakuten-sec", "domain:shop.example.com", "*"] {
                let facts = Facts { service_key: key.into(), kind, ..facts.clone() };
                let alert = compose(&facts, &tokyo(language), facts.last_ms);
                let email = format!("{}{}", flat(&alert.email), joined(&alert.email));
                let text = format!("{email}{:?}", alert.sms);
                let said = PASSWORD_KNOWN.iter().any(|words| text.contains(words));
                let about = about::subject_of(&facts);
                let implied = about.implies == Implies::Password && about.service().is_some();
                let must =
                    implied && facts.alert == AlertKind::Hammered && facts.phase == Phase::Opened;
                assert!(implied || !said, "{key} {kind:?}: {text}");
                assert!(said || !must, "{key} {kind:?}: {text}");
            }
        }
    }
}

#[test]
fn the_number_is_told_as_it_is_known() {
    let opened = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
    assert!(email(&opened, Language::Ja).contains("5通届きました"));
    assert!(email(&opened, Language::En).contains("5 login-code emails"));
    let bound = Facts { at_least: true, ..opened };
    assert!(email(&bound, Language::Ja).contains("5通以上届きました"));
    let text = compose(&bound, &tokyo(Language::En), SUNDAY_NIGHT_MS).email;
    assert!(text.contains("At least 5 login-code emails"), "{text}");
}

#[test]
fn a_rung_says_what_is_new_and_a_closing_what_it_came_to() {
    let rung = facts(AlertKind::Hammered, Phase::Escalated, SUNDAY_NIGHT_MS);
    let text = compose(&rung, &tokyo(Language::En), SUNDAY_NIGHT_MS).email;
    assert!(
        text.contains("15 more emails since the last alert") && text.contains("At the worst, 20"),
        "{text}"
    );
    assert!(email(&rung, Language::Ja).contains("さらに15通"));
    let closing = facts(AlertKind::Hammered, Phase::Closed, SUNDAY_NIGHT_MS);
    let text = email(&closing, Language::Ja);
    assert!(
        text.contains("全部で55通") && text.contains("3時00分") && text.contains("3時02分"),
        "{text}"
    );
    assert!(compose(&closing, &tokyo(Language::Ja), SUNDAY_NIGHT_MS).subject.contains("55"));
    assert!(compose(&closing, &tokyo(Language::Ja), SUNDAY_NIGHT_MS).subject_ascii.contains("55"));
}

#[test]
fn mails_that_could_not_be_confirmed_are_named_where_others_are() {
    let mixed = Facts { verified: 3, ..facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS) };
    assert!(email(&mixed, Language::Ja).contains("このうち2通は"));
    assert!(email(&mixed, Language::En).contains("Not all are confirmed: 2 of"));
    let all = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
    assert!(!email(&all, Language::En).contains("Not all are confirmed"));
}

#[test]
fn an_opening_an_hour_old_says_so_and_a_fresh_one_does_not() {
    let opened = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
    for (age_ms, late) in [(0, false), (3_600_000, false), (3_600_001, true), (172_800_000, true)] {
        let alert = compose(&opened, &tokyo(Language::Ja), SUNDAY_NIGHT_MS + age_ms);
        assert_eq!(alert.email.contains("遅れて届いています"), late, "{age_ms}");
        assert_eq!(alert.sms.expect("an SMS").contains("11/22 3:00"), late, "{age_ms}");
    }
    let rung = facts(AlertKind::Hammered, Phase::Escalated, SUNDAY_NIGHT_MS);
    let text = compose(&rung, &tokyo(Language::Ja), SUNDAY_NIGHT_MS + 7_200_000).email;
    assert!(!text.contains("遅れて"), "{text}");
}

#[test]
fn what_was_held_back_or_muted_is_said_in_the_next_message() {
    for facts in every_alert(SUNDAY_NIGHT_MS) {
        let quiet = email(&facts, Language::En);
        assert!(!quiet.contains("held back") && !quiet.contains("mute"), "{quiet}");
        let facts = Facts { held_back: 3, muted: 2, ..facts };
        let text = joined(&compose(&facts, &tokyo(Language::En), SUNDAY_NIGHT_MS).email);
        assert!(
            text.contains("3 other alerts") && text.contains("2 alerts of this incident"),
            "{text}"
        );
        let text = email(&facts, Language::Ja);
        assert!(text.contains("別のお知らせ3件") && text.contains("お知らせ2件"), "{text}");
    }
}

#[test]
fn times_are_those_of_the_person() {
    let opened = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
    let said = |zone: &str| {
        let audience = Audience { language: Language::En, time_zone: zone.into() };
        compose(&opened, &audience, SUNDAY_NIGHT_MS).email
    };
    assert!(said("Asia/Tokyo").contains("Sunday 22 November, 03:00"));
    assert!(said("Europe/Berlin").contains("Saturday 21 November, 19:00"));
    assert!(said("no such zone").contains("Saturday 21 November, 18:00"));
    assert!(said("no such zone").contains("Times are those of UTC."));
}

#[test]
fn a_year_is_told_of_dates_that_are_far_away() {
    let opened = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
    let year_ms = 365 * 86_400_000;
    let said = |language, now_ms| compose(&opened, &tokyo(language), now_ms).email;
    assert!(said(Language::Ja, SUNDAY_NIGHT_MS + year_ms).contains("2026年11月22日（日）3時00分"));
    assert!(said(Language::En, SUNDAY_NIGHT_MS + year_ms).contains("22 November 2026"));
    assert!(!said(Language::Ja, SUNDAY_NIGHT_MS).contains("2026年"));
}

#[test]
fn severity_follows_what_is_at_stake() {
    let at = |alert, phase, key: &str| {
        severity(&Facts { service_key: key.into(), ..facts(alert, phase, SUNDAY_NIGHT_MS) })
    };
    let (bank, other) = ("rakuten-sec", "domain:shop.example.com");
    assert_eq!(at(AlertKind::Hammered, Phase::Opened, bank), Severity::Critical);
    assert_eq!(at(AlertKind::Hammered, Phase::Escalated, other), Severity::High);
    assert_eq!(at(AlertKind::Smokescreen, Phase::Opened, "*"), Severity::High);
    assert_eq!(at(AlertKind::Trickle, Phase::Opened, bank), Severity::High);
    assert_eq!(at(AlertKind::Trickle, Phase::Opened, other), Severity::Medium);
    assert_eq!(at(AlertKind::Hammered, Phase::Closed, bank), Severity::Info);
    assert_eq!(at(AlertKind::Connected, Phase::Once, bank), Severity::Info);
    assert_eq!(serde_json::json!(Severity::Critical), Severity::Critical.as_str());
}
