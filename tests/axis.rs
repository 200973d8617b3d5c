//! A small language for mails on a time axis, and the playing of it over the
//! real line. Words are separated by spaces:
//!
//! | word | means |
//! | --- | --- |
//! | `A5/1m@10h` | five verified mails of service A, a minute apart, from hour ten on |
//! | `a5/1m@10h` | the same, unverified; B, C, D are other services, S one with a threshold of one |
//! | `*30/10s@1h` | thirty mails, each of another service |
//! | `A+5…`, `A-5…`, `A$5…` | sign-ups, resets, transactions instead of logins |
//! | `F2…` | confirmations of mail forwarding |
//! | `A5x2…` | each is delivered twice |
//! | `A5&2…` | of each a second copy arrives a second later, by another rule |
//! | `…@10h<12h` | all are delivered at hour twelve, in order; `>12h`, the newest first |
//! | `crowd:a9000/10ms@1h` | recorded by functions that died before they looked |
//! | `mute:A<3h` | the policy silences A until hour three |
//! | `hourly:2`, `observe` | the policy allows two alerts an hour, sends none |
//! | `new` | nothing is known of the person |
//! | `home` | the mails come from a mailbox, not through SES |
//!
//! What rang is told as `hammered+5@10h4m`: `+` opened, `^` escalated, `.`
//! closed, `!` once, with the count and the time of the alert, to the minute;
//! `/held2` and `/muted1` if it says so much.

use hansho::burst::Phase;
use hansho::classify::{Kind, Outcome};
use hansho::ledger::{Docket, DocketKey};
use hansho::pipeline::Judged;
use hansho::policy::Policy;

use crate::world::{DAWN_MS, HOUR_MS, MINUTE_MS, POLICY, SECOND_MS, World, code};

/// What a timeline is before it is played.
struct Timeline {
    deliveries: Vec<(i64, Judged)>,
    crowds: Vec<Vec<Judged>>,
    policy: String,
    is_new: bool,
}

/// Plays a timeline in the order of delivery, sweeping every five minutes, to
/// three days after the last; says what rang.
pub(crate) async fn play(text: &str) -> String {
    let timeline = read(text);
    let mut world = World::new(1);
    world.policy = Policy::read(&timeline.policy).unwrap();
    if !timeline.is_new {
        let person = DocketKey::Person("hanako".to_owned());
        let known = Docket { revision: 1, ..Docket::default() };
        world.line.ledger.write(&person, None, &known, DAWN_MS).await.unwrap();
    }
    for crowd in &timeline.crowds {
        world.crowd(crowd).await;
    }
    for (delivered_ms, judged) in &timeline.deliveries {
        world.sweep_until(*delivered_ms).await;
        world.set_clock(*delivered_ms);
        world.take(judged).await;
    }
    world.sweep_until(world.now_ms() + 72 * HOUR_MS).await;
    let rung = world.bell.rung.lock().unwrap();
    let words = rung.iter().map(|(at_ms, facts)| {
        let sign = match facts.phase {
            Phase::Opened => '+',
            Phase::Escalated => '^',
            Phase::Closed => '.',
            Phase::Once => '!',
        };
        let besides = |count: u32, what: &str| match count {
            0 => String::new(),
            count => format!("/{what}{count}"),
        };
        let (held, muted) = (besides(facts.held_back, "held"), besides(facts.muted, "muted"));
        let least = if facts.at_least { ">=" } else { "" };
        let at = span(at_ms - DAWN_MS);
        format!("{}{sign}{least}{}@{at}{held}{muted}", facts.alert.as_str(), facts.count)
    });
    words.collect::<Vec<_>>().join(" ")
}

fn read(text: &str) -> Timeline {
    let mut timeline = Timeline {
        deliveries: Vec::new(),
        crowds: Vec::new(),
        policy: String::new(),
        is_new: false,
    };
    let (mut before, mut after) = (String::new(), POLICY.to_owned());
    let mut from_home = false;
    for word in text.split_whitespace() {
        match word.split_once(':') {
            Some(("crowd", mails)) => {
                let crowd = group(mails).into_iter().map(|(_, judged)| judged).collect();
                timeline.crowds.push(crowd);
            }
            Some(("mute", what)) => {
                let (letter, until) = what.split_once('<').expect("an end");
                let until_ms = DAWN_MS + milliseconds(until);
                let until = jiff::Timestamp::from_millisecond(until_ms).unwrap();
                let service = service(letter.chars().next().expect("a letter"), 0);
                after.push_str(&format!(
                    "[person.hanako.service.\"{service}\"]\nmute_until = {until}\n"
                ));
            }
            Some(("hourly", most)) => {
                before.push_str(&format!("[limits]\nper_hour = {most}\n"));
            }
            Some(_) => panic!("{word} is no word"),
            None => match word {
                "new" => timeline.is_new = true,
                "home" => from_home = true,
                "observe" => before.insert_str(0, "observe_only = true\n"),
                mails => timeline.deliveries.extend(group(mails)),
            },
        }
    }
    for (_, judged) in &mut timeline.deliveries {
        judged.from_home = from_home;
    }
    // Stable: what is delivered at one time keeps the order of the words.
    timeline.deliveries.sort_by_key(|(delivered_ms, _)| *delivered_ms);
    timeline.policy = before + &after;
    timeline
}

