//! `hansho preview`: every alert as it will look, by SMS and by e-mail, with
//! what the SMS costs. The facts are an example; the texts are the real ones.

use std::io::{self, Write};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::json;

use super::{QUIET, Speech, show};
use crate::burst::{AlertKind, Phase};
use crate::classify::Kind;
use crate::edges::clock_ms;
use crate::message::sms::{self, Encoding};
use crate::message::{self, Alert, Audience, Facts, Language};
use crate::services;

/// An incident is closed so long after its last mail, in milliseconds.
const QUIET_MS: i64 = 30 * 60 * 1000;
/// An alert is sent so long after the mail that rings it, in milliseconds.
const DELAY_MS: i64 = 5 * 1000;
const MINUTE_MS: i64 = 60 * 1000;

/// The arguments of `preview`; what is not given is shown in all its forms.
#[derive(Debug, clap::Args)]
pub(super) struct Preview {
    /// Only this alert
    #[arg(long, value_enum)]
    alert: Option<Which>,
    /// Only this part of an incident's life
    #[arg(long, value_enum)]
    phase: Option<When>,
    /// A service by its id, or any other as domain:example.com
    #[arg(long, value_name = "ID", default_value = "rakuten-sec")]
    service: String,
    /// What the mails ask to prove
    #[arg(long, value_enum, default_value_t = What::Login)]
    kind: What,
    /// Only this language
    #[arg(long, value_enum)]
    language: Option<Speech>,
    /// The hour at which the alert goes out, such as 2026-01-04T03:00+09:00; else now
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// The time zone in which times are told
    #[arg(long, value_name = "ZONE", default_value = "Asia/Tokyo")]
    time_zone: String,
    /// Print one JSON object a line: each alert in each language
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Hammered,
    Trickle,
    Smokescreen,
    PhishingFlood,
    ForwardConfirmation,
    Connected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Opened,
    Escalated,
    Closed,
    Once,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Login,
    Signup,
    Reset,
    Transaction,
}

impl Preview {
    pub(super) fn run(&self) -> anyhow::Result<u8> {
        if services::by_id(&self.service).is_none() && !self.service.starts_with("domain:") {
            bail!(
                "no service has the id {:?}; any other is written as domain:example.com",
                self.service
            );
        }
        jiff::tz::TimeZone::get(&self.time_zone).context("--time-zone")?;
        let at_ms = self.at.map_or_else(clock_ms, Timestamp::as_millisecond);
        let chosen: Vec<(AlertKind, Phase)> = Which::value_variants()
            .iter()
            .filter(|which| self.alert.is_none_or(|only| only == **which))
            .flat_map(|which| which.phases().iter().map(|phase| (which.alert(), *phase)))
            .filter(|(_, phase)| self.phase.is_none_or(|only| only.phase() == *phase))
            .collect();
        if chosen.is_empty() {
            bail!("this alert has no such phase; leave --phase away to see those that it has");
        }
        let languages = match self.language {
            Some(Speech::Ja) => vec![Language::Ja],
            Some(Speech::En) => vec![Language::En],
            None => vec![Language::Ja, Language::En],
        };
        let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
        for (alert, phase) in chosen {
            let facts = self.facts(alert, phase, at_ms);
            for &language in &languages {
                let audience = Audience { language, time_zone: self.time_zone.clone() };
                let composed = message::compose(&facts, &audience, at_ms);
                if self.json {
                    writeln!(out, "{}", as_json(&facts, language, &composed))?;
                } else {
                    as_text(&mut out, &facts, language, &composed)?;
                }
            }
        }
        out.flush()?;
        Ok(QUIET)
    }

