//! Address headers to mailboxes, over mail-parser's address grammar.

use mail_parser::{Addr, HeaderValue, parsers::MessageStream};

use super::{MAX_ADDRESSES, MAX_VALUE_BYTES, Mailbox, cut, words};

/// Only this much of an address header is read: fifty long addresses.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Adds the mailboxes of one header; says whether something was left out.
pub(super) fn read(value: &[u8], into: &mut Vec<Mailbox>) -> bool {
    let bounded = value.get(..MAX_HEADER_BYTES).unwrap_or(value);
    let mut text = words::mended(bounded);
    text.push('\n');
    let mut left_out = bounded.len() < value.len();
    let mut stream = MessageStream::new(text.as_bytes());
    if let HeaderValue::Address(list) = stream.parse_address() {
        for addr in list.iter() {
            if into.len() >= MAX_ADDRESSES {
                left_out = true;
                break;
            }
            let mailbox = mailbox(addr);
            if !mailbox.name.is_empty() || !mailbox.address.is_empty() {
                into.push(mailbox);
            }
        }
    }
    left_out
}

fn mailbox(addr: &Addr<'_>) -> Mailbox {
    let mut name = words::one_line(addr.name.as_deref().unwrap_or_default());
    cut(&mut name, MAX_VALUE_BYTES);
    let address = addr.address.as_deref().unwrap_or_default();
    let mut address: String =
        address.chars().filter(|char| !char.is_whitespace() && !char.is_control()).collect();
    address.make_ascii_lowercase();
    cut(&mut address, MAX_VALUE_BYTES);
    Mailbox { name, address: address.to_lowercase() }
}

/// The addresses in a value that separates them by spaces or commas, bare or
/// in angle brackets, lower case.
pub(super) fn bare(value: &str) -> impl Iterator<Item = String> {
    value
        .split(|char: char| char.is_whitespace() || matches!(char, ',' | ';'))
        .map(|word| word.trim_matches(|char| matches!(char, '<' | '>' | '"')))
        .filter(|word| word.contains('@'))
        .take(MAX_ADDRESSES)
        .map(str::to_lowercase)
}
