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

/// What one HTML part holds.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) text: String,
    /// Words stood there that no reader sees.
    pub(super) hidden: bool,
    pub(super) truncated: bool,
}

/// What an element does to the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It stands on lines of its own.
    Block,
    /// A table cell stands apart.
    Cell,
    /// Its content is no text, whatever stands in it.
    Raw,
    /// Its content is parsed and not shown.
    Unseen,
    Other,
}

/// The name of an element: its first sixteen bytes in lower case as one number,
/// since names are compared many times for each tag. No name that means
/// anything here is longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Name(u128);

impl Name {
    const fn of(name: &[u8]) -> Self {
        let mut key = 0;
        let mut rest = name;
        let mut count = 0;
        while let [byte, more @ ..] = rest
            && count < 16
        {
            key = key << 8 | byte.to_ascii_lowercase() as u128;
            rest = more;
            count += 1;
        }
        Self(key)
    }

    fn kind(self) -> Kind {
        if TD_TH.contains(&self) {
            Kind::Cell
        } else if BLOCKS.contains(&self) {
            Kind::Block
        } else if RAW.contains(&self) {
            Kind::Raw
        } else if UNSEEN.contains(&self) {
            Kind::Unseen
        } else {
            Kind::Other
        }
    }
}

/// The names in a list of words.
const fn names<const COUNT: usize>(words: [&str; COUNT]) -> [Name; COUNT] {
    let mut names = [Name(0); COUNT];
    let mut left: &mut [Name] = &mut names;
    let mut words: &[&str] = &words;
    while let ([name, more @ ..], [word, others @ ..]) = (left, words) {
        *name = Name::of(word.as_bytes());
        left = more;
        words = others;
    }
    names
}

const TD_TH: [Name; 2] = names(["td", "th"]);
// The most frequent first.
const BLOCKS: [Name; 40] = names([
    "tr",
    "table",
    "br",
    "p",
    "div",
    "tbody",
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
    "thead",
    "tfoot",
    "caption",
    "address",
    "figure",
    "figcaption",
    "option",
]);
const RAW: [Name; 7] = names(["style", "script", "title", "noembed", "noframes", "xmp", "iframe"]);
const UNSEEN: [Name; 4] = names(["template", "object", "svg", "select"]);
const VOID: [Name; 13] = names([
    "img", "br", "hr", "meta", "link", "input", "area", "base", "col", "embed", "source", "track",
    "wbr",
]);
const LINKS: [Name; 2] = names(["a", "area"]);
const TABLE: [Name; 1] = names(["table"]);
const LISTS: [Name; 2] = names(["ul", "ol"]);
const ROWS: [Name; 2] = names(["tr", "table"]);
const PARAGRAPH: [Name; 1] = names(["p"]);
const WHOLES: [Name; 3] = names(["table", "body", "html"]);
const TABLE_PARTS: [Name; 6] = names(["tr", "tbody", "thead", "tfoot", "td", "th"]);
const CELLS_AND_TABLE: [Name; 3] = names(["td", "th", "table"]);
const TR: Name = Name::of(b"tr");
const LI: Name = Name::of(b"li");
const OPTION: Name = Name::of(b"option");

