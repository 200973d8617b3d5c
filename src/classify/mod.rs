//! A [`Letter`] to a [`Verdict`]: is somebody being asked
//! to prove a login, by which service, and did that service really send it?
//! Every verdict carries the signals that led to it. The code itself never
//! leaves this room: no signal, name or error holds it. This room must not know
//! AWS, the clock, files or the environment, and it cannot fail.

use serde::{Deserialize, Serialize};

use crate::mail::{Letter, Mailbox};
use crate::services::Service;

mod authenticity;
#[cfg(test)]
mod corpus;
mod fold;
mod forwarding;
mod kinds;
mod known;
mod likeness;
mod marks;
mod page;
mod phrases;
mod recogniser;
mod refusals;
mod sender;
#[cfg(test)]
mod tests;
mod tokens;
mod words;

use sender::Sender;

/// Stands in every alert of ours, so that one that comes back through a rule
/// that forwards everything is known. An alert's id follows it.
pub const OWN_MARKER: &str = "hansho-alert:";

/// What a code mail asks to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A login, or a step-up inside one.
    Login,
    /// A new account, or that an address is one's own.
    Signup,
    /// A new password, or a way back in.
    Reset,
    /// A payment, a transfer or another order, or a change in an account.
    Transaction,
}

/// What has to be known already by whoever makes a service send a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Implies {
    /// The password was typed, and was right.
    Password,
    /// Only the address or the ID: a reset, a sign-up, a passwordless login.
    Identifier,
    /// Not known.
    Unknown,
}

/// Whether the service that a mail names really sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Authenticity {
    /// An aligned DMARC or DKIM pass, from a server that is believed.
    Verified,
    /// Nothing vouches for it: no aligned signature, or the wrong domain.
    Unverified,
    /// A believed server says that the check failed.
    Failed,
    /// Not to be told: no believed server spoke, no policy is published, or the check had a passing error.
    Unknown,
}

/// What a mail was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Somebody is being asked to prove something with a code.
    Code,
    /// A mail provider asks whether forwarding to us is wanted.
    ForwardConfirmation,
    /// Anything else.
    Other,
}

/// The verdict on one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the mail was taken for.
    pub outcome: Outcome,
    /// What it asks to prove; of code mails only.
    pub kind: Option<Kind>,
    /// The service, if one of the files knows it.
    pub service: Option<&'static str>,
    /// What sightings are counted under: the service's id, or `domain:example.com`
    /// (the registrable domain of the sender, at most 253 characters of `[a-z0-9.-]`),
    /// or `domain:invalid`. Empty for other mails.
    pub service_key: String,
    /// Whether the service really sent it.
    pub authenticity: Authenticity,
    /// The link that confirms a forwarding, for the alert room only.
    pub confirm_link: Option<String>,
    /// The mailbox that wants to forward to us, of a forwarding confirmation.
    pub confirm_mailbox: Option<String>,
    /// Why: what was seen, and how much it weighed. Never the code.
    pub signals: Vec<Signal>,
    /// The sum of the weights, against [`THRESHOLD`]; known services and refusals may end it early.
    pub score: i32,
}

/// From this score on the general recogniser calls a mail a code mail.
pub const THRESHOLD: i32 = 100;

/// One thing that was seen in a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signal {
    /// A stable name such as `subject.code-phrase` or `auth.dmarc-pass`.
    pub name: &'static str,
    /// What it adds to the score; negative speaks against a code mail, 0 explains only.
    pub weight: i32,
    /// What matched, in words of ours or of the data files; never text of the mail.
    pub because: String,
}

/// What the judge of a letter must be told of its reader.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reader<'a> {
    /// The person's own mailboxes, lower case; empty if the policy names none.
    pub mailboxes: &'a [String],
    /// Servers whose `Authentication-Results` are believed where no SES block stands on top.
    pub trusted_servers: &'a [String],
}

