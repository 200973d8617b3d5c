//! The phrases of all languages as one automaton, and where they stand on a
//! page. The phrases themselves are data (`languages/*.toml`); this room must
//! not know what any combination of them means.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use serde::Deserialize;

use super::Kind;
use super::page::{Page, fold};

include!(concat!(env!("OUT_DIR"), "/language_files.rs"));

/// At most this many hits are kept of one page.
const MAX_HITS: usize = 512;

/// What a phrase says about the mail that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Names a login code and nothing else: "verification code".
    Code,
    /// Names one, or in another trade something else: "confirmation code".
    SharedCode,
    /// May name one: "code", "PIN".
    WeakCode,
    /// Names words that are a code: "these three words".
    Words,
    /// A verb that a code may follow: "enter", "use".
    Enter,
    /// Asks to type a code in.
    Ask,
    /// Says how long something is valid.
    Validity,
    /// Says not to share a code.
    Secret,
    /// Says what to do if one did not ask for it.
    NotYou,
    /// What a code is for.
    For(Kind),
    /// Names one of several pictures.
    Picture,
    /// Names pictures in general: "images", "emoji".
    Depiction,
    /// A verb that picks something: "choose", "tap".
    Choose,
    /// Stands after a number that is an amount, a length or a time.
    Unit,
    /// Names a number or a word that is no login code: "order number".
    Label(Family),
    /// What a mail is about when it is about no login code.
    Topic(Family),
}

/// What a mail may be about instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Family {
    /// Coupons, vouchers, gift cards, points.
    Coupon,
    /// Orders and customer numbers.
    Order,
    /// Parcels, their numbers and the codes to hand them over.
    Parcel,
    /// Invoices and receipts.
    Invoice,
    /// Journeys, tables, appointments.
    Booking,
    /// Meetings and calls.
    Meeting,
    /// Doors, gates, lockers, wireless networks.
    Door,
    /// Post codes and addresses.
    Postal,
    /// Taxes and authorities.
    Tax,
    /// Licences and product keys.
    License,
    /// Invitations of friends.
    Referral,
    /// Any other number: phone, account, case, reference.
    Number,
    /// News, offers, surveys.
    Campaign,
    /// An offer to switch two-step verification on.
    Enrolment,
    /// A warning of phishing.
    PhishingWarning,
    /// A notice that something happened.
    Notice,
    /// A link to set a new password.
    ResetLink,
    /// A link that confirms an address.
    ConfirmLink,
    /// A link that logs in.
    MagicLink,
    /// Programs and their making.
    Engineering,
    /// Mail that could not be delivered.
    Bounce,
}

impl Family {
    /// Whether this trade has codes of its own that look like login codes.
    pub(super) fn is_rival(self) -> bool {
        matches!(
            self,
            Self::Coupon
                | Self::Order
                | Self::Parcel
                | Self::Invoice
                | Self::Booking
                | Self::Meeting
                | Self::Door
                | Self::Tax
                | Self::License
                | Self::Referral
        )
    }

    /// The name in `explain`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Coupon => "coupon",
            Self::Order => "order",
            Self::Parcel => "parcel",
            Self::Invoice => "invoice",
            Self::Booking => "booking",
            Self::Meeting => "meeting",
            Self::Door => "door",
            Self::Postal => "postal",
            Self::Tax => "tax",
            Self::License => "license",
            Self::Referral => "referral",
            Self::Number => "number",
            Self::Campaign => "campaign",
            Self::Enrolment => "enrolment",
            Self::PhishingWarning => "phishing-warning",
            Self::Notice => "notice",
            Self::ResetLink => "reset-link",
            Self::ConfirmLink => "confirm-link",
            Self::MagicLink => "magic-link",
            Self::Engineering => "engineering",
            Self::Bounce => "bounce",
        }
    }
}

/// A phrase on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// What it says.
    pub(super) role: Role,
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Offset after its last byte.
    pub(super) end: usize,
    /// Which phrase it is.
    phrase: usize,
}

impl Hit {
    /// The phrase as the data has it, with its language; never text of the mail.
    pub(super) fn because(&self) -> String {
        BOOK.phrases
            .get(self.phrase)
            .map(|phrase| format!("“{}” ({})", phrase.text, phrase.language))
            .unwrap_or_default()
    }

    /// Whether it may name a token: as a login code or as something else.
    pub(super) fn is_noun(&self) -> bool {
        matches!(
            self.role,
            Role::Code | Role::SharedCode | Role::WeakCode | Role::Picture | Role::Label(_)
        )
    }
}

