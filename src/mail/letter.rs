//! The way from bytes to a [`Letter`]: one pass over the headers, then the body.

use mail_parser::DateTime;

use super::body::{self, Entity};
use super::fields::{Field, Fields};
use super::links::Links;
use super::{
    Letter, MAX_ADDRESSES, MAX_READ_BYTES, MAX_VALUE_BYTES, addresses, cut, ses, trace, words,
};

/// Reads a mail. Never fails: what cannot be read is absent.
///
/// Only the first [`MAX_READ_BYTES`] are looked at.
#[must_use]
pub fn parse(raw: &[u8]) -> Letter {
    let bounded = raw.get(..MAX_READ_BYTES).unwrap_or(raw);
    let mut letter = Letter {
        ses: ses::block(bounded),
        truncated: bounded.len() < raw.len(),
        ..Letter::default()
    };
    let mut entity = Entity::default();
    let mut fields = Fields::new(bounded);
    // What SES wrote leaves no trace: it is no forwarder.
    let mut in_block = letter.ses.is_some();
    for field in fields.by_ref() {
        if in_block {
            in_block = !field.is("X-SES-RECEIPT") && !field.is("X-SES-DKIM-SIGNATURE");
            continue;
        }
        entity.note(field);
        note(field, &mut letter);
        trace::note(field, &mut letter.trace);
    }
    letter.trace.report = entity.is("multipart", "report");

    let mut links = Links::default();
    let body = body::read(&entity, fields.rest(), &mut links);
    let (links, left_out) = links.finish();
    letter.text = body.text;
    letter.text_from = body.text_from;
    letter.hidden_text = body.hidden_text;
    letter.attached_mail = body.attached_mail;
    letter.links = links;
    letter.truncated |= body.truncated || left_out;
    letter
}

/// Takes one of the headers that a reader sees. Of those that may stand only
/// once the first counts, as it does in mail readers; every `From` is kept.
fn note(field: Field<'_>, letter: &mut Letter) {
    if field.is("From") {
        letter.truncated |= addresses::read(field.value, &mut letter.from);
    } else if field.is("To") || field.is("Cc") {
        let mut mailboxes = Vec::new();
        letter.truncated |= addresses::read(field.value, &mut mailboxes);
        for mailbox in mailboxes.into_iter().filter(|mailbox| !mailbox.address.is_empty()) {
            if letter.to.len() < MAX_ADDRESSES {
                letter.to.push(mailbox.address);
            } else {
                letter.truncated = true;
            }
        }
    } else if field.is("Subject") && letter.subject.is_empty() {
        // Encoded text is up to four times as long as what it says.
        let value = field.value.get(..4 * MAX_VALUE_BYTES);
        letter.truncated |= value.is_some_and(|value| value.len() < field.value.len());
        letter.subject = words::text(value.unwrap_or(field.value));
        letter.truncated |= cut(&mut letter.subject, MAX_VALUE_BYTES);
    } else if field.is("Message-ID") && letter.message_id.is_none() {
        let value = field.unfolded(MAX_VALUE_BYTES);
        let id = value.split(['<', '>']).map(str::trim).find(|id| !id.is_empty());
        letter.message_id = id.map(str::to_owned);
    } else if field.is("Date") && letter.date_ms.is_none() {
        letter.date_ms = DateTime::parse_rfc822(&field.unfolded(MAX_VALUE_BYTES))
            .filter(DateTime::is_valid)
            .and_then(|date| date.to_timestamp().checked_mul(1000));
    }
}
