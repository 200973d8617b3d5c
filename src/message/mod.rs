//! The facts of an alert to what people and programs read: one SMS segment, an
//! e-mail in plain text, a subject that SNS takes, JSON. Pure: the hour is an
//! argument. This room must not know rows, SNS, files or the clock, and nothing
//! that a sender wrote reaches a text unescaped.

use serde::{Deserialize, Serialize};

use crate::burst::{AlertKind, Phase};
use crate::classify::Kind;

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