/// Every phrase on a page that is of a language the page is written in, by where
/// it ends. A noun inside a longer noun ("code" in "coupon code") is left out.
pub(super) fn find(page: &Page) -> Vec<Hit> {
    let mut found: Vec<Hit> = Vec::new();
    let Some(automaton) = &BOOK.automaton else { return found };
    let Ok(matches) = automaton.try_find_overlapping_iter(page.folded.as_str()) else {
        return found;
    };
    for span in matches {
        let Some(phrase) = BOOK.phrases.get(span.pattern().as_usize()) else { continue };
        if !phrase.stands_alone(&page.folded, span.start(), span.end()) {
            continue;
        }
        let phrase_index = span.pattern().as_usize();
        found.push(Hit {
            role: phrase.role,
            start: span.start(),
            end: span.end(),
            phrase: phrase_index,
        });
        if found.len() >= MAX_HITS {
            break;
        }
    }
    let spoken = spoken(&found);
    let mut hits: Vec<Hit> = Vec::with_capacity(found.len());
    for hit in found {
        let languages = BOOK.phrases.get(hit.phrase).map_or(0, |phrase| phrase.languages);
        // English names of codes stand in mails of all languages.
        let borrowed = matches!(hit.role, Role::Code | Role::SharedCode | Role::WeakCode);
        let heard = languages & spoken != 0 || borrowed && languages & BOOK.english != 0;
        if !heard || hit.is_noun() && swallowed(&mut hits, &hit) {
            continue;
        }
        hits.push(hit);
    }
    hits
}

/// The languages that a page seems to be written in: those that explain the most
/// of it, so that a short word of another language says nothing.
fn spoken(hits: &[Hit]) -> u32 {
    let mut explained = [0usize; 32];
    for hit in hits {
        let languages = BOOK.phrases.get(hit.phrase).map_or(0, |phrase| phrase.languages);
        for (bit, sum) in explained.iter_mut().enumerate() {
            if languages & (1 << bit) != 0 {
                *sum += hit.end - hit.start;
            }
        }
    }
    let most = explained.iter().copied().max().unwrap_or(0);
    explained
        .iter()
        .enumerate()
        .filter(|(_, sum)| **sum > 0 && **sum * 2 >= most)
        .fold(0, |mask, (bit, _)| mask | 1 << bit)
}

/// Whether a hit lies inside an earlier noun; earlier nouns inside it are dropped.
fn swallowed(hits: &mut Vec<Hit>, hit: &Hit) -> bool {
    // Hits come by their ends, so whatever could lie inside is near the end of the list.
    let nearby = hits.len().saturating_sub(24);
    let Some(recent) = hits.get(nearby..) else { return false };
    if recent
        .iter()
        .any(|other| other.is_noun() && other.start <= hit.start && other.end >= hit.end)
    {
        return true;
    }
    if recent.iter().any(|other| other.is_noun() && other.start >= hit.start) {
        let mut at = 0;
        hits.retain(|other| {
            at += 1;
            at <= nearby || !(other.is_noun() && other.start >= hit.start)
        });
    }
    false
}

struct Phrase {
    text: String,
    /// The first language that has it.
    language: &'static str,
    /// Every language that has it, by the place of its file.
    languages: u32,
    role: Role,
    /// What stands before it must be no letter.
    bound_left: bool,
    /// What stands after it must be no letter.
    bound_right: bool,
}

impl Phrase {
    fn stands_alone(&self, text: &str, start: usize, end: usize) -> bool {
        let spaced = |c: char| c.is_alphabetic() && is_spaced(c);
        let left = || text.get(..start).and_then(|before| before.chars().next_back());
        let after = text.get(end..).unwrap_or_default();
        let right = || after.chars().next();
        // "your booking.com account" speaks of no booking.
        if [".com", ".net", ".org", ".jp"].iter().any(|end| after.starts_with(end)) {
            return false;
        }
        !(self.bound_left && left().is_some_and(|c| spaced(c) || c.is_ascii_digit())
            || self.bound_right && right().is_some_and(spaced))
    }
}

/// Whether a letter is of a script in which spaces part the words.
fn is_spaced(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '\u{c0}'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}')
}

