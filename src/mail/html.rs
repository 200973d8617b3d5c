//! HTML to the text that a reader would see, in one pass over the bytes, with
//! the targets of its links. It must not know what the text is for.
//!
//! mail-parser's own converter glues table cells together and shows hidden
//! preheaders; a full HTML engine costs more than the whole rest of the line.
//! This reads tags as browsers do as far as text and visibility go: style
//! sheets are not applied.

use super::links::Links;
use super::style::{self, Visibility};
use super::text::Text;

/// Open elements that are kept track of; what is nested deeper is shown.
const MAX_DEPTH: usize = 256;
/// A tag longer than this is cut off where it stands.
const MAX_TAG_BYTES: usize = 16 * 1024;

/// What one HTML part holds.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) text: String,
    /// Words stood there that no reader sees.
    pub(super) hidden: bool,
    pub(super) truncated: bool,
}

struct Open<'h> {
    name: &'h str,
    visibility: Visibility,
}

/// Reads a page; its links are added to `links`.
pub(super) fn read(html: &str, links: &mut Links) -> Page {
    let mut reader = Reader { html, open: Vec::new(), text: Text::default(), hidden: false };
    reader.run(links);
    let truncated = reader.text.is_full();
    Page { text: reader.text.finish(), hidden: reader.hidden, truncated }
}

struct Reader<'h> {
    html: &'h str,
    open: Vec<Open<'h>>,
    text: Text,
    hidden: bool,
}

impl<'h> Reader<'h> {
    fn run(&mut self, links: &mut Links) {
        let html = self.html;
        let mut at = 0;
        while let Some(rest) = html.get(at..)
            && !rest.is_empty()
            && !self.text.is_full()
        {
            let next = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
            if next > 0 {
                self.words(rest.get(..next).unwrap_or_default());
            }
            let Some(markup) = rest.get(next..).filter(|markup| !markup.is_empty()) else { break };
            at += next + self.markup(markup, links);
        }
    }

    /// Reads what begins with `<`; gives its length in bytes.
    fn markup(&mut self, markup: &'h str, links: &mut Links) -> usize {
        let bytes = markup.as_bytes();
        match bytes.get(1) {
            Some(b'!') if markup.starts_with("<!--") => {
                // `<!-->` is a whole comment, as in `<!--[if !mso]><!-->`.
                if markup.starts_with("<!-->") {
                    return 5;
                }
                after(markup, 4, "-->")
            }
            Some(b'!' | b'?') => after(markup, 2, ">"),
            Some(b'/') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => {
                let name = name(markup, 2);
                self.separate(name);
                self.close(name);
                after(markup, 2 + name.len(), ">")
            }
            Some(byte) if byte.is_ascii_alphabetic() => self.start(markup, links),
            _ => {
                self.words("<");
                1
            }
        }
    }

    fn start(&mut self, markup: &'h str, links: &mut Links) -> usize {
        let name = name(markup, 1);
        let mut visibility =
            self.open.last().map_or_else(Visibility::default, |open| open.visibility);
        let mut target = None;
        let mut tag = Attributes { markup, at: 1 + name.len() };
        for (attribute, value) in tag.by_ref() {
            if attribute.eq_ignore_ascii_case("style") {
                visibility = style::apply(visibility, value);
            } else if attribute.eq_ignore_ascii_case("hidden") {
                visibility.gone = true;
            } else if attribute.eq_ignore_ascii_case("href") {
                target = Some(value);
            }
        }
        let length = tag.at;
        if let Some(target) = target.filter(|_| is(name, &["a", "area"]) && visibility.is_seen()) {
            links.add(&unescape(target));
        }
        // The content of these is no text, whatever stands in it.
        if is(name, &["style", "script", "title", "noembed", "noframes", "xmp", "iframe"]) {
            return length + raw_content(markup.get(length..).unwrap_or_default(), name);
        }
        if is(name, &["template", "object", "svg", "select"]) {
            visibility.gone = true;
        }
        self.separate(name);
        self.imply_ends(name);
        if !is_void(name) && self.open.len() < MAX_DEPTH {
            self.open.push(Open { name, visibility });
        }
        length
    }

    /// Ends what the start of `name` ends without a closing tag.
    fn imply_ends(&mut self, name: &str) {
        let ended: &[&str] = if is(name, &["td", "th"]) {
            &["td", "th"]
        } else if is(name, &["tr", "li", "option"]) {
            &[]
        } else if is_block(name) {
            &["p"]
        } else {
            return;
        };
        if is(name, &["tr", "li"]) {
            let scope: &[&str] = if is(name, &["tr"]) { &["table"] } else { &["ul", "ol"] };
            self.close_within(name, scope);
        } else if self.open.last().is_some_and(|open| is(open.name, ended)) {
            self.open.pop();
        } else if is(name, &["td", "th"]) {
            for ended in ended {
                self.close_within(ended, &["tr", "table"]);
            }
        }
    }

    fn close(&mut self, name: &str) {
        // A stray `</div>` in a cell must not end what is outside of the cell.
        let scope: &[&str] = if is(name, &["table", "body", "html"]) {
            &[]
        } else if is(name, &["tr", "tbody", "thead", "tfoot", "td", "th"]) {
            &["table"]
        } else {
            &["td", "th", "table"]
        };
        self.close_within(name, scope);
    }

