//! What an alert is about: the service behind a key, by its names, and what a
//! code of it implies. The one place of this room that asks `services`.

use serde::Serialize;

use super::{Facts, Language, plain};
use crate::classify::{Implies, Kind};
use crate::services::{self, Category};

/// A domain longer than this has no short name but a generic one: a cut domain
/// would be another domain.
const MAX_SHORT_CHARS: usize = 30;

/// A word in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Names {
    /// In Japanese.
    pub(super) ja: String,
    /// In English.
    pub(super) en: String,
}

impl Names {
    fn both(name: &str) -> Names {
        Names { ja: name.to_owned(), en: name.to_owned() }
    }

    fn new(ja: &str, en: &str) -> Names {
        Names { ja: ja.to_owned(), en: en.to_owned() }
    }

    /// The word in that language.
    pub(super) fn get(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
        }
    }
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// A service of which there is a file, with its id.
    Known(String),
    /// A domain of which nothing is known.
    Domain(String),
    /// Several services at once.
    Several,
    /// A sender without a usable domain.
    Nameless,
}

/// Whom an alert is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    /// What is known of the key.
    pub(super) subject: Subject,
    /// The full name.
    pub(super) name: Names,
    /// A name for narrow places.
    pub(super) short: Names,
    /// The category of a known service, as the playbooks spell it.
    pub(super) category: Option<&'static str>,
    /// What a code of this service and kind implies.
    pub(super) implies: Implies,
}

impl About {
    /// The id of a known service.
    pub(super) fn service(&self) -> Option<&str> {
        match &self.subject {
            Subject::Known(id) => Some(id),
            _ => None,
        }
    }

    /// The name as an e-mail says it: a domain so that it cannot be tapped.
    pub(super) fn spoken(&self, language: Language) -> String {
        match &self.subject {
            Subject::Domain(domain) => plain::untappable(domain),
            _ => self.name.get(language).to_owned(),
        }
    }
}

/// Whom these facts are about.
pub(super) fn subject_of(facts: &Facts) -> About {
    subject_of_key(&facts.service_key, facts.kind)
}

/// Whom a key is about.
pub(super) fn subject_of_key(key: &str, kind: Kind) -> About {
    if let Some(known) = known(key, kind) {
        return known;
    }
    let nameless = Names::new("名前の分からないサービス", "an unnamed service");
    let (subject, name) = match key.strip_prefix("domain:").and_then(plain::domain) {
        Some(domain) => (Subject::Domain(domain.to_owned()), Names::both(domain)),
        None if key == "*" => (Subject::Several, Names::new("複数のサービス", "several services")),
        None => (Subject::Nameless, nameless.clone()),
    };
    let short = if name.en.len() <= MAX_SHORT_CHARS { name.clone() } else { nameless };
    // Of a service that no file knows, nothing is known of its codes either.
    About { subject, short, name, category: None, implies: Implies::Unknown }
}

fn known(key: &str, kind: Kind) -> Option<About> {
    let service = services::by_id(key)?;
    Some(About {
        subject: Subject::Known(service.id.clone()),
        name: Names::new(&service.name.ja, &service.name.en),
        short: Names::new(service.short_ja(), service.short_en()),
        category: Some(playbook_of(service.category)),
        implies: service.implies(kind),
    })
}

/// How the playbooks spell a category.
fn playbook_of(category: Category) -> &'static str {
    match category {
        Category::Broker => "broker",
        Category::Bank => "bank",
        Category::Payment => "payment",
        Category::Card => "card",
        Category::Crypto => "crypto",
        Category::Shop => "shop",
        Category::Mail => "mail",
        Category::Social => "social",
        Category::Game => "game",
        Category::Government => "government",
        Category::Telecom => "telecom",
        Category::Travel => "travel",
        Category::Media => "media",
        Category::Work => "work",
        Category::Utility => "utility",
    }
}
