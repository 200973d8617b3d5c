//! Long paragraphs to short lines. Widths are columns of a terminal, of which a
//! full-width character takes two; lines break where Unicode (UAX #14) allows,
//! so no Japanese line begins with a full stop. Knows no language.

use unicode_width::UnicodeWidthStr;

/// Appends a paragraph in lines of at most `columns`, the first after `first`,
/// the others after as many spaces. A word longer than a line stands alone.
pub(super) fn paragraph(out: &mut String, text: &str, first: &str, columns: usize) {
    let indent = " ".repeat(first.width_cjk());
    let room = columns.saturating_sub(indent.len()).max(1);
    for (n, line) in lines(text, room).iter().enumerate() {
        out.push_str(if n == 0 { first } else { &indent });
        out.push_str(line);
        out.push('\n');
    }
}

fn lines(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for phrase in phrases(text) {
        if line.as_str().width_cjk() + width(phrase) <= columns {
            line.push_str(phrase);
            continue;
        }
        if !line.is_empty() {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        // A phrase that fills more than a line breaks wherever it may.
        for word in words(phrase) {
            if !line.is_empty() && line.as_str().width_cjk() + width(word) > columns {
                lines.push(line.trim_end().to_owned());
                line.clear();
            }
            line.push_str(word);
        }
    }
    lines.push(line.trim_end().to_owned());
    lines.retain(|line| !line.is_empty());
    lines
}

/// Columns of a text; a space at its end may hang over the line.
fn width(text: &str) -> usize {
    text.trim_end().width_cjk()
}

/// The pieces between which Unicode allows a line to break.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    unicode_linebreak::linebreaks(text).map(move |(end, _)| {
        let word = text.get(start..end).unwrap_or_default();
        start = end;
        word
    })
}

/// The pieces after which a reader would pause: English words, and Japanese
/// phrases, which end with a mark or where hiragana gives way to another script.
/// Unicode would break between any two Japanese characters.
fn phrases(text: &str) -> Vec<&str> {
    let mut phrases = Vec::new();
    let mut start = 0;
    for (end, _) in unicode_linebreak::linebreaks(text) {
        let phrase = text.get(start..end).unwrap_or_default();
        if pauses(phrase, text.get(end..).unwrap_or_default()) {
            phrases.push(phrase);
            start = end;
        }
    }
    phrases
}

fn pauses(phrase: &str, rest: &str) -> bool {
    let hiragana = |c: char| matches!(c, '\u{3041}'..='\u{309f}');
    let kanji = |c: char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{3005}');
    let (mut back, mut ahead) = (phrase.chars().rev(), rest.chars());
    let (last, before) = (back.next(), back.next());
    let (Some(last), Some(next)) = (last, ahead.next()) else { return true };
    // A polite prefix belongs to the word that it begins.
    let prefix = |c: char| matches!(c, 'お' | 'ご');
    if prefix(last) && kanji(next) {
        return false;
    }
    if hiragana(last) && prefix(next) && ahead.next().is_some_and(kanji) {
        return true;
    }
    // So does the ending of a verb to a compound such as 問い合わせ.
    let ending = matches!(last, 'い' | 'え' | 'き' | 'け' | 'し' | 'ち' | 'み' | 'り' | 'れ');
    if ending && before.is_some_and(kanji) && kanji(next) {
        return false;
    }
    if hiragana(last) {
        return !hiragana(next);
    }
    // English breaks at spaces only, so that no name or number is split.
    if last.is_ascii() { last == ' ' } else { !last.is_alphanumeric() }
}
