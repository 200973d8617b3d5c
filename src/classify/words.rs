//! Codes without any digit: letters, words, names of pictures. Words stand
//! everywhere, so these are only looked for where a code phrase points. This
//! room must not know any service.

use super::Signal;
use super::page::Page;
use super::phrases::{Hit, Role};
use super::recogniser::Candidate;
use super::tokens::{Shape, Token};

/// Letters or words that stand where a strong noun says that a code stands.
pub(super) fn letters<'a>(
    page: &'a Page,
    hits: &'a [Hit],
) -> impl Iterator<Item = (Token, &'a Hit)> {
    hits.iter()
        .filter(|hit| matches!(hit.role, Role::Code | Role::SharedCode | Role::WeakCode))
        .filter_map(|hit| pointed_at(page, hit).map(|token| (token, hit)))
}

/// What a noun points at: what follows its colon, or the next line where the
/// noun's own line ends with the colon or with the noun.
fn pointed_at(page: &Page, hit: &Hit) -> Option<Token> {
    let at = page.line_of(hit.start);
    let line = page.lines.get(at)?;
    if line.quoted || at == 0 {
        return None;
    }
    let rest = page.slice(hit.end, line.end);
    if let Some(token) = capitals_after(page, hit.end, line.end) {
        return Some(token);
    }
    let (gap, said) = match rest.rfind([':', '「', '『']) {
        Some(colon) => (rest.get(..colon)?, rest.get(colon..)?),
        None => (rest, ""),
    };
    let said = said.trim_start_matches([':', '「', '『', ' ', '"', '*']);
    if gap.chars().count() <= 40 && said.chars().any(char::is_alphanumeric) {
        let start = line.end - said.len();
        return written(page, start, line.end);
    }
    if said.chars().any(char::is_alphanumeric) || rest.chars().count() > 80 {
        return None;
    }
    let next = page.lines.get(at + 1)?;
    let pointing = rest.trim_end().ends_with(':') || !rest.chars().any(char::is_alphanumeric);
    let token = written(page, next.start, next.end)?;
    (pointing || token.shape == Shape::Letters).then_some(token)
}

/// A word of capitals that follows within a few words, in a line that is not
/// written in capitals altogether.
fn capitals_after(page: &Page, start: usize, end: usize) -> Option<Token> {
    let shown = page.shown.get(start..end)?;
    let shouted = shown.bytes().filter(u8::is_ascii_uppercase).count();
    let mut offset = start;
    for (place, word) in shown.split(' ').enumerate().take(5) {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        let lead = word.len() - word.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
        let capitals =
            (5..=10).contains(&core.len()) && core.bytes().all(|b| b.is_ascii_uppercase());
        if capitals && shouted <= core.len() + 4 {
            let start = offset + lead;
            return Some(Token {
                start,
                end: start + core.len(),
                shape: Shape::Letters,
                length: core.len(),
                doubtful: false,
            });
        }
        let ends = place > 0 && word.ends_with(['.', '!', '?']);
        if ends {
            return None;
        }
        offset += word.len() + 1;
    }
    None
}

/// A token of capital letters, or of two to four plain words.
fn written(page: &Page, start: usize, end: usize) -> Option<Token> {
    let shown = page.shown.get(start..end)?;
    let core = shown.trim_matches(|c: char| !c.is_alphanumeric());
    let offset =
        start + (shown.len() - shown.trim_start_matches(|c: char| !c.is_alphanumeric()).len());
    let token = |shape, length| {
        Some(Token { start: offset, end: offset + core.len(), shape, length, doubtful: false })
    };
    let letters = core.bytes().filter(u8::is_ascii_alphabetic).count();
    let capitals = core.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    if capitals && (4..=12).contains(&letters) {
        return token(Shape::Letters, letters);
    }
    let small = core.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b' ' | b'-'));
    let words = core.split([' ', '-']).filter(|word| (3..=9).contains(&word.len())).count();
    let all = core.split([' ', '-']).count();
    (small && words == all && (2..=5).contains(&all)).then_some(())?;
    token(Shape::Words, letters)
}

/// Names of pictures: two labels that number them.
pub(super) fn pictures(page: &Page, hits: &[Hit]) -> Option<Candidate> {
    let mut labels =
        hits.iter().filter(|hit| hit.role == Role::Picture && hit.start >= page.subject_end());
    let first = labels.next()?;
    let strong = hits.iter().any(|hit| hit.role == Role::Code);
    let weight = match (labels.next().is_some(), strong) {
        (true, true) => 100,
        (true, false) => 80,
        (false, true) => 60,
        (false, false) => 20,
    };
    let line = page.lines.get(page.line_of(first.start))?;
    let token = Token {
        start: first.end,
        end: line.end.max(first.end),
        shape: Shape::Words,
        length: 0,
        doubtful: false,
    };
    let signal = Signal { name: "code.pictures", weight, because: first.because() };
    Some(Candidate::of(token, vec![signal]))
}

/// Words on a line of their own below a line that announces words.
pub(super) fn phrase(page: &Page, hits: &[Hit]) -> Option<Candidate> {
    hits.iter().filter(|hit| hit.role == Role::Words && hit.start >= page.subject_end()).find_map(
        |hit| {
            let at = page.line_of(hit.end.saturating_sub(1));
            let line = page.lines.get(at)?;
            let after = page.slice(hit.end, line.end);
            let said = after.split_once(':').map(|(_, said)| said.trim()).unwrap_or_default();
            let token = if is_phrase(said) {
                let start = line.end - said.len();
                Token { start, end: line.end, shape: Shape::Words, length: 0, doubtful: false }
            } else {
                let below = page.lines.get(at + 1..)?.iter().take(2);
                let found =
                    below.into_iter().find(|line| is_phrase(page.slice(line.start, line.end)))?;
                Token {
                    start: found.start,
                    end: found.end,
                    shape: Shape::Words,
                    length: 0,
                    doubtful: false,
                }
            };
            let signal = Signal { name: "code.words", weight: 90, because: hit.because() };
            Some(Candidate::of(token, vec![signal]))
        },
    )
}

/// A short line of letters alone that is no sentence.
fn is_phrase(line: &str) -> bool {
    let line = line.trim();
    let count = line.chars().count();
    (4..=60).contains(&count)
        && line.chars().all(|c| c.is_alphabetic() || " -・,、/|·\"'「」".contains(c) || is_mark(c))
        && (line
            .split([' ', '-', '・', ',', '、', '/', '|', '·'])
            .filter(|word| !word.is_empty())
            .count()
            <= 8)
}

/// Marks that combine with a letter, as Thai vowels do.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{e30}'..='\u{e4e}' | '\u{900}'..='\u{97f}')
}
