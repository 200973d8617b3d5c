//! Codes without any digit: letters, words, names of pictures. Words stand
//! everywhere, so these are only looked for where a code phrase points. This
//! room must not know any service.

use memchr::{memchr, memmem};

use super::page::{Line, Page};
use super::phrases::{Family, Hit, Role};
use super::recogniser::Candidate;
use super::tokens::{Shape, Token, is_word_like};
use super::{Signal, marks};

/// At most this many stretches of letters are taken for tokens.
const MAX_SPELLED: usize = 12;
/// Letters that make Cyrillic capitals a word.
const CYRILLIC_VOWELS: [char; 10] = ['А', 'Е', 'Ё', 'И', 'О', 'У', 'Ы', 'Э', 'Ю', 'Я'];
/// Names may stand this many lines below the line that announces them.
const ROW_LINES: usize = 4;

/// Letters that stand as codes of letters do, whatever words are around: alone on
/// a line, at the end of a line after a colon, or as groups of capitals.
pub(super) fn spelled(page: &Page, hits: &[Hit]) -> Vec<Token> {
    // Networks and users are named with such letters, too, but not in mails with a purpose.
    let purpose = has_purpose(hits);
    let plain = |token: &Token| purpose || !is_drawn(shown(page, token));
    let mut tokens = Vec::new();
    for line in page.lines.iter().skip(1).filter(|line| !line.quoted) {
        if tokens.len() >= MAX_SPELLED {
            break;
        }
        let text = page.shown.get(line.start..line.end).unwrap_or_default();
        let tail = text.rfind(':').map_or(0, |colon| colon + 1);
        if let Some(token) = spelled_word(text, tail, line.start, tail > 0).filter(plain) {
            tokens.push(token);
            continue;
        }
        if !has_hyphen(text) {
            continue;
        }
        let mut at = 0;
        for word in text.split(' ').take(60) {
            let groups = word.contains('-')
                && word.bytes().all(|b| !b.is_ascii_lowercase())
                && word
                    .trim_matches(|c: char| !c.is_alphanumeric())
                    .split('-')
                    .all(|g| g.len() >= 3);
            let token = groups.then(|| spelled_word(word, 0, line.start + at, false)).flatten();
            tokens.extend(token);
            at += word.len() + 1;
        }
    }
    tokens
}

/// What stands in `text` from `from` on, if it is one word that could be a code.
fn spelled_word(text: &str, from: usize, offset: usize, announced: bool) -> Option<Token> {
    let said = text.get(from..)?;
    let sentence = memmem::find(said.as_bytes(), b". ").and_then(|end| said.get(..end));
    let said = sentence.unwrap_or(said);
    let core = said.trim_matches(|c: char| !c.is_alphanumeric());
    if said.len() - core.len() > 6 || !core.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-') {
        return None;
    }
    let lead = said.len() - said.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
    let length = core.bytes().filter(u8::is_ascii_alphabetic).count();
    let groups = core.split('-').count();
    let even = groups == 1 || core.split('-').all(|group| (1..=5).contains(&group.len()));
    let upper = core.bytes().all(|b| !b.is_ascii_lowercase());
    let lower = core.bytes().all(|b| !b.is_ascii_uppercase());
    let drawn = is_drawn(core);
    if !even || !(upper || lower || drawn) || !(4..=12).contains(&length) || groups > 6 {
        return None;
    }
    let wordy = !drawn && is_word_like(core) || length < 5 && !announced;
    let plain = groups == 1 || lower;
    if wordy && plain && (lower || !announced) {
        return None;
    }
    let start = offset + from + lead;
    Some(Token {
        start,
        end: start + core.len(),
        shape: Shape::Letters,
        length,
        doubtful: wordy && plain,
    })
}

fn shown<'a>(page: &'a Page, token: &Token) -> &'a str {
    page.shown.get(token.start..token.end).unwrap_or_default()
}

/// Whether a mail says what it is for.
fn has_purpose(hits: &[Hit]) -> bool {
    hits.iter().any(|hit| matches!(hit.role, Role::For(_) | Role::Change))
}

/// Whether letters change between capitals and small ones as no name does, but
/// what is drawn at random: `QzTkVpLs`, not `YouTube`.
fn is_drawn(letters: &str) -> bool {
    let plain = letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    let bytes = letters.as_bytes();
    let changes = bytes
        .iter()
        .zip(bytes.iter().skip(1))
        .filter(|(one, two)| one.is_ascii_uppercase() != two.is_ascii_uppercase())
        .count();
    plain
        && (6..=12).contains(&letters.len())
        && (changes >= 5 || changes >= 3 && !is_word_like(letters))
}

