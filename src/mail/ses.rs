//! The block that SES writes above a mail, read from the raw lines: everything
//! in it decides whose mail this is and whether it is real. It must not look at
//! anything below the block, nor believe text that a sender chose inside it.
//!
//! SES writes, in this order: `Return-Path`, `Received`, the two verdicts if
//! scanning is on, `Received-SPF`, `Authentication-Results`, `X-SES-RECEIPT`,
//! `X-SES-DKIM-SIGNATURE`; then come the sender's own headers.

use super::authentication::method;
use super::fields::{Field, Fields};
use super::{AuthResult, MAX_ADDRESSES, SesBlock, addresses};

/// The block is eight headers, and a rule's own action may add some.
const MAX_FIELDS: usize = 24;
/// No line that SES writes comes near this.
const MAX_HEADER_BYTES: usize = 8 * 1024;
/// Results kept of each method; a real block has a handful.
const MAX_RESULTS: usize = 32;

/// Reads the block, if the mail begins with a whole one.
pub(super) fn block(raw: &[u8]) -> Option<SesBlock> {
    let mut fields = Fields::new(raw);
    let first = fields.next()?;
    if !first.is("Return-Path") || !raw.starts_with(first.name) {
        return None;
    }
    let return_path = first.unfolded(MAX_HEADER_BYTES);
    let mut block = SesBlock {
        return_path: return_path.trim_matches(|char| matches!(char, '<' | '>')).to_lowercase(),
        ..SesBlock::default()
    };
    let mut received = false;
    for field in fields.take(MAX_FIELDS) {
        if field.is("X-SES-RECEIPT") || field.is("X-SES-DKIM-SIGNATURE") {
            return received.then_some(block);
        }
        if field.is("Received") {
            // A second hop above the receipt is nothing that SES writes.
            if received || !read_received(field, &mut block) {
                return None;
            }
            received = true;
        } else if field.is("Return-Path") {
            return None;
        } else if field.is("X-SES-Spam-Verdict") {
            block.spam = Some(field.unfolded(64).to_uppercase());
        } else if field.is("X-SES-Virus-Verdict") {
            block.virus = Some(field.unfolded(64).to_uppercase());
        } else if field.is("Authentication-Results") {
            read_results(field, &mut block);
        }
    }
    None
}

/// `from … by inbound-smtp.R.amazonaws.com with SMTP id I for A; date`.
///
/// The sender names himself on the first line, so what counts is the one folded
/// line that begins with `by`, and what follows it.
fn read_received(field: Field<'_>, block: &mut SesBlock) -> bool {
    if field.value.len() > MAX_HEADER_BYTES {
        return false;
    }
    let Ok(value) = std::str::from_utf8(field.value) else { return false };
    let mut lines = value.lines().map(str::trim);
    if !lines.by_ref().take(1).all(|first| first.starts_with("from ")) {
        return false;
    }
    let Some(by) = lines.find(|line| line.starts_with("by ")) else { return false };
    let mut words = by.split_whitespace().skip(1);
    let (Some(host), Some("with"), Some(_protocol), Some("id"), Some(id)) =
        (words.next(), words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    let id = id.trim_end_matches(';');
    if !is_inbound(host) || id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let tail: Vec<&str> = words.chain(lines.flat_map(str::split_whitespace)).collect();
    let tail = tail.join(" ");
    // The date holds no semicolon; a quoted local part may.
    let (envelope, date) = tail.rsplit_once(';').unwrap_or(("", &tail));
    static DATE: jiff::fmt::rfc2822::DateTimeParser = jiff::fmt::rfc2822::DateTimeParser::new();
    let Ok(arrived) = DATE.parse_timestamp(date.trim()) else { return false };
    block.arrived_ms = arrived.as_millisecond();
    block.smtp_id = id.to_owned();
    if let Some(recipients) = envelope.trim().strip_prefix("for ") {
        block.recipients = addresses::bare(recipients).take(MAX_ADDRESSES).collect();
    }
    true
}

fn is_inbound(host: &str) -> bool {
    host.strip_prefix("inbound-smtp.")
        .and_then(|host| host.strip_suffix(".amazonaws.com"))
        .is_some_and(|region| {
            !region.is_empty()
                && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// Takes DKIM and DMARC from folded lines that begin with them, one result a
/// line. The SPF line repeats the sender's `envelope-from` and `helo` unquoted,
/// so that a result in the middle of a line proves nothing.
fn read_results(field: Field<'_>, block: &mut SesBlock) {
    let mut lines = field.lines();
    let server = lines.next().unwrap_or_default().trim_ascii();
    let server = server.strip_suffix(b";").unwrap_or(server);
    if !server.eq_ignore_ascii_case(b"amazonses.com") {
        return;
    }
    for line in lines {
        let Some(line) = std::str::from_utf8(line).ok().map(str::trim_start) else { continue };
        let statement = line.split(';').next().unwrap_or_default();
        let (into, result): (&mut Vec<AuthResult>, AuthResult) = match method(statement) {
            Some(("dkim", result)) => (&mut block.dkim, result),
            Some((_, result)) => (&mut block.dmarc, result),
            None => continue,
        };
        if into.len() < MAX_RESULTS {
            into.push(result);
        }
    }
}
