//! What a letter's headers say against its being a code mail: our own alerts,
//! bounces, forwards by hand, lists. This room must not know any phrase of a
//! language beyond the marks that mail programs write.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::mail::Letter;

use super::page::Page;
use super::{OWN_MARKER, Signal};

/// Where SNS sends from (AWS: SNS e-mail notifications).
const SNS_SENDER: &str = "no-reply@sns.amazonaws.com";

static MARKERS: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| [Finder::new(OWN_MARKER), Finder::new("hansho.alert/")]);

/// What mail programs write above a mail that they forward.
static SEPARATORS: LazyLock<[Finder<'static>; 6]> = LazyLock::new(|| {
    [
        "---------- forwarded message",
        "-------- forwarded message",
        "-----original message-----",
        "begin forwarded message:",
        "転送されたメッセージ",
        "---------- weitergeleitete nachricht",
    ]
    .map(Finder::new)
});

/// A reason to look no further.
pub(super) fn outright(letter: &Letter, page: &Page) -> Option<Signal> {
    own_alert(letter, page).or_else(|| bounce(letter)).or_else(|| by_hand(letter, page))
}

fn own_alert(letter: &Letter, page: &Page) -> Option<Signal> {
    if letter.from.iter().any(|from| from.address == SNS_SENDER) {
        return Some(refuse("refuse.sns-sender", "it comes from the sender of our own alerts"));
    }
    // Of a text only the page is searched: the marker stands near the top or the end of an alert.
    let marked = MARKERS.iter().any(|marker| {
        [&page.folded, &letter.text].iter().any(|text| marker.find(text.as_bytes()).is_some())
    });
    marked.then(|| refuse("refuse.own-marker", "it carries the mark of our own alerts"))
}

fn bounce(letter: &Letter) -> Option<Signal> {
    let daemon = letter.from.iter().any(|from| {
        let local = from.address.split('@').next().unwrap_or_default();
        matches!(local, "mailer-daemon" | "postmaster" | "mail-daemon")
    });
    (letter.trace.report || daemon)
        .then(|| refuse("refuse.bounce", "it reports on the delivery of another mail"))
}

/// A forward that a person made: it tells of an old code, not of a new one. A
/// rule that forwards as a new mail says `Auto-Submitted` (RFC 3834), and counts.
fn by_hand(letter: &Letter, page: &Page) -> Option<Signal> {
    let automatic =
        letter.trace.auto_submitted.as_deref().is_some_and(|value| !value.starts_with("no"));
    if automatic {
        return None;
    }
    const PREFIXES: [&str; 24] = [
        "fwd:",
        "fw:",
        "転送:",
        "wg:",
        "tr:",
        "rv:",
        "enc:",
        "i:",
        "doorst:",
        "pd:",
        "yml:",
        "전달:",
        "转发:",
        "轉寄:",
        "轉發:",
        "ilt:",
        "vs:",
        "vb:",
        "vl:",
        "fs:",
        "trs:",
        "переслано:",
        "chuyển tiếp:",
        "ส่งต่อ:",
    ];
    let subject = page.slice(0, page.subject_end());
    if letter.attached_mail {
        return Some(refuse(
            "forward.attached",
            "another mail is attached: somebody forwarded it by hand",
        ));
    }
    if PREFIXES.iter().any(|prefix| subject.starts_with(prefix)) {
        return Some(refuse(
            "forward.subject",
            "its subject says that somebody forwarded it by hand",
        ));
    }
    let text = page.slice(page.subject_end(), page.folded.len());
    let holds = SEPARATORS.iter().any(|separator| separator.find(text.as_bytes()).is_some())
        || is_set_off(page);
    holds.then(|| {
        refuse("forward.text", "its text holds another mail that somebody forwarded by hand")
    })
}

/// Whether a ruled line of words stands above a header line with an address, as
/// mail programs of all languages set off the mail that they forward.
fn is_set_off(page: &Page) -> bool {
    page.lines.iter().enumerate().skip(1).any(|(at, line)| {
        let text = page.slice(line.start, line.end);
        text.starts_with("-----")
            && text.chars().any(char::is_alphabetic)
            && page.lines.iter().skip(at + 1).take(3).any(|below| {
                let text = page.slice(below.start, below.end);
                text.contains('@') && text.contains(": ")
            })
    })
}

/// What speaks against it without deciding.
pub(super) fn leanings(letter: &Letter, page: &Page, signals: &mut Vec<Signal>) {
    let mut say = |name, weight, because: &str| {
        signals.push(Signal { name, weight, because: because.to_owned() });
    };
    if letter.trace.list_id.is_some() {
        say("header.list-id", -80, "it was sent to a list");
    }
    match letter.trace.precedence.as_deref() {
        Some("list") => say("header.precedence", -50, "it was sent to a list"),
        Some("bulk" | "junk") => say("header.precedence", -15, "it was sent to many"),
        _ => {}
    }
    if letter.trace.list_unsubscribe {
        say("header.list-unsubscribe", -10, "one can unsubscribe from it");
    }
    let subject = page.slice(0, page.subject_end());
    // A list puts its name before what the writer put there.
    let subject = match subject.split_once(']') {
        Some((name, rest)) if name.starts_with('[') => rest.trim_start(),
        _ => subject,
    };
    const REPLIES: [&str; 22] = [
        "re:",
        "re[",
        "aw:",
        "sv:",
        "antw:",
        "rép:",
        "rep:",
        "res:",
        "rif:",
        "ris:",
        "r:",
        "odp:",
        "ynt:",
        "bls:",
        "vá:",
        "ответ:",
        "رد:",
        "返信:",
        "回复:",
        "回覆:",
        "답장:",
        "회신:",
    ];
    if REPLIES.iter().any(|prefix| subject.starts_with(prefix)) {
        say("subject.reply", -100, "it answers another mail");
    }
    if letter.hidden_text {
        say("text.hidden", 0, "it holds text that no reader sees");
    }
}

fn refuse(name: &'static str, because: &str) -> Signal {
    Signal { name, weight: -1000, because: because.to_owned() }
}
