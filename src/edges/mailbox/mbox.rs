//! An mbox, one mail at a time, in a window of a fixed size. mail-parser's own
//! iterator keeps a whole mail in memory however long it is, and splits at any
//! line that begins with `From `, which Takeout leaves unquoted in bodies.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memmem;

use crate::mail::MAX_READ_BYTES;

const WINDOW_BYTES: usize = 1024 * 1024;
/// What is left in the window between two reads, so that a separator that is
/// cut by its end is seen whole. No separator line is longer.
const TAIL_BYTES: usize = 1024;

pub(super) struct Splitter<R> {
    reader: R,
    window: Vec<u8>,
    /// The first byte of the window that is not handed out. It is a line feed
    /// at the beginning of a mail, so that each separator follows one.
    at: usize,
    ended: bool,
    separator: memmem::Finder<'static>,
    started: bool,
}

impl<R> std::fmt::Debug for Splitter<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Splitter").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl<R: Read> Splitter<R> {
    /// The reader must stand at the first separator.
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            window: vec![b'\n'],
            at: 0,
            ended: false,
            separator: memmem::Finder::new(b"\nFrom "),
            started: false,
        }
    }

    /// Reads the next mail to the end of a buffer: where it lies there, and whether
    /// it was longer than what is kept of it.
    pub(super) fn read_next(
        &mut self,
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<(Range<usize>, bool)>> {
        if !self.started {
            self.started = true;
            self.fill()?;
        }
        if !self.skip_separator()? {
            return Ok(None);
        }
        let start = buffer.len();
        let mut longer = false;
        let mut from = self.at;
        loop {
            let rest = self.window.get(from..).unwrap_or_default();
            match self.separator.find(rest).map(|found| from + found) {
                Some(found) if !self.ended && self.window.len() - found < TAIL_BYTES => {
                    self.hand_out(found, buffer, start, &mut longer);
                    self.fill()?;
                    from = self.at;
                }
                Some(found) if is_separator(&self.window, found) => {
                    self.hand_out(found, buffer, start, &mut longer);
                    break;
                }
                Some(found) => from = found + 1,
                None if self.ended => {
                    self.hand_out(self.window.len(), buffer, start, &mut longer);
                    break;
                }
                None => {
                    let end = self.window.len().saturating_sub(TAIL_BYTES).max(self.at);
                    self.hand_out(end, buffer, start, &mut longer);
                    self.fill()?;
                    from = self.at;
                }
            }
        }
        // Without the line feed of its separator and the empty line behind it.
        let mail = buffer.get(start..).unwrap_or_default();
        let mut bytes = start + usize::from(mail.starts_with(b"\n"))..buffer.len();
        bytes.end -= usize::from(mail.len() > 1 && mail.ends_with(b"\r"));
        let mail = buffer.get(bytes.clone()).unwrap_or_default();
        if memmem::find(mail, b">From ").is_some() {
            let mail = unquoted(mail);
            buffer.truncate(start);
            buffer.extend_from_slice(&mail);
            bytes = start..buffer.len();
        }
        longer |= bytes.len() > MAX_READ_BYTES;
        bytes.end = bytes.end.min(bytes.start + MAX_READ_BYTES);
        Ok(Some((bytes, longer)))
    }

    /// Passes the separator line; `false` at the end of the mbox.
    fn skip_separator(&mut self) -> io::Result<bool> {
        if self.window.len() <= self.at + 1 {
            return Ok(false);
        }
        self.at += 1;
        loop {
            let rest = self.window.get(self.at..).unwrap_or_default();
            if let Some(end) = memchr::memchr(b'\n', rest) {
                self.at += end;
                return Ok(true);
            }
            self.at = self.window.len();
            if self.ended {
                return Ok(true);
            }
            self.fill()?;
        }
    }

    /// Copies what lies before `end` behind what `buffer` holds of the mail, which
    /// begins there at `start`, as far as there is room.
    fn hand_out(&mut self, end: usize, buffer: &mut Vec<u8>, start: usize, longer: &mut bool) {
        let bytes = self.window.get(self.at..end).unwrap_or_default();
        // Quotation marks and the first line feed go away later.
        let room = (MAX_READ_BYTES + 1024).saturating_sub(buffer.len() - start);
        buffer.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        *longer |= bytes.len() > room;
        self.at = end;
    }

    /// Moves what is left to the front and reads on.
    fn fill(&mut self) -> io::Result<()> {
        // The line before a separator is looked at, so a little stays behind.
        let keep = self.at.saturating_sub(4);
        self.window.drain(..keep);
        self.at -= keep;
        let room = WINDOW_BYTES.saturating_sub(self.window.len()).max(TAIL_BYTES);
        let read = self.reader.by_ref().take(room as u64).read_to_end(&mut self.window)?;
        self.ended = read < room;
        Ok(())
    }
}

/// Whether the line behind the line feed at `found` separates two mails: it has
/// a date as `asctime` writes it, or it follows an empty line and has nothing
/// but a sender.
fn is_separator(window: &[u8], found: usize) -> bool {
    let line = window.get(found + 1..).unwrap_or_default();
    let line = line.get(..TAIL_BYTES).unwrap_or(line);
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let words: Vec<&[u8]> =
        line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let dated = words.windows(3).any(|words| {
        matches!(words, [day, month, date]
            if is_one_of(day, "Mon Tue Wed Thu Fri Sat Sun")
                && is_one_of(month, "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
                && date.iter().all(u8::is_ascii_digit))
    });
    let timed = words.iter().any(|word| {
        word.len() >= 5
            && word.contains(&b':')
            && word.iter().all(|byte| byte.is_ascii_digit() || *byte == b':')
    });
    let before = window.get(..found).unwrap_or_default();
    let before = before.strip_suffix(b"\r").unwrap_or(before);
    let after_empty_line = before.is_empty() || before.ends_with(b"\n");
    let sender_only = matches!(words.as_slice(), [_, sender] if sender.contains(&b'@') || sender == b"MAILER-DAEMON" || sender == b"-");
    (dated && timed) || (after_empty_line && sender_only)
}

fn is_one_of(word: &[u8], words: &str) -> bool {
    words.split(' ').any(|known| known.as_bytes() == word)
}

/// A mail as it was before it was put into an mbox: without one `>` of each
/// quoted `From `.
fn unquoted(mail: &[u8]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(mail.len());
    let mut rest = mail;
    let mut line_start = true;
    while let Some(at) = if line_start && rest.starts_with(b">") {
        Some(0)
    } else {
        memmem::find(rest, b"\n>").map(|at| at + 1)
    } {
        let (before, quoted) = rest.split_at_checked(at).unwrap_or((rest, b""));
        raw.extend_from_slice(before);
        let marks = quoted.iter().take_while(|&&byte| byte == b'>').count();
        let is_from = quoted.get(marks..).is_some_and(|line| line.starts_with(b"From "));
        let from = usize::from(is_from);
        raw.extend_from_slice(quoted.get(from..marks).unwrap_or_default());
        rest = quoted.get(marks..).unwrap_or_default();
        line_start = false;
    }
    raw.extend_from_slice(rest);
    raw
}
