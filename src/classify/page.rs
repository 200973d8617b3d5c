//! The subject and the text of a letter as one page that can be searched:
//! compatibility forms, letter case, digits of all scripts, accents and
//! whitespace folded, what no reader sees removed, lines remembered. This room
//! must not know any phrase, language or service.

use unicode_normalization::{IsNormalized, UnicodeNormalization, char, is_nfkc_quick};

use crate::mail::Letter;

/// At most this many bytes of the folded page are kept. A code mail says what it
/// is on its first screen; a long newsletter is not read to its end.
pub(super) const MAX_PAGE_BYTES: usize = 8 * 1024;
/// At most this many lines are remembered.
const MAX_LINES: usize = 1024;

/// A folded page. `folded` and `shown` have the same byte offsets.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Lower case, for phrases.
    pub(super) folded: String,
    /// The same in the case that was written, for codes of letters.
    pub(super) shown: String,
    /// The lines that hold anything; the first is the subject, even if empty.
    pub(super) lines: Vec<Line>,
}

/// One line of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Offset after its last byte.
    pub(super) end: usize,
    /// It quotes another mail (`>`).
    pub(super) quoted: bool,
}

impl Page {
    /// The page of a letter: its subject as the first line, then its text.
    pub(super) fn of(letter: &Letter) -> Self {
        let mut page = Self::default();
        let room = (letter.subject.len() + letter.text.len()).min(MAX_PAGE_BYTES) + 64;
        page.folded.reserve(room);
        page.shown.reserve(room);
        page.line(&letter.subject);
        if page.lines.is_empty() {
            page.lines.push(Line { start: 0, end: 0, quoted: false });
        }
        for line in letter.text.split(['\n', '\r', '\t', '\u{b}', '\u{c}', '\u{2028}', '\u{2029}'])
        {
            if page.folded.len() >= MAX_PAGE_BYTES || page.lines.len() >= MAX_LINES {
                break;
            }
            page.line(line);
        }
        page
    }

    /// Where the subject ends.
    pub(super) fn subject_end(&self) -> usize {
        self.lines.first().map_or(0, |line| line.end)
    }

    /// The number of the line that holds an offset.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|line| line.start <= offset).saturating_sub(1)
    }

    /// A stretch of the folded page.
    pub(super) fn slice(&self, start: usize, end: usize) -> &str {
        self.folded.get(start..end).unwrap_or_default()
    }

    /// The byte before an offset.
    pub(super) fn byte_before(&self, offset: usize) -> Option<u8> {
        offset.checked_sub(1).and_then(|at| self.folded.as_bytes().get(at)).copied()
    }

    fn line(&mut self, line: &str) {
        let line = line.trim();
        let left = MAX_PAGE_BYTES.saturating_sub(self.folded.len());
        let line = cut(line, left);
        if line.is_empty() {
            return;
        }
        let before = self.folded.len();
        let mut pen = Pen { page: self, space: before > 0 };
        pen.write_line(line);
        // Between two characters of a script without spaces the pen leaves none.
        let mut start = before;
        if self.folded.as_bytes().get(before) == Some(&b' ') {
            start += 1;
        }
        let end = self.folded.len();
        if end > start {
            let quoted = self.folded.as_bytes().get(start) == Some(&b'>');
            self.lines.push(Line { start, end, quoted });
        }
    }
}

/// One phrase, folded as a page is.
pub(super) fn fold(text: &str) -> String {
    let mut page = Page::default();
    page.line(text);
    page.folded
}

/// A line, folded, with its letter case kept.
pub(super) fn fold_shown(text: &str) -> String {
    let mut page = Page::default();
    page.line(text);
    page.shown
}

fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

struct Pen<'a> {
    page: &'a mut Page,
    /// Whitespace was read and not yet written.
    space: bool,
}

