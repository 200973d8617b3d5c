//! How things look on a terminal. Everything can be read without colour, lines
//! fit the width, and nothing that a sender wrote is printed but what `mail`
//! has made plain.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::{Timestamp, Zoned, tz::TimeZone};
use unicode_width::UnicodeWidthStr as _;

use super::seen::ServiceRow;
use super::sent::Sent;
use super::sift::Place;
use crate::burst::Phase;
use crate::classify::{Outcome, THRESHOLD, Verdict};
use crate::message::{Audience, Language, sms};
use crate::pipeline::Judged;

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const ALARM: Style = AnsiColor::Red.on_default().bold();
const CALM: Style = AnsiColor::Green.on_default();
/// How wide a line may be where nobody says how wide the terminal is.
const COLUMNS: usize = 100;
/// A picture of a burst has at most so many columns.
const BARS_MAX: usize = 60;
const MINUTE_MS: i64 = 60_000;

/// What a replay has come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Summary {
    pub(super) mails: u64,
    pub(super) codes: u64,
    pub(super) alerts: u64,
    pub(super) incidents: u64,
    pub(super) unreadable: u64,
    pub(super) elapsed_ms: i64,
}

/// RFC 3339 in UTC, to the second or finer.
pub(super) fn rfc3339(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// A time as the person's own clock showed it.
pub(super) fn local(audience: &Audience, at_ms: i64) -> Zoned {
    let zone = TimeZone::get(&audience.time_zone).unwrap_or(TimeZone::UTC);
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone)
}

/// What people call a service, by its key; `None` for a key that names none.
pub(super) fn service_name(key: &str, language: Language) -> Option<String> {
    match (crate::services::by_id(key), language, key) {
        (Some(service), Language::Ja, _) => Some(service.name.ja.clone()),
        (Some(service), Language::En, _) => Some(service.name.en.clone()),
        (None, Language::Ja, "*") => Some("複数のサービス".to_owned()),
        (None, Language::En, "*") => Some("several services".to_owned()),
        (None, Language::Ja, "domain:invalid") => Some("名前の分からないサービス".to_owned()),
        (None, Language::En, "domain:invalid") => Some("an unnamed service".to_owned()),
        (None, _, _) => key.strip_prefix("domain:").map(str::to_owned),
    }
}

/// The one line that ends a command that failed.
pub(super) fn error(error: &anyhow::Error) {
    anstream::eprintln!("{ALARM}error:{ALARM:#} {error:#}");
}

/// What the next lines are about.
pub(super) fn heading(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "{STRONG}{text}{STRONG:#}")
}

/// Something that was passed over.
pub(super) fn warning(text: &str) {
    anstream::eprintln!("{STRONG}skipped:{STRONG:#} {text}");
}

/// Something to know while a command runs.
pub(super) fn note(text: &str) {
    anstream::eprintln!("{STRONG}note:{STRONG:#} {text}");
}

/// What a mail was taken for, and why.
pub(super) fn verdict(
    out: &mut impl Write,
    place: &Place,
    judged: &Judged,
    audience: &Audience,
) -> io::Result<()> {
    let path = place.path.display();
    writeln!(out, "{STRONG}{path}{STRONG:#}{FAINT} #{}{FAINT:#}", place.index)?;
    let Some(verdict) = judged.verdict() else { return Ok(()) };
    writeln!(out, "  {}", sentence(verdict, audience.language))?;
    let person = judged
        .readings
        .first()
        .map_or("nobody that the policy names", |reading| reading.person.as_str());
    let at = local(audience, judged.arrived_ms);
    writeln!(out, "  for {person}, arrived {}", at.strftime("%Y-%m-%d %H:%M:%S %Z"))?;
    for signal in &verdict.signals {
        let weight =
            if signal.weight == 0 { "    ".to_owned() } else { format!("{:+4}", signal.weight) };
        writeln!(out, "    {weight}  {} {FAINT}({}){FAINT:#}", signal.because, signal.name)?;
    }
    if verdict.outcome != Outcome::ForwardConfirmation {
        writeln!(out, "    {:>4}  in all; a code mail from {THRESHOLD} on", verdict.score)?;
    }
    writeln!(out)
}

fn sentence(verdict: &Verdict, language: Language) -> String {
    let name = service_name(&verdict.service_key, language);
    let of = name.map(|name| format!(" of {name}")).unwrap_or_default();
    match (verdict.outcome, verdict.kind) {
        (Outcome::Code, Some(kind)) => {
            format!("a {} code mail{of}, {}", as_word(&kind), as_word(&verdict.authenticity))
        }
        (Outcome::Code, None) => format!("a code mail{of}, {}", as_word(&verdict.authenticity)),
        (Outcome::ForwardConfirmation, _) => {
            format!("a confirmation of mail forwarding, {}", as_word(&verdict.authenticity))
        }
        (Outcome::Other, _) => "no code mail".to_owned(),
    }
}

/// The word that JSON uses.
fn as_word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// An alert as it goes out: when, as SMS on a phone, as e-mail; a closing with
/// a picture of when its mails came.
pub(super) fn alert(
    out: &mut impl Write,
    sent: &Sent,
    audience: &Audience,
    arrivals_ms: &[i64],
) -> io::Result<()> {
    let facts = &sent.facts;
    let colour = if facts.phase == Phase::Closed { CALM } else { ALARM };
    let phase = facts.phase.as_str().to_uppercase();
    writeln!(
        out,
        "{colour}● {phase}{colour:#} {STRONG}{}{STRONG:#}  {}  {FAINT}{}  to {}{FAINT:#}",
        facts.alert.as_str(),
        service_name(&facts.service_key, audience.language).unwrap_or_default(),
        local(audience, sent.at_ms).strftime("%Y-%m-%d %H:%M %Z"),
        facts.person,
    )?;
    if facts.phase == Phase::Closed {
        bars(out, audience, arrivals_ms)?;
    }
    if let Some(text) = &sent.alert.sms {
        writeln!(out, "  {FAINT}SMS, {}{FAINT:#}", sms_size(text))?;
        writeln!(out, "    {text}")?;
    }
    writeln!(out, "  {FAINT}e-mail{FAINT:#}  {STRONG}{}{STRONG:#}", sent.alert.subject)?;
    for line in sent.alert.email.lines() {
        writeln!(out, "    {line}")?;
    }
    writeln!(out)
}

