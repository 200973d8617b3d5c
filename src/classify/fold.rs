//! Folds text so that one phrase matches however it is written: compatibility
//! forms, letter case, digits of all scripts, accents and whitespace made one,
//! what no reader sees removed. The build script folds the phrases with this
//! very file, so it must not use anything of this crate.

use unicode_normalization::{IsNormalized, UnicodeNormalization, char, is_nfkc_quick};

/// One phrase, folded as a page is.
pub(super) fn fold(text: &str) -> String {
    let (mut folded, mut shown) = (String::new(), String::new());
    Pen::new(&mut folded, &mut shown).write_line(text.trim());
    folded
}

/// Writes folded text behind what two texts of the same offsets hold.
pub(super) struct Pen<'a> {
    /// Lower case, for phrases.
    folded: &'a mut String,
    /// The same in the case that was written.
    shown: &'a mut String,
    /// Whitespace was read and not yet written.
    space: bool,
}

impl<'a> Pen<'a> {
    /// A pen that parts what it writes from what is there already.
    pub(super) fn new(folded: &'a mut String, shown: &'a mut String) -> Self {
        let space = !folded.is_empty();
        Self { folded, shown, space }
    }

    /// Writes a line, folded.
    pub(super) fn write_line(&mut self, line: &str) {
        let blank = |byte: u8| byte <= b' ' || byte == 0x7f;
        if line.is_ascii()
            && !line
                .bytes()
                .zip(line.bytes().skip(1))
                .any(|(a, b)| blank(a) && (blank(b) || a != b' '))
            && !line.bytes().next_back().is_some_and(blank)
            && !line.bytes().next().is_some_and(blank)
        {
            self.ascii_run(line);
        } else if line.is_ascii() {
            for word in line.split(|c: char| c <= ' ' || c == '\u{7f}') {
                if !word.is_empty() {
                    self.ascii_run(word);
                }
                self.space = true;
            }
        } else if line.chars().all(is_settled)
            || is_nfkc_quick(line.chars().map(narrow)) == IsNormalized::Yes
        {
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

    fn ascii_run(&mut self, text: &str) {
        self.settle_space(false);
        let start = self.folded.len();
        self.folded.push_str(text);
        if let Some(lower) = self.folded.get_mut(start..) {
            lower.make_ascii_lowercase();
        }
        self.shown.push_str(text);
    }

    fn ascii(&mut self, byte: u8) {
        if byte <= b' ' || byte == 0x7f {
            self.space = true;
        } else {
            self.settle_space(false);
            self.folded.push(byte.to_ascii_lowercase() as char);
            self.shown.push(byte as char);
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
            self.folded.push(c);
            self.shown.push(c);
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
                self.folded.push(settled(low));
                self.shown.push(c);
            }
            _ => {
                self.folded.push(c);
                self.shown.push(c);
            }
        }
    }

    fn settle_space(&mut self, tight: bool) {
        if !self.space {
            return;
        }
        self.space = false;
        let last = self.folded.chars().next_back();
        if tight && last.is_some_and(is_tight) || last.is_none() {
            return;
        }
        self.folded.push(' ');
        self.shown.push(' ');
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

/// Whether a character is in its compatibility form, narrowed, whatever stands
/// beside it: asked first because asking Unicode's tables is slow.
fn is_settled(c: char) -> bool {
    c.is_ascii()
        || matches!(c, '\u{3001}'..='\u{301f}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fe}'
            | '\u{4e00}'..='\u{9fff}' | '\u{ff01}'..='\u{ff5e}')
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
