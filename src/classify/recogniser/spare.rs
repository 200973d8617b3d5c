//! What looks most like a code in a mail that has no words for it: the place, for
//! whoever judges by the mail as a whole. This room must not know any service or
//! who sent the mail.

use crate::classify::Signal;
use crate::classify::page::{Line, Page};
use crate::classify::tokens::{Shape, Token};

use super::relation::{counts_or_exemplifies, stands_alone};
use super::{Candidate, Scene};

/// Longer mails have words for the code they hold.
const SHORT_BYTES: usize = 3_000;
/// What is set off may have so many letters and digits, in so many groups.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=24;
const GROUPS_MAX: usize = 10;
/// Digits in groups may be so many; more are telephone and account numbers.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=9;

impl Scene<'_> {
    /// What looks most like a code, whatever is said of it: what has a line of its
    /// own, what ends one behind a colon, what comes first.
    pub(super) fn likeliest(&self, spelled: &[Token]) -> Option<Candidate> {
        if self.page.folded.len() > SHORT_BYTES {
            return None;
        }
        let set_off: Vec<Token> = set_off(self.page)
            .filter(|token| {
                !counts_or_exemplifies(self.page, self.hits, token)
                    && !self.labelled.contains(&self.page.slice(token.start, token.end))
            })
            .collect();
        // "thanks" on a line of its own is a word, however few vowels it has.
        let drawn = spelled.iter().filter(|token| {
            let shown = self.page.shown.get(token.start..token.end).unwrap_or_default();
            shown.contains(|c: char| c.is_uppercase() || c == '-')
        });
        let likely = self.tokens.iter().chain(drawn).filter(|token| self.is_likely(token));
        let rank = |token: &Token| {
            let place =
                if stands_alone(self.page, token) { 2 } else { u8::from(self.is_announced(token)) };
            (place, std::cmp::Reverse(token.start))
        };
        let token = *likely.chain(&set_off).max_by_key(|token| rank(token))?;
        let mut signals: Vec<_> = self.form(&token).collect();
        let weight = [0, 20, 40].get(usize::from(rank(&token).0)).copied().unwrap_or(0);
        if weight > 0 {
            let because = "it is set off as codes are".to_owned();
            signals.push(Signal { name: "code.set-off", weight, because });
        }
        Some(Candidate::of(token, signals))
    }
}

/// What a line of the text holds alone or behind its colon, if it is no plain words.
fn set_off(page: &Page) -> impl Iterator<Item = Token> + use<'_> {
    page.lines.iter().skip(1).filter(|line| !line.quoted).filter_map(|line| alone(page, line))
}

fn alone(page: &Page, line: &Line) -> Option<Token> {
    let text = page.shown.get(line.start..line.end)?;
    let from = text.rfind(':').map_or(0, |colon| colon + 1);
    let said = text.get(from..)?;
    if said.len() > 2 * (LENGTHS.end() + GROUPS_MAX) {
        return None;
    }
    let core = said.trim_matches(|c: char| !c.is_alphanumeric());
    let shape = shape(core)?;
    let start = line.start + from + said.find(core)?;
    let length = core.bytes().filter(u8::is_ascii_alphanumeric).count();
    Some(Token { start, end: start + core.len(), shape, length, doubtful: true })
}

/// The shape of what could be a code if it is set off: digits in any groups, letters
/// and digits one to a cell or mixed, words and numbers joined by hyphens.
fn shape(core: &str) -> Option<Shape> {
    if core.len() > LENGTHS.end() + GROUPS_MAX {
        return None;
    }
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-');
    if !core.bytes().all(is_part) {
        return None;
    }
    let groups: Vec<&str> = core.split([' ', '-']).filter(|group| !group.is_empty()).collect();
    let digits = core.bytes().filter(u8::is_ascii_digit).count();
    let length: usize = groups.iter().map(|group| group.len()).sum();
    if groups.len() > GROUPS_MAX || !LENGTHS.contains(&length) {
        return None;
    }
    if digits == length {
        return DIGITS.contains(&digits).then_some(Shape::Grouped);
    }
    if groups.len() >= 4 && groups.iter().all(|group| group.len() == 1) {
        return Some(Shape::Cells);
    }
    let joined = !core.contains(' ') && groups.len() >= 2;
    let both = groups.len() == 1 && digits > 0 && (5..=12).contains(&length);
    let capitals = digits > 0 && core.bytes().all(|byte| !byte.is_ascii_lowercase());
    match (joined, both || capitals) {
        (true, _) if digits == 0 => (groups.len() >= 3).then_some(Shape::Words),
        (true, _) | (false, true) => Some(Shape::Mixed),
        (false, false) => None,
    }
}
