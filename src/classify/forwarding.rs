//! The mail in which Gmail or a Workspace domain asks whether forwarding to us
//! is wanted. It is known by its sender and by its confirming link, never by its
//! subject, which is in the mailbox's language and names the organisation. Of
//! other providers no source could be named, so none is guessed. This room must
//! not follow a link.

use crate::mail::Letter;

use super::authenticity::signatures;
use super::sender::host;
use super::{Authenticity, Reader, Signal};

/// Who sends it (facts: real captures of 2021 to 2026).
const SENDER: &str = "forwarding-noreply@google.com";
/// Hosts that the confirming link was seen on.
const HOSTS: [&str; 3] =
    ["mail-settings.google.com", "mail.google.com", "isolated.mail.google.com"];

/// A recognised confirmation.
#[derive(Debug)]
pub(super) struct Confirmation {
    pub(super) link: String,
    pub(super) mailbox: Option<String>,
    pub(super) authenticity: Authenticity,
}

/// Recognises a confirmation. A mail that claims to be one, while the believed
/// server says that Google did not send it, is none.
pub(super) fn recognise(
    letter: &Letter,
    reader: &Reader<'_>,
    signals: &mut Vec<Signal>,
) -> Option<Confirmation> {
    if !letter.from.iter().any(|from| from.address == SENDER) {
        return None;
    }
    let mut say =
        |name, because: &str| signals.push(Signal { name, weight: 0, because: because.to_owned() });
    say("forwarding.sender", "the From is that of Gmail's forwarding confirmations");
    let Some(link) = letter.links.iter().find(|link| is_confirming(link)) else {
        say("forwarding.no-link", "it holds no confirming link");
        return None;
    };
    say("forwarding.link", "it holds a link that confirms a forwarding");
    let (authenticity, name, because) = signatures(letter, reader);
    say(name, because);
    match authenticity {
        Authenticity::Failed | Authenticity::Unverified => {
            say(
                "forwarding.not-google",
                "nothing vouches that Google sent it, so its link is not passed on",
            );
            None
        }
        Authenticity::Verified | Authenticity::Unknown => {
            Some(Confirmation { link: link.clone(), mailbox: mailbox(letter), authenticity })
        }
    }
}

/// Whether a link confirms; the one that cancels differs by `uf-`.
fn is_confirming(link: &str) -> bool {
    link.starts_with("https://")
        && host(link).is_some_and(|host| HOSTS.contains(&host.as_str()))
        && link
            .strip_prefix("https://")
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(_, path)| path.starts_with("mail/vf-") && !path.contains("uf-["))
        && link.len() <= 2048
        && link.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b'\\'))
}

/// The mailbox that wants to forward: the first address in the text or the
/// subject that is neither ours nor Google's.
fn mailbox(letter: &Letter) -> Option<String> {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || "@.+-_%'".contains(c)))
            .map(|word| word.trim_matches(['.', '\'', '-']).to_ascii_lowercase())
            .filter(|word| is_address(word))
            .collect()
    };
    words(&letter.text).into_iter().chain(words(&letter.subject)).find(|address| {
        !letter.to.contains(address) && address != SENDER && !address.ends_with("@google.com")
    })
}

fn is_address(word: &str) -> bool {
    word.len() <= 254
        && word.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.contains('@')
                && domain.contains('.')
                && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        })
}