/// What carriers charge for: `1 part, 68 of 70 UTF-16 units`.
pub(super) fn sms_size(text: &str) -> String {
    let size = sms::segments(text);
    let (most, unit) = match size.encoding {
        sms::Encoding::Gsm7 => (160, "GSM-7 septets"),
        sms::Encoding::Ucs2 => (70, "UTF-16 units"),
    };
    let parts = if size.parts == 1 { "part" } else { "parts" };
    format!("{} {parts}, {} of {most} {unit}", size.parts, size.units)
}

/// One column a minute, or as many minutes as make the picture fit.
fn bars(out: &mut impl Write, audience: &Audience, arrivals_ms: &[i64]) -> io::Result<()> {
    let (Some(&first_ms), Some(&last_ms)) = (arrivals_ms.iter().min(), arrivals_ms.iter().max())
    else {
        return Ok(());
    };
    let (step_ms, counts) = by_step(first_ms, last_ms, arrivals_ms, BARS_MAX);
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let picture: String = counts
        .iter()
        .map(|&count| match count {
            0 => '·',
            _ => levels.get((count * levels.len() - 1) / most).copied().unwrap_or('█'),
        })
        .collect();
    let clock = |at_ms| local(audience, at_ms).strftime("%H:%M").to_string();
    let minutes = step_ms / MINUTE_MS;
    writeln!(
        out,
        "  {} {ALARM}{picture}{ALARM:#} {}  {FAINT}{} mails, at most {most} in {minutes} min{FAINT:#}",
        clock(first_ms),
        clock(last_ms),
        arrivals_ms.len(),
    )
}

/// How many of `times_ms` fall into each of at most `columns` equal steps of
/// whole minutes, and how long a step is in milliseconds.
pub(super) fn by_step(
    first_ms: i64,
    last_ms: i64,
    times_ms: &[i64],
    columns: usize,
) -> (i64, Vec<usize>) {
    let columns = i64::try_from(columns.max(1)).unwrap_or(i64::MAX);
    let from = first_ms.div_euclid(MINUTE_MS);
    let minutes = last_ms.div_euclid(MINUTE_MS).saturating_sub(from).saturating_add(1).max(1);
    let step = (minutes + columns - 1) / columns;
    let length = usize::try_from((minutes + step - 1) / step).unwrap_or_default();
    let mut counts = vec![0; length];
    for at_ms in times_ms {
        let place = at_ms.div_euclid(MINUTE_MS).saturating_sub(from) / step;
        if let Some(count) = usize::try_from(place).ok().and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    (step.saturating_mul(MINUTE_MS), counts)
}

/// What a replay has come to: a table of the services, and one line.
pub(super) fn summary(
    out: &mut impl Write,
    summary: &Summary,
    services: &[ServiceRow],
    audience: &Audience,
) -> io::Result<()> {
    table(out, services, audience)?;
    let (colour, found) = match summary.incidents {
        0 => (CALM, "no burst".to_owned()),
        1 => (ALARM, "1 burst".to_owned()),
        many => (ALARM, format!("{many} bursts")),
    };
    write!(
        out,
        "{colour}{found}{colour:#}: {} mails, {} code mails, {} alerts, {:.1} s",
        summary.mails,
        summary.codes,
        summary.alerts,
        summary.elapsed_ms as f64 / 1000.0,
    )?;
    if summary.unreadable > 0 {
        write!(out, ", {} unreadable", summary.unreadable)?;
    }
    writeln!(out)
}

fn table(out: &mut impl Write, services: &[ServiceRow], audience: &Audience) -> io::Result<()> {
    if services.is_empty() {
        return Ok(());
    }
    // Four columns of numbers and dates; the name takes what is left.
    let room = width().saturating_sub(54).clamp(12, 40);
    let date = |at_ms| local(audience, at_ms).strftime("%Y-%m-%d %H:%M").to_string();
    writeln!(
        out,
        "{FAINT}{} {:>5} {:>8}  {:<16}  {:<16}{FAINT:#}",
        fitted("code mails of", room),
        "mails",
        "verified",
        "first",
        "last"
    )?;
    for service in services {
        let name = service_name(&service.key, audience.language).unwrap_or_default();
        writeln!(
            out,
            "{} {:>5} {:>8}  {}  {}",
            fitted(&name, room),
            service.count,
            service.verified,
            date(service.first_ms),
            date(service.last_ms),
        )?;
    }
    writeln!(out)
}

/// A text in exactly so many columns, of which a full-width character takes two.
fn fitted(text: &str, columns: usize) -> String {
    let mut fitted = String::new();
    let mut used = 0;
    let whole = text.width() <= columns;
    for c in text.chars() {
        let next = unicode_width::UnicodeWidthChar::width(c).unwrap_or_default();
        if used + next > if whole { columns } else { columns.saturating_sub(1) } {
            break;
        }
        fitted.push(c);
        used += next;
    }
    if !whole {
        fitted.push('…');
        used += 1;
    }
    fitted + &" ".repeat(columns.saturating_sub(used))
}

fn width() -> usize {
    terminal_size::terminal_size().map_or(COLUMNS, |(width, _)| usize::from(width.0))
}
