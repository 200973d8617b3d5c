//! Who is protected, at which thresholds, in which language: `policy.toml`,
//! checked on reading. This room must not know where the file lies, nor AWS,
//! nor the clock. A broken policy is refused with the place and the remedy; no
//! policy at all means one person with the defaults.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::burst::{AlertKind, Rule};
use crate::classify::{Authenticity, Kind, Reader};
use crate::mail::Letter;
use crate::message::{Audience, Language};

pub mod drill;
mod limits;
#[cfg(test)]
mod tests;

use limits::{DEFAULT_LIMITS, DEFAULT_SMS, LimitsFile, SmsFile};
pub use limits::{Limits, SmsBudget};

/// The id of the only person, where no policy names any.
pub const ONLY_PERSON: &str = "me";
/// At most this many bytes of policy are read.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;
/// At most this many people are protected by one policy.
pub const PEOPLE_MAX: usize = 1_000;

/// Why a policy was refused, for whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It is not TOML, or a key is unknown, missing or of the wrong type.
    #[error("the policy cannot be read: {0}")]
    Syntax(String),
    /// A value is out of its range, or two parts contradict each other.
    #[error("{place}: {problem}")]
    Value {
        /// Where, as a TOML key such as `person.hanako.addresses`.
        place: String,
        /// What is wrong and what to do.
        problem: String,
    },
}

impl PolicyError {
    /// What is wrong, without any line of the policy: a line may hold an address.
    pub fn for_a_log(&self) -> String {
        match self {
            Self::Syntax(_) => {
                "it is not a policy; `hansho check-policy` shows the line".to_owned()
            }
            Self::Value { place, .. } => {
                format!("{place} is wrong; `hansho check-policy` shows why")
            }
        }
    }
}

/// A policy that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Everything but sending: alerts are logged instead.
    pub observe_only: bool,
    /// Servers whose `Authentication-Results` are believed in mails from home.
    pub trusted_servers: Vec<String>,
    /// How many SMS a month may cost.
    pub sms: SmsBudget,
    /// How many alerts one person gets at most.
    pub limits: Limits,
    /// The people, in the order of their ids.
    pub people: Vec<Person>,
    /// Mail for addresses that no person lists belongs to the only person.
    takes_all: bool,
}

/// Somebody who is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `[a-z0-9_-]`, at most 32 characters.
    pub id: String,
    /// The addresses at our domain that their mail is forwarded to, lower case.
    pub addresses: Vec<String>,
    /// Their own mailboxes, lower case. A code mail that is addressed to none
    /// of them is not verified, if any is listed.
    pub mailboxes: Vec<String>,
    /// In what language, and with which clock, alerts are written.
    pub audience: Audience,
    /// Whether a text message may be sent at all.
    pub sms: bool,
    /// Which kinds of code mail count together; the others are recorded apart.
    pub counted: Vec<Kind>,
    rules: Rules,
    services: BTreeMap<String, ServiceRules>,
}

/// What holds for one service of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ServiceRules {
    rules: Rules,
    mute_until_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rules {
    hammered: Rule,
    trickle: Rule,
    smokescreen: Rule,
    phishing_flood: Rule,
}

const MINUTE_MS: i64 = 60 * 1000;

/// The thresholds of the design: five of a service in ten minutes, twelve in a
/// day, four services in ten minutes.
const DEFAULT_RULES: Rules = Rules {
    hammered: Rule { threshold: 5, window_ms: 10 * MINUTE_MS },
    trickle: Rule { threshold: 12, window_ms: 24 * 60 * MINUTE_MS },
    smokescreen: Rule { threshold: 4, window_ms: 10 * MINUTE_MS },
    phishing_flood: Rule { threshold: 5, window_ms: 10 * MINUTE_MS },
};

/// By default a sign-up code, which needs nothing but an address, is counted apart.
const DEFAULT_COUNTED: [Kind; 3] = [Kind::Login, Kind::Reset, Kind::Transaction];

impl Policy {
    /// One person who gets every alert, with the defaults.
    pub fn one_person(language: Language) -> Self {
        Self {
            observe_only: false,
            trusted_servers: Vec::new(),
            sms: DEFAULT_SMS,
            limits: DEFAULT_LIMITS,
            people: vec![Person {
                id: ONLY_PERSON.to_owned(),
                addresses: Vec::new(),
                mailboxes: Vec::new(),
                audience: Audience { language, time_zone: "Asia/Tokyo".to_owned() },
                sms: true,
                counted: DEFAULT_COUNTED.to_vec(),
                rules: DEFAULT_RULES,
                services: BTreeMap::new(),
            }],
            takes_all: true,
        }
    }

