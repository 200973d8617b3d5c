//! Header text: encoded words (RFC 2047) and raw eight-bit text to characters.
//! Words that cut a character in two are joined before they are decoded, which
//! mail-parser does not do. It must not know which header it reads.

use std::fmt::Write as _;

use mail_parser::parsers::MessageStream;

use super::charset;

/// RFC 2047 allows 75 bytes; some senders write a whole subject as one word.
const MAX_WORD_BYTES: usize = 4 * 1024;

/// A run of a header value.
enum Run<'v> {
    /// Text as it stands, white space at its ends included.
    Raw(&'v [u8]),
    /// The content of one encoded word.
    Word { charset: &'v str, bytes: Vec<u8> },
}

/// Decodes an unstructured value: on one line, without control characters.
pub(super) fn text(value: &[u8]) -> String {
    if value.is_ascii() && memchr::memmem::find(value, b"=?").is_none() && !value.contains(&0x1b) {
        return one_line(&String::from_utf8_lossy(value));
    }
    one_line(&rewrite(value, |decoded, out| out.push_str(decoded)))
}

/// Rewrites a structured value (addresses) so that each run of encoded words
/// is one whole UTF-8 word and raw text is UTF-8: what a field parser needs.
/// Decoded text stays encoded, so that its commas and brackets are no syntax.
pub(super) fn mended(value: &[u8]) -> String {
    rewrite(value, |decoded, out| {
        out.push_str("=?utf-8?q?");
        for byte in decoded.bytes() {
            let _ = write!(out, "={byte:02X}");
        }
        out.push_str("?=");
    })
}

fn rewrite(value: &[u8], emit: impl Fn(&str, &mut String)) -> String {
    let mut out = String::with_capacity(value.len());
    let mut pending: Vec<(&str, Vec<u8>)> = Vec::new();
    for run in runs(value) {
        match run {
            Run::Word { charset, bytes } => pending.push((charset, bytes)),
            Run::Raw(raw) => {
                flush(&mut pending, &emit, &mut out);
                out.push_str(&charset::decode(raw, None));
            }
        }
    }
    flush(&mut pending, &emit, &mut out);
    out
}

/// Decodes adjacent words of one charset together, unless only apart they hold.
fn flush(pending: &mut Vec<(&str, Vec<u8>)>, emit: &impl Fn(&str, &mut String), out: &mut String) {
    if pending.is_empty() {
        return;
    }
    let mut decoded = String::new();
    for words in pending.chunk_by(|a, b| a.0.eq_ignore_ascii_case(b.0)) {
        let Some((label, first)) = words.first() else { continue };
        if words.len() == 1 {
            decoded.push_str(&charset::decode(first, Some(label)));
            continue;
        }
        let whole: Vec<u8> = words.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
        let joined = charset::decode(&whole, Some(label));
        if charset::is_damaged(&joined) {
            for (label, bytes) in words {
                decoded.push_str(&charset::decode(bytes, Some(label)));
            }
        } else {
            decoded.push_str(&joined);
        }
    }
    emit(&decoded, out);
    pending.clear();
}

/// Splits a value into raw runs and encoded words; white space between two
/// words is dropped, as RFC 2047 section 6.2 wants it.
fn runs(value: &[u8]) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut raw_from = 0;
    let mut at = 0;
    while let Some(found) = value.get(at..).and_then(|rest| memchr::memmem::find(rest, b"=?")) {
        let start = at + found;
        let Some((word, end)) = word(value, start) else {
            at = start + 2;
            continue;
        };
        let between = value.get(raw_from..start).unwrap_or_default();
        let joins =
            matches!(runs.last(), Some(Run::Word { .. })) && between.trim_ascii().is_empty();
        if !between.is_empty() && !joins {
            runs.push(Run::Raw(between));
        }
        runs.push(word);
        raw_from = end;
        at = end;
    }
    let rest = value.get(raw_from..).unwrap_or_default();
    if !rest.is_empty() {
        runs.push(Run::Raw(rest));
    }
    runs
}

/// One encoded word that begins at `start`, and where it ends.
fn word(value: &[u8], start: usize) -> Option<(Run<'_>, usize)> {
    let after = value.get(start + 2..)?;
    let charset_end = memchr::memchr(b'?', after.get(..80).unwrap_or(after))?;
    let charset = std::str::from_utf8(after.get(..charset_end)?).ok()?;
    // RFC 2231 lets a language follow the charset.
    let charset = charset.split('*').next().unwrap_or_default();
    if charset.is_empty() || charset.contains(|char: char| !char.is_ascii_graphic()) {
        return None;
    }
    let encoding = after.get(charset_end + 1)?;
    if after.get(charset_end + 2) != Some(&b'?') {
        return None;
    }
    let data_from = charset_end + 3;
    // Far longer than any real word; it keeps hostile headers from costing a lot.
    let data = after.get(data_from..)?;
    let mut stream = MessageStream::new(data.get(..MAX_WORD_BYTES).unwrap_or(data));
    let bytes = match encoding {
        b'b' | b'B' => stream.decode_base64_word()?,
        b'q' | b'Q' => stream.decode_quoted_printable_word()?,
        _ => return None,
    };
    Some((Run::Word { charset, bytes }, start + 2 + data_from + stream.offset()))
}

/// White space of any kind and control characters become single spaces.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in
        text.split(|char: char| (char.is_whitespace() && char != '\u{3000}') || char.is_control())
    {
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    line
}
