//! A drill says so first, in every text.

use super::*;

#[test]
fn every_text_of_a_drill_begins_with_the_word() {
    for facts in every_alert(SUNDAY_NIGHT_MS) {
        for (language, mark) in [(Language::Ja, "【訓練】"), (Language::En, "[DRILL]")] {
            let real = compose(&facts, &tokyo(language), SUNDAY_NIGHT_MS);
            let drill = as_drill(real.clone(), language);
            assert!(drill.subject.starts_with(mark), "{}", drill.subject);
            assert!(drill.subject.chars().count() < 100);
            assert!(drill.subject_ascii.starts_with("[DRILL]") && drill.subject_ascii.is_ascii());
            assert!(drill.email.ends_with(&real.email));
            let lead = drill.email.strip_suffix(&real.email).expect("the lead");
            assert!(lead.starts_with(if language == Language::Ja {
                "これは訓練です。"
            } else {
                "This is a drill"
            }));
            assert_eq!(drill.json["drill"], true);
            assert_eq!(real.json["drill"], false);
            assert_eq!(drill.json["subject"], drill.subject.as_str());
            assert_eq!(drill.sms.is_some(), real.sms.is_some());
            if let Some(sms) = &drill.sms {
                assert!(sms.starts_with(mark));
                assert_eq!(sms::segments(sms).parts, 1, "{sms}");
                assert_eq!(drill.json["sms"], sms.as_str());
            }
        }
    }
}
