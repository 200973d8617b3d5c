//! The raw header fields of an entity, one pass, nothing decoded and nothing
//! copied. It must not know what any field means.

use memchr::memchr;

/// One field: its name and its raw value with all folding as it was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'m> {
    /// The name, as sent.
    pub(super) name: &'m [u8],
    /// Everything after the colon, line ends included.
    pub(super) value: &'m [u8],
}

impl<'m> Field<'m> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The raw lines of the value without their line ends.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'m [u8]> {
        self.value.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The value on one line, lossy, at most `limit` bytes of it.
    pub(super) fn unfolded(&self, limit: usize) -> String {
        let bytes = self.value.get(..limit).unwrap_or(self.value);
        let text = String::from_utf8_lossy(bytes);
        let mut line = String::with_capacity(text.len());
        for word in text.split(|char: char| char.is_whitespace() || char.is_control()) {
            if !word.is_empty() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        super::cut(&mut line, limit);
        line
    }
}

/// The fields of an entity from its first byte, and where its body begins.
#[derive(Debug)]
pub(super) struct Fields<'m> {
    raw: &'m [u8],
    at: usize,
}

impl<'m> Fields<'m> {
    pub(super) fn new(raw: &'m [u8]) -> Self {
        Self { raw, at: 0 }
    }

    /// The bytes not read yet: the body, once the fields have run out.
    pub(super) fn rest(&self) -> &'m [u8] {
        self.raw.get(self.at..).unwrap_or_default()
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = self.raw.get(from..).unwrap_or_default();
        memchr(b'\n', rest).map_or(self.raw.len(), |at| from + at + 1)
    }
}

impl<'m> Iterator for Fields<'m> {
    type Item = Field<'m>;

    fn next(&mut self) -> Option<Field<'m>> {
        loop {
            let start = self.at;
            let mut end = self.line_end(start);
            let first = self.raw.get(start..end).unwrap_or_default();
            if first.is_empty() {
                return None;
            }
            if first == b"\n" || first == b"\r\n" {
                self.at = end;
                return None;
            }
            while matches!(self.raw.get(end), Some(b' ' | b'\t')) {
                end = self.line_end(end);
            }
            self.at = end;
            // A line that is no field (an mbox separator, garbage) is passed over.
            if let Some(colon) = memchr(b':', first)
                && let Some(name) = first.get(..colon)
                && let name = name.trim_ascii_end()
                && !name.is_empty()
                && name.iter().all(u8::is_ascii_graphic)
            {
                let value = self.raw.get(start + colon + 1..end).unwrap_or_default();
                return Some(Field { name, value });
            }
        }
    }
}
