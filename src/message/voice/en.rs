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
        let name = story.headline_name(Language::En);
        let (total, more) = (total(story), story.facts.since_last);
        let what = match (story.facts.alert, story.facts.phase) {
            (AlertKind::ForwardConfirmation, _) => "A mailbox asks to forward to you".to_owned(),
            (AlertKind::Connected, _) => "The forwarding works".to_owned(),
            (AlertKind::Smokescreen, Phase::Closed) => format!("Over: login codes from {total}"),
            (_, Phase::Closed) => format!("Over: {name}, {total} in all"),
            (AlertKind::Smokescreen, Phase::Escalated) => {
                format!("Still going on: login codes from {total}")
            }
            (_, Phase::Escalated) => format!("Still going on: {name}, {more} more, {total} so far"),
            (AlertKind::Smokescreen, _) => format!("Login codes from {total} at once"),
            (AlertKind::PhishingFlood, _) => format!("Perhaps false: {name}, {total}"),
            (AlertKind::Trickle, _) => format!("Again and again: {name}, {total}"),
            (AlertKind::Hammered, _) => {
                format!("{}: {name}, {total}", suspicion(story.facts.kind))
            }
        };
        format!("[hansho] {what}")
    }

    fn happened(&self, story: &Story) -> Vec<String> {
        match (story.facts.alert, story.facts.phase) {
            (AlertKind::ForwardConfirmation, _) => forward_confirmation(story),
            (AlertKind::Connected, _) => vec![format!(
                "A code email from {} arrived on {}. The forwarding works.",
                story.name(),
                moment(story, &story.last)
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
                "So many emails may be a smokescreen for the one that matters: a transfer, an order, a change of your details. Look for it.".to_owned(),
                "It may also be the mischief of somebody who knows no more than your address. It does not mean that your passwords are known.".to_owned(),
            ],
            AlertKind::PhishingFlood => vec![
                "We cannot tell that any of these emails is real. They may be false, and a real one may be among them.".to_owned(),
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
            Heading::Never => "WHAT NOT TO DO",
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
                let meanwhile = match desk.wait {
                    Some(_) => " While you wait, go on with the next steps.",
                    None => "",
                };
                format!("{name} can be reached now, until {}.{wait}{meanwhile}", time(&until))
            }
            DeskState::Closed(Some(next)) => {
                let next = story.clock.here(next);
                format!("{name} are closed now and open next on {}.{wait}", moment(story, &next))
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
        if story.facts.phase == Phase::Escalated {
            pieces.push(Piece::must(format!("{} more codes", story.facts.since_last)));
            pieces.push(Piece::may(2, format!(", {} so far", story.facts.count)));
            pieces.push(Piece::must(". "));
        } else if story.late() {
            let at = story.first.strftime("%-d %b %H:%M");
            pieces.push(Piece::must(format!("{total} from {at} on. ")));
        } else {
            pieces.push(Piece::must(format!("{total}. ")));
        }
        let meaning = match (story.facts.alert, story.about.implies, story.facts.kind) {
            (AlertKind::Trickle, ..) | (_, Implies::Identifier, _) => "",
            (_, Implies::Password, _) => "If not you, somebody has your password. ",
            (_, Implies::Unknown, Kind::Login) => "Somebody may have your password. ",
            (_, Implies::Unknown, Kind::Transaction) => "This may be fraud. ",
            (_, Implies::Unknown, Kind::Signup | Kind::Reset) => "",
        };
        pieces.push(Piece::may(1, meaning));
        if story.mixed() {
            pieces.push(Piece::may(4, "Some may be false. "));
        }
        pieces.push(Piece::may(3, "Tell nobody the code. "));
        if let Some(now) = story.plan.sms.first() {
            pieces.push(Piece::must(now.text.get(Language::En)));
        }
        (pieces, "A service")
    }

    fn sms_barest(&self) -> &'static str {
        "Login codes that you may not have asked for keep coming. Give no code to anybody. Check on the official site, which you open yourself."
    }
}

fn opened(story: &Story) -> Vec<String> {
    let mut said = Vec::new();
    if story.late() {
        said.push("This alert comes late. It is not about this moment.".to_owned());
    }
    said.push(format!("{} arrived {}.", capital(&emails(story)), span(story)));
    said.extend(listed(story));
    said.extend(mixed(story));
    said
}

fn escalated(story: &Story) -> Vec<String> {
    let more = story.facts.since_last;
    let what = match story.facts.alert {
        AlertKind::Smokescreen if more == 1 => "service",
        AlertKind::Smokescreen => "services",
        _ if more == 1 => "email",
        _ => "emails",
    };
    let mut said =
        vec![format!("{more} more {what} since the last alert. So far: {}.", emails(story))];
    said.push(peak(story));
    said.push(first_and_last(story));
    said.extend(listed(story));
    said.extend(mixed(story));
    said
}

fn closed(story: &Story) -> Vec<String> {
    let mut said = vec![format!("It has been quiet since. In all: {}.", emails(story))];
    said.push(first_and_last(story));
    said.push(peak(story));
    said.extend(listed(story));
    said.extend(mixed(story));
    said
}

/// The emails by number and sender, or by what they claim.
fn emails(story: &Story) -> String {
    let (total, name) = (total(story), story.name());
    match story.facts.alert {
        AlertKind::Smokescreen => format!("login codes from {total}"),
        AlertKind::PhishingFlood => format!("{total} that claim to be from {name}"),
        _ => format!("{total} from {name}"),
    }
}

/// What a burst of such emails may be.
fn suspicion(kind: Kind) -> &'static str {
    match kind {
        Kind::Login => "Possible break-in",
        Kind::Signup => "Sign-ups in your name",
        Kind::Reset => "Somebody may want to change your password",
        Kind::Transaction => "Possible fraud",
    }
}

