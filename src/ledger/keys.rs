//! The keys of the ledger's rows, and nothing else. What a sender can influence
//! (the domain in a service key) is bounded and of plain characters before it
//! comes here, and no part can hold the separator.

use crate::classify::Kind;

/// The hash key of the sparse index.
pub(super) const DUE: &str = "due";

const SEPARATOR: char = '|';
/// The latest time a key can hold (thirteen digits of milliseconds, year 2286).
const LATEST_MS: i64 = 9_999_999_999_999;

/// Sightings that count together: of one person, one service, one group of kinds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Series {
    /// The id of the person, from the policy.
    pub person: String,
    /// The id of the service or `domain:example.com`.
    pub service_key: String,
    /// The kinds that count together.
    pub group: Group,
}

/// Kinds that count together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Those that the policy counts: login, reset and transaction by default.
    Counted,
    /// The rest: sign-ups by default.
    Apart,
}

impl Group {
    /// The group of a kind, given the kinds that the policy counts.
    pub fn of(kind: Kind, counted: &[Kind]) -> Self {
        if counted.contains(&kind) { Self::Counted } else { Self::Apart }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Apart => "apart",
        }
    }
}

impl Series {
    pub(super) fn partition(&self, verified: bool) -> String {
        let side = if verified { "v" } else { "u" };
        format!(
            "{}{SEPARATOR}{}{SEPARATOR}{}{SEPARATOR}{side}",
            self.person,
            self.service_key,
            self.group.as_str()
        )
    }
}

/// Which docket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DocketKey {
    /// Of the verified sightings of a series (hammered, trickle).
    Verified(Series),
    /// Of the unverified ones (phishing-flood).
    Unverified(Series),
    /// Of a person (smokescreen).
    Person(String),
    /// Of an alert that is sent once.
    Once {
        /// The id of the person.
        person: String,
        /// What makes it the same alert.
        name: String,
    },
}

impl DocketKey {
    /// The person it belongs to.
    pub fn person(&self) -> &str {
        match self {
            Self::Verified(series) | Self::Unverified(series) => &series.person,
            Self::Person(person) | Self::Once { person, .. } => person,
        }
    }

    pub(super) fn partition(&self) -> String {
        match self {
            Self::Verified(series) => series.partition(true),
            Self::Unverified(series) => series.partition(false),
            Self::Person(person) => person.clone(),
            Self::Once { person, .. } => format!("{person}{SEPARATOR}once"),
        }
    }

    pub(super) fn sort(&self) -> String {
        match self {
            Self::Once { name, .. } => name.clone(),
            _ => super::STATE.to_owned(),
        }
    }

    /// The docket that stands under these keys.
    pub(super) fn read(pk: &str, sk: &str) -> Option<Self> {
        let parts: Vec<&str> = pk.split(SEPARATOR).collect();
        match parts.as_slice() {
            [person] => Some(Self::Person((*person).to_owned())),
            [person, "once"] => {
                Some(Self::Once { person: (*person).to_owned(), name: sk.to_owned() })
            }
            [person, service_key, group, side] => {
                let group = match *group {
                    "counted" => Group::Counted,
                    "apart" => Group::Apart,
                    _ => return None,
                };
                let series = Series {
                    person: (*person).to_owned(),
                    service_key: (*service_key).to_owned(),
                    group,
                };
                match *side {
                    "v" => Some(Self::Verified(series)),
                    "u" => Some(Self::Unverified(series)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

pub(super) fn mail(at_ms: i64, mail: &str) -> String {
    format!("mail#{:013}#{mail}", at_ms.clamp(0, LATEST_MS))
}

/// The beginning of the minute of a time, in milliseconds since the epoch.
pub(crate) fn minute_of(at_ms: i64) -> i64 {
    at_ms - at_ms.rem_euclid(60_000)
}

pub(super) fn minute(at_ms: i64, service_key: &str) -> String {
    format!("min#{:013}#{service_key}", at_ms.clamp(0, LATEST_MS))
}

/// Where the SMS of everybody are counted: no person's id is empty.
pub(super) fn everybody_limits() -> String {
    format!("{SEPARATOR}limits")
}

/// Where the alerts of one person are counted.
pub(super) fn person_limits(person: &str) -> String {
    format!("{person}{SEPARATOR}limits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_docket_is_found_again_under_its_keys() {
        let series = Series {
            person: "hanako".into(),
            service_key: "domain:example.com".into(),
            group: Group::Apart,
        };
        for key in [
            DocketKey::Verified(series.clone()),
            DocketKey::Unverified(series),
            DocketKey::Person("hanako".into()),
            DocketKey::Once { person: "hanako".into(), name: "confirm-1f".into() },
        ] {
            assert_eq!(DocketKey::read(&key.partition(), &key.sort()), Some(key));
        }
    }

    #[test]
    fn keys_sort_by_time_and_before_the_docket() {
        assert!(mail(999, "z") < mail(1_000, "a"));
        assert!(mail(LATEST_MS, "~").as_str() < super::super::STATE);
        assert!(minute(LATEST_MS, "~").as_str() < super::super::STATE);
        assert!(mail(-5, "a") < mail(1, "a"));
    }
}
