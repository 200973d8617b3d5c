//! An alert for programs, `hansho.alert/1`: `infra/alert.schema.json` documents
//! every field. It never holds the link of a forwarding confirmation.

use serde_json::{Value, json};

use super::about::{Subject, subject_of_key};
use super::clock::timestamp;
use super::story::Story;
use super::{Severity, plain};

/// The document of an alert, with its subject and SMS as they go out.
pub(super) fn json(story: &Story, severity: Severity, subject: &str, sms: Option<&str>) -> Value {
    let facts = story.facts;
    let rfc3339 = |at_ms: i64| timestamp(at_ms).to_string();
    json!({
        "schema": "hansho.alert/1",
        "id": plain::id(&facts.id),
        "incident": plain::id(&facts.incident),
        "alert": facts.alert,
        "phase": facts.phase,
        "severity": severity,
        "person": plain::id(&facts.person),
        "service": story.about.service(),
        "service_key": key(&facts.service_key),
        "service_name": story.about.name,
        "kind": facts.kind,
        "implies": story.about.implies,
        "count": facts.count,
        "at_least": facts.at_least,
        "verified": facts.verified,
        "since_last": facts.since_last,
        "peak": facts.peak,
        "window_ms": facts.window_ms,
        "first_at": rfc3339(facts.first_ms),
        "last_at": rfc3339(facts.last_ms),
        "at": story.clock.now().timestamp().to_string(),
        "services": facts.services.iter().take(12).map(|service| key(service)).collect::<Vec<_>>(),
        "held_back": facts.held_back,
        "muted": facts.muted,
        "drill": false,
        "language": story.language,
        "subject": subject,
        "sms": sms,
    })
}

/// The key as it was counted under, unless a sender could have shaped it.
fn key(key: &str) -> String {
    match subject_of_key(key, crate::classify::Kind::Login).subject {
        Subject::Known(id) => id,
        Subject::Domain(domain) => format!("domain:{domain}"),
        Subject::Several => "*".to_owned(),
        Subject::Nameless => "domain:invalid".to_owned(),
    }
}
