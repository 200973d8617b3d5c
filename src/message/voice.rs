//! What a language must be able to say. Each language is one file that can be
//! read from top to bottom as its texts; the layout is not its business.

mod en;
mod ja;

use jiff::Zoned;

use super::Language;
use super::clock::DeskState;
use super::playbook::{Desk, Source};
use super::sms::Piece;
use super::story::Story;

/// A part of an e-mail that has a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// What happened.
    Happened,
    /// What it means.
    Meaning,
    /// What to do at once, in order.
    DoNow,
    /// What to do if it has not been done yet.
    IfNotYet,
    /// What is still worth doing when it is over.
    StillToDo,
    /// What not to do.
    Never,
    /// How to tell a false alarm.
    FalseAlarm,
    /// A link that is relayed.
    Link,
}

/// One language. Paragraphs hold no line breaks.
pub(super) trait Voice {
    /// Columns of a line.
    fn columns(&self) -> usize;
    /// What stands before a heading and before an item of a list.
    fn marks(&self) -> (&'static str, &'static str);
    /// The subject of the mail.
    fn subject(&self, story: &Story) -> String;
    /// What happened: count, service and span.
    fn happened(&self, story: &Story) -> Vec<String>;
    /// What follows from it, and nothing more.
    fn meaning(&self, story: &Story) -> Vec<String>;
    /// What limits or a mute kept back, and how domains are written.
    fn notes(&self, story: &Story) -> Vec<String>;
    /// A heading.
    fn heading(&self, heading: Heading) -> &'static str;
    /// Whether a desk can be reached now, or when.
    fn desk(&self, story: &Story, desk: &Desk, state: &DeskState) -> String;
    /// What a step needs.
    fn needs(&self, needs: &str) -> String;
    /// Where the steps come from.
    fn source(&self, source: &Source) -> String;
    /// The pieces of an SMS, in order, and the generic word for a service.
    fn sms(&self, story: &Story) -> (Vec<Piece>, &'static str);
    /// An SMS that fits whatever happens.
    fn sms_barest(&self) -> &'static str;
}

/// The voice of a language.
pub(super) fn voice(language: Language) -> &'static dyn Voice {
    match language {
        Language::Ja => &ja::Japanese,
        Language::En => &en::English,
    }
}

/// Whether two instants show the same date on the person's clock.
fn same_day(one: &Zoned, other: &Zoned) -> bool {
    one.date() == other.date()
}

/// Whether two instants show the same minute on the person's clock.
fn same_minute(one: &Zoned, other: &Zoned) -> bool {
    same_day(one, other) && one.hour() == other.hour() && one.minute() == other.minute()
}
