//! The counting of segments against known figures, and every SMS that can be.

use proptest::prelude::*;

use super::*;
use crate::message::sms::{Encoding, Segments, segments};

#[test]
fn segments_are_counted_as_carriers_count_them() {
    let cases = [
        ("", Encoding::Gsm7, 0, 1),
        ("A".repeat(160).leak(), Encoding::Gsm7, 160, 1),
        ("A".repeat(161).leak(), Encoding::Gsm7, 161, 2),
        ("A".repeat(306).leak(), Encoding::Gsm7, 306, 2),
        ("A".repeat(307).leak(), Encoding::Gsm7, 307, 3),
        // The extension table takes an escape: the euro sign counts two.
        ("€".repeat(80).leak(), Encoding::Gsm7, 160, 1),
        ("€".repeat(81).leak(), Encoding::Gsm7, 162, 2),
        // 152 septets and an escaped pair do not fit a part of 153.
        (format!("{}€{}", "A".repeat(152), "A".repeat(20)).leak(), Encoding::Gsm7, 174, 2),
        ("@£éÇØåΔ_ÆßÉ¤¡Ñ§¿à\n".repeat(9).leak(), Encoding::Gsm7, 162, 2),
        ("[{|}]~^\\", Encoding::Gsm7, 16, 1),
        // Not in the alphabet: a capital À, a backtick, a small ç.
        ("À", Encoding::Ucs2, 1, 1),
        ("`", Encoding::Ucs2, 1, 1),
        ("ç", Encoding::Ucs2, 1, 1),
        ("鐘".repeat(70).leak(), Encoding::Ucs2, 70, 1),
        ("鐘".repeat(71).leak(), Encoding::Ucs2, 71, 2),
        ("鐘".repeat(134).leak(), Encoding::Ucs2, 134, 2),
        ("鐘".repeat(135).leak(), Encoding::Ucs2, 135, 3),
        // Outside the first plane a character takes two units, never split.
        ("🔔".repeat(35).leak(), Encoding::Ucs2, 70, 1),
        ("🔔".repeat(36).leak(), Encoding::Ucs2, 72, 2),
        ("🔔".repeat(67).leak(), Encoding::Ucs2, 134, 3),
    ];
    for (text, encoding, units, parts) in cases {
        assert_eq!(segments(text), Segments { encoding, units, parts }, "{text}");
    }
}

fn assert_fits(text: &str) {
    let size = segments(text);
    let most = if size.encoding == Encoding::Gsm7 { 160 } else { 70 };
    assert!(size.parts == 1 && size.units <= most, "{size:?}: {text}");
    assert!(!text.contains("{name}") && !text.contains("://"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_facts_fit_one_segment(
        count in any::<u32>(),
        since_last in any::<u32>(),
        verified in any::<u32>(),
        at_least in any::<bool>(),
        last_ms in 0_i64..4_102_444_800_000,
        age_ms in 0_i64..864_000_000,
        (trickle, escalated, kind) in (any::<bool>(), any::<bool>(), 0_usize..4),
    ) {
        let alert = if trickle { AlertKind::Trickle } else { AlertKind::Hammered };
        let phase = if escalated { Phase::Escalated } else { Phase::Opened };
        let facts = Facts {
            count, since_last, verified, at_least, kind: KINDS[kind],
            ..facts(alert, phase, last_ms)
        };
        for language in LANGUAGES {
            let alert = compose(&facts, &tokyo(language), last_ms + age_ms);
            assert_fits(&alert.sms.expect("a known service is told by SMS"));
        }
    }

    #[test]
    fn any_name_fits_one_segment_and_is_never_cut(name in "\\PC{0,120}") {
        for language in LANGUAGES {
            let facts = facts(AlertKind::Hammered, Phase::Opened, SUNDAY_NIGHT_MS);
            let mut story = Story::new(&facts, &tokyo(language), SUNDAY_NIGHT_MS);
            story.about.name.ja.clone_from(&name);
            story.about.name.en.clone_from(&name);
            story.about.short = story.about.name.clone();
            let text = short(&story);
            prop_assume!(!name.contains("{name}") && !name.contains("://"));
            assert_fits(&text);
            let generic = ["あるサービス", "A service"].iter().any(|word| text.starts_with(word));
            prop_assert!(generic || text.starts_with(&name), "{text}");
        }
    }
}

#[test]
fn details_go_before_the_name_and_the_full_name_before_the_short_one() {
    let pieces =
        [sms::Piece::must("{name}."), sms::Piece::may(1, " One."), sms::Piece::may(2, " Two.")];
    let fit = |full: &str, short: &str| sms::fit(&pieces, &[full, short], "X");
    let long = |n: usize| "n".repeat(n);
    assert_eq!(fit("Bank", "B"), Some("Bank. One. Two.".into()));
    assert_eq!(fit(&long(155), "B"), Some("B. One. Two.".into()));
    assert_eq!(fit(&long(159), &long(153)), Some(format!("{}. One.", long(153))));
    assert_eq!(fit(&long(159), &long(158)), Some(format!("{}.", long(159))));
    assert_eq!(fit(&long(170), &long(165)), Some("X. One. Two.".into()));
}

#[test]
fn an_sms_is_for_openings_and_rungs_of_known_services_only() {
    for language in LANGUAGES {
        for facts in every_alert(SUNDAY_NIGHT_MS) {
            let said = compose(&facts, &tokyo(language), SUNDAY_NIGHT_MS).sms.is_some();
            let urgent = matches!(facts.alert, AlertKind::Hammered | AlertKind::Trickle)
                && matches!(facts.phase, Phase::Opened | Phase::Escalated);
            assert_eq!(said, urgent, "{:?} {:?}", facts.alert, facts.phase);
            let unknown = Facts { service_key: "domain:shop.example.com".into(), ..facts };
            assert_eq!(compose(&unknown, &tokyo(language), SUNDAY_NIGHT_MS).sms, None);
        }
    }
}

#[test]
fn the_barest_text_of_each_language_fits() {
    for language in LANGUAGES {
        assert_fits(voice(language).sms_barest());
    }
}

#[test]
fn every_service_fits_by_its_own_name_in_every_language_phase_and_kind() {
    for service in crate::services::all() {
        for (language, kind) in LANGUAGES.into_iter().flat_map(|l| KINDS.map(|kind| (l, kind))) {
            for alert in [AlertKind::Hammered, AlertKind::Trickle] {
                for phase in [Phase::Opened, Phase::Escalated] {
                    let facts = Facts {
                        service_key: service.id.clone(),
                        kind,
                        count: 9_999,
                        since_last: 7_499,
                        at_least: true,
                        ..facts(alert, phase, SUNDAY_NIGHT_MS)
                    };
                    for late_ms in [5_000, 86_400_000] {
                        let now_ms = SUNDAY_NIGHT_MS + late_ms;
                        let text = compose(&facts, &tokyo(language), now_ms).sms.expect("an SMS");
                        assert_fits(&text);
                        let names = match language {
                            Language::Ja => [service.name.ja.as_str(), service.short_ja()],
                            Language::En => [service.name.en.as_str(), service.short_en()],
                        };
                        assert!(names.iter().any(|name| text.starts_with(name)), "{text}");
                    }
                }
            }
        }
    }
}
