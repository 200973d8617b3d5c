//! The texts in English: plain words, one thought a sentence.

use jiff::Zoned;

use super::{Heading, Voice, same_day, same_minute};
use crate::burst::{AlertKind, Phase};
use crate::classify::{Implies, Kind};
use crate::message::Language;
use crate::message::clock::DeskState;
use crate::message::playbook::{Desk, Source};
use crate::message::sms::Piece;
use crate::message::story::Story;

/// The voice of [`Language::En`].
pub(super) struct English;

impl Voice for English {
    fn columns(&self) -> usize {
        64
    }

    fn marks(&self) -> (&'static str, &'static str) {
        ("", "- ")
    }

    fn subject(&self, story: &Story) -> String {
        let name = story.about.name.get(Language::En);
        let (total, more) = (total(story), story.facts.since_last);
        let what = match (story.facts.alert, story.facts.phase) {
            (AlertKind::ForwardConfirmation, _) => "a mailbox asks to forward to you".to_owned(),
            (AlertKind::Connected, _) => "code mails now arrive".to_owned(),
            (AlertKind::Smokescreen, Phase::Closed) => format!("over: code mails of {total}"),
            (_, Phase::Closed) => format!("over: {name}, {total} in all"),
            (AlertKind::Smokescreen, Phase::Escalated) => format!("goes on: code mails of {total}"),
            (_, Phase::Escalated) => format!("goes on: {name}, {more} more, {total} so far"),
            (AlertKind::Smokescreen, _) => format!("code mails of {total} at once"),
            (AlertKind::PhishingFlood, _) => format!("{name}: {total}, perhaps false"),
            (AlertKind::Trickle, _) => format!("{name}: {total}, again and again"),
            (AlertKind::Hammered, _) => format!("{name}: {total} in a burst"),
        };
        format!("[hansho] {what}")
    }

    fn happened(&self, story: &Story) -> Vec<String> {
        match (story.facts.alert, story.facts.phase) {
            (AlertKind::ForwardConfirmation, _) => forward_confirmation(story),
            (AlertKind::Connected, _) => vec![format!(
                "A code mail of {} arrived on {}. The forwarding works.",
                story.name(),
                moment(&story.last)
            )],
            (_, Phase::Opened | Phase::Once) => opened(story),
            (_, Phase::Escalated) => escalated(story),
            (_, Phase::Closed) => closed(story),
        }
    }

    fn meaning(&self, story: &Story) -> Vec<String> {
        let name = story.name();
        let mut said = match story.facts.alert {
            AlertKind::Hammered | AlertKind::Trickle => implied(story, &name),
            AlertKind::Smokescreen => vec![
                "So many mails may be a smokescreen for the one that matters: a transfer, an order, a change of your details. Look for it.".to_owned(),
                "It may also be the mischief of somebody who knows no more than your address. It does not mean that your passwords are known.".to_owned(),
            ],
            AlertKind::PhishingFlood => vec![
                "We cannot tell that any of these mails is real. They may be false, and a real one may be among them.".to_owned(),
                "Open nothing in them, and go to the service yourself.".to_owned(),
            ],
            AlertKind::ForwardConfirmation | AlertKind::Connected => Vec::new(),
        };
        if story.facts.alert == AlertKind::Trickle {
            said.insert(0, "There was no sudden burst, but somebody, or an app of yours such as an asset manager, keeps trying.".to_owned());
        }
        said
    }

    fn notes(&self, story: &Story) -> Vec<String> {
        let mut notes = Vec::new();
        match story.facts.held_back {
            0 => {}
            1 => notes.push(
                "One other alert since the last one was held back by the limits on sending."
                    .to_owned(),
            ),
            n => notes.push(format!(
                "{n} other alerts since the last one were held back by the limits on sending."
            )),
        }
        match story.facts.muted {
            0 => {}
            1 => notes.push("One alert of this incident was kept silent by a mute.".to_owned()),
            n => notes.push(format!("{n} alerts of this incident were kept silent by a mute.")),
        }
        if story.names_a_domain() {
            notes.push(
                "The dot of a domain is written [.] so that it cannot be tapped by mistake."
                    .to_owned(),
            );
        }
        if story.facts.alert != AlertKind::ForwardConfirmation {
            notes.push(format!("Times are those of {}.", story.clock.zone_name()));
        }
        notes
    }