    /// An example of this alert: the 55 of one moment, a trickle over a day.
    fn facts(&self, alert: AlertKind, phase: Phase, at_ms: i64) -> Facts {
        let slow = alert == AlertKind::Trickle;
        let several = alert == AlertKind::Smokescreen;
        let (count, since_last, minutes) = match (phase, slow) {
            (Phase::Opened, false) if several => (4, 4, 2),
            (Phase::Opened, false) => (5, 5, 1),
            (Phase::Opened, true) => (12, 12, 220),
            (Phase::Escalated, false) if several => (16, 12, 6),
            (Phase::Escalated, false) => (20, 15, 2),
            (Phase::Escalated, true) => (48, 36, 940),
            (Phase::Closed, _) if several => (18, 2, 8),
            (Phase::Closed, _) => (55, 35, if slow { 1_080 } else { 3 }),
            (Phase::Once, _) => (1, 1, 0),
        };
        let window_ms = if slow { 24 * 60 } else { 10 } * MINUTE_MS;
        let last_ms = match phase {
            Phase::Closed => at_ms.saturating_sub(window_ms.max(QUIET_MS)),
            _ => at_ms.saturating_sub(DELAY_MS),
        };
        let confirms = alert == AlertKind::ForwardConfirmation;
        let named = ["domain:shop.example", "domain:bank.example", "domain:mail.example"];
        let services = std::iter::once(self.service.as_str()).chain(named).map(str::to_owned);
        Facts {
            id: "preview".to_owned(),
            incident: "preview".to_owned(),
            alert,
            phase,
            person: "preview".to_owned(),
            service_key: match alert {
                AlertKind::Smokescreen => "*".to_owned(),
                AlertKind::ForwardConfirmation => "google".to_owned(),
                _ => self.service.clone(),
            },
            kind: self.kind.kind(),
            count,
            at_least: false,
            verified: if alert == AlertKind::PhishingFlood { 0 } else { count },
            since_last,
            peak: if slow { count.min(36) } else { count },
            window_ms,
            first_ms: last_ms.saturating_sub(minutes * MINUTE_MS),
            last_ms,
            services: if several { services.collect() } else { Vec::new() },
            link: confirms.then(|| "https://mail-settings.google.com/mail/vf-EXAMPLE".to_owned()),
            mailbox: confirms.then(|| "hanako@example.jp".to_owned()),
            held_back: 0,
            muted: 0,
        }
    }
}

impl Which {
    fn alert(self) -> AlertKind {
        match self {
            Self::Hammered => AlertKind::Hammered,
            Self::Trickle => AlertKind::Trickle,
            Self::Smokescreen => AlertKind::Smokescreen,
            Self::PhishingFlood => AlertKind::PhishingFlood,
            Self::ForwardConfirmation => AlertKind::ForwardConfirmation,
            Self::Connected => AlertKind::Connected,
        }
    }

    fn phases(self) -> &'static [Phase] {
        match self {
            Self::ForwardConfirmation | Self::Connected => &[Phase::Once],
            _ => &[Phase::Opened, Phase::Escalated, Phase::Closed],
        }
    }
}

impl When {
    fn phase(self) -> Phase {
        match self {
            Self::Opened => Phase::Opened,
            Self::Escalated => Phase::Escalated,
            Self::Closed => Phase::Closed,
            Self::Once => Phase::Once,
        }
    }
}

impl What {
    fn kind(self) -> Kind {
        match self {
            Self::Login => Kind::Login,
            Self::Signup => Kind::Signup,
            Self::Reset => Kind::Reset,
            Self::Transaction => Kind::Transaction,
        }
    }
}

fn as_text(
    out: &mut impl Write,
    facts: &Facts,
    language: Language,
    alert: &Alert,
) -> io::Result<()> {
    let severity = message::severity(facts).as_str();
    show::heading(
        out,
        &format!("{} {} ({language:?}, {severity})", facts.alert.as_str(), facts.phase.as_str()),
    )?;
    match &alert.sms {
        None => writeln!(out, "  SMS     none: this alert is told by e-mail only")?,
        Some(text) => writeln!(out, "  SMS     {}\n    {text}", show::sms_size(text))?,
    }
    writeln!(out, "  e-mail  {}", alert.subject)?;
    for line in alert.email.lines() {
        writeln!(out, "    {line}")?;
    }
    writeln!(out)
}

fn as_json(facts: &Facts, language: Language, alert: &Alert) -> serde_json::Value {
    let segments = alert.sms.as_deref().map(sms::segments).map(|size| {
        let encoding = match size.encoding {
            Encoding::Gsm7 => "gsm-7",
            Encoding::Ucs2 => "ucs-2",
        };
        json!({"encoding": encoding, "units": size.units, "parts": size.parts})
    });
    json!({
        "type": "preview",
        "alert": facts.alert,
        "phase": facts.phase,
        "language": language,
        "service_key": facts.service_key,
        "severity": message::severity(facts),
        "subject": alert.subject,
        "subject_ascii": alert.subject_ascii,
        "sms": alert.sms,
        "sms_segments": segments,
        "email": alert.email,
        "json": alert.json,
    })
}
