//! Whatever a sender could have chosen, made harmless before it stands in a
//! text: domains, mailboxes, links. Nothing here knows what a text says.

/// The longest domain name there is (RFC 1035).
const MAX_DOMAIN_CHARS: usize = 253;
/// At most this much of a mailbox is told.
const MAX_MAILBOX_CHARS: usize = 64;
/// A longer link is not relayed.
const MAX_LINK_BYTES: usize = 2000;

/// The domain, if it is made of letters, digits and hyphens with a dot between
/// (an international one keeps its `xn--`, so it cannot pose as another).
pub(super) fn domain(name: &str) -> Option<&str> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let fits = name.len() <= MAX_DOMAIN_CHARS && name.contains('.');
    (fits && name.split('.').all(label)).then_some(name)
}

/// A domain that no mail program makes a link of: `example[.]com`.
pub(super) fn untappable(domain: &str) -> String {
    match domain.rsplit_once('.') {
        Some((front, top)) => format!("{front}[.]{top}"),
        None => domain.to_owned(),
    }
}

/// A mailbox of which every unexpected character is a question mark.
pub(super) fn mailbox(address: &str) -> String {
    let shown = |c: char| c.is_ascii_alphanumeric() || "._%+-@=".contains(c);
    let mut text: String =
        address.chars().take(MAX_MAILBOX_CHARS).map(|c| if shown(c) { c } else { '?' }).collect();
    if address.chars().count() > MAX_MAILBOX_CHARS {
        text.push_str("...");
    }
    text
}

/// The link, if it is `https` and visible ASCII from end to end.
pub(super) fn link(link: &str) -> Option<&str> {
    let visible = |b: u8| b.is_ascii_graphic() && !b"<>\"`\\".contains(&b);
    (link.starts_with("https://") && link.len() <= MAX_LINK_BYTES && link.bytes().all(visible))
        .then_some(link)
}

/// An id of ours: letters, digits and `#-_.:/=+@*`, anything else an underscore.
pub(super) fn id(id: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "#-_.:/=+@*".contains(c);
    id.chars().take(256).map(|c| if kept(c) { c } else { '_' }).collect()
}

/// One line without control characters or marks that turn the writing
/// direction, with at most that many characters.
pub(super) fn line(text: &str, max_chars: usize) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
    };
    text.chars().filter(|c| !hidden(*c)).take(max_chars).collect()
}
