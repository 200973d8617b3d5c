//! What on a page could be a code by its form alone: digits in one piece, in
//! groups or one to a cell, letters and digits mixed. Dates, times, amounts,
//! telephone numbers, addresses and parts of links are none. Tokens are places,
//! never text, so that no code can leave with them. This room must not know any
//! phrase.

use super::page::Page;

/// At most this many tokens are looked at; a code mail has few numbers.
const MAX_TOKENS: usize = 48;

/// The form of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Digits in one piece.
    Digits,
    /// Digits in groups: `123 456`, `12-34-56`.
    Grouped,
    /// One digit to a cell or a line.
    Cells,
    /// A short prefix and digits: `G-123456`.
    Prefixed,
    /// Letters and digits.
    Mixed,
    /// Letters and then few digits, as coupons are coined: `SPRING20`.
    Coined,
    /// Letters alone.
    Letters,
    /// Words.
    Words,
}

/// A place where a code could stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Offset after its last byte.
    pub(super) end: usize,
    /// How it looks.
    pub(super) shape: Shape,
    /// How many letters and digits it has.
    pub(super) length: usize,
    /// It could as well be a year, a post code, a reference.
    pub(super) doubtful: bool,
}

impl Token {
    /// How many different ways a token can look.
    pub(super) const LOOKS: usize = 2 * 6 * 8;

    /// The number of how it looks: its shape, whether it is of the length of codes,
    /// and whether it is doubtful.
    pub(super) fn look(&self) -> usize {
        let length = match self.length {
            0..=3 => 0,
            4 => 1,
            5 => 2,
            6 => 3,
            7..=8 => 4,
            _ => 5,
        };
        (self.shape as usize * 6 + length) * 2 + usize::from(self.doubtful)
    }
}

/// Every token of a page, in order.
pub(super) fn find(page: &Page) -> Vec<Token> {
    let mut tokens = Vec::new();
    let bytes = page.folded.as_bytes();
    let mut at = 0;
    while let Some(step) = bytes.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_digit))
    {
        let run = Run::around(bytes, at + step, at);
        at = run.end.max(at + step + 1);
        if page.lines.get(page.line_of(run.start)).is_some_and(|line| line.quoted) {
            continue;
        }
        at = at.max(read(page, run, &mut tokens));
        if tokens.len() >= MAX_TOKENS {
            break;
        }
    }
    tokens
}

/// A stretch of visible ASCII between spaces or characters of other scripts.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: usize,
    end: usize,
}

impl Run {
    fn around(bytes: &[u8], at: usize, floor: usize) -> Self {
        let visible = |byte: &u8| (0x21..0x7f).contains(byte);
        let before = bytes.get(floor..at).unwrap_or_default();
        let start = before.iter().rposition(|byte| !visible(byte)).map_or(floor, |p| floor + p + 1);
        let after = bytes.get(at..).unwrap_or_default();
        let end = after.iter().position(|byte| !visible(byte)).map_or(bytes.len(), |p| at + p);
        Self { start, end }
    }

    /// The run without the marks around it.
    fn core(self, bytes: &[u8]) -> Self {
        let inner = bytes.get(self.start..self.end).unwrap_or_default();
        let start = inner.iter().position(u8::is_ascii_alphanumeric).unwrap_or(0);
        let end = inner.iter().rposition(u8::is_ascii_alphanumeric).map_or(start, |p| p + 1);
        Self { start: self.start + start, end: self.start + end }
    }
}

