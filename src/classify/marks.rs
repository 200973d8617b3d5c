//! What a page shows in any language: percentages, amounts, quoted speech, rows
//! of marks or of names. This room must not know any phrase, language or service.

use super::page::Page;
use super::tokens::Token;

/// At most this many bytes of a line are looked at around a token.
const REACH_BYTES: usize = 400;

/// Whether the page names a share in percent, as offers do.
pub(super) fn percent(page: &Page) -> bool {
    let bytes = page.folded.as_bytes();
    if memchr::memchr(b'%', bytes).is_none() && !page.folded.contains('٪') {
        return false;
    }
    page.folded.match_indices(['%', '٪']).any(|(at, _)| {
        let digit =
            |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        // "30%", "30 %" and, in Turkish, "%30"; "100%" is a manner of speaking.
        let before = digit(at.checked_sub(1)) || digit(at.checked_sub(2));
        let all = page.folded.get(..at).is_some_and(|text| text.trim_end().ends_with("100"));
        before && !all || !before && digit(Some(at + 1))
    })
}

/// How many letters are quoted together with a token. Some are what a sender calls
/// it; a sentence is somebody telling what a swindler says. A letter of a script
/// without spaces counts for three.
pub(super) fn quoted_letters(page: &Page, token: &Token) -> usize {
    let Some(line) = page.lines.get(page.line_of(token.start)) else { return 0 };
    let before = page.slice(line.start.max(token.start.saturating_sub(REACH_BYTES)), token.start);
    let after = page.slice(token.end, line.end);
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let mut inside = 0;
    if before.matches('"').count() % 2 == 1 && after.contains('"') {
        let open = before.rsplit('"').next().unwrap_or_default();
        let close = after.split('"').next().unwrap_or_default();
        inside = letters(open) + letters(close);
    }
    for (open, close) in [('「', '」'), ('『', '』')] {
        let opened =
            before.rfind(open).filter(|at| !before.get(*at..).unwrap_or("").contains(close));
        if let (Some(at), Some(end)) = (opened, after.find(close)) {
            let quoted = before.get(at..).unwrap_or_default();
            inside = inside.max(letters(quoted) * 3 + letters(after.get(..end).unwrap_or("")) * 3);
        }
    }
    inside
}

/// Whether a stretch of the page as it was written shows a row of two names or
/// more: quoted, in brackets, in capitals, as emoji, or joined by an arrow.
pub(super) fn row_of_names(shown: &str) -> bool {
    let count = |mark: char| shown.matches(mark).count();
    let brackets = ['[', '(', '「', '【', '『', '<', '〈'].into_iter().any(|mark| count(mark) >= 2);
    let quotes = count('"') >= 4 || count('\'') >= 4 || count('*') >= 4;
    let signs = shown.chars().filter(|c| is_sign(*c)).count() >= 2;
    let joined = ['→', '➜', '➔', '➡', '+', '&', '>', '・', '、'].into_iter().any(|mark| {
        shown.split(mark).filter(|part| part.chars().any(char::is_alphabetic)).count() >= 2
    });
    brackets || quotes || signs || joined || capitals(shown) >= 2
}

/// Words in capitals among others.
fn capitals(shown: &str) -> usize {
    let is_capital = |word: &str| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        letters >= 3 && word.chars().all(|c| !c.is_alphabetic() || c.is_uppercase())
    };
    shown.split([' ', ',', '.', ':', '-', '/']).filter(|word| is_capital(word)).count()
}

/// Emoji and pictographs.
pub(super) fn is_sign(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}' | '\u{2b00}'..='\u{2bff}')
}