/// Letters or words that stand where a strong noun says that a code stands.
pub(super) fn letters<'a>(
    page: &'a Page,
    hits: &'a [Hit],
) -> impl Iterator<Item = (Token, &'a Hit)> {
    let purpose = has_purpose(hits);
    hits.iter()
        .filter(|hit| matches!(hit.role, Role::Code | Role::SharedCode | Role::WeakCode))
        .filter_map(|hit| pointed_at(page, hit).map(|token| (token, hit)))
        .filter(move |(token, hit)| {
            hit.role == Role::Code || purpose || !is_drawn(shown(page, token))
        })
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
    for (place, word) in shown.split(' ').enumerate().take(9) {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        // Chinese goes on behind a comma without a space.
        let core = core.split([',', '、', '。', ';']).next().unwrap_or_default();
        let lead = word.len() - word.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
        let capitals =
            (5..=10).contains(&core.len()) && core.bytes().all(|b| b.is_ascii_uppercase());
        let capitals = capitals && (place < 5 || !is_word_like(core)) && shouted <= core.len() + 4;
        if capitals || is_drawn(core) {
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

/// Capitals that cannot be spoken, amid a line that is not written in capitals.
pub(super) fn capitals(page: &Page) -> Vec<Token> {
    let mut tokens = Vec::new();
    for line in page.lines.iter().skip(1).filter(|line| !line.quoted) {
        let shown = page.shown.get(line.start..line.end).unwrap_or_default();
        if has_hyphen(shown) {
            let groups = shown.split(' ').filter(|word| word.contains('-'));
            tokens.extend(groups.filter_map(|word| groups_of_letters(shown, word, line.start)));
        }
        let shouted = shown.chars().filter(|c| c.is_uppercase()).count();
        // Fewer make no token, and more are a line in capitals.
        if !(6..=10 + 4).contains(&shouted) {
            continue;
        }
        let runs = shown.split(|c: char| !(c.is_uppercase() || c.is_lowercase() || c.is_numeric()));
        for run in runs.filter(|run| run.chars().all(char::is_uppercase)) {
            let length = run.chars().count();
            let spoken =
                if run.is_ascii() { is_word_like(run) } else { run.contains(CYRILLIC_VOWELS) };
            let start = line.start + offset_in(shown, run);
            let drawn = (6..=10).contains(&length) && !spoken && shouted <= length + 4;
            if drawn && tokens.len() < MAX_SPELLED {
                let end = start + run.len();
                let shape = Shape::Letters;
                tokens.push(Token { start, end, shape, length, doubtful: false });
            }
        }
    }
    tokens
}

fn has_hyphen(text: &str) -> bool {
    memchr(b'-', text.as_bytes()).is_some()
}

/// Where a part of a text begins in it, in bytes.
fn offset_in(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// Small letters in even groups that nobody could speak: `qzt-mvk-rdb`.
fn groups_of_letters(shown: &str, word: &str, offset: usize) -> Option<Token> {
    let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let length = core.bytes().filter(u8::is_ascii_lowercase).count();
    let width = core.split('-').next()?.len();
    let count = core.split('-').count();
    let even = core.split('-').all(|group| group.len() == width);
    let plain = core.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let start = offset + offset_in(shown, core);
    (even && plain && count >= 2 && (3..=5).contains(&width) && length >= 6 && !is_word_like(core))
        .then_some(Token {
            start,
            end: start + core.len(),
            shape: Shape::Letters,
            length,
            doubtful: false,
        })
}

/// Words joined by hyphens, alone on a line or behind its colon, in a mail that says
/// what to enter and what for: `plum-rail-cloud`.
pub(super) fn joined(page: &Page, hits: &[Hit]) -> Option<Candidate> {
    let subject = page.subject_end();
    let verb = hits.iter().find(|hit| {
        hit.start >= subject
            && matches!(hit.role, Role::Ask | Role::Enter | Role::Words | Role::Code)
    })?;
    hits.iter().find(|hit| matches!(hit.role, Role::For(_) | Role::Change))?;
    let line = page.lines.iter().skip(1).find_map(|line| {
        let text = page.slice(line.start, line.end);
        let said = text.rsplit([':', '\u{300c}', '"']).find(|said| !said.trim().is_empty())?;
        let said = said.trim_matches(|c: char| !c.is_alphanumeric());
        let parts: Vec<&str> = said.split('-').collect();
        let plain = (3..=5).contains(&parts.len())
            && parts.iter().all(|part| {
                (3..=12).contains(&part.chars().count())
                    && part.chars().all(|c| c.is_alphabetic() || is_mark(c))
            });
        let start = text.rfind(said)?;
        plain.then(|| words_token(line.start + start, line.start + start + said.len()))
    })?;
    let signal = Signal { name: "code.words", weight: 80, because: verb.because(page) };
    Some(Candidate::of(line, vec![signal]))
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
    let signal = Signal { name: "code.pictures", weight, because: first.because(page) };
    Some(Candidate::of(token, vec![signal]))
}

/// Pictures that are to be picked: a noun for pictures beside a purpose in the
/// subject, a verb of picking beside it, and a row of names. Without a row, one
/// picture may be named amid words: "tap the picture of the kite".
pub(super) fn chosen(page: &Page, hits: &[Hit], linked: bool) -> Option<Candidate> {
    let subject = page.subject_end();
    let purpose = |hit: &&Hit| matches!(hit.role, Role::For(_) | Role::Change | Role::Code);
    let purpose_in_subject = hits.iter().filter(purpose).any(|hit| hit.end <= subject);
    hits.iter().find(purpose)?;
    let nouns = || hits.iter().filter(|hit| hit.role == Role::Depiction);
    let headed = nouns().find(|hit| hit.end <= subject).filter(|_| purpose_in_subject);
    let near = |noun: &Hit, verb: &Hit| {
        let (one, other) = (page.line_of(noun.start), page.line_of(verb.start));
        other > 0 && one.abs_diff(other) <= 1
    };
    // What to press if it was not you is a button, no picture of a code.
    let first_advice = hits
        .iter()
        .filter(|hit| hit.role == Role::NotYou && hit.start >= subject)
        .map(|hit| hit.start)
        .min();
    let advised = |noun: &Hit| first_advice.is_some_and(|advice| advice < noun.start);
    let picked = nouns()
        .filter(|noun| noun.start >= subject && (headed.is_some() || !advised(noun)))
        .find(|noun| hits.iter().any(|verb| verb.role == Role::Choose && near(noun, verb)));
    let signs = hits.iter().find(|verb| {
        let line = page.lines.get(page.line_of(verb.start)).filter(|_| verb.start >= subject);
        let shown = line.and_then(|line| page.shown.get(line.start..line.end));
        verb.role == Role::Choose
            && shown.is_some_and(|text| text.chars().filter(|c| marks::is_sign(*c)).count() >= 2)
    });
    let picked = picked.or(signs);
    let noun = picked.or(headed)?;
    let body = page.lines.get(1).map_or(subject, |line| line.start);
    let from = page.lines.get(page.line_of(noun.start)).filter(|_| noun.start >= subject);
    let row = row_below(page, from.map_or(body, |line| line.start));
    let has = |wanted: fn(&Role) -> bool| hits.iter().any(|hit| wanted(&hit.role));
    // Where a link is to be pressed, a picture may be its button; a login that is told
    // of needs no code any more, but one that is asked about does.
    let asking = page.slice(0, subject).contains(['?', '؟']);
    let one = !linked
        && picked.is_some_and(|noun| first_advice.is_some() && !advised(noun))
        && has(|role| matches!(role, Role::For(_)))
        && (asking
            || hits.iter().any(|hit| {
                hit.end <= subject
                    && matches!(hit.role, Role::For(_) | Role::Ask | Role::NotYou | Role::Code)
            }))
        && !hits.iter().any(|hit| match hit.role {
            Role::Topic(Family::Notice) => hit.end <= subject && !asking,
            Role::Topic(family) => !family.is_of_accounts(),
            _ => false,
        });
    let weight = 55 * i32::from(headed.is_some())
        + 40 * i32::from(picked.is_some())
        + if one { 40 } else { 35 * i32::from(row.is_some()) };
    let line = row.or_else(|| page.lines.get(page.line_of(noun.start)))?;
    let token = words_token(noun.end.max(line.start), line.end);
    let signal = Signal { name: "code.pictures", weight, because: noun.because(page) };
    (weight >= 75).then(|| Candidate::of(token, vec![signal]))
}

/// The first line from `from` on, or its next neighbours, that shows a row of names.
fn row_below(page: &Page, from: usize) -> Option<&Line> {
    let at = page.line_of(from);
    let mut lines = page.lines.get(at..)?.iter().take(ROW_LINES);
    let end = lines.clone().next_back().map_or(from, |line| line.end);
    // Names may stand one to a line, too: then only all lines together show the row.
    lines
        .clone()
        .find(|line| marks::row_of_names(page.shown.get(line.start..line.end).unwrap_or_default()))
        .or_else(|| {
            let signs = page.shown.get(from..end)?.chars().filter(|c| marks::is_sign(*c)).count();
            lines.next_back().filter(|_| signs >= 2)
        })
        .or_else(|| numbered(page, at))
        .or_else(|| {
            let line = page.lines.get(at)?;
            let said = page.slice(line.start, line.end).split_once(':')?.1;
            (is_list(said) || said.trim().is_empty() && next_is_phrase(page, at)).then_some(line)
        })
}

/// The first of two short lines that number what they name: "1st: umbrella".
fn numbered(page: &Page, at: usize) -> Option<&Line> {
    let lines = page.lines.get(at..)?.iter().take(ROW_LINES + 1);
    let is = |line: &Line, number: char| {
        let text = page.slice(line.start, line.end);
        let mut digits = text.chars().filter(char::is_ascii_digit);
        text.chars().count() <= 60
            && text.chars().filter(|c| c.is_alphabetic()).count() >= 3
            && digits.next() == Some(number)
            && digits.next().is_none()
    };
    lines
        .clone()
        .zip(lines.skip(1))
        .find(|(one, two)| is(one, '1') && is(two, '2'))
        .map(|(one, _)| one)
}

fn next_is_phrase(page: &Page, at: usize) -> bool {
    page.lines.get(at + 1).is_some_and(|line| is_phrase(page.slice(line.start, line.end)))
}

/// Two to eight words in letters alone, to the end of the sentence.
fn is_list(said: &str) -> bool {
    let said =
        said.split(". ").next().unwrap_or_default().trim().trim_end_matches(['.', '。', '!']);
    is_phrase(said) && said.split([' ', ',', '、', '・', '-', '/']).count() >= 2
}

fn words_token(start: usize, end: usize) -> Token {
    Token { start, end: end.max(start), shape: Shape::Words, length: 0, doubtful: false }
}

/// Words where a line announces words: behind its colon, quoted in it, or below.
pub(super) fn phrase(page: &Page, hits: &[Hit]) -> Option<Candidate> {
    let subject = page.subject_end();
    let below =
        hits.iter().filter(|hit| hit.role == Role::Words && hit.start >= subject).find_map(|hit| {
            let at = page.line_of(hit.end.saturating_sub(1));
            let line = page.lines.get(at)?;
            let after = page.slice(hit.end, line.end);
            let said = after.split_once(':').map(|(_, said)| said.trim()).unwrap_or_default();
            let token = if is_phrase(said) {
                words_token(line.end - said.len(), line.end)
            } else if is_list(said) || after.matches('"').count() >= 2 {
                words_token(hit.end, line.end)
            } else {
                let mut below = page.lines.get(at + 1..)?.iter().take(2);
                let found = below.find(|line| {
                    let text = page.slice(line.start, line.end);
                    is_phrase(text) || text.matches('"').count() >= 4
                })?;
                words_token(found.start, found.end)
            };
            Some((hit, token, 90))
        });
    // A subject that announces words to log in with leaves the text free to call them anything.
    let headed = || {
        let purpose = |hit: &&Hit| {
            matches!(hit.role, Role::For(_) | Role::Change | Role::Code) && hit.end <= subject
        };
        let hit = hits.iter().find(|hit| hit.role == Role::Words && hit.end <= subject)?;
        hits.iter().find(purpose)?;
        let line = page.lines.iter().skip(1).take(8).find(|line| {
            let text = page.slice(line.start, line.end);
            let said = text.split_once(':').map(|(_, said)| said).unwrap_or_default();
            is_list(said) || is_phrase(text) && text.contains(' ') || text.matches('"').count() >= 4
        })?;
        Some((hit, words_token(line.start, line.end), 95))
    };
    let (hit, token, weight) = below.or_else(headed)?;
    let signal = Signal { name: "code.words", weight, because: hit.because(page) };
    Some(Candidate::of(token, vec![signal]))
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
