//! A code that no noun names: the one thing in a mail that looks like a code,
//! set off as codes are, where the rest of the mail warns or hurries. This room
//! must not know any service or who sent the mail.

use crate::classify::phrases::{Family, Hit, Role};
use crate::classify::tokens::{Shape, Token};
use crate::classify::{Kind, Signal};

use super::relation::{
    Relation, case_number, counts_or_exemplifies, ends_sentence, is_identifier, stands_alone,
};
use super::standing::is_imprint;
use super::{Candidate, Scene};

/// A mail may have this many bytes for its one number to be its matter.
const LONE_BYTES: usize = 3_000;
/// A text below a subject that says all may have this many bytes.
const HEADLINE_BYTES: usize = 120;

impl Scene<'_> {
    /// The one thing in a mail that looks like a code, where enough else in the mail
    /// is as in code mails: what it is for, how long it is valid, whom not to tell.
    pub(super) fn only(&self, spelled: &[Token]) -> Option<Candidate> {
        if self.rival || self.page.folded.len() > LONE_BYTES {
            return None;
        }
        let token = self.one_token(self.tokens).or_else(|| self.one_token(spelled))?;
        let line = self.page.lines.get(self.page.line_of(token.start))?;
        let alone = stands_alone(self.page, &token);
        let announced = self.is_announced(&token);
        let linked = self.page.shows_link();
        let refused = |hit: &Hit| match hit.role {
            Role::Label(Family::Number | Family::Postal) => false,
            Role::Topic(
                Family::ResetLink
                | Family::ConfirmLink
                | Family::MagicLink
                | Family::PhishingWarning,
            ) => false,
            Role::Topic(Family::Notice) => !alone && !announced,
            Role::Topic(Family::Campaign) => !self.is_footer(hit),
            Role::Label(_) | Role::Topic(_) => !is_imprint(self.page, hit),
            _ => false,
        };
        let labelled = self.nearest(&token).is_some_and(|(_, relation, hit)| {
            matches!(hit.role, Role::Label(_)) && relation > Relation::Near
        });
        if labelled || self.hits.iter().any(refused) {
            return None;
        }
        // "1234 – that is all you need", where the rest warns or hurries.
        let opens = token.start == line.start;
        let asked = self.hits.iter().any(|hit| {
            matches!(hit.role, Role::Enter | Role::Ask)
                && hit.end <= line.end
                && hit.start >= line.start
        });
        // Amid words it takes more, and beside a link it is the user's or the request's.
        let has = |wanted: &dyn Fn(&Role) -> bool| self.hits.iter().any(|hit| wanted(&hit.role));
        let set_off = alone || announced;
        let told = !linked
            && (asked || opens)
            && has(&|role| matches!(role, Role::For(_) | Role::Change))
            && has(&|role| matches!(role, Role::Validity | Role::Secret | Role::NotYou));
        let cells = alone && token.shape == Shape::Cells;
        if !set_off && !told || self.evidence() + usize::from(cells) < 2 {
            return None;
        }
        let because = "the only thing in a short mail that looks like a code".to_owned();
        let mut signals = vec![Signal { name: "code.only", weight: 55, because }];
        signals.extend(self.form(&token));
        if announced && !alone {
            let because = "it ends its line behind a colon".to_owned();
            signals.push(Signal { name: "code.announced", weight: 12, because });
        }
        if self.is_terse(&token) && !linked {
            let because = "a short mail with one number, of no other trade".to_owned();
            signals.push(Signal { name: "text.terse", weight: 15, because });
        }
        Some(Candidate::of(token, signals))
    }

    /// Whether a token could be a code for its form, and is not called something else.
    pub(super) fn is_likely(&self, token: &Token) -> bool {
        !token.doubtful
            && token.shape != Shape::Coined
            && !counts_or_exemplifies(self.page, self.hits, token)
            && !self.labelled.contains(&self.page.slice(token.start, token.end))
    }

    /// How many things stand in the mail that stand in code mails.
    fn evidence(&self) -> usize {
        let subject = self.page.subject_end();
        let has = |wanted: &dyn Fn(&Hit) -> bool| usize::from(self.hits.iter().any(wanted));
        has(&|hit| hit.role == Role::Validity)
            + has(&|hit| hit.role == Role::Secret)
            + has(&|hit| hit.role == Role::NotYou)
            + has(&|hit| matches!(hit.role, Role::Enter | Role::Ask) && hit.end > subject)
            + has(&|hit| matches!(hit.role, Role::For(_) | Role::Change) && hit.end > subject)
            + has(&|hit| {
                matches!(
                    hit.role,
                    Role::For(_) | Role::Change | Role::Code | Role::SharedCode | Role::WeakCode
                ) && hit.end <= subject
            })
    }

    /// Whether a token ends its line, but for brackets, behind a name that no phrase
    /// knows: "check figure: 1234", "check figure: 1234 (5 minutes)".
    pub(super) fn is_announced(&self, token: &Token) -> bool {
        let line = self.page.lines.get(self.page.line_of(token.start));
        let (start, end) = line.map_or((token.start, token.end), |line| (line.start, line.end));
        let name = self.page.slice(start, token.start).trim_end();
        let rest = self.page.slice(token.end, end.max(token.end)).trim_start();
        name.ends_with(':')
            && (rest.starts_with(['(', '[']) || !rest.contains(char::is_alphanumeric))
    }

    /// What alone in the text looks like a code, or alone has a line of its own,
    /// however often it is repeated.
    fn one_token(&self, tokens: &[Token]) -> Option<Token> {
        let subject = self.page.subject_end();
        let likely: Vec<&Token> =
            tokens.iter().filter(|token| token.start >= subject && self.is_likely(token)).collect();
        let same = |one: &Token, other: &Token| {
            self.page.slice(one.start, one.end) == self.page.slice(other.start, other.end)
        };
        let first = likely.first()?;
        if likely.iter().all(|other| same(first, other)) {
            return Some(**first);
        }
        let mut alone = likely.iter().filter(|token| stands_alone(self.page, token));
        let first = alone.next()?;
        alone.all(|other| same(first, other)).then_some(**first)
    }

    /// The one number of a subject, where the text points at the subject for the code,
    /// or names one, holds none and warns or hurries.
    pub(super) fn in_subject(&self) -> Option<Candidate> {
        let subject = self.page.subject_end();
        let refused = |hit: &Hit| match hit.role {
            Role::Topic(family) => !family.is_of_accounts() && !self.is_footer(hit),
            Role::Label(family) => family.is_rival() && !is_imprint(self.page, hit),
            _ => false,
        };
        let mut inside = self
            .tokens
            .iter()
            .filter(|token| !token.doubtful && !counts_or_exemplifies(self.page, self.hits, token));
        let token = *inside.next().filter(|token| token.end <= subject)?;
        let own = |other: &Token| {
            self.page.slice(token.start, token.end) == self.page.slice(other.start, other.end)
        };
        if self.hits.iter().any(refused)
            || matches!(token.shape, Shape::Coined)
            || is_identifier(self.page, &token)
            || case_number(self.page) == Some(self.page.slice(token.start, token.end))
            || !inside.all(own)
        {
            return None;
        }
        // "Keep the number in the subject when you reply" is for nothing and hurries nobody.
        let has = |wanted: fn(&Role) -> bool| self.hits.iter().any(|hit| wanted(&hit.role));
        let purpose = has(|role| matches!(role, Role::For(_) | Role::Change));
        let hurried = has(|role| matches!(role, Role::Validity | Role::NotYou));
        let secret = has(|role| *role == Role::Secret);
        let named = |noun: &Hit| matches!(noun.role, Role::Code | Role::SharedCode);
        let pointed = |noun: &Hit| {
            self.hits.iter().any(|hit| {
                let (first, last) = if hit.start < noun.start { (hit, noun) } else { (noun, hit) };
                let gap = self.page.slice(first.end, last.start);
                hit.role == Role::InSubject
                    && self.page.line_of(hit.start) == self.page.line_of(noun.start)
                    && !ends_sentence(gap)
                    && (named(noun) && (hurried || secret) || purpose && hurried)
            })
        };
        let mut nouns = self.hits.iter().filter(|hit| {
            hit.start >= subject
                && matches!(hit.role, Role::Code | Role::SharedCode | Role::WeakCode)
        });
        let first = nouns.clone().next()?;
        let (noun, pointed) = match nouns.find(|noun| pointed(noun)) {
            Some(noun) => (noun, true),
            None => (first, false),
        };
        let opens = self.opens_subject(&token);
        let weight = match (pointed, opens && noun.role == Role::Code && self.evidence() >= 3) {
            (true, _) => 70,
            (_, true) => 50,
            _ => return None,
        };
        let because = noun.because(self.page);
        let mut signals = vec![Signal { name: "subject.pointed-at", weight, because }];
        signals.extend(self.form(&token));
        Some(Candidate::of(token, signals))
    }

    /// Whether a token is the first thing of a subject but for a name in brackets.
    fn opens_subject(&self, token: &Token) -> bool {
        let before = self.page.slice(0, token.start).trim_end();
        before.ends_with(['】', ']', '」', ':']) || !before.contains(char::is_alphanumeric)
    }

    /// The one number of a subject that says what it is for, over a text that says
    /// next to nothing: "Fernwick sign-in: 1234".
    pub(super) fn headline(&self) -> Option<Candidate> {
        let subject = self.page.subject_end();
        let rest = self.page.slice(subject, self.page.folded.len());
        let named = |hit: &Hit| matches!(hit.role, Role::Label(_) | Role::Topic(_));
        if rest.len() > HEADLINE_BYTES || self.hits.iter().any(named) {
            return None;
        }
        let mut inside = self.tokens.iter().filter(|token| !token.doubtful);
        let token = *inside.next().filter(|token| token.end <= subject)?;
        let digits = matches!(token.shape, Shape::Digits | Shape::Grouped | Shape::Prefixed);
        let purpose = self.hits.iter().find(|hit| {
            hit.end <= subject
                && matches!(
                    hit.role,
                    Role::For(Kind::Login | Kind::Signup | Kind::Reset) | Role::Change
                )
        });
        let said = purpose.or_else(|| {
            let told =
                |hit: &&Hit| matches!(hit.role, Role::Validity | Role::Secret | Role::NotYou);
            self.hits.iter().find(told).filter(|_| self.evidence() >= 2)
        })?;
        if inside.next().is_some() || !digits || counts_or_exemplifies(self.page, self.hits, &token)
        {
            return None;
        }
        let because = said.because(self.page);
        let mut signals = vec![Signal { name: "subject.names-only-code", weight: 65, because }];
        signals.extend(self.form(&token));
        Some(Candidate::of(token, signals))
    }
}
