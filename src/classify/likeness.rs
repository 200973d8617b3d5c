//! How much a page reads like the code mails of the corpus: a logistic model
//! over runs of a few characters, and over what the phrases say and the tokens
//! look like, learnt from mails as data (`likeness.bin`, written by `make
//! likeness`). It is asked only where the recogniser is in doubt. This room must
//! not know any service or who sent the mail.

use std::ops::RangeInclusive;

use super::page::Page;
use super::phrases::{Hit, Role};
use super::recogniser::stands_alone;
use super::tokens::Token;
use super::{Signal, THRESHOLD};

/// At most this many characters are read: what a mail wants stands at its beginning.
const MAX_CHARS: usize = 1_200;
/// Runs of so many characters are looked at on the page, and in its subject apart.
const ON_PAGE: RangeInclusive<usize> = 3..=5;
const IN_SUBJECT: RangeInclusive<usize> = 2..=5;
/// A run's weight stands in a bucket, of which there are two to this power.
const PAGE_BITS: u32 = 17;
const SUBJECT_BITS: u32 = 15;
const PAGE_BUCKETS: usize = 1 << PAGE_BITS;
/// Traits: what a phrase says, in the subject or below it, and how a token looks.
const TRAITS: usize = 2 * Hit::SAYINGS + 4 * Token::LOOKS;

/// A digest of the mails that were learnt from; the constant, the scales of page and
/// subject and the weights of the traits as little-endian `f32`; and a signed byte
/// for each bucket of page and subject.
static LEARNT: &[u8] = include_bytes!("likeness.bin");
const CONSTANT: usize = 32;
const PAGE_SCALE: usize = CONSTANT + 4;
const SUBJECT_SCALE: usize = PAGE_SCALE + 4;
const OF_TRAITS: usize = SUBJECT_SCALE + 4;
const OF_PAGE: usize = OF_TRAITS + 4 * TRAITS;
const OF_SUBJECT: usize = OF_PAGE + PAGE_BUCKETS;

/// A page with what was found on it.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) page: &'a Page,
    pub(super) hits: &'a [Hit],
    pub(super) tokens: &'a [Token],
}

/// What one unit of the logarithm of the odds weighs, and how many units count
/// against and for a code mail. These and the next were chosen as those with the
/// most code mails found at one false alarm in a hundred, on mails left out in turn.
const UNIT: f32 = 30.0;
const UNITS: RangeInclusive<f32> = -2.5..=4.0;
/// What is added where the recogniser has named a code, where something looks like
/// one, and where nothing does and there is no link to follow either.
const NAMED: i32 = 20;
const SPARE: i32 = 52;
const NOTHING: i32 = 30;
/// What comes to more without the wording is a code mail whatever the wording.
const SURE: i32 = 150;
/// Longer pages are no code mails that the recogniser has no words for.
const SHORT_BYTES: usize = 3_000;

/// What the recogniser made of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It has named a code.
    Named,
    /// Something looks like one.
    Spare,
    /// Nothing does.
    Nothing,
}

/// What the wording says of a page that came to `score` without it; nothing
/// where it could decide nothing.
pub(super) fn leaning(view: View<'_>, seen: Seen, score: i32) -> Option<Signal> {
    let bonus = match seen {
        Seen::Named => NAMED,
        Seen::Spare => SPARE,
        Seen::Nothing if !shows(view) => return None,
        Seen::Nothing => NOTHING,
    };
    let most =
        if view.page.folded.len() > SHORT_BYTES { bonus } else { bonus + in_points(*UNITS.end()) };
    if score >= SURE || score + most < THRESHOLD {
        return None;
    }
    let weight = bonus + in_points(log_odds(view).clamp(*UNITS.start(), *UNITS.end()));
    let because = if weight > 0 {
        "it is worded as code mails are"
    } else {
        "it is worded as other mails are"
    };
    (weight != 0).then(|| Signal { name: "text.likeness", weight, because: because.to_owned() })
}

/// Whether a page that shows nothing like a code is headed by what codes are for, or
/// asks to pick a picture.
fn shows(View { page, hits, .. }: View<'_>) -> bool {
    let subject = page.subject_end();
    let has = |wanted: fn(&Role) -> bool| hits.iter().any(|hit| wanted(&hit.role));
    let purpose = |role| matches!(role, Role::Code | Role::For(_) | Role::Change | Role::NotYou);
    hits.iter().any(|hit| hit.end <= subject && purpose(hit.role))
        || has(|role| matches!(role, Role::Picture | Role::Depiction))
            && has(|role| *role == Role::Choose)
}

