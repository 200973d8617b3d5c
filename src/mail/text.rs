//! Text as it is kept: bounded, lines and words apart, without the invisible
//! characters that mails are padded with.

use super::{MAX_TEXT_BYTES, cut};

/// Text that is being gathered.
#[derive(Debug, Default)]
pub(super) struct Text {
    kept: String,
    gap: Gap,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    #[default]
    None,
    Space,
    Line,
}

impl Text {
    /// Whether the limit is reached: nothing more is kept.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() > MAX_TEXT_BYTES
    }

    /// What was gathered so far.
    pub(super) fn kept(&self) -> &str {
        &self.kept
    }

    /// The next word stands on a line of its own.
    pub(super) fn line(&mut self) {
        self.gap = Gap::Line;
    }

    /// The next word stands apart.
    pub(super) fn space(&mut self) {
        self.gap = self.gap.max(Gap::Space);
    }

    /// Adds running text: any white space in it is one space.
    pub(super) fn flow(&mut self, run: &str) {
        self.push(run, Gap::Space);
    }

    /// Adds text as it is set: its line ends stay.
    pub(super) fn lines(&mut self, text: &str) {
        self.push(text, Gap::Line);
    }

    fn push(&mut self, text: &str, line_end: Gap) {
        let mut rest = text;
        loop {
            let (run, more) = rest.split_at(plain_length(rest));
            if !run.is_empty() {
                if self.is_full() {
                    return;
                }
                self.bridge();
                self.kept.push_str(run);
            }
            let mut chars = more.chars();
            let Some(char) = chars.next() else { return };
            rest = chars.as_str();
            if char == '\n' {
                self.gap = self.gap.max(line_end);
            } else if !is_invisible(char) {
                // Of what is not plain only white space and control characters are left.
                self.space();
            }
        }
    }

    /// Sets the gap that is due before the next word.
    fn bridge(&mut self) {
        if !self.kept.is_empty() {
            match self.gap {
                Gap::None => {}
                Gap::Space => self.kept.push(' '),
                Gap::Line => self.kept.push('\n'),
            }
        }
        self.gap = Gap::None;
    }

    pub(super) fn finish(mut self) -> String {
        cut(&mut self.kept, MAX_TEXT_BYTES);
        self.kept
    }
}

/// The length of the run of plain characters that a text begins with: of those
/// that are neither white space nor control characters nor invisible.
fn plain_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(step) = rest.iter().position(|&byte| is_suspect(byte)) else { return text.len() };
        at += step;
        let Some(char) = text.get(at..).and_then(|rest| rest.chars().next()) else { return at };
        if char.is_whitespace() || char.is_control() || is_invisible(char) {
            return at;
        }
        at += char.len_utf8();
    }
}

/// Whether a character that begins with this byte may not be plain. Most of a
/// text, kanji among it, is passed over by this alone.
fn is_suspect(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, 0x7f | 0xc2 | 0xcd | 0xe1..=0xe3 | 0xef)
}

/// Characters without a shape: soft hyphens, joiners and marks that pad a
/// preheader or stand between the digits of a code.
fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    )
}
