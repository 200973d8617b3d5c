//! The data files: all are read, all speak both languages, the order follows the
//! hour, and what the story's author was told is all there.

use super::super::playbook::{Playbook, files};
use super::*;

#[test]
fn every_file_is_a_playbook_and_names_its_source() {
    for (stem, text) in files() {
        let playbook: Playbook =
            toml::from_str(text).unwrap_or_else(|error| panic!("{stem}: {error}"));
        let general =
            stem.starts_with("alert-") || stem.starts_with("category-") || *stem == "general";
        assert_eq!(playbook.source.is_none(), general, "{stem}");
        if let Some(source) = playbook.source {
            source.checked.parse::<jiff::civil::Date>().expect("a date");
        }
    }
}

#[test]
fn no_file_names_a_number_to_call_or_a_link() {
    for (stem, text) in files() {
        let said = text.lines().filter(|line| !line.starts_with('#'));
        for line in said {
            assert!(!line.contains("://") && !line.contains("www."), "{stem}: {line}");
            let mut run = 0;
            for c in line.chars().filter(|c| !matches!(c, '-' | '(' | ')')) {
                run = if c.is_ascii_digit() { run + 1 } else { 0 };
                assert!(run < 9, "{stem}: {line}");
            }
        }
    }
}

#[test]
fn there_is_a_playbook_for_every_category_and_alert() {
    let categories = [
        "broker",
        "bank",
        "payment",
        "card",
        "crypto",
        "shop",
        "mail",
        "social",
        "game",
        "government",
        "telecom",
        "travel",
        "media",
        "work",
        "utility",
    ];
    let has = |stem: &str| files().iter().any(|(name, _)| *name == stem);
    for category in categories {
        assert!(has(&format!("category-{category}")), "{category}");
    }
    for facts in every_alert(SUNDAY_NIGHT_MS) {
        let name = serde_json::to_value(facts.alert).expect("a name");
        assert!(has(&format!("alert-{}", name.as_str().expect("a word"))), "{name}");
    }
}

fn titles(facts: &Facts, now_ms: i64) -> Vec<String> {
    let story = Story::new(facts, &tokyo(Language::En), now_ms);
    story.plan.now().map(|task| task.step.title.get(Language::En).to_owned()).collect()
}

#[test]
fn at_night_the_automatic_line_stands_first_and_on_a_weekday_the_desk_is_offered() {
    let opened = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
    let night = titles(&opened, SUNDAY_NIGHT_MS);
    assert!(night[0].contains("automatic phone line"), "{night:?}");
    assert!(night.last().expect("steps").contains("operator"), "{night:?}");
    let day = titles(&opened, WEEKDAY_MORNING_MS);
    assert!(day[0].contains("automatic phone line") && day[1].contains("operator"), "{day:?}");

    let said = |now_ms| flat(&compose(&opened, &tokyo(Language::Ja), now_ms).email);
    assert!(said(SUNDAY_NIGHT_MS).contains("次の受付は11月24日（火）8時30分から"));
    assert!(said(WEEKDAY_MORNING_MS).contains("いま受付中です（17時00分まで）"));
    assert!(said(WEEKDAY_MORNING_MS).contains("待ち時間は30分から60分"));
    assert!(said(YEAR_END_NOON_MS).contains("次の受付は1月4日（月）8時30分から"));
}

#[test]
fn hours_are_told_on_the_clock_of_whoever_reads() {
    let opened = facts(AlertKind::Hammered, Phase::Opened, WEEKDAY_MORNING_MS);
    let audience = Audience { language: Language::En, time_zone: "America/New_York".into() };
    let text = joined(&compose(&opened, &audience, WEEKDAY_MORNING_MS).email);
    assert!(text.contains("can be reached now, until 03:00."), "{text}");
}

#[test]
fn the_steps_of_the_story_are_all_there() {
    let opened = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
    let text = flat(&compose(&opened, &tokyo(Language::Ja), SUNDAY_NIGHT_MS).email);
    let told = [
        "電話の自動受付で、取引をロックする",
        "24時間いつでも",
        "ログインパスワードと取引暗証番号を、両方変更する",
        "前回ログイン日時",
        "直近100回",
        "失敗したログインは記録に残らない",
        "楽天証券のオペレーター",
        "名義人ご本人",
        "待ち時間は30分から60分",
        "40分かかった",
        "折り返しの電話はありません",
        "チャット（平日9:00から23:00）では、口座の中身は調べられません",
        "同じパスワードを使っているほかのサービス",
        "乗っ取られたスマートフォンに届くコードは、何も守ってくれません",
        "どこにも入力せず",
        "マネーフォワード",
    ];
    for words in told {
        assert!(text.contains(words), "{words} is missing in {text}");
    }
}

#[test]
fn a_closing_says_what_is_still_to_do_and_when_to_unlock() {
    let closing = facts(AlertKind::Hammered, Phase::Closed, SUNDAY_NIGHT_MS);
    let text = flat(&compose(&closing, &tokyo(Language::Ja), SUNDAY_NIGHT_MS).email);
    assert!(text.contains("取引暗証番号") && text.contains("解除する"), "{text}");
    assert!(!text.contains("自動受付で、取引をロックする"), "{text}");
}

#[test]
fn a_reset_asks_to_protect_the_mailbox_and_not_to_change_what_nobody_knows() {
    let facts =
        Facts { kind: Kind::Reset, ..facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS) };
    let text = flat(&compose(&facts, &tokyo(Language::Ja), SUNDAY_NIGHT_MS).email);
    assert!(text.contains("メールアカウントを守る") && !text.contains("取引暗証番号"), "{text}");
}

#[test]
fn what_an_sms_asks_for_leaves_room_for_what_happened() {
    for (stem, text) in files() {
        let playbook: Playbook = toml::from_str(text).expect("a playbook");
        for advice in playbook.sms {
            let ja = sms::segments(advice.text.get(Language::Ja));
            let en = sms::segments(advice.text.get(Language::En));
            assert!(ja.units <= 30, "{stem}: {}", ja.units);
            assert!(en.encoding == sms::Encoding::Gsm7 && en.units <= 80, "{stem}: {}", en.units);
        }
    }
}

#[test]
fn a_playbook_that_is_not_general_belongs_to_a_service() {
    for (stem, _) in files() {
        let general =
            stem.starts_with("alert-") || stem.starts_with("category-") || *stem == "general";
        assert!(general || crate::services::by_id(stem).is_some(), "{stem} is no service");
    }
}

#[test]
fn every_service_has_steps_in_both_languages_and_a_clause_for_the_sms() {
    for service in crate::services::all() {
        for kind in KINDS {
            let opened = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
            let facts = Facts { service_key: service.id.clone(), kind, ..opened };
            for language in LANGUAGES {
                let story = Story::new(&facts, &tokyo(language), SUNDAY_NIGHT_MS);
                let steps = story.plan.now().count();
                assert!((2..=9).contains(&steps), "{} {kind:?}: {steps}", service.id);
                assert!(
                    story.plan.afterwards().count() > 0 && !story.plan.sms.is_empty(),
                    "{}",
                    service.id
                );
                assert!(
                    !story.plan.never.is_empty() && !story.plan.false_alarms.is_empty(),
                    "{}",
                    service.id
                );
            }
        }
    }
}
