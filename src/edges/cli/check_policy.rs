//! `hansho check-policy`: a policy as the function would read it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::QUIET;
use crate::burst::AlertKind;
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
            let languages = format!("{:?}", person.audience.language).to_lowercase();
            writeln!(
                out,
                "{}: {} address(es), {} mailbox(es), alerts in {languages}, times of {}, {}",
                person.id,
                person.addresses.len(),
                person.mailboxes.len(),
                person.audience.time_zone,
                if person.sms { "SMS and e-mail" } else { "e-mail" },
            )?;
            for alert in [
                AlertKind::Hammered,
                AlertKind::Trickle,
                AlertKind::Smokescreen,
                AlertKind::PhishingFlood,
            ] {
                let rule = policy.rule(&person.id, "", alert);
                writeln!(
                    out,
                    "  {:<14} {} in {} min",
                    alert.as_str(),
                    rule.threshold,
                    rule.window_ms / 60_000
                )?;
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
