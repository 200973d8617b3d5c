//! How phrases are written in `languages/*.toml`, read to one entry a phrase.
//! The build script compiles the entries into the table that `phrases` searches,
//! so this file must not use anything of this crate, nor know what a page is.
//!
//! In a phrase `(a|b|)` stands for each of its alternatives, which may hold
//! alternatives, and a `*` at its end for any further letters.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Sections of a file, with the role of their phrases as Rust writes it.
const SECTIONS: [(&str, &str); 20] = [
    ("code", "Role::Code"),
    ("shared-code", "Role::SharedCode"),
    ("weak-code", "Role::WeakCode"),
    ("words", "Role::Words"),
    ("enter", "Role::Enter"),
    ("ask", "Role::Ask"),
    ("validity", "Role::Validity"),
    ("secret", "Role::Secret"),
    ("not-you", "Role::NotYou"),
    ("login", "Role::For(Kind::Login)"),
    ("signup", "Role::For(Kind::Signup)"),
    ("reset", "Role::For(Kind::Reset)"),
    ("transaction", "Role::For(Kind::Transaction)"),
    ("change", "Role::Change"),
    ("picture", "Role::Picture"),
    ("depiction", "Role::Depiction"),
    ("choose", "Role::Choose"),
    ("unit", "Role::Unit"),
    ("example", "Role::Example"),
    ("in-subject", "Role::InSubject"),
];

/// Families of labels and topics, with their names in Rust.
const FAMILIES: [(&str, &str); 21] = [
    ("coupon", "Coupon"),
    ("order", "Order"),
    ("parcel", "Parcel"),
    ("invoice", "Invoice"),
    ("booking", "Booking"),
    ("meeting", "Meeting"),
    ("door", "Door"),
    ("postal", "Postal"),
    ("tax", "Tax"),
    ("license", "License"),
    ("referral", "Referral"),
    ("number", "Number"),
    ("campaign", "Campaign"),
    ("enrolment", "Enrolment"),
    ("phishing-warning", "PhishingWarning"),
    ("notice", "Notice"),
    ("reset-link", "ResetLink"),
    ("confirm-link", "ConfirmLink"),
    ("magic-link", "MagicLink"),
    ("engineering", "Engineering"),
    ("bounce", "Bounce"),
];

/// One phrase of a file, its alternatives written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its role as Rust writes it.
    pub(super) role: String,
    /// The phrase, not yet folded.
    pub(super) text: String,
    /// Further letters may follow it.
    pub(super) open: bool,
    /// The line of the file that has it, from 1.
    pub(super) line: usize,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The line, from 1.
    pub(super) line: usize,
    /// What is wrong there.
    pub(super) message: String,
}

/// Reads a file: its phrases in the order of the roles and families above.
pub(super) fn read(file: &str) -> Result<Vec<Entry>, Fault> {
    let fault = |at: usize, message: String| Fault { line: line_of(file, at), message };
    let table = DeTable::parse(file).map_err(|error| {
        fault(error.span().map_or(0, |span| span.start), error.message().to_owned())
    })?;
    let mut sections: Vec<(usize, String, &Spanned<DeValue<'_>>)> = Vec::new();
    for (key, value) in table.get_ref() {
        let (name, at) = (key.get_ref().as_ref(), key.span().start);
        let families = match name {
            "label" => "Role::Label",
            "topic" => "Role::Topic",
            _ => {
                let place = SECTIONS.iter().position(|(section, _)| *section == name);
                let Some((place, (_, role))) = place.and_then(|p| Some((p, SECTIONS.get(p)?)))
                else {
                    return Err(fault(at, format!("no section is called “{name}”")));
                };
                sections.push((place, (*role).to_owned(), value));
                continue;
            }
        };
        let DeValue::Table(table) = value.get_ref() else {
            return Err(fault(at, format!("“{name}” is no table of families")));
        };
        for (key, value) in table {
            let (family, at) = (key.get_ref().as_ref(), key.span().start);
            let place = FAMILIES.iter().position(|(known, _)| *known == family);
            let Some((place, (_, variant))) = place.and_then(|p| Some((p, FAMILIES.get(p)?)))
            else {
                return Err(fault(at, format!("no family is called “{family}”")));
            };
            let first = if name == "label" { 100 } else { 200 };
            sections.push((first + place, format!("{families}(Family::{variant})"), value));
        }
    }
    sections.sort_by_key(|(place, _, _)| *place);
    let mut entries = Vec::new();
    for (_, role, value) in sections {
        let DeValue::Array(phrases) = value.get_ref() else {
            return Err(fault(value.span().start, "this is no list of phrases".to_owned()));
        };
        for phrase in phrases {
            let at = phrase.span().start;
            let DeValue::String(written) = phrase.get_ref() else {
                return Err(fault(at, "this is no phrase".to_owned()));
            };
            check(written).map_err(|message| fault(at, format!("“{written}” {message}")))?;
            let line = line_of(file, at);
            entries.extend(expand(written).into_iter().map(|text| Entry {
                role: role.clone(),
                open: text.ends_with('*'),
                text: text.trim_end_matches('*').to_owned(),
                line,
            }));
        }
    }
    Ok(entries)
}

fn line_of(file: &str, at: usize) -> usize {
    file.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// What would keep a phrase from ever matching.
fn check(written: &str) -> Result<(), &'static str> {
    let mut depth = 0usize;
    for mark in written.chars() {
        match mark {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or("closes a bracket that it did not open")?,
            '|' if depth == 0 => return Err("has alternatives outside brackets"),
            _ => {}
        }
    }
    if depth > 0 {
        return Err("leaves a bracket open");
    }
    for text in expand(written) {
        let text = text.trim_end_matches('*');
        if text.contains('*') {
            return Err("has a * that is not at its end");
        }
        if text.trim().is_empty() {
            return Err("stands for nothing, too");
        }
    }
    Ok(())
}

/// Writes out the alternatives of a phrase: `cod(e|es)` to `code` and `codes`.
pub(super) fn expand(phrase: &str) -> Vec<String> {
    let Some(open) = phrase.find('(') else { return vec![phrase.to_owned()] };
    let mut depth = 0usize;
    let mut cuts = vec![open];
    let mut close = None;
    for (at, mark) in phrase.char_indices().skip_while(|(at, _)| *at < open) {
        match mark {
            '(' => depth += 1,
            ')' if depth == 1 => {
                close = Some(at);
                break;
            }
            ')' => depth -= 1,
            '|' if depth == 1 => cuts.push(at),
            _ => {}
        }
    }
    let Some(close) = close else { return vec![phrase.to_owned()] };
    let ends = cuts.iter().skip(1).copied().chain([close]);
    let part = |range: std::ops::Range<usize>| phrase.get(range).unwrap_or_default();
    let tails = expand(part(close + 1..phrase.len()));
    cuts.iter()
        .zip(ends)
        .flat_map(|(start, end)| expand(part(start + 1..end)))
        .flat_map(|choice| tails.iter().map(move |tail| format!("{choice}{tail}")))
        .map(|rest| format!("{}{rest}", part(0..open)))
        .collect()
}
