//! Every alert as it reads, at three hours, of a service with a playbook of its
//! own and of one that no file knows.

use super::*;

fn look(facts: &Facts, language: Language, now_ms: i64) -> String {
    let alert = compose(facts, &tokyo(language), now_ms);
    let sms = alert.sms.as_deref().map_or("(none)".to_owned(), |text| {
        let size = sms::segments(text);
        format!("{text}\n({} units of {:?}, {} part)", size.units, size.encoding, size.parts)
    });
    format!(
        "Subject: {}\nASCII:   {}\n\nSMS: {sms}\n\n{}",
        alert.subject, alert.subject_ascii, alert.email
    )
}

#[test]
fn every_alert_reads_as_it_was_read_in_full() {
    let hours = [
        ("sunday-night", SUNDAY_NIGHT_MS),
        ("weekday-morning", WEEKDAY_MORNING_MS),
        ("year-end-noon", YEAR_END_NOON_MS),
    ];
    for (hour, last_ms) in hours {
        for key in ["rakuten-sec", "domain:shop.example.com"] {
            for language in LANGUAGES {
                let mut page = String::new();
                for mut facts in every_alert(last_ms) {
                    if facts.alert != AlertKind::Smokescreen {
                        facts.service_key = key.into();
                    }
                    let quiet_ms = if facts.phase == Phase::Closed { 1_800_000 } else { 5_000 };
                    page.push_str(&format!("===== {:?} {:?} =====\n", facts.alert, facts.phase));
                    page.push_str(&look(&facts, language, last_ms + quiet_ms));
                    page.push('\n');
                }
                let name = format!("{}-{hour}-{language:?}", key.replace([':', '.'], "-"));
                insta::assert_snapshot!(name.to_lowercase(), page);
            }
        }
    }
}

/// The steps do not depend on what the data of a service says, so that a change
/// there is not a change here.
#[test]
fn every_playbook_reads_as_it_was_read_in_full() {
    let opened = facts(AlertKind::Hammered, Phase::Opened, WEEKDAY_MORNING_MS);
    let named = playbook::files().iter().map(|(stem, _)| *stem);
    let named = named.filter(|stem| !stem.starts_with("alert-") && *stem != "rakuten-sec");
    for language in LANGUAGES {
        let mut page = String::new();
        for stem in named.clone() {
            let mut story = Story::new(&opened, &tokyo(language), WEEKDAY_MORNING_MS);
            story.about.subject = about::Subject::Known(stem.to_owned());
            story.about.category = stem.strip_prefix("category-");
            story.about.name =
                about::Names { ja: "例のサービス".into(), en: "Example".into() };
            story.plan = playbook::plan(opened.alert, &story.about, opened.kind, &story.clock);
            let (sms, email) = (short(&story), email::email(&story));
            page.push_str(&format!("===== {stem} =====\nSMS: {sms}\n\n{email}\n"));
        }
        insta::assert_snapshot!(format!("playbooks-{language:?}").to_lowercase(), page);
    }
}

#[test]
fn what_is_rarer_reads_as_it_was_read_in_full() {
    let opened = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
    let rarer = [
        ("mixed", Facts { verified: 3, at_least: true, ..opened.clone() }, 5_000),
        ("late", opened.clone(), 2 * 86_400_000),
        ("held back and muted", Facts { held_back: 3, muted: 1, ..opened.clone() }, 5_000),
        ("reset", Facts { kind: Kind::Reset, ..opened.clone() }, 5_000),
        ("signup", Facts { kind: Kind::Signup, ..opened.clone() }, 5_000),
        ("transaction", Facts { kind: Kind::Transaction, ..opened.clone() }, 5_000),
        ("nameless", Facts { service_key: "domain:invalid".into(), ..opened }, 5_000),
    ];
    for language in LANGUAGES {
        let mut page = String::new();
        for (name, facts, later_ms) in &rarer {
            page.push_str(&format!("===== {name} =====\n"));
            page.push_str(&look(facts, language, SUNDAY_NIGHT_MS + later_ms));
            page.push('\n');
        }
        insta::assert_snapshot!(format!("rarer-{language:?}").to_lowercase(), page);
    }
}

#[test]
fn lines_are_short_and_the_last_one_marks_the_mail_as_ours() {
    use unicode_width::UnicodeWidthStr;
    for language in LANGUAGES {
        for facts in every_alert(SUNDAY_NIGHT_MS) {
            let alert = compose(&facts, &tokyo(language), SUNDAY_NIGHT_MS);
            for line in alert.email.lines().filter(|line| !line.starts_with("https://")) {
                assert!(line.width_cjk() <= voice(language).columns(), "{line}");
                assert_eq!(line.trim_end(), line);
                let begins = line.trim_start().chars().next();
                assert!(
                    !begins.is_some_and(
                        |c| "、。，．）」』ー・っゃゅょ".contains(c) && !line.starts_with('・')
                    ),
                    "{line}"
                );
            }
            assert!(alert.email.ends_with(&format!("\n{MARKER}{}\n", facts.id)));
        }
    }
}

#[test]
fn only_the_relayed_confirmation_has_a_link() {
    for language in LANGUAGES {
        for facts in every_alert(SUNDAY_NIGHT_MS) {
            let facts = Facts { link: Some("https://example.com/vf-1".into()), ..facts };
            let alert = compose(&facts, &tokyo(language), SUNDAY_NIGHT_MS);
            let relayed = facts.alert == AlertKind::ForwardConfirmation;
            assert_eq!(
                alert.email.matches("://").count(),
                usize::from(relayed),
                "{:?}",
                facts.alert
            );
            let rest = format!("{}{:?}{}", alert.subject, alert.sms, alert.json);
            assert!(!rest.contains("vf-1"), "{rest}");
        }
    }
}
