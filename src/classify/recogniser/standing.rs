//! What a mail as a whole says of a token: that it hurries, points, lists numbers
//! or is at its footer. This room must not know any service or who sent the mail.

use crate::classify::Kind;
use crate::classify::phrases::{Hit, Role};
use crate::classify::tokens::Token;

use super::relation::stands_alone;
use super::{Scene, TERSE_BYTES};

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

    /// Whether a short mail says what to prove, and the line above ends with a colon
    /// that points at a token with a line of its own, whatever verb it has.
    pub(super) fn is_set_off(&self, token: &Token) -> bool {
        let asked = self.hits.iter().any(|hit| {
            hit.end <= token.start
                && matches!(hit.role, Role::For(Kind::Login | Kind::Signup | Kind::Reset))
        });
        let above = self.page.line_of(token.start).checked_sub(1).filter(|above| *above > 0);
        let points = above
            .and_then(|above| self.page.lines.get(above))
            .is_some_and(|line| self.page.slice(line.start, line.end).ends_with(':'));
        asked
            && points
            && stands_alone(self.page, token)
            && self.page.folded.len() <= TERSE_BYTES
            && !self.page.folded.contains("://")
    }

    /// Whether a phrase stands on the last line.
    pub(super) fn is_footer(&self, hit: &Hit) -> bool {
        self.page.lines.len() > 2
            && self.page.lines.last().is_some_and(|line| hit.start >= line.start)
    }

    /// Whether a mail hurries or warns, or sets a number off under a subject with a purpose.
    pub(super) fn is_pressing(&self, token: &Token) -> bool {
        let linked = self.page.folded.contains("://");
        let alone = stands_alone(self.page, token);
        self.hits.iter().any(|hit| match hit.role {
            Role::Validity | Role::Secret => !linked || alone,
            Role::NotYou => !linked,
            Role::For(_) => !linked && alone && hit.end <= self.page.subject_end(),
            _ => false,
        })
    }
}