#[expect(clippy::cast_possible_truncation, reason = "at most the largest of UNITS times UNIT")]
fn in_points(units: f32) -> i32 {
    (units * UNIT) as i32
}

/// The logarithm of the odds that a page is a code mail's.
fn log_odds(view: View<'_>) -> f32 {
    let built: f32 = traits(view).iter().map(|one| number(OF_TRAITS + 4 * one)).sum();
    let (page, subject) = texts(view.page);
    number(CONSTANT)
        + number(PAGE_SCALE) * worded(&page, ON_PAGE, PAGE_BITS, OF_PAGE)
        + number(SUBJECT_SCALE) * worded(&subject, IN_SUBJECT, SUBJECT_BITS, OF_SUBJECT)
        + built
}

/// The sum of the weights of a text's runs over the root of their number.
fn worded(text: &[char], lengths: RangeInclusive<usize>, bits: u32, offset: usize) -> f32 {
    let weights = LEARNT.get(offset..).unwrap_or_default();
    let (mut sum, mut count) = (0i32, 0u16);
    runs(text, lengths, bits, |bucket| {
        sum += weights.get(bucket).map_or(0, |byte| i32::from(byte.cast_signed()));
        count = count.saturating_add(1);
    });
    // Less than 5,000 runs of at most 128 each: exact as an `f32`.
    #[expect(clippy::cast_precision_loss, reason = "less than 2 to the power of 24")]
    let sum = sum as f32;
    sum / f32::from(count.max(1)).sqrt()
}

/// The traits of a page, each once, in order.
fn traits(View { page, hits, tokens }: View<'_>) -> Vec<usize> {
    let subject = page.subject_end();
    let said = hits.iter().map(|hit| 2 * hit.saying() + usize::from(hit.end <= subject));
    let looks = tokens.iter().map(|token| {
        let place = 2 * usize::from(stands_alone(page, token)) + usize::from(token.end <= subject);
        2 * Hit::SAYINGS + 4 * token.look() + place
    });
    let mut traits: Vec<usize> = said.chain(looks).collect();
    traits.sort_unstable();
    traits.dedup();
    traits
}

/// A number of the head; 0 past its end.
fn number(offset: usize) -> f32 {
    let bytes = LEARNT.get(offset..offset + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0.0, f32::from_le_bytes)
}

/// What is read of a page, and of its subject with its edges.
fn texts(page: &Page) -> (Vec<char>, Vec<char>) {
    let edge = "\u{2}";
    let subject = [edge, page.slice(0, page.subject_end()), edge].concat();
    (masked(&page.folded), masked(&subject))
}

/// Hands on the bucket of every run of a text, each once.
fn runs(text: &[char], lengths: RangeInclusive<usize>, bits: u32, mut take: impl FnMut(usize)) {
    let mut seen = vec![0u64; (1 << bits) / 64];
    for at in 0..text.len() {
        let mut hash = 0x811c_9dc5_u32;
        for (length, &c) in (1..=*lengths.end()).zip(text.get(at..).unwrap_or_default()) {
            hash = (hash ^ u32::from(c)).wrapping_mul(0x9e37_79b1).rotate_left(15);
            if length < *lengths.start() {
                continue;
            }
            let bucket = (hash.wrapping_mul(0x85eb_ca6b) >> (32 - bits)) as usize;
            let Some(word) = seen.get_mut(bucket / 64) else { continue };
            if *word & 1 << (bucket % 64) == 0 {
                *word |= 1 << (bucket % 64);
                take(bucket);
            }
        }
    }
}

/// A text with every digit made the same, so that no code can be learnt, and
/// every link one character.
fn masked(text: &str) -> Vec<char> {
    let mut masked = Vec::with_capacity(text.len().min(MAX_CHARS));
    let mut rest = text;
    while let Some(c) = rest.chars().next().filter(|_| masked.len() < MAX_CHARS) {
        if c == 'h' && (rest.starts_with("http://") || rest.starts_with("https://")) {
            masked.push('\u{1}');
            let end = rest.find(|c: char| !c.is_ascii_graphic()).unwrap_or(rest.len());
            rest = rest.get(end..).unwrap_or_default();
            continue;
        }
        masked.push(if c.is_ascii_digit() { '0' } else { c });
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    masked
}

#[cfg(test)]
mod learn;
#[cfg(test)]
mod tests;