/// Reads the tokens of one run; gives back from where to go on.
fn read(page: &Page, run: Run, tokens: &mut Vec<Token>) -> usize {
    let bytes = page.folded.as_bytes();
    let text = page.slice(run.start, run.end);
    if is_address(text) {
        return run.end;
    }
    let core = run.core(bytes);
    let lead = page.slice(run.start, core.start);
    let tail = page.slice(core.end, run.end);
    // What is masked (`****1234`), an amount or a share is no code.
    if lead.ends_with('*') && !tail.starts_with('*')
        || lead.contains(['$', '#', '+'])
        || tail.contains('#')
        || tail.starts_with(['%', '$', '*']) && !lead.ends_with('*')
    {
        return run.end;
    }
    let body = page.slice(core.start, core.end);
    if body.contains(['/', '&', '?', '\\']) {
        return run.end;
    }
    if body.contains([':', '=']) {
        // `code:1234` names a code, `12:30` does not.
        if body.split([':', '=']).all(|part| part.bytes().all(|b| b.is_ascii_digit())) {
            return run.end;
        }
        let offset = body.rfind([':', '=']).map_or(0, |p| p + 1);
        let rest = Run { start: core.start + offset, end: core.end }.core(bytes);
        return single(page, rest, tokens).unwrap_or(run.end);
    }
    if let Some(comma) = body.find([',', ';', '\'', '!', ')', '(', '"', '>', '<', '|', ']', '[']) {
        // `123456,valid` is a code and a word; `1,234` is an amount.
        let next = body.as_bytes().get(comma + 1).copied().unwrap_or(b' ');
        let part = Run { start: core.start, end: core.start + comma };
        if next.is_ascii_digit() && body.as_bytes().get(comma) == Some(&b',') {
            return run.end;
        }
        return single(page, part, tokens).unwrap_or(run.end).min(run.end);
    }
    single(page, core, tokens).unwrap_or(run.end).max(run.end)
}

/// Whether a run is a link, a mail address or a host.
fn is_address(text: &str) -> bool {
    text.contains("://")
        || text.contains('@')
        || text.contains("www.")
        || text.starts_with('/')
        || text.contains(".com")
        || text.contains(".jp")
        || text.contains(".net")
        || text.contains(".org")
}

/// Reads what stands between `core` as one token, with the groups that follow it.
fn single(page: &Page, core: Run, tokens: &mut Vec<Token>) -> Option<usize> {
    let body = page.slice(core.start, core.end);
    if body.is_empty() {
        return None;
    }
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    let letters = body.bytes().filter(u8::is_ascii_alphabetic).count();
    if digits == body.len() {
        return plain_digits(page, core, tokens);
    }
    // "AUTH-4471: the title" heads what follows.
    if page.folded.as_bytes().get(core.end) == Some(&b':') {
        return None;
    }
    if let Some(token) = prefixed_groups(page, core) {
        tokens.push(token);
        return Some(token.end);
    }
    let token = if digits + letters == body.len() {
        mixed(page, core, digits, letters)
    } else if body.contains('-') {
        hyphenated(page, core)
    } else {
        None
    }?;
    tokens.push(token);
    None
}

fn plain_digits(page: &Page, core: Run, tokens: &mut Vec<Token>) -> Option<usize> {
    if amount_around(page, core) || page.byte_before(core.start) == Some(b'.') {
        return None;
    }
    let length = core.end - core.start;
    let mut groups = following_digits(page, core);
    // Cells may stand one to a line, and "10 minutes" on the line below is none of them;
    // longer groups belong together on one line only.
    if length == 1 {
        let longer = groups.iter().position(|group| group.end - group.start > 1);
        let below = |at: &usize| {
            let pair = groups.get(at.saturating_sub(1)).zip(groups.get(*at));
            pair.is_some_and(|(last, next)| page.line_of(last.start) != page.line_of(next.start))
        };
        if let Some(at) = longer.filter(below) {
            groups.truncate(at);
        }
    } else {
        let line = page.line_of(core.start);
        groups.retain(|group| page.line_of(group.start) == line);
    }
    let total: usize = groups.iter().map(|group| group.end - group.start).sum();
    let last = groups.last().copied().unwrap_or(core);
    if length == 1 {
        if (4..=10).contains(&groups.len()) && groups.iter().all(|g| g.end - g.start == 1) {
            tokens.push(Token {
                start: core.start,
                end: last.end,
                shape: Shape::Cells,
                length: total,
                doubtful: false,
            });
        }
        return (groups.len() > 1).then_some(last.end);
    }
    if groups.len() > 1 {
        let same_line = page.line_of(core.start) == page.line_of(last.start);
        let grouped = same_line
            && (4..=10).contains(&total)
            && groups.iter().all(|g| (2..=5).contains(&(g.end - g.start)));
        if grouped && !amount_around(page, Run { start: core.start, end: last.end }) {
            let doubtful = groups.len() == 2 && is_year(page, core) || total > 8;
            tokens.push(Token {
                start: core.start,
                end: last.end,
                shape: Shape::Grouped,
                length: total,
                doubtful,
            });
            return Some(last.end);
        }
        if same_line && length <= 4 {
            return Some(last.end);
        }
    }
    if (4..=10).contains(&length) {
        let doubtful = is_year(page, core)
            || length == 10 && page.slice(core.start, core.end).starts_with('0')
            || length == 8 && is_date(page.slice(core.start, core.end));
        tokens.push(Token {
            start: core.start,
            end: core.end,
            shape: Shape::Digits,
            length,
            doubtful,
        });
    }
    None
}

