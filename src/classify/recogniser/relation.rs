//! How a number stands to the words around it, and what that weighs. This room
//! must not know what those words make of a mail.

use crate::classify::page::Page;
use crate::classify::phrases::{Hit, Role};
use crate::classify::tokens::Token;

/// How a token stands to the noun that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relation {
    /// Somewhere else in the mail.
    Far,
    /// Alone on its line, under a subject with the noun.
    Headed,
    /// In the same sentence or paragraph, with words between.
    Near,
    /// On the line above the noun.
    Above,
    /// On a line of its own below the noun.
    Below,
    /// "1234 is your code".
    Before,
    /// "code: 1234".
    After,
}

impl Relation {
    /// The weight if a strong noun or a weak one names the token.
    pub(super) fn weight(self, strong: bool) -> i32 {
        match (self, strong) {
            (Self::After, true) => 100,
            (Self::Before, true) => 95,
            (Self::Below, true) => 90,
            (Self::Near, true) => 60,
            (Self::Above, true) => 60,
            (Self::Headed, true) => 50,
            (Self::Far, true) => 15,
            (Self::After, false) => 60,
            (Self::Before, false) => 55,
            (Self::Below, false) => 50,
            (Self::Above, false) => 30,
            (Self::Near, false) => 20,
            (Self::Headed | Self::Far, false) => 0,
        }
    }

    pub(super) fn signal(self, strong: bool) -> &'static str {
        match (self, strong) {
            (Self::After | Self::Near, true) => "code.after-code-phrase",
            (Self::Before, true) => "code.before-code-phrase",
            (Self::Below, true) => "code.below-code-phrase",
            (Self::Above, true) => "code.above-code-phrase",
            (Self::Headed, true) => "code.under-code-phrase",
            (Self::Far, true) => "code.far-from-code-phrase",
            (Self::After | Self::Near, false) => "code.after-code-word",
            (Self::Before, false) => "code.before-code-word",
            (Self::Below, false) => "code.below-code-word",
            (Self::Above, false) => "code.above-code-word",
            (Self::Headed | Self::Far, false) => "code.far-from-code-word",
        }
    }
}

/// Whether what stands between a noun and a token is no more than "is" or ":".
pub(super) fn is_short_link(gap: &str) -> bool {
    let count = gap.chars().count();
    if ends_sentence(gap) {
        return false;
    }
    count <= 12
        || count <= 40
            && gap.trim_end().ends_with([':', '>', '→', '「', '『', '【', '[', '"', '=', '*'])
        || count <= 30 && !gap.contains(',')
}

/// Whether nothing but marks follows a phrase on its line.
pub(super) fn ends_line(page: &Page, hit: &Hit) -> bool {
    let line = page.lines.get(page.line_of(hit.end.saturating_sub(1)));
    let rest = page.slice(hit.end, line.map_or(hit.end, |line| line.end));
    !rest.chars().any(char::is_alphanumeric)
}

/// Whether a gap is one of a sentence, and no longer than this many characters.
pub(super) fn short(gap: &str, most: usize) -> bool {
    gap.chars().count() <= most && !ends_sentence(gap)
}

/// Whether a sentence ends in a gap.
pub(super) fn ends_sentence(gap: &str) -> bool {
    gap.contains(['。', '！', '।'])
        || gap.contains(". ")
        || gap.contains("! ")
        || gap.contains("? ")
}

/// Whether a number is an amount ("10 minutes") or an example ("such as 1234").
pub(super) fn counts_or_exemplifies(page: &Page, hits: &[Hit], token: &Token) -> bool {
    let line = page.line_of(token.start);
    hits.iter().any(|hit| {
        let gap = if hit.start >= token.end {
            page.slice(token.end, hit.start)
        } else {
            page.slice(hit.end, token.start)
        };
        let follows = hit.start >= token.end;
        match hit.role {
            Role::Unit => follows && gap.len() <= 1 && page.line_of(hit.start) == line,
            Role::Example => {
                gap.len() <= 4
                    && !gap.contains(char::is_alphanumeric)
                    && (follows || hit.end <= token.start)
                    && page.line_of(hit.start) == line
            }
            _ => false,
        }
    })
}

/// Whether "ID" or "No." stands right before a token, as people of all scripts write.
pub(super) fn is_identifier(page: &Page, token: &Token) -> bool {
    let before = page.slice(0, token.start).trim_end_matches([':', '.', ' ', '#']);
    ["id", "uid", "no"].iter().any(|word| {
        before
            .strip_suffix(word)
            .is_some_and(|rest| !rest.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
            && token.start > before.len()
            && (*word != "no" || page.slice(before.len(), token.start).starts_with('.'))
    })
}

/// The number of a case that a subject carries: `[#1234]`, `Ticket #1234`.
pub(super) fn case_number(page: &Page) -> Option<&str> {
    let subject = page.slice(0, page.subject_end());
    let number = subject.get(subject.find('#')? + 1..)?;
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number.get(..end).filter(|number| !number.is_empty())
}

/// Whether nothing but marks stands beside a token on its lines.
pub(in crate::classify) fn stands_alone(page: &Page, token: &Token) -> bool {
    let first = page.lines.get(page.line_of(token.start)).map_or(token.start, |line| line.start);
    let last = page
        .lines
        .get(page.line_of(token.end.saturating_sub(1)))
        .map_or(token.end, |line| line.end);
    let silent = |text: &str| !text.chars().any(char::is_alphanumeric);
    silent(page.slice(first, token.start)) && silent(page.slice(token.end, last.max(token.end)))
}