/// Judges a letter. Never fails.
#[must_use]
pub fn classify(letter: &Letter, reader: &Reader<'_>) -> Verdict {
    let page = page::Page::of(letter);
    let mut signals = Vec::new();
    if let Some(refusal) = refusals::outright(letter, &page) {
        signals.push(refusal);
        return Verdict::other(signals);
    }
    if let Some(found) = forwarding::recognise(letter, reader, &mut signals) {
        return Verdict::confirmation(found, signals);
    }
    let sender = Sender::of(letter, reader);
    let hits = phrases::find(&page);
    let tokens = tokens::find(&page);
    if let Some(service) = sender.service() {
        match known::judge(service, &page) {
            Some(known::Opinion::Code { kind, signal }) => {
                signals.push(signal);
                return Verdict::code(letter, reader, sender, kind, signals);
            }
            Some(known::Opinion::Other(signal)) => {
                signals.push(signal);
                return Verdict::other(signals);
            }
            None => {}
        }
    }
    let finding = recogniser::weigh(&page, &hits, &tokens, !letter.links.is_empty());
    signals.extend(finding.signals);
    if let Some(service) = sender.service() {
        known::lean(service, letter, sender, finding.code.is_some(), &mut signals);
    }
    refusals::leanings(letter, &page, &mut signals);
    let (code, seen) = match (finding.code, finding.spare) {
        (Some(code), _) => (Some(code), likeness::Seen::Named),
        (None, Some(spare)) => {
            signals.extend(spare.signals);
            (Some(spare.token), likeness::Seen::Spare)
        }
        (None, None) => (None, likeness::Seen::Nothing),
    };
    // Of a mail with a link to follow and nothing to type in, the wording alone says too little.
    let is_open = code.is_some() || letter.links.is_empty();
    if is_open {
        let view = likeness::View { page: &page, hits: &hits, tokens: &tokens };
        signals.extend(likeness::leaning(view, seen, sum(&signals)));
    }
    if is_open && sum(&signals) >= THRESHOLD {
        let kind = kinds::of(&page, &hits, code);
        Verdict::code(letter, reader, sender, kind, signals)
    } else {
        Verdict::other(signals)
    }
}

/// Reads what all letters are judged by: the services' files, the phrases, the
/// automata over them. Whoever does not call this has the first letter wait.
pub fn prepare() {
    let any = "-".to_owned();
    let from = vec![Mailbox { name: any.clone(), address: any.clone() }];
    let letter = Letter { from, subject: any, ..Letter::default() };
    let _ = classify(&letter, &Reader::default());
}

fn sum(signals: &[Signal]) -> i32 {
    signals.iter().map(|signal| signal.weight).sum()
}

impl Verdict {
    fn other(signals: Vec<Signal>) -> Self {
        Self {
            outcome: Outcome::Other,
            kind: None,
            service: None,
            service_key: String::new(),
            authenticity: Authenticity::Unknown,
            confirm_link: None,
            confirm_mailbox: None,
            score: sum(&signals),
            signals,
        }
    }

    fn confirmation(found: forwarding::Confirmation, signals: Vec<Signal>) -> Self {
        Self {
            outcome: Outcome::ForwardConfirmation,
            authenticity: found.authenticity,
            confirm_link: Some(found.link),
            confirm_mailbox: found.mailbox,
            ..Self::other(signals)
        }
    }

    fn code(
        letter: &Letter,
        reader: &Reader<'_>,
        sender: Sender,
        kind: Kind,
        mut signals: Vec<Signal>,
    ) -> Self {
        let authenticity = authenticity::judge(letter, reader, sender, &mut signals);
        Self {
            outcome: Outcome::Code,
            kind: Some(kind),
            service: sender.service().map(|service: &'static Service| service.id.as_str()),
            service_key: sender::key(letter, sender),
            authenticity,
            ..Self::other(signals)
        }
    }
}