/// The digit runs that follow with nothing but one separator between: the first
/// is `core` itself.
fn following_digits(page: &Page, core: Run) -> Vec<Run> {
    let bytes = page.folded.as_bytes();
    let mut groups = vec![core];
    let mut at = core.end;
    while groups.len() < 12 {
        let rest = bytes.get(at..).unwrap_or_default();
        let gap =
            rest.iter().position(|byte| !matches!(byte, b' ' | b'|' | b'-')).unwrap_or(rest.len());
        if gap == 0 || gap > 3 {
            break;
        }
        let digits = rest.iter().skip(gap).take_while(|byte| byte.is_ascii_digit()).count();
        let next = Run { start: at + gap, end: at + gap + digits };
        let after = bytes.get(next.end).copied().unwrap_or(b' ');
        let goes_on = after.is_ascii_alphabetic()
            || matches!(after, b'-' | b'/' | b':' | b'%' | b'@' | b'_')
            || matches!(after, b'.' | b',')
                && bytes.get(next.end + 1).is_some_and(u8::is_ascii_digit);
        let ends = !goes_on;
        // `123 - 456` is a code, `10 - 12` are hours.
        let dashed = rest.get(..gap).is_some_and(|gap| gap.contains(&b'-'));
        let ends = ends && !(dashed && (digits < 3 || core.end - core.start < 3));
        if digits == 0 || !ends {
            break;
        }
        // A `#` ends what is typed on a telephone.
        if after == b'#' {
            return vec![core];
        }
        groups.push(next);
        at = next.end;
    }
    groups
}

fn mixed(page: &Page, core: Run, digits: usize, letters: usize) -> Option<Token> {
    let length = digits + letters;
    if !(4..=12).contains(&length) {
        return None;
    }
    let shown = page.shown.get(core.start..core.end).unwrap_or_default();
    let lower = shown.bytes().any(|b| b.is_ascii_lowercase());
    let upper = shown.bytes().any(|b| b.is_ascii_uppercase());
    // `x1234` and `xx1234` are masked numbers; `10min`, `2nd` and `iphone15` are words.
    let masked =
        shown.trim_start_matches(['x', 'X']).bytes().all(|b| b.is_ascii_digit()) && letters > 0;
    let wordy = lower && (is_number_then_word(shown) || is_word_then_number(shown) && letters > 3);
    let coined = is_word_then_number(shown)
        && letters >= 3
        && digits <= 3
        && is_word_like(shown.trim_end_matches(|c: char| c.is_ascii_digit()));
    let shape = if !lower && coined { Shape::Coined } else { Shape::Mixed };
    (!masked).then_some(Token {
        start: core.start,
        end: core.end,
        shape,
        length,
        doubtful: wordy || lower && upper,
    })
}

/// Whether ASCII letters could be a word: vowels among the consonants, neither in
/// long runs. Codes of letters are drawn at random and seldom can be spoken.
pub(super) fn is_word_like(letters: &str) -> bool {
    let (mut vowels, mut count, mut run, mut longest) = (0usize, 0usize, 0usize, 0usize);
    for letter in letters.bytes().filter(u8::is_ascii_alphabetic) {
        count += 1;
        if matches!(letter.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y') {
            vowels += 1;
            run = 0;
        } else {
            run += 1;
            longest = longest.max(run);
        }
    }
    longest < 4 && vowels * 4 >= count && vowels * 10 <= count * 7
}

fn is_number_then_word(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_ascii_digit()).bytes().all(|b| b.is_ascii_lowercase())
}

fn is_word_then_number(text: &str) -> bool {
    text.trim_end_matches(|c: char| c.is_ascii_digit()).bytes().all(|b| b.is_ascii_alphabetic())
}

