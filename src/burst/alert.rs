//! The names of what rings: which alert, and where in its life. This file must
//! not know when either is so.

use serde::{Deserialize, Serialize};

/// What an alert says has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertKind {
    /// Many code mails of one service in minutes, verified ones among them.
    Hammered,
    /// Many of one service in a day, without a fast burst.
    Trickle,
    /// Many services in minutes: a flood that may hide one real mail.
    Smokescreen,
    /// Many code mails of one service in minutes, none of them verified.
    PhishingFlood,
    /// A mail provider asks whether forwarding to us is wanted.
    ForwardConfirmation,
    /// The first code mail of a person has arrived: forwarding works.
    Connected,
}

impl AlertKind {
    /// The name that JSON, attributes and the policy use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hammered => "hammered",
            Self::Trickle => "trickle",
            Self::Smokescreen => "smokescreen",
            Self::PhishingFlood => "phishing-flood",
            Self::ForwardConfirmation => "forward-confirmation",
            Self::Connected => "connected",
        }
    }
}

/// Where in its life an incident is when an alert speaks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The first alert of an incident.
    Opened,
    /// A later one: a rung was passed.
    Escalated,
    /// The last one: it has been quiet.
    Closed,
    /// An alert that has no incident: a confirmation, a first arrival.
    Once,
}

impl Phase {
    /// The name that JSON and attributes use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Escalated => "escalated",
            Self::Closed => "closed",
            Self::Once => "once",
        }
    }
}
