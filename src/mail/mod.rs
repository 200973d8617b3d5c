//! Any bytes to a [`Letter`]: a bounded view of one mail, with the header block
//! that SES wrote kept apart from everything a sender could write. This room
//! must not know what a code mail is, nor any service, clock, file or AWS type.
//! It never fails and never panics: what cannot be read is simply absent.

mod addresses;
mod authentication;
mod body;
mod charset;
mod fields;
mod html;
mod letter;
mod links;
mod ses;
mod style;
mod text;
mod trace;
mod words;

#[cfg(test)]
mod tests;

pub use authentication::{ServerResults, authentication_results};
pub use letter::parse;

/// At most this many bytes of a mail are looked at; the rest is not needed to
/// know a code mail. The function fetches no more than this either.
pub const MAX_READ_BYTES: usize = 256 * 1024;
/// At most this many bytes of visible text are kept (cut at a character).
pub const MAX_TEXT_BYTES: usize = 8 * 1024;
/// At most this many MIME parts are looked at.
pub const MAX_PARTS: usize = 64;
/// At most this many addresses are kept of any one header.
pub const MAX_ADDRESSES: usize = 50;
/// At most this many links are kept.
pub const MAX_LINKS: usize = 64;
/// At most this many bytes are kept of a subject, a name or a header value.
pub const MAX_VALUE_BYTES: usize = 2 * 1024;

/// One mail, bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// The mailboxes of `From:`. More than one is legal and suspicious.
    pub from: Vec<Mailbox>,
    /// The addresses of `To:` and `Cc:`, lower case.
    pub to: Vec<String>,
    /// The subject, decoded; control characters are spaces.
    pub subject: String,
    /// `Message-ID` without its angle brackets.
    pub message_id: Option<String>,
    /// `Date:`, which the sender controls, in milliseconds since the epoch.
    pub date_ms: Option<i64>,
    /// When the last server took it (the topmost `Received:` below SES's), in
    /// milliseconds since the epoch. The sender's word, unless a server of the
    /// reader's own wrote it.
    pub received_ms: Option<i64>,
    /// What a reader would see, from the plain part or else from the HTML.
    /// Table cells and blocks stand apart; hidden elements are left out.
    pub text: String,
    /// Where [`Letter::text`] came from.
    pub text_from: TextFrom,
    /// Whether the HTML, if it was read, held text that no reader would see.
    pub hidden_text: bool,
    /// The targets of links, each once: of the HTML, unless a long plain part
    /// made it unnecessary to read it, and of bare addresses in the text.
    pub links: Vec<String>,
    /// Headers that forwarders, lists and mail servers below SES wrote.
    /// Anyone can write these.
    pub trace: Trace,
    /// A mail is attached (`message/rfc822`): somebody forwarded it by hand.
    pub attached_mail: bool,
    /// The block that SES put on top, if the mail begins with one.
    pub ses: Option<SesBlock>,
    /// The mail was longer than a limit, and something was left out.
    pub truncated: bool,
}

/// A display name and an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, decoded, control characters removed; may be empty.
    pub name: String,
    /// The address in lower case; may be empty.
    pub address: String,
}

impl Mailbox {
    /// The part after the last `@`, or nothing.
    pub fn domain(&self) -> Option<&str> {
        self.address.rsplit_once('@').map(|(_, domain)| domain).filter(|domain| !domain.is_empty())
    }
}

/// Where the text of a letter came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TextFrom {
    /// There was no text part.
    #[default]
    Nothing,
    /// A `text/plain` part.
    Plain,
    /// A `text/html` part: there is no plain one with words, or only a stub.
    Html,
}

/// Headers below SES's block, top to bottom. Any sender can forge them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// `X-Forwarded-To`, lower case.
    pub forwarded_to: Vec<String>,
    /// `X-Forwarded-For`, lower case.
    pub forwarded_for: Vec<String>,
    /// `Delivered-To`, lower case.
    pub delivered_to: Vec<String>,
    /// `Return-Path` below SES's own, lower case, without brackets.
    pub return_path: Vec<String>,
    /// `Authentication-Results`, unfolded, top to bottom, at most 8.
    pub authentication_results: Vec<String>,
    /// `Auto-Submitted`, lower case.
    pub auto_submitted: Option<String>,
    /// `Precedence`, lower case.
    pub precedence: Option<String>,
    /// `List-Id`.
    pub list_id: Option<String>,
    /// A `List-Unsubscribe` header is there.
    pub list_unsubscribe: bool,
    /// `X-Google-Address-Confirmation` is there.
    pub google_address_confirmation: bool,
    /// `X-Gmail-Labels` (Takeout), decoded.
    pub gmail_labels: Option<String>,
    /// `Content-Type` of the whole is `multipart/report`: a bounce.
    pub report: bool,
}

/// What SES itself wrote above the sender's headers: from the top down to
/// `X-SES-RECEIPT` (facts: `docs`, SES "received email contents").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SesBlock {
    /// The envelope sender, lower case; empty for a bounce.
    pub return_path: String,
    /// The id after `with SMTP id`, equal to the last segment of the object key.
    pub smtp_id: String,
    /// The addresses after `for`, lower case; empty if SES named none.
    pub recipients: Vec<String>,
    /// When SES took the mail, in milliseconds since the epoch.
    pub arrived_ms: i64,
    /// Every `dkim=` result.
    pub dkim: Vec<AuthResult>,
    /// Every `dmarc=` result; SES writes one, so more than one is a forgery.
    pub dmarc: Vec<AuthResult>,
    /// `X-SES-Spam-Verdict`, upper case, if scanning is on.
    pub spam: Option<String>,
    /// `X-SES-Virus-Verdict`, upper case, if scanning is on.
    pub virus: Option<String>,
}

/// One result of an `Authentication-Results` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthResult {
    /// What was found.
    pub result: AuthStatus,
    /// The domain it speaks of (`header.i=@d`, `header.d=d` or `header.from=d`), lower case.
    pub domain: String,
}

/// The result keywords of RFC 8601, with SES's own beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthStatus {
    /// `pass`
    Pass,
    /// `fail` and `softfail`
    Fail,
    /// `none`: nothing to check, or no policy published.
    None,
    /// `neutral`, `policy`, `gray` and words this version does not know.
    Neutral,
    /// `temperror`
    TempError,
    /// `permerror`
    PermError,
}

/// Cuts a text at a character, so that it has at most `limit` bytes; says
/// whether something was lost.
fn cut(text: &mut String, limit: usize) -> bool {
    if text.len() <= limit {
        return false;
    }
    text.truncate(text.floor_char_boundary(limit));
    true
}