fn forward_confirmation(story: &Story) -> Vec<String> {
    let mailbox = story.facts.mailbox.as_deref().map(crate::message::plain::mailbox);
    let who = mailbox.map_or("A mailbox".to_owned(), |mailbox| format!("The mailbox {mailbox}"));
    vec![
        format!("{who} asks whether it may forward its code emails to hansho."),
        "If you did not set this up yourself, do nothing. Nothing is forwarded then.".to_owned(),
    ]
}

/// What the codes of this service imply, and nothing beyond it.
fn implied(story: &Story, name: &str) -> Vec<String> {
    match (story.about.implies, story.facts.kind) {
        (Implies::Password, Kind::Transaction) => vec![
            format!("{name} sends this email when somebody who logged in with the right password pays, transfers or orders."),
            "If that was not you, somebody has your password and is trying to move your money.".to_owned(),
        ],
        (Implies::Password, _) => vec![
            format!("{name} sends this email after the right ID and password were typed."),
            "If that was neither you nor an app of yours, somebody has your password. Without the code they get no further.".to_owned(),
        ],
        (Implies::Identifier, Kind::Login) => vec![
            format!("Anybody who knows your ID or your address can make {name} send this email. It does not mean that your password is known."),
            "But whoever gets the code may log in with it alone.".to_owned(),
        ],
        (Implies::Identifier, Kind::Reset) => vec![
            "Anybody who knows your ID or your address can ask for a new password. It does not mean that your password is known.".to_owned(),
            "But whoever gets the code or the link of this email can set a new one.".to_owned(),
        ],
        (Implies::Identifier, _) => vec![
            "Anybody who knows your address can begin this. It does not mean that your password is known.".to_owned(),
        ],
        (Implies::Unknown, Kind::Transaction) => vec![
            "Somebody may be trying to pay or transfer in your name. Without the code they cannot finish it.".to_owned(),
        ],
        (Implies::Unknown, Kind::Reset) => vec![
            "Somebody may be trying to set a new password for your account. These emails do not tell whether the present one is known.".to_owned(),
            "Whoever gets the code or the link can set a new one.".to_owned(),
        ],
        (Implies::Unknown, Kind::Signup) => vec![
            "Somebody may be signing up with your address. Without the code they cannot finish it.".to_owned(),
        ],
        (Implies::Unknown, Kind::Login) => vec![
            "Somebody may be trying to log in to your account. These emails do not tell whether your password is known too. To be safe, act as if it were.".to_owned(),
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
    let rest = if names.len() < story.facts.count as usize { " and others" } else { "" };
    (!names.is_empty()).then(|| format!("They came from {}{rest}.", names.join(", ")))
}

fn peak(story: &Story) -> String {
    let unit = match story.facts.alert {
        AlertKind::Smokescreen => "services",
        _ => "emails",
    };
    format!(
        "At the worst, {} {unit} came within {}.",
        story.facts.peak,
        span_words(story.window_minutes())
    )
}

fn first_and_last(story: &Story) -> String {
    format!("The first came on {}, the last {}.", moment(story, &story.first), later(story))
}

/// `at least 55 login-code emails`, or of services `4 services`.
fn total(story: &Story) -> String {
    let count = story.facts.count;
    let one = count == 1;
    let noun = match (story.facts.alert, story.facts.kind) {
        (AlertKind::Smokescreen, _) if one => "service",
        (AlertKind::Smokescreen, _) => "services",
        (_, Kind::Login) if one => "login-code email",
        (_, Kind::Login) => "login-code emails",
        (_, Kind::Signup) if one => "sign-up email",
        (_, Kind::Signup) => "sign-up emails",
        (_, Kind::Reset) if one => "password-reset email",
        (_, Kind::Reset) => "password-reset emails",
        (_, Kind::Transaction) if one => "payment-code email",
        (_, Kind::Transaction) => "payment-code emails",
    };
    let bound = if story.facts.at_least { "at least " } else { "" };
    format!("{bound}{count} {noun}")
}

/// When the mails came, as an adverb.
fn span(story: &Story) -> String {
    if story.facts.count <= 1 {
        return format!("on {}", moment(story, &story.first));
    }
    if same_minute(&story.first, &story.last) {
        return format!("on {}, within a minute", moment(story, &story.first));
    }
    let minutes = span_words(story.span_minutes());
    format!(
        "within {minutes}, from {} to {}",
        moment(story, &story.first),
        later(story).trim_start_matches("at ").trim_start_matches("on ")
    )
}

/// The last instant, without its date if that was just said.
fn later(story: &Story) -> String {
    if same_day(&story.first, &story.last) {
        format!("at {}", time(&story.last))
    } else {
        format!("on {}", moment(story, &story.last))
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

/// `Sunday 22 November, 03:02`, with the year if it is far away.
fn moment(story: &Story, at: &Zoned) -> String {
    let date = if story.is_near(at) { "%A %-d %B" } else { "%A %-d %B %Y" };
    format!("{}, {}", at.strftime(date), time(at))
}

fn time(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
