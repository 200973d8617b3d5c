//! The facts of an alert to what people and programs read: one SMS segment, an
//! e-mail in plain text, a subject that SNS takes, JSON. Pure: the hour is an
//! argument. This room must not know rows, SNS, files or the clock, and nothing
//! that a sender wrote reaches a text unescaped.

mod about;
mod clock;
mod drill;
mod email;
mod json;
mod lost;
mod plain;
mod playbook;
pub mod sms;
mod story;
#[cfg(test)]
mod tests;
mod voice;
mod wrap;

use serde::{Deserialize, Serialize};

pub use self::drill::as_drill;
pub use self::email::MARKER;
pub use self::lost::{Channel, Loss, lost};
use self::story::Story;
use self::voice::voice;
use crate::burst::{AlertKind, Phase};
use crate::classify::{Implies, Kind};

/// SNS refuses a subject of 100 characters.
const MAX_SUBJECT_CHARS: usize = 99;

/// What is known when an alert is sent. Numbers and keys only: the texts are
/// made from these when it goes out, so that a stored alert holds no prose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Stable for this alert, whoever sends it and however often.
    pub id: String,
    /// Stable for the incident.
    pub incident: String,
    /// What has happened.
    pub alert: AlertKind,
    /// Where the incident is in its life.
    pub phase: Phase,
    /// The id of the person, from the policy.
    pub person: String,
    /// The id of a known service, `domain:example.com`, or `*` (several services).
    pub service_key: String,
    /// What most of the mails asked to prove.
    pub kind: Kind,
    /// How many mails the incident holds so far; of a smokescreen, how many services.
    pub count: u32,
    /// The count is a lower bound.
    pub at_least: bool,
    /// How many of them are verified.
    pub verified: u32,
    /// How many came since the last alert of this incident; `count` at the opening.
    pub since_last: u32,
    /// The most that came within one window of the rule.
    pub peak: u32,
    /// The window of the rule, in milliseconds.
    pub window_ms: i64,
    /// Arrival of the first, in milliseconds since the epoch.
    pub first_ms: i64,
    /// Arrival of the last, in milliseconds since the epoch.
    pub last_ms: i64,
    /// The keys of the services of a smokescreen, at most 12.
    pub services: Vec<String>,
    /// The link of a forwarding confirmation. It goes into the e-mail only.
    pub link: Option<String>,
    /// The mailbox that wants to forward, of a forwarding confirmation.
    pub mailbox: Option<String>,
    /// Alerts of this person that limits held back since the last one sent.
    pub held_back: u32,
    /// Alerts of this incident that a mute kept silent.
    pub muted: u32,
}

/// For whom the texts are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// The language of the texts.
    pub language: Language,
    /// IANA name of the time zone in which times are told, such as `Asia/Tokyo`.
    pub time_zone: String,
}

/// A language that alerts are written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

/// An alert as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// At most 99 characters, no control characters.
    pub subject: String,
    /// The same in ASCII, for where SNS refuses the other.
    pub subject_ascii: String,
    /// One segment: at most 70 UTF-16 units, or 160 GSM-7 septets. `None` where
    /// the design sends no SMS for this alert.
    pub sms: Option<String>,
    /// Plain text in short lines.
    pub email: String,
    /// `hansho.alert/1`.
    pub json: serde_json::Value,
}

impl Alert {
    /// The same alert by e-mail only.
    pub fn without_sms(mut self) -> Self {
        self.sms = None;
        if let Some(sms) = self.json.get_mut("sms") {
            *sms = serde_json::Value::Null;
        }
        self
    }
}

/// How much an alert matters, for filters and for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know: a closing, a first arrival, a confirmation.
    Info,
    /// Something to look at today.
    Medium,
    /// Something to look at now.
    High,
    /// Somebody has the password of a known service and is using it now.
    Critical,
}

impl Severity {
    /// The word that stands in the JSON and in the attribute `severity`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// How much an alert of these facts matters.
pub fn severity(facts: &Facts) -> Severity {
    match (facts.alert, facts.phase) {
        (_, Phase::Closed) | (AlertKind::ForwardConfirmation | AlertKind::Connected, _) => {
            Severity::Info
        }
        (AlertKind::PhishingFlood, _) => Severity::Medium,
        (AlertKind::Smokescreen, _) => Severity::High,
        (alert, _) => match (alert, about::subject_of(facts).implies) {
            (AlertKind::Trickle, Implies::Password) => Severity::High,
            (AlertKind::Trickle, _) => Severity::Medium,
            (_, Implies::Password) => Severity::Critical,
            (_, Implies::Identifier | Implies::Unknown) => Severity::High,
        },
    }
}

/// Makes the texts of an alert, as they read at `now_ms` (milliseconds since the
/// epoch). The same arguments give the same texts.
pub fn compose(facts: &Facts, audience: &Audience, now_ms: i64) -> Alert {
    let story = Story::new(facts, audience, now_ms);
    let subject = plain::line(&voice(story.language).subject(&story), MAX_SUBJECT_CHARS);
    let subject_ascii = ascii(&voice(Language::En).subject(&story));
    let sms = sends_sms(&story).then(|| short(&story));
    Alert {
        email: email::email(&story),
        json: json::json(&story, severity(facts), &subject, sms.as_deref()),
        subject,
        subject_ascii,
        sms,
    }
}

/// An SMS is for what cannot wait: a known service that is being tried now.
fn sends_sms(story: &Story) -> bool {
    matches!(story.facts.alert, AlertKind::Hammered | AlertKind::Trickle)
        && matches!(story.facts.phase, Phase::Opened | Phase::Escalated)
        && story.about.service().is_some()
}

/// The SMS, in one segment whatever the names and numbers are.
fn short(story: &Story) -> String {
    let voice = voice(story.language);
    let (pieces, generic) = voice.sms(story);
    let (name, short) = (&story.about.name, &story.about.short);
    let names = [name.get(story.language), short.get(story.language)];
    sms::fit(&pieces, &names, generic).unwrap_or_else(|| voice.sms_barest().to_owned())
}

/// A subject that any mail system takes.
fn ascii(subject: &str) -> String {
    let plain = subject.chars().map(|c| if c.is_ascii() { c } else { '?' });
    plain::line(&plain.collect::<String>(), MAX_SUBJECT_CHARS)
}