fn hyphenated(page: &Page, core: Run) -> Option<Token> {
    let shown = page.shown.get(core.start..core.end).unwrap_or_default();
    if !shown.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return None;
    }
    let length = shown.bytes().filter(|b| *b != b'-').count();
    let count = shown.split('-').count();
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let token =
        |shape, doubtful| Some(Token { start: core.start, end: core.end, shape, length, doubtful });
    if shown.split('-').all(numeric) {
        let widths: Vec<usize> = shown.split('-').map(str::len).collect();
        let cells = widths.iter().all(|w| *w == 1) && (4..=10).contains(&count);
        if cells {
            return token(Shape::Cells, false);
        }
        let even = widths.iter().all(|w| (2..=5).contains(w)) && (4..=10).contains(&length);
        let date = widths == [4, 2, 2] || widths == [2, 2, 4] || widths == [4, 2];
        // 03-1234-5678, 123-4567: a telephone number or a post code, unless something names it.
        let doubtful = widths == [3, 4] || widths == [5, 4] || widths.len() > 2 && length > 8;
        return (even && !date)
            .then_some(())
            .and_then(|()| token(Shape::Grouped, doubtful))
            .filter(|_| !amount_around(page, core));
    }
    let (prefix, rest) = shown.split_once('-')?;
    if (1..=3).contains(&prefix.len())
        && prefix.bytes().all(|b| b.is_ascii_uppercase())
        && (4..=8).contains(&rest.len())
        && numeric(rest)
    {
        return token(Shape::Prefixed, false);
    }
    let upper = !shown.bytes().any(|b| b.is_ascii_lowercase());
    let groups = shown.split('-').all(|part| (1..=6).contains(&part.len()));
    let masked = shown.matches(['x', 'X']).count() > 2;
    (groups && !masked && (2..=4).contains(&count) && (5..=16).contains(&length))
        .then_some(())
        .and_then(|()| token(Shape::Mixed, !upper || length > 12 || count > 3))
}

/// `G-123 456`: a prefix, and digits in two groups that end their line.
fn prefixed_groups(page: &Page, core: Run) -> Option<Token> {
    let shown = page.shown.get(core.start..core.end)?;
    let (prefix, first) = shown.split_once('-')?;
    let line = page.lines.get(page.line_of(core.start))?;
    let second = page.slice(core.end, line.end).strip_prefix(' ')?.trim_end_matches(['.', ' ']);
    let group = |part: &str| {
        (2..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let letters =
        (1..=3).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_uppercase());
    (letters && group(first) && group(second)).then_some(Token {
        start: core.start,
        end: core.end + 1 + second.len(),
        shape: Shape::Prefixed,
        length: prefix.len() + first.len() + second.len(),
        doubtful: false,
    })
}

fn is_year(page: &Page, core: Run) -> bool {
    let text = page.slice(core.start, core.end);
    text.len() == 4 && (text.starts_with("19") || text.starts_with("20"))
}

/// 20261122 and 22112026.
fn is_date(text: &str) -> bool {
    let part = |range: std::ops::Range<usize>| {
        text.get(range).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0)
    };
    let calendar = |year: u32, month: u32, day: u32| {
        (1990..2050).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
    };
    calendar(part(0..4), part(4..6), part(6..8)) || calendar(part(4..8), part(2..4), part(0..2))
}

/// Whether a currency sign or a degree stands beside.
fn amount_around(page: &Page, core: Run) -> bool {
    let currency = |c: char| {
        matches!(
            c,
            '$' | '€'
                | '£'
                | '¥'
                | '₩'
                | '₽'
                | '₫'
                | '฿'
                | '₺'
                | '₹'
                | '%'
                | '円'
                | '元'
                | '원'
                | '〒'
                | '№'
        )
    };
    let before = page.folded.get(..core.start).unwrap_or_default();
    let before = before.strip_suffix(' ').unwrap_or(before);
    let after = page.folded.get(core.end..).unwrap_or_default();
    let after = after.strip_prefix(' ').unwrap_or(after);
    before.chars().next_back().is_some_and(currency) || after.chars().next().is_some_and(currency)
}

#[cfg(test)]
mod tests;