    /// Reads and checks a `policy.toml`.
    ///
    /// # Errors
    /// [`PolicyError`] says what is wrong, where, and what to do.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        if text.len() > POLICY_BYTES_MAX {
            return Err(value("policy", format!("it is longer than {POLICY_BYTES_MAX} bytes")));
        }
        let file: File =
            toml::from_str(text).map_err(|error| PolicyError::Syntax(error.to_string()))?;
        file.check()
    }

    /// The people that a letter is for, by the envelope.
    ///
    /// `own` says whether the letter's SES block is ours, that is, whether its
    /// SMTP id is the name under which SES stored the mail; then its recipients
    /// decide. Without a recipient there (a mail to several), or without the
    /// block, every address that the policy names counts where a forwarder
    /// would have left it. Nobody means that the mail is for nobody.
    pub fn route(&self, letter: &Letter, own: bool) -> Vec<&Person> {
        if self.takes_all {
            return self.people.iter().collect();
        }
        let envelope = letter
            .ses
            .as_ref()
            .filter(|_| own)
            .map(|ses| ses.recipients.as_slice())
            .unwrap_or_default();
        if !envelope.is_empty() {
            return self.people.iter().filter(|person| person.is_addressed(envelope)).collect();
        }
        let mut named: Vec<String> = Vec::new();
        named.extend(letter.trace.forwarded_to.iter().cloned());
        named.extend(letter.trace.forwarded_for.iter().cloned());
        named.extend(letter.trace.delivered_to.iter().cloned());
        let return_paths =
            letter.ses.iter().map(|ses| &ses.return_path).chain(&letter.trace.return_path);
        named.extend(return_paths.filter_map(|path| forwarded_by_gmail(path)));
        named.extend(letter.to.iter().cloned());
        self.people.iter().filter(|person| person.is_addressed(&named)).collect()
    }

    /// The people that a mail from a mailbox at home is for: by address or by
    /// their own mailbox, or the only person there is.
    pub fn route_home(&self, letter: &Letter) -> Vec<&Person> {
        let by_address = self.route(letter, true);
        if !by_address.is_empty() {
            return by_address;
        }
        let own = |person: &&Person| {
            person.mailboxes.iter().any(|mailbox| {
                letter.trace.delivered_to.contains(mailbox)
                    || letter.to.contains(mailbox)
                    || letter.trace.forwarded_for.contains(mailbox)
            })
        };
        let by_mailbox: Vec<&Person> = self.people.iter().filter(own).collect();
        match (by_mailbox.as_slice(), self.people.as_slice()) {
            ([], [only]) => vec![only],
            _ => by_mailbox,
        }
    }

    /// The person of this id, or who is drilled under it.
    pub fn person(&self, id: &str) -> Option<&Person> {
        let id = drill::whose(id).unwrap_or(id);
        self.people.iter().find(|person| person.id == id)
    }

    /// What the judge of a letter must know of a person.
    pub fn reader<'a>(&'a self, person: Option<&'a Person>) -> Reader<'a> {
        Reader {
            mailboxes: person.map(|person| person.mailboxes.as_slice()).unwrap_or_default(),
            trusted_servers: &self.trusted_servers,
        }
    }

    /// The rule of an alert for a person and a service. Somebody who has left
    /// the policy keeps the defaults, so that what is open can be closed.
    pub fn rule(&self, person: &str, service_key: &str, alert: AlertKind) -> Rule {
        let rules = match self.person(person) {
            Some(person) => {
                person.services.get(service_key).map_or(&person.rules, |service| &service.rules)
            }
            None => &DEFAULT_RULES,
        };
        match alert {
            AlertKind::Trickle => rules.trickle,
            AlertKind::Smokescreen => rules.smokescreen,
            AlertKind::PhishingFlood => rules.phishing_flood,
            AlertKind::Hammered | AlertKind::ForwardConfirmation | AlertKind::Connected => {
                rules.hammered
            }
        }
    }

    /// Whether a service is silenced for a person at that time. Several services
    /// at once (`*`) never are.
    pub fn is_muted(&self, person: &str, service_key: &str, now_ms: i64) -> bool {
        self.person(person)
            .and_then(|person| person.services.get(service_key)?.mute_until_ms)
            .is_some_and(|until_ms| now_ms < until_ms)
    }

    /// The longest window of any rule of a person, in milliseconds.
    pub fn reach_ms(&self, person: &str, service_key: &str) -> i64 {
        [AlertKind::Hammered, AlertKind::Trickle, AlertKind::PhishingFlood]
            .into_iter()
            .map(|alert| self.rule(person, service_key, alert).window_ms)
            .max()
            .unwrap_or_default()
    }
}

