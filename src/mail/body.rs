//! The parts of a mail down to the text that counts. mail-parser reads the
//! fields and undoes the encodings; the walk over the parts is our own, since
//! it must stop at a depth and a number, leave attachments undecoded, and read
//! a part that was cut off in the middle.
//!
//! Which text counts: the plain part. The HTML is taken if there is no plain
//! part with words, or if the plain part is a stub: under [`STUB_CHARS`]
//! characters, and the HTML says at least twice as much.

use std::borrow::Cow;

use mail_parser::{ContentType, HeaderValue, parsers::MessageStream};
use memchr::memmem;

use super::fields::{Field, Fields};
use super::links::Links;
use super::text::Text;
use super::{MAX_PARTS, MAX_READ_BYTES, TextFrom, charset, html};

/// Multiparts inside multiparts; real mails have at most four or so.
const MAX_DEPTH: usize = 12;
/// A plain part shorter than this may only say "this mail is in HTML".
const STUB_CHARS: usize = 300;
/// Only this much of a MIME header is read.
const MAX_HEADER_BYTES: usize = 4 * 1024;

/// The MIME headers of an entity.
#[derive(Debug, Default)]
pub(super) struct Entity<'m> {
    content_type: Option<ContentType<'m>>,
    transfer_encoding: Option<&'m [u8]>,
    disposition: Option<&'m [u8]>,
}

impl<'m> Entity<'m> {
    /// Takes one header, if it is one of MIME's. The first of a kind counts.
    pub(super) fn note(&mut self, field: Field<'m>) {
        if !matches!(field.name.first(), Some(b'C' | b'c')) {
            return;
        }
        let value = field.value.get(..MAX_HEADER_BYTES).unwrap_or(field.value);
        if self.content_type.is_none() && field.is("Content-Type") {
            self.content_type = content_type(value);
        } else if self.transfer_encoding.is_none() && field.is("Content-Transfer-Encoding") {
            self.transfer_encoding = Some(value.trim_ascii());
        } else if self.disposition.is_none() && field.is("Content-Disposition") {
            self.disposition = Some(value.trim_ascii());
        }
    }

    /// Whether it is of a type such as `multipart/report`.
    pub(super) fn is(&self, kind: &str, subtype: &str) -> bool {
        self.content_type.as_ref().is_some_and(|found| {
            found.ctype().eq_ignore_ascii_case(kind)
                && found.subtype().is_some_and(|found| found.eq_ignore_ascii_case(subtype))
        })
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.content_type.as_ref().and_then(|content_type| content_type.attribute(name))
    }

    fn is_attached(&self) -> bool {
        const ATTACHMENT: &[u8] = b"attachment";
        self.disposition
            .and_then(|disposition| disposition.get(..ATTACHMENT.len()))
            .is_some_and(|kind| kind.eq_ignore_ascii_case(ATTACHMENT))
    }
}

fn content_type<'m>(value: &'m [u8]) -> Option<ContentType<'m>> {
    // The field parser wants a line end, which the last header may lack.
    let parsed = if value.ends_with(b"\n") {
        MessageStream::new(value).parse_content_type()
    } else {
        let line = [value, b"\n"].concat();
        MessageStream::new(&line).parse_content_type().into_owned()
    };
    match parsed {
        HeaderValue::ContentType(content_type) => Some(content_type),
        _ => None,
    }
}

/// What the parts held.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) text: String,
    pub(super) text_from: TextFrom,
    pub(super) hidden_text: bool,
    pub(super) attached_mail: bool,
    pub(super) truncated: bool,
}

/// Reads the body of a whole mail; its links are added to `links`.
pub(super) fn read(entity: &Entity<'_>, body: &[u8], links: &mut Links) -> Body {
    let mut walk = Walk::default();
    walk.entity(entity, body, 0);
    let page = html::read(&walk.html, links);
    let plain_truncated = walk.plain.is_full();
    let plain = walk.plain.finish();
    links.find(&plain);
    let says = |text: &str| text.chars().filter(|char| char.is_alphanumeric()).count();
    let (text, text_from, text_truncated) = match (says(&plain), says(&page.text)) {
        (0, 0) => (String::new(), TextFrom::Nothing, false),
        (0, _) => (page.text, TextFrom::Html, page.truncated),
        (plain_says, html_says) if plain_says < STUB_CHARS && html_says >= 2 * plain_says => {
            (page.text, TextFrom::Html, page.truncated)
        }
        _ => (plain, TextFrom::Plain, plain_truncated),
    };
    if text_from == TextFrom::Html {
        links.find(&text);
    }
    Body {
        text,
        text_from,
        hidden_text: page.hidden,
        attached_mail: walk.attached_mail,
        truncated: walk.truncated || text_truncated,
    }
}

#[derive(Debug, Default)]
struct Walk {
    plain: Text,
    html: String,
    attached_mail: bool,
    truncated: bool,
    parts: usize,
}