struct Open {
    name: Name,
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
    open: Vec<Open>,
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
                let word = word(markup, 2);
                let name = Name::of(word.as_bytes());
                self.separate(name.kind());
                self.close(name);
                after(markup, 2 + word.len(), ">")
            }
            // `</` before anything else begins a comment of sorts.
            Some(b'/') if bytes.len() > 2 => after(markup, 2, ">"),
            Some(byte) if byte.is_ascii_alphabetic() => self.start(markup, links),
            _ => {
                self.words("<");
                1
            }
        }
    }

    fn start(&mut self, markup: &'h str, links: &mut Links) -> usize {
        let word = word(markup, 1);
        let name = Name::of(word.as_bytes());
        let kind = name.kind();
        if matches!(kind, Kind::Block | Kind::Cell) {
            self.imply_ends(name, kind);
        }
        let mut visibility =
            self.open.last().map_or_else(Visibility::default, |open| open.visibility);
        let mut target = None;
        let mut tag = Attributes { markup, at: 1 + word.len() };
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
        if let Some(target) = target.filter(|_| LINKS.contains(&name) && visibility.is_seen()) {
            links.add(&unescape(target));
        }
        match kind {
            Kind::Raw => {
                return length + raw_content(markup.get(length..).unwrap_or_default(), word);
            }
            Kind::Unseen => visibility.gone = true,
            _ => {}
        }
        self.separate(kind);
        if !VOID.contains(&name) && self.open.len() < MAX_DEPTH {
            self.open.push(Open { name, visibility });
        }
        length
    }

    /// Ends what the start of `name` ends without a closing tag.
    fn imply_ends(&mut self, name: Name, kind: Kind) {
        if name == TR {
            self.close_within(name, &TABLE);
        } else if name == LI {
            self.close_within(name, &LISTS);
        } else if kind == Kind::Cell {
            if self.open.last().is_some_and(|open| TD_TH.contains(&open.name)) {
                self.open.pop();
            } else {
                for ended in TD_TH {
                    self.close_within(ended, &ROWS);
                }
            }
        } else if name != OPTION
            && self.open.last().is_some_and(|open| PARAGRAPH.contains(&open.name))
        {
            self.open.pop();
        }
    }

    fn close(&mut self, name: Name) {
        // A stray `</div>` in a cell must not end what is outside of the cell.
        let scope: &[Name] = if WHOLES.contains(&name) {
            &[]
        } else if TABLE_PARTS.contains(&name) {
            &TABLE
        } else {
            &CELLS_AND_TABLE
        };
        self.close_within(name, scope);
    }

    fn close_within(&mut self, name: Name, scope: &[Name]) {
        for (at, open) in self.open.iter().enumerate().rev() {
            if open.name == name {
                self.open.truncate(at);
                return;
            }
            if scope.contains(&open.name) {
                return;
            }
        }
    }

    fn separate(&mut self, kind: Kind) {
        match kind {
            Kind::Cell => self.text.space(),
            Kind::Block => self.text.line(),
            _ => {}
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
        let limit = bytes.len();
        let from = skip(bytes, self.at, |byte| !byte.is_ascii_whitespace() && byte != b'/');
        if from >= limit {
            self.at = limit;
            return None;
        }
        if bytes.get(from) == Some(&b'>') {
            self.at = from + 1;
            return None;
        }
        let name_end = skip(bytes, from + 1, |byte| {
            byte.is_ascii_whitespace() || matches!(byte, b'=' | b'>' | b'/')
        });
        let name = self.markup.get(from..name_end).unwrap_or_default();
        let equals = skip(bytes, name_end, |byte| !byte.is_ascii_whitespace());
        if bytes.get(equals) != Some(&b'=') {
            self.at = name_end;
            return Some((name, ""));
        }
        let start = skip(bytes, equals + 1, |byte| !byte.is_ascii_whitespace());
        let (start, end, next) = match bytes.get(start) {
            Some(&quote @ (b'"' | b'\'')) => {
                let rest = bytes.get(start + 1..).unwrap_or_default();
                let end = memchr::memchr(quote, rest).map_or(limit, |at| start + 1 + at);
                (start + 1, end, (end + 1).min(limit))
            }
            _ => {
                let end = skip(bytes, start, |byte| byte.is_ascii_whitespace() || byte == b'>');
                (start, end, end)
            }
        };
        self.at = next;
        Some((name, self.markup.get(start..end).unwrap_or_default()))
    }
}

/// The first place from `at` where a byte satisfies `stop`, or the end.
fn skip(bytes: &[u8], at: usize, stop: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|&byte| stop(byte)).map_or(bytes.len(), |found| at + found)
}

/// The length up to and with `end`, looked for from `from`, or the whole.
fn after(markup: &str, from: usize, end: &str) -> usize {
    markup
        .as_bytes()
        .get(from..)
        .and_then(|rest| memchr::memmem::find(rest, end.as_bytes()))
        .map_or(markup.len(), |at| from + at + end.len())
}

/// The name of the tag, as it is written.
fn word(markup: &str, from: usize) -> &str {
    let rest = markup.get(from..).unwrap_or_default();
    let end = skip(rest.as_bytes(), 0, |byte| {
        byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/' | b'<')
    });
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
