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
        for char in text.chars() {
            if is_invisible(char) {
                continue;
            }
            if char == '\n' {
                self.gap = self.gap.max(line_end);
            } else if char.is_whitespace() || char.is_control() {
                self.space();
            } else {
                if self.is_full() {
                    return;
                }
                if !self.kept.is_empty() {
                    match self.gap {
                        Gap::None => {}
                        Gap::Space => self.kept.push(' '),
                        Gap::Line => self.kept.push('\n'),
                    }
                }
                self.gap = Gap::None;
                self.kept.push(char);
            }
        }
    }

    pub(super) fn finish(mut self) -> String {
        cut(&mut self.kept, MAX_TEXT_BYTES);
        self.kept
    }
}

/// Characters without a shape: soft hyphens, joiners and marks that pad a
/// preheader or stand between the digits of a code.
fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    )
}