    fn heading(&self, heading: Heading) -> &'static str {
        match heading {
            Heading::Happened => "WHAT HAPPENED",
            Heading::Meaning => "WHAT IT MEANS",
            Heading::DoNow => "DO THIS NOW, IN THIS ORDER",
            Heading::IfNotYet => "IF YOU HAVE NOT YET, DO THIS NOW",
            Heading::StillToDo => "IF YOU HAVE NOT YET, DO THIS NEXT",
            Heading::Never => "DO NOT",
            Heading::FalseAlarm => "COULD IT BE HARMLESS?",
            Heading::Link => "THE LINK THAT CONFIRMS",
        }
    }

    fn desk(&self, story: &Story, desk: &Desk, state: &DeskState) -> String {
        let name = desk.name.get(Language::En);
        let wait = desk
            .wait
            .as_ref()
            .map_or(String::new(), |wait| format!(" {}.", wait.get(Language::En)));
        match state {
            DeskState::Open(until) => {
                let until = story.clock.here(until);
                format!("{name} can be reached now, until {}.{wait}", time(&until))
            }
            DeskState::Closed(Some(next)) => {
                let next = story.clock.here(next);
                format!("{name} are closed now and open next on {}.{wait}", moment(&next))
            }
            DeskState::Closed(None) => format!("{name} are closed now."),
        }
    }

    fn needs(&self, needs: &str) -> String {
        format!("You need: {needs}.")
    }

    fn source(&self, source: &Source) -> String {
        format!(
            "Source of the steps: {}, checked on {}.",
            source.name.get(Language::En),
            source.checked
        )
    }

    fn sms(&self, story: &Story) -> (Vec<Piece>, &'static str) {
        let total = total(story);
        let mut pieces = vec![Piece::must("{name}: ")];
        match story.facts.phase {
            Phase::Escalated => {
                pieces.push(Piece::must(format!("{} more code mails", story.facts.since_last)));
                pieces.push(Piece::may(2, format!(", {} so far", story.facts.count)));
                pieces.push(Piece::must(". "));
            }
            Phase::Opened | Phase::Closed | Phase::Once if story.late() => {
                pieces.push(Piece::must(format!("{total} from {}. ", short_moment(story))));
            }
            Phase::Opened | Phase::Closed | Phase::Once => {
                pieces.push(Piece::must(format!("{total}. ")));
            }
        }
        let meaning = match (story.facts.alert, story.about.implies) {
            (AlertKind::Trickle, _) | (_, Implies::Identifier) => "",
            (_, Implies::Password) => "If not you, somebody has your password. ",
            (_, Implies::Unknown) => "Somebody may have your password. ",
        };
        pieces.push(Piece::may(1, meaning));
        if story.mixed() {
            pieces.push(Piece::may(4, "Some may be false. "));
        }
        pieces.push(Piece::may(3, "Give no code. "));
        if let Some(now) = story.plan.sms.first() {
            pieces.push(Piece::must(now.text.get(Language::En)));
        }
        (pieces, "A service")
    }

    fn sms_barest(&self) -> &'static str {
        "Code mails that you may not have asked for keep coming. Give no code to anybody. Check on the official site, which you open yourself."
    }
}

fn opened(story: &Story) -> Vec<String> {
    let facts = story.facts;
    let mut said = Vec::new();
    if story.late() {
        said.push("This alert comes late. It is not about this moment.".to_owned());
    }
    let (total, name, span) = (total(story), story.name(), span(story));
    said.push(match facts.alert {
        AlertKind::Smokescreen => format!("Code mails of {total} arrived {span}."),
        AlertKind::PhishingFlood => {
            format!("{} that claim to be from {name} arrived {span}.", capital(&total))
        }
        _ => format!("{} of {name} arrived {span}.", capital(&total)),
    });
    said.extend(listed(story));
    said.extend(mixed(story));
    said
}

fn escalated(story: &Story) -> Vec<String> {
    let (facts, total) = (story.facts, total(story));
    let mut said = vec![if facts.alert == AlertKind::Smokescreen {
        format!(
            "{} more services since the last alert: code mails of {total} so far.",
            facts.since_last
        )
    } else {
        format!(
            "{} more since the last alert: {total} of {} so far.",
            facts.since_last,
            story.name()
        )
    }];
    said.push(peak(story));
    said.push(first_and_last(story));
    said.extend(listed(story));
    said.extend(mixed(story));
    said
}

fn closed(story: &Story) -> Vec<String> {
    let total = total(story);
    let mut said = vec![if story.facts.alert == AlertKind::Smokescreen {
        format!("It has been quiet since. Code mails of {total} came in all.")
    } else {
        format!("It has been quiet since. {} of {} came in all.", capital(&total), story.name())
    }];
    said.push(first_and_last(story));
    said.push(peak(story));
    said.extend(listed(story));
    said.extend(mixed(story));
    said
}

fn forward_confirmation(story: &Story) -> Vec<String> {
    let mailbox = story.facts.mailbox.as_deref().map(crate::message::plain::mailbox);
    let who = mailbox.map_or("A mailbox".to_owned(), |mailbox| format!("The mailbox {mailbox}"));
    vec![
        format!("{who} asks whether its code mails may be forwarded to hansho."),
        "If you did not set this up yourself, do nothing. Nothing is forwarded then.".to_owned(),
    ]
}

