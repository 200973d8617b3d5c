//! Which service a letter is of, and what it is counted under. Only the domain
//! of the From makes a letter a service's own; a brand over another address says
//! whom the mail claims to be from. This room must not judge whether it is real.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::mail::{Letter, Mailbox};
use crate::services::{self, Service};

use super::Reader;
use super::fold::fold;
use super::page::fold_shown;

/// At most this many bytes of the text are searched for a brand, where the From
/// was rewritten.
const HEAD_BYTES: usize = 1024;

/// Whose mail a letter is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sender {
    /// The domain of the From is listed in the service's file.
    Known(&'static Service),
    /// The From is the reader's own, rewritten by a forwarder; subject or text name the service.
    Rewritten(Option<&'static Service>),
    /// The From is foreign, and the display name or the subject name a service.
    Claimed(&'static Service),
    /// No file knows it.
    Unknown,
}

impl Sender {
    /// Whose mail it is.
    pub(super) fn of(letter: &Letter, reader: &Reader<'_>) -> Self {
        let Some(from) = letter.from.first() else { return Self::Unknown };
        if is_own(&from.address, reader) {
            let head = letter.text.get(..floor(&letter.text, HEAD_BYTES)).unwrap_or_default();
            return Self::Rewritten(
                named_in(&letter.subject)
                    .or_else(|| named_by(&from.name))
                    .or_else(|| named_in(head)),
            );
        }
        if let Some(service) = from.domain().and_then(services::by_domain) {
            return Self::Known(service);
        }
        named_by(&from.name)
            .or_else(|| named_in(&letter.subject))
            .map_or(Self::Unknown, Self::Claimed)
    }

    /// The service, if a file knows it.
    pub(super) fn service(self) -> Option<&'static Service> {
        match self {
            Self::Known(service) | Self::Claimed(service) => Some(service),
            Self::Rewritten(service) => service,
            Self::Unknown => None,
        }
    }
}

/// What the sightings of a letter are counted under.
pub(super) fn key(letter: &Letter, sender: Sender) -> String {
    if let Some(service) = sender.service() {
        return service.id.clone();
    }
    // A rewritten From says only where the reader has a mailbox; links of one
    // domain say more.
    let linked = match sender {
        Sender::Rewritten(_) => only_linked_domain(&letter.links),
        _ => None,
    };
    let domain =
        linked.or_else(|| letter.from.first().and_then(Mailbox::domain).map(str::to_owned));
    domain
        .as_deref()
        .and_then(registrable)
        .map_or_else(|| "domain:invalid".to_owned(), |domain| format!("domain:{domain}"))
}

/// The registrable domain of a domain, or the domain itself where no rule knows
/// more. `None` if it is not made of `[a-z0-9.-]` or is too long.
pub(super) fn registrable(domain: &str) -> Option<&str> {
    let domain = domain.trim_end_matches('.');
    let sound = !domain.is_empty()
        && domain.len() <= 253
        && domain
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
        && domain.split('.').all(|label| !label.is_empty());
    if !sound {
        return None;
    }
    Some(psl::domain_str(domain).unwrap_or(domain))
}

/// Whether an address is one of the reader's, tags and Gmail's dots aside.
pub(super) fn is_own(address: &str, reader: &Reader<'_>) -> bool {
    !address.is_empty()
        && reader.mailboxes.iter().any(|own| own == address || plain(own) == plain(address))
}

fn plain(address: &str) -> Option<(String, &str)> {
    let (local, domain) = address.rsplit_once('@')?;
    let local = local.split('+').next().unwrap_or(local);
    match domain {
        "gmail.com" | "googlemail.com" => Some((local.replace('.', ""), "gmail.com")),
        _ => Some((local.to_owned(), domain)),
    }
}

fn only_linked_domain(links: &[String]) -> Option<String> {
    let mut found: Option<String> = None;
    for link in links {
        let Some(domain) = host(link).and_then(|host| registrable(&host).map(str::to_owned)) else {
            continue;
        };
        match &found {
            Some(other) if *other != domain => return None,
            _ => found = Some(domain),
        }
    }
    found
}

/// The host of a web link, lower case.
pub(super) fn host(link: &str) -> Option<String> {
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"))?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    // What stands before an @ is a user name that only looks like a host.
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

fn floor(text: &str, bytes: usize) -> usize {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// The service whose brand a subject or a text holds; the longest brand wins.
fn named_in(text: &str) -> Option<&'static Service> {
    if text.is_empty() {
        return None;
    }
    let shown = fold_shown(text);
    longest(&BRANDS.shown, &shown, |brand| {
        // Short names are words of other meanings, too.
        let least = if brand.shown.is_ascii() { 4 } else { 3 };
        brand.shown.chars().count() >= least && holds(&shown, &brand.shown)
    })
}

/// The service that a display name claims to be.
fn named_by(name: &str) -> Option<&'static Service> {
    if name.is_empty() {
        return None;
    }
    let (shown, folded) = (fold_shown(name), fold(name));
    longest(&BRANDS.folded, &folded, |brand| {
        if brand.shown.is_ascii() {
            // "Apple Farm" is not Apple: a Latin brand is the whole name but for words of office.
            let rest = folded.replacen(&brand.folded, "", 1);
            holds(&folded, &brand.folded)
                && rest.split(|c: char| !c.is_alphanumeric()).all(is_office)
        } else {
            brand.shown.chars().count() >= 3 && holds(&shown, &brand.shown)
        }
    })
}

fn is_office(word: &str) -> bool {
    const WORDS: [&str; 30] = [
        "",
        "account",
        "accounts",
        "security",
        "support",
        "team",
        "no",
        "reply",
        "noreply",
        "service",
        "services",
        "customer",
        "care",
        "info",
        "id",
        "inc",
        "ltd",
        "co",
        "com",
        "the",
        "notice",
        "notification",
        "notifications",
        "login",
        "verification",
        "verify",
        "mail",
        "alert",
        "alerts",
        "jp",
    ];
    WORDS.contains(&word) || !word.is_ascii()
}

/// One name of a service, folded as texts are.
struct Brand {
    shown: String,
    folded: String,
    service: &'static Service,
}

/// The names of all services, so that one pass over a text finds those it holds.
struct Brands {
    all: Vec<Brand>,
    shown: Option<AhoCorasick>,
    folded: Option<AhoCorasick>,
}

static BRANDS: LazyLock<Brands> = LazyLock::new(|| {
    let all: Vec<Brand> = services::all()
        .iter()
        .flat_map(|service| service.brands.words.iter().map(move |word| (service, word)))
        .map(|(service, word)| Brand { shown: fold_shown(word), folded: fold(word), service })
        .filter(|brand| !brand.shown.is_empty())
        .collect();
    let automaton = |words: Vec<&str>| {
        AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(words).ok()
    };
    Brands {
        shown: automaton(all.iter().map(|brand| brand.shown.as_str()).collect()),
        folded: automaton(all.iter().map(|brand| brand.folded.as_str()).collect()),
        all,
    }
});

/// The service of the longest brand in a text that also `fits`; of equally
/// long ones that of the first file.
fn longest(
    automaton: &Option<AhoCorasick>,
    text: &str,
    fits: impl Fn(&Brand) -> bool,
) -> Option<&'static Service> {
    let found = automaton.as_ref()?.try_find_overlapping_iter(text).ok()?;
    let mut best: Option<(usize, usize)> = None;
    for place in found.map(|found| found.pattern().as_usize()) {
        let Some(brand) = BRANDS.all.get(place) else { continue };
        let longer = best.is_none_or(|(length, first)| {
            brand.shown.len() > length || brand.shown.len() == length && place < first
        });
        if longer && fits(brand) {
            best = Some((brand.shown.len(), place));
        }
    }
    best.and_then(|(_, place)| BRANDS.all.get(place)).map(|brand| brand.service)
}

/// Whether a text holds a word that is no part of a longer Latin word.
fn holds(text: &str, word: &str) -> bool {
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let letter = |c: char| c.is_ascii_alphanumeric();
            let inner_left = word.starts_with(letter)
                && text.get(..at).is_some_and(|before| before.ends_with(letter));
            let inner_right = word.ends_with(letter)
                && text.get(at + word.len()..).is_some_and(|after| after.starts_with(letter));
            !inner_left && !inner_right
        })
}
