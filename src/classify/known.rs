//! A letter of a service that a file knows, against the signs in that file.
//! This room must not know any service by name: all it knows is in the data.

use crate::mail::Letter;
use crate::services::Service;

use super::fold::fold;
use super::page::Page;
use super::sender::Sender;
use super::{Kind, Signal, THRESHOLD};

/// What a service's file says of a letter.
#[derive(Debug)]
pub(super) enum Opinion {
    /// One of its signs matches.
    Code {
        /// What the sign says it asks to prove.
        kind: Kind,
        /// Why.
        signal: Signal,
    },
    /// One of its refusals matches.
    Other(Signal),
}

/// Asks a service's file; a refusal goes before any sign.
pub(super) fn judge(service: &Service, page: &Page) -> Option<Opinion> {
    for refusal in &service.refusals {
        if let Some(phrase) = matched(page, &refusal.subject_any, &refusal.body_any) {
            let because = format!("{}: “{phrase}”", service.id);
            return Some(Opinion::Other(Signal { name: "service.refuse", weight: -1000, because }));
        }
    }
    for sign in &service.signs {
        if let Some(phrase) = matched(page, &sign.subject_any, &sign.body_any) {
            let name = if sign.url_only { "service.sign-url-only" } else { "service.sign" };
            let because = format!("{}: “{phrase}”", service.id);
            let signal = Signal { name, weight: THRESHOLD, because };
            return Some(Opinion::Code { kind: sign.kind, signal });
        }
    }
    None
}

/// What a service's file adds to the general recogniser.
pub(super) fn lean(
    service: &Service,
    letter: &Letter,
    sender: Sender,
    code: bool,
    signals: &mut Vec<Signal>,
) {
    if !code || !matches!(sender, Sender::Known(_)) {
        return;
    }
    let known =
        letter.from.first().is_some_and(|from| service.senders.addresses.contains(&from.address));
    if known {
        let because = format!("{}: its codes come from this address", service.id);
        signals.push(Signal { name: "service.sender", weight: 20, because });
    }
}

/// The phrase by which both lists match, where they are not empty.
fn matched<'a>(page: &Page, subject_any: &'a [String], body_any: &'a [String]) -> Option<&'a str> {
    let end = page.subject_end();
    let subject = page.slice(0, end);
    let body = page.slice(end, page.folded.len());
    let find = |text: &str, phrases: &'a [String]| {
        phrases.iter().find(|phrase| text.contains(&fold(phrase))).map(String::as_str)
    };
    match (subject_any.is_empty(), body_any.is_empty()) {
        (true, true) => None,
        (false, true) => find(subject, subject_any),
        (true, false) => find(body, body_any),
        (false, false) => {
            find(subject, subject_any).and_then(|phrase| find(body, body_any).map(|_| phrase))
        }
    }
}
