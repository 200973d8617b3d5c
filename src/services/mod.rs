//! What is known of each service, as data: who sends its code mails, how they
//! look, what a code of each kind implies, what the service is called. One TOML
//! file a service, read once. This room must not know how a mail is judged
//! (`classify`) nor how an alert reads (`message`).

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::classify::{Implies, Kind};

#[cfg(test)]
mod tests;

include!(concat!(env!("OUT_DIR"), "/service_files.rs"));

/// One service, as its file tells it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The stem of its file: `[a-z0-9-]`.
    pub id: String,
    /// What kind of business it is.
    pub category: Category,
    /// The day on which its facts were last looked at, `YYYY-MM-DD`.
    pub checked: String,
    /// What was confirmed and what was not, in words.
    pub note: String,
    /// How people call it.
    pub name: Names,
    /// Who sends its mails.
    pub senders: Senders,
    /// What it is called where the sender does not say it.
    pub brands: Brands,
    /// What a code of each kind implies.
    pub implies: ImpliesByKind,
    /// Ways its code mails look.
    #[serde(default, rename = "sign")]
    pub signs: Vec<Sign>,
    /// Mails of its that look like code mails and are none.
    #[serde(default, rename = "refuse")]
    pub refusals: Vec<Refusal>,
    /// Mails that a test runs.
    #[serde(default, rename = "sample")]
    pub samples: Vec<Sample>,
}

/// What kind of business a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Securities and funds.
    Broker,
    /// Deposits and transfers.
    Bank,
    /// Wallets and payment services.
    Payment,
    /// Credit and debit cards.
    Card,
    /// Exchanges and wallets of crypto assets.
    Crypto,
    /// Selling to consumers.
    Shop,
    /// E-mail and the accounts around it.
    Mail,
    /// Talking to others.
    Social,
    /// Games.
    Game,
    /// The state, a town, an authority.
    Government,
    /// Telephone and internet lines.
    Telecom,
    /// Journeys and rooms.
    Travel,
    /// Video, music, reading.
    Media,
    /// Tools one works with.
    Work,
    /// Electricity, gas, water.
    Utility,
}

/// What a service is called.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
    /// At most 12 characters, for an SMS.
    pub short_ja: Option<String>,
    /// At most 20 characters of GSM-7, for an SMS.
    pub short_en: Option<String>,
}

/// Who sends a service's mails.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Senders {
    /// A `From` of one of these or below it is the service's.
    pub domains: Vec<String>,
    /// Exact senders of code mails, where known.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Whether a source names the sender.
    pub confirmed: bool,
    /// Who says so.
    pub source: String,
}

/// Names by which a mail says that it is of this service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brands {
    /// As they are written.
    pub words: Vec<String>,
}

/// What has to be known by whoever makes a service send a code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImpliesByKind {
    /// Of a login.
    #[serde(default = "unknown")]
    pub login: Implies,
    /// Of a new account.
    #[serde(default = "unknown")]
    pub signup: Implies,
    /// Of a new password.
    #[serde(default = "unknown")]
    pub reset: Implies,
    /// Of a payment or an order.
    #[serde(default = "unknown")]
    pub transaction: Implies,
    /// Who says so.
    pub source: String,
}

fn unknown() -> Implies {
    Implies::Unknown
}

/// One way a service's code mails look. Both lists must have a match, where they
/// are not empty.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// What such a mail asks to prove.
    pub kind: Kind,
    /// One of these stands in the subject.
    #[serde(default)]
    pub subject_any: Vec<String>,
    /// One of these stands in the text.
    #[serde(default)]
    pub body_any: Vec<String>,
    /// It counts although it holds a link instead of a code.
    #[serde(default)]
    pub url_only: bool,
    /// Who says so.
    pub source: String,
}

/// A mail that looks like a code mail of the service and is none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// One of these stands in the subject.
    #[serde(default)]
    pub subject_any: Vec<String>,
    /// One of these stands in the text.
    #[serde(default)]
    pub body_any: Vec<String>,
    /// Who says so, where it is a fact of its own.
    #[serde(default)]
    pub source: Option<String>,
}

/// A mail that a test runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// What it must be taken for.
    pub expect: Expectation,
    /// What it asks to prove; of code mails.
    pub kind: Option<Kind>,
    /// `Name <address>`.
    pub from: String,
    /// As it is read.
    pub subject: String,
    /// As it is read.
    pub text: String,
}

/// What a sample must be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// A code mail.
    Code,
    /// Anything else.
    Other,
}

impl Service {
    /// What a code of this kind implies.
    pub fn implies(&self, kind: Kind) -> Implies {
        match kind {
            Kind::Login => self.implies.login,
            Kind::Signup => self.implies.signup,
            Kind::Reset => self.implies.reset,
            Kind::Transaction => self.implies.transaction,
        }
    }

    /// The Japanese name for an SMS.
    pub fn short_ja(&self) -> &str {
        self.name.short_ja.as_deref().unwrap_or(&self.name.ja)
    }

    /// The English name for an SMS.
    pub fn short_en(&self) -> &str {
        self.name.short_en.as_deref().unwrap_or(&self.name.en)
    }

    /// A sender at this domain is the service's: the domain or a parent of it is listed.
    pub fn sends_from(&self, domain: &str) -> bool {
        self.senders.domains.iter().any(|listed| is_at_or_below(domain, listed))
    }
}

/// Every service whose file could be read, by id.
pub fn all() -> &'static [Service] {
    &REGISTER.services
}

/// The service with this id.
pub fn by_id(id: &str) -> Option<&'static Service> {
    all().binary_search_by(|service| service.id.as_str().cmp(id)).ok().and_then(|at| all().get(at))
}

/// The service of a sender's domain (lower case): the domain or a parent of it
/// is listed. The longest listed domain wins.
pub fn by_domain(domain: &str) -> Option<&'static Service> {
    let mut rest = domain.trim_end_matches('.');
    loop {
        if let Some(at) = REGISTER.domains.get(rest) {
            return all().get(*at);
        }
        (_, rest) = rest.split_once('.')?;
    }
}

/// Whether a domain is another one or lies below it.
fn is_at_or_below(domain: &str, listed: &str) -> bool {
    domain.strip_suffix(listed).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

struct Register {
    services: Vec<Service>,
    /// Listed domain to index; owned, so that the register is one value.
    domains: HashMap<String, usize>,
}

static REGISTER: LazyLock<Register> = LazyLock::new(|| {
    // A file that cannot be read is left out here and named by a test: a wrong
    // word in one file must not stop the bell for all the others.
    let mut services: Vec<Service> =
        SERVICE_FILES.iter().filter_map(|(stem, text)| read(stem, text).ok()).collect();
    services.sort_by(|a, b| a.id.cmp(&b.id));
    let mut domains = HashMap::new();
    for (at, service) in services.iter().enumerate() {
        for domain in &service.senders.domains {
            domains.entry(domain.to_ascii_lowercase()).or_insert(at);
        }
    }
    Register { services, domains }
});

fn read(stem: &str, text: &str) -> Result<Service, String> {
    let service: Service = toml::from_str(text).map_err(|error| error.to_string())?;
    if service.id == stem { Ok(service) } else { Err("id and file name differ".to_owned()) }
}