    fn close_within(&mut self, name: &str, scope: &[&str]) {
        for (at, open) in self.open.iter().enumerate().rev() {
            if open.name.eq_ignore_ascii_case(name) {
                self.open.truncate(at);
                return;
            }
            if is(open.name, scope) {
                return;
            }
        }
    }

    fn separate(&mut self, name: &str) {
        if is(name, &["td", "th"]) {
            self.text.space();
        } else if is_block(name) {
            self.text.line();
        }
    }

    fn words(&mut self, run: &str) {
        let seen = self.open.last().is_none_or(|open| open.visibility.is_seen());
        if seen {
            if memchr::memchr(b'&', run.as_bytes()).is_none() {
                self.text.flow(run);
            } else {
                self.text.flow(&unescape(run));
            }
        } else if !self.hidden {
            self.hidden = unescape(run).chars().any(char::is_alphanumeric);
        }
    }
}

/// The attributes of a start tag; `at` ends after the tag's `>`.
struct Attributes<'h> {
    markup: &'h str,
    at: usize,
}

impl<'h> Iterator for Attributes<'h> {
    type Item = (&'h str, &'h str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.markup.as_bytes();
        let limit = bytes.len().min(MAX_TAG_BYTES);
        let skip = |mut at: usize, stop: &dyn Fn(u8) -> bool| {
            while at < limit && bytes.get(at).is_some_and(|&byte| !stop(byte)) {
                at += 1;
            }
            at
        };
        let from = skip(self.at, &|byte| !byte.is_ascii_whitespace() && byte != b'/');
        if from >= limit {
            self.at = char_boundary(self.markup, from);
            return None;
        }
        if bytes.get(from) == Some(&b'>') {
            self.at = from + 1;
            return None;
        }
        let name_end = skip(from + 1, &|byte| {
            byte.is_ascii_whitespace() || matches!(byte, b'=' | b'>' | b'/')
        });
        let name = self.markup.get(from..name_end).unwrap_or_default();
        let equals = skip(name_end, &|byte| !byte.is_ascii_whitespace());
        if bytes.get(equals) != Some(&b'=') {
            self.at = name_end;
            return Some((name, ""));
        }
        let start = skip(equals + 1, &|byte| !byte.is_ascii_whitespace());
        let (start, end, next) = match bytes.get(start) {
            Some(&quote @ (b'"' | b'\'')) => {
                let end = skip(start + 1, &|byte| byte == quote);
                (start + 1, end, (end + 1).min(limit.max(end)))
            }
            _ => {
                let end = skip(start, &|byte| byte.is_ascii_whitespace() || byte == b'>');
                (start, end, end)
            }
        };
        self.at = next;
        Some((name, self.markup.get(start..end).unwrap_or_default()))
    }
}

fn char_boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// The length up to and with `end`, looked for from `from`, or the whole.
fn after(markup: &str, from: usize, end: &str) -> usize {
    markup
        .as_bytes()
        .get(from..)
        .and_then(|rest| memchr::memmem::find(rest, end.as_bytes()))
        .map_or(markup.len(), |at| from + at + end.len())
}

fn name(markup: &str, from: usize) -> &str {
    let rest = markup.get(from..).unwrap_or_default();
    let end = rest
        .find(|char: char| char.is_ascii_whitespace() || matches!(char, '>' | '/' | '<'))
        .unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// The length of raw content up to and with its end tag.
fn raw_content(content: &str, name: &str) -> usize {
    let bytes = content.as_bytes();
    for at in memchr::memmem::find_iter(bytes, b"</") {
        let found = bytes.get(at + 2..at + 2 + name.len());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
            return at + after(content.get(at..).unwrap_or_default(), 2, ">");
        }
    }
    content.len()
}

/// Replaces character references.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        plain.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        // The longest named reference has 33 bytes.
        let end = rest.bytes().take(34).position(|byte| byte == b';');
        let reference = end.and_then(|end| rest.get(..=end)).filter(|reference| {
            reference
                .bytes()
                .skip(1)
                .take(reference.len() - 2)
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
                && reference.len() > 2
        });
        let taken = reference.unwrap_or("&");
        if reference.is_some() {
            mail_parser::decoders::html::add_html_token(&mut plain, taken.as_bytes(), false);
        } else {
            plain.push('&');
        }
        rest = rest.get(taken.len()..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

fn is(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_void(name: &str) -> bool {
    is(
        name,
        &[
            "br", "img", "hr", "meta", "link", "input", "area", "base", "col", "embed", "source",
            "track", "wbr",
        ],
    )
}

fn is_block(name: &str) -> bool {
    is(
        name,
        &[
            "br",
            "p",
            "div",
            "tr",
            "table",
            "li",
            "ul",
            "ol",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "body",
            "head",
            "section",
            "article",
            "header",
            "footer",
            "main",
            "nav",
            "aside",
            "blockquote",
            "pre",
            "center",
            "dl",
            "dt",
            "dd",
            "form",
            "fieldset",
            "tbody",
            "thead",
            "tfoot",
            "caption",
            "address",
            "figure",
            "figcaption",
            "option",
        ],
    )
}
