use super::*;

/// The flood of the story as it is told at 03:02 on Sunday 22 November 2026 in Tokyo.
fn facts() -> Facts {
    Facts {
        id: "a-1".into(),
        incident: "i-1".into(),
        alert: AlertKind::Hammered,
        phase: Phase::Opened,
        person: "hanako".into(),
        service_key: "rakuten-securities".into(),
        kind: Kind::Login,
        count: 5,
        at_least: false,
        verified: 5,
        since_last: 5,
        peak: 5,
        window_ms: 600_000,
        first_ms: 1_795_284_120_000,
        last_ms: 1_795_284_240_000,
        services: vec![],
        link: None,
        mailbox: None,
        held_back: 0,
        muted: 0,
    }
}

#[test]
fn every_sms_of_the_first_alerts_is_one_segment() {
    for language in [Language::Ja, Language::En] {
        let audience = Audience { language, time_zone: "Asia/Tokyo".into() };
        for phase in [Phase::Opened, Phase::Escalated] {
            let facts = Facts { phase, ..facts() };
            let alert = compose(&facts, &audience, facts.last_ms + 5000);
            let sms = alert.sms.expect("a known service is told by SMS");
            assert_eq!(sms::segments(&sms).parts, 1, "{sms}");
        }
    }
}