impl Pen<'_> {
    fn write_line(&mut self, line: &str) {
        if line.is_ascii() {
            for word in line.split(|c: char| c <= ' ' || c == '\u{7f}') {
                if !word.is_empty() {
                    self.settle_space(false);
                    let start = self.page.folded.len();
                    self.page.folded.push_str(word);
                    if let Some(lower) = self.page.folded.get_mut(start..) {
                        lower.make_ascii_lowercase();
                    }
                    self.page.shown.push_str(word);
                }
                self.space = true;
            }
        } else if is_nfkc_quick(line.chars().map(narrow)) == IsNormalized::Yes {
            for c in line.chars() {
                self.char(narrow(c));
            }
        } else {
            // A trade mark sign would otherwise grow into the letters "tm".
            let apart = |c| match c {
                '™' | '℠' => ' ',
                c => narrow(c),
            };
            for c in line.chars().map(apart).nfkc() {
                self.char(c);
            }
        }
    }

    fn ascii(&mut self, byte: u8) {
        if byte <= b' ' || byte == 0x7f {
            self.space = true;
        } else {
            self.settle_space(false);
            self.page.folded.push(byte.to_ascii_lowercase() as char);
            self.page.shown.push(byte as char);
        }
    }

    fn char(&mut self, c: char) {
        if c.is_ascii() {
            return self.ascii(c as u8);
        }
        if matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}')
        {
            // Kana and kanji have one form, no case and no accents.
            self.settle_space(true);
            self.page.folded.push(c);
            self.page.shown.push(c);
            return;
        }
        if is_unseen(c) {
            return;
        }
        if c.is_whitespace() || c == '\u{2800}' || c == '\u{3164}' {
            self.space = true;
            return;
        }
        if let Some(digit) = digit(c) {
            return self.ascii(digit);
        }
        if let Some(plain) = plain(c) {
            for byte in plain.bytes() {
                self.ascii(byte);
            }
            return;
        }
        if is_accented_latin(c) {
            // The base letter alone: mails in capitals and hurried translations leave accents out.
            let mut base = None;
            char::decompose_canonical(c, |part| base = base.or(Some(part)));
            if let Some(base) = base.filter(char::is_ascii) {
                return self.ascii(base as u8);
            }
        }
        let c = settled(c);
        self.settle_space(is_tight(c));
        let mut lower = c.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(low), None) if low.len_utf8() == c.len_utf8() => {
                self.page.folded.push(settled(low));
                self.page.shown.push(c);
            }
            _ => {
                self.page.folded.push(c);
                self.page.shown.push(c);
            }
        }
    }

    fn settle_space(&mut self, tight: bool) {
        if !self.space {
            return;
        }
        self.space = false;
        let last = self.page.folded.chars().next_back();
        if tight && last.is_some_and(is_tight) || last.is_none() {
            return;
        }
        self.page.folded.push(' ');
        self.page.shown.push(' ');
    }
}

/// The ASCII character that a full-width one is a wide form of. Japanese mails
/// are full of them, and normalising a line for their sake alone is slow. A
/// full-width comma parts numbers that an ASCII one would join.
fn narrow(c: char) -> char {
    match c {
        '，' => '、',
        '\u{ff01}'..='\u{ff5e}' => std::char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Characters that no reader sees, and vowel marks of Arabic and Hebrew.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5bd}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}')
}

/// Letters of scripts that are written without spaces, and Hangul, which is
/// written with and without: between two of them a space says nothing.
fn is_tight(c: char) -> bool {
    matches!(c,
        '\u{3000}'..='\u{30ff}' | '\u{3130}'..='\u{318f}' | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}')
}

/// The ASCII digit that a decimal digit of another script stands for.
fn digit(c: char) -> Option<u8> {
    const ZEROS: [u32; 11] =
        [0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xae6, 0xbe6, 0xe50, 0xed0, 0x1040, 0x17e0];
    let point = u32::from(c);
    ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&point))
        .and_then(|zero| u8::try_from(point - zero).ok())
        .map(|value| b'0' + value)
}

/// What stands for a letter or a mark that has no decomposition.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'ł' | 'Ł' => "l",
        'ı' | 'İ' => "i",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ad7}' => "-",
        '‘' | '’' | '‚' | 'ʼ' | '´' => "'",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '×' => "x",
        '⁄' => "/",
        '،' => ",",
        '؟' => "?",
        _ => return None,
    })
}

fn is_accented_latin(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

/// Letters that are written either way, as one.
fn settled(c: char) -> char {
    match c {
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' => 'ي',
        'ة' => 'ه',
        'ک' => 'ك',
        'ی' => 'ي',
        'ё' => 'е',
        'Ё' => 'Е',
        _ => c,
    }
}