struct Book {
    phrases: Vec<Phrase>,
    english: u32,
    automaton: Option<AhoCorasick>,
}

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    let mut phrases: Vec<Phrase> = Vec::new();
    let mut known: HashMap<(String, Role), usize> = HashMap::new();
    let mut english = 0;
    for (place, (language, text)) in LANGUAGE_FILES.iter().enumerate().take(32) {
        // A file that cannot be read is named by a test and left out here.
        let Ok(file) = toml::from_str::<LanguageFile>(text) else { continue };
        let bit = 1 << place;
        if *language == "en" {
            english = bit;
        }
        file.each(&mut |role, written| {
            for text in expand(written) {
                let open = text.ends_with('*');
                let folded = fold(text.trim_end_matches('*'));
                if folded.is_empty() {
                    continue;
                }
                if let Some(phrase) =
                    known.get(&(folded.clone(), role)).and_then(|at| phrases.get_mut(*at))
                {
                    phrase.languages |= bit;
                    phrase.bound_right &= !open;
                    continue;
                }
                known.insert((folded.clone(), role), phrases.len());
                phrases.push(Phrase {
                    bound_left: folded.chars().next().is_some_and(is_spaced),
                    bound_right: !open && folded.chars().next_back().is_some_and(is_spaced),
                    text: folded,
                    language,
                    languages: bit,
                    role,
                });
            }
        });
    }
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(phrases.iter().map(|phrase| phrase.text.as_str()))
        .ok();
    Book { phrases, english, automaton }
});

/// One language's phrases. In a phrase `(a|b|)` stands for each of its
/// alternatives, and a `*` at the end for any further letters.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct LanguageFile {
    code: Vec<String>,
    shared_code: Vec<String>,
    words: Vec<String>,
    enter: Vec<String>,
    weak_code: Vec<String>,
    ask: Vec<String>,
    validity: Vec<String>,
    secret: Vec<String>,
    not_you: Vec<String>,
    login: Vec<String>,
    signup: Vec<String>,
    reset: Vec<String>,
    transaction: Vec<String>,
    picture: Vec<String>,
    depiction: Vec<String>,
    choose: Vec<String>,
    unit: Vec<String>,
    label: HashMap<Family, Vec<String>>,
    topic: HashMap<Family, Vec<String>>,
}

impl LanguageFile {
    fn each(&self, take: &mut impl FnMut(Role, &str)) {
        let plain = [
            (Role::Code, &self.code),
            (Role::SharedCode, &self.shared_code),
            (Role::WeakCode, &self.weak_code),
            (Role::Words, &self.words),
            (Role::Enter, &self.enter),
            (Role::Ask, &self.ask),
            (Role::Validity, &self.validity),
            (Role::Secret, &self.secret),
            (Role::NotYou, &self.not_you),
            (Role::For(Kind::Login), &self.login),
            (Role::For(Kind::Signup), &self.signup),
            (Role::For(Kind::Reset), &self.reset),
            (Role::For(Kind::Transaction), &self.transaction),
            (Role::Picture, &self.picture),
            (Role::Depiction, &self.depiction),
            (Role::Choose, &self.choose),
            (Role::Unit, &self.unit),
        ];
        for (role, phrases) in plain {
            phrases.iter().for_each(|phrase| take(role, phrase));
        }
        let mut labels: Vec<_> = self.label.iter().collect();
        labels.sort_by_key(|(family, _)| **family);
        for (family, phrases) in labels {
            phrases.iter().for_each(|phrase| take(Role::Label(*family), phrase));
        }
        let mut topics: Vec<_> = self.topic.iter().collect();
        topics.sort_by_key(|(family, _)| **family);
        for (family, phrases) in topics {
            phrases.iter().for_each(|phrase| take(Role::Topic(*family), phrase));
        }
    }
}

/// Writes out the alternatives of a phrase: `cod(e|es)` to `code` and `codes`.
/// Alternatives may hold alternatives.
fn expand(phrase: &str) -> Vec<String> {
    let Some(open) = phrase.find('(') else { return vec![phrase.to_owned()] };
    let mut depth = 0usize;
    let mut cuts = vec![open];
    let mut close = None;
    for (at, mark) in phrase.char_indices().skip_while(|(at, _)| *at < open) {
        match mark {
            '(' => depth += 1,
            ')' if depth == 1 => {
                close = Some(at);
                break;
            }
            ')' => depth -= 1,
            '|' if depth == 1 => cuts.push(at),
            _ => {}
        }
    }
    let Some(close) = close else { return vec![phrase.to_owned()] };
    let ends = cuts.iter().skip(1).copied().chain([close]);
    let part = |range: std::ops::Range<usize>| phrase.get(range).unwrap_or_default();
    let tails = expand(part(close + 1..phrase.len()));
    cuts.iter()
        .zip(ends)
        .flat_map(|(start, end)| expand(part(start + 1..end)))
        .flat_map(|choice| tails.iter().map(move |tail| format!("{choice}{tail}")))
        .map(|rest| format!("{}{rest}", part(0..open)))
        .collect()
}

#[cfg(test)]
mod tests;
