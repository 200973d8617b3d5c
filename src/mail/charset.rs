//! Bytes to text: by the label if it holds, else by what the bytes look like.
//! It must not know where the bytes stood.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use mail_parser::decoders::charsets::map::charset_decoder;

/// The labels that software writes when it does not know: UTF-8 under one of
/// them is UTF-8 nevertheless.
const LATIN: [&str; 7] =
    ["us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252", "cp1252", "iso-8859-15"];

/// Decodes bytes under the label that came with them, if any.
///
/// A label that plainly does not fit (undecodable bytes, or UTF-8 under a Latin
/// label) loses against what the bytes look like.
pub(super) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.map(str::trim).filter(|label| !label.is_empty());
    let latin =
        label.is_none_or(|label| LATIN.iter().any(|known| label.eq_ignore_ascii_case(known)));
    let utf8_label = label.is_some_and(|label| {
        label.eq_ignore_ascii_case("utf-8") || label.eq_ignore_ascii_case("utf8")
    });
    if (latin || utf8_label)
        && let Ok(text) = std::str::from_utf8(bytes)
        && !has_escape(bytes)
    {
        return text.to_owned();
    }
    let labelled = match label {
        Some(label) if !utf8_label => {
            charset_decoder(label.as_bytes()).map(|decoder| decoder(&single_escapes(bytes)))
        }
        _ => None,
    };
    match labelled {
        Some(text) if !(is_damaged(&text) || latin && has_escape(bytes)) => text,
        labelled => {
            let guessed = guess(bytes);
            let labelled = labelled.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
            let misfit = (latin && has_escape(bytes)) || damage(&guessed) < damage(&labelled);
            if misfit { guessed } else { labelled }
        }
    }
}

/// Whether a text has characters that could not be decoded.
pub(super) fn is_damaged(text: &str) -> bool {
    text.contains(char::REPLACEMENT_CHARACTER)
}

fn damage(text: &str) -> usize {
    text.matches([char::REPLACEMENT_CHARACTER, '\u{1b}']).count()
}

/// Drops an escape sequence that another one follows at once: joined encoded
/// words have them, and the decoder takes them for an error.
fn single_escapes(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(bytes, b"\x1b(B\x1b").is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, b"\x1b(B\x1b") {
        kept.extend_from_slice(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    kept.extend_from_slice(rest);
    Cow::Owned(kept)
}

/// ISO-2022-JP is seven-bit, so only its escape sequences give it away.
fn has_escape(bytes: &[u8]) -> bool {
    memchr::memchr(0x1b, bytes).is_some()
        && [&b"\x1b$B"[..], b"\x1b$@", b"\x1b(J"]
            .iter()
            .any(|escape| memchr::memmem::find(bytes, escape).is_some())
}

fn guess(bytes: &[u8]) -> String {
    let bytes = &*single_escapes(bytes);
    // An octet cut off at the end must not turn UTF-8 into something else.
    if let Err(error) = std::str::from_utf8(bytes)
        && error.valid_up_to() > 0
        && bytes.len() - error.valid_up_to() < 4
        && !has_escape(bytes)
    {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, Utf8Detection::Allow);
    match charset_decoder(encoding.name().as_bytes()) {
        Some(decoder) => decoder(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}
