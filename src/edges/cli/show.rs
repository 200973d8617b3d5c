//! How things look on a terminal. Everything can be read without colour, and
//! nothing that a sender wrote is printed but what `mail` has made plain.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::{Timestamp, tz::TimeZone};

use super::replay::{Sent, Summary};
use super::sift::Place;
use crate::burst::Phase;
use crate::classify::{Outcome, THRESHOLD, Verdict};
use crate::message::sms;
use crate::pipeline::Judged;

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const ALARM: Style = AnsiColor::Red.on_default().bold();
const CALM: Style = AnsiColor::Green.on_default();

/// RFC 3339 in UTC, to the second or finer.
pub(super) fn rfc3339(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// What people call a service, by its key.
pub(super) fn service_name(key: &str) -> Option<String> {
    match crate::services::by_id(key) {
        Some(service) => Some(service.name.ja.clone()),
        None => key.strip_prefix("domain:").map(str::to_owned),
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

/// What a mail was taken for, and why.
pub(super) fn verdict(out: &mut impl Write, place: &Place, judged: &Judged) -> io::Result<()> {
    let path = place.path.display();
    writeln!(out, "{STRONG}{path}{STRONG:#}{FAINT} #{}{FAINT:#}", place.index)?;
    let Some(verdict) = judged.verdict() else { return Ok(()) };
    writeln!(out, "  {}", sentence(verdict))?;
    let person = judged
        .readings
        .first()
        .map_or("nobody that the policy names", |reading| reading.person.as_str());
    writeln!(out, "  for {person}, arrived {}", rfc3339(judged.arrived_ms))?;
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

fn sentence(verdict: &Verdict) -> String {
    let name = service_name(&verdict.service_key);
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

/// An alert as it goes out: when, as SMS on a phone, as e-mail.
pub(super) fn alert(out: &mut impl Write, sent: &Sent) -> io::Result<()> {
    let facts = &sent.facts;
    let zone = TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC);
    let at =
        Timestamp::from_millisecond(sent.at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone);
    let colour = if facts.phase == Phase::Closed { CALM } else { ALARM };
    let phase = facts.phase.as_str().to_uppercase();
    writeln!(
        out,
        "{colour}● {phase}{colour:#} {STRONG}{}{STRONG:#}  {}  {FAINT}{}  to {}{FAINT:#}",
        facts.alert.as_str(),
        service_name(&facts.service_key).unwrap_or_default(),
        at.strftime("%Y-%m-%d %H:%M %Z"),
        facts.person,
    )?;
    if let Some(text) = &sent.alert.sms {
        let segments = sms::segments(text);
        writeln!(
            out,
            "  {FAINT}SMS, {} units of {:?}, {} part{FAINT:#}",
            segments.units, segments.encoding, segments.parts
        )?;
        writeln!(out, "    {text}")?;
    }
    writeln!(out, "  {FAINT}e-mail{FAINT:#}  {STRONG}{}{STRONG:#}", sent.alert.subject)?;
    for line in sent.alert.email.lines() {
        writeln!(out, "    {line}")?;
    }
    writeln!(out)
}

/// What a replay has come to.
pub(super) fn summary(out: &mut impl Write, summary: &Summary) -> io::Result<()> {
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
