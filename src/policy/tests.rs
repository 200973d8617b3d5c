use super::*;
use crate::mail::SesBlock;

const TWO: &str = r#"
observe_only = false
trusted_servers = ["MX.google.com"]

[alerts]
hammered = { count = 6, window = "15m" }

[person.hanako]
addresses = ["Hanako-7q3k9x2mtf@mail.example.com"]
mailboxes = ["hanako@example.jp"]
language = "ja"
sms = true

[person.hanako.service."domain:example.net"]
hammered = { count = 1 }

[person.taro]
addresses = ["taro-2m8w4c6hjd@mail.example.com"]
language = "en"
time_zone = "Europe/Berlin"
count = ["login", "signup"]
"#;

fn letter(recipients: &[&str]) -> Letter {
    let ses = SesBlock {
        recipients: recipients.iter().map(|&to| to.to_owned()).collect(),
        ..SesBlock::default()
    };
    Letter {
        ses: Some(ses),
        to: vec!["taro-2m8w4c6hjd@mail.example.com".to_owned()],
        ..Letter::default()
    }
}

fn ids(people: Vec<&Person>) -> Vec<&str> {
    people.into_iter().map(|person| person.id.as_str()).collect()
}

#[test]
fn a_rule_of_a_service_stands_over_the_persons_and_that_over_everybodys() {
    let policy = Policy::read(TWO).unwrap();
    let fast = |person, service| policy.rule(person, service, AlertKind::Hammered);
    assert_eq!(
        fast("hanako", "domain:example.net"),
        Rule { threshold: 1, window_ms: 15 * MINUTE_MS }
    );
    assert_eq!(fast("hanako", "rakuten-sec"), Rule { threshold: 6, window_ms: 15 * MINUTE_MS });
    assert_eq!(fast("gone", "rakuten-sec"), DEFAULT_RULES.hammered);
    assert_eq!(policy.rule("taro", "x", AlertKind::Trickle), DEFAULT_RULES.trickle);
}

#[test]
fn the_envelope_decides_and_the_to_header_does_not() {
    let policy = Policy::read(TWO).unwrap();
    assert_eq!(
        ids(policy.route(&letter(&["hanako-7q3k9x2mtf@mail.example.com"]), true)),
        ["hanako"]
    );
    assert_eq!(
        ids(policy.route(&letter(&["hanako-7q3k9x2mtf+tag@mail.example.com"]), true)),
        ["hanako"]
    );
    assert_eq!(ids(policy.route(&letter(&["guess@mail.example.com"]), true)), [""; 0]);
    // Without a recipient, or where the block is not ours, what forwarders left counts.
    assert_eq!(ids(policy.route(&letter(&[]), true)), ["taro"]);
    assert_eq!(
        ids(policy.route(&letter(&["hanako-7q3k9x2mtf@mail.example.com"]), false)),
        ["taro"]
    );
}

#[test]
fn gmails_envelope_sender_names_the_address_it_forwarded_to() {
    let policy = Policy::read(TWO).unwrap();
    let mut letter = letter(&[]);
    letter.to.clear();
    letter.trace.return_path =
        vec!["hanako+caf_=hanako-7q3k9x2mtf=mail.example.com@gmail.com".to_owned()];
    assert_eq!(ids(policy.route(&letter, true)), ["hanako"]);
}

#[test]
fn without_a_policy_everything_is_for_the_only_person() {
    let policy = Policy::one_person(Language::En);
    assert_eq!(ids(policy.route(&letter(&["anyone@mail.example.com"]), true)), [ONLY_PERSON]);
}

