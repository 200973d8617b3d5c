//! What forwarders, lists and servers below SES's block wrote. Anyone can write
//! these; this file only collects them and must not weigh them.

use super::fields::Field;
use super::{MAX_ADDRESSES, MAX_VALUE_BYTES, Trace, addresses, cut, words};

/// `Authentication-Results` headers kept.
const MAX_AUTHENTICATION_RESULTS: usize = 8;

/// Takes one header, if it is one that leaves a trace.
pub(super) fn note(field: Field<'_>, trace: &mut Trace) {
    // The first byte alone sends most headers of a mail away.
    if !matches!(
        field.name.first(),
        Some(b'X' | b'x' | b'D' | b'd' | b'R' | b'r' | b'A' | b'a' | b'P' | b'p' | b'L' | b'l')
    ) {
        return;
    }
    if field.is("X-Forwarded-To") {
        mailboxes(field, &mut trace.forwarded_to);
    } else if field.is("X-Forwarded-For") {
        mailboxes(field, &mut trace.forwarded_for);
    } else if field.is("Delivered-To") {
        mailboxes(field, &mut trace.delivered_to);
    } else if field.is("Return-Path") {
        mailboxes(field, &mut trace.return_path);
    } else if field.is("Authentication-Results") {
        if trace.authentication_results.len() < MAX_AUTHENTICATION_RESULTS {
            trace.authentication_results.push(field.unfolded(MAX_VALUE_BYTES));
        }
    } else if field.is("Auto-Submitted") {
        trace.auto_submitted.get_or_insert_with(|| field.unfolded(MAX_VALUE_BYTES).to_lowercase());
    } else if field.is("Precedence") {
        trace.precedence.get_or_insert_with(|| field.unfolded(MAX_VALUE_BYTES).to_lowercase());
    } else if field.is("List-Id") {
        trace.list_id.get_or_insert_with(|| text(field));
    } else if field.is("List-Unsubscribe") {
        trace.list_unsubscribe = true;
    } else if field.is("X-Google-Address-Confirmation") {
        trace.google_address_confirmation = true;
    } else if field.is("X-Gmail-Labels") {
        trace.gmail_labels.get_or_insert_with(|| text(field));
    }
}

fn text(field: Field<'_>) -> String {
    let value = field.value.get(..4 * MAX_VALUE_BYTES).unwrap_or(field.value);
    let mut text = words::text(value);
    cut(&mut text, MAX_VALUE_BYTES);
    text
}

fn mailboxes(field: Field<'_>, into: &mut Vec<String>) {
    let room = MAX_ADDRESSES.saturating_sub(into.len());
    into.extend(addresses::bare(&field.unfolded(MAX_VALUE_BYTES)).take(room));
}
