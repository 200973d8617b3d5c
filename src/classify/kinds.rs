//! What a code mail asks to prove, from the phrases around its code. What the
//! tail of a mail advises ("if this was not you, reset your password") is no
//! purpose. This room must not know any service.

use super::Kind;
use super::page::Page;
use super::phrases::{Hit, Role};
use super::tokens::Token;

/// How far the advice after "if this was not you" reaches, in bytes.
const ADVICE_BYTES: usize = 240;

/// The purpose of a code mail; a login if nothing says otherwise.
pub(super) fn of(page: &Page, hits: &[Hit], code: Option<Token>) -> Kind {
    // On a tie the more telling one wins: every service mentions logins.
    let mut sums = [(Kind::Transaction, 0), (Kind::Reset, 0), (Kind::Signup, 0), (Kind::Login, 1)];
    for hit in hits {
        // That something of an account is changed is said of nothing else.
        let (kind, times) = match hit.role {
            Role::For(kind) => (kind, 1),
            Role::Change => (Kind::Transaction, 2),
            _ => continue,
        };
        if is_advice(page, hits, hit) || is_part(hits, hit) {
            continue;
        }
        let weight = weight(page, hit, code) * times;
        for (other, sum) in &mut sums {
            if *other == kind {
                *sum += weight;
            }
        }
    }
    let mut best = (Kind::Login, 0);
    for (kind, sum) in sums {
        if sum > best.1 {
            best = (kind, sum);
        }
    }
    best.0
}

fn weight(page: &Page, hit: &Hit, code: Option<Token>) -> i32 {
    if hit.end <= page.subject_end() {
        return 6;
    }
    match code {
        Some(code) if hit.end <= code.start && code.start - hit.end <= 300 => 3,
        Some(code) if hit.start >= code.end && hit.start - code.end <= 120 => 2,
        _ => 1,
    }
}

/// Whether a phrase is part of a longer one of another kind: "aanmelding", a login,
/// of "aanmelding afronden", which finishes a sign-up.
fn is_part(hits: &[Hit], hit: &Hit) -> bool {
    let purpose = |role| matches!(role, Role::For(_) | Role::Change);
    matches!(hit.role, Role::For(_))
        && hits.iter().any(|other| {
            purpose(other.role)
                && other.role != hit.role
                && other.start <= hit.start
                && hit.end <= other.end
                && other.end - other.start > hit.end - hit.start
        })
}

/// Whether a phrase stands in the advice for whoever did not ask for the code.
fn is_advice(page: &Page, hits: &[Hit], hit: &Hit) -> bool {
    hit.end > page.subject_end()
        && hits.iter().any(|other| {
            matches!(other.role, Role::NotYou | Role::Secret)
                && other.start > page.subject_end()
                && hit.start >= other.start
                && hit.start.saturating_sub(other.end) <= ADVICE_BYTES
        })
}