#[test]
fn a_broken_policy_is_refused_with_place_and_remedy() {
    for (text, place) in [
        ("", "person: it names nobody"),
        ("[person.a]\naddresses = [\"x\"]", "person.a.addresses: \"x\" is not an address"),
        ("[person.a]\nadresses = []", "unknown field `adresses`"),
        (
            "[person.a]\ntime_zone = \"Tokio\"",
            "person.a.time_zone: it is not the name of a time zone",
        ),
        ("[person.A]", "person.\"A\": an id has 1 to 32 characters"),
        (
            "[person.a]\nalerts.hammered.count = 0",
            "person.a.alerts.hammered.count: it must be between 1 and 200",
        ),
        (
            "[person.a]\nalerts.hammered.window = \"72h\"",
            "person.a.alerts.hammered.window: it must be between",
        ),
        ("[person.a]\nalerts.hammered.window = \"soon\"", "the policy cannot be read"),
        ("[person.a.service.nosuch]", "person.a.service.nosuch: no service has this id"),
        ("[sms]\nper_month = 10\nreserve = 11\n[person.a]", "sms.reserve: it must not be more"),
        ("[sms]\nper_month = 1001\n[person.a]", "sms.per_month: it must be between 0 and 1000"),
        ("[limits]\nper_hour = 0\n[person.a]", "limits.per_hour: it must be between 1 and 200"),
        ("[limits]\nper_week = 9\n[person.a]", "unknown field `per_week`"),
        (
            "[person.a.service.sbi-sec]\nmute_until = 2026-12-01T00:00:00",
            "person.a.service.sbi-sec.mute_until: it must be a moment with its offset",
        ),
        (
            "[person.a.service.sbi-sec]\nmute_until = 9",
            "person.a.service.sbi-sec.mute_until: it must be a moment",
        ),
        ("[person.a.service.sbi-sec]\nsmokescreen.count = 9", "unknown field `smokescreen`"),
        (
            "[person.a]\n[person.b]\naddresses=[\"b@example.com\"]",
            "person.a.addresses: it is empty",
        ),
        (
            "[person.a]\naddresses=[\"b@example.com\"]\n[person.b]\naddresses=[\"B@example.com\"]",
            "person.b.addresses: person.a has one of these",
        ),
    ] {
        let error = Policy::read(text).unwrap_err().to_string();
        assert!(error.contains(place), "{text:?} said {error:?}");
    }
}

#[test]
fn only_a_mail_from_home_gets_the_benefit_of_the_doubt() {
    assert!(counts_as_verified(Authenticity::Unknown, true));
    assert!(!counts_as_verified(Authenticity::Unknown, false));
    assert!(!counts_as_verified(Authenticity::Failed, true));
    assert!(counts_as_verified(Authenticity::Verified, false));
}

#[test]
fn a_mute_ends_at_its_moment_and_touches_no_other_service_or_person() {
    let policy = Policy::read(
        "[person.a.service.sbi-sec]\nmute_until = 2026-12-01T09:00:00+09:00\n\
         [person.a.service.\"domain:example.com\"]\nhammered.count = 9",
    )
    .unwrap();
    let quoted = "[person.a.service.sbi-sec]\nmute_until = \"2026-12-01T00:00:00Z\"";
    let quoted = Policy::read(quoted).unwrap();
    let midnight_ms = 1_796_083_200_000;
    assert!(quoted.is_muted("a", "sbi-sec", midnight_ms - 1));
    assert!(!quoted.is_muted("a", "sbi-sec", midnight_ms));
    assert!(policy.is_muted("a", "sbi-sec", midnight_ms - 1));
    assert!(!policy.is_muted("a", "sbi-sec", midnight_ms));
    for (person, service_key) in
        [("a", "domain:example.com"), ("a", "rakuten-sec"), ("a", "*"), ("b", "sbi-sec")]
    {
        assert!(!policy.is_muted(person, service_key, 0), "{person} {service_key}");
    }
    let fast = |service_key| policy.rule("a", service_key, AlertKind::Hammered);
    assert_eq!(fast("sbi-sec"), DEFAULT_RULES.hammered);
    assert_eq!(fast("domain:example.com").threshold, 9);
}

#[test]
fn the_reserve_is_for_those_who_may_use_it() {
    let sms = |text: &str| Policy::read(&format!("{text}\n[person.a]")).unwrap().sms;
    assert_eq!(sms(""), SmsBudget { per_month: 60, reserve: 20 });
    assert_eq!(sms("[sms]\nper_month = 7"), SmsBudget { per_month: 7, reserve: 2 });
    let budget = sms("[sms]\nper_month = 30\nreserve = 10");
    assert_eq!((budget.limit(true), budget.limit(false)), (30, 20));
}

#[test]
fn the_example_says_the_defaults_and_the_documentation_every_limit() {
    let example = Policy::read(include_str!("../../infra/policy.example.toml")).unwrap();
    assert_eq!((example.sms, example.limits), (DEFAULT_SMS, DEFAULT_LIMITS));
    let hanako = example.person("hanako").unwrap();
    assert_eq!((hanako.rules, hanako.counted.as_slice()), (DEFAULT_RULES, &DEFAULT_COUNTED[..]));
    let documentation = include_str!("../../docs/policy.md");
    for (key, default, range) in [
        ("per_month", DEFAULT_SMS.per_month, "0 to 1000"),
        ("per_hour", DEFAULT_LIMITS.per_hour, "1 to 200"),
        ("per_day", DEFAULT_LIMITS.per_day, "1 to 1000"),
        ("confirmations_per_day", DEFAULT_LIMITS.confirmations_per_day, "1 to 50"),
    ] {
        let row = format!("| `{key}` | {default} | {range} |");
        assert!(documentation.contains(&row), "{row}");
    }
}
