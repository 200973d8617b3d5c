//! The subject and the text of a letter as one page that can be searched:
//! folded, with its lines remembered. This room must not know any phrase,
//! language or service.

use memchr::memmem;

use crate::mail::Letter;

use super::fold::Pen;

/// At most this many bytes of the folded page are kept. A code mail says what it
/// is on its first screen; a long newsletter is not read to its end.
pub(super) const MAX_PAGE_BYTES: usize = 4 * 1024;
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

    /// Whether a link is written out on it.
    pub(super) fn shows_link(&self) -> bool {
        memmem::find(self.folded.as_bytes(), b"://").is_some()
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
        Pen::new(&mut self.folded, &mut self.shown).write_line(line);
        // Between two characters of a script without spaces the pen leaves none.
        let mut start = before;
        if self.folded.as_bytes().get(before) == Some(&b' ') {
            start += 1;
        }
        let end = self.folded.len();
        if end > start {
            // `>> 1234 <<` sets off what it holds.
            let text = self.folded.get(start..end).unwrap_or_default();
            let quoted = text.starts_with('>') && !text.ends_with('<');
            self.lines.push(Line { start, end, quoted });
        }
    }
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