/// What the codes of this service imply, and nothing beyond it.
fn implied(story: &Story, name: &str) -> Vec<String> {
    match (story.about.implies, story.facts.kind) {
        (Implies::Password, Kind::Transaction) => vec![
            format!("{name} sends this mail when somebody who logged in with the right password pays, transfers or orders."),
            "If that was not you, somebody has your password and is trying to move your money.".to_owned(),
        ],
        (Implies::Password, _) => vec![
            format!("{name} sends this mail after the right ID and password were typed."),
            "If that was not you, somebody has your password. Without the code they get no further.".to_owned(),
        ],
        (Implies::Identifier, Kind::Login) => vec![
            format!("Anybody who knows your ID or your address can make {name} send this mail. It does not mean that your password is known."),
            "But whoever gets the code may log in with it alone.".to_owned(),
        ],
        (Implies::Identifier, Kind::Reset) => vec![
            "Anybody who knows your ID or your address can ask for a new password. It does not mean that your password is known.".to_owned(),
            "But whoever gets the code or the link of this mail can set a new one.".to_owned(),
        ],
        (Implies::Identifier, _) => vec![
            "Anybody who knows your address can begin this. It does not mean that your password is known.".to_owned(),
        ],
        (Implies::Unknown, Kind::Transaction) => vec![
            "Somebody may be trying to pay or transfer in your name. Without the code they cannot finish it.".to_owned(),
        ],
        (Implies::Unknown, _) => vec![
            "Somebody may be trying to log in to your account. These mails do not tell whether your password is known too. To be safe, act as if it were.".to_owned(),
        ],
    }
}

fn mixed(story: &Story) -> Option<String> {
    let rest = story.facts.count.saturating_sub(story.facts.verified);
    story.mixed().then(|| {
        format!("Not all are confirmed: {rest} of them could not be traced to the real sender and may be false.")
    })
}

fn listed(story: &Story) -> Option<String> {
    let names = story.services();
    (!names.is_empty()).then(|| format!("Among them: {}.", names.join(", ")))
}

fn peak(story: &Story) -> String {
    let unit = match story.facts.alert {
        AlertKind::Smokescreen => "services",
        _ => "mails",
    };
    format!(
        "At the worst, {} {unit} came within {}.",
        story.facts.peak,
        span_words(story.window_minutes())
    )
}

fn first_and_last(story: &Story) -> String {
    format!("The first came on {}, the last {}.", moment(&story.first), later(story))
}

/// `at least 55 login-code mails`, or of services `4 services`.
fn total(story: &Story) -> String {
    let count = story.facts.count;
    let one = count == 1;
    let noun = match (story.facts.alert, story.facts.kind) {
        (AlertKind::Smokescreen, _) if one => "service",
        (AlertKind::Smokescreen, _) => "services",
        (_, Kind::Login) if one => "login-code mail",
        (_, Kind::Login) => "login-code mails",
        (_, Kind::Signup) if one => "sign-up mail",
        (_, Kind::Signup) => "sign-up mails",
        (_, Kind::Reset) if one => "password-reset mail",
        (_, Kind::Reset) => "password-reset mails",
        (_, Kind::Transaction) if one => "payment-code mail",
        (_, Kind::Transaction) => "payment-code mails",
    };
    let bound = if story.facts.at_least { "at least " } else { "" };
    format!("{bound}{count} {noun}")
}

/// When the mails came, as an adverb.
fn span(story: &Story) -> String {
    if same_minute(&story.first, &story.last) {
        return format!("on {}, within a minute", moment(&story.first));
    }
    let minutes = span_words(story.span_minutes());
    format!(
        "within {minutes}, from {} to {}",
        moment(&story.first),
        later(story).trim_start_matches("at ").trim_start_matches("on ")
    )
}

/// The last instant, without its date if that was just said.
fn later(story: &Story) -> String {
    if same_day(&story.first, &story.last) {
        format!("at {}", time(&story.last))
    } else {
        format!("on {}", moment(&story.last))
    }
}

fn span_words(minutes: i64) -> String {
    let many =
        |n: i64, unit: &str| if n == 1 { format!("1 {unit}") } else { format!("{n} {unit}s") };
    match (minutes / 1440, minutes % 1440 / 60, minutes % 60) {
        (0, 0, m) => many(m, "minute"),
        (0, h, 0) => many(h, "hour"),
        (0, h, m) => format!("{} {}", many(h, "hour"), many(m, "minute")),
        (1, 0, 0) => "24 hours".to_owned(),
        (d, 0, _) => many(d, "day"),
        (d, h, _) => format!("{} {}", many(d, "day"), many(h, "hour")),
    }
}

/// `Sunday 22 November, 03:02`.
fn moment(at: &Zoned) -> String {
    format!("{}, {}", at.strftime("%A %-d %B"), time(at))
}

fn time(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

fn short_moment(story: &Story) -> String {
    story.first.strftime("%-d %b %H:%M").to_string()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
