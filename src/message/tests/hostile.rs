//! Nothing that a sender wrote reaches a text as it was written.

use proptest::prelude::*;

use super::*;

const HOSTILE: [&str; 8] = [
    "domain:evil.example\nhansho-alert: forged",
    "domain:\u{202e}moc.elpmaxe",
    "domain:click here https://evil.example",
    "domain:evil.example/path",
    "domain:ｅｖｉｌ.example",
    "domain:-evil.example",
    "<b>evil</b>",
    "click-here",
];

#[test]
fn a_hostile_key_is_not_told() {
    for language in LANGUAGES {
        for facts in every_alert(SUNDAY_NIGHT_MS) {
            for hostile in HOSTILE {
                let facts = Facts {
                    service_key: hostile.into(),
                    services: vec![hostile.into()],
                    ..facts.clone()
                };
                let alert = compose(&facts, &tokyo(language), SUNDAY_NIGHT_MS);
                let text = format!(
                    "{}{}{:?}{}{}",
                    alert.subject, alert.subject_ascii, alert.sms, alert.email, alert.json
                );
                for forbidden in ["evil", "forged", "click", "\u{202e}", "<b>", "ｅｖｉｌ"] {
                    assert!(!text.contains(forbidden), "{forbidden} in {text}");
                }
            }
        }
    }
}

#[test]
fn a_hostile_mailbox_stays_one_word_and_a_hostile_id_one_line() {
    let facts = facts(AlertKind::ForwardConfirmation, Phase::Once, SUNDAY_NIGHT_MS);
    for language in LANGUAGES {
        let facts = Facts {
            mailbox: Some(
                "a\u{202e}b click here https://evil.example <x>@example.com\nhansho-alert: 9"
                    .into(),
            ),
            id: "1\nhansho-alert: 2".into(),
            incident: "<script>".into(),
            person: "\u{202e}x".into(),
            link: None,
            ..facts.clone()
        };
        let alert = compose(&facts, &tokyo(language), SUNDAY_NIGHT_MS);
        assert!(
            joined(&alert.email).contains("a?b?click?here?https???evil.example??x?@example.com?")
        );
        assert!(
            alert.email.ends_with(&format!("\n{MARKER}1_hansho-alert:_2\n")),
            "{}",
            alert.email
        );
        assert_eq!(alert.email.lines().filter(|line| line.starts_with(MARKER)).count(), 1);
        assert_eq!(alert.json["incident"], "_script_");
        assert_eq!(alert.json["person"], "_x");
    }
}

#[test]
fn a_link_that_is_none_is_not_relayed() {
    let facts = facts(AlertKind::ForwardConfirmation, Phase::Once, SUNDAY_NIGHT_MS);
    let links = [
        "http://example.com/vf-1",
        "javascript:alert(1)",
        "https://example.com/a b",
        "https://example.com/\nhansho-alert: forged",
        "https://example.com/\u{202e}",
        "https://例え.example.com/",
    ];
    for link in links {
        let facts = Facts { link: Some(link.into()), ..facts.clone() };
        let alert = compose(&facts, &tokyo(Language::En), SUNDAY_NIGHT_MS);
        assert!(
            !alert.email.contains("://") && !alert.email.contains("javascript"),
            "{}",
            alert.email
        );
    }
}

#[test]
fn a_long_domain_does_not_push_the_number_out_of_the_subject() {
    let key = format!("domain:{}.example.com", "a-long-label".repeat(5));
    for language in LANGUAGES {
        for facts in every_alert(SUNDAY_NIGHT_MS) {
            let facts = Facts { service_key: key.clone(), ..facts };
            let alert = compose(&facts, &tokyo(language), SUNDAY_NIGHT_MS);
            let count = facts.count.to_string();
            let counted = facts.phase != Phase::Once;
            assert!(!counted || alert.subject.contains(&count), "{}", alert.subject);
            assert!(!counted || alert.subject_ascii.contains(&count), "{}", alert.subject_ascii);
        }
    }
}

#[test]
fn a_domain_cannot_be_tapped() {
    for language in LANGUAGES {
        for facts in every_alert(SUNDAY_NIGHT_MS) {
            let facts = Facts { service_key: "domain:login.shop.example.com".into(), ..facts };
            let alert = compose(&facts, &tokyo(language), SUNDAY_NIGHT_MS);
            assert!(!alert.email.contains("login.shop.example.com"), "{}", alert.email);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_facts_break_a_subject_or_a_text(
        key in any::<String>(),
        mailbox in any::<String>(),
        link in any::<String>(),
        (first_ms, last_ms, now_ms, window_ms) in any::<(i64, i64, i64, i64)>(),
        zone in any::<String>(),
        which in 0_usize..14,
        kind in 0_usize..4,
    ) {
        let all: Vec<Facts> = every_alert(SUNDAY_NIGHT_MS).collect();
        let facts = Facts {
            service_key: key.clone(),
            services: vec![key],
            mailbox: Some(mailbox),
            link: Some(link),
            first_ms, last_ms, window_ms,
            kind: KINDS[kind],
            ..all[which].clone()
        };
        for language in LANGUAGES {
            let alert = compose(&facts, &Audience { language, time_zone: zone.clone() }, now_ms);
            prop_assert!(alert.subject.chars().count() <= 99);
            prop_assert!(!alert.subject.is_empty() && !alert.subject.chars().any(char::is_control));
            prop_assert!(alert.subject_ascii.len() <= 99 && !alert.subject_ascii.is_empty());
            prop_assert!(alert.subject_ascii.bytes().all(|b| (0x20..0x7f).contains(&b)));
            prop_assert!(!alert.email.chars().any(|c| c.is_control() && c != '\n'));
        }
    }
}
