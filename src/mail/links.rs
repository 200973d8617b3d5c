//! The links of a mail, bounded and each once.

use super::{MAX_LINKS, MAX_VALUE_BYTES};

/// Links that are being gathered, in the order they stand in.
#[derive(Debug, Default)]
pub(super) struct Links {
    kept: Vec<String>,
    left_out: bool,
}

impl Links {
    /// Adds a target, if it is a web address. A longer one than
    /// [`MAX_VALUE_BYTES`] is left out: half a link leads nowhere.
    pub(super) fn add(&mut self, target: &str) {
        let target = target.trim();
        let scheme = target.split(':').next().unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
            return;
        }
        if self.kept.iter().any(|kept| kept == target) {
            return;
        }
        if self.kept.len() >= MAX_LINKS || target.len() > MAX_VALUE_BYTES {
            self.left_out = true;
            return;
        }
        self.kept.push(target.to_owned());
    }

    /// Adds the bare addresses of a text.
    pub(super) fn find(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"://") {
            let before = rest.get(..at).unwrap_or_default();
            let scheme = ["https", "http"].into_iter().find(|scheme| {
                before
                    .get(before.len().wrapping_sub(scheme.len())..)
                    .is_some_and(|end| end.eq_ignore_ascii_case(scheme))
            });
            let after = rest.get(at + 3..).unwrap_or_default();
            let end = after.find(|char| !is_url(char)).unwrap_or(after.len());
            if let Some(scheme) = scheme {
                let url = rest.get(at - scheme.len()..at + 3 + end).unwrap_or_default();
                let url =
                    url.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '"', '*']);
                if url.len() > scheme.len() + 3 {
                    self.add(url);
                }
            }
            rest = after.get(end..).unwrap_or_default();
        }
    }

    pub(super) fn finish(self) -> (Vec<String>, bool) {
        (self.kept, self.left_out)
    }
}

/// Japanese text follows an address without a space, so that only the
/// characters of RFC 3986 belong to one.
fn is_url(char: char) -> bool {
    char.is_ascii_graphic() && !matches!(char, '<' | '>' | '"' | '`' | '{' | '}' | '\\' | '^' | '|')
}