impl Walk {
    fn entity(&mut self, entity: &Entity<'_>, body: &[u8], depth: usize) {
        let kind = entity.content_type.as_ref().map_or("text", |content_type| content_type.ctype());
        if kind.eq_ignore_ascii_case("multipart")
            && let Some(boundary) =
                entity.attribute("boundary").filter(|boundary| !boundary.is_empty())
        {
            self.multipart(boundary, body, depth, entity.is("multipart", "digest"));
        } else if kind.eq_ignore_ascii_case("message") {
            self.attached_mail |= entity.is("message", "rfc822") || entity.is("message", "global");
        } else if entity.is_attached() {
            // What is attached is not what the reader sees.
        } else if entity.is("text", "html") {
            let bytes = unencoded(entity, body);
            if self.html.len() < MAX_READ_BYTES {
                self.html.push_str(&charset::decode(&bytes, entity.attribute("charset")));
            }
        } else if entity.content_type.is_none()
            || entity.is("text", "plain")
            || kind.eq_ignore_ascii_case("multipart")
        {
            let bytes = unencoded(entity, body);
            if !self.plain.is_full() {
                self.plain.lines(&charset::decode(&bytes, entity.attribute("charset")));
                self.plain.line();
            }
        }
    }

    fn multipart(&mut self, boundary: &str, body: &[u8], depth: usize, digest: bool) {
        if depth >= MAX_DEPTH {
            self.truncated = true;
            return;
        }
        for part in Parts::new(boundary, body) {
            if self.parts >= MAX_PARTS {
                self.truncated = true;
                return;
            }
            self.parts += 1;
            let mut entity = Entity::default();
            let mut fields = Fields::new(part);
            for field in fields.by_ref() {
                entity.note(field);
            }
            if digest && entity.content_type.is_none() {
                self.attached_mail = true;
            } else {
                self.entity(&entity, fields.rest(), depth + 1);
            }
        }
    }
}

/// Undoes the transfer encoding of a leaf; what is broken is read as far as it
/// goes.
fn unencoded<'m>(entity: &Entity<'_>, body: &'m [u8]) -> Cow<'m, [u8]> {
    let encoding = entity.transfer_encoding.unwrap_or_default();
    if encoding.eq_ignore_ascii_case(b"base64") {
        let (end, bytes) = MessageStream::new(body).decode_base64_mime(b"");
        if end != usize::MAX {
            return bytes;
        }
        // A list's footer or a stray character follows the encoded text.
        let sound = body
            .iter()
            .position(|byte| {
                !byte.is_ascii_alphanumeric()
                    && !byte.is_ascii_whitespace()
                    && !b"+/=".contains(byte)
            })
            .unwrap_or(body.len());
        let (end, bytes) =
            MessageStream::new(body.get(..sound).unwrap_or_default()).decode_base64_mime(b"");
        if end == usize::MAX || bytes.is_empty() { Cow::Borrowed(body) } else { bytes }
    } else if encoding.eq_ignore_ascii_case(b"quoted-printable") {
        let (end, bytes) = MessageStream::new(body).decode_quoted_printable_mime(b"");
        if end == usize::MAX { Cow::Borrowed(body) } else { bytes }
    } else {
        Cow::Borrowed(body)
    }
}

/// The parts between the boundary lines of a multipart body. The last one ends
/// with the body, if no line closes it.
struct Parts<'m> {
    delimiter: memmem::Finder<'static>,
    length: usize,
    body: &'m [u8],
    /// Where the next part begins; `None` before the first and after the last.
    at: Option<usize>,
}

impl<'m> Parts<'m> {
    fn new(boundary: &str, body: &'m [u8]) -> Self {
        let delimiter = format!("--{}", boundary.trim_end());
        let mut parts = Self {
            delimiter: memmem::Finder::new(delimiter.as_bytes()).into_owned(),
            length: delimiter.len(),
            body,
            at: None,
        };
        parts.at = parts.line(0).and_then(|(_, next)| next);
        parts
    }

    /// The next boundary line from `from`: where it begins, and where the part
    /// behind it begins if it does not close the multipart.
    fn line(&self, from: usize) -> Option<(usize, Option<usize>)> {
        let rest = self.body.get(from..)?;
        for found in self.delimiter.find_iter(rest) {
            let start = from + found;
            if start > 0 && self.body.get(start - 1) != Some(&b'\n') {
                continue;
            }
            let end = start + self.length;
            let line = self.body.get(end..)?;
            let line_length = memchr::memchr(b'\n', line).unwrap_or(line.len());
            let tail = line.get(..line_length)?.trim_ascii();
            if tail.is_empty() {
                return Some((start, Some((end + line_length + 1).min(self.body.len()))));
            }
            if tail.starts_with(b"--") {
                return Some((start, None));
            }
        }
        None
    }
}

impl<'m> Iterator for Parts<'m> {
    type Item = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        let start = self.at?;
        let (end, next) = self.line(start).unwrap_or((self.body.len(), None));
        self.at = next;
        let part = self.body.get(start..end).unwrap_or_default();
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        Some(part.strip_suffix(b"\r").unwrap_or(part))
    }
}