impl Person {
    fn is_addressed(&self, named: &[String]) -> bool {
        named.iter().any(|address| {
            self.addresses
                .iter()
                .any(|own| own == address || Some(own.as_str()) == untagged(address).as_deref())
        })
    }
}

/// Whether an authenticity counts as verified. From SES's own block, or from a
/// server that the policy trusts, only `verified` does. A mail from home that no
/// believed server has spoken of is `unknown` and gets the benefit of the doubt.
pub fn counts_as_verified(authenticity: Authenticity, from_home: bool) -> bool {
    match authenticity {
        Authenticity::Verified => true,
        Authenticity::Unknown => from_home,
        Authenticity::Unverified | Authenticity::Failed => false,
    }
}

/// `name+tag@domain` without its tag.
fn untagged(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let (name, _tag) = local.split_once('+')?;
    Some(format!("{name}@{domain}"))
}

/// The address that Gmail forwarded to, from its envelope sender
/// `user+caf_=local=domain@gmail.com`.
fn forwarded_by_gmail(return_path: &str) -> Option<String> {
    let (local, _) = return_path.rsplit_once('@')?;
    let (_, forwarded) = local.split_once("+caf_=")?;
    let (name, domain) = forwarded.rsplit_once('=')?;
    Some(format!("{name}@{domain}"))
}

fn value(place: impl Into<String>, problem: impl Into<String>) -> PolicyError {
    PolicyError::Value { place: place.into(), problem: problem.into() }
}

/// `policy.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    #[serde(default, alias = "observe_only")]
    observe_only: bool,
    #[serde(default, alias = "trusted_servers")]
    trusted_servers: Vec<String>,
    #[serde(default)]
    sms: SmsFile,
    #[serde(default)]
    limits: LimitsFile,
    #[serde(default)]
    alerts: RulesFile,
    #[serde(default)]
    person: BTreeMap<String, PersonFile>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RulesFile {
    hammered: Option<RuleFile>,
    trickle: Option<RuleFile>,
    smokescreen: Option<RuleFile>,
    phishing_flood: Option<RuleFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    count: Option<u32>,
    window: Option<SignedDuration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PersonFile {
    #[serde(default)]
    addresses: Vec<String>,
    #[serde(default)]
    mailboxes: Vec<String>,
    #[serde(default)]
    language: Language,
    #[serde(default = "tokyo", alias = "time_zone")]
    time_zone: String,
    #[serde(default)]
    sms: bool,
    #[serde(default)]
    count: Option<Vec<Kind>>,
    #[serde(default)]
    alerts: RulesFile,
    #[serde(default)]
    service: BTreeMap<String, ServiceFile>,
}

/// `[person.x.service.y]`. A smokescreen is of no single service.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ServiceFile {
    hammered: Option<RuleFile>,
    trickle: Option<RuleFile>,
    phishing_flood: Option<RuleFile>,
    #[serde(rename = "mute_until")]
    mute_until: Option<toml::Value>,
}

fn tokyo() -> String {
    "Asia/Tokyo".to_owned()
}

impl File {
    fn check(self) -> Result<Policy, PolicyError> {
        if self.person.is_empty() {
            return Err(value(
                "person",
                "it names nobody; add a table such as [person.hanako] with her addresses",
            ));
        }
        if self.person.len() > PEOPLE_MAX {
            return Err(value("person", format!("it names more than {PEOPLE_MAX} people")));
        }
        let sms = self.sms.check()?;
        let limits = self.limits.check()?;
        let rules = self.alerts.over(DEFAULT_RULES, "alerts")?;
        let mut owner: BTreeMap<String, String> = BTreeMap::new();
        let mut people = Vec::with_capacity(self.person.len());
        for (id, file) in self.person {
            let person = file.check(&id, rules)?;
            for address in &person.addresses {
                if let Some(other) = owner.insert(address.clone(), id.clone()) {
                    return Err(value(
                        format!("person.{id}.addresses"),
                        format!(
                            "person.{other} has one of these addresses too; an address belongs to one person"
                        ),
                    ));
                }
            }
            people.push(person);
        }
        // One person who lists no address is the policy of somebody who has
        // only set a language or a threshold.
        let takes_all = matches!(people.as_slice(), [only] if only.addresses.is_empty());
        if let Some(person) =
            people.iter().find(|person| person.addresses.is_empty()).filter(|_| !takes_all)
        {
            return Err(value(
                format!("person.{}.addresses", person.id),
                "it is empty; of several people each needs the address that their mail is forwarded to",
            ));
        }
        Ok(Policy {
            observe_only: self.observe_only,
            trusted_servers: self
                .trusted_servers
                .iter()
                .map(|server| server.to_lowercase())
                .collect(),
            sms,
            limits,
            people,
            takes_all,
        })
    }
}

