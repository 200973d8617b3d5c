//! The phrases of all languages as one trie, and where they stand on a
//! page. The phrases themselves are data (`languages/*.toml`), compiled by the
//! build script; this room must not know what any combination of them means.

use std::sync::LazyLock;

use yada::DoubleArray;

use super::Kind;
use super::page::Page;

include!(concat!(env!("OUT_DIR"), "/phrase_senses.rs"));

/// At most this many hits are kept of one page.
const MAX_HITS: usize = 512;

/// What a phrase says about the mail that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Names something of an account that is changed: "change of address".
    Change,
    /// Names one of several pictures.
    Picture,
    /// Names pictures in general: "images", "emoji".
    Depiction,
    /// A verb that picks something: "choose", "tap".
    Choose,
    /// Stands after a number that is an amount, a length or a time.
    Unit,
    /// Makes what stands beside it an example: "such as".
    Example,
    /// Points at the subject: "in the subject line".
    InSubject,
    /// Names a number or a word that is no login code: "order number".
    Label(Family),
    /// What a mail is about when it is about no login code.
    Topic(Family),
}

/// What a mail may be about instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// How many there are.
    const COUNT: usize = Self::Bounce as usize + 1;

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

    /// Whether mails on one's own account speak of it, those with codes too.
    pub(super) fn is_of_accounts(self) -> bool {
        matches!(
            self,
            Self::Notice
                | Self::ResetLink
                | Self::ConfirmLink
                | Self::MagicLink
                | Self::PhishingWarning
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
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    /// What it says.
    pub(super) role: Role,
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Offset after its last byte.
    pub(super) end: usize,
    /// What is known of the phrase.
    sense: &'static Sense,
}

impl Hit {
    /// The phrase as the data has it, with its language. What stands on the page
    /// there is the phrase itself, letter for letter.
    pub(super) fn because(&self, page: &Page) -> String {
        format!("“{}” ({})", page.slice(self.start, self.end), self.sense.language)
    }

    /// How many different things a phrase can say.
    pub(super) const SAYINGS: usize = 20 + 2 * Family::COUNT;

    /// The number of what it says.
    pub(super) fn saying(&self) -> usize {
        match self.role {
            Role::Code => 0,
            Role::SharedCode => 1,
            Role::WeakCode => 2,
            Role::Words => 3,
            Role::Enter => 4,
            Role::Ask => 5,
            Role::Validity => 6,
            Role::Secret => 7,
            Role::NotYou => 8,
            Role::For(Kind::Login) => 9,
            Role::For(Kind::Signup) => 10,
            Role::For(Kind::Reset) => 11,
            Role::For(Kind::Transaction) => 12,
            Role::Change => 13,
            Role::Picture => 14,
            Role::Depiction => 15,
            Role::Choose => 16,
            Role::Unit => 17,
            Role::Example => 18,
            Role::InSubject => 19,
            Role::Label(family) => 20 + family as usize,
            Role::Topic(family) => 20 + Family::COUNT + family as usize,
        }
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
    let mut found: Vec<Hit> = Vec::with_capacity(64);
    let Some(trie) = &*TRIE else { return found };
    let mut before = None;
    for (start, first) in page.folded.char_indices() {
        let inside =
            is_spaced(first) && before.is_some_and(|c: char| is_letter(c) || c.is_ascii_digit());
        before = Some(first);
        if first == ' ' || inside {
            continue;
        }
        if found.len() >= MAX_HITS {
            break;
        }
        walk(trie, page, start, &mut found);
    }
    // Where a phrase names a code and something else, it is no sure name of a code.
    let rank = |role: Role| match role {
        Role::Label(Family::Number) => 0,
        Role::WeakCode => 2,
        _ => 1,
    };
    found.sort_by_key(|hit| (hit.end, hit.start, rank(hit.role)));
    let spoken = spoken(&found);
    let mut hits: Vec<Hit> = Vec::with_capacity(found.len());
    for hit in found {
        let languages = hit.sense.languages;
        // English names of codes stand in mails of all languages.
        let borrowed = matches!(hit.role, Role::Code | Role::SharedCode | Role::WeakCode);
        let heard = languages & spoken != 0 || borrowed && languages & ENGLISH != 0;
        if !heard || hit.is_noun() && swallowed(&mut hits, &hit) {
            continue;
        }
        hits.push(hit);
    }
    hits
}

/// Every phrase that begins at an offset.
fn walk(trie: &DoubleArray<&'static [u8]>, page: &Page, start: usize, found: &mut Vec<Hit>) {
    let text = page.folded.get(start..).unwrap_or_default();
    for (place, length) in trie.common_prefix_search(text) {
        let end = start + length;
        let (said, after) = text.split_at_checked(length).unwrap_or_default();
        // "your booking.com account" speaks of no booking.
        let host = after.starts_with('.')
            && [".com", ".net", ".org", ".jp"].iter().any(|end| after.starts_with(end));
        let senses = usize::try_from(place).ok().and_then(|place| SENSES.get(place));
        // No phrase begins in the subject and ends in the text.
        let split = start < page.subject_end() && end > page.subject_end();
        let Some(senses) = senses.filter(|_| !host && !split) else { continue };
        let (last, next) = (said.chars().next_back(), after.chars().next());
        // A number is no part of a longer one, either.
        let longer =
            last.is_some_and(|c| c.is_ascii_digit()) && next.is_some_and(|c| c.is_ascii_digit());
        let goes_on = longer || last.is_some_and(is_spaced) && next.is_some_and(is_letter);
        let said = senses.iter().filter(|sense| !goes_on || sense.open && !longer);
        found.extend(said.map(|sense| Hit { role: sense.role, start, end, sense }));
    }
}

/// The languages that a page seems to be written in: those that explain the most
/// of it, so that a short word of another language says nothing.
fn spoken(hits: &[Hit]) -> u32 {
    let mut explained = [0usize; 32];
    for hit in hits {
        let mut rest = hit.sense.languages;
        while rest != 0 {
            if let Some(sum) = explained.get_mut(rest.trailing_zeros() as usize) {
                *sum += hit.end - hit.start;
            }
            rest &= rest - 1;
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

/// One thing that a phrase says. The build script writes these.
#[derive(Debug)]
struct Sense {
    role: Role,
    /// The first language that has it.
    language: &'static str,
    /// Every language that has it, by the place of its file.
    languages: u32,
    /// Letters may follow it.
    open: bool,
}

/// The phrases, folded, each with the place of its senses in [`SENSES`]: laid out
/// by the build script as it is searched, so that nothing is built at a start.
static TRIE: LazyLock<Option<DoubleArray<&'static [u8]>>> = LazyLock::new(|| {
    let bytes: &'static [u8] = include_bytes!(concat!(env!("OUT_DIR"), "/phrases.trie"));
    DoubleArray::new(bytes).ok()
});

/// Whether a letter is of a script in which spaces part the words.
fn is_spaced(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '\u{c0}'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}')
}

/// Whether a character would make what stands beside it part of a longer word.
fn is_letter(c: char) -> bool {
    is_spaced(c) && c.is_alphabetic()
}

#[cfg(test)]
mod source;
#[cfg(test)]
mod tests;
