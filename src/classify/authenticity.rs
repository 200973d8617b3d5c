//! Whether the service that a mail names really sent it, by what a believed
//! server says of its signatures. Only SES's own block speaks for a mail that
//! holds one; elsewhere only servers that the reader trusts. SPF is never asked:
//! it speaks for whoever forwarded. This room must not look at texts.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::mail::{AuthResult, AuthStatus, Letter, authentication_results};
use crate::services;

use super::sender::{self, Sender};
use super::{Authenticity, Reader, Signal};

/// At most this many parts of a domain or a label are looked at.
const MAX_PARTS: usize = 8;

/// Judges a letter; the signals say why.
pub(super) fn judge(
    letter: &Letter,
    reader: &Reader<'_>,
    sender: Sender,
    signals: &mut Vec<Signal>,
) -> Authenticity {
    let (verdict, name, because) = signatures(letter, reader);
    say(signals, name, because);
    if verdict == Authenticity::Failed {
        return verdict;
    }
    match doubt(letter, reader, sender) {
        Some((name, because)) => {
            say(signals, name, because);
            Authenticity::Unverified
        }
        None => verdict,
    }
}

/// What the believed server says of the From's domain.
pub(super) fn signatures(
    letter: &Letter,
    reader: &Reader<'_>,
) -> (Authenticity, &'static str, &'static str) {
    let [from] = letter.from.as_slice() else {
        return (
            Authenticity::Unverified,
            "auth.several-from",
            "the From does not name exactly one mailbox",
        );
    };
    let Some(domain) = from.domain() else {
        return (Authenticity::Unverified, "auth.no-domain", "the From names no domain");
    };
    if let Some(ses) = &letter.ses {
        return weigh(domain, &ses.dkim, &ses.dmarc);
    }
    let believed = letter
        .trace
        .authentication_results
        .iter()
        // Whoever believes no server need not read what servers say.
        .filter(|_| !reader.trusted_servers.is_empty())
        .filter_map(|value| authentication_results(value))
        .find(|results| {
            reader
                .trusted_servers
                .iter()
                .any(|trusted| trusted.eq_ignore_ascii_case(&results.server))
        });
    match believed {
        Some(results) => weigh(domain, &results.dkim, &results.dmarc),
        None => (
            Authenticity::Unknown,
            "auth.no-believed-server",
            "no server that is believed has checked it",
        ),
    }
}

fn weigh(
    from: &str,
    dkim: &[AuthResult],
    dmarc: &[AuthResult],
) -> (Authenticity, &'static str, &'static str) {
    let aligned = |result: &AuthResult| is_aligned(from, &result.domain);
    let signed = dkim.iter().any(|result| result.result == AuthStatus::Pass && aligned(result));
    let by_signature = |name, because| {
        if signed {
            (
                Authenticity::Verified,
                "auth.dkim-pass",
                "a signature of the From's own domain passed",
            )
        } else {
            (Authenticity::Unknown, name, because)
        }
    };
    match dmarc {
        [] => by_signature("auth.no-dmarc", "the believed server names no DMARC result"),
        [one] => match one.result {
            AuthStatus::Pass if aligned(one) => {
                (Authenticity::Verified, "auth.dmarc-pass", "DMARC passed for the From's domain")
            }
            AuthStatus::Pass => (
                Authenticity::Unverified,
                "auth.dmarc-other-domain",
                "DMARC passed for a domain that is not the From's",
            ),
            AuthStatus::Fail => (Authenticity::Failed, "auth.dmarc-fail", "DMARC failed"),
            AuthStatus::None => {
                by_signature("auth.dmarc-none", "the From's domain publishes no DMARC policy")
            }
            AuthStatus::TempError => {
                by_signature("auth.dmarc-temperror", "DMARC could not be checked just then")
            }
            AuthStatus::PermError => {
                by_signature("auth.dmarc-permerror", "the From's DMARC policy cannot be read")
            }
            AuthStatus::Neutral => by_signature("auth.dmarc-neutral", "DMARC gave no clear result"),
        },
        _ => (
            Authenticity::Unverified,
            "auth.several-dmarc",
            "more than one DMARC result: one of them is forged",
        ),
    }
}

