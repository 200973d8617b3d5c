//! `hansho check-policy`: a policy as the function would read it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::QUIET;
use crate::burst::AlertKind;
use crate::message::Language;
use crate::policy::Policy;

/// The arguments of `check-policy`.
#[derive(Debug, clap::Args)]
pub(super) struct CheckPolicy {
    /// The policy
    #[arg(value_name = "FILE")]
    path: PathBuf,
}

impl CheckPolicy {
    pub(super) fn run(&self) -> anyhow::Result<u8> {
        let policy = read(&self.path)?;
        let mut out = anstream::stdout().lock();
        for person in &policy.people {
            let language = match person.audience.language {
                Language::Ja => "Japanese",
                Language::En => "English",
            };
            let channels = if person.sms { "SMS and e-mail" } else { "e-mail" };
            writeln!(
                out,
                "{}: {}, {}; alerts by {channels}, in {language}, with the times of {}",
                person.id,
                counted(person.addresses.len() as u64, "address", "addresses"),
                counted(person.mailboxes.len() as u64, "mailbox", "mailboxes"),
                person.audience.time_zone,
            )?;
            for alert in [
                AlertKind::Hammered,
                AlertKind::Trickle,
                AlertKind::Smokescreen,
                AlertKind::PhishingFlood,
            ] {
                let rule = policy.rule(&person.id, "", alert);
                let what = match alert {
                    AlertKind::Smokescreen => counted(rule.threshold, "service", "services"),
                    _ => counted(rule.threshold, "code mail", "code mails") + " of one service",
                };
                writeln!(out, "  {:<14} {what} in {}", alert.as_str(), duration(rule.window_ms))?;
            }
        }
        writeln!(
            out,
            "at most {} SMS a month, {} of them kept for openings; {} alerts an hour and {} a day for each person",
            policy.sms.per_month, policy.sms.reserve, policy.limits.per_hour, policy.limits.per_day,
        )?;
        if policy.observe_only {
            writeln!(out, "observing only: no alert is sent")?;
        }
        Ok(QUIET)
    }
}

/// Reads and checks a policy file.
pub(super) fn read(path: &Path) -> anyhow::Result<Policy> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the policy {}", path.display()))?;
    Policy::read(&text).with_context(|| path.display().to_string())
}

fn counted(count: impl Into<u64>, one: &str, many: &str) -> String {
    let count = count.into();
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A time such as `10m` or `24h`, as a policy writes it.
pub(super) fn duration(duration_ms: i64) -> String {
    let minutes = duration_ms / 60_000;
    if minutes % 60 == 0 { format!("{}h", minutes / 60) } else { format!("{minutes}m") }
}