/// The mails of one word, each with the time of its delivery.
fn group(text: &str) -> Vec<(i64, Judged)> {
    let (what, when) = text.split_once('@').expect("a time");
    let at = when.find(['<', '>']).unwrap_or(when.len());
    let (from, late) = when.split_at(at);
    let (what, step) = what.split_once('/').unwrap_or((what, "0s"));
    let mut letters = what.chars();
    let letter = letters.next().expect("a letter");
    let rest = letters.as_str();
    let kind = match rest.chars().next() {
        Some('+') => Kind::Signup,
        Some('-') => Kind::Reset,
        Some('$') => Kind::Transaction,
        _ => Kind::Login,
    };
    let counts = rest.trim_start_matches(['+', '-', '$']);
    let (counts, deliveries) = counts.split_once('x').unwrap_or((counts, "1"));
    let (count, copies) = counts.split_once('&').unwrap_or((counts, "1"));
    let number = |text: &str| text.parse::<i64>().expect("a number");

    let mut mails = Vec::new();
    for place in 0..number(count) {
        let at_ms = DAWN_MS + milliseconds(from) + place * milliseconds(step);
        let service = service(letter, place);
        for copy in 0..number(copies) {
            let name = format!("{letter}{kind:?}{at_ms}-{place}").replace('*', "many");
            let mut judged =
                code(&service, at_ms + copy * SECOND_MS, !letter.is_lowercase(), &name);
            judged.mail = format!("{name}-{copy}");
            for reading in &mut judged.readings {
                reading.verdict.kind = Some(kind);
            }
            if letter == 'F' {
                confirmation(&mut judged);
            }
            let delivered_ms = match late.split_at_checked(1) {
                Some((_, delivered)) => DAWN_MS + milliseconds(delivered),
                None => judged.arrived_ms,
            };
            for _ in 0..number(deliveries) {
                mails.push((delivered_ms, judged.clone()));
            }
        }
    }
    if late.starts_with('>') {
        mails.reverse();
    }
    mails
}

fn confirmation(judged: &mut Judged) {
    judged.outcome = Outcome::ForwardConfirmation;
    for reading in &mut judged.readings {
        reading.verdict.outcome = Outcome::ForwardConfirmation;
        reading.verdict.service_key = "google".to_owned();
        reading.verdict.confirm_link =
            Some("https://mail-settings.google.com/mail/vf-x".to_owned());
    }
}

fn service(letter: char, place: i64) -> String {
    match letter.to_ascii_uppercase() {
        'A' | 'F' => "rakuten-sec".to_owned(),
        'S' => "sbi-sec".to_owned(),
        '*' => format!("domain:shop{place}.example"),
        other => format!("domain:{}.example", other.to_ascii_lowercase()),
    }
}

fn milliseconds(text: &str) -> i64 {
    let mut total = 0;
    let mut number = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            number.push(c);
            rest = &rest[1..];
            continue;
        }
        let (unit_ms, length) = match c {
            'm' if rest.starts_with("ms") => (1, 2),
            's' => (SECOND_MS, 1),
            'm' => (MINUTE_MS, 1),
            'h' => (HOUR_MS, 1),
            'd' => (24 * HOUR_MS, 1),
            _ => panic!("{text} is no time"),
        };
        total += number.parse::<i64>().expect("a number") * unit_ms;
        number.clear();
        rest = &rest[length..];
    }
    total
}

/// A time to the minute.
fn span(ms: i64) -> String {
    let minutes = ms / MINUTE_MS;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let part =
        |value: i64, unit: &str| if value == 0 { String::new() } else { format!("{value}{unit}") };
    let text = part(days, "d") + &part(hours, "h") + &part(minutes, "m");
    if text.is_empty() { "0h".to_owned() } else { text }
}