/// What speaks against a letter whatever its signatures say.
fn doubt(letter: &Letter, reader: &Reader<'_>, sender: Sender) -> Option<(&'static str, String)> {
    match sender {
        Sender::Claimed(service) => {
            return Some((
                "auth.brand-over-foreign-address",
                format!("it names {} but its address is another's", service.id),
            ));
        }
        Sender::Rewritten(_) => {
            let because = "the From is the reader's own mailbox: a forwarder rewrote it".to_owned();
            return Some(("auth.rewritten-from", because));
        }
        Sender::Unknown => {
            if let Some(id) =
                letter.from.first().and_then(|from| from.domain()).and_then(looks_like)
            {
                return Some((
                    "auth.look-alike-domain",
                    format!("its domain looks like that of {id}"),
                ));
            }
        }
        Sender::Known(_) => {}
    }
    // Anyone can have a service send him a code and forward it to us; only the
    // To, which the service signed, tells whose code it is. X-Forwarded-For and
    // Delivered-To are written by whoever forwards.
    if !reader.mailboxes.is_empty() && !letter.to.iter().any(|to| sender::is_own(to, reader)) {
        return Some((
            "auth.other-recipient",
            "it is addressed to none of the reader's mailboxes".to_owned(),
        ));
    }
    let labels = letter.trace.gmail_labels.as_deref().unwrap_or_default();
    let spam = labels
        .split(',')
        .map(str::trim)
        .any(|label| label.eq_ignore_ascii_case("spam") || label == "迷惑メール");
    spam.then(|| ("auth.spam-label", "Gmail has put it among the spam".to_owned()))
}

/// Whether a domain is the other one, or both have the same registrable domain.
fn is_aligned(from: &str, other: &str) -> bool {
    if from.is_empty() || other.is_empty() {
        return false;
    }
    let other = other.trim_start_matches('@').trim_end_matches('.');
    from == other
        || match (psl::domain_str(from), psl::domain_str(other)) {
            (Some(from), Some(other)) => from == other,
            _ => false,
        }
}

/// The service whose domain a foreign domain imitates: it holds the name with
/// other things around it (`rakuten-sec.co.jp.example.com`, `rakuten-sec-jp.com`)
/// or differs by what is hard to see (`paypa1.com`).
fn looks_like(domain: &str) -> Option<&'static str> {
    let registrable = sender::registrable(domain)?;
    let label = registrable.split('.').next()?;
    let listed = &*LISTED;
    let by_name = listed.skeletons.get(&skeleton(label)).filter(|(own, _)| *own != label);
    by_name
        .map(|(_, service)| *service)
        .or_else(|| part(label, b'-', |part| part.len() < label.len(), &listed.names))
        .or_else(|| part(domain, b'.', |part| !domain.ends_with(part), &listed.domains))
        .or_else(|| {
            // What follows need not be a label of its own: `paypal.com-login.example`.
            let first = domain.as_bytes().first();
            let before = |own: &str| {
                own.as_bytes().first() == first
                    && own.len() < domain.len()
                    && domain.starts_with(own)
            };
            let own = listed.domains.iter().filter(|(own, _)| before(own));
            own.max_by_key(|(own, _)| own.len()).map(|(_, service)| *service)
        })
}

/// The service that is listed under what stands between two marks of a text, or
/// between its ends and a mark.
fn part(
    text: &str,
    mark: u8,
    fits: impl Fn(&str) -> bool,
    services: &HashMap<&'static str, &'static str>,
) -> Option<&'static str> {
    let marks = || text.bytes().enumerate().filter(|(_, byte)| *byte == mark).take(MAX_PARTS);
    let starts = || std::iter::once(0).chain(marks().map(|(at, _)| at + 1));
    let ends = || marks().map(|(at, _)| at).chain([text.len()]);
    starts().find_map(|start| {
        ends().find_map(|end| {
            let part = text.get(start..end).filter(|part| fits(part))?;
            services.get(part).copied()
        })
    })
}

/// The domains that services send from, by what imitations are known by. Names of
/// four letters and less are parts of too many words.
#[derive(Default)]
struct Listed {
    /// A domain as it is listed, to the service.
    domains: HashMap<&'static str, &'static str>,
    /// The label that its registrable domain begins with.
    names: HashMap<&'static str, &'static str>,
    /// That label with what looks alike made alike, and the label.
    skeletons: HashMap<String, (&'static str, &'static str)>,
}

static LISTED: LazyLock<Listed> = LazyLock::new(|| {
    let mut listed = Listed::default();
    for service in services::all() {
        for domain in &service.senders.domains {
            let own = sender::registrable(domain).and_then(|domain| domain.split('.').next());
            let Some(own) = own.filter(|own| own.len() >= 5) else { continue };
            listed.domains.entry(domain).or_insert(&service.id);
            listed.names.entry(own).or_insert(&service.id);
            listed.skeletons.entry(skeleton(own)).or_insert((own, &service.id));
        }
    }
    listed
});

/// A label with what looks alike made alike, hyphens left out.
fn skeleton(label: &str) -> String {
    label
        .replace("rn", "m")
        .replace("vv", "w")
        .chars()
        .filter(|c| *c != '-')
        .map(|c| match c {
            '0' => 'o',
            '1' | 'i' => 'l',
            '3' => 'e',
            '5' => 's',
            c => c,
        })
        .collect()
}

fn say(signals: &mut Vec<Signal>, name: &'static str, because: impl Into<String>) {
    signals.push(Signal { name, weight: 0, because: because.into() });
}

#[cfg(test)]
mod tests;