impl PersonFile {
    fn check(self, id: &str, defaults: Rules) -> Result<Person, PolicyError> {
        let place = |key: &str| format!("person.{id}.{key}");
        let plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
        };
        if id.is_empty() || id.len() > 32 || !id.bytes().all(plain) {
            return Err(value(
                format!("person.{id:?}"),
                "an id has 1 to 32 characters of a-z, 0-9, - and _; it is used as a key, not shown as a name",
            ));
        }
        if TimeZone::get(&self.time_zone).is_err() {
            return Err(value(
                place("time_zone"),
                "it is not the name of a time zone; write one such as Asia/Tokyo",
            ));
        }
        let rules = self.alerts.over(defaults, &place("alerts"))?;
        let mut services = BTreeMap::new();
        for (key, file) in self.service {
            let known = crate::services::by_id(&key).is_some();
            if !known && !key.starts_with("domain:") {
                return Err(value(
                    place(&format!("service.{key}")),
                    "no service has this id; `hansho services` lists them, and domain:example.com is any other",
                ));
            }
            let changed = file.over(rules, &place(&format!("service.{key}")))?;
            services.insert(key, changed);
        }
        Ok(Person {
            id: id.to_owned(),
            addresses: addresses(self.addresses, &place("addresses"))?,
            mailboxes: addresses(self.mailboxes, &place("mailboxes"))?,
            audience: Audience { language: self.language, time_zone: self.time_zone },
            sms: self.sms,
            counted: self.count.unwrap_or_else(|| DEFAULT_COUNTED.to_vec()),
            rules,
            services,
        })
    }
}

fn addresses(written: Vec<String>, place: &str) -> Result<Vec<String>, PolicyError> {
    written
        .into_iter()
        .map(|address| {
            let lower = address.trim().to_lowercase();
            match lower.split_once('@') {
                Some((local, domain))
                    if !local.is_empty()
                        && domain.contains('.')
                        && !domain.contains('@')
                        && !lower.contains(|c: char| {
                            c.is_whitespace() || c.is_control() || "<>,;".contains(c)
                        }) =>
                {
                    Ok(lower)
                }
                _ => Err(value(
                    place,
                    format!("{address:?} is not an address; write it as name@example.com"),
                )),
            }
        })
        .collect()
}

impl ServiceFile {
    fn over(self, rules: Rules, place: &str) -> Result<ServiceRules, PolicyError> {
        let mute_until_ms = self.mute_until.map(|until| {
            // As TOML's own type or as text: both are written by hand.
            let text = match until {
                toml::Value::Datetime(until) => until.to_string(),
                toml::Value::String(until) => until,
                _ => String::new(),
            };
            text.parse().map(Timestamp::as_millisecond).map_err(|_| {
                value(
                    format!("{place}.mute_until"),
                    "it must be a moment with its offset; write one such as 2026-12-01T00:00:00+09:00",
                )
            })
        });
        let file = RulesFile {
            hammered: self.hammered,
            trickle: self.trickle,
            phishing_flood: self.phishing_flood,
            smokescreen: None,
        };
        Ok(ServiceRules {
            rules: file.over(rules, place)?,
            mute_until_ms: mute_until_ms.transpose()?,
        })
    }
}

impl RulesFile {
    fn over(self, rules: Rules, place: &str) -> Result<Rules, PolicyError> {
        let merge = |file: Option<RuleFile>, rule: Rule, name: &str| match file {
            Some(file) => file.over(rule, &format!("{place}.{name}")),
            None => Ok(rule),
        };
        Ok(Rules {
            hammered: merge(self.hammered, rules.hammered, "hammered")?,
            trickle: merge(self.trickle, rules.trickle, "trickle")?,
            smokescreen: merge(self.smokescreen, rules.smokescreen, "smokescreen")?,
            phishing_flood: merge(self.phishing_flood, rules.phishing_flood, "phishing-flood")?,
        })
    }
}

impl RuleFile {
    fn over(self, rule: Rule, place: &str) -> Result<Rule, PolicyError> {
        let threshold = self.count.unwrap_or(rule.threshold);
        if !(1..=200).contains(&threshold) {
            return Err(value(format!("{place}.count"), "it must be between 1 and 200"));
        }
        let window_ms = match self.window {
            Some(window) => i64::try_from(window.as_millis()).unwrap_or(i64::MAX),
            None => rule.window_ms,
        };
        if !(MINUTE_MS..=48 * 60 * MINUTE_MS).contains(&window_ms) {
            return Err(value(format!("{place}.window"), "it must be between 1m and 48h"));
        }
        Ok(Rule { threshold, window_ms })
    }
}
