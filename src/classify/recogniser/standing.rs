//! What a mail as a whole says of a token: that it hurries, points, lists numbers
//! or is at its footer. This room must not know any service or who sent the mail.

use crate::classify::page::Page;
use crate::classify::phrases::{Family, Hit, Role};
use crate::classify::tokens::Token;

use super::Scene;
use super::relation::{ends_sentence, stands_alone};

/// A text of so few characters holds a code and its name at most.
const BARE_CHARS: usize = 24;

impl Scene<'_> {
    /// Whether two numbers or more have names of other trades, as in a form.
    pub(super) fn is_list_of_numbers(&self) -> bool {
        let named = self.hits.iter().filter(|hit| {
            let after = self.page.slice(hit.end, self.page.folded.len());
            matches!(hit.role, Role::Label(_))
                && after.trim_start_matches([' ', ':']).starts_with(|c: char| c.is_ascii_digit())
        });
        named.count() >= 2
    }

    /// Whether the text is a token with its name and next to nothing else.
    pub(super) fn is_all(&self, token: &Token) -> bool {
        let text = self.page.slice(self.page.subject_end(), self.page.folded.len());
        text.chars().count() <= BARE_CHARS && self.is_terse(token)
    }

    /// Whether a mail warns of swindlers, who ask for codes and are to be reported.
    pub(super) fn is_warning(&self) -> bool {
        self.hits.iter().any(|hit| hit.role == Role::Topic(Family::PhishingWarning))
    }

    /// Whether a phrase stands on the last line.
    pub(super) fn is_footer(&self, hit: &Hit) -> bool {
        self.page.lines.len() > 2
            && self.page.lines.last().is_some_and(|line| hit.start >= line.start)
    }

    /// Whether a mail hurries or warns, or sets a number off under a subject with a purpose.
    pub(super) fn is_pressing(&self, token: &Token) -> bool {
        let linked = self.page.shows_link();
        let alone = stands_alone(self.page, token);
        self.hits.iter().any(|hit| match hit.role {
            Role::Validity | Role::Secret => !linked || alone,
            Role::NotYou => !linked,
            Role::For(_) | Role::Change => !linked && alone && hit.end <= self.page.subject_end(),
            _ => false,
        })
    }
}

/// What is changed may stand this many bytes from the phrase that says so.
const CHANGED_BYTES: usize = 24;

/// Whether a label or a topic says nothing of a mail's trade.
pub(super) fn is_aside(page: &Page, hits: &[Hit], hit: &Hit) -> bool {
    is_imprint(page, hit) || is_changed(page, hits, hit)
}

/// Whether a phrase is part of what is changed: the delivery in "change of address
/// for deliveries", which sends no parcel.
pub(super) fn is_changed(page: &Page, hits: &[Hit], hit: &Hit) -> bool {
    matches!(
        hit.role,
        Role::Topic(Family::Order | Family::Parcel | Family::Invoice | Family::Postal)
    ) && hits.iter().filter(|other| other.role == Role::Change).any(|change| {
        let gap = page.slice(change.end.min(hit.end), change.start.max(hit.start));
        gap.len() <= CHANGED_BYTES
            && page.line_of(change.start) == page.line_of(hit.start)
            && !ends_sentence(gap)
    })
}

/// Whether a phrase stands in the last lines, where companies give their licence,
/// their seat and the office that writes.
pub(super) fn is_imprint(page: &Page, hit: &Hit) -> bool {
    let (Role::Label(family) | Role::Topic(family)) = hit.role else { return false };
    let named = matches!(family, Family::License | Family::Tax | Family::Postal | Family::Door);
    let count = page.lines.len();
    let last = count.saturating_sub((count / 3).min(3));
    named && page.lines.get(last).is_some_and(|line| hit.start >= line.start)
}
