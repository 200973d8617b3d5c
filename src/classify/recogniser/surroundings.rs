//! What speaks for a code mail around the code itself, and a text that is nothing
//! but a code. This room must not know any service or who sent the mail.

use crate::classify::Signal;
use crate::classify::page::Page;
use crate::classify::phrases::{Hit, Role};
use crate::classify::tokens::{Shape, Token};

use super::Candidate;
use super::relation::stands_alone;

/// A text that is nothing but a code.
pub(super) fn bare(page: &Page, tokens: &[Token]) -> Option<Candidate> {
    let mut inside = tokens.iter().filter(|token| token.start >= page.subject_end());
    let token = *inside.next()?;
    if inside.next().is_some() || token.doubtful || !stands_alone(page, &token) {
        return None;
    }
    let lines = page
        .lines
        .iter()
        .skip(1)
        .filter(|line| page.slice(line.start, line.end).chars().any(char::is_alphanumeric));
    let weight = match token.shape {
        Shape::Mixed | Shape::Coined | Shape::Letters | Shape::Words => 80,
        _ => 110,
    };
    let because = "the text holds nothing but what looks like a code".to_owned();
    let all = token.shape == Shape::Cells || lines.count() == 1;
    all.then(|| Candidate::of(token, vec![Signal { name: "code.bare", weight, because }]))
}

/// What speaks for a code mail around the code itself.
pub(super) fn surroundings(
    page: &Page,
    hits: &[Hit],
    code: Option<Token>,
    signals: &mut Vec<Signal>,
) {
    let subject = page.subject_end();
    let in_subject = |role: Role| hits.iter().find(|hit| hit.role == role && hit.end <= subject);
    if let Some(hit) = in_subject(Role::Code).or_else(|| in_subject(Role::SharedCode)) {
        signals.push(Signal {
            name: "subject.code-phrase",
            weight: 25,
            because: hit.because(page),
        });
    } else if let Some(hit) = in_subject(Role::WeakCode) {
        signals.push(Signal { name: "subject.code-word", weight: 12, because: hit.because(page) });
    }
    // Without a code these only say what the mail talks about.
    if code.is_none() {
        return;
    }
    for (role, name, weight) in [
        (Role::Ask, "text.asks-for-code", 20),
        (Role::Validity, "text.validity", 15),
        (Role::Secret, "text.do-not-share", 15),
        (Role::NotYou, "text.if-not-you", 10),
    ] {
        if let Some(hit) = hits.iter().find(|hit| hit.role == role) {
            signals.push(Signal { name, weight, because: hit.because(page) });
        }
    }
    if let Some(hit) = hits
        .iter()
        .find(|hit| matches!(hit.role, Role::For(_) | Role::Change) && hit.end <= subject)
    {
        signals.push(Signal { name: "subject.purpose", weight: 10, because: hit.because(page) });
    }
    if let Some(hit) =
        hits.iter().find(|hit| matches!(hit.role, Role::For(_) | Role::Change) && hit.end > subject)
    {
        signals.push(Signal { name: "text.purpose", weight: 10, because: hit.because(page) });
    }
}
