//! What other programs read: the keys and words of `--json`.

use serde_json::Value;

use super::run;

const EXPLAIN_KEYS: [&str; 11] = [
    "arrived_at",
    "authenticity",
    "index",
    "kind",
    "outcome",
    "path",
    "person",
    "service",
    "service_key",
    "service_name",
    "signals",
];
const ALERT_KEYS: [&str; 14] = [
    "alert",
    "at",
    "count",
    "email",
    "first_at",
    "id",
    "last_at",
    "person",
    "phase",
    "service",
    "service_key",
    "sms",
    "subject",
    "type",
];
const SUMMARY_KEYS: [&str; 7] =
    ["alerts", "codes", "elapsed_ms", "incidents", "mails", "type", "unreadable"];

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn is_one_of(value: &Value, words: &[&str]) -> bool {
    value.as_str().is_some_and(|word| words.contains(&word))
}

#[test]
fn explain_has_these_keys_and_words() {
    let done = run(["explain", "--json", "events/mail/month.mbox", "events/mail/flood.mbox"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let lines = done.lines();
    assert_eq!(lines.len(), 175);
    let mut index = 0;
    for (place, line) in lines.iter().enumerate() {
        index = if place == 120 { 0 } else { index };
        assert_eq!(keys(line), EXPLAIN_KEYS);
        assert_eq!(line["index"], index);
        assert!(is_one_of(&line["outcome"], &["code", "forward-confirmation", "other"]));
        assert!(is_one_of(&line["authenticity"], &["verified", "unverified", "failed", "unknown"]));
        let is_code = line["outcome"] == "code";
        assert_eq!(is_one_of(&line["kind"], &["login", "signup", "reset", "transaction"]), is_code);
        assert_eq!(line["service_key"].is_string(), is_code);
        let arrived: Result<jiff::Timestamp, _> = line["arrived_at"].as_str().unwrap().parse();
        assert!(arrived.is_ok());
        assert!(line["signals"].is_array());
        index += 1;
    }
    assert_eq!(lines[120]["service"], "rakuten-sec");
    assert_eq!(lines[120]["path"], "events/mail/flood.mbox");
}

#[test]
fn the_name_of_a_service_is_in_the_language_that_was_chosen() {
    for (language, name) in [("ja", "楽天証券"), ("en", "Rakuten Securities")] {
        let done = run(["explain", "--json", "--language", language, "events/mail/flood.mbox"]);
        assert_eq!(done.lines()[0]["service_name"], name);
    }
}

#[test]
fn replay_has_these_keys_and_words() {
    let done =
        run(["replay", "--json", "--policy", "events/policy.toml", "events/mail/flood.mbox"]);
    assert_eq!((done.code, done.stderr.as_str()), (1, ""));
    let lines = done.lines();
    let (summary, alerts) = lines.split_last().unwrap();
    assert_eq!(keys(summary), SUMMARY_KEYS);
    assert_eq!(summary["type"], "summary");
    assert_eq!(alerts.len(), 3);
    for alert in alerts {
        assert_eq!(keys(alert), ALERT_KEYS);
        assert_eq!(alert["type"], "alert");
        assert_eq!(alert["alert"], "hammered");
        assert_eq!(alert["person"], "hanako");
        assert_eq!(alert["service"], "rakuten-sec");
        assert_eq!(alert["service_key"], "rakuten-sec");
    }
    assert!(alerts[0]["sms"].is_string());
    assert!(alerts[2]["sms"].is_null());
}
